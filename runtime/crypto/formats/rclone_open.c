/* SPDX-License-Identifier: MIT */
/*
 * rclone crypt: "RCLONE\0\0", a nonce of 24 bytes, chunks in NaCl's secretbox. The key comes from a
 * password and a second one (the salt; a key's namespace). Nothing marks the last chunk: that whole
 * chunks were cut off its end cannot be seen. Source: rclone's documentation of the crypt remote.
 */
#include <openssl/evp.h>
#include <sodium.h>

#include "base/alloc.h"
#include "base/encode.h"
#include "crypto/keys/rclone_key.h"
#include "crypto/keys/secret.h"

#define HEADER_BYTES (OL_RCLONE_MAGIC_BYTES + OL_CHUNK_NONCE_BYTES)
#define DERIVED_BYTES 80u /* data key, name key, name tweak */
#define PAIRS_MAX 32 /* of two entries; each takes a twentieth of a second */
#define SALT_BYTES_MAX 512u
#define SCRYPT_N 16384u
#define SCRYPT_MEMORY_MAX (64u << 20)

static const uint8_t usual_salt[16] = {0xa8, 0x0d, 0xf4, 0x3a, 0x8f, 0xbd, 0x03, 0x08,
                                       0xa7, 0xca, 0xb8, 0x3e, 0x58, 0x1f, 0x86, 0xb1};
const ol_slice ol_rclone_usual_salt = {usual_salt, sizeof(usual_salt)};

void ol_rclone_nonce(const uint8_t first[OL_CHUNK_NONCE_BYTES], uint64_t index,
                     uint8_t nonce[OL_CHUNK_NONCE_BYTES])
{
    unsigned carry = 0;
    for (size_t i = 0; i < OL_CHUNK_NONCE_BYTES; i++) {
        carry += first[i] + (i < 8 ? (unsigned)(index >> 8 * i & 0xff) : 0);
        nonce[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static bool open_chunk(const uint8_t *key, const ol_chunks *chunks, uint64_t index, bool last,
                       ol_slice in, uint8_t *out)
{
    (void)last;
    uint8_t nonce[OL_CHUNK_NONCE_BYTES];
    ol_rclone_nonce(chunks->nonce, index, nonce);
    return crypto_secretbox_open_easy(out, in.data, in.len, nonce, key) == 0;
}

int ol_rclone_derive(const ol_key *key, ol_slice salt, uint8_t **out)
{
    uint8_t *derived = ol_secret_alloc(DERIVED_BYTES);
    *out = ol_secret_alloc(OL_DATA_KEY_BYTES);
    bool good = derived && *out &&
                EVP_PBE_scrypt((const char *)key->material, key->material_len, salt.data, salt.len,
                               SCRYPT_N, 8, 1, SCRYPT_MEMORY_MAX, derived, DERIVED_BYTES) == 1;
    if (good)
        memcpy(*out, derived, OL_DATA_KEY_BYTES);
    ol_secret_free(derived, DERIVED_BYTES);
    if (good)
        return OL_OK;
    ol_secret_free(*out, OL_DATA_KEY_BYTES);
    *out = NULL;
    return OL_ENOMEM;
}

/* The first chunk tells whether the password is right. An empty object has none: any will do. */
static bool is_right(const uint8_t *key, const ol_chunks *chunks, ol_slice first)
{
    if (first.len == HEADER_BYTES)
        return true;
    ol_slice chunk = ol_slice_first(ol_slice_from(first, HEADER_BYTES), OL_CHUNK_BYTES);
    if (chunk.len <= OL_CHUNK_TAG_BYTES)
        return false;
    uint8_t *room = ol_malloc(chunk.len);
    bool good = room && open_chunk(key, chunks, 0, false, chunk, room);
    if (room)
        ol_wipe(room, chunk.len);
    ol_free(room);
    return good;
}

/* OL_OK with a key, or without: it was not this one. */
static int try_password(const ol_sealed_ask *ask, const ol_chunks *chunks, const ol_key *key,
                        ol_slice salt, uint8_t **data_key)
{
    int rc = ol_rclone_derive(key, salt, data_key);
    if (rc == OL_OK && !is_right(*data_key, chunks, ask->first)) {
        ol_secret_free(*data_key, OL_DATA_KEY_BYTES);
        *data_key = NULL;
    }
    return rc;
}

/* The namespace is the second password, as it is or in base64, as a password's material may be. */
static int try_own_salt(const ol_sealed_ask *ask, const ol_chunks *chunks, const ol_key *key,
                        uint8_t **data_key)
{
    uint8_t decoded[SALT_BYTES_MAX];
    size_t len;
    if (key->name_space.len == 0)
        return try_password(ask, chunks, key, ol_rclone_usual_salt, data_key);
    int rc = try_password(ask, chunks, key, key->name_space, data_key);
    if (rc == OL_OK && !*data_key && key->name_space.len <= SALT_BYTES_MAX &&
        ol_base64_decode(key->name_space, decoded, sizeof(decoded), &len) == OL_OK)
        rc = try_password(ask, chunks, key, ol_slice_of(decoded, len), data_key);
    ol_wipe(decoded, sizeof(decoded));
    return rc;
}

static const ol_key *password_at(const ol_sealed_ask *ask, size_t i)
{
    const ol_key *key = ol_keys_at(ask->keys, i);
    return key->kind == OL_KEY_PASSWORD ? key : NULL;
}

/* The second password stands with the first one as its namespace; there is none; or it is an entry of
 * its own. */
static int find_key(ol_sealed_ask *ask, const ol_chunks *chunks, uint8_t **data_key)
{
    size_t count = ol_keys_count(ask->keys), tried = 0;
    int rc = OL_OK;
    *data_key = NULL;
    for (size_t i = 0; rc == OL_OK && !*data_key && i < count; i++) {
        const ol_key *key = password_at(ask, i);
        if (key)
            rc = try_own_salt(ask, chunks, key, data_key);
        if (*data_key)
            ask->by_key = key;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; rc == OL_OK && !*data_key && j < count; j++) {
            const ol_key *key = password_at(ask, i), *salt = password_at(ask, j);
            if (key && salt && i != j && key->name_space.len == 0 && tried++ < PAIRS_MAX)
                rc = try_password(ask, chunks, key, ol_slice_of(salt->material, salt->material_len),
                                  data_key);
            if (*data_key && !ask->by_key)
                ask->by_key = key;
        }
    return rc;
}

static int open_rclone(ol_sealed_ask *ask, enum ol_sealed_format format, ol_error *err)
{
    uint8_t *data_key;
    ol_chunks *chunks = ol_arena_calloc(ask->arena, sizeof(*chunks));
    if (!chunks || sodium_init() < 0)
        return ol_error_set(err, OL_ENOMEM, "opening");
    if (ask->first.len < HEADER_BYTES)
        return ol_sealed_refused(err, "the header is cut");
    chunks->header = ol_arena_copy(ask->arena, ol_slice_first(ask->first, HEADER_BYTES));
    if (!chunks->header.data)
        return ol_error_set(err, OL_ENOMEM, "opening");
    chunks->open = open_chunk;
    memcpy(chunks->nonce, ask->first.data + OL_RCLONE_MAGIC_BYTES, OL_CHUNK_NONCE_BYTES);
    int rc = find_key(ask, chunks, &data_key);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "key derivation");
    if (!data_key)
        return ol_sealed_wrong(err);
    ask->sealed = ol_chunks_sealed(format, chunks, data_key, OL_DATA_KEY_BYTES, ask->size);
    return ask->sealed ? OL_OK : ol_error_set(err, OL_ENOMEM, "sealed object");
}

/* The first chunk is looked at, to find the password. */
static int header_bytes(ol_slice first, size_t *bytes, ol_error *err)
{
    (void)first, (void)err;
    *bytes = HEADER_BYTES + OL_CHUNK_BYTES;
    return OL_OK;
}

const ol_sealed_opener ol_sealed_opener_rclone = {.open = open_rclone,
                                                  .header_bytes = header_bytes};
