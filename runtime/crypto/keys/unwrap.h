/* SPDX-License-Identifier: MIT */
/*
 * Opens wrapped content keys with raw keys: the key wraps of the S3 encryption clients and of the
 * Encryption SDK. Every function gives the key in secret memory (*len bytes, the caller frees it),
 * or OL_EDECRYPT, which is all that is ever said of a failure; OL_ENOMEM.
 */
#ifndef OL_CRYPTO_UNWRAP_H
#define OL_CRYPTO_UNWRAP_H

#include "crypto/keys/keys.h"

/* AES in ECB mode with PKCS#5 padding (V1). Not authenticated. */
int ol_unwrap_aes_ecb(const ol_key *key, ol_slice wrapped, uint8_t **out, size_t *len);
/* RFC 3394 with the default initial value. */
int ol_unwrap_aes_wrap(const ol_key *key, ol_slice wrapped, uint8_t **out, size_t *len);
/* iv (12) | ciphertext | tag (16). */
int ol_unwrap_aes_gcm(const ol_key *key, ol_slice wrapped, ol_slice aad, uint8_t **out, size_t *len);
/* The parts by themselves. */
int ol_unwrap_gcm(const ol_key *key, ol_slice iv, ol_slice sealed, ol_slice aad, uint8_t **out,
                  size_t *len);
/* PKCS#1 v1.5. A block that is not well-formed gives a key of `usual_len` bytes and OL_OK, in the same
 * time (implicit rejection): what it opens shows that it was wrong, and nothing shows sooner. For the
 * same block it is always the same key, as it would be if the block were good. `good` says which it
 * was, for choosing among keys only. usual_len: 16, 24 or 32. */
int ol_unwrap_rsa_pkcs1(const ol_key *key, ol_slice wrapped, size_t usual_len, uint8_t **out,
                        size_t *len, bool *good);
/* OAEP with these digests ("SHA1", "SHA256", "SHA384", "SHA512"). */
int ol_unwrap_rsa_oaep(const ol_key *key, ol_slice wrapped, const char *hash, const char *mgf1_hash,
                       uint8_t **out, size_t *len);
/* OAEP with SHA-1 around length byte | key | `name`; both are checked. */
int ol_unwrap_rsa_named(const ol_key *key, ol_slice wrapped, ol_slice name, uint8_t **out,
                        size_t *len);

#endif
