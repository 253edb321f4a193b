/* SPDX-License-Identifier: MIT */
/*
 * Keys of the server's own: 32 random bytes in a file of the data folder, made when first wanted,
 * readable by their owner only; or derived from a key that replicas share.
 */
#ifndef OL_FRONT_KEPT_KEY_H
#define OL_FRONT_KEPT_KEY_H

#include "base/error.h"

#define OL_KEPT_KEY_BYTES 32

/* DATA/NAME (blocking). OL_OK, or OL_ECONFIG when it can be neither read nor made. */
int ol_kept_key_load(uint8_t key[OL_KEPT_KEY_BYTES], const char *data_path, const char *name,
                     ol_error *err);
/* The key for one purpose that follows from the shared one. OL_OK or OL_EINTERNAL. */
int ol_kept_key_derive(uint8_t key[OL_KEPT_KEY_BYTES], ol_slice shared, const char *purpose,
                       ol_error *err);

#endif
