/* SPDX-License-Identifier: MIT */
/*
 * The one file that uses OpenSSL's low-level SHA-256. Checking a signature takes about a dozen
 * compressions of 64 bytes; through EVP each digest would cost an allocation and a provider
 * dispatch several times as dear as the hashing itself, and a saved midstate could only be
 * reused by copying a heap object. The low-level calls run the same assembly.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "s3/sigv4/hmac.h"

#include "base/alloc.h"

#define BLOCK_BYTES 64

void ol_sha256_init(ol_sha256 *sha)
{
    SHA256_Init(&sha->ctx);
}

void ol_sha256_update(ol_sha256 *sha, const void *data, size_t len)
{
    if (len > 0)
        SHA256_Update(&sha->ctx, data, len);
}

void ol_sha256_final(ol_sha256 *sha, uint8_t out[OL_SHA256_BYTES])
{
    SHA256_Final(out, &sha->ctx);
}

void ol_sha256_of(ol_slice data, uint8_t out[OL_SHA256_BYTES])
{
    ol_sha256 sha;
    ol_sha256_init(&sha);
    ol_sha256_update(&sha, data.data, data.len);
    ol_sha256_final(&sha, out);
    ol_wipe(&sha, sizeof sha);
}

static void absorb_pad(ol_sha256 *sha, const uint8_t block[BLOCK_BYTES], uint8_t pad)
{
    uint8_t padded[BLOCK_BYTES];
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        padded[i] = block[i] ^ pad;
    ol_sha256_init(sha);
    ol_sha256_update(sha, padded, BLOCK_BYTES);
    ol_wipe(padded, sizeof padded);
}

void ol_hmac_key_init(ol_hmac_key *key, ol_slice secret)
{
    uint8_t block[BLOCK_BYTES] = {0};
    if (secret.len > BLOCK_BYTES)
        ol_sha256_of(secret, block);
    else if (secret.len > 0)
        memcpy(block, secret.data, secret.len);
    absorb_pad(&key->inner, block, 0x36);
    absorb_pad(&key->outer, block, 0x5c);
    ol_wipe(block, sizeof block);
}

void ol_hmac_end(const ol_hmac_key *key, ol_sha256 *inner, uint8_t out[OL_SHA256_BYTES])
{
    uint8_t digest[OL_SHA256_BYTES];
    ol_sha256_final(inner, digest);
    *inner = key->outer;
    ol_sha256_update(inner, digest, sizeof digest);
    ol_sha256_final(inner, out);
    ol_wipe(inner, sizeof *inner);
    ol_wipe(digest, sizeof digest);
}

void ol_hmac_sign(const ol_hmac_key *key, ol_slice data, uint8_t out[OL_SHA256_BYTES])
{
    ol_sha256 sha = key->inner;
    ol_sha256_update(&sha, data.data, data.len);
    ol_hmac_end(key, &sha, out);
}

void ol_hmac_sha256(ol_slice secret, ol_slice data, uint8_t out[OL_SHA256_BYTES])
{
    ol_hmac_key key;
    ol_hmac_key_init(&key, secret);
    ol_hmac_sign(&key, data, out);
    ol_wipe(&key, sizeof key);
}
