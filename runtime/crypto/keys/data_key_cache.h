/* SPDX-License-Identifier: MIT */
/*
 * One memory a process for data keys that a KMS opened or made: as long as a key is young enough and
 * was not used too often, the KMS is not asked again; and many who want the same key at once ask once.
 *
 * AUTHORIZATION IS THE CALLER'S. Whether somebody may use a key (kms:Decrypt, kms:GenerateDataKey) is
 * decided before every call into the cache, whether or not the cache will have the key: it does not
 * know who asks, and never refuses anybody for who they are. Revocation at the KMS itself is seen
 * when an entry's age is over.
 *
 * A hit needs the same provider, wrapped key, context and key id, to the byte. Only opened keys are
 * remembered, and made ones as what they will be when they are opened: generate always asks.
 * Refusals for good (denied, disabled, …) are remembered for a second at most, trouble never. A key's
 * state (ops->state) is remembered in the same way: as long as a data key when it is enabled, else as
 * long as a refusal.
 *
 * Keys are secret memory, wiped when they leave. Any number of loops; what was asked on one loop is
 * answered on the loop of each who waits.
 */
#ifndef OL_CRYPTO_DATA_KEY_CACHE_H
#define OL_CRYPTO_DATA_KEY_CACHE_H

#include "crypto/kms/kms.h"

typedef struct ol_data_key_cache ol_data_key_cache;

typedef struct ol_data_key_limits {
    uint32_t age_ms;    /* 0: nothing is remembered; who asks at the same time still shares */
    uint64_t uses_max;  /* of one entry; 0 = any number */
    uint64_t bytes_max; /* plaintext keys, all entries together */
    size_t entries_max;
    uint32_t denial_ms; /* at most 1000 */
} ol_data_key_limits;

/* 300 s, any number of uses, 256 KiB, 8192 entries, 1 s */
void ol_data_key_limits_default(ol_data_key_limits *limits);
/* OL_ECONFIG, OL_ENOMEM. */
int ol_data_key_cache_new(ol_data_key_cache **cache, const ol_data_key_limits *limits,
                          ol_error *err);
/* After every wrapper has been destroyed. */
void ol_data_key_cache_destroy(ol_data_key_cache *cache);

/* The same KMS, remembered: an ol_kms of its own. `kms` is borrowed and outlives it. `id` tells
 * providers apart (its name and endpoint). Destroyed when its loops have been detached: what it asked
 * for callers that have gone may still be under way before. */
int ol_data_key_cache_wrap(ol_data_key_cache *cache, ol_kms *kms, ol_slice id, ol_kms **wrapper,
                           ol_error *err);

/* Wipes what is too old to be used; who does not call it leaves that to the next use. */
void ol_data_key_cache_expire(ol_data_key_cache *cache);
/* Forgets everything: an operator who will not wait for the age. */
void ol_data_key_cache_clear(ol_data_key_cache *cache);

typedef struct ol_data_key_stats {
    uint64_t hits;      /* answered from memory */
    uint64_t denials;   /* refused from memory */
    uint64_t shared;    /* waited for what another one asked */
    uint64_t misses;    /* the KMS was asked */
    uint64_t evicted, expired;
    size_t entries, bytes;
} ol_data_key_stats;
/* Any thread. */
void ol_data_key_cache_read_stats(ol_data_key_cache *cache, ol_data_key_stats *stats);

#endif
