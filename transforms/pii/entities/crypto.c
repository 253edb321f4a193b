/* SPDX-License-Identifier: MIT */
/*
 * Addresses of wallets. Bitcoin and its kin in Base58Check (a double SHA-256 cut short), bech32
 * and bech32m (BIP 173, BIP 350); Ethereum by the capitals of EIP-55 (Keccak-256).
 */
#include <nettle/sha2.h>
#include <nettle/sha3.h>
#include <string.h>

#include "recognisers.h"

#define RUN_MIN 25
#define RUN_MAX 112

static size_t run_length(const struct pii_text *t, size_t at)
{
    size_t n = 0;
    while (n <= RUN_MAX && pii_alnum(pii_at(t, at + n)))
        n++;
    return n;
}

/* ---- Base58Check -------------------------------------------------------------------------- */

#define BASE58_MIN 25
#define BASE58_MAX 36
#define PAYLOAD_MAX 28

static int base58_value(int c)
{
    static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    const char *at = c > 0 ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* bytes = bytes * 58 + value, big endian; false when it does not fit. */
static bool base58_add(uint8_t bytes[PAYLOAD_MAX], unsigned value)
{
    unsigned carry = value;
    for (size_t i = PAYLOAD_MAX; i-- > 0;) {
        carry += 58u * bytes[i];
        bytes[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return carry == 0;
}

static bool digest_fits(const uint8_t *bytes, size_t size)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx ctx;
    sha256_init(&ctx);
    sha256_update(&ctx, size - 4, bytes);
    sha256_digest(&ctx, sizeof(digest), digest);
    sha256_update(&ctx, sizeof(digest), digest);
    sha256_digest(&ctx, sizeof(digest), digest);
    return memcmp(digest, bytes + size - 4, 4) == 0;
}

/* 25 bytes as Bitcoin has them, 26 as Zcash has. */
static bool is_base58check(const uint8_t *text, size_t len)
{
    uint8_t bytes[PAYLOAD_MAX] = {0};
    size_t zeros = 0, used = PAYLOAD_MAX, first = 0;
    for (size_t i = 0; i < len; i++)
        if (base58_value(text[i]) < 0)
            return false; /* most words: no arithmetic for them */
    for (size_t i = 0; i < len; i++)
        if (!base58_add(bytes, (unsigned)base58_value(text[i])))
            return false;
    while (zeros < len && text[zeros] == '1')
        zeros++;
    while (first < PAYLOAD_MAX && bytes[first] == 0)
        first++;
    used -= first;
    size_t size = zeros + used;
    return (size == 25 || size == 26) && digest_fits(bytes + PAYLOAD_MAX - size, size);
}

/* ---- bech32 ------------------------------------------------------------------------------- */

#define BECH32 1
#define BECH32M 0x2bc830a3
#define HRP_MAX 4

static int bech32_value(int c)
{
    static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const char *at = c > 0 ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

static uint32_t polymod(uint32_t check, unsigned value)
{
    static const uint32_t generator[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    uint32_t top = check >> 25;
    check = (check & 0x1ffffff) << 5 ^ value;
    for (unsigned i = 0; i < 5; i++)
        if (top >> i & 1)
            check ^= generator[i];
    return check;
}

static bool one_case(const uint8_t *text, size_t len)
{
    bool upper = false, lower = false;
    for (size_t i = 0; i < len; i++) {
        upper |= text[i] >= 'A' && text[i] <= 'Z';
        lower |= text[i] >= 'a' && text[i] <= 'z';
    }
    return !(upper && lower);
}

/* A human-readable part of letters, '1', and what the alphabet has, the last six as check. */
static bool is_bech32(const uint8_t *text, size_t len)
{
    size_t hrp = 0;
    uint32_t check = 1;
    while (hrp < len && pii_letter(text[hrp]))
        hrp++;
    if (hrp < 2 || hrp > HRP_MAX || hrp + 20 > len || text[hrp] != '1' || !one_case(text, len))
        return false;
    for (size_t i = 0; i < hrp; i++)
        check = polymod(check, (unsigned)pii_lower(text[i]) >> 5);
    check = polymod(check, 0);
    for (size_t i = 0; i < hrp; i++)
        check = polymod(check, (unsigned)pii_lower(text[i]) & 31);
    for (size_t i = hrp + 1; i < len; i++) {
        int value = bech32_value(pii_lower(text[i]));
        if (value < 0)
            return false;
        check = polymod(check, (unsigned)value);
    }
    return check == BECH32 || check == BECH32M;
}

/* ---- Ethereum ----------------------------------------------------------------------------- */

#define ETHEREUM_DIGITS 40
#define ETHEREUM_SIZE (2 + ETHEREUM_DIGITS)
#define KECCAK_RATE 136

/* Keccak-256 as Ethereum has it: the padding that SHA-3 had before it was a standard. */
static void keccak256(const uint8_t *bytes, size_t size, uint8_t digest[32])
{
    struct sha3_state state = {{0}};
    uint8_t block[KECCAK_RATE] = {0};
    memcpy(block, bytes, size);
    block[size] = 0x01;
    block[KECCAK_RATE - 1] |= 0x80;
    for (size_t i = 0; i < KECCAK_RATE; i++)
        state.a[i / 8] |= (uint64_t)block[i] << (i % 8 * 8);
    sha3_permute(&state);
    for (size_t i = 0; i < 32; i++)
        digest[i] = (uint8_t)(state.a[i / 8] >> (i % 8 * 8));
}

/* Capitals are where the digest of the small letters has a high bit. */
static bool is_eip55(const uint8_t *digits)
{
    uint8_t lower[ETHEREUM_DIGITS], digest[32];
    for (size_t i = 0; i < ETHEREUM_DIGITS; i++)
        lower[i] = (uint8_t)pii_lower(digits[i]);
    keccak256(lower, sizeof(lower), digest);
    for (size_t i = 0; i < ETHEREUM_DIGITS; i++) {
        bool high = digest[i / 2] >> (i % 2 ? 3 : 7) & 1;
        if (pii_letter(digits[i]) && high != (digits[i] >= 'A' && digits[i] <= 'F'))
            return false;
    }
    return true;
}

static bool is_ethereum(const uint8_t *text, size_t len, struct pii_match *m)
{
    if (len != ETHEREUM_SIZE || text[0] != '0' || text[1] != 'x')
        return false;
    unsigned letters = 0;
    for (size_t i = 2; i < len; i++) {
        if (!pii_hex(text[i]))
            return false;
        letters += pii_letter(text[i]);
    }
    m->checked = letters > 0 && !one_case(text + 2, ETHEREUM_DIGITS);
    /* In one case nothing can be checked, and forty digits may be any hash. */
    m->score = m->checked ? 100 : 20;
    return letters > 0 && (!m->checked || is_eip55(text + 2));
}

bool pii_crypto_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    if (pii_alnum(pii_at(t, at - 1)))
        return false;
    size_t len = run_length(t, at);
    if (len < RUN_MIN || len > RUN_MAX)
        return false;
    const uint8_t *text = t->p + at;
    m->start = at;
    m->end = at + len;
    if (is_ethereum(text, len, m))
        return true;
    m->score = 100;
    m->checked = true;
    bool base58 = (text[0] == '1' || text[0] == '2' || text[0] == '3') && len >= BASE58_MIN &&
                  len <= BASE58_MAX;
    return is_bech32(text, len) || (base58 && is_base58check(text, len));
}
