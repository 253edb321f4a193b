/* SPDX-License-Identifier: MIT */
/*
 * What stays. Every byte of an entry is charged to one account while it is in memory, whoever holds
 * it; whole entries that are kept stand on a shelf, newest first, which may fill three quarters of
 * the account; half of it where there is a disk, whose blocks then have what the shelf leaves of
 * three quarters (view/block_cache.h). The last quarter is always there for what is in flight.
 *
 * Admission: when the shelf is full, an entry gets in only if it has been asked for more often
 * than each of those that would have to go (view/sketch.h). So a scan of things that are asked for
 * once pushes out nothing. Among the kept the least recently used goes first, with a second chance
 * for what was hit since; what somebody reads stays, because its going would free nothing.
 */
#include "view/cache_private.h"

#define DEMOTING_PART 8u /* of memory may be on its way to disk at once */
#define DISK_BYTES_MIN (64u * 1024)

/* ---- the account ---- */

static void charge(ol_view_entry *entry, uint64_t bytes)
{
    atomic_fetch_add(&entry->charged, bytes);
}

void ol_view_room_force(ol_view_entry *entry, uint64_t bytes)
{
    atomic_fetch_add(&entry->cache->memory_used, bytes);
    charge(entry, bytes);
}

void ol_view_room_give(ol_view_entry *entry, uint64_t bytes)
{
    atomic_fetch_sub(&entry->charged, bytes);
    atomic_fetch_sub(&entry->cache->memory_used, bytes);
}

/* ---- the list; the lock is held ---- */

static void push(ol_view_shelf_list *list, ol_view_entry *entry)
{
    entry->newer = NULL;
    entry->older = list->newest;
    if (list->newest)
        list->newest->newer = entry;
    else
        list->oldest = entry;
    list->newest = entry;
    list->count++;
    list->bytes += entry->cost;
}

static void pull(ol_view_shelf_list *list, ol_view_entry *entry)
{
    if (entry->newer)
        entry->newer->older = entry->older;
    else
        list->newest = entry->older;
    if (entry->older)
        entry->older->newer = entry->newer;
    else
        list->oldest = entry->newer;
    list->count--;
    list->bytes -= entry->cost;
}

/* ---- who goes ---- */

/* In use, or hit since it was last looked at. */
static bool has_second_chance(ol_view_entry *entry)
{
    bool touched = atomic_exchange_explicit(&entry->touched, false, memory_order_relaxed);
    return atomic_load(&entry->readers) > 0 || touched;
}

/* The oldest that together cost `need`, if each of them is asked for less often than `frequency`;
 * else NULL. They stay where they are. */
static ol_view_entry *choose(ol_view_cache *cache, ol_view_shelf_list *list, uint64_t need,
                             unsigned frequency)
{
    ol_view_entry *victims = NULL, *next;
    uint64_t got = 0;
    size_t looks = 2 * list->count;
    for (ol_view_entry *entry = list->oldest; entry && got < need && looks > 0; entry = next) {
        next = entry->newer;
        looks--;
        if (has_second_chance(entry)) {
            pull(list, entry);
            push(list, entry);
            continue;
        }
        if (ol_view_sketch_estimate(cache->sketch, entry->hash) >= frequency)
            return NULL;
        entry->next_victim = victims;
        victims = entry;
        got += entry->cost;
    }
    return got >= need ? victims : NULL;
}

/* Out of table and shelf, but for those that somebody has begun to read. What is left of the chain
 * is the caller's, with the table's references, to be let go without the lock. */
static ol_view_entry *evict(ol_view_cache *cache, ol_view_shelf_list *list, ol_view_entry *victims)
{
    ol_view_entry *out = NULL;
    for (ol_view_entry *entry = victims, *next; entry; entry = next) {
        next = entry->next_victim;
        if (!ol_view_table_take_unread(entry))
            continue;
        pull(list, entry);
        entry->shelf = OL_VIEW_SHELF_NONE;
        entry->next_victim = out;
        out = entry;
        atomic_fetch_add(&cache->counters.evicted, 1);
    }
    return out;
}

static void release_all(ol_view_entry *out)
{
    for (ol_view_entry *next; out; out = next) {
        next = out->next_victim;
        ol_view_entry_unref(out);
    }
}

/* ---- room for what is in flight ---- */

static void make_room(ol_view_entry *entry)
{
    ol_view_cache *cache = entry->cache;
    unsigned frequency = ol_view_sketch_estimate(cache->sketch, entry->hash);
    ol_view_entry *out = NULL;
    pthread_mutex_lock(&cache->shelves_lock);
    uint64_t used = atomic_load(&cache->memory_used);
    if (used > cache->memory_max)
        out = evict(cache, &cache->memory_shelf,
                    choose(cache, &cache->memory_shelf, used - cache->memory_max, frequency));
    pthread_mutex_unlock(&cache->shelves_lock);
    release_all(out);
}

bool ol_view_room_take(ol_view_entry *entry, uint64_t bytes)
{
    ol_view_cache *cache = entry->cache;
    uint64_t used = atomic_fetch_add(&cache->memory_used, bytes) + bytes;
    if (used > cache->memory_max) {
        ol_view_blocks_yield(cache, used - cache->memory_max);
        make_room(entry);
        used = atomic_load(&cache->memory_used);
    }
    if (used <= cache->memory_max) {
        charge(entry, bytes);
        return true;
    }
    atomic_fetch_sub(&cache->memory_used, bytes);
    return false;
}

/* ---- the shelf ---- */

/* Whole entries that leave memory go to disk, unless too much is on that way already; small ones
 * are not worth the memory and the time that one on disk takes. */
static bool demote(ol_view_entry *entry, ol_loop *loop)
{
    ol_view_cache *cache = entry->cache;
    uint64_t cost = atomic_load(&entry->charged);
    if (!cache->disk || !loop || entry->length < DISK_BYTES_MIN)
        return false;
    if (atomic_fetch_add(&cache->demoting, cost) + cost <= cache->memory_max / DEMOTING_PART) {
        entry->demoted = cost;
        if (ol_view_spill_begin(entry, loop))
            return true;
        entry->demoted = 0;
    }
    atomic_fetch_sub(&cache->demoting, cost);
    return false;
}

/* Evicted ones that are worth it are found again while they are on their way. */
static void demote_or_release(ol_view_entry *out, ol_loop *loop)
{
    for (ol_view_entry *next; out; out = next) {
        next = out->next_victim;
        ol_view_entry *there = out->cache->disk && loop ? ol_view_table_put(out->cache, out) : NULL;
        if (there == out && !demote(out, loop))
            ol_view_table_remove(out);
        if (there && there != out)
            ol_view_entry_release(there);
        ol_view_entry_unref(out);
    }
}

/* Puts it on the shelf if it fits, or others can go for it; those are the caller's. */
static bool shelve(ol_view_entry *entry, enum ol_view_shelf shelf, uint64_t cost,
                   ol_view_entry **out)
{
    ol_view_cache *cache = entry->cache;
    ol_view_shelf_list *list = shelf == OL_VIEW_SHELF_DISK ? &cache->disk_shelf
                                                           : &cache->memory_shelf;
    unsigned frequency = ol_view_sketch_estimate(cache->sketch, entry->hash);
    *out = NULL;
    if (cost > list->bytes_max)
        return false;
    pthread_mutex_lock(&cache->shelves_lock);
    uint64_t need = list->count < list->count_max ? 0 : 1;
    if (list->bytes + cost > list->bytes_max)
        need = list->bytes + cost - list->bytes_max;
    if (need > 0)
        *out = evict(cache, list, choose(cache, list, need, frequency));
    bool fits = list->bytes + cost <= list->bytes_max && list->count < list->count_max;
    /* Purged meanwhile: then it goes with its last reader. */
    if (fits && ol_view_table_has(entry)) {
        entry->cost = cost;
        entry->shelf = shelf;
        push(list, entry);
    }
    pthread_mutex_unlock(&cache->shelves_lock);
    return fits;
}

bool ol_view_shelf_keep(ol_view_entry *entry, ol_loop *loop)
{
    ol_view_entry *out;
    if (entry->file)
        return true; /* on its way to disk, or there */
    bool kept = shelve(entry, OL_VIEW_SHELF_MEMORY, atomic_load(&entry->charged), &out) ||
                demote(entry, loop);
    demote_or_release(out, loop);
    ol_view_blocks_trim(entry->cache);
    if (!kept)
        atomic_fetch_add(&entry->cache->counters.refused, 1);
    return kept;
}

bool ol_view_shelf_keep_on_disk(ol_view_entry *entry)
{
    ol_view_entry *out;
    bool kept = shelve(entry, OL_VIEW_SHELF_DISK, entry->disk_taken, &out);
    release_all(out);
    return kept;
}

void ol_view_shelf_remove(ol_view_entry *entry)
{
    ol_view_cache *cache = entry->cache;
    pthread_mutex_lock(&cache->shelves_lock);
    if (entry->shelf == OL_VIEW_SHELF_MEMORY)
        pull(&cache->memory_shelf, entry);
    if (entry->shelf == OL_VIEW_SHELF_DISK)
        pull(&cache->disk_shelf, entry);
    entry->shelf = OL_VIEW_SHELF_NONE;
    pthread_mutex_unlock(&cache->shelves_lock);
}

/* ---- room on disk ---- */

bool ol_view_disk_room_take(ol_view_entry *entry, uint64_t bytes)
{
    ol_view_cache *cache = entry->cache;
    if (entry->disk_room >= bytes) {
        entry->disk_room -= bytes;
        return true;
    }
    if (!ol_view_disk_reserve(cache->disk, bytes)) {
        unsigned frequency = ol_view_sketch_estimate(cache->sketch, entry->hash);
        pthread_mutex_lock(&cache->shelves_lock);
        ol_view_entry *out = evict(cache, &cache->disk_shelf,
                                   choose(cache, &cache->disk_shelf, bytes, frequency));
        pthread_mutex_unlock(&cache->shelves_lock);
        release_all(out);
        if (!out || !ol_view_disk_reserve(cache->disk, bytes))
            return false;
    }
    entry->disk_taken += bytes;
    atomic_fetch_add(&cache->disk_used, bytes);
    return true;
}

void ol_view_disk_room_give(ol_view_entry *entry)
{
    if (entry->disk_taken == 0)
        return;
    ol_view_disk_unreserve(entry->cache->disk, entry->disk_taken);
    atomic_fetch_sub(&entry->cache->disk_used, entry->disk_taken);
    entry->disk_taken = 0;
}
