/* SPDX-License-Identifier: MIT */
#include "crypto/keys/age_key.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "crypto/keys/derive.h"
#include "crypto/keys/secret.h"

#define SCRYPT_MEMORY_MAX (1ull << 31)

static const ol_slice x25519_info = {(const uint8_t *)"age-encryption.org/v1/X25519", 28};
static const ol_slice scrypt_label = {(const uint8_t *)"age-encryption.org/v1/scrypt", 28};

/* ---- what wraps the file key ---- */

static bool agree(const uint8_t *secret, const uint8_t *share, uint8_t *shared)
{
    size_t len = OL_AGE_POINT_BYTES;
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, len);
    EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, share, len);
    EVP_PKEY_CTX *ctx = own && theirs ? EVP_PKEY_CTX_new(own, NULL) : NULL;
    /* The library refuses a shared secret of zeroes. */
    bool good = ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
                EVP_PKEY_derive(ctx, shared, &len) == 1 && len == OL_AGE_POINT_BYTES;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(theirs);
    EVP_PKEY_free(own);
    return good;
}

bool ol_age_x25519_key(const uint8_t *own_secret, const uint8_t *their_share, const uint8_t *shares,
                       uint8_t *work)
{
    uint8_t *shared = work + 32;
    return agree(own_secret, their_share, shared) &&
           ol_derive("SHA256", ol_slice_of(shared, 32), ol_slice_of(shares, 64), x25519_info, work,
                     32) == OL_OK;
}

bool ol_age_x25519_share(const uint8_t *secret, uint8_t share[OL_AGE_POINT_BYTES])
{
    size_t len = OL_AGE_POINT_BYTES;
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, len);
    bool good = own && EVP_PKEY_get_raw_public_key(own, share, &len) == 1;
    EVP_PKEY_free(own);
    return good;
}

bool ol_age_scrypt_key(const ol_key *password, ol_slice salt, unsigned log_n, uint8_t *key)
{
    uint8_t salted[64];
    size_t label = scrypt_label.len;
    memcpy(salted, scrypt_label.data, label);
    memcpy(salted + label, salt.data, salt.len);
    return EVP_PBE_scrypt((const char *)password->material, password->material_len, salted,
                          label + salt.len, 1ull << log_n, 8, 1, SCRYPT_MEMORY_MAX, key, 32) == 1;
}

/* An identity may stand in a file as age-keygen writes it, with remarks. */
bool ol_age_find_identity(const ol_key *password, uint8_t *secret)
{
    ol_slice text = ol_slice_of(password->material, password->material_len);
    while (text.len > 0) {
        ptrdiff_t end = ol_slice_find(text, '\n');
        size_t len = end < 0 ? text.len : (size_t)end;
        if (ol_age_identity_read(ol_slice_first(text, len), secret))
            return true;
        text = ol_slice_from(text, len + 1);
    }
    return false;
}

/* ---- what the file key is for ---- */

bool ol_age_header_mac(const uint8_t *file_key, ol_slice authenticated, uint8_t mac[32])
{
    uint8_t *key = ol_secret_alloc(32);
    unsigned len = 0;
    bool good = key &&
                ol_derive("SHA256", ol_slice_of(file_key, OL_AGE_FILE_KEY_BYTES), OL_SLICE_NONE,
                          OL_SLICE_LIT("header"), key, 32) == OL_OK &&
                HMAC(EVP_sha256(), key, 32, authenticated.data, authenticated.len, mac, &len);
    ol_secret_free(key, 32);
    return good;
}

int ol_age_payload_key(const uint8_t *file_key, ol_slice nonce, uint8_t *key)
{
    return ol_derive("SHA256", ol_slice_of(file_key, OL_AGE_FILE_KEY_BYTES), nonce,
                     OL_SLICE_LIT("payload"), key, OL_DATA_KEY_BYTES);
}

/* A counter of 11 bytes, and whether it is the last one. */
void ol_age_chunk_nonce(uint64_t index, bool last, uint8_t nonce[12])
{
    memset(nonce, 0, 12);
    for (size_t i = 0; i < 8; i++)
        nonce[10 - i] = (uint8_t)(index >> 8 * i);
    nonce[11] = last;
}
