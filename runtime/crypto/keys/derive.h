/* SPDX-License-Identifier: MIT */
/*
 * Key derivation by HKDF (RFC 5869), into memory of the caller's (secret memory for keys).
 */
#ifndef OL_CRYPTO_DERIVE_H
#define OL_CRYPTO_DERIVE_H

#include "base/error.h"

/* `hash`: "SHA256", "SHA384" or "SHA512". An empty salt is a block of zeroes, as the RFC says. OL_OK
 * or OL_ENOMEM. */
int ol_derive(const char *hash, ol_slice key, ol_slice salt, ol_slice info, uint8_t *out,
              size_t out_len);

#endif
