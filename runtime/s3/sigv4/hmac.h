/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 and HMAC-SHA-256 for the request path: contexts that live in the caller's memory, and
 * HMAC keys whose two padded blocks are hashed once. Streaming checksums of bodies live in
 * s3/upload/checksum.h.
 *
 * Contexts hold key material: whoever owns an ol_hmac_key wipes it (ol_wipe).
 */
#ifndef OL_S3_HMAC_H
#define OL_S3_HMAC_H

#include <openssl/sha.h>

#include "base/slice.h"

#define OL_SHA256_BYTES 32
#define OL_SHA256_HEX_SIZE 65 /* 64 digits and NUL */

typedef struct ol_sha256 {
    SHA256_CTX ctx;
} ol_sha256;

void ol_sha256_init(ol_sha256 *sha);
void ol_sha256_update(ol_sha256 *sha, const void *data, size_t len);
/* The context may be initialised again afterwards. */
void ol_sha256_final(ol_sha256 *sha, uint8_t out[OL_SHA256_BYTES]);
void ol_sha256_of(ol_slice data, uint8_t out[OL_SHA256_BYTES]);

typedef struct ol_hmac_key {
    ol_sha256 inner; /* after the key block xor 0x36 */
    ol_sha256 outer; /* after the key block xor 0x5c */
} ol_hmac_key;

void ol_hmac_key_init(ol_hmac_key *key, ol_slice secret);
void ol_hmac_sign(const ol_hmac_key *key, ol_slice data, uint8_t out[OL_SHA256_BYTES]);
/* The same of a message that comes in pieces: begin with a copy of key->inner, update it, and end it
 * here. It is wiped. */
void ol_hmac_end(const ol_hmac_key *key, ol_sha256 *inner, uint8_t out[OL_SHA256_BYTES]);
/* One message under one key; leaves nothing behind. */
void ol_hmac_sha256(ol_slice secret, ol_slice data, uint8_t out[OL_SHA256_BYTES]);

#endif
