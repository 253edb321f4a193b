/* SPDX-License-Identifier: MIT */
/*
 * Names are those of SP 800-38G, algorithms 7 and 8. Numbers of up to PII_FF1_NUMERALS_MAX / 2
 * numerals are kept as strings of numerals or of bytes and turned into each other by schoolbook
 * multiplication: there is no big number to allocate.
 */
#include "operators/ff1.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define BLOCK 16
#define ROUNDS 10
#define HALF_MAX (PII_FF1_NUMERALS_MAX / 2 + 1)
#define BYTES_MAX 64 /* b: HALF_MAX numerals of 6 bits */
#define Q_MAX (BLOCK * ((PII_FF1_TWEAK_MAX + 1 + BYTES_MAX + BLOCK - 1) / BLOCK))

struct work {
    const struct pii_ff1 *ff1;
    EVP_CIPHER_CTX *aes;
    size_t n, u, v, b, d;
    uint8_t p[BLOCK];
};

bool pii_ff1_length_ok(unsigned radix, size_t count)
{
    if (radix < 2 || radix > PII_FF1_RADIX_MAX || count < 2 || count > PII_FF1_NUMERALS_MAX)
        return false;
    uint64_t domain = 1;
    for (size_t i = 0; i < count && domain < PII_FF1_DOMAIN_MIN; i++)
        domain *= radix;
    return domain >= PII_FF1_DOMAIN_MIN;
}

/* The bytes that radix^count - 1 takes. */
static size_t bytes_of(unsigned radix, size_t count)
{
    uint8_t number[BYTES_MAX] = {0};
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned carry = radix - 1;
        for (size_t j = 0; j < used || carry > 0; j++) {
            carry += number[j] * radix;
            number[j] = (uint8_t)carry;
            carry >>= 8;
            used = j + 1 > used ? j + 1 : used;
        }
    }
    return used;
}

/* Numerals, the most significant first, as `size` bytes, big-endian. */
static void number_of(const uint8_t *numerals, size_t count, unsigned radix, uint8_t *out, size_t size)
{
    memset(out, 0, size);
    for (size_t i = 0; i < count; i++) {
        unsigned carry = numerals[i];
        for (size_t j = size; j-- > 0;) {
            carry += out[j] * radix;
            out[j] = (uint8_t)carry;
            carry >>= 8;
        }
    }
}

/* The number of those bytes modulo radix^count, as numerals. */
static void numerals_of(const uint8_t *bytes, size_t size, unsigned radix, uint8_t *out, size_t count)
{
    memset(out, 0, count);
    for (size_t i = 0; i < size; i++) {
        unsigned carry = bytes[i];
        for (size_t j = count; j-- > 0;) {
            carry += out[j] * 256u;
            out[j] = (uint8_t)(carry % radix);
            carry /= radix;
        }
    }
}

static bool encipher(struct work *w, const uint8_t in[BLOCK], uint8_t out[BLOCK])
{
    int size;
    return EVP_EncryptUpdate(w->aes, out, &size, in, BLOCK) == 1 && size == BLOCK;
}

/* R = PRF(P || Q), then S: its first d bytes. */
static bool round_bytes(struct work *w, const uint8_t *q, size_t q_size, uint8_t s[BYTES_MAX + 2 * BLOCK])
{
    uint8_t r[BLOCK], block[BLOCK];
    bool ok = encipher(w, w->p, r);
    for (size_t at = 0; ok && at < q_size; at += BLOCK) {
        for (size_t i = 0; i < BLOCK; i++)
            block[i] = r[i] ^ q[at + i];
        ok = encipher(w, block, r);
    }
    memcpy(s, r, BLOCK);
    for (size_t j = 1; ok && j * BLOCK < w->d; j++) {
        memcpy(block, r, BLOCK);
        block[BLOCK - 1] ^= (uint8_t)j; /* d is less than 256 blocks */
        ok = encipher(w, block, s + j * BLOCK);
    }
    OPENSSL_cleanse(r, sizeof(r));
    OPENSSL_cleanse(block, sizeof(block));
    return ok;
}

/* The y of one round, of `b`, as m numerals. */
static bool round_numerals(struct work *w, unsigned i, const uint8_t *b, size_t b_count, size_t m,
                           uint8_t *y)
{
    const struct pii_ff1 *ff1 = w->ff1;
    uint8_t q[Q_MAX] = {0}, s[BYTES_MAX + 2 * BLOCK];
    size_t q_size = (ff1->tweak_size + 1 + w->b + BLOCK - 1) / BLOCK * BLOCK;
    if (ff1->tweak_size > 0)
        memcpy(q, ff1->tweak, ff1->tweak_size);
    q[q_size - w->b - 1] = (uint8_t)i;
    number_of(b, b_count, ff1->radix, q + q_size - w->b, w->b);
    bool ok = round_bytes(w, q, q_size, s);
    if (ok)
        numerals_of(s, w->d, ff1->radix, y, m);
    OPENSSL_cleanse(q, sizeof(q));
    OPENSSL_cleanse(s, sizeof(s));
    return ok;
}

/* to = to + y, or to - y, modulo radix^m. */
static void add(uint8_t *to, const uint8_t *y, size_t m, unsigned radix, bool subtract)
{
    unsigned carry = 0;
    for (size_t i = m; i-- > 0;) {
        unsigned sum = subtract ? to[i] + radix - y[i] - carry : to[i] + y[i] + carry;
        to[i] = (uint8_t)(sum % radix);
        carry = subtract ? sum < radix : sum >= radix;
    }
}

/* The halves change places after each round; so of even rounds A is the left one, of length u,
 * and of odd rounds the right one, of length v. */
static bool rounds(struct work *w, uint8_t *left, uint8_t *right)
{
    uint8_t y[HALF_MAX];
    bool ok = true;
    for (unsigned n = 0; ok && n < ROUNDS; n++) {
        unsigned i = w->ff1->decrypt ? ROUNDS - 1 - n : n;
        uint8_t *a = i % 2 == 0 ? left : right, *b = i % 2 == 0 ? right : left;
        size_t m = i % 2 == 0 ? w->u : w->v;
        ok = round_numerals(w, i, b, w->n - m, m, y);
        if (ok)
            add(a, y, m, w->ff1->radix, w->ff1->decrypt);
    }
    OPENSSL_cleanse(y, sizeof(y));
    return ok;
}

static void put_number(uint8_t *to, size_t number, size_t size)
{
    for (; size-- > 0; number >>= 8)
        to[size] = (uint8_t)number;
}

static void prepare(struct work *w, size_t count)
{
    const struct pii_ff1 *ff1 = w->ff1;
    w->n = count;
    w->u = count / 2;
    w->v = count - w->u;
    w->b = bytes_of(ff1->radix, w->v);
    w->d = 4 * ((w->b + 3) / 4) + 4;
    w->p[0] = 1;
    w->p[1] = 2;
    w->p[2] = 1;
    put_number(w->p + 3, ff1->radix, 3);
    w->p[6] = ROUNDS;
    w->p[7] = (uint8_t)w->u;
    put_number(w->p + 8, count, 4);
    put_number(w->p + 12, ff1->tweak_size, 4);
}

static bool start_aes(struct work *w)
{
    const EVP_CIPHER *cipher = w->ff1->key_size == 16   ? EVP_aes_128_ecb()
                               : w->ff1->key_size == 24 ? EVP_aes_192_ecb()
                               : w->ff1->key_size == 32 ? EVP_aes_256_ecb()
                                                        : NULL;
    w->aes = cipher ? EVP_CIPHER_CTX_new() : NULL;
    return w->aes && EVP_EncryptInit_ex(w->aes, cipher, NULL, w->ff1->key, NULL) == 1 &&
           EVP_CIPHER_CTX_set_padding(w->aes, 0) == 1;
}

bool pii_ff1_apply(const struct pii_ff1 *ff1, uint8_t *numerals, size_t count)
{
    if (!pii_ff1_length_ok(ff1->radix, count) || ff1->tweak_size > PII_FF1_TWEAK_MAX)
        return false;
    struct work w = {.ff1 = ff1};
    uint8_t work[PII_FF1_NUMERALS_MAX];
    memcpy(work, numerals, count);
    prepare(&w, count);
    bool ok = start_aes(&w) && rounds(&w, work, work + w.u);
    EVP_CIPHER_CTX_free(w.aes);
    if (ok)
        memcpy(numerals, work, count);
    OPENSSL_cleanse(work, sizeof(work));
    return ok;
}
