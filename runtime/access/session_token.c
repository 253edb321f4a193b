/* SPDX-License-Identifier: MIT */
/*
 * A token's bytes: version, salt, what AES-256-GCM makes of the claims, its tag. The key, the
 * nonce, the access key and the secret all come out of HKDF over the configured key and the salt,
 * under labels of their own; version and salt are authenticated with the rest.
 */
#include "access/session_token.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "access/session_claims.h"
#include "base/alloc.h"
#include "base/encode.h"
#include "s3/sigv4/hmac.h"

#define VERSION 1
#define SALT_BYTES 16
#define HEAD_BYTES (1 + SALT_BYTES)
#define TAG_BYTES 16
#define RAW_BYTES_MAX (HEAD_BYTES + OL_SESSION_CLAIMS_BYTES_MAX + TAG_BYTES)
#define KEY_BYTES 32
#define NONCE_BYTES 12
#define ID_CHARS 16
#define SECRET_BYTES 30 /* 40 characters of base64 */

#define LABEL_SEAL "objlens session token 1: seal"
#define LABEL_ID "objlens session token 1: access key"
#define LABEL_SECRET "objlens session token 1: secret key"
#define LABEL_BYTES_MAX 64

_Static_assert((RAW_BYTES_MAX + 2) / 3 * 4 <= OL_SESSION_TOKEN_BYTES_MAX, "every token fits");

struct ol_session_sealer {
    size_t count;
    struct {
        uint8_t *data;
        size_t len;
    } keys[OL_SESSION_KEYS_MAX];
};

/* ---- keys ---- */

int ol_session_sealer_new(ol_session_sealer **out, const ol_slice *keys, size_t key_count,
                          ol_error *err)
{
    *out = NULL;
    if (key_count == 0 || key_count > OL_SESSION_KEYS_MAX)
        return ol_error_set(err, OL_ECONFIG, "sts: 1 to %d keys are needed", OL_SESSION_KEYS_MAX);
    for (size_t i = 0; i < key_count; i++)
        if (keys[i].len < OL_SESSION_KEY_BYTES_MIN)
            return ol_error_set(err, OL_ECONFIG, "sts: a key must have %d bytes at least",
                                OL_SESSION_KEY_BYTES_MIN);
    ol_session_sealer *sealer = ol_calloc(1, sizeof(*sealer));
    if (!sealer)
        return ol_error_set(err, OL_ENOMEM, "session keys");
    for (; sealer->count < key_count; sealer->count++) {
        ol_slice key = keys[sealer->count];
        uint8_t *copy = ol_malloc(key.len);
        if (!copy) {
            ol_session_sealer_destroy(sealer);
            return ol_error_set(err, OL_ENOMEM, "session keys");
        }
        memcpy(copy, key.data, key.len);
        sealer->keys[sealer->count].data = copy;
        sealer->keys[sealer->count].len = key.len;
    }
    *out = sealer;
    return OL_OK;
}

void ol_session_sealer_destroy(ol_session_sealer *sealer)
{
    if (!sealer)
        return;
    for (size_t i = 0; i < sealer->count; i++) {
        ol_wipe(sealer->keys[i].data, sealer->keys[i].len);
        ol_free(sealer->keys[i].data);
    }
    ol_free(sealer);
}

/* HKDF (RFC 5869) with SHA-256; out_len is at most two digests. */
static void derive(ol_slice key, ol_slice salt, const char *label, uint8_t *out, size_t out_len)
{
    uint8_t prk[OL_SHA256_BYTES], okm[2 * OL_SHA256_BYTES];
    uint8_t block[OL_SHA256_BYTES + LABEL_BYTES_MAX + 1];
    size_t label_len = strlen(label), before = 0;
    ol_hmac_sha256(salt, key, prk);
    for (uint8_t i = 0; i < 2; i++) {
        if (i > 0)
            memcpy(block, okm, before = OL_SHA256_BYTES);
        memcpy(block + before, label, label_len);
        block[before + label_len] = (uint8_t)(i + 1);
        ol_hmac_sha256(ol_slice_of(prk, sizeof(prk)),
                       ol_slice_of(block, before + label_len + 1), okm + i * OL_SHA256_BYTES);
    }
    memcpy(out, okm, out_len);
    ol_wipe(prk, sizeof(prk));
    ol_wipe(okm, sizeof(okm));
    ol_wipe(block, sizeof(block));
}

static void make_access_key(ol_slice key, ol_slice salt, char out[OL_SESSION_ACCESS_KEY_SIZE])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t bytes[ID_CHARS];
    derive(key, salt, LABEL_ID, bytes, sizeof(bytes));
    memcpy(out, "ASIA", 4);
    for (size_t i = 0; i < ID_CHARS; i++)
        out[4 + i] = letters[bytes[i] & 31];
    out[4 + ID_CHARS] = '\0';
}

static void make_secret(ol_slice key, ol_slice salt, char out[OL_SESSION_SECRET_SIZE])
{
    uint8_t bytes[SECRET_BYTES];
    ol_buf text;
    derive(key, salt, LABEL_SECRET, bytes, sizeof(bytes));
    ol_buf_init_fixed(&text, out, OL_SESSION_SECRET_SIZE);
    ol_base64_encode(&text, ol_slice_of(bytes, sizeof(bytes))); /* fits exactly */
    out[OL_SESSION_SECRET_SIZE - 1] = '\0';
    ol_wipe(bytes, sizeof(bytes));
}

/* ---- the cipher ---- */

typedef struct box {
    ol_slice head; /* version and salt */
    uint8_t key[KEY_BYTES];
    uint8_t nonce[NONCE_BYTES];
} box;

static void open_box(box *b, ol_slice key, ol_slice head)
{
    uint8_t both[KEY_BYTES + NONCE_BYTES];
    derive(key, ol_slice_from(head, 1), LABEL_SEAL, both, sizeof(both));
    b->head = head;
    memcpy(b->key, both, KEY_BYTES);
    memcpy(b->nonce, both + KEY_BYTES, NONCE_BYTES);
    ol_wipe(both, sizeof(both));
}

static bool encrypt(const box *b, ol_slice plain, uint8_t *out, uint8_t tag[TAG_BYTES])
{
    int len;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, b->key, b->nonce) == 1 &&
              EVP_EncryptUpdate(ctx, NULL, &len, b->head.data, (int)b->head.len) == 1 &&
              EVP_EncryptUpdate(ctx, out, &len, plain.data, (int)plain.len) == 1 &&
              EVP_EncryptFinal_ex(ctx, out + len, &len) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

static bool decrypt(const box *b, ol_slice sealed, const uint8_t tag[TAG_BYTES], uint8_t *out)
{
    int len;
    uint8_t copy[TAG_BYTES];
    memcpy(copy, tag, sizeof(copy));
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, b->key, b->nonce) == 1 &&
              EVP_DecryptUpdate(ctx, NULL, &len, b->head.data, (int)b->head.len) == 1 &&
              EVP_DecryptUpdate(ctx, out, &len, sealed.data, (int)sealed.len) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, copy) == 1 &&
              EVP_DecryptFinal_ex(ctx, out + len, &len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

/* ---- sealing ---- */

bool ol_session_access_key(ol_slice access_key)
{
    return access_key.len == OL_SESSION_ACCESS_KEY_SIZE - 1 &&
           ol_slice_starts(access_key, OL_SLICE_LIT("ASIA"));
}

bool ol_session_name_ok(ol_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!letter && !(c >= '0' && c <= '9') && (c == 0 || !strchr("_=,.@+-", c)))
            return false;
    }
    return name.len >= OL_SESSION_NAME_BYTES_MIN && name.len <= OL_SESSION_NAME_BYTES_MAX;
}

static ol_slice key_at(const ol_session_sealer *sealer, size_t i)
{
    return ol_slice_of(sealer->keys[i].data, sealer->keys[i].len);
}

int ol_session_seal(const ol_session_sealer *sealer, const ol_session_claims *claims, ol_buf *token,
                    ol_session_credentials *credentials, ol_error *err)
{
    uint8_t raw[RAW_BYTES_MAX], plain[OL_SESSION_CLAIMS_BYTES_MAX];
    ol_slice key = key_at(sealer, 0), text, head = ol_slice_of(raw, HEAD_BYTES);
    box b;
    int rc = ol_session_claims_write(claims, plain, &text, err);
    if (rc != OL_OK)
        return rc;
    raw[0] = VERSION;
    if (RAND_bytes(raw + 1, SALT_BYTES) != 1)
        return ol_error_set(err, OL_EINTERNAL, "no random bytes for a session token");
    open_box(&b, key, head);
    bool ok = encrypt(&b, text, raw + HEAD_BYTES, raw + HEAD_BYTES + text.len);
    ol_wipe(&b, sizeof(b));
    if (!ok)
        return ol_error_set(err, OL_EINTERNAL, "a session token could not be sealed");
    rc = ol_base64_encode(token, ol_slice_of(raw, HEAD_BYTES + text.len + TAG_BYTES));
    if (rc != OL_OK)
        return ol_error_set(err, rc, "session token");
    make_access_key(key, ol_slice_from(head, 1), credentials->access_key);
    make_secret(key, ol_slice_from(head, 1), credentials->secret);
    return OL_OK;
}

/* ---- opening ---- */

/* The key that this access key came out of; an index, or the number of keys. */
static size_t find_key(const ol_session_sealer *sealer, ol_slice salt, ol_slice access_key)
{
    size_t found = sealer->count;
    for (size_t i = 0; i < sealer->count; i++) {
        char id[OL_SESSION_ACCESS_KEY_SIZE];
        make_access_key(key_at(sealer, i), salt, id);
        if (ol_slice_eq_secret(ol_slice_cstr(id), access_key))
            found = i;
    }
    return found;
}

static int refuse(ol_error *err, const char *why)
{
    return ol_error_set(err, OL_EINVALIDTOKEN, "session token: %s", why);
}

static int open_raw(const ol_session_sealer *sealer, ol_slice access_key, ol_slice raw,
                    ol_arena *arena, ol_session_claims *claims, ol_session_credentials *credentials,
                    ol_error *err)
{
    if (raw.len < HEAD_BYTES + TAG_BYTES || raw.data[0] != VERSION)
        return refuse(err, "not one of ours");
    ol_slice head = ol_slice_first(raw, HEAD_BYTES), salt = ol_slice_from(head, 1);
    size_t at = find_key(sealer, salt, access_key), len = raw.len - HEAD_BYTES - TAG_BYTES;
    if (at == sealer->count)
        return refuse(err, "not that access key's, or sealed with another key");
    uint8_t *plain = ol_arena_alloc(arena, len + 1);
    if (!plain)
        return ol_error_set(err, OL_ENOMEM, "session token");
    box b;
    open_box(&b, key_at(sealer, at), head);
    bool ok = decrypt(&b, ol_slice_of(raw.data + HEAD_BYTES, len), raw.data + raw.len - TAG_BYTES,
                      plain);
    ol_wipe(&b, sizeof(b));
    if (!ok || !ol_session_claims_read(ol_slice_of(plain, len), claims))
        return refuse(err, "it was changed");
    memcpy(credentials->access_key, access_key.data, OL_SESSION_ACCESS_KEY_SIZE - 1);
    credentials->access_key[OL_SESSION_ACCESS_KEY_SIZE - 1] = '\0';
    make_secret(key_at(sealer, at), salt, credentials->secret);
    return OL_OK;
}

int ol_session_open(const ol_session_sealer *sealer, ol_slice access_key, ol_slice token,
                    int64_t now_ms, ol_arena *arena, ol_session_claims *claims,
                    ol_session_credentials *credentials, ol_error *err)
{
    size_t len;
    *claims = (ol_session_claims){0};
    *credentials = (ol_session_credentials){0};
    if (!ol_session_access_key(access_key) || token.len > OL_SESSION_TOKEN_BYTES_MAX)
        return refuse(err, "not one of ours");
    uint8_t *raw = ol_arena_alloc(arena, token.len + 1);
    if (!raw)
        return ol_error_set(err, OL_ENOMEM, "session token");
    if (ol_base64_decode(token, raw, token.len + 1, &len) != OL_OK)
        return refuse(err, "not base64");
    int rc = open_raw(sealer, access_key, ol_slice_of(raw, len), arena, claims, credentials, err);
    if (rc != OL_OK || now_ms < claims->expires_ms)
        return rc;
    ol_wipe(credentials, sizeof(*credentials));
    return ol_error_set(err, OL_EEXPIREDTOKEN, "session token");
}
