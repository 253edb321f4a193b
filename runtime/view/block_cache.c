/* SPDX-License-Identifier: MIT */
/*
 * A block is in its bucket, in one of the lists, and in its entry's list from when it is asked for
 * first until it is evicted, proves damaged, or its entry ends; it is freed when it is neither in
 * there nor pinned. A read that is under way counts as a pin, and keeps the entry. What is freed is
 * freed without the lock: giving pages back is a system call.
 */
#include "view/block_cache.h"

#include <assert.h>

#include "base/alloc.h"
#include "view/cache_private.h"

#define READING_MAX 64u   /* at once; the disk's own queue is longer than that */
#define WAITING_MAX 1024u /* for room */
#define BLOCKS_MIN 4u     /* there is always room for so many */
#define RECENT_PART 4u    /* of the share */
#define BUCKETS_MIN 64u

enum hot_state { HOT_READING, HOT_THERE, HOT_FAILED };

struct ol_view_hot {
    ol_view_block disk;
    ol_view_entry *entry;
    uint64_t hash, cost;
    ol_view_chunk *chunk;
    enum hot_state state;
    bool listed;
    unsigned pins;
    ol_view_waiters waiters;
    ol_error err;
    ol_view_hot_list *list;
    ol_view_hot *newer, *older;
    ol_view_hot *next_in_bucket;
    ol_view_hot *next_of_entry, *previous_of_entry;
    ol_view_hot *next_dead;
};

static ol_view_blocks *blocks_of(const ol_view_hot *hot)
{
    return &hot->entry->cache->blocks;
}

/* ---- life ---- */

int ol_view_blocks_init(ol_view_cache *cache)
{
    ol_view_blocks *blocks = &cache->blocks;
    size_t count = BUCKETS_MIN;
    while (count < cache->memory_max / OL_VIEW_BLOCK_BYTES)
        count *= 2;
    blocks->buckets = ol_calloc(count, sizeof *blocks->buckets);
    blocks->sketch = ol_view_sketch_new(4 * count);
    blocks->bucket_count = count;
    blocks->room.lock = &blocks->lock;
    return blocks->buckets && blocks->sketch ? OL_OK : OL_ENOMEM;
}

void ol_view_blocks_fini(ol_view_cache *cache)
{
    ol_view_blocks *blocks = &cache->blocks;
    assert(!blocks->recent.newest && !blocks->kept.newest && blocks->waiting == 0);
    ol_free(blocks->buckets);
    ol_view_sketch_destroy(blocks->sketch);
    pthread_mutex_destroy(&blocks->lock);
}

/* ---- the lists; the lock is held ---- */

static void push(ol_view_hot_list *list, ol_view_hot *hot)
{
    hot->list = list;
    hot->newer = NULL;
    hot->older = list->newest;
    if (list->newest)
        list->newest->newer = hot;
    else
        list->oldest = hot;
    list->newest = hot;
    list->bytes += hot->cost;
}

static void pull(ol_view_hot *hot)
{
    ol_view_hot_list *list = hot->list;
    if (hot->newer)
        hot->newer->older = hot->older;
    else
        list->newest = hot->older;
    if (hot->older)
        hot->older->newer = hot->newer;
    else
        list->oldest = hot->newer;
    list->bytes -= hot->cost;
}

static ol_view_hot **bucket_of(ol_view_blocks *blocks, uint64_t hash)
{
    return &blocks->buckets[hash & (blocks->bucket_count - 1)];
}

static uint64_t hash_of(const ol_view_entry *entry, uint64_t index)
{
    uint64_t hash = (entry->hash + index) * 0x9E3779B97F4A7C15u;
    return hash ^ (hash >> 32);
}

static ol_view_hot *find(ol_view_blocks *blocks, const ol_view_hot_ask *ask, uint64_t hash)
{
    ol_view_hot *hot = *bucket_of(blocks, hash);
    while (hot && (hot->entry != ask->entry || hot->disk.index != ask->index))
        hot = hot->next_in_bucket;
    return hot;
}

static void list(ol_view_blocks *blocks, ol_view_hot *hot)
{
    ol_view_hot **bucket = bucket_of(blocks, hot->hash);
    hot->listed = true;
    hot->next_in_bucket = *bucket;
    *bucket = hot;
    hot->next_of_entry = hot->entry->hot;
    if (hot->next_of_entry)
        hot->next_of_entry->previous_of_entry = hot;
    hot->entry->hot = hot;
    push(&blocks->recent, hot);
}

static void unlist(ol_view_blocks *blocks, ol_view_hot *hot)
{
    ol_view_hot **at = bucket_of(blocks, hot->hash);
    while (*at != hot)
        at = &(*at)->next_in_bucket;
    *at = hot->next_in_bucket;
    if (hot->next_of_entry)
        hot->next_of_entry->previous_of_entry = hot->previous_of_entry;
    if (hot->previous_of_entry)
        hot->previous_of_entry->next_of_entry = hot->next_of_entry;
    else
        hot->entry->hot = hot->next_of_entry;
    hot->listed = false;
    pull(hot);
}

/* ---- who goes; the lock is held ---- */

static uint64_t share(const ol_view_cache *cache)
{
    if (cache->config.memory_bytes == 0)
        return 0;
    uint64_t quarter = cache->memory_max / 4, shelved = cache->memory_shelf.bytes;
    return shelved < 2 * quarter ? 3 * quarter - shelved : quarter;
}

static ol_view_hot *oldest_idle(const ol_view_hot_list *list)
{
    ol_view_hot *hot = list->oldest;
    while (hot && hot->pins > 0)
        hot = hot->newer;
    return hot;
}

static void evict(ol_view_blocks *blocks, ol_view_hot *hot, ol_view_hot **dead)
{
    unlist(blocks, hot);
    hot->next_dead = *dead;
    *dead = hot;
}

/* Either it stays for good, or another does, or both. */
static void promote(ol_view_blocks *blocks, ol_view_hot *hot, uint64_t kept_max, ol_view_hot **dead)
{
    if (blocks->kept.bytes + hot->cost > kept_max) {
        ol_view_hot *other = oldest_idle(&blocks->kept);
        if (!other || ol_view_sketch_estimate(blocks->sketch, hot->hash) <=
                          ol_view_sketch_estimate(blocks->sketch, other->hash)) {
            evict(blocks, hot, dead);
            return;
        }
        evict(blocks, other, dead);
    }
    pull(hot);
    push(&blocks->kept, hot);
}

/* As far as pins allow, so that `need` more would be within the share. */
static void trim(ol_view_cache *cache, uint64_t need, ol_view_hot **dead)
{
    ol_view_blocks *blocks = &cache->blocks;
    uint64_t all = share(cache), recent_max = all / RECENT_PART, kept_max = all - recent_max;
    ol_view_hot *hot;
    while (blocks->kept.bytes > kept_max && (hot = oldest_idle(&blocks->kept)) != NULL)
        evict(blocks, hot, dead);
    while (blocks->recent.bytes + need > recent_max && (hot = oldest_idle(&blocks->recent)) != NULL)
        promote(blocks, hot, kept_max, dead);
}

/* The chain of those that left, without the lock. */
static void free_all(ol_view_cache *cache, ol_view_hot *dead)
{
    for (ol_view_hot *next; dead; dead = next) {
        next = dead->next_dead;
        ol_view_chunk_free(cache->pages, dead->chunk);
        atomic_fetch_sub(&cache->memory_used, dead->cost);
        ol_free(dead);
    }
}

static bool has_room(const ol_view_cache *cache, uint64_t cost)
{
    const ol_view_blocks *blocks = &cache->blocks;
    uint64_t bytes = blocks->recent.bytes + blocks->kept.bytes + cost;
    return blocks->reading < READING_MAX &&
           (bytes <= BLOCKS_MIN * (uint64_t)OL_VIEW_BLOCK_BYTES || bytes <= share(cache) ||
            atomic_load(&cache->memory_used) + cost <= cache->memory_max);
}

/* ---- reading ---- */

/* It is over, well or not: wakes who waits for it, and one of those who wait for room. */
static void end_read(ol_view_hot *hot, const ol_error *err)
{
    ol_view_entry *entry = hot->entry;
    ol_view_blocks *blocks = blocks_of(hot);
    ol_view_hot *dead = NULL;
    pthread_mutex_lock(&blocks->lock);
    hot->state = err ? HOT_FAILED : HOT_THERE;
    if (err)
        hot->err = *err;
    if (err && hot->listed)
        unlist(blocks, hot);
    ol_view_waiter *woken = ol_view_waiters_take_all(&hot->waiters);
    ol_view_waiter *next = ol_view_waiters_take_first(&blocks->room);
    blocks->reading--;
    hot->pins--;
    if (hot->pins == 0 && !hot->listed) {
        hot->next_dead = NULL;
        dead = hot;
    }
    trim(entry->cache, 0, &dead);
    pthread_mutex_unlock(&blocks->lock);
    ol_view_waiters_wake(woken);
    ol_view_waiters_wake(next);
    free_all(entry->cache, dead);
    ol_view_entry_unref(entry);
}

static void on_read(ol_view_block *block, const ol_error *err)
{
    end_read(block->arg, err);
}

static void begin_read(ol_view_hot *hot, size_t len)
{
    ol_view_cache *cache = hot->entry->cache;
    ol_error err = {0};
    atomic_fetch_add(&cache->counters.blocks_read, 1);
    hot->chunk = ol_view_chunk_new(cache->pages, hot->disk.index * OL_VIEW_BLOCK_BYTES, len);
    if (hot->chunk) {
        hot->disk.bytes = (ol_span){hot->chunk->data, len};
        if (ol_view_file_read(&hot->disk) == OL_OK)
            return;
    }
    ol_error_set(&err, OL_EOUTGROWN, "view: block %llu cannot be read now",
                 (unsigned long long)hot->disk.index);
    end_read(hot, &err);
}

/* Nothing but zeros and its names. */
static ol_view_hot *new_block(const ol_view_hot_ask *ask, uint64_t hash)
{
    ol_view_hot *hot = ol_calloc(1, sizeof *hot);
    if (!hot)
        return NULL;
    hot->entry = ask->entry;
    hot->hash = hash;
    hot->cost = sizeof *hot + ol_view_chunk_cost(ask->len);
    hot->pins = 2; /* the asker's and the read's */
    hot->disk = (ol_view_block){.file = ask->entry->file,
                                .index = ask->index,
                                .loop = ask->loop,
                                .cb = on_read,
                                .arg = hot};
    hot->waiters.lock = &blocks_of(hot)->lock;
    return hot;
}

/* ---- asking ---- */

static void set_queued(ol_view_blocks *blocks, ol_view_hot_ask *ask, bool queued)
{
    if (queued && !ask->queued)
        blocks->waiting++;
    if (!queued && ask->queued)
        blocks->waiting--;
    ask->queued = queued;
}

/* The lock is held. */
static int stand_in_queue(ol_view_blocks *blocks, ol_view_hot_ask *ask)
{
    if (!ask->waiter || (!ask->queued && blocks->waiting >= WAITING_MAX))
        return OL_EOUTGROWN;
    set_queued(blocks, ask, true);
    ol_view_waiters_add(&blocks->room, ask->waiter, OL_VIEW_WANTS_END);
    return OL_WAIT;
}

/* The block as it is, or `fresh` in its place, or a place in the queue. The lock is held. */
static int take(ol_view_cache *cache, ol_view_hot_ask *ask, ol_view_hot *fresh, ol_view_hot **hot,
                ol_view_hot **dead)
{
    ol_view_blocks *blocks = &cache->blocks;
    ol_view_hot *there = find(blocks, ask, fresh->hash);
    ol_view_sketch_add(blocks->sketch, fresh->hash);
    *hot = there;
    if (there) {
        there->pins++;
        pull(there);
        push(there->list, there);
        atomic_fetch_add(&cache->counters.block_hits, 1);
    } else {
        trim(cache, fresh->cost, dead);
        if (!has_room(cache, fresh->cost))
            return stand_in_queue(blocks, ask);
        atomic_fetch_add(&cache->memory_used, fresh->cost);
        blocks->reading++;
        list(blocks, fresh);
        *hot = fresh;
    }
    set_queued(blocks, ask, false);
    return OL_OK;
}

int ol_view_blocks_take(ol_view_hot_ask *ask, ol_view_hot **hot)
{
    ol_view_cache *cache = ask->entry->cache;
    ol_view_blocks *blocks = &cache->blocks;
    ol_view_hot *fresh = new_block(ask, hash_of(ask->entry, ask->index)), *dead = NULL;
    *hot = NULL;
    if (!fresh)
        return OL_ENOMEM;
    pthread_mutex_lock(&blocks->lock);
    int rc = take(cache, ask, fresh, hot, &dead);
    pthread_mutex_unlock(&blocks->lock);
    free_all(cache, dead);
    if (*hot != fresh) {
        ol_free(fresh);
        return rc;
    }
    ol_view_entry_acquire(ask->entry); /* the read's */
    begin_read(fresh, ask->len);
    return OL_OK;
}

void ol_view_blocks_leave_queue(ol_view_hot_ask *ask)
{
    ol_view_blocks *blocks = &ask->entry->cache->blocks;
    ol_view_waiter_drop(ask->waiter, &blocks->room);
    ask->waiter = NULL;
    pthread_mutex_lock(&blocks->lock);
    ol_view_waiter *next = ol_view_waiters_take_first(&blocks->room);
    set_queued(blocks, ask, false);
    pthread_mutex_unlock(&blocks->lock);
    ol_view_waiters_wake(next);
}

/* ---- a block ---- */

int ol_view_hot_check(ol_view_hot *hot, ol_view_waiter *waiter, ol_error *err)
{
    ol_view_blocks *blocks = blocks_of(hot);
    pthread_mutex_lock(&blocks->lock);
    enum hot_state state = hot->state;
    if (state == HOT_READING)
        ol_view_waiters_add(&hot->waiters, waiter, OL_VIEW_WANTS_END);
    pthread_mutex_unlock(&blocks->lock);
    if (state == HOT_FAILED && err && err->code == 0)
        *err = hot->err; /* does not change any more */
    return state == HOT_READING ? OL_WAIT : state == HOT_FAILED ? hot->err.code : OL_OK;
}

void ol_view_hot_drop_waiter(ol_view_hot *hot, ol_view_waiter *waiter)
{
    ol_view_waiter_drop(waiter, &hot->waiters);
}

ol_slice ol_view_hot_bytes(const ol_view_hot *hot)
{
    return ol_slice_of(hot->disk.bytes.data, hot->disk.bytes.len);
}

uint64_t ol_view_hot_index(const ol_view_hot *hot)
{
    return hot->disk.index;
}

void ol_view_hot_unpin(ol_view_hot *hot)
{
    if (!hot)
        return;
    ol_view_cache *cache = hot->entry->cache;
    ol_view_blocks *blocks = &cache->blocks;
    ol_view_waiter *next = NULL;
    ol_view_hot *dead = NULL;
    pthread_mutex_lock(&blocks->lock);
    bool idle = --hot->pins == 0;
    if (idle && !hot->listed) {
        hot->next_dead = NULL;
        dead = hot;
    }
    if (idle) {
        trim(cache, 0, &dead);
        next = ol_view_waiters_take_first(&blocks->room);
    }
    pthread_mutex_unlock(&blocks->lock);
    free_all(cache, dead);
    ol_view_waiters_wake(next);
}

/* ---- for others ---- */

void ol_view_blocks_forget(ol_view_entry *entry)
{
    ol_view_blocks *blocks = &entry->cache->blocks;
    ol_view_hot *dead = NULL;
    if (!entry->cache->disk)
        return;
    pthread_mutex_lock(&blocks->lock);
    while (entry->hot)
        evict(blocks, entry->hot, &dead);
    pthread_mutex_unlock(&blocks->lock);
    free_all(entry->cache, dead);
}

void ol_view_blocks_yield(ol_view_cache *cache, uint64_t bytes)
{
    ol_view_blocks *blocks = &cache->blocks;
    ol_view_hot *dead = NULL, *hot;
    if (!cache->disk)
        return;
    pthread_mutex_lock(&blocks->lock);
    for (uint64_t freed = 0;
         freed < bytes && blocks->recent.bytes + blocks->kept.bytes > cache->memory_max / 4;
         freed += hot->cost) {
        hot = oldest_idle(&blocks->recent);
        if (!hot)
            hot = oldest_idle(&blocks->kept);
        if (!hot)
            break;
        evict(blocks, hot, &dead);
    }
    pthread_mutex_unlock(&blocks->lock);
    free_all(cache, dead);
}

void ol_view_blocks_trim(ol_view_cache *cache)
{
    ol_view_hot *dead = NULL;
    if (!cache->disk)
        return;
    pthread_mutex_lock(&cache->blocks.lock);
    trim(cache, 0, &dead);
    pthread_mutex_unlock(&cache->blocks.lock);
    free_all(cache, dead);
}
