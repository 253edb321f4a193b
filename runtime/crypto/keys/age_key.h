/* SPDX-License-Identifier: MIT */
/*
 * The keys of an age file, which opening and making share. All keys lie in secret memory of the caller's.
 * Private to crypto/.
 */
#ifndef OL_CRYPTO_AGE_KEY_H
#define OL_CRYPTO_AGE_KEY_H

#include "crypto/formats/age_header.h"
#include "crypto/keys/keys.h"

#define OL_AGE_NONCE_BYTES 16u
#define OL_AGE_SALT_BYTES 16u
#define OL_AGE_POINT_BYTES 32u

/* With what a stanza wraps the file key: of our own secret, their share, and both shares as they stand
 * in the header (the sender's first). `work`: 64 bytes of secret memory, the key comes first. */
bool ol_age_x25519_key(const uint8_t *own_secret, const uint8_t *their_share, const uint8_t *shares,
                       uint8_t *work);
bool ol_age_x25519_share(const uint8_t *secret, uint8_t share[OL_AGE_POINT_BYTES]);
bool ol_age_scrypt_key(const ol_key *password, ol_slice salt, unsigned log_n, uint8_t *key);
/* Does the password hold an identity? Then it goes to `secret`. */
bool ol_age_find_identity(const ol_key *password, uint8_t *secret);
bool ol_age_header_mac(const uint8_t *file_key, ol_slice authenticated, uint8_t mac[32]);
int ol_age_payload_key(const uint8_t *file_key, ol_slice nonce, uint8_t *key);
void ol_age_chunk_nonce(uint64_t index, bool last, uint8_t nonce[12]);

#endif
