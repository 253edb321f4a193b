/* SPDX-License-Identifier: MIT */
/*
 * The cache from the inside: the table that finds entries, the memory account, and the shelves on
 * which whole entries stand from newest to oldest. Only for this room.
 *
 * Locks, in the order in which they may be taken: the shelves', then a shard's; an entry's, and that
 * of the blocks from disk, are never taken together with another.
 */
#ifndef OL_VIEW_CACHE_PRIVATE_H
#define OL_VIEW_CACHE_PRIVATE_H

#include "base/map.h"
#include "view/block_cache.h"
#include "view/entry.h"
#include "view/sketch.h"

#define OL_VIEW_SHARDS 16u

typedef struct ol_view_shard {
    pthread_mutex_t lock;
    ol_map *entries; /* by ETag; each a reference */
} ol_view_shard;

/* The entries that are kept in one tier. */
typedef struct ol_view_shelf_list {
    ol_view_entry *newest, *oldest;
    size_t count;
    atomic_uint_fast64_t bytes; /* looked at by others, too */
    uint64_t bytes_max;
    size_t count_max;
} ol_view_shelf_list;

typedef struct ol_view_counters {
    atomic_uint_fast64_t hits, disk_hits, followers, misses, evicted, refused, outgrown;
    atomic_uint_fast64_t entries, running;
    atomic_uint_fast64_t block_hits, blocks_read;
} ol_view_counters;

struct ol_view_cache {
    ol_view_cache_config config;
    uint64_t seed;
    ol_pages *pages; /* NULL: every chunk is on the heap */
    ol_view_disk *disk; /* NULL: there is none */
    ol_view_sketch *sketch;
    ol_view_shard shards[OL_VIEW_SHARDS];

    /* Memory of all entries, whole, running, or held by a reader only. */
    atomic_uint_fast64_t memory_used, disk_used;
    uint64_t memory_max;
    uint64_t entry_memory_max; /* the largest that may stand in memory */
    uint64_t entry_max;        /* the largest there may be */
    uint64_t entry_held_max;   /* what one may have in memory, on its way to disk or not */
    atomic_uint_fast64_t demoting; /* bytes in memory on their way to disk, already off the shelf */

    pthread_mutex_t shelves_lock;
    ol_view_shelf_list memory_shelf, disk_shelf;
    ol_view_blocks blocks; /* of the disk's entries, back in memory */
    unsigned room_wait_ms; /* the longest that a reader waits for room for a block */

    atomic_uint_fast64_t purges;
    ol_view_counters counters;
};

/* ---- the table (table.c) ---- */

uint64_t ol_view_table_hash(const ol_view_cache *cache, const char *etag);
/* With a reader's reference, or NULL. */
ol_view_entry *ol_view_table_find(ol_view_cache *cache, uint64_t hash, const char *etag);
/* Puts the entry in, or gives the one that is there already, with a reader's reference. NULL: out
 * of memory, or the cache was purged since the entry was made. */
ol_view_entry *ol_view_table_put(ol_view_cache *cache, ol_view_entry *entry);
/* Out of the table; its reference goes. Harmless when it is not in there. */
void ol_view_table_remove(ol_view_entry *entry);
/* The same, unless somebody reads it: false then. The table's reference becomes the caller's. */
bool ol_view_table_take_unread(ol_view_entry *entry);
bool ol_view_table_has(ol_view_entry *entry);

#define OL_VIEW_BATCH 64u
typedef struct ol_view_batch {
    ol_view_entry *entries[OL_VIEW_BATCH];
    size_t count;
} ol_view_batch;
/* Takes entries out of a shard, their references become the caller's. Whether there may be more. */
bool ol_view_table_take_batch(ol_view_cache *cache, unsigned shard_index, ol_view_batch *batch);

/* ---- the memory account and the shelves (shelf.c) ---- */

/* Charges the entry, if need be by evicting what is asked for less often. */
bool ol_view_room_take(ol_view_entry *entry, uint64_t bytes);
/* Small things that belong to an entry whatever comes. */
void ol_view_room_force(ol_view_entry *entry, uint64_t bytes);
void ol_view_room_give(ol_view_entry *entry, uint64_t bytes);
/* As ol_view_room_take, of the disk. What was set aside for this entry is used first. On the loop of
 * its spill, or before it has one. */
bool ol_view_disk_room_take(ol_view_entry *entry, uint64_t bytes);
/* All that the entry has; with its end. */
void ol_view_disk_room_give(ol_view_entry *entry);
/* All of a whole entry is on disk: it stands there now. False: nobody finds it any more. */
bool ol_view_shelf_keep_on_disk(ol_view_entry *entry);
/* A whole entry asks to stay in memory. False: others are asked for more often. What it pushes out
 * goes to disk by way of `loop`, and so does the entry itself, if there is room. */
bool ol_view_shelf_keep(ol_view_entry *entry, ol_loop *loop);
/* Off its shelf, wherever it stands. */
void ol_view_shelf_remove(ol_view_entry *entry);

#endif
