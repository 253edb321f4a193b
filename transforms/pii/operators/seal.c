/* SPDX-License-Identifier: MIT */
/*
 * Reversible replacements. What is not a number is sealed with AES-256-SIV (RFC 5297): equal
 * values give equal texts, the type is authenticated with them, and nothing random is needed.
 * It is written as [TYPE:base64url]. Numbers can keep their form: FF1 over their digits.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "engine/text.h"
#include "operators/ff1.h"
#include "operators/operator.h"

#define SIV_SIZE 16

static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put_base64url(struct pii_replacement *out, const uint8_t *bytes, size_t size)
{
    for (size_t bit = 0; bit < 8 * size; bit += 6) {
        unsigned two = (unsigned)bytes[bit / 8] << 8;
        if (bit / 8 + 1 < size)
            two |= bytes[bit / 8 + 1];
        pii_put(out, &base64url[two >> (10 - bit % 8) & 63], 1);
    }
}

/* The bytes, or 0 when it is not base64url without padding. */
static size_t get_base64url(const uint8_t *text, size_t size, uint8_t *bytes, size_t most)
{
    unsigned held = 0, bits = 0;
    size_t made = 0;
    for (size_t i = 0; i < size; i++) {
        const char *at = text[i] ? strchr(base64url, text[i]) : NULL;
        if (!at)
            return 0;
        held = (held << 6 | (unsigned)(at - base64url)) & 0xffff;
        bits += 6;
        if (bits < 8)
            continue;
        if (made == most)
            return 0;
        bits -= 8;
        bytes[made++] = (uint8_t)(held >> bits);
    }
    return (held & ((1u << bits) - 1)) == 0 ? made : 0;
}

/* The tag is read or written; so SIV's order of calls is the same both ways. */
static bool siv(const struct pii_keys *keys, const char *type, bool encrypt, const uint8_t *in,
                size_t size, uint8_t *out, uint8_t tag[SIV_SIZE])
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-SIV", NULL);
    EVP_CIPHER_CTX *ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;
    int made = 0;
    bool ok = ctx && EVP_CipherInit_ex(ctx, cipher, NULL, keys->seal, NULL, encrypt) == 1 &&
              (encrypt || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SIV_SIZE, tag) == 1) &&
              EVP_CipherUpdate(ctx, NULL, &made, (const uint8_t *)type, (int)strlen(type)) == 1 &&
              EVP_CipherUpdate(ctx, out, &made, in, (int)size) == 1 && (size_t)made == size &&
              EVP_CipherFinal_ex(ctx, out + made, &made) == 1 &&
              (!encrypt || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SIV_SIZE, tag) == 1);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return ok;
}

bool pii_seal(const struct pii_keys *keys, const char *type, const uint8_t *text, size_t size,
              struct pii_replacement *out)
{
    uint8_t sealed[SIV_SIZE + PII_FINDING_MAX];
    if (size == 0 || size > PII_FINDING_MAX ||
        !siv(keys, type, true, text, size, sealed + SIV_SIZE, sealed))
        return false;
    pii_put(out, "[", 1);
    pii_put(out, type, strlen(type));
    pii_put(out, ":", 1);
    put_base64url(out, sealed, SIV_SIZE + size);
    pii_put(out, "]", 1);
    return true;
}

bool pii_unseal(const struct pii_keys *keys, const char *type, const uint8_t *text, size_t size,
                struct pii_replacement *out)
{
    uint8_t sealed[SIV_SIZE + PII_FINDING_MAX], plain[PII_FINDING_MAX];
    size_t all = get_base64url(text, size, sealed, sizeof(sealed));
    if (all <= SIV_SIZE ||
        !siv(keys, type, false, sealed + SIV_SIZE, all - SIV_SIZE, plain, sealed))
        return false;
    pii_put(out, plain, all - SIV_SIZE);
    OPENSSL_cleanse(plain, sizeof(plain));
    return true;
}

/* ---- FF1 ---------------------------------------------------------------------------------- */

/* The value of a character in the operator's alphabet, or -1. */
static int numeral(const struct pii_operator *op, uint8_t c)
{
    if (pii_digit(c))
        return c - '0';
    if (op->alphabet == PII_ALPHABET_DIGITS || !pii_letter(c))
        return -1;
    return c <= 'Z' ? c - 'A' + 10 : c - 'a' + 36;
}

static uint8_t character_of(uint8_t value)
{
    return (uint8_t)(value < 10 ? '0' + value : value < 36 ? 'A' + value - 10 : 'a' + value - 36);
}

/* A letter that no alphabet has would stay to be read; dashes and blanks (U+00A0, U+2010 …) may. */
static bool is_foreign(const struct pii_operator *op, uint8_t c)
{
    return op->alphabet == PII_ALPHABET_ALNUM && c >= 0xc3 && c != 0xe2;
}

struct selection {
    size_t at[PII_FF1_NUMERALS_MAX];
    uint8_t values[PII_FF1_NUMERALS_MAX];
    size_t count;
    uint8_t shown[PII_FF1_TWEAK_MAX]; /* the tweak: numerals that stay as they are */
    size_t shown_count;
};

static bool select_numerals(const struct pii_operator *op, const uint8_t *text, size_t size,
                            struct selection *s)
{
    size_t all = 0, n = 0;
    for (size_t i = 0; i < size; i++) {
        if (is_foreign(op, text[i]))
            return false;
        all += numeral(op, text[i]) >= 0;
    }
    if (all > PII_FF1_NUMERALS_MAX || (uint64_t)op->keep_first + op->keep_last > all)
        return false;
    for (size_t i = 0; i < size; i++) {
        int value = numeral(op, text[i]);
        if (value < 0)
            continue;
        if (n < op->keep_first || n >= all - op->keep_last) {
            if (s->shown_count == PII_FF1_TWEAK_MAX)
                return false;
            s->shown[s->shown_count++] = (uint8_t)value;
        } else {
            s->at[s->count] = i;
            s->values[s->count++] = (uint8_t)value;
        }
        n++;
    }
    return true;
}

bool pii_format_preserve(const struct pii_operator *op, const uint8_t *text, size_t size, bool back,
                         struct pii_replacement *out)
{
    struct selection s = {.count = 0};
    bool ok = select_numerals(op, text, size, &s);
    struct pii_ff1 ff1 = {.key = op->keys.ff1,
                          .key_size = sizeof(op->keys.ff1),
                          .tweak = s.shown,
                          .tweak_size = s.shown_count,
                          .radix = op->alphabet == PII_ALPHABET_DIGITS ? 10 : 62,
                          .decrypt = back};
    ok = ok && pii_ff1_apply(&ff1, s.values, s.count);
    if (ok) {
        size_t before = out->size;
        pii_put(out, text, size);
        for (size_t i = 0; i < s.count && before + s.at[i] < out->size; i++)
            out->bytes[before + s.at[i]] = character_of(s.values[i]);
    }
    OPENSSL_cleanse(&s, sizeof(s));
    return ok;
}
