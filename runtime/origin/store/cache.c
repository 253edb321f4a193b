/* SPDX-License-Identifier: MIT */
/*
 * The cache. Sixteen shards by the hash's low bits; in each a chained table, a list from newest
 * to oldest, and a row of generations. Eviction is second chance: a hit only sets a flag, the
 * hand that comes by clears it. Entries are released outside the lock: freeing a large body or
 * closing a file must not make a reader wait.
 */
#include "origin/store/cache.h"

#include <pthread.h>
#include <sys/random.h>
#include <xxhash.h>

#include "base/alloc.h"

#define SHARD_BITS 4
#define SHARDS (1u << SHARD_BITS)
#define GENERATION_BITS 8
#define GENERATIONS (1u << GENERATION_BITS)
#define TABLE_MIN 64u
#define TICKET_NONE UINT64_MAX /* no generation gets that far */

/* Changes when a change begins and when it ends; `running` are between. */
typedef struct generation {
    uint64_t number;
    uint32_t running;
} generation;

typedef struct shard {
    pthread_mutex_t lock;
    ol_entry **table;
    size_t table_size; /* a power of two */
    size_t count;
    ol_entry *newest, *oldest;
    size_t bytes, files;
    uint64_t hits, misses;
    generation generations[GENERATIONS];
} shard;

struct ol_cache {
    uint64_t seed;
    size_t shard_bytes_max, shard_files_max;
    shard shards[SHARDS];
};

int ol_cache_new(ol_cache **out, size_t bytes_max, size_t files_max)
{
    ol_cache *cache = ol_calloc(1, sizeof *cache);
    *out = cache;
    if (!cache)
        return OL_ENOMEM;
    cache->shard_bytes_max = bytes_max / SHARDS;
    cache->shard_files_max = files_max / SHARDS;
    for (unsigned i = 0; i < SHARDS; i++)
        pthread_mutex_init(&cache->shards[i].lock, NULL);
    if (getrandom(&cache->seed, sizeof cache->seed, 0) != sizeof cache->seed) {
        ol_cache_destroy(cache);
        *out = NULL;
        return OL_EINTERNAL;
    }
    return OL_OK;
}

void ol_cache_destroy(ol_cache *cache)
{
    if (!cache)
        return;
    for (unsigned i = 0; i < SHARDS; i++) {
        shard *s = &cache->shards[i];
        for (ol_entry *entry = s->newest, *next; entry; entry = next) {
            next = entry->older;
            ol_entry_release(entry);
        }
        ol_free(s->table);
        pthread_mutex_destroy(&s->lock);
    }
    ol_free(cache);
}

uint64_t ol_cache_hash(const ol_cache *cache, ol_slice bucket, ol_slice key)
{
    uint64_t first = XXH3_64bits_withSeed(bucket.data, bucket.len, cache->seed);
    return XXH3_64bits_withSeed(key.data, key.len, first);
}

static shard *shard_of(ol_cache *cache, uint64_t hash)
{
    return &cache->shards[hash & (SHARDS - 1)];
}

static generation *generation_of(shard *s, uint64_t hash)
{
    return &s->generations[hash >> SHARD_BITS & (GENERATIONS - 1)];
}

/* Where the pointer to the entry stands; *slot is NULL when there is none. NULL: no table. */
static ol_entry **slot_of(const shard *s, uint64_t hash, ol_slice bucket, ol_slice key)
{
    if (!s->table)
        return NULL;
    ol_entry **slot = &s->table[hash >> (SHARD_BITS + GENERATION_BITS) & (s->table_size - 1)];
    while (*slot && !((*slot)->hash == hash && ol_slice_eq((*slot)->info.key, key) &&
                      ol_slice_eq((*slot)->bucket, bucket)))
        slot = &(*slot)->chain;
    return slot;
}

ol_entry *ol_cache_find(ol_cache *cache, uint64_t hash, ol_slice bucket, ol_slice key)
{
    shard *s = shard_of(cache, hash);
    pthread_mutex_lock(&s->lock);
    ol_entry **slot = slot_of(s, hash, bucket, key);
    ol_entry *entry = slot ? *slot : NULL;
    if (entry) {
        ol_entry_acquire(entry);
        entry->touched = true;
        s->hits++;
    } else {
        s->misses++;
    }
    pthread_mutex_unlock(&s->lock);
    return entry;
}

static void list_push(shard *s, ol_entry *entry)
{
    entry->newer = NULL;
    entry->older = s->newest;
    if (s->newest)
        s->newest->newer = entry;
    else
        s->oldest = entry;
    s->newest = entry;
}

static void list_take(shard *s, ol_entry *entry)
{
    if (entry->newer)
        entry->newer->older = entry->older;
    else
        s->newest = entry->older;
    if (entry->older)
        entry->older->newer = entry->newer;
    else
        s->oldest = entry->newer;
}

/* Out of table and list, onto the chain of what will be released once the lock is given back. */
static void drop(shard *s, ol_entry **slot, ol_entry **dropped)
{
    ol_entry *entry = *slot;
    *slot = entry->chain;
    list_take(s, entry);
    s->count--;
    s->bytes -= entry->cost;
    s->files -= entry->fd >= 0;
    entry->chain = *dropped;
    *dropped = entry;
}

static void release_all(ol_entry *dropped)
{
    for (ol_entry *next; dropped; dropped = next) {
        next = dropped->chain;
        ol_entry_release(dropped);
    }
}

/* Each pass either drops an entry or clears a flag, so it ends. */
static void make_room(const ol_cache *cache, shard *s, ol_entry **dropped)
{
    while (s->oldest && (s->bytes > cache->shard_bytes_max || s->files > cache->shard_files_max)) {
        ol_entry *entry = s->oldest;
        if (entry->touched) {
            entry->touched = false;
            list_take(s, entry);
            list_push(s, entry);
        } else {
            drop(s, slot_of(s, entry->hash, entry->bucket, entry->info.key), dropped);
        }
    }
}

/* Double the table when it is full. Without memory the chains grow instead. */
static bool grow_table(shard *s)
{
    if (s->table && s->count < s->table_size)
        return true;
    size_t size = s->table ? 2 * s->table_size : TABLE_MIN;
    ol_entry **table = ol_calloc(size, sizeof *table);
    if (!table)
        return s->table != NULL;
    for (ol_entry *entry = s->newest; entry; entry = entry->older) {
        ol_entry **slot = &table[entry->hash >> (SHARD_BITS + GENERATION_BITS) & (size - 1)];
        entry->chain = *slot;
        *slot = entry;
    }
    ol_free(s->table);
    s->table = table;
    s->table_size = size;
    return true;
}

/* Whole in memory, with its file open, or in parts; and not so large that it pushes out its
 * shard. */
static bool is_welcome(const ol_cache *cache, const ol_entry *entry)
{
    bool complete = entry->in_memory || entry->fd >= 0 || entry->parts;
    return complete && entry->cost <= cache->shard_bytes_max / 2 &&
           (entry->fd < 0 || cache->shard_files_max > 0);
}

static void insert(const ol_cache *cache, shard *s, ol_entry *entry, ol_entry **dropped)
{
    if (!is_welcome(cache, entry) || !grow_table(s))
        return;
    ol_entry **slot = slot_of(s, entry->hash, entry->bucket, entry->info.key);
    if (*slot)
        drop(s, slot, dropped);
    slot = slot_of(s, entry->hash, entry->bucket, entry->info.key);
    ol_entry_acquire(entry);
    entry->chain = NULL;
    *slot = entry;
    list_push(s, entry);
    s->count++;
    s->bytes += entry->cost;
    s->files += entry->fd >= 0;
    make_room(cache, s, dropped);
}

ol_cache_ticket ol_cache_ticket_take(ol_cache *cache, uint64_t hash)
{
    shard *s = shard_of(cache, hash);
    pthread_mutex_lock(&s->lock);
    const generation *g = generation_of(s, hash);
    ol_cache_ticket ticket = g->running ? TICKET_NONE : g->number;
    pthread_mutex_unlock(&s->lock);
    return ticket;
}

void ol_cache_offer(ol_cache *cache, ol_cache_ticket ticket, ol_entry *entry)
{
    shard *s = shard_of(cache, entry->hash);
    ol_entry *dropped = NULL;
    pthread_mutex_lock(&s->lock);
    const generation *g = generation_of(s, entry->hash);
    /* Another reader may have been first: what stands there is the same version. */
    if (g->number == ticket)
        insert(cache, s, entry, &dropped);
    pthread_mutex_unlock(&s->lock);
    release_all(dropped);
}

void ol_cache_begin(ol_cache *cache, uint64_t hash, ol_slice bucket, ol_slice key)
{
    shard *s = shard_of(cache, hash);
    ol_entry *dropped = NULL;
    pthread_mutex_lock(&s->lock);
    generation *g = generation_of(s, hash);
    g->running++;
    g->number++;
    ol_entry **slot = slot_of(s, hash, bucket, key);
    if (slot && *slot)
        drop(s, slot, &dropped);
    pthread_mutex_unlock(&s->lock);
    release_all(dropped);
}

void ol_cache_end(ol_cache *cache, uint64_t hash, ol_entry *entry)
{
    shard *s = shard_of(cache, hash);
    ol_entry *dropped = NULL;
    pthread_mutex_lock(&s->lock);
    generation *g = generation_of(s, hash);
    g->running--;
    g->number++;
    /* While another change is between, a later version may already have been read. */
    if (entry && g->running == 0)
        insert(cache, s, entry, &dropped);
    pthread_mutex_unlock(&s->lock);
    release_all(dropped);
}

void ol_cache_stats(ol_cache *cache, uint64_t *hits, uint64_t *misses, uint64_t *bytes)
{
    *hits = *misses = *bytes = 0;
    for (unsigned i = 0; i < SHARDS; i++) {
        shard *s = &cache->shards[i];
        pthread_mutex_lock(&s->lock);
        *hits += s->hits;
        *misses += s->misses;
        *bytes += s->bytes;
        pthread_mutex_unlock(&s->lock);
    }
}
