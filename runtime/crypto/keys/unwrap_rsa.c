/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "crypto/keys/secret.h"
#include "crypto/keys/unwrap.h"

#define RSA_BYTES_MAX 2048u
#define PS_BYTES_MIN 8u /* of the padding of PKCS#1 v1.5 */

typedef struct rsa_block {
    uint8_t *bytes; /* secret memory */
    size_t size;    /* of it */
    size_t len;
} rsa_block;

static void block_fini(rsa_block *block)
{
    ol_secret_free(block->bytes, block->size);
}

static int start(EVP_PKEY_CTX **ctx, const ol_key *key, ol_slice wrapped, rsa_block *block)
{
    *ctx = NULL;
    *block = (rsa_block){0};
    if (key->kind != OL_KEY_RSA || !key->rsa || wrapped.len > RSA_BYTES_MAX ||
        wrapped.len != (size_t)EVP_PKEY_get_size(key->rsa))
        return OL_EDECRYPT;
    block->size = wrapped.len;
    block->bytes = ol_secret_alloc(block->size);
    *ctx = EVP_PKEY_CTX_new(key->rsa, NULL);
    if (!block->bytes || !*ctx)
        return OL_ENOMEM;
    return EVP_PKEY_decrypt_init(*ctx) == 1 ? OL_OK : OL_EDECRYPT;
}

static int open_block(EVP_PKEY_CTX *ctx, ol_slice wrapped, rsa_block *block)
{
    block->len = block->size;
    return EVP_PKEY_decrypt(ctx, block->bytes, &block->len, wrapped.data, wrapped.len) == 1
               ? OL_OK
               : OL_EDECRYPT;
}

static int take(const uint8_t *from, size_t count, uint8_t **out, size_t *len)
{
    *out = ol_secret_alloc(count);
    if (!*out)
        return OL_ENOMEM;
    memcpy(*out, from, count);
    *len = count;
    return OL_OK;
}

/* ---- OAEP ---- */

static int oaep(const ol_key *key, ol_slice wrapped, const char *hash, const char *mgf1_hash,
                rsa_block *block)
{
    EVP_PKEY_CTX *ctx;
    int rc = start(&ctx, key, wrapped, block);
    if (rc == OL_OK && (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
                        EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, hash, NULL) != 1 ||
                        EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, mgf1_hash, NULL) != 1))
        rc = OL_EDECRYPT;
    if (rc == OL_OK)
        rc = open_block(ctx, wrapped, block);
    EVP_PKEY_CTX_free(ctx);
    return rc;
}

int ol_unwrap_rsa_oaep(const ol_key *key, ol_slice wrapped, const char *hash, const char *mgf1_hash,
                       uint8_t **out, size_t *len)
{
    rsa_block block;
    *out = NULL;
    int rc = oaep(key, wrapped, hash, mgf1_hash, &block);
    if (rc == OL_OK && block.len == 0)
        rc = OL_EDECRYPT;
    if (rc == OL_OK)
        rc = take(block.bytes, block.len, out, len);
    block_fini(&block);
    return rc;
}

int ol_unwrap_rsa_named(const ol_key *key, ol_slice wrapped, ol_slice name, uint8_t **out,
                        size_t *len)
{
    rsa_block block;
    *out = NULL;
    int rc = oaep(key, wrapped, "SHA1", "SHA1", &block);
    if (rc == OL_OK) {
        size_t key_len = block.len > 0 ? block.bytes[0] : 0;
        bool fits = (key_len == 16 || key_len == 24 || key_len == 32) &&
                    block.len == 1 + key_len + name.len;
        if (!fits || !ol_slice_eq(ol_slice_of(block.bytes + 1 + key_len, name.len), name))
            rc = OL_EDECRYPT;
        else
            rc = take(block.bytes + 1, key_len, out, len);
    }
    block_fini(&block);
    return rc;
}

/* ---- PKCS#1 v1.5, without an answer to those who try blocks ---- */

/* 0xff when a is zero, else 0. No branch. */
static uint8_t is_zero(uint8_t a)
{
    return (uint8_t)(((uint32_t)a - 1u) >> 24);
}

/* 0xff when the block reads 00 02 | at least 8 bytes that are not zero | 00 | `count` bytes. */
static uint8_t holds(const rsa_block *block, size_t count)
{
    const uint8_t *b = block->bytes;
    if (block->len < 3 + PS_BYTES_MIN + count)
        return 0;
    size_t separator = block->len - count - 1;
    uint8_t good = is_zero(b[0]) & is_zero(b[1] ^ 2) & is_zero(b[separator]);
    for (size_t i = 2; i < separator; i++)
        good &= (uint8_t)~is_zero(b[i]);
    return good;
}

/* Over `key` (a stand-in so far) goes what the block holds, if it holds so much. */
static uint8_t select_key(const rsa_block *block, uint8_t *key, size_t count, size_t *len)
{
    uint8_t mask = holds(block, count);
    const uint8_t *from = block->bytes + (block->len - count);
    for (size_t i = 0; i < count; i++)
        key[i] = (uint8_t)((from[i] & mask) | (key[i] & ~mask));
    size_t wide = (size_t)0 - (mask & 1u);
    *len = (count & wide) | (*len & ~wide);
    return mask;
}

/* In the place of a key that was not there: only who has the private key can tell it. */
static bool stand_in(const ol_key *key, ol_slice wrapped, uint8_t out[32])
{
    unsigned len = 32;
    return HMAC(EVP_sha256(), key->material, (int)key->material_len, wrapped.data, wrapped.len, out,
                &len) != NULL;
}

int ol_unwrap_rsa_pkcs1(const ol_key *key, ol_slice wrapped, size_t usual_len, uint8_t **out,
                        size_t *len, bool *good)
{
    EVP_PKEY_CTX *ctx;
    rsa_block block;
    *out = NULL;
    int rc = start(&ctx, key, wrapped, &block);
    if (rc == OL_OK && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) != 1)
        rc = OL_EDECRYPT;
    if (rc == OL_OK)
        rc = open_block(ctx, wrapped, &block);
    EVP_PKEY_CTX_free(ctx);
    if (rc == OL_OK && block.len < 64)
        rc = OL_EDECRYPT;
    uint8_t *made = rc == OL_OK ? ol_secret_alloc(32) : NULL;
    if (rc == OL_OK && (!made || !stand_in(key, wrapped, made)))
        rc = OL_ENOMEM;
    if (rc == OL_OK) {
        *len = usual_len;
        uint8_t any = select_key(&block, made, 16, len);
        any |= select_key(&block, made, 24, len);
        any |= select_key(&block, made, 32, len);
        *good = any & 1u;
        rc = take(made, *len, out, len);
    }
    ol_secret_free(made, 32);
    block_fini(&block);
    return rc;
}
