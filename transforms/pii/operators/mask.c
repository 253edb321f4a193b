/* SPDX-License-Identifier: MIT */
/* Masks, and surrogates, which are masks that look like the real thing. */
#include <openssl/crypto.h>
#include <string.h>

#include "engine/text.h"
#include "operators/operator.h"

/* The bytes of the character at `at`; broken UTF-8 counts byte by byte. */
static size_t character(const uint8_t *text, size_t size, size_t at)
{
    uint8_t c = text[at];
    size_t want = c < 0xc2 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 1;
    for (size_t i = 1; i < want; i++)
        if (at + i >= size || (text[at + i] & 0xc0) != 0x80)
            return 1;
    return want;
}

/* Separators are what is neither letter nor digit of ASCII, nor beyond it. */
static bool counts(const struct pii_operator *op, uint8_t c)
{
    return !op->keep_separators || pii_alnum(c) || c >= 0x80;
}

static size_t count(const struct pii_operator *op, const uint8_t *text, size_t size)
{
    size_t n = 0;
    for (size_t at = 0; at < size; at += character(text, size, at))
        n += counts(op, text[at]);
    return n;
}

static void mask_one(const struct pii_operator *op, size_t bytes, struct pii_replacement *out)
{
    for (size_t i = 0; i < (op->mask_code_points ? 1 : bytes); i++)
        pii_put(out, op->mask_character, op->mask_size);
}

void pii_mask(const struct pii_operator *op, const uint8_t *text, size_t size,
              struct pii_replacement *out)
{
    size_t all = count(op, text, size), n = 0;
    uint64_t kept = (uint64_t)op->keep_first + op->keep_last;
    bool none = kept >= all; /* a short one is not shown whole */
    for (size_t at = 0, bytes; at < size; at += bytes) {
        bytes = character(text, size, at);
        bool here = counts(op, text[at]);
        bool shown = here && !none && (n < op->keep_first || n >= all - op->keep_last);
        n += here;
        if (shown || !here)
            pii_put(out, text + at, bytes);
        else
            mask_one(op, bytes, out);
    }
}

/* Bytes may be cut anywhere, so a character counts by its first one. */
void pii_mask_more(const struct pii_operator *op, const uint8_t *text, size_t size,
                   struct pii_replacement *out)
{
    for (size_t at = 0; at < size; at++) {
        bool goes_on = (text[at] & 0xc0) == 0x80;
        if (!counts(op, text[at]))
            pii_put(out, text + at, 1);
        else if (!goes_on || !op->mask_code_points)
            pii_put(out, op->mask_character, op->mask_size);
    }
}

/* ---- surrogates --------------------------------------------------------------------------- */

/* Bytes that follow from the key and the text, 32 at a time. */
struct stream {
    uint8_t key[PII_DIGEST_SIZE], block[PII_DIGEST_SIZE];
    uint32_t blocks;
    size_t used;
    bool failed;
};

static unsigned next(struct stream *s, unsigned below)
{
    if (s->used + 2 > sizeof(s->block)) {
        s->blocks++;
        s->failed |= !pii_hmac(s->key, sizeof(s->key), (const uint8_t *)&s->blocks,
                               sizeof(s->blocks), s->block);
        s->used = 0;
    }
    unsigned drawn = s->block[s->used] | (unsigned)s->block[s->used + 1] << 8;
    s->used += 2;
    return drawn % below;
}

static bool luhn_valid(const uint8_t *text, size_t size)
{
    unsigned sum = 0, n = 0;
    for (size_t i = size; i-- > 0;)
        if (pii_digit(text[i])) {
            unsigned digit = (unsigned)(text[i] - '0') << (n++ & 1);
            sum += digit > 9 ? digit - 9 : digit;
        }
    return n >= 9 && sum % 10 == 0;
}

/* A number that passes as a card or an identity would be somebody's. */
static void break_check_digit(uint8_t *text, size_t size)
{
    for (size_t i = size; i-- > 0 && luhn_valid(text, size);)
        if (pii_digit(text[i]))
            text[i] = text[i] == '9' ? '0' : (uint8_t)(text[i] + 1);
}

static uint8_t stand_in(struct stream *s, uint8_t c)
{
    if (pii_digit(c))
        return (uint8_t)('0' + next(s, 10));
    if (c >= 'a' && c <= 'z')
        return (uint8_t)('a' + next(s, 26));
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)('A' + next(s, 26));
    return c >= 0x80 ? (uint8_t)('a' + next(s, 26)) : c;
}

bool pii_surrogate(const struct pii_operator *op, const uint8_t *text, size_t size,
                   struct pii_replacement *out)
{
    static const char domain[] = "@example.invalid";
    const uint8_t *sign = memchr(text, '@', size);
    size_t local = sign ? (size_t)(sign - text) : size, before = out->size;
    struct stream s = {.used = PII_DIGEST_SIZE};
    s.failed = !pii_hmac(op->keys.surrogate, sizeof(op->keys.surrogate), text, size, s.key);
    for (size_t at = 0; at < local; at++) {
        uint8_t c = stand_in(&s, text[at]);
        pii_put(out, &c, 1);
    }
    break_check_digit(out->bytes + before, out->size - before);
    if (sign)
        pii_put(out, domain, sizeof(domain) - 1);
    bool ok = !s.failed;
    OPENSSL_cleanse(&s, sizeof(s));
    return ok;
}
