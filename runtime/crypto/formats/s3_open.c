/* SPDX-License-Identifier: MIT */
/*
 * Opens an object of an S3 encryption client: rules first, then the content key by each key of ours
 * that could have wrapped it, then (V3) the commitment. Keys whose id the material description names
 * come first; an unauthenticated wrap needs that, because it cannot tell a wrong key.
 *
 * With a KMS the keys are asked one after the other, each by the id that it is configured with: an
 * object never chooses a key that is not.
 */
#include <openssl/crypto.h>

#include "crypto/formats/s3_envelope.h"
#include "crypto/keys/derive.h"
#include "crypto/keys/secret.h"
#include "crypto/keys/unwrap.h"
#include "crypto/kms/kms_asking.h"

#define SUITE "\x00\x73"
#define TAG_BYTES 16u
#define GCM_BYTES_MAX ((1ull << 36) - 32)

typedef struct opening {
    ol_sealed_ask *ask;
    ol_s3_envelope envelope;
    size_t next; /* which of the keys is asked next */
    ol_kms_asking asking;
} opening;

static const ol_slice cek_name = {(const uint8_t *)"aws:x-amz-cek-alg", 17};
static const ol_slice cmk_name = {(const uint8_t *)"kms_cmk_id", 10};

/* ---- rules ---- */

static bool wrap_is_legacy(enum ol_s3_wrap wrap)
{
    return wrap < OL_S3_WRAP_AES_GCM;
}

static bool wrap_is_kms(enum ol_s3_wrap wrap)
{
    return wrap == OL_S3_WRAP_KMS || wrap == OL_S3_WRAP_KMS_CONTEXT;
}

static int check_rules(const ol_s3_envelope *e, const ol_sealed_rules *rules, ol_error *err)
{
    /* A modern wrap around CBC is a GCM object that somebody relabelled, to make an oracle of us. */
    if (e->cipher == OL_S3_CBC && !wrap_is_legacy(e->wrap))
        return ol_sealed_refused(err, "CBC content under a wrap that is only used with GCM");
    if (!rules->legacy && (e->cipher == OL_S3_CBC || wrap_is_legacy(e->wrap)))
        return ol_sealed_refused(err, "a legacy format, and the rules do not allow these");
    if (rules->require_commitment && e->format != OL_SEALED_S3_V3)
        return ol_sealed_refused(err, "no key commitment, and the rules require one");
    return OL_OK;
}

static bool is_reserved(ol_slice name)
{
    return ol_slice_eq(name, cek_name) || ol_slice_eq(name, cmk_name);
}

/* What the caller expects is compared without the pairs that clients add. */
static int check_context(const ol_s3_envelope *e, const ol_context *expected, ol_error *err)
{
    size_t own = 0;
    if (e->wrap == OL_S3_WRAP_KMS_CONTEXT) {
        const ol_slice *cek = ol_context_find(&e->context, cek_name);
        if (!cek || !ol_slice_eq(*cek, e->name))
            return ol_sealed_refused(err, "the context names another cipher than the metadata");
    }
    if (!expected)
        return OL_OK;
    for (size_t i = 0; i < e->context.count; i++) {
        const ol_context_pair *pair = &e->context.pairs[i];
        const ol_slice *value = ol_context_find(expected, pair->name);
        if (value ? !ol_slice_eq(*value, pair->value) : !is_reserved(pair->name))
            return ol_sealed_refused(err, "the context is not the one that is expected");
        own += value != NULL;
    }
    return own == expected->count
               ? OL_OK
               : ol_sealed_refused(err, "the context is not the one that is expected");
}

/* That a length which is claimed does not agree shows that something was exchanged. */
static int check_size(const ol_s3_envelope *e, uint64_t size, ol_error *err)
{
    uint64_t claimed = e->claimed_size;
    if (size == UINT64_MAX)
        return OL_OK;
    bool gcm = e->cipher == OL_S3_GCM;
    bool fits = gcm ? size >= TAG_BYTES && size - TAG_BYTES <= GCM_BYTES_MAX
                    : size >= 16 && size % 16 == 0;
    if (fits && claimed != UINT64_MAX)
        fits = gcm ? claimed == size - TAG_BYTES : claimed < size && claimed >= size - 16;
    return fits ? OL_OK : ol_sealed_refused(err, "no ciphertext has this length");
}

/* ---- the key was unwrapped ---- */

static int check_commitment(const ol_s3_envelope *e, uint8_t **key, size_t *key_len)
{
    static const ol_slice derive = {(const uint8_t *)SUITE "DERIVEKEY", 11};
    static const ol_slice commit = {(const uint8_t *)SUITE "COMMITKEY", 11};
    uint8_t commitment[OL_S3_COMMITMENT_BYTES];
    ol_slice data_key = ol_slice_of(*key, *key_len);
    ol_slice salt = ol_slice_of(e->message_id, sizeof(e->message_id));
    if (*key_len != 32)
        return OL_EDECRYPT;
    int rc = ol_derive("SHA512", data_key, salt, commit, commitment, sizeof(commitment));
    if (rc == OL_OK && CRYPTO_memcmp(commitment, e->commitment, sizeof(commitment)) != 0)
        rc = OL_EDECRYPT;
    uint8_t *content_key = rc == OL_OK ? ol_secret_alloc(32) : NULL;
    if (rc == OL_OK && !content_key)
        rc = OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_derive("SHA512", data_key, salt, derive, content_key, 32);
    if (rc != OL_OK) {
        ol_secret_free(content_key, 32);
        return rc;
    }
    ol_secret_free(*key, *key_len);
    *key = content_key;
    *key_len = 32;
    return OL_OK;
}

static void set_content(ol_sealed *sealed, const ol_s3_envelope *e, const ol_sealed_ask *ask)
{
    bool gcm = e->cipher == OL_S3_GCM;
    sealed->content = gcm ? &ol_content_gcm : &ol_content_cbc;
    sealed->ranged = ask->rules->ranged;
    memcpy(sealed->iv, e->iv, e->iv_len);
    sealed->iv_len = e->iv_len;
    if (e->format == OL_SEALED_S3_V3) {
        memcpy(sealed->aad, SUITE, 2);
        sealed->aad_len = 2;
    }
    sealed->cipher_size = ask->size;
    sealed->claimed_size = e->claimed_size;
    if (gcm && ask->size != UINT64_MAX)
        sealed->plain_size = ask->size - TAG_BYTES;
}

/* Takes the key over. */
static int use_key(opening *self, uint8_t *key, size_t key_len, ol_error *err)
{
    const ol_s3_envelope *e = &self->envelope;
    int rc = key_len == 16 || key_len == 24 || key_len == 32 ? OL_OK : OL_EDECRYPT;
    if (rc == OL_OK && e->format == OL_SEALED_S3_V3)
        rc = check_commitment(e, &key, &key_len);
    if (rc != OL_OK) {
        ol_secret_free(key, key_len);
        return rc == OL_EDECRYPT ? ol_sealed_wrong(err) : ol_error_set(err, rc, "content key");
    }
    self->ask->sealed = ol_sealed_new(e->format, key, key_len);
    if (!self->ask->sealed)
        return ol_error_set(err, OL_ENOMEM, "sealed object");
    set_content(self->ask->sealed, e, self->ask);
    return OL_OK;
}

/* ---- raw keys ---- */

static int unwrap(const ol_s3_envelope *e, const ol_key *key, uint8_t **out, size_t *len, bool *good)
{
    int rc;
    *good = true;
    switch (e->wrap) {
    case OL_S3_WRAP_AES_ECB:
        return ol_unwrap_aes_ecb(key, e->key, out, len);
    case OL_S3_WRAP_RSA_PKCS1:
        return ol_unwrap_rsa_pkcs1(key, e->key, 32, out, len, good);
    case OL_S3_WRAP_AES_WRAP:
        return ol_unwrap_aes_wrap(key, e->key, out, len);
    case OL_S3_WRAP_RSA_OAEP256:
        /* Java's default: SHA-1 in the mask generation. Some providers wrote SHA-256. */
        rc = ol_unwrap_rsa_oaep(key, e->key, "SHA256", "SHA1", out, len);
        return rc == OL_EDECRYPT ? ol_unwrap_rsa_oaep(key, e->key, "SHA256", "SHA256", out, len)
                                 : rc;
    case OL_S3_WRAP_AES_GCM:
        return ol_unwrap_aes_gcm(key, e->key, e->name, out, len);
    case OL_S3_WRAP_RSA_NAMED:
        return ol_unwrap_rsa_named(key, e->key, e->name, out, len);
    case OL_S3_WRAP_KMS:
    case OL_S3_WRAP_KMS_CONTEXT:
        break;
    }
    return OL_EDECRYPT;
}

static bool key_fits(const ol_s3_envelope *e, const ol_key *key)
{
    switch (e->wrap) {
    case OL_S3_WRAP_AES_ECB:
    case OL_S3_WRAP_AES_WRAP:
    case OL_S3_WRAP_AES_GCM:
        return key->kind == OL_KEY_AES;
    case OL_S3_WRAP_RSA_PKCS1:
    case OL_S3_WRAP_RSA_OAEP256:
    case OL_S3_WRAP_RSA_NAMED:
        return key->kind == OL_KEY_RSA && key->rsa &&
               e->key.len == key->rsa_bytes;
    case OL_S3_WRAP_KMS:
    case OL_S3_WRAP_KMS_CONTEXT:
        return key->kind == OL_KEY_KMS && key->kms;
    }
    return false;
}

static bool is_named(const ol_s3_envelope *e, const ol_key *key)
{
    for (size_t i = 0; key->id.len > 0 && i < e->context.count; i++)
        if (ol_slice_eq(e->context.pairs[i].value, key->id))
            return true;
    return false;
}

/* The keys in order: those that are named, then the others. NULL at the end. */
static const ol_key *key_at(const opening *self, size_t at)
{
    const ol_keys *keys = self->ask->keys;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < ol_keys_count(keys); i++) {
            const ol_key *key = ol_keys_at(keys, i);
            if (!key_fits(&self->envelope, key) ||
                is_named(&self->envelope, key) != (round == 0))
                continue;
            if (at-- == 0)
                return key;
        }
    return NULL;
}

/* Every key is tried, whichever fits: how long it takes does not tell which one it was. */
static int open_by_raw_keys(opening *self, ol_error *err)
{
    uint8_t *found = NULL;
    size_t found_len = 0;
    bool found_good = false;
    const ol_key *key;
    for (size_t at = 0; (key = key_at(self, at)) != NULL; at++) {
        uint8_t *out = NULL;
        size_t len = 0;
        bool good;
        int rc = unwrap(&self->envelope, key, &out, &len, &good);
        if (rc == OL_OK && (!found || (good && !found_good))) {
            ol_secret_free(found, found_len);
            found = out;
            found_len = len;
            found_good = good;
            self->ask->by_key = key;
        } else {
            ol_secret_free(out, len);
        }
        if (rc != OL_OK && rc != OL_EDECRYPT) {
            ol_secret_free(found, found_len);
            return ol_error_set(err, rc, "content key");
        }
    }
    return found ? use_key(self, found, found_len, err) : ol_sealed_wrong(err);
}

/* ---- a KMS ---- */

/* "kms" says which key it was; only one that is configured is asked. */
static bool is_wanted(const opening *self, const ol_key *key)
{
    if (self->envelope.wrap != OL_S3_WRAP_KMS)
        return true;
    const ol_slice *cmk = ol_context_find(&self->envelope.context, cmk_name);
    return !cmk || ol_kms_key_may_be(key->id, *cmk);
}

static const ol_key *next_kms_key(ol_kms_asking *asking, ol_slice *blob)
{
    opening *self = asking->owner;
    const ol_key *key;
    *blob = self->envelope.key;
    while ((key = key_at(self, self->next)) != NULL) {
        self->next++;
        if (is_wanted(self, key))
            return key;
    }
    return NULL;
}

static int use_kms_key(ol_kms_asking *asking, uint8_t *key, size_t key_len, ol_error *err)
{
    return use_key(asking->owner, key, key_len, err);
}

static int open_by_kms(opening *self, ol_error *err)
{
    self->asking = (ol_kms_asking){.ask = self->ask,
                                   .next = next_kms_key,
                                   .use = use_kms_key,
                                   .context = &self->envelope.context,
                                   .owner = self};
    return ol_kms_asking_start(&self->asking, err);
}

/* ---- opening ---- */

static int open_s3(ol_sealed_ask *ask, enum ol_sealed_format format, ol_error *err)
{
    opening *self = ol_arena_calloc(ask->arena, sizeof(*self));
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "opening");
    self->ask = ask;
    int rc = ol_s3_envelope_read(&self->envelope, format, ask->headers, ask->header_count,
                                 ask->instruction, ask->arena, err);
    if (rc == OL_OK)
        rc = check_rules(&self->envelope, ask->rules, err);
    if (rc == OL_OK)
        rc = check_context(&self->envelope, ask->expected_context, err);
    if (rc == OL_OK)
        rc = check_size(&self->envelope, ask->size, err);
    if (rc != OL_OK)
        return rc;
    if (wrap_is_kms(self->envelope.wrap))
        return ask->by == OL_SEALED_BY_RAW ? OL_SKIP : open_by_kms(self, err);
    return open_by_raw_keys(self, err);
}

const ol_sealed_opener ol_sealed_opener_s3 = {.open = open_s3};
