/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>

#include "crypto/keys/secret.h"
#include "crypto/keys/unwrap.h"

#define WRAPPED_BYTES_MAX 1024u
#define GCM_IV_BYTES 12u
#define GCM_TAG_BYTES 16u

static const EVP_CIPHER *pick(size_t key_len, const EVP_CIPHER *of16, const EVP_CIPHER *of24,
                              const EVP_CIPHER *of32)
{
    return key_len == 16 ? of16 : key_len == 24 ? of24 : key_len == 32 ? of32 : NULL;
}

/* One decryption by an unauthenticated mode, padding and all. */
static int decrypt(const EVP_CIPHER *cipher, const ol_key *key, ol_slice in, uint8_t *out,
                   size_t *len)
{
    int first = 0, rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (!ctx)
        return OL_ENOMEM;
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    bool good = EVP_DecryptInit_ex(ctx, cipher, NULL, key->material, NULL) == 1 &&
                EVP_DecryptUpdate(ctx, out, &first, in.data, (int)in.len) == 1 &&
                EVP_DecryptFinal_ex(ctx, out + first, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    *len = good ? (size_t)(first + rest) : 0;
    return good ? OL_OK : OL_EDECRYPT;
}

/* Into secret memory of exactly the right size: `work` has `work_len` bytes and is freed here. */
static int keep(int rc, uint8_t *work, size_t work_len, size_t len, uint8_t **out)
{
    if (rc == OL_OK) {
        *out = ol_secret_alloc(len);
        if (*out)
            memcpy(*out, work, len);
        else
            rc = OL_ENOMEM;
    }
    ol_secret_free(work, work_len);
    return rc;
}

static int unwrap_by(const EVP_CIPHER *cipher, const ol_key *key, ol_slice wrapped, uint8_t **out,
                     size_t *len)
{
    *out = NULL;
    if (!cipher || key->kind != OL_KEY_AES || wrapped.len == 0 || wrapped.len > WRAPPED_BYTES_MAX)
        return OL_EDECRYPT;
    size_t work_len = wrapped.len + 32;
    uint8_t *work = ol_secret_alloc(work_len);
    if (!work)
        return OL_ENOMEM;
    int rc = decrypt(cipher, key, wrapped, work, len);
    if (rc == OL_OK && *len != 16 && *len != 24 && *len != 32)
        rc = OL_EDECRYPT;
    return keep(rc, work, work_len, *len, out);
}

int ol_unwrap_aes_ecb(const ol_key *key, ol_slice wrapped, uint8_t **out, size_t *len)
{
    return unwrap_by(pick(key->material_len, EVP_aes_128_ecb(), EVP_aes_192_ecb(), EVP_aes_256_ecb()),
                     key, wrapped, out, len);
}

int ol_unwrap_aes_wrap(const ol_key *key, ol_slice wrapped, uint8_t **out, size_t *len)
{
    return unwrap_by(
        pick(key->material_len, EVP_aes_128_wrap(), EVP_aes_192_wrap(), EVP_aes_256_wrap()), key,
        wrapped, out, len);
}

/* ---- authenticated ---- */

static bool open_gcm(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const ol_key *key, ol_slice iv,
                     ol_slice text, ol_slice tag, ol_slice aad, uint8_t *out)
{
    int len = 0;
    if (EVP_DecryptInit_ex(ctx, cipher, NULL, NULL, NULL) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)iv.len, NULL) != 1 ||
        EVP_DecryptInit_ex(ctx, NULL, NULL, key->material, iv.data) != 1)
        return false;
    if (aad.len > 0 && EVP_DecryptUpdate(ctx, NULL, &len, aad.data, (int)aad.len) != 1)
        return false;
    if (EVP_DecryptUpdate(ctx, out, &len, text.data, (int)text.len) != 1)
        return false;
    return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)tag.len,
                               (void *)(uintptr_t)tag.data) == 1 &&
           EVP_DecryptFinal_ex(ctx, out + len, &len) == 1;
}

int ol_unwrap_gcm(const ol_key *key, ol_slice iv, ol_slice sealed, ol_slice aad, uint8_t **out,
                  size_t *len)
{
    *out = NULL;
    *len = 0;
    const EVP_CIPHER *cipher =
        pick(key->material_len, EVP_aes_128_gcm(), EVP_aes_192_gcm(), EVP_aes_256_gcm());
    if (!cipher || key->kind != OL_KEY_AES || iv.len == 0 || iv.len > 16 ||
        sealed.len <= GCM_TAG_BYTES || sealed.len > WRAPPED_BYTES_MAX)
        return OL_EDECRYPT;
    size_t size = sealed.len - GCM_TAG_BYTES;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t *plain = ol_secret_alloc(size);
    int rc = ctx && plain ? OL_OK : OL_ENOMEM;
    if (rc == OL_OK && !open_gcm(ctx, cipher, key, iv, ol_slice_first(sealed, size),
                                 ol_slice_from(sealed, size), aad, plain))
        rc = OL_EDECRYPT;
    EVP_CIPHER_CTX_free(ctx);
    if (rc != OL_OK) {
        ol_secret_free(plain, size);
        return rc;
    }
    *out = plain;
    *len = size;
    return OL_OK;
}

int ol_unwrap_aes_gcm(const ol_key *key, ol_slice wrapped, ol_slice aad, uint8_t **out, size_t *len)
{
    return ol_unwrap_gcm(key, ol_slice_first(wrapped, GCM_IV_BYTES),
                         ol_slice_from(wrapped, GCM_IV_BYTES), aad, out, len);
}
