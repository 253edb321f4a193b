/* SPDX-License-Identifier: MIT */
/*
 * Hot objects in memory: a bounded, sharded map from (bucket, key) to entries. Every thread may
 * call everything; a lock is held for a few dozen instructions, never across I/O.
 *
 * What keeps it right. A reader takes a ticket, reads the database, and offers what it read
 * under that ticket. The committer brackets every commit by begin and end for each key that it
 * changes; begin drops what is kept for the key, and a ticket that overlaps a bracket is
 * worthless. So a reader that read an old row can never put it back after the new one was
 * acknowledged, and nobody who has seen the new row can be followed by somebody who sees the old
 * one.
 */
#ifndef OL_ORIGIN_STORE_CACHE_H
#define OL_ORIGIN_STORE_CACHE_H

#include "origin/store/entry.h"

typedef struct ol_cache ol_cache;
typedef uint64_t ol_cache_ticket;

/* bytes_max 0: nothing is ever kept. */
int ol_cache_new(ol_cache **cache, size_t bytes_max, size_t files_max);
void ol_cache_destroy(ol_cache *cache);

uint64_t ol_cache_hash(const ol_cache *cache, ol_slice bucket, ol_slice key);
/* A new reference, or NULL. */
ol_entry *ol_cache_find(ol_cache *cache, uint64_t hash, ol_slice bucket, ol_slice key);

/* Before the row is read. */
ol_cache_ticket ol_cache_ticket_take(ol_cache *cache, uint64_t hash);
/* After. The cache takes a reference of its own if it keeps the entry. */
void ol_cache_offer(ol_cache *cache, ol_cache_ticket ticket, ol_entry *entry);

/* Before the commit of a change to this key: what is kept for it goes, and until the end
 * everybody asks the database. */
void ol_cache_begin(ol_cache *cache, uint64_t hash, ol_slice bucket, ol_slice key);
/* After the commit, or its failure; one for every begin. `entry` is the new version, or NULL; the
 * cache takes a reference of its own. */
void ol_cache_end(ol_cache *cache, uint64_t hash, ol_entry *entry);

void ol_cache_stats(ol_cache *cache, uint64_t *hits, uint64_t *misses, uint64_t *bytes);

#endif
