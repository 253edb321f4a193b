/* SPDX-License-Identifier: MIT */
/*
 * What opening and making rclone's bodies share: the key of two passwords, and chunks' nonces. Private to
 * crypto/.
 */
#ifndef OL_CRYPTO_RCLONE_KEY_H
#define OL_CRYPTO_RCLONE_KEY_H

#include "crypto/content/chunks.h"

#define OL_RCLONE_MAGIC "RCLONE\0\0"
#define OL_RCLONE_MAGIC_BYTES 8u

extern const ol_slice ol_rclone_usual_salt; /* when there is no second password */

/* OL_OK with OL_DATA_KEY_BYTES of secret memory, or OL_ENOMEM. A twentieth of a second. */
int ol_rclone_derive(const ol_key *key, ol_slice salt, uint8_t **out);
void ol_rclone_nonce(const uint8_t first[OL_CHUNK_NONCE_BYTES], uint64_t index,
                     uint8_t nonce[OL_CHUNK_NONCE_BYTES]);

#endif
