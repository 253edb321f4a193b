/* SPDX-License-Identifier: MIT */
#include "crypto/keys/wrap_key.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "crypto/keys/secret.h"

#define GCM_IV_BYTES 12u
#define GCM_TAG_BYTES 16u
#define BLOCK_BYTES_MAX 128u

enum mode { ECB, WRAP, GCM };

static const EVP_CIPHER *pick(const ol_key *key, enum mode mode)
{
    static const EVP_CIPHER *(*const ciphers[3][3])(void) = {
        {EVP_aes_128_ecb, EVP_aes_192_ecb, EVP_aes_256_ecb},
        {EVP_aes_128_wrap, EVP_aes_192_wrap, EVP_aes_256_wrap},
        {EVP_aes_128_gcm, EVP_aes_192_gcm, EVP_aes_256_gcm}};
    size_t size = key->material_len / 8;
    return key->kind == OL_KEY_AES && size >= 2 && size <= 4 ? ciphers[mode][size - 2]() : NULL;
}

/* All in one step; `out` has room for what comes out. */
static int encrypt(const ol_key *key, enum mode mode, const uint8_t *iv, ol_slice aad, ol_slice plain,
                   ol_buf *out)
{
    int len = 0, rest = 0;
    const EVP_CIPHER *cipher = pick(key, mode);
    if (!cipher)
        return OL_EINVAL;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (!ctx || ol_buf_reserve(out, plain.len + 48) != OL_OK) {
        EVP_CIPHER_CTX_free(ctx);
        return OL_ENOMEM;
    }
    uint8_t *to = out->data + out->len;
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    bool good = EVP_EncryptInit_ex(ctx, cipher, NULL, key->material, iv) == 1 &&
                (aad.len == 0 || EVP_EncryptUpdate(ctx, NULL, &len, aad.data, (int)aad.len) == 1) &&
                EVP_EncryptUpdate(ctx, to, &len, plain.data, (int)plain.len) == 1 &&
                EVP_EncryptFinal_ex(ctx, to + len, &rest) == 1 &&
                (mode != GCM || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_BYTES,
                                                    to + len + rest) == 1);
    EVP_CIPHER_CTX_free(ctx);
    out->len += good ? (size_t)(len + rest) + (mode == GCM ? GCM_TAG_BYTES : 0) : 0;
    return good ? OL_OK : OL_ENOMEM;
}

int ol_wrap_aes_ecb(const ol_key *key, ol_slice plain, ol_buf *out)
{
    return encrypt(key, ECB, NULL, OL_SLICE_NONE, plain, out);
}

int ol_wrap_aes_wrap(const ol_key *key, ol_slice plain, ol_buf *out)
{
    return encrypt(key, WRAP, NULL, OL_SLICE_NONE, plain, out);
}

int ol_wrap_aes_gcm(const ol_key *key, ol_slice plain, ol_slice aad, ol_buf *out)
{
    uint8_t iv[GCM_IV_BYTES];
    if (RAND_bytes(iv, sizeof(iv)) != 1 || ol_buf_add(out, ol_slice_of(iv, sizeof(iv))) != OL_OK)
        return OL_ENOMEM;
    return encrypt(key, GCM, iv, aad, plain, out);
}

/* ---- RSA ---- */

/* NULL hash: PKCS#1 v1.5. */
static int rsa(const ol_key *key, ol_slice plain, const char *hash, const char *mask_hash, ol_buf *out)
{
    if (key->kind != OL_KEY_RSA || !key->rsa)
        return OL_EINVAL;
    size_t len = key->rsa_bytes;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->rsa, NULL);
    if (!ctx || ol_buf_reserve(out, len) != OL_OK) {
        EVP_PKEY_CTX_free(ctx);
        return OL_ENOMEM;
    }
    int padding = hash ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING;
    bool good = EVP_PKEY_encrypt_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1 &&
                (!hash || (EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, hash, NULL) == 1 &&
                           EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, mask_hash, NULL) == 1)) &&
                EVP_PKEY_encrypt(ctx, out->data + out->len, &len, plain.data, plain.len) == 1;
    EVP_PKEY_CTX_free(ctx);
    out->len += good ? len : 0;
    return good ? OL_OK : OL_EINVAL;
}

int ol_wrap_rsa_pkcs1(const ol_key *key, ol_slice plain, ol_buf *out)
{
    return rsa(key, plain, NULL, NULL, out);
}

int ol_wrap_rsa_oaep(const ol_key *key, ol_slice plain, const char *hash, const char *mask_hash, ol_buf *out)
{
    return rsa(key, plain, hash, mask_hash, out);
}

int ol_wrap_rsa_named(const ol_key *key, ol_slice plain, ol_slice name, ol_buf *out)
{
    size_t len = 1 + plain.len + name.len;
    uint8_t *block = len <= BLOCK_BYTES_MAX ? ol_secret_alloc(len) : NULL;
    if (!block)
        return OL_ENOMEM;
    block[0] = (uint8_t)plain.len;
    memcpy(block + 1, plain.data, plain.len);
    memcpy(block + 1 + plain.len, name.data, name.len);
    int rc = rsa(key, ol_slice_of(block, len), "SHA1", "SHA1", out);
    ol_secret_free(block, len);
    return rc;
}
