/* SPDX-License-Identifier: MIT */
/*
 * Data keys under a key of the customer's, which is never kept: beside the wrapped data key stands a
 * salted HMAC by which another key is told from a damaged record.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/at_rest/at_rest_record.h"
#include "crypto/keys/derive.h"
#include "crypto/keys/secret.h"

#define KEY OL_AT_REST_KEY_BYTES

/* The salt is in the key, so one nonce is enough. */
static const uint8_t nonce[12];

static void make_check(const uint8_t *customer_key, ol_slice place, const uint8_t *salt,
                       uint8_t check[OL_AT_REST_MAC_BYTES])
{
    uint8_t message[OL_AT_REST_SALT_BYTES + 11 + OL_SHA256_BYTES];
    memcpy(message, salt, OL_AT_REST_SALT_BYTES);
    memcpy(message + OL_AT_REST_SALT_BYTES, "sse-c-check", 11);
    ol_sha256_of(place, message + OL_AT_REST_SALT_BYTES + 11);
    ol_hmac_sha256(ol_slice_of(customer_key, KEY), ol_slice_of(message, sizeof message), check);
}

/* AES-256-GCM of 32 bytes under a key derived for it. `tag` is written or checked. */
static int crypt_key(const uint8_t *customer_key, ol_slice place, const uint8_t *salt, bool encrypt,
                     const uint8_t *in, uint8_t *out, uint8_t *tag)
{
    uint8_t *kek = ol_secret_alloc(KEY);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len, rest;
    uint8_t aad[OL_SHA256_BYTES];
    ol_sha256_of(place, aad);
    int rc = kek && ctx ? ol_derive("SHA256", ol_slice_of(customer_key, KEY),
                                    ol_slice_of(salt, OL_AT_REST_SALT_BYTES),
                                    OL_SLICE_LIT("sse-c-wrap"), kek, KEY)
                        : OL_ENOMEM;
    if (rc == OL_OK &&
        (EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, kek, nonce, encrypt) != 1 ||
         EVP_CipherUpdate(ctx, NULL, &len, aad, sizeof aad) != 1 ||
         EVP_CipherUpdate(ctx, out, &len, in, (int)KEY) != 1))
        rc = OL_ENOMEM;
    if (rc == OL_OK && !encrypt)
        rc = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, OL_AT_REST_TAG_BYTES, tag) == 1 &&
                     EVP_CipherFinal_ex(ctx, out + KEY, &rest) == 1
                 ? OL_OK
                 : OL_EORIGIN;
    if (rc == OL_OK && encrypt)
        rc = EVP_CipherFinal_ex(ctx, out + KEY, &rest) == 1 &&
                     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, OL_AT_REST_TAG_BYTES, tag) == 1
                 ? OL_OK
                 : OL_ENOMEM;
    EVP_CIPHER_CTX_free(ctx);
    ol_secret_free(kek, KEY);
    return rc;
}

int ol_at_rest_customer_wrap(const uint8_t *customer_key, ol_slice place,
                             const ol_at_rest_key *key, ol_at_rest_record *record,
                             uint8_t *wrapped, ol_error *err)
{
    make_check(customer_key, place, record->salt, record->check);
    int rc = crypt_key(customer_key, place, record->salt, true, ol_at_rest_key_bytes(key), wrapped,
                       wrapped + KEY);
    record->wrapped = ol_slice_of(wrapped, OL_AT_REST_CUSTOMER_BYTES);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "a data key cannot be wrapped");
}

int ol_at_rest_customer_open(const uint8_t *customer_key, ol_slice place,
                             const ol_at_rest_record *record, ol_at_rest_key **key, ol_error *err)
{
    *key = NULL;
    uint8_t check[OL_AT_REST_MAC_BYTES];
    make_check(customer_key, place, record->salt, check);
    if (CRYPTO_memcmp(check, record->check, sizeof check) != 0)
        return ol_error_set(err, OL_ESSECWRONG, NULL);
    if (record->wrapped.len != OL_AT_REST_CUSTOMER_BYTES)
        return ol_error_set(err, OL_EORIGIN, "the record of an encrypted object is damaged");
    uint8_t tag[OL_AT_REST_TAG_BYTES];
    memcpy(tag, record->wrapped.data + KEY, sizeof tag);
    uint8_t *dek = ol_secret_alloc(KEY);
    int rc = dek ? crypt_key(customer_key, place, record->salt, false, record->wrapped.data, dek, tag)
                 : OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_at_rest_key_new(key, dek, 1, record->salt, err);
    else
        ol_error_set(err, rc, rc == OL_EORIGIN ? "the record of an encrypted object is damaged"
                                               : "no memory to open a data key");
    ol_secret_free(dek, KEY);
    return rc;
}
