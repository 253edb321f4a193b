/* SPDX-License-Identifier: MIT */
/*
 * Signing keys, derived once a day for each secret, region and service instead of once a
 * request. One loop's, bounded; a key is wiped when another takes its place.
 */
#ifndef OL_S3_SIGV4_KEYS_H
#define OL_S3_SIGV4_KEYS_H

#include "s3/sigv4/hmac.h"
#include "s3/sigv4/sigv4.h"
#include "s3/sigv4/sigv4_authorization.h"

#define OL_SIGV4_KEYS_MAX 256

typedef struct ol_sigv4_keys ol_sigv4_keys;

typedef struct ol_sigv4_key {
    uint8_t bytes[OL_SHA256_BYTES];
    ol_hmac_key hmac;
} ol_sigv4_key;

/* What a key is derived from, and for whom. */
typedef struct ol_sigv4_key_of {
    ol_slice access_key;
    ol_slice secret;
    ol_slice date, region, service;
    ol_slice scope; /* date/region/service/aws4_request */
} ol_sigv4_key_of;

/* NULL when out of memory. */
ol_sigv4_keys *ol_sigv4_keys_new(void);
void ol_sigv4_keys_destroy(ol_sigv4_keys *keys);
/* Valid until the next call. NULL when the secret is longer than OL_SECRET_KEY_BYTES_MAX, or what
 * else it is derived from longer than a parser lets through. */
const ol_sigv4_key *ol_sigv4_keys_get(ol_sigv4_keys *keys, const ol_sigv4_key_of *of);
/* The derivation itself; `out` has OL_SHA256_BYTES. False when the secret is too long. */
bool ol_sigv4_key_derive(const ol_sigv4_key_of *of, uint8_t out[OL_SHA256_BYTES]);

/* For tests and metrics. */
typedef struct ol_sigv4_keys_stats {
    uint64_t hits, misses, evictions;
} ol_sigv4_keys_stats;
void ol_sigv4_keys_read_stats(const ol_sigv4_keys *keys, ol_sigv4_keys_stats *out);

#endif
