/* SPDX-License-Identifier: MIT */
/*
 * The insides of the data-key cache: data_key_cache.c keeps entries, data_key_kms.c is the KMS that
 * looks there first.
 */
#ifndef OL_CRYPTO_DATA_KEY_PRIVATE_H
#define OL_CRYPTO_DATA_KEY_PRIVATE_H

#include <pthread.h>

#include "base/map.h"
#include "crypto/keys/data_key_cache.h"

#define OL_DATA_KEY_HASH_BYTES 32

typedef struct ol_data_key_entry ol_data_key_entry;
typedef struct ol_data_key_waiter ol_data_key_waiter;

struct ol_data_key_entry {
    uint8_t hash[OL_DATA_KEY_HASH_BYTES];
    ol_data_key_entry *prev, *next; /* by last use; not while somebody asks */
    bool asking;                    /* the KMS is; `waiters` want to know */
    ol_data_key_waiter *waiters;
    uint8_t *key; /* secret memory; NULL: a key's state, or a refusal */
    enum ol_kms_state state;
    size_t key_len;
    char *used_key; /* NULL: a refusal */
    uint32_t key_version;
    uint64_t ends_ms, uses;
    ol_error refusal;
};

/* What an entry says, for one who asked: a copy of the key. */
typedef struct ol_data_key_answer {
    int code;
    ol_error err;
    uint8_t *key;
    size_t key_len;
    char *used_key; /* ol_free */
    uint32_t key_version;
    enum ol_kms_state state;
    bool cached;
    uint64_t until_ms; /* as ol_kms_call's */
} ol_data_key_answer;

struct ol_data_key_cache {
    ol_data_key_limits limits;
    pthread_mutex_t lock; /* all below, and every entry */
    ol_map *entries;
    ol_data_key_entry *first, *last; /* last used … longest not used */
    size_t count, bytes;
    ol_data_key_stats stats;
};

/* All under the lock. */

ol_data_key_entry *ol_data_key_find(ol_data_key_cache *cache, const uint8_t *hash, uint64_t now_ms);
/* An entry that asks. NULL: no memory. */
ol_data_key_entry *ol_data_key_begin(ol_data_key_cache *cache, const uint8_t *hash);
/* The answer came: it is kept (copied) or the entry goes. `asked_ms`: when it was asked for. */
void ol_data_key_settle(ol_data_key_cache *cache, ol_data_key_entry *entry,
                        const ol_kms_call *answer, enum ol_kms_state state,
                        const ol_error *failure, uint64_t asked_ms);
/* A hit: counts the use, answers. */
void ol_data_key_use(ol_data_key_cache *cache, ol_data_key_entry *entry, ol_data_key_answer *out);
void ol_data_key_evict(ol_data_key_cache *cache);

/* Not under the lock. */
int ol_data_key_answer_of(const ol_kms_call *call, enum ol_kms_state state,
                          const ol_error *failure, ol_data_key_answer *out);
void ol_data_key_answer_fini(ol_data_key_answer *answer);

#endif
