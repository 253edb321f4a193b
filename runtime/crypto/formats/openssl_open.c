/* SPDX-License-Identifier: MIT */
/*
 * Files of `openssl enc`: "Salted__", 8 bytes of salt, AES-CBC. How the key was made of the password
 * they do not say, and nothing authenticates them: legacy, tried in the usual ways one by one, and
 * what tells the right way is the padding at the end.
 */
#include <openssl/evp.h>

#include "crypto/content/sealed_private.h"
#include "crypto/keys/secret.h"

#define MAGIC_BYTES 8u
#define SALT_BYTES 8u
#define HEADER_BYTES (MAGIC_BYTES + SALT_BYTES)
#define PBKDF2_ROUNDS 10000
#define MADE_BYTES_MAX 48u

typedef struct way {
    bool pbkdf2; /* else EVP_BytesToKey with one round */
    const char *hash;
    size_t key_len;
} way;

/* `openssl enc -aes-256-cbc -pbkdf2`; without -pbkdf2 since 1.1.0; before; and with 128 bits. */
static const way ways[] = {
    {true, "SHA256", 32},  {false, "SHA256", 32}, {false, "MD5", 32},
    {true, "SHA256", 16},  {false, "SHA256", 16}, {false, "MD5", 16},
    {true, "SHA512", 32},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* Key and initial value, one behind the other. */
static bool make(const way *how, const ol_key *password, const uint8_t *salt, uint8_t *made)
{
    const EVP_MD *md = EVP_get_digestbyname(how->hash);
    int key_len = (int)how->key_len;
    if (how->pbkdf2)
        return PKCS5_PBKDF2_HMAC((const char *)password->material, (int)password->material_len,
                                 salt, SALT_BYTES, PBKDF2_ROUNDS, md, key_len + 16, made) == 1;
    const EVP_CIPHER *cipher = key_len == 32 ? EVP_aes_256_cbc() : EVP_aes_128_cbc();
    return EVP_BytesToKey(cipher, md, salt, password->material, (int)password->material_len, 1, made,
                          made + key_len) == key_len;
}

static const ol_key *password_at(const ol_keys *keys, size_t at)
{
    for (size_t i = 0; i < ol_keys_count(keys); i++)
        if (ol_keys_at(keys, i)->kind == OL_KEY_PASSWORD && at-- == 0)
            return ol_keys_at(keys, i);
    return NULL;
}

static int make_sealed(ol_sealed_ask *ask, const way *how, const ol_key *password,
                       const uint8_t *made, ol_error *err)
{
    uint8_t *key = ol_secret_alloc(how->key_len);
    if (!key)
        return ol_error_set(err, OL_ENOMEM, "content key");
    memcpy(key, made, how->key_len);
    ol_sealed *sealed = ol_sealed_new(OL_SEALED_OPENSSL, key, how->key_len);
    if (!sealed)
        return ol_error_set(err, OL_ENOMEM, "sealed object");
    sealed->content = &ol_content_cbc;
    memcpy(sealed->iv, made + how->key_len, 16);
    sealed->iv_len = 16;
    sealed->skip = HEADER_BYTES;
    sealed->cipher_size = ask->size;
    ask->sealed = sealed;
    ask->by_key = password;
    return OL_OK;
}

static int open_openssl(ol_sealed_ask *ask, enum ol_sealed_format format, ol_error *err)
{
    (void)format;
    if (!ask->rules->legacy)
        return ol_sealed_refused(err, "a legacy format, and the rules do not allow these");
    if (ask->first.len < HEADER_BYTES)
        return ol_sealed_refused(err, "the header is cut");
    const ol_key *password = password_at(ask->keys, ask->attempt / WAYS);
    if (!password)
        return ask->attempt == 0 ? ol_sealed_wrong(err) : OL_SKIP;
    const way *how = &ways[ask->attempt % WAYS];
    uint8_t *made = ol_secret_alloc(MADE_BYTES_MAX);
    int rc = made && make(how, password, ask->first.data + MAGIC_BYTES, made)
                 ? make_sealed(ask, how, password, made, err)
                 : ol_error_set(err, OL_ENOMEM, "key derivation");
    ol_secret_free(made, MADE_BYTES_MAX);
    return rc;
}

const ol_sealed_opener ol_sealed_opener_openssl = {.open = open_openssl};
