/* SPDX-License-Identifier: MIT */
#include "operators/keys.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "engine/text.h"

bool pii_hmac(const uint8_t *key, size_t key_size, const uint8_t *text, size_t size,
              uint8_t digest[PII_DIGEST_SIZE])
{
    unsigned made = 0;
    static const uint8_t nothing[1];
    return HMAC(EVP_sha256(), key, (int)key_size, text ? text : nothing, size, digest, &made) &&
           made == PII_DIGEST_SIZE;
}

static bool derive(const struct pii_keys *keys, const char *purpose, uint8_t *out)
{
    return pii_hmac(keys->key, keys->size, (const uint8_t *)purpose, strlen(purpose) + 1, out);
}

static unsigned hex_value(int c)
{
    return pii_digit(c) ? (unsigned)(c - '0') : (unsigned)(pii_lower(c) - 'a' + 10);
}

static bool take_hex(struct pii_keys *keys, const char *text, size_t size)
{
    if (size != 64)
        return false;
    for (size_t i = 0; i < size; i++)
        if (!pii_hex((unsigned char)text[i]))
            return false;
    for (size_t i = 0; i < size / 2; i++)
        keys->key[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
    keys->size = size / 2;
    return true;
}

bool pii_keys_make(struct pii_keys *keys, const char *text, size_t size)
{
    if (size < PII_KEY_MIN || size > PII_KEY_MAX)
        return false;
    if (!take_hex(keys, text, size)) {
        memcpy(keys->key, text, size);
        keys->size = size;
    }
    keys->given = derive(keys, "objlens pii seal authenticate", keys->seal) &&
                  derive(keys, "objlens pii seal encrypt", keys->seal + PII_DIGEST_SIZE) &&
                  derive(keys, "objlens pii ff1", keys->ff1) &&
                  derive(keys, "objlens pii date", keys->date) &&
                  derive(keys, "objlens pii surrogate", keys->surrogate);
    return keys->given;
}
