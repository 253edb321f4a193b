/* SPDX-License-Identifier: MIT */
/*
 * Data keys under a key of the ring. The envelope: "OLK1", version (BE32), the id's length and the id,
 * nonce (12), ciphertext, tag (16). Additional data: a label, version, id and the canonical context,
 * each with its length. Nonces are random: a version should not wrap more than 2^32 data keys.
 */
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/alloc.h"
#include "crypto/keys/keyring.h"
#include "crypto/keys/secret.h"

#define MAGIC "OLK1"
#define NONCE_BYTES 12
#define TAG_BYTES 16
#define HEAD_BYTES (4 + 4 + 1)
#define DATA_KEY_BYTES_MAX 128
#define BOUND_BYTES_MAX (64u * 1024)

static void put_be32(uint8_t *out, uint32_t number)
{
    out[0] = (uint8_t)(number >> 24);
    out[1] = (uint8_t)(number >> 16);
    out[2] = (uint8_t)(number >> 8);
    out[3] = (uint8_t)number;
}

static uint32_t get_be32(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static int add_bound(ol_buf *out, ol_slice bytes)
{
    uint8_t len[4];
    put_be32(len, (uint32_t)bytes.len);
    int rc = ol_buf_add(out, ol_slice_of(len, sizeof len));
    return rc == OL_OK ? ol_buf_add(out, bytes) : rc;
}

/* What the tag covers besides the key itself. */
static int add_binding(const ol_keyring_key *key, uint32_t version, const ol_context *context,
                       ol_buf *out)
{
    uint8_t number[4];
    ol_buf text;
    put_be32(number, version);
    ol_buf_init(&text, BOUND_BYTES_MAX);
    int rc = ol_context_write(context, &text);
    if (rc == OL_OK)
        rc = ol_buf_add_cstr(out, "objlens keyring data key 1");
    if (rc == OL_OK)
        rc = ol_buf_add(out, ol_slice_of(number, sizeof number));
    if (rc == OL_OK)
        rc = add_bound(out, ol_slice_cstr(key->id));
    if (rc == OL_OK)
        rc = add_bound(out, ol_buf_slice(&text));
    ol_buf_fini(&text);
    return rc;
}

static int check_state(const ol_keyring *ring, const ol_keyring_key *key, ol_error *err)
{
    char arn[OL_KEYRING_ARN_SIZE];
    ol_keyring_arn(ring, key, arn);
    if (key->state == OL_KMS_DISABLED)
        return ol_error_say(err, OL_EKMSDISABLED, "%.300s is disabled.", arn);
    if (key->state == OL_KMS_PENDING_DELETION)
        return ol_error_say(err, OL_EKMSSTATE, "%.290s is pending deletion.", arn);
    return OL_OK;
}

/* ---- AES-256-GCM ---- */

static bool seal(const uint8_t *material, const uint8_t *nonce, ol_slice bound, ol_slice plain,
                 uint8_t *out)
{
    int len;
    EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
    bool good = gcm && EVP_EncryptInit_ex(gcm, EVP_aes_256_gcm(), NULL, material, nonce) == 1 &&
                EVP_EncryptUpdate(gcm, NULL, &len, bound.data, (int)bound.len) == 1 &&
                EVP_EncryptUpdate(gcm, out, &len, plain.data, (int)plain.len) == 1 &&
                EVP_EncryptFinal_ex(gcm, out + plain.len, &len) == 1 &&
                EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, out + plain.len) == 1;
    EVP_CIPHER_CTX_free(gcm);
    return good;
}

static bool unseal(const uint8_t *material, const uint8_t *nonce, ol_slice bound, ol_slice sealed,
                   uint8_t *out)
{
    int len;
    size_t plain = sealed.len - TAG_BYTES;
    void *tag = (void *)(uintptr_t)(sealed.data + plain);
    EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
    bool good = gcm && EVP_DecryptInit_ex(gcm, EVP_aes_256_gcm(), NULL, material, nonce) == 1 &&
                EVP_DecryptUpdate(gcm, NULL, &len, bound.data, (int)bound.len) == 1 &&
                EVP_DecryptUpdate(gcm, out, &len, sealed.data, (int)plain) == 1 &&
                EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1 &&
                EVP_DecryptFinal_ex(gcm, out + plain, &len) == 1;
    EVP_CIPHER_CTX_free(gcm);
    return good;
}

/* ---- wrapping ---- */

static size_t write_head(const ol_keyring_key *key, uint32_t version, uint8_t *out)
{
    size_t id_len = strlen(key->id);
    memcpy(out, MAGIC, 4);
    put_be32(out + 4, version);
    out[8] = (uint8_t)id_len;
    memcpy(out + HEAD_BYTES, key->id, id_len);
    return HEAD_BYTES + id_len;
}

int ol_keyring_wrap(const ol_keyring *ring, const ol_keyring_key *key, const ol_context *context,
                    ol_slice data_key, uint8_t out[OL_KEYRING_WRAPPED_BYTES_MAX], size_t *out_len,
                    ol_error *err)
{
    ol_buf bound;
    uint32_t version = (uint32_t)key->version_count;
    int rc = check_state(ring, key, err);
    if (rc != OL_OK)
        return rc;
    if (data_key.len == 0 || data_key.len > DATA_KEY_BYTES_MAX)
        return ol_error_set(err, OL_EINVAL, "a data key of %zu bytes", data_key.len);
    ol_buf_init(&bound, BOUND_BYTES_MAX);
    size_t at = write_head(key, version, out);
    rc = add_binding(key, version, context, &bound);
    if (rc == OL_OK && (RAND_bytes(out + at, NONCE_BYTES) != 1 ||
                        !seal(key->versions[version - 1].material, out + at, ol_buf_slice(&bound),
                              data_key, out + at + NONCE_BYTES)))
        rc = OL_EINTERNAL;
    ol_buf_fini(&bound);
    *out_len = at + NONCE_BYTES + data_key.len + TAG_BYTES;
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "keyring: wrapping");
}

/* ---- opening ---- */

typedef struct envelope {
    uint32_t version;
    ol_slice id, nonce, sealed;
} envelope;

static bool read_envelope(ol_slice wrapped, envelope *e)
{
    if (wrapped.len < HEAD_BYTES || memcmp(wrapped.data, MAGIC, 4) != 0)
        return false;
    size_t id_len = wrapped.data[8], fixed = HEAD_BYTES + id_len + NONCE_BYTES + TAG_BYTES;
    if (wrapped.len <= fixed || wrapped.len > fixed + DATA_KEY_BYTES_MAX)
        return false;
    e->version = get_be32(wrapped.data + 4);
    e->id = ol_slice_of(wrapped.data + HEAD_BYTES, id_len);
    e->nonce = ol_slice_of(wrapped.data + HEAD_BYTES + id_len, NONCE_BYTES);
    e->sealed = ol_slice_from(wrapped, HEAD_BYTES + id_len + NONCE_BYTES);
    return true;
}

static int unwrap(const envelope *e, const ol_context *context, ol_keyring_opened *opened)
{
    ol_buf bound;
    size_t len = e->sealed.len - TAG_BYTES;
    uint8_t *data_key = ol_secret_alloc(len);
    if (!data_key)
        return OL_ENOMEM;
    ol_buf_init(&bound, BOUND_BYTES_MAX);
    int rc = add_binding(opened->key, e->version, context, &bound);
    if (rc == OL_OK && !unseal(opened->key->versions[e->version - 1].material, e->nonce.data,
                               ol_buf_slice(&bound), e->sealed, data_key))
        rc = OL_EDECRYPT;
    ol_buf_fini(&bound);
    if (rc != OL_OK) {
        ol_secret_free(data_key, len);
        return rc == OL_ENOMEM ? rc : OL_EDECRYPT;
    }
    opened->version = e->version;
    opened->data_key = data_key;
    opened->data_key_len = len;
    return OL_OK;
}

static int refuse(ol_error *err)
{
    return ol_error_set(err, OL_EDECRYPT, "keyring: the wrapped key does not open");
}

int ol_keyring_open(const ol_keyring *ring, const ol_keyring_key *wanted, const ol_context *context,
                    ol_slice wrapped, ol_keyring_opened *opened, ol_error *err)
{
    envelope e;
    *opened = (ol_keyring_opened){0};
    if (!read_envelope(wrapped, &e) || ol_slice_find(e.id, '/') >= 0 ||
        ol_slice_find(e.id, ':') >= 0 || e.id.len == 0)
        return refuse(err);
    int rc = ol_keyring_find(ring, e.id, &opened->key, err);
    if (rc != OL_OK)
        return rc;
    if (wanted && wanted != opened->key)
        return refuse(err);
    rc = check_state(ring, opened->key, err);
    if (rc != OL_OK)
        return rc;
    if (e.version == 0 || e.version > opened->key->version_count)
        return refuse(err);
    rc = unwrap(&e, context, opened);
    if (rc == OL_EDECRYPT)
        return refuse(err);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "keyring: opening");
}
