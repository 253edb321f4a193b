/* SPDX-License-Identifier: MIT */
/* Which operator does what; templates. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "operators/operator.h"

void pii_put(struct pii_replacement *out, const void *bytes, size_t size)
{
    size_t room = sizeof(out->bytes) - out->size;
    size = size < room ? size : room;
    if (size > 0)
        memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
}

void pii_put_marker(struct pii_replacement *out, const char *type)
{
    pii_put(out, "[", 1);
    pii_put(out, type, strlen(type));
    pii_put(out, "]", 1);
}

static size_t name_at(const char *text, const char *name)
{
    size_t size = strlen(name);
    return strncmp(text, name, size) == 0 ? size : 0;
}

static void put_number(struct pii_replacement *out, uint64_t number)
{
    char text[24];
    pii_put(out, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, number));
}

static void fill(const char *template_text, const struct pii_circumstances *c, const uint8_t *value,
                 size_t value_size, struct pii_replacement *out)
{
    for (const char *at = template_text; *at;) {
        size_t skip = strcspn(at, "{");
        if (skip > 0)
            pii_put(out, at, skip);
        else if ((skip = name_at(at, "{type}")) > 0)
            pii_put(out, c->type, strlen(c->type));
        else if ((skip = name_at(at, "{n}")) > 0)
            put_number(out, c->number);
        else if ((skip = name_at(at, "{value}")) > 0)
            pii_put(out, value, value_size);
        else
            pii_put(out, at, skip = 1);
        at += skip;
    }
}

static bool hash(const struct pii_operator *op, const struct pii_circumstances *c,
                 const uint8_t *text, size_t size, struct pii_replacement *out)
{
    char digest[PII_HASH_TEXT_MAX];
    size_t made = pii_hash(op, text, size, digest);
    const char *form = op->template_text[0] ? op->template_text : "{value}";
    if (made > 0)
        fill(form, c, (const uint8_t *)digest, made, out);
    return made > 0;
}

/* False: it cannot be done to this text. */
static bool try_apply(const struct pii_operator *op, const struct pii_circumstances *c,
                      const uint8_t *text, size_t size, struct pii_replacement *out)
{
    switch (op->kind) {
    case PII_KEEP: pii_put(out, text, size); return true;
    case PII_REPLACE: fill(op->template_text, c, NULL, 0, out); return true;
    case PII_MASK: pii_mask(op, text, size, out); return true;
    case PII_REDACT: return true;
    case PII_HASH: return hash(op, c, text, size, out);
    case PII_ENCRYPT: return pii_seal(&op->keys, c->type, text, size, out);
    case PII_FF1: return pii_format_preserve(op, text, size, false, out);
    case PII_DATE_SHIFT: return pii_date_shift(op, c, text, size, out);
    case PII_SURROGATE: return pii_surrogate(op, text, size, out);
    case PII_OPERATOR_KINDS: break;
    }
    return false;
}

void pii_operator_apply(const struct pii_operator *op, const struct pii_circumstances *c,
                        const uint8_t *text, size_t size, struct pii_replacement *out)
{
    out->size = 0;
    if (size > PII_FINDING_MAX && op->kind != PII_REDACT) {
        pii_put_marker(out, c->type);
        return;
    }
    if (try_apply(op, c, text, size, out))
        return;
    out->size = 0;
    pii_put_marker(out, c->type);
}

void pii_operator_more(const struct pii_operator *op, const uint8_t *text, size_t size,
                       struct pii_replacement *out)
{
    out->size = 0;
    if (op->kind == PII_MASK)
        pii_mask_more(op, text, size, out);
    else if (op->kind == PII_KEEP)
        pii_put(out, text, size);
}

bool pii_operator_reverse(const struct pii_operator *op, const char *type, const uint8_t *text,
                          size_t size, struct pii_replacement *out)
{
    out->size = 0;
    if (op->kind == PII_ENCRYPT)
        return pii_unseal(&op->keys, type, text, size, out);
    return op->kind == PII_FF1 && size <= PII_FINDING_MAX &&
           pii_format_preserve(op, text, size, true, out);
}

bool pii_operator_keyed(enum pii_operator_kind kind)
{
    return kind == PII_HASH || kind == PII_ENCRYPT || kind == PII_FF1 || kind == PII_DATE_SHIFT ||
           kind == PII_SURROGATE;
}
