/* SPDX-License-Identifier: MIT */
/*
 * The buckets, in memory: what the database says, changed by the committer after each commit
 * and before it is answered. So no loop has to ask the database whether a bucket exists.
 * Thread-safe.
 */
#ifndef OL_ORIGIN_STORE_CATALOG_H
#define OL_ORIGIN_STORE_CATALOG_H

#include <pthread.h>
#include <sqlite3.h>

#include "base/limits.h"
#include "origin/origin.h"

#define OL_BUCKETS_MAX 10000u

typedef struct ol_bucket {
    int64_t id; /* never used again for another bucket */
    int64_t created_ms;
    size_t name_len;
    char name[OL_BUCKET_NAME_MAX + 1];
} ol_bucket;

typedef struct ol_catalog {
    pthread_rwlock_t lock;
    ol_bucket *items; /* by name, byte order */
    size_t count, cap;
} ol_catalog;

void ol_catalog_init(ol_catalog *catalog);
void ol_catalog_fini(ol_catalog *catalog);
int ol_catalog_load(ol_catalog *catalog, sqlite3 *db, ol_error *err);

/* False when there is none; `id` may be NULL. */
bool ol_catalog_find(ol_catalog *catalog, ol_slice name, int64_t *id);
/* Room for `more` adds, so that they cannot fail. OL_OK, OL_ENOMEM or OL_ELIMIT. */
int ol_catalog_reserve(ol_catalog *catalog, size_t more);
void ol_catalog_add(ol_catalog *catalog, ol_slice name, int64_t id, int64_t created_ms);
void ol_catalog_remove(ol_catalog *catalog, ol_slice name);
/* OL_OK or OL_ENOMEM. */
int ol_catalog_list(ol_catalog *catalog, ol_bucket_list **list);

#endif
