/* SPDX-License-Identifier: MIT */
/*
 * base64 of: format byte, nonce, then encrypted: u16 length, the position, zeroes up to a whole
 * number of blocks; the tag. The format byte and the door are authenticated with it.
 */
#include "front/views/view_token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/alloc.h"
#include "base/encode.h"

#define FORMAT 2 /* 1 is the plain one (s3/documents/xml.h) */
#define NONCE_BYTES 12
#define TAG_BYTES 16
#define BLOCK_BYTES 64
#define TEXT_BYTES_MAX ((2 + OL_VIEW_POSITION_BYTES_MAX + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES)
#define SEALED_BYTES_MAX (1 + NONCE_BYTES + TEXT_BYTES_MAX + TAG_BYTES)

static const char purpose[] = "objlens: positions of listings";

/* A context with key, nonce and what is authenticated besides; NULL when OpenSSL has no memory. */
static EVP_CIPHER_CTX *begin(const ol_view_key *key, ol_slice door, const uint8_t *nonce, bool seal)
{
    uint8_t own[32];
    unsigned own_len = 0;
    int unused;
    const uint8_t format = FORMAT;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx &&
              HMAC(EVP_sha256(), key->bytes, sizeof(key->bytes), (const uint8_t *)purpose,
                   sizeof(purpose) - 1, own, &own_len) &&
              EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, own, nonce, seal) == 1 &&
              EVP_CipherUpdate(ctx, NULL, &unused, &format, 1) == 1 &&
              EVP_CipherUpdate(ctx, NULL, &unused, door.data, (int)door.len) == 1;
    ol_wipe(own, sizeof(own));
    if (ok)
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

/* ---- sealing ---- */

static size_t write_text(uint8_t *text, ol_slice position)
{
    size_t len = (2 + position.len + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    memset(text, 0, len);
    text[0] = (uint8_t)(position.len >> 8);
    text[1] = (uint8_t)position.len;
    if (position.len > 0)
        memcpy(text + 2, position.data, position.len);
    return len;
}

int ol_view_token_seal(const ol_view_key *key, ol_slice door, ol_slice position, ol_buf *out)
{
    uint8_t text[TEXT_BYTES_MAX], sealed[SEALED_BYTES_MAX];
    uint8_t *nonce = sealed + 1, *body = nonce + NONCE_BYTES;
    int written = 0, last = 0;
    if (position.len > OL_VIEW_POSITION_BYTES_MAX)
        return OL_ELIMIT;
    size_t len = write_text(text, position);
    sealed[0] = FORMAT;
    if (RAND_bytes(nonce, NONCE_BYTES) != 1)
        return OL_ENOMEM;
    EVP_CIPHER_CTX *ctx = begin(key, door, nonce, true);
    bool ok = ctx && EVP_CipherUpdate(ctx, body, &written, text, (int)len) == 1 &&
              EVP_CipherFinal_ex(ctx, body + written, &last) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, body + len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok)
        return OL_ENOMEM;
    return ol_base64_encode(out, ol_slice_of(sealed, 1 + NONCE_BYTES + len + TAG_BYTES));
}

/* ---- opening ---- */

static int read_text(const uint8_t *text, size_t len, ol_buf *out)
{
    size_t position_len = (size_t)text[0] << 8 | text[1];
    if (position_len > len - 2)
        return OL_EINVAL;
    return ol_buf_add(out, ol_slice_of(text + 2, position_len));
}

int ol_view_token_open(const ol_view_key *key, ol_slice door, ol_slice token, ol_buf *out)
{
    uint8_t text[TEXT_BYTES_MAX], sealed[SEALED_BYTES_MAX];
    size_t sealed_len;
    int written = 0, last = 0;
    if (ol_base64_decode(token, sealed, sizeof(sealed), &sealed_len) != OL_OK ||
        sealed_len < 1 + NONCE_BYTES + BLOCK_BYTES + TAG_BYTES || sealed[0] != FORMAT)
        return OL_EINVAL;
    size_t len = sealed_len - 1 - NONCE_BYTES - TAG_BYTES;
    uint8_t *nonce = sealed + 1, *body = nonce + NONCE_BYTES;
    EVP_CIPHER_CTX *ctx = begin(key, door, nonce, false);
    if (!ctx)
        return OL_ENOMEM;
    bool ok = EVP_CipherUpdate(ctx, text, &written, body, (int)len) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, body + len) == 1 &&
              EVP_CipherFinal_ex(ctx, text + written, &last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok ? read_text(text, len, out) : OL_EINVAL;
}
