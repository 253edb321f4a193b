/* SPDX-License-Identifier: MIT */
#include "structure/restore.h"

#include <string.h>

#define TYPE_MAX 63

void pii_restore_begin(struct pii_restore *r)
{
    r->size = r->type_size = 0;
}

static void give_up(struct pii_restore *r)
{
    size_t size = r->size;
    r->size = r->type_size = 0;
    if (size > 0)
        r->clean(r->arg, r->token, size);
}

static bool goes_on(const struct pii_restore *r, uint8_t c)
{
    if (r->size == sizeof(r->token))
        return false;
    if (r->type_size == 0)
        return (c >= 'A' && c <= 'Z') || pii_digit(c) || c == '_' || (c == ':' && r->size > 1);
    return pii_alnum(c) || c == '-' || c == '_';
}

/* With the operator of its type, or else the payload's key. */
static bool unseal(struct pii_restore *r, const char *type)
{
    struct pii_set set = {{0, 0}};
    const uint8_t *text = r->token + r->type_size + 1;
    size_t size = r->size - r->type_size - 1;
    if (pii_registry_select(type, strlen(type), &set))
        for (unsigned i = 0; i < PII_TYPES_MAX; i++) {
            const struct pii_operator *op = pii_set_has(&set, i) ? r->config->operators[i] : NULL;
            if (op && op->kind == PII_ENCRYPT && pii_operator_reverse(op, type, text, size, &r->plain))
                return true;
        }
    r->plain.size = 0;
    return pii_unseal(&r->config->keys, type, text, size, &r->plain);
}

/* False: it stands for nothing, and has been given as it is, without this byte. */
static bool end_token(struct pii_restore *r)
{
    char type[TYPE_MAX + 1] = "";
    size_t type_size = r->type_size > 1 ? r->type_size - 1 : 0;
    if (type_size > 0 && type_size <= TYPE_MAX)
        memcpy(type, r->token + 1, type_size);
    if (type[0] == '\0' || !unseal(r, type)) {
        give_up(r);
        return false;
    }
    size_t size = r->size;
    r->size = r->type_size = 0;
    r->token[size] = ']';
    r->restored(r->arg, type, r->token, size + 1, &r->plain);
    return true;
}

/* In a token. False: the byte is none of it. */
static bool token_byte(struct pii_restore *r, uint8_t c)
{
    if (c == ']' && r->type_size > 0 && r->size < sizeof(r->token))
        return end_token(r);
    if (!goes_on(r, c)) {
        give_up(r);
        return false;
    }
    if (c == ':' && r->type_size == 0)
        r->type_size = r->size;
    r->token[r->size++] = c;
    return true;
}

void pii_restore_feed(struct pii_restore *r, const uint8_t *bytes, size_t size, bool last)
{
    size_t at = 0;
    while (at < size) {
        if (r->size > 0) {
            at += token_byte(r, bytes[at]);
            continue;
        }
        const uint8_t *begin = memchr(bytes + at, '[', size - at);
        size_t n = begin ? (size_t)(begin - bytes) - at : size - at;
        if (n > 0)
            r->clean(r->arg, bytes + at, n);
        at += n;
        if (begin) {
            r->token[r->size++] = '[';
            at++;
        }
    }
    if (last)
        give_up(r);
}
