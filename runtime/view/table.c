/* SPDX-License-Identifier: MIT */
/* Finding entries by their ETag: maps behind locks of their own. */
#include <xxhash.h>

#include "view/cache_private.h"

static ol_view_shard *shard_of(ol_view_cache *cache, uint64_t hash)
{
    return &cache->shards[hash % OL_VIEW_SHARDS];
}

uint64_t ol_view_table_hash(const ol_view_cache *cache, const char *etag)
{
    return XXH3_64bits_withSeed(etag, strlen(etag), cache->seed);
}

/* The shard's lock is held. */
static ol_view_entry *find_reader(ol_view_shard *shard, ol_slice etag)
{
    ol_view_entry *entry = ol_map_get(shard->entries, etag);
    if (!entry)
        return NULL;
    atomic_fetch_add(&entry->readers, 1);
    return ol_view_entry_acquire(entry);
}

ol_view_entry *ol_view_table_find(ol_view_cache *cache, uint64_t hash, const char *etag)
{
    ol_view_shard *shard = shard_of(cache, hash);
    pthread_mutex_lock(&shard->lock);
    ol_view_entry *entry = find_reader(shard, ol_slice_cstr(etag));
    pthread_mutex_unlock(&shard->lock);
    return entry;
}

ol_view_entry *ol_view_table_put(ol_view_cache *cache, ol_view_entry *entry)
{
    ol_view_shard *shard = shard_of(cache, entry->hash);
    ol_slice etag = ol_slice_cstr(entry->etag);
    pthread_mutex_lock(&shard->lock);
    ol_view_entry *there = find_reader(shard, etag);
    bool purged = entry->born != atomic_load(&cache->purges);
    if (!there && !purged && ol_map_put(shard->entries, etag, entry, NULL) == OL_OK) {
        entry->listed = true;
        there = ol_view_entry_acquire(entry); /* the table's */
        atomic_fetch_add(&cache->counters.entries, 1);
    }
    pthread_mutex_unlock(&shard->lock);
    return there;
}

/* The shard's lock is held. */
static void take_out(ol_view_shard *shard, ol_view_entry *entry)
{
    ol_map_remove(shard->entries, ol_slice_cstr(entry->etag));
    entry->listed = false;
    atomic_fetch_sub(&entry->cache->counters.entries, 1);
}

void ol_view_table_remove(ol_view_entry *entry)
{
    ol_view_shard *shard = shard_of(entry->cache, entry->hash);
    pthread_mutex_lock(&shard->lock);
    bool listed = entry->listed;
    if (listed)
        take_out(shard, entry);
    pthread_mutex_unlock(&shard->lock);
    if (listed)
        ol_view_entry_unref(entry);
}

bool ol_view_table_take_unread(ol_view_entry *entry)
{
    ol_view_shard *shard = shard_of(entry->cache, entry->hash);
    pthread_mutex_lock(&shard->lock);
    bool taken = entry->listed && atomic_load(&entry->readers) == 0;
    if (taken)
        take_out(shard, entry);
    pthread_mutex_unlock(&shard->lock);
    return taken;
}

bool ol_view_table_has(ol_view_entry *entry)
{
    ol_view_shard *shard = shard_of(entry->cache, entry->hash);
    pthread_mutex_lock(&shard->lock);
    bool listed = entry->listed;
    pthread_mutex_unlock(&shard->lock);
    return listed;
}

static bool take_some(void *arg, ol_slice key, void *value)
{
    ol_view_batch *batch = arg;
    (void)key;
    batch->entries[batch->count++] = value;
    return batch->count < OL_VIEW_BATCH;
}

bool ol_view_table_take_batch(ol_view_cache *cache, unsigned shard_index, ol_view_batch *batch)
{
    ol_view_shard *shard = &cache->shards[shard_index];
    batch->count = 0;
    pthread_mutex_lock(&shard->lock);
    if (shard->entries)
        ol_map_each(shard->entries, take_some, batch);
    for (size_t i = 0; i < batch->count; i++)
        take_out(shard, batch->entries[i]);
    pthread_mutex_unlock(&shard->lock);
    return batch->count == OL_VIEW_BATCH;
}
