/* SPDX-License-Identifier: MIT */
/* The cache as a whole: made, asked, purged, counted, ended. */
#include "view/cache.h"

#include <sys/random.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "view/cache_private.h"

/* Where nothing is kept flights still share: so many at once, of the largest kind. */
#define FLIGHTS_UNKEPT 8u
#define FLIGHT_BYTES_MIN (16u * OL_MIB)
/* Address space for chunks: places get scattered. */
#define PAGES_FACTOR 2u
#define BLOCKS_HELD_MIN 2u
#define TYPICAL_ENTRY_BYTES (16u * OL_KIB)
/* Views on disk: what one takes of memory, about, and how much of it all may take. */
#define KNOWN_ENTRY_BYTES 1024u
#define KNOWN_PART 8u
#define KNOWN_MIN 4096u

/* ---- life ---- */

static int init_shards(ol_view_cache *cache)
{
    for (unsigned i = 0; i < OL_VIEW_SHARDS; i++) {
        ol_view_shard *shard = &cache->shards[i];
        pthread_mutex_init(&shard->lock, NULL);
        shard->entries = ol_map_new();
    }
    for (unsigned i = 0; i < OL_VIEW_SHARDS; i++) {
        if (!cache->shards[i].entries)
            return OL_ENOMEM;
    }
    return OL_OK;
}

static void set_bounds(ol_view_cache *cache)
{
    const ol_view_cache_config *config = &cache->config;
    uint64_t flights = FLIGHTS_UNKEPT * config->memory_entry_bytes;
    if (flights < FLIGHT_BYTES_MIN)
        flights = FLIGHT_BYTES_MIN;
    cache->memory_max = config->memory_bytes > 0 ? config->memory_bytes : flights;
    cache->memory_shelf.bytes_max = config->memory_bytes - config->memory_bytes / 4;
    cache->memory_shelf.count_max = SIZE_MAX;
    cache->entry_memory_max = config->memory_entry_bytes < cache->memory_max
                                  ? config->memory_entry_bytes
                                  : cache->memory_max;
    cache->entry_max = cache->entry_held_max = cache->entry_memory_max;
    if (!config->disk_folder)
        return;
    /* A quarter is for what comes back from disk. */
    cache->memory_shelf.bytes_max = config->memory_bytes / 2;
    /* On its way to disk a body needs a block to be written and one to be filled. */
    cache->disk_shelf.bytes_max = config->disk_bytes;
    cache->disk_shelf.count_max = (size_t)(cache->memory_max / KNOWN_PART / KNOWN_ENTRY_BYTES);
    if (cache->disk_shelf.count_max < KNOWN_MIN)
        cache->disk_shelf.count_max = KNOWN_MIN;
    if (cache->entry_held_max < BLOCKS_HELD_MIN * OL_VIEW_BLOCK_BYTES)
        cache->entry_held_max = BLOCKS_HELD_MIN * OL_VIEW_BLOCK_BYTES;
    if (cache->entry_max < config->disk_entry_bytes)
        cache->entry_max = config->disk_entry_bytes;
}

int ol_view_cache_new(ol_view_cache **out, const ol_view_cache_config *config, ol_error *err)
{
    *out = NULL;
    ol_view_cache *cache = ol_calloc(1, sizeof *cache);
    if (!cache)
        return ol_error_set(err, OL_ENOMEM, "view cache");
    cache->config = *config;
    pthread_mutex_init(&cache->shelves_lock, NULL);
    pthread_mutex_init(&cache->blocks.lock, NULL);
    cache->room_wait_ms = OL_VIEW_ROOM_WAIT_MS;
    set_bounds(cache);
    int rc = init_shards(cache);
    if (rc == OL_OK && config->disk_folder)
        rc = ol_view_blocks_init(cache);
    cache->sketch = ol_view_sketch_new((size_t)(cache->memory_max / TYPICAL_ENTRY_BYTES));
    if (rc != OL_OK || !cache->sketch) {
        ol_view_cache_destroy(cache);
        return ol_error_set(err, OL_ENOMEM, "view cache");
    }
    if (getrandom(&cache->seed, sizeof cache->seed, 0) != sizeof cache->seed) {
        ol_view_cache_destroy(cache);
        return ol_error_set(err, OL_EINTERNAL, "view cache: no random numbers");
    }
    if (config->disk_folder) {
        rc = ol_view_disk_open(&cache->disk, config->disk_folder, config->disk_bytes, err);
        if (rc != OL_OK) {
            ol_view_cache_destroy(cache);
            return rc;
        }
    }
    cache->pages = ol_pages_new((size_t)(PAGES_FACTOR * cache->memory_max));
    *out = cache;
    return OL_OK;
}

void ol_view_cache_destroy(ol_view_cache *cache)
{
    if (!cache)
        return;
    ol_view_cache_purge(cache);
    for (unsigned i = 0; i < OL_VIEW_SHARDS; i++) {
        ol_map_destroy(cache->shards[i].entries, NULL);
        pthread_mutex_destroy(&cache->shards[i].lock);
    }
    ol_view_blocks_fini(cache);
    ol_view_disk_close(cache->disk);
    ol_pages_destroy(cache->pages);
    ol_view_sketch_destroy(cache->sketch);
    pthread_mutex_destroy(&cache->shelves_lock);
    ol_free(cache);
}

static void purge_shard(ol_view_cache *cache, unsigned shard)
{
    ol_view_batch batch;
    bool more = true;
    while (more) {
        more = ol_view_table_take_batch(cache, shard, &batch);
        for (size_t i = 0; i < batch.count; i++) {
            ol_view_shelf_remove(batch.entries[i]);
            ol_view_entry_unref(batch.entries[i]);
        }
    }
}

void ol_view_cache_purge(ol_view_cache *cache)
{
    atomic_fetch_add(&cache->purges, 1);
    for (unsigned i = 0; i < OL_VIEW_SHARDS; i++)
        purge_shard(cache, i);
}

/* ---- asking ---- */

static void count_found(ol_view_cache *cache, ol_view_entry *entry, bool whole)
{
    atomic_store_explicit(&entry->touched, true, memory_order_relaxed);
    atomic_fetch_add(whole ? &cache->counters.hits : &cache->counters.followers, 1);
    if (whole && ol_view_entry_is_on_disk(entry))
        atomic_fetch_add(&cache->counters.disk_hits, 1);
}

/* What stands in the table. One that failed is on its way out of it: it is as if it were not
 * there. */
static enum ol_view_found look_up(ol_view_cache *cache, uint64_t hash, const char *etag,
                                  ol_view_entry **out)
{
    for (;;) {
        ol_view_entry *entry = ol_view_table_find(cache, hash, etag);
        if (!entry)
            return OL_VIEW_NONE;
        *out = entry;
        enum ol_view_state state = ol_view_entry_state(entry);
        if (state != OL_VIEW_STATE_FAILED)
            return state == OL_VIEW_STATE_WHOLE ? OL_VIEW_WHOLE : OL_VIEW_RUNNING;
        ol_view_table_remove(entry);
        ol_view_entry_release(entry);
    }
}

static enum ol_view_found refuse(ol_view_cache *cache)
{
    atomic_fetch_add(&cache->counters.refused, 1);
    return OL_VIEW_NONE;
}

/* Both references of a new entry that is not wanted. */
static void forget(ol_view_entry *entry)
{
    ol_view_entry_unref(entry);
    ol_view_entry_unref(entry);
}

static uint64_t disk_cost(const ol_view_cache *cache, uint64_t length)
{
    size_t rest = (size_t)(length % OL_VIEW_BLOCK_BYTES);
    return length - rest + (rest > 0 ? ol_view_disk_cost(cache->disk, rest) : 0);
}

/* What has a known length does not fail in the middle for want of room. */
static bool set_aside(ol_view_entry *entry, int64_t length)
{
    if (length <= 0)
        return true;
    if ((uint64_t)length > entry->cache->entry_memory_max) {
        uint64_t room = disk_cost(entry->cache, (uint64_t)length);
        if (!ol_view_disk_room_take(entry, room))
            return false;
        entry->disk_room = room;
        return true;
    }
    uint64_t room = ol_view_body_cost((uint64_t)length);
    if (!ol_view_room_take(entry, room))
        return false;
    entry->room = room;
    return true;
}

static enum ol_view_found begin(ol_view_cache *cache, uint64_t hash, const char *etag,
                                int64_t length, ol_view_entry **out)
{
    ol_view_entry *entry = ol_view_entry_new(cache, etag, hash);
    if (!entry)
        return OL_VIEW_NONE;
    entry->length_said = length;
    if (!set_aside(entry, length)) {
        forget(entry);
        return refuse(cache);
    }
    ol_view_entry *there = ol_view_table_put(cache, entry);
    if (there != entry)
        forget(entry);
    *out = there;
    if (!there)
        return OL_VIEW_NONE;
    return there == entry ? OL_VIEW_LEAD : OL_VIEW_RUNNING;
}

enum ol_view_found ol_view_cache_find(ol_view_cache *cache, const char *etag, int64_t length,
                                      uint64_t guess, ol_view_entry **out)
{
    *out = NULL;
    uint64_t hash = ol_view_table_hash(cache, etag);
    ol_view_sketch_add(cache->sketch, hash);
    enum ol_view_found found = look_up(cache, hash, etag, out);
    if (found == OL_VIEW_NONE) {
        atomic_fetch_add(&cache->counters.misses, 1);
        if ((length >= 0 ? (uint64_t)length : guess) > cache->entry_max)
            return refuse(cache);
        found = begin(cache, hash, etag, length, out);
        /* Somebody else was faster; may even be done. */
        if (found != OL_VIEW_RUNNING)
            return found;
        if (ol_view_entry_state(*out) == OL_VIEW_STATE_WHOLE)
            found = OL_VIEW_WHOLE;
    }
    count_found(cache, *out, found == OL_VIEW_WHOLE);
    return found;
}

enum ol_view_found ol_view_cache_peek(ol_view_cache *cache, const char *etag, ol_view_entry **out)
{
    *out = NULL;
    uint64_t hash = ol_view_table_hash(cache, etag);
    ol_view_entry *entry = NULL;
    enum ol_view_found found = look_up(cache, hash, etag, &entry);
    if (found == OL_VIEW_RUNNING)
        ol_view_entry_release(entry);
    if (found != OL_VIEW_WHOLE)
        return OL_VIEW_NONE;
    ol_view_sketch_add(cache->sketch, hash);
    count_found(cache, entry, true);
    *out = entry;
    return OL_VIEW_WHOLE;
}

/* ---- counting ---- */

void ol_view_cache_read_stats(ol_view_cache *cache, ol_view_cache_stats *stats)
{
    ol_view_counters *counters = &cache->counters;
    *stats = (ol_view_cache_stats){
        .hits = atomic_load(&counters->hits),
        .disk_hits = atomic_load(&counters->disk_hits),
        .followers = atomic_load(&counters->followers),
        .misses = atomic_load(&counters->misses),
        .evicted = atomic_load(&counters->evicted),
        .refused = atomic_load(&counters->refused),
        .outgrown = atomic_load(&counters->outgrown),
        .block_hits = atomic_load(&counters->block_hits),
        .blocks_read = atomic_load(&counters->blocks_read),
        .memory_bytes = atomic_load(&cache->memory_used),
        .disk_bytes = atomic_load(&cache->disk_used),
        .entries = atomic_load(&counters->entries),
        .running = atomic_load(&counters->running),
    };
}
