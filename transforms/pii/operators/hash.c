/* SPDX-License-Identifier: MIT */
/* HMAC-SHA-256 of a finding: equal values give equal texts in all objects of one key. */
#include <openssl/crypto.h>

#include "engine/text.h"
#include "operators/operator.h"

static size_t to_hex(const uint8_t digest[PII_DIGEST_SIZE], char *text)
{
    for (size_t i = 0; i < PII_DIGEST_SIZE; i++) {
        text[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    return (size_t)2 * PII_DIGEST_SIZE;
}

/* RFC 4648, without padding. */
static size_t to_base32(const uint8_t digest[PII_DIGEST_SIZE], char *text)
{
    size_t made = 0;
    for (size_t bit = 0; bit < (size_t)8 * PII_DIGEST_SIZE; bit += 5) {
        unsigned two = (unsigned)digest[bit / 8] << 8;
        if (bit / 8 + 1 < PII_DIGEST_SIZE)
            two |= digest[bit / 8 + 1];
        text[made++] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[two >> (11 - bit % 8) & 31];
    }
    return made;
}

/* Letters small, and of ASCII's other characters only those of an address. */
static size_t normal(const uint8_t *text, size_t size, uint8_t *to)
{
    size_t made = 0;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = (uint8_t)pii_lower(text[i]);
        if (pii_alnum(c) || c >= 0x80 || c == '@' || c == '.' || c == ':' || c == '+' || c == '_')
            to[made++] = c;
    }
    return made;
}

size_t pii_hash(const struct pii_operator *op, const uint8_t *text, size_t size,
                char digest_text[PII_HASH_TEXT_MAX])
{
    uint8_t plain[PII_FINDING_MAX], digest[PII_DIGEST_SIZE];
    if (size > sizeof(plain))
        return 0;
    if (op->normalize) {
        size = normal(text, size, plain);
        text = plain;
    }
    size_t made = 0;
    if (pii_hmac(op->keys.key, op->keys.size, text, size, digest))
        made = op->form == PII_BASE32 ? to_base32(digest, digest_text) : to_hex(digest, digest_text);
    if (op->normalize)
        OPENSSL_cleanse(plain, sizeof(plain));
    return op->hash_characters > 0 && op->hash_characters < made ? op->hash_characters : made;
}
