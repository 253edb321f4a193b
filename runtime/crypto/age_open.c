/* SPDX-License-Identifier: MIT */
/*
 * age, version 1: the file key is opened by an X25519 identity ("AGE-SECRET-KEY-1…", given as a
 * password) or by a passphrase (scrypt); the header is authenticated with it, then chunks of
 * ChaCha20-Poly1305. Source: the age file format (C2SP).
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "crypto/age_header.h"
#include "crypto/chunks.h"
#include "crypto/derive.h"
#include "crypto/secret.h"

#define NONCE_BYTES 16u
#define SCRYPT_MEMORY_MAX (1ull << 31)
#define IDENTITY_BYTES 32u

static const ol_slice x25519_info = {(const uint8_t *)"age-encryption.org/v1/X25519", 28};
static const ol_slice scrypt_label = {(const uint8_t *)"age-encryption.org/v1/scrypt", 28};

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

/* Nonce: a counter of 11 bytes, and whether it is the last one. */
static bool open_chunk(const uint8_t *key, const ol_chunks *chunks, uint64_t index, bool last,
                       ol_slice in, uint8_t *out)
{
    (void)chunks;
    uint8_t nonce[12] = {0};
    for (size_t i = 0; i < 8; i++)
        nonce[10 - i] = (uint8_t)(index >> 8 * i);
    nonce[11] = last;
    return open_aead(key, nonce, in, out);
}

/* ---- the file key ---- */

static bool unwrap(const uint8_t *wrap_key, ol_slice body, uint8_t *file_key)
{
    static const uint8_t nonce[12];
    return body.len == OL_AGE_FILE_KEY_BYTES + OL_CHUNK_TAG_BYTES &&
           open_aead(wrap_key, nonce, body, file_key);
}

static bool agree(EVP_PKEY *own, ol_slice share, uint8_t *shared)
{
    size_t len = IDENTITY_BYTES;
    EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, share.data, share.len);
    EVP_PKEY_CTX *ctx = theirs ? EVP_PKEY_CTX_new(own, NULL) : NULL;
    /* The library refuses a shared secret of zeroes. */
    bool good = ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
                EVP_PKEY_derive(ctx, shared, &len) == 1 && len == IDENTITY_BYTES;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(theirs);
    return good;
}

/* secret: identity | shared | wrap key */
static bool open_x25519(const ol_age_stanza *stanza, uint8_t *secret, uint8_t *file_key)
{
    uint8_t salt[64];
    size_t len = 32;
    uint8_t *shared = secret + 32, *wrap_key = secret + 64;
    if (stanza->argument.len != IDENTITY_BYTES)
        return false;
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, IDENTITY_BYTES);
    memcpy(salt, stanza->argument.data, 32);
    bool good = own && EVP_PKEY_get_raw_public_key(own, salt + 32, &len) == 1 &&
                agree(own, stanza->argument, shared) &&
                ol_derive("SHA256", ol_slice_of(shared, 32), ol_slice_of(salt, 64), x25519_info,
                          wrap_key, 32) == OL_OK &&
                unwrap(wrap_key, stanza->body, file_key);
    EVP_PKEY_free(own);
    return good;
}

static bool open_scrypt(const ol_age_stanza *stanza, const ol_key *key, uint8_t *secret,
                        uint8_t *file_key)
{
    uint8_t salt[64];
    size_t label = scrypt_label.len;
    memcpy(salt, scrypt_label.data, label);
    memcpy(salt + label, stanza->argument.data, stanza->argument.len);
    return EVP_PBE_scrypt((const char *)key->material, key->material_len, salt,
                          label + stanza->argument.len, 1ull << stanza->log_n, 8, 1,
                          SCRYPT_MEMORY_MAX, secret, 32) == 1 &&
           unwrap(secret, stanza->body, file_key);
}

/* An identity may stand in a file as age-keygen writes it, with remarks. */
static bool read_identity(ol_slice text, uint8_t *secret)
{
    while (text.len > 0) {
        ptrdiff_t end = ol_slice_find(text, '\n');
        size_t len = end < 0 ? text.len : (size_t)end;
        if (ol_age_identity_read(ol_slice_first(text, len), secret))
            return true;
        text = ol_slice_from(text, len + 1);
    }
    return false;
}

static bool open_file_key(const ol_age_header *header, const ol_key *key, uint8_t *file_key)
{
    uint8_t *secret = ol_secret_alloc(96);
    if (!secret)
        return false;
    bool is_identity = read_identity(ol_slice_of(key->material, key->material_len), secret);
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
    uint8_t mac[32], *mac_key = ol_secret_alloc(32);
    unsigned len = 0;
    bool good = mac_key &&
                ol_derive("SHA256", ol_slice_of(file_key, OL_AGE_FILE_KEY_BYTES), OL_SLICE_NONE,
                          OL_SLICE_LIT("header"), mac_key, 32) == OL_OK &&
                HMAC(EVP_sha256(), mac_key, 32, header->authenticated.data,
                     header->authenticated.len, mac, &len) &&
                CRYPTO_memcmp(mac, header->mac, 32) == 0;
    ol_secret_free(mac_key, 32);
    return good;
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
        rc = ol_derive("SHA256", ol_slice_of(file_key, OL_AGE_FILE_KEY_BYTES),
                       ol_slice_from(chunks->header, header->size), OL_SLICE_LIT("payload"), key,
                       OL_DATA_KEY_BYTES);
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
            header_is_authentic(header, file_key))
            return make_sealed(ask, header, file_key, err);
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
