/* SPDX-License-Identifier: MIT */
/*
 * age, version 1: the file key is opened by an X25519 identity ("AGE-SECRET-KEY-1…", given as a
 * password) or by a passphrase (scrypt); the header is authenticated with it, then chunks of
 * ChaCha20-Poly1305. Source: the age file format (C2SP).
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/content/chunks.h"
#include "crypto/keys/age_key.h"
#include "crypto/keys/secret.h"

#define NONCE_BYTES OL_AGE_NONCE_BYTES

/* ChaCha20-Poly1305 with this nonce (12 bytes). */
static bool open_aead(const uint8_t *key, const uint8_t *nonce, ol_slice in, uint8_t *out)
{
    int len = 0;
    if (in.len < OL_CHUNK_TAG_BYTES)
        return false;
    size_t plain = in.len - OL_CHUNK_TAG_BYTES;
    uint8_t unused[16];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool good = ctx && EVP_DecryptInit_ex(ctx, EVP_chacha20_poly1305(), NULL, key, nonce) == 1 &&
                (plain == 0 || EVP_DecryptUpdate(ctx, out, &len, in.data, (int)plain) == 1) &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, OL_CHUNK_TAG_BYTES,
                                    (void *)(uintptr_t)(in.data + plain)) == 1 &&
                EVP_DecryptFinal_ex(ctx, unused, &len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return good;
}

static bool open_chunk(const uint8_t *key, const ol_chunks *chunks, uint64_t index, bool last,
                       ol_slice in, uint8_t *out)
{
    (void)chunks;
    uint8_t nonce[12];
    ol_age_chunk_nonce(index, last, nonce);
    return open_aead(key, nonce, in, out);
}

/* ---- the file key ---- */

static bool unwrap(const uint8_t *wrap_key, ol_slice body, uint8_t *file_key)
{
    static const uint8_t nonce[12];
    return body.len == OL_AGE_FILE_KEY_BYTES + OL_CHUNK_TAG_BYTES &&
           open_aead(wrap_key, nonce, body, file_key);
}

/* secret: identity | work */
static bool open_x25519(const ol_age_stanza *stanza, uint8_t *secret, uint8_t *file_key)
{
    uint8_t shares[2 * OL_AGE_POINT_BYTES];
    if (stanza->argument.len != OL_AGE_POINT_BYTES)
        return false;
    memcpy(shares, stanza->argument.data, OL_AGE_POINT_BYTES);
    return ol_age_x25519_share(secret, shares + OL_AGE_POINT_BYTES) &&
           ol_age_x25519_key(secret, stanza->argument.data, shares, secret + 32) &&
           unwrap(secret + 32, stanza->body, file_key);
}

static bool open_scrypt(const ol_age_stanza *stanza, const ol_key *key, uint8_t *secret,
                        uint8_t *file_key)
{
    return ol_age_scrypt_key(key, stanza->argument, stanza->log_n, secret) &&
           unwrap(secret, stanza->body, file_key);
}

static bool open_file_key(const ol_age_header *header, const ol_key *key, uint8_t *file_key)
{
    uint8_t *secret = ol_secret_alloc(96);
    if (!secret)
        return false;
    bool is_identity = ol_age_find_identity(key, secret);
    bool good = false;
    for (size_t i = 0; !good && i < header->count; i++) {
        const ol_age_stanza *stanza = &header->stanzas[i];
        if (stanza->kind == OL_AGE_X25519 && is_identity)
            good = open_x25519(stanza, secret, file_key);
        else if (stanza->kind == OL_AGE_SCRYPT && !is_identity)
            good = open_scrypt(stanza, key, secret, file_key);
    }
    ol_secret_free(secret, 96);
    return good;
}

static bool header_is_authentic(const ol_age_header *header, const uint8_t *file_key)
{
    uint8_t mac[32];
    return ol_age_header_mac(file_key, header->authenticated, mac) &&
           CRYPTO_memcmp(mac, header->mac, sizeof(mac)) == 0;
}

/* ---- opening ---- */

static int make_sealed(ol_sealed_ask *ask, const ol_age_header *header, const uint8_t *file_key,
                       ol_error *err)
{
    size_t size = header->size + NONCE_BYTES;
    ol_chunks *chunks = ol_arena_calloc(ask->arena, sizeof(*chunks));
    uint8_t *key = ol_secret_alloc(OL_DATA_KEY_BYTES);
    int rc = chunks && key ? OL_OK : OL_ENOMEM;
    if (rc == OL_OK)
        chunks->header = ol_arena_copy(ask->arena, ol_slice_first(ask->first, size));
    if (rc == OL_OK && !chunks->header.data)
        rc = OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_age_payload_key(file_key, ol_slice_from(chunks->header, header->size), key);
    if (rc != OL_OK) {
        ol_secret_free(key, OL_DATA_KEY_BYTES);
        return ol_error_set(err, rc, "content key");
    }
    chunks->marks_last = true;
    chunks->open = open_chunk;
    ask->sealed = ol_chunks_sealed(OL_SEALED_AGE, chunks, key, OL_DATA_KEY_BYTES, ask->size);
    return ask->sealed ? OL_OK : ol_error_set(err, OL_ENOMEM, "sealed object");
}

static int open_by_keys(ol_sealed_ask *ask, const ol_age_header *header, uint8_t *file_key,
                        ol_error *err)
{
    for (size_t i = 0; i < ol_keys_count(ask->keys); i++) {
        const ol_key *key = ol_keys_at(ask->keys, i);
        if (key->kind == OL_KEY_PASSWORD && open_file_key(header, key, file_key) &&
            header_is_authentic(header, file_key)) {
            ask->by_key = key;
            return make_sealed(ask, header, file_key, err);
        }
    }
    return ol_sealed_wrong(err);
}

static int open_age(ol_sealed_ask *ask, enum ol_sealed_format format, ol_error *err)
{
    (void)format;
    ol_age_header *header = ol_arena_calloc(ask->arena, sizeof(*header));
    uint8_t *file_key = ol_secret_alloc(OL_AGE_FILE_KEY_BYTES);
    int rc = header && file_key ? OL_OK : ol_error_set(err, OL_ENOMEM, "opening");
    if (rc == OL_OK && (ol_age_header_read(header, ask->first) != OL_OK ||
                        ask->first.len < header->size + NONCE_BYTES))
        rc = ol_sealed_refused(err, "the header is cut or misshapen");
    if (rc == OL_OK)
        rc = open_by_keys(ask, header, file_key, err);
    ol_secret_free(file_key, OL_AGE_FILE_KEY_BYTES);
    return rc;
}

static int header_bytes(ol_slice first, size_t *bytes, ol_error *err)
{
    ol_age_header header;
    int rc = ol_age_header_read(&header, first);
    if (rc == OL_EDECRYPT)
        return ol_sealed_refused(err, "the header is misshapen");
    *bytes = rc == OL_OK                ? header.size + NONCE_BYTES
             : first.len * 2 > 4096     ? first.len * 2
                                        : 4096;
    return OL_OK;
}

const ol_sealed_opener ol_sealed_opener_age = {.open = open_age, .header_bytes = header_bytes};
