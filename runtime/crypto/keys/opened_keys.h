/* SPDX-License-Identifier: MIT */
/*
 * Data keys of stored objects that were opened and checked a moment ago: whoever reads the same object
 * again need not ask its master key's keeper, derive and compare anew.
 *
 * AUTHORIZATION IS THE CALLER'S, before every look into it, as with every use of a key: it does not
 * know who asks. A key of a customer's is never in here.
 *
 * A hit needs the same record, bucket, object and key that may be used, to the byte; so a record that
 * was changed, moved or wrapped anew is a miss. An entry ends when it is too old, when its keeper says
 * that its answer is no longer to be used (ol_kms_call.until_ms), when it makes room for another, and
 * with ol_opened_keys_clear: at a change of the keyring, at a reload, at the end. Keys are secret
 * memory, wiped with the last reader that still has one. Any thread.
 */
#ifndef OL_CRYPTO_OPENED_KEYS_H
#define OL_CRYPTO_OPENED_KEYS_H

#include "crypto/at_rest/at_rest.h"

typedef struct ol_opened_keys ol_opened_keys;

#define OL_OPENED_KEYS_MAX 4096u /* 512 KiB of secret memory */

typedef struct ol_opened_keys_limits {
    size_t entries_max; /* at most OL_OPENED_KEYS_MAX; 0: nothing is remembered */
    uint32_t age_ms;    /* 0: the same */
} ol_opened_keys_limits;

/* OL_ECONFIG, OL_ENOMEM. */
int ol_opened_keys_new(ol_opened_keys **keys, const ol_opened_keys_limits *limits, ol_error *err);
/* NULL is fine. */
void ol_opened_keys_destroy(ol_opened_keys *keys);

/* Which key it is, all of it. */
typedef struct ol_opened_name {
    ol_slice record; /* as it is stored */
    ol_slice bucket, object;
    ol_slice key_id; /* that whoever asks may use */
} ol_opened_name;

/* What is known of it. `used_key` (OL_OPENED_ARN_SIZE bytes) and version are for the audit. */
#define OL_OPENED_ARN_SIZE 2049
typedef struct ol_opened_key {
    ol_at_rest_key *key; /* one reference */
    char used_key[OL_OPENED_ARN_SIZE];
    uint32_t version;
} ol_opened_key;

/* True: `found` is filled. */
bool ol_opened_keys_find(ol_opened_keys *keys, const ol_opened_name *name, ol_opened_key *found);

/* To be read before the keeper is asked: what it then says is remembered only if nothing was cleared
 * meanwhile. */
uint64_t ol_opened_keys_epoch(const ol_opened_keys *keys);
/* Remembers it, if that can be done. `until_ms` (monotonic): by the keeper; 0 = it is not to be. */
void ol_opened_keys_add(ol_opened_keys *keys, uint64_t epoch, uint64_t until_ms,
                        const ol_opened_name *name, ol_at_rest_key *key, ol_slice used_key,
                        uint32_t version);

/* Forgets everything. */
void ol_opened_keys_clear(ol_opened_keys *keys);
/* Forgets what is too old; who does not call it leaves that to the next use. */
void ol_opened_keys_expire(ol_opened_keys *keys);

typedef struct ol_opened_keys_stats {
    uint64_t hits, misses, evicted, expired;
    size_t entries;
} ol_opened_keys_stats;
void ol_opened_keys_read_stats(ol_opened_keys *keys, ol_opened_keys_stats *stats);

#endif
