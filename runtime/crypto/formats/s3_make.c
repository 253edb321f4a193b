/* SPDX-License-Identifier: MIT */
#include "crypto/formats/s3_make.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/encode.h"
#include "crypto/keys/derive.h"
#include "crypto/keys/secret.h"
#include "crypto/keys/wrap_key.h"

#define KEY_BYTES 32u
#define TAG_BYTES 16u
#define GCM_BYTES_MAX ((1ull << 36) - 32)
#define TEXT_BYTES_MAX 32768u
#define GCM_NAME "AES/GCM/NoPadding"
#define SUITE "\x00\x73"

static const struct {
    const char *name;
    enum ol_s3_wrap wrap;
    enum ol_key_kind kind;
    unsigned formats;
    const char *code; /* of V3 */
} wraps[] = { /* the usual one of a kind first */
    {"AES/GCM", OL_S3_WRAP_AES_GCM, OL_KEY_AES, OL_SEALED_S3_V2 | OL_SEALED_S3_V3, "02"},
    {"RSA-OAEP-SHA1", OL_S3_WRAP_RSA_NAMED, OL_KEY_RSA, OL_SEALED_S3_V2 | OL_SEALED_S3_V3, "22"},
    {"kms+context", OL_S3_WRAP_KMS_CONTEXT, OL_KEY_KMS, OL_SEALED_S3_V2 | OL_SEALED_S3_V3, "12"},
    {"AESWrap", OL_S3_WRAP_AES_WRAP, OL_KEY_AES, OL_SEALED_S3_V2, NULL},
    {"RSA/ECB/OAEPWithSHA-256AndMGF1Padding", OL_S3_WRAP_RSA_OAEP256, OL_KEY_RSA, OL_SEALED_S3_V2,
     NULL},
    {"kms", OL_S3_WRAP_KMS, OL_KEY_KMS, OL_SEALED_S3_V2, NULL},
    {"AES", OL_S3_WRAP_AES_ECB, OL_KEY_AES, OL_SEALED_S3_V1, NULL},
    {"RSA", OL_S3_WRAP_RSA_PKCS1, OL_KEY_RSA, OL_SEALED_S3_V1, NULL},
};
#define WRAPS (sizeof(wraps) / sizeof(wraps[0]))

int ol_s3_wrap_choose(enum ol_sealed_format format, const ol_key *key, ol_slice name,
                      enum ol_s3_wrap *wrap)
{
    for (size_t i = 0; i < WRAPS; i++)
        if ((wraps[i].formats & (unsigned)format) && wraps[i].kind == key->kind &&
            (name.len == 0 || ol_slice_eq_cstr(name, wraps[i].name))) {
            *wrap = wraps[i].wrap;
            return OL_OK;
        }
    return OL_EINVAL;
}

bool ol_s3_is_object_field(ol_slice name)
{
    return ol_slice_eq_cstr(name, "x-amz-c") || ol_slice_eq_cstr(name, "x-amz-d") ||
           ol_slice_eq_cstr(name, "x-amz-i");
}

static size_t entry_of(enum ol_s3_wrap wrap)
{
    size_t i = 0;
    while (wraps[i].wrap != wrap)
        i++;
    return i;
}

static bool is_gcm(const ol_s3_making *m)
{
    return m->format != OL_SEALED_S3_V1;
}

static ol_slice cipher_name(const ol_s3_making *m)
{
    return m->format == OL_SEALED_S3_V3 ? OL_SLICE_LIT("115") : OL_SLICE_LIT(GCM_NAME);
}

/* ---- the key ---- */

static int ask_kms(ol_s3_making *m, ol_error *err)
{
    bool with_cipher = m->wrap == OL_S3_WRAP_KMS_CONTEXT;
    ol_slice name = with_cipher ? OL_SLICE_LIT("aws:x-amz-cek-alg") : OL_SLICE_LIT("kms_cmk_id");
    if (ol_context_add(&m->context, name, with_cipher ? cipher_name(m) : m->key->id) != OL_OK)
        return ol_error_set(err, OL_EINVAL, "the context has a name that is reserved, or too many");
    ol_kms_call call = {.arena = m->arena, .context = m->context, .key_bytes = KEY_BYTES};
    int rc = m->generate(m->arg, m->key, &call, err);
    if (rc != OL_OK)
        return rc;
    m->data_key = call.key;
    m->wrapped_ = call.wrapped;
    return call.key_len == KEY_BYTES ? OL_OK : ol_error_set(err, OL_EINTERNAL, "a data key");
}

static int wrap_by(const ol_s3_making *m, ol_slice plain, ol_buf *out)
{
    switch (m->wrap) {
    case OL_S3_WRAP_AES_ECB:
        return ol_wrap_aes_ecb(m->key, plain, out);
    case OL_S3_WRAP_RSA_PKCS1:
        return ol_wrap_rsa_pkcs1(m->key, plain, out);
    case OL_S3_WRAP_AES_WRAP:
        return ol_wrap_aes_wrap(m->key, plain, out);
    case OL_S3_WRAP_RSA_OAEP256:
        return ol_wrap_rsa_oaep(m->key, plain, "SHA256", "SHA1", out); /* as Java does */
    case OL_S3_WRAP_AES_GCM:
        return ol_wrap_aes_gcm(m->key, plain, cipher_name(m), out);
    case OL_S3_WRAP_RSA_NAMED:
        return ol_wrap_rsa_named(m->key, plain, cipher_name(m), out);
    case OL_S3_WRAP_KMS:
    case OL_S3_WRAP_KMS_CONTEXT:
        break;
    }
    return OL_EINVAL;
}

static int make_key(ol_s3_making *m, ol_error *err)
{
    ol_buf out;
    m->data_key = ol_secret_alloc(KEY_BYTES);
    if (!m->data_key || RAND_priv_bytes(m->data_key, KEY_BYTES) != 1)
        return ol_error_set(err, OL_ENOMEM, "content key");
    ol_buf_init(&out, TEXT_BYTES_MAX);
    int rc = wrap_by(m, ol_slice_of(m->data_key, KEY_BYTES), &out);
    if (rc == OL_OK) {
        m->wrapped_ = ol_arena_copy(m->arena, ol_buf_slice(&out));
        rc = m->wrapped_.data ? OL_OK : OL_ENOMEM;
    }
    ol_buf_fini(&out);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "the key cannot wrap");
}

/* ---- metadata ---- */

static int say(ol_s3_making *m, const char *name, ol_slice value)
{
    return ol_headers_add(&m->meta, ol_slice_cstr(name), value);
}

static int say_bytes(ol_s3_making *m, const char *name, ol_slice bytes)
{
    ol_buf text;
    ol_buf_init(&text, TEXT_BYTES_MAX);
    int rc = ol_base64_encode(&text, bytes);
    rc = rc == OL_OK ? say(m, name, ol_buf_slice(&text)) : rc;
    ol_buf_fini(&text);
    return rc;
}

static int say_context(ol_s3_making *m, const char *name)
{
    ol_buf text;
    ol_buf_init(&text, TEXT_BYTES_MAX);
    int rc = ol_context_write(&m->context, &text);
    rc = rc == OL_OK ? say(m, name, ol_buf_slice(&text)) : rc;
    ol_buf_fini(&text);
    return rc;
}

static int say_v1_v2(ol_s3_making *m, ol_slice iv)
{
    bool v2 = m->format == OL_SEALED_S3_V2;
    int rc = say_bytes(m, v2 ? "x-amz-key-v2" : "x-amz-key", m->wrapped_);
    if (rc == OL_OK)
        rc = say_bytes(m, "x-amz-iv", iv);
    if (rc == OL_OK)
        rc = say_context(m, "x-amz-matdesc");
    if (rc != OL_OK || !v2)
        return rc;
    rc = say(m, "x-amz-wrap-alg", ol_slice_cstr(wraps[entry_of(m->wrap)].name));
    if (rc == OL_OK)
        rc = say(m, "x-amz-cek-alg", cipher_name(m));
    return rc == OL_OK ? say(m, "x-amz-tag-len", OL_SLICE_LIT("128")) : rc;
}

/* The content key and the commitment come from the data key. */
static int derive_v3(ol_s3_making *m)
{
    static const ol_slice derive = {(const uint8_t *)SUITE "DERIVEKEY", 11};
    static const ol_slice commit = {(const uint8_t *)SUITE "COMMITKEY", 11};
    uint8_t id[OL_S3_MESSAGE_ID_BYTES], commitment[OL_S3_COMMITMENT_BYTES];
    ol_slice key = ol_slice_of(m->data_key, KEY_BYTES), salt = ol_slice_of(id, sizeof(id));
    if (RAND_bytes(id, sizeof(id)) != 1)
        return OL_ENOMEM;
    int rc = ol_derive("SHA512", key, salt, derive, m->content_key, KEY_BYTES);
    if (rc == OL_OK)
        rc = ol_derive("SHA512", key, salt, commit, commitment, sizeof(commitment));
    if (rc == OL_OK)
        rc = say_bytes(m, "x-amz-i", salt);
    return rc == OL_OK ? say_bytes(m, "x-amz-d", ol_slice_of(commitment, sizeof(commitment))) : rc;
}

static int say_v3(ol_s3_making *m)
{
    bool kms = m->wrap == OL_S3_WRAP_KMS_CONTEXT;
    int rc = derive_v3(m);
    if (rc == OL_OK)
        rc = say(m, "x-amz-c", OL_SLICE_LIT("115"));
    if (rc == OL_OK)
        rc = say(m, "x-amz-w", ol_slice_cstr(wraps[entry_of(m->wrap)].code));
    if (rc == OL_OK)
        rc = say_bytes(m, "x-amz-3", m->wrapped_);
    return rc == OL_OK ? say_context(m, kms ? "x-amz-t" : "x-amz-m") : rc;
}

/* ---- content ---- */

static int start_cipher(ol_s3_making *m, const uint8_t *iv)
{
    int len;
    EVP_CIPHER_CTX *ctx = m->cipher_ = EVP_CIPHER_CTX_new();
    const EVP_CIPHER *cipher = is_gcm(m) ? EVP_aes_256_gcm() : EVP_aes_256_cbc();
    if (!ctx || EVP_EncryptInit_ex(ctx, cipher, NULL, m->content_key, iv) != 1)
        return OL_ENOMEM;
    if (m->format == OL_SEALED_S3_V3 &&
        EVP_EncryptUpdate(ctx, NULL, &len, (const uint8_t *)SUITE, 2) != 1)
        return OL_ENOMEM;
    return OL_OK;
}

int ol_s3_make_begin(ol_s3_making *m, ol_error *err)
{
    uint8_t iv[16];
    ol_headers_init(&m->meta, m->arena);
    int rc = m->key->kind == OL_KEY_KMS ? ask_kms(m, err) : make_key(m, err);
    if (rc != OL_OK)
        return rc;
    m->content_key = ol_secret_alloc(KEY_BYTES);
    if (!m->content_key || RAND_bytes(iv, sizeof(iv)) != 1)
        return ol_error_set(err, OL_ENOMEM, "content key");
    memcpy(m->content_key, m->data_key, KEY_BYTES);
    if (m->format == OL_SEALED_S3_V3) {
        memset(iv, 1, sizeof(iv));
        rc = say_v3(m);
    } else {
        rc = say_v1_v2(m, ol_slice_of(iv, is_gcm(m) ? 12 : 16));
    }
    if (rc == OL_OK)
        rc = start_cipher(m, iv);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "metadata of the encryption");
}

int ol_s3_make_write(ol_s3_making *m, ol_slice plain, ol_error *err)
{
    uint8_t out[4096 + 16];
    m->size_ += plain.len;
    if (is_gcm(m) && m->size_ > GCM_BYTES_MAX)
        return ol_error_set(err, OL_ELIMIT, "one key encrypts no more than 64 GiB in this mode");
    while (plain.len > 0) {
        int len = 0;
        ol_slice now = ol_slice_first(plain, 4096);
        if (EVP_EncryptUpdate(m->cipher_, out, &len, now.data, (int)now.len) != 1)
            return ol_error_set(err, OL_EINTERNAL, "content cipher");
        int rc = len > 0 ? m->write(m->arg, ol_slice_of(out, (size_t)len), err) : OL_OK;
        if (rc != OL_OK)
            return rc;
        plain = ol_slice_from(plain, now.len);
    }
    return OL_OK;
}

int ol_s3_make_finish(ol_s3_making *m, ol_error *err)
{
    uint8_t out[16 + TAG_BYTES];
    int len = 0;
    if (EVP_EncryptFinal_ex(m->cipher_, out, &len) != 1 ||
        (is_gcm(m) && EVP_CIPHER_CTX_ctrl(m->cipher_, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, out + len) != 1))
        return ol_error_set(err, OL_EINTERNAL, "content cipher");
    return m->write(m->arg, ol_slice_of(out, (size_t)len + (is_gcm(m) ? TAG_BYTES : 0)), err);
}

void ol_s3_make_fini(ol_s3_making *m)
{
    EVP_CIPHER_CTX_free(m->cipher_);
    ol_secret_free(m->data_key, KEY_BYTES);
    ol_secret_free(m->content_key, KEY_BYTES);
    *m = (ol_s3_making){0};
}
