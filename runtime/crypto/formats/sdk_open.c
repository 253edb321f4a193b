/* SPDX-License-Identifier: MIT */
/*
 * Opens an AWS Encryption SDK message: a data key by one of our keys whose provider and name it bears,
 * then key derivation, commitment, and the header's own authentication. Nothing of the header is
 * believed before that, but for which key to try.
 *
 * A pair of the expected context that the message does not carry is one that its writer kept out of the
 * header (a required encryption context): it counts as if it stood there, for the wrapped keys and for
 * the header's authentication, so that a pair which the writer did not know opens nothing.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/encode.h"
#include "crypto/content/content_sdk.h"
#include "crypto/keys/derive.h"
#include "crypto/keys/secret.h"
#include "crypto/keys/unwrap.h"
#include "crypto/kms/kms_asking.h"

#define KEY_NAME_MARK "aws-crypto-public-key"
#define POINT_BYTES_MAX 133u

typedef struct opening {
    ol_sealed_ask *ask;
    ol_sdk_header header;
    ol_context context; /* the header's pairs, and those that were kept out of it */
    ol_slice aad;       /* that context, as wraps are bound to it */
    ol_slice kept_out;  /* the latter alone, authenticated behind the header; may be empty */
    size_t next_wrapped, next_key; /* of the KMS candidates */
    ol_kms_asking asking;
} opening;

static const ol_slice public_key_name = {(const uint8_t *)KEY_NAME_MARK, sizeof(KEY_NAME_MARK) - 1};
static const ol_slice kms_provider = {(const uint8_t *)"aws-kms", 7};

/* ---- the data key was opened ---- */

static int derive_keys(const ol_sdk_header *h, ol_slice data_key, uint8_t *content_key)
{
    uint8_t info[2 + 32], commitment[32];
    ol_slice label = h->suite->commits ? OL_SLICE_LIT("DERIVEKEY") : h->message_id;
    info[0] = (uint8_t)(h->suite->id >> 8);
    info[1] = (uint8_t)h->suite->id;
    memcpy(info + 2, label.data, label.len);
    ol_slice salt = h->suite->commits ? h->message_id : OL_SLICE_NONE;
    if (h->suite->commits) {
        int rc = ol_derive(h->suite->kdf_hash, data_key, salt, OL_SLICE_LIT("COMMITKEY"), commitment,
                           sizeof(commitment));
        if (rc != OL_OK)
            return rc;
        if (CRYPTO_memcmp(commitment, h->commitment.data, sizeof(commitment)) != 0)
            return OL_EDECRYPT;
    }
    return ol_derive(h->suite->kdf_hash, data_key, salt, ol_slice_of(info, 2 + label.len),
                     content_key, h->suite->key_len);
}

static bool header_is_authentic(const opening *self, const uint8_t *key)
{
    const ol_sdk_header *h = &self->header;
    const EVP_CIPHER *cipher = h->suite->key_len == 16   ? EVP_aes_128_gcm()
                               : h->suite->key_len == 24 ? EVP_aes_192_gcm()
                                                         : EVP_aes_256_gcm();
    uint8_t unused[16];
    int len;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool good = ctx && EVP_DecryptInit_ex(ctx, cipher, NULL, key, h->iv) == 1 &&
                EVP_DecryptUpdate(ctx, NULL, &len, h->authenticated.data,
                                  (int)h->authenticated.len) == 1 &&
                (self->kept_out.len == 0 ||
                 EVP_DecryptUpdate(ctx, NULL, &len, self->kept_out.data, (int)self->kept_out.len) == 1) &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, OL_SDK_TAG_BYTES,
                                    (void *)(uintptr_t)h->tag.data) == 1 &&
                EVP_DecryptFinal_ex(ctx, unused, &len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return good;
}

/* Takes the data key over; the content key comes back. */
static int content_key_of(const opening *self, uint8_t *data_key, size_t len, uint8_t **key)
{
    const ol_sdk_header *h = &self->header;
    size_t wanted = h->suite->key_len;
    int rc = len == wanted ? OL_OK : OL_EDECRYPT;
    *key = rc == OL_OK ? ol_secret_alloc(wanted) : NULL;
    if (rc == OL_OK && !*key)
        rc = OL_ENOMEM;
    if (rc == OL_OK && h->suite->kdf_hash)
        rc = derive_keys(h, ol_slice_of(data_key, len), *key);
    else if (rc == OL_OK)
        memcpy(*key, data_key, wanted);
    if (rc == OL_OK && !header_is_authentic(self, *key))
        rc = OL_EDECRYPT;
    ol_secret_free(data_key, len);
    if (rc != OL_OK) {
        ol_secret_free(*key, wanted);
        *key = NULL;
    }
    return rc;
}

/* The signature's key stands in the context, as a compressed point. */
static EVP_PKEY *read_signer(const ol_sdk_suite *suite, ol_slice text)
{
    uint8_t point[POINT_BYTES_MAX];
    size_t len;
    EVP_PKEY *pkey = NULL;
    if (ol_base64_decode(text, point, sizeof(point), &len) != OL_OK)
        return NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                         (char *)(uintptr_t)suite->curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, len),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static void fini_body(void *more)
{
    EVP_PKEY_free(((ol_sdk_body *)more)->signer);
}

static int make_body(const opening *self, ol_sdk_body **out)
{
    const ol_sdk_header *h = &self->header;
    const ol_slice *signer = ol_context_find(&h->context, public_key_name);
    if ((signer != NULL) != (h->suite->curve != NULL))
        return OL_EDECRYPT;
    ol_sdk_body *body = ol_arena_calloc(self->ask->arena, sizeof(*body));
    if (!body)
        return OL_ENOMEM;
    body->suite = h->suite;
    body->framed = h->framed;
    body->frame_bytes = h->frame_bytes;
    body->header = ol_arena_copy(self->ask->arena, ol_slice_first(self->ask->first, h->size));
    body->message_id = ol_arena_copy(self->ask->arena, h->message_id);
    if (!body->header.data || !body->message_id.data)
        return OL_ENOMEM;
    if (signer && !(body->signer = read_signer(h->suite, *signer)))
        return OL_EDECRYPT;
    *out = body;
    return OL_OK;
}

static int make_sealed(opening *self, uint8_t *key, ol_error *err)
{
    ol_sealed_ask *ask = self->ask;
    ol_sdk_body *body = NULL;
    int rc = make_body(self, &body);
    if (rc != OL_OK) {
        ol_secret_free(key, self->header.suite->key_len);
        return rc == OL_EDECRYPT ? ol_sealed_wrong(err) : ol_error_set(err, rc, "sealed object");
    }
    ol_sealed *sealed = ol_sealed_new(OL_SEALED_AWS_SDK, key, self->header.suite->key_len);
    if (!sealed) {
        fini_body(body);
        return ol_error_set(err, OL_ENOMEM, "sealed object");
    }
    sealed->content = &ol_content_sdk;
    sealed->more = body;
    sealed->fini_more = fini_body;
    sealed->chunked = body->framed && !body->signer &&
                      body->frame_bytes <= OL_SDK_FRAME_BYTES_CHUNKED;
    sealed->ranged = ask->rules->ranged;
    sealed->cipher_size = ask->size;
    sealed->plain_size = ol_sdk_plain_size(body, ask->size);
    ask->sealed = sealed;
    return OL_OK;
}

static int use_data_key(opening *self, uint8_t *data_key, size_t len, ol_error *err)
{
    uint8_t *key;
    int rc = content_key_of(self, data_key, len, &key);
    if (rc == OL_EDECRYPT)
        return ol_sealed_wrong(err);
    return rc == OL_OK ? make_sealed(self, key, err) : ol_error_set(err, rc, "content key");
}

/* ---- raw keys ---- */

static bool is_of(const ol_sdk_wrapped *wrapped, const ol_key *key)
{
    if (ol_slice_eq(wrapped->provider, kms_provider))
        return false;
    if (key->name_space.len > 0 && !ol_slice_eq(key->name_space, wrapped->provider))
        return false;
    return key->id.len == 0 || ol_slice_starts(wrapped->info, key->id);
}

/* info: name | tag length in bits | iv length | iv */
static int unwrap_aes(const opening *self, const ol_sdk_wrapped *wrapped, const ol_key *key,
                      uint8_t **out, size_t *len)
{
    static const uint8_t lengths[8] = {0, 0, 0, 128, 0, 0, 0, OL_SDK_IV_BYTES};
    size_t tail = sizeof(lengths) + OL_SDK_IV_BYTES;
    if (wrapped->info.len < tail)
        return OL_EDECRYPT;
    ol_slice name = ol_slice_first(wrapped->info, wrapped->info.len - tail);
    ol_slice rest = ol_slice_from(wrapped->info, name.len);
    if ((key->id.len > 0 && !ol_slice_eq(name, key->id)) ||
        memcmp(rest.data, lengths, sizeof(lengths)) != 0)
        return OL_EDECRYPT;
    return ol_unwrap_gcm(key, ol_slice_from(rest, sizeof(lengths)), wrapped->key, self->aad,
                         out, len);
}

/* The message does not say which padding; each of them tells whether it was the right one, but for
 * PKCS#1, which is tried last: what it gives is a key in any case, and the header's own tag tells. */
static int unwrap_rsa(const opening *self, const ol_sdk_wrapped *wrapped, const ol_key *key,
                      uint8_t **out, size_t *len)
{
    static const char *const hashes[] = {"SHA1", "SHA256", "SHA384", "SHA512"};
    bool good = false;
    int rc = OL_EDECRYPT;
    if (key->id.len > 0 && !ol_slice_eq(wrapped->info, key->id))
        return OL_EDECRYPT;
    for (size_t i = 0; rc == OL_EDECRYPT && i < sizeof(hashes) / sizeof(hashes[0]); i++)
        rc = ol_unwrap_rsa_oaep(key, wrapped->key, hashes[i], hashes[i], out, len);
    if (rc == OL_EDECRYPT)
        rc = ol_unwrap_rsa_pkcs1(key, wrapped->key, self->header.suite->key_len, out, len, &good);
    return rc;
}

static int try_key(opening *self, const ol_sdk_wrapped *wrapped, const ol_key *key)
{
    uint8_t *data_key = NULL;
    size_t len = 0;
    ol_error unused = {0};
    int rc = OL_EDECRYPT;
    if (!is_of(wrapped, key))
        return rc;
    if (key->kind == OL_KEY_AES)
        rc = unwrap_aes(self, wrapped, key, &data_key, &len);
    else if (key->kind == OL_KEY_RSA && key->rsa_bytes == wrapped->key.len)
        rc = unwrap_rsa(self, wrapped, key, &data_key, &len);
    if (rc == OL_OK)
        rc = use_data_key(self, data_key, len, &unused);
    if (rc == OL_OK)
        self->ask->by_key = key;
    return rc;
}

static int open_by_raw_keys(opening *self)
{
    const ol_keys *keys = self->ask->keys;
    int rc = OL_EDECRYPT;
    for (size_t w = 0; rc == OL_EDECRYPT && w < self->header.key_count; w++)
        for (size_t k = 0; rc == OL_EDECRYPT && k < ol_keys_count(keys); k++)
            rc = try_key(self, &self->header.keys[w], ol_keys_at(keys, k));
    return rc;
}

/* ---- a KMS ---- */

static const ol_key *next_kms_key(ol_kms_asking *asking, ol_slice *blob)
{
    opening *self = asking->owner;
    const ol_keys *keys = self->ask->keys;
    for (; self->next_wrapped < self->header.key_count; self->next_wrapped++, self->next_key = 0) {
        const ol_sdk_wrapped *wrapped = &self->header.keys[self->next_wrapped];
        if (!ol_slice_eq(wrapped->provider, kms_provider))
            continue;
        while (self->next_key < ol_keys_count(keys)) {
            const ol_key *key = ol_keys_at(keys, self->next_key++);
            if (key->kind != OL_KEY_KMS || !key->kms || !ol_kms_key_may_be(key->id, wrapped->info))
                continue;
            *blob = wrapped->key;
            return key;
        }
    }
    return NULL;
}

static int use_kms_key(ol_kms_asking *asking, uint8_t *key, size_t len, ol_error *err)
{
    return use_data_key(asking->owner, key, len, err);
}

static bool has_kms_key(const opening *self)
{
    for (size_t i = 0; i < self->header.key_count; i++)
        if (ol_slice_eq(self->header.keys[i].provider, kms_provider))
            return true;
    return false;
}

static int open_by_kms(opening *self, ol_error *err)
{
    self->asking = (ol_kms_asking){.ask = self->ask,
                                   .next = next_kms_key,
                                   .use = use_kms_key,
                                   .context = &self->context,
                                   .owner = self};
    return ol_kms_asking_start(&self->asking, err);
}

/* ---- opening ---- */

static int wrong_context(ol_error *err)
{
    return ol_sealed_refused(err, "the context is not the one that is expected");
}

/* What is expected must be there, or have been kept out of the header; more may be there. */
static int take_context(opening *self, ol_error *err)
{
    const ol_context *expected = self->ask->expected_context;
    const ol_slice reserved = OL_SLICE_LIT("aws-crypto-");
    self->context = self->header.context;
    self->aad = self->header.aad;
    for (size_t i = 0; expected && i < expected->count; i++) {
        const ol_context_pair *pair = &expected->pairs[i];
        if (!ol_context_find(&self->context, pair->name) && ol_slice_starts(pair->name, reserved))
            return wrong_context(err);
        if (ol_context_add(&self->context, pair->name, pair->value) != OL_OK)
            return wrong_context(err);
    }
    if (self->context.count == self->header.context.count)
        return OL_OK;
    int rc = ol_sdk_write_pairs(&self->context, NULL, self->ask->arena, &self->aad);
    if (rc == OL_OK)
        rc = ol_sdk_write_pairs(&self->context, &self->header.context, self->ask->arena, &self->kept_out);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "opening");
}

static int check(opening *self, ol_error *err)
{
    if (self->ask->rules->require_commitment && !self->header.suite->commits)
        return ol_sealed_refused(err, "no key commitment, and the rules require one");
    return take_context(self, err);
}

static int open_sdk(ol_sealed_ask *ask, enum ol_sealed_format format, ol_error *err)
{
    (void)format;
    opening *self = ol_arena_calloc(ask->arena, sizeof(*self));
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "opening");
    self->ask = ask;
    if (ol_sdk_header_read(&self->header, ask->first) != OL_OK)
        return ol_sealed_refused(err, "the message's header is cut or misshapen");
    int rc = check(self, err);
    if (rc != OL_OK)
        return rc;
    rc = ask->by == OL_SEALED_BY_KMS ? OL_EDECRYPT : open_by_raw_keys(self);
    if (rc == OL_EDECRYPT && !has_kms_key(self))
        return ol_sealed_wrong(err);
    if (rc == OL_EDECRYPT)
        return ask->by == OL_SEALED_BY_RAW ? OL_SKIP : open_by_kms(self, err);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "content key");
}

static int header_bytes(ol_slice first, size_t *bytes, ol_error *err)
{
    ol_sdk_header header;
    int rc = ol_sdk_header_read(&header, first);
    if (rc == OL_EDECRYPT)
        return ol_sealed_refused(err, "the message's header is misshapen");
    *bytes = rc == OL_OK ? header.size : first.len * 2 > 4096 ? first.len * 2 : 4096;
    return OL_OK;
}

const ol_sealed_opener ol_sealed_opener_sdk = {.open = open_sdk, .header_bytes = header_bytes};
