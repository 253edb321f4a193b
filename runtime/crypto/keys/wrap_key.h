/* SPDX-License-Identifier: MIT */
/*
 * Wraps content keys with raw keys, as unwrap.h opens them. Appends to `out`. OL_OK, OL_ENOMEM, or
 * OL_EINVAL when the key is not of the kind that the wrap takes.
 */
#ifndef OL_CRYPTO_WRAP_KEY_H
#define OL_CRYPTO_WRAP_KEY_H

#include "crypto/keys/keys.h"

int ol_wrap_aes_ecb(const ol_key *key, ol_slice plain, ol_buf *out);
int ol_wrap_aes_wrap(const ol_key *key, ol_slice plain, ol_buf *out);
/* iv (12) | ciphertext | tag (16). */
int ol_wrap_aes_gcm(const ol_key *key, ol_slice plain, ol_slice aad, ol_buf *out);
int ol_wrap_rsa_pkcs1(const ol_key *key, ol_slice plain, ol_buf *out);
/* `mask_hash`: in the mask generation. */
int ol_wrap_rsa_oaep(const ol_key *key, ol_slice plain, const char *hash, const char *mask_hash, ol_buf *out);
/* SHA-1, around length byte | key | `name`. */
int ol_wrap_rsa_named(const ol_key *key, ol_slice plain, ol_slice name, ol_buf *out);

#endif
