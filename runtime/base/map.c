/* SPDX-License-Identifier: MIT */
/*
 * Chained hash map over SipHash-1-3. Entry and key are one allocation. A table that cannot
 * grow for want of memory goes on working, only slower.
 */
#include "base/map.h"

#include <pthread.h>
#include <sys/auxv.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/error.h"

#define FIRST_BUCKETS 16u

typedef struct entry {
    struct entry *next;
    uint64_t hash;
    void *value;
    size_t key_len;
    uint8_t key[];
} entry;

struct ol_map {
    entry **buckets; /* NULL before the first put */
    size_t bucket_count; /* a power of two */
    size_t count;
};

static uint64_t seed[2];
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void make_seed(void)
{
    if (getrandom(seed, sizeof(seed), 0) == (ssize_t)sizeof(seed))
        return;
    /* A sandbox may have shut the call out; the kernel left 16 random bytes at exec. */
    const void *at_exec = (const void *)getauxval(AT_RANDOM);
    if (at_exec)
        memcpy(seed, at_exec, sizeof(seed));
}

static uint64_t rotate(uint64_t word, unsigned by)
{
    return (word << by) | (word >> (64 - by));
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static uint64_t hash_of(ol_slice key)
{
    uint64_t v[4] = {seed[0] ^ 0x736f6d6570736575ull, seed[1] ^ 0x646f72616e646f6dull,
                     seed[0] ^ 0x6c7967656e657261ull, seed[1] ^ 0x7465646279746573ull};
    uint64_t word;
    size_t at = 0;
    for (; key.len - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, key.data + at, sizeof(word));
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    word = (uint64_t)key.len << 56;
    if (key.len > at)
        memcpy(&word, key.data + at, key.len - at); /* little endian: the low bytes */
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t ol_map_hash(ol_slice key)
{
    pthread_once(&seed_once, make_seed);
    return hash_of(key);
}

ol_map *ol_map_new(void)
{
    pthread_once(&seed_once, make_seed);
    return ol_calloc(1, sizeof(ol_map));
}

void ol_map_destroy(ol_map *map, void (*free_value)(void *value))
{
    if (!map)
        return;
    for (size_t i = 0; i < map->bucket_count; i++) {
        entry *next;
        for (entry *e = map->buckets[i]; e; e = next) {
            next = e->next;
            if (free_value)
                free_value(e->value);
            ol_free(e);
        }
    }
    ol_free(map->buckets);
    ol_free(map);
}

size_t ol_map_count(const ol_map *map)
{
    return map->count;
}

static bool is_key(const entry *e, ol_slice key, uint64_t hash)
{
    return e->hash == hash && ol_slice_eq(ol_slice_of(e->key, e->key_len), key);
}

/* The pointer that points at the entry, or at the NULL where it would hang. */
static entry **find(const ol_map *map, ol_slice key, uint64_t hash)
{
    entry **at = &map->buckets[hash & (map->bucket_count - 1)];
    while (*at && !is_key(*at, key, hash))
        at = &(*at)->next;
    return at;
}

void *ol_map_get(const ol_map *map, ol_slice key)
{
    if (map->count == 0)
        return NULL;
    entry *e = *find(map, key, hash_of(key));
    return e ? e->value : NULL;
}

static int grow(ol_map *map)
{
    size_t bucket_count = map->bucket_count ? map->bucket_count * 2 : FIRST_BUCKETS;
    entry **buckets = ol_calloc(bucket_count, sizeof(*buckets));
    if (!buckets)
        return map->buckets ? OL_OK : OL_ENOMEM;
    for (size_t i = 0; i < map->bucket_count; i++) {
        entry *next;
        for (entry *e = map->buckets[i]; e; e = next) {
            next = e->next;
            e->next = buckets[e->hash & (bucket_count - 1)];
            buckets[e->hash & (bucket_count - 1)] = e;
        }
    }
    ol_free(map->buckets);
    map->buckets = buckets;
    map->bucket_count = bucket_count;
    return OL_OK;
}

int ol_map_put(ol_map *map, ol_slice key, void *value, void **old)
{
    if (old)
        *old = NULL;
    if (map->count >= map->bucket_count && grow(map) != OL_OK)
        return OL_ENOMEM;
    uint64_t hash = hash_of(key);
    entry **at = find(map, key, hash);
    if (*at) {
        if (old)
            *old = (*at)->value;
        (*at)->value = value;
        return OL_OK;
    }
    entry *e = ol_malloc(sizeof(*e) + key.len);
    if (!e)
        return OL_ENOMEM;
    *e = (entry){.hash = hash, .value = value, .key_len = key.len};
    if (key.len)
        memcpy(e->key, key.data, key.len);
    *at = e;
    map->count++;
    return OL_OK;
}

void *ol_map_remove(ol_map *map, ol_slice key)
{
    if (map->count == 0)
        return NULL;
    entry **at = find(map, key, hash_of(key));
    entry *e = *at;
    if (!e)
        return NULL;
    void *value = e->value;
    *at = e->next;
    ol_free(e);
    map->count--;
    return value;
}

void ol_map_each(const ol_map *map, bool (*visit)(void *arg, ol_slice key, void *value), void *arg)
{
    for (size_t i = 0; i < map->bucket_count; i++) {
        for (const entry *e = map->buckets[i]; e; e = e->next) {
            if (!visit(arg, ol_slice_of(e->key, e->key_len), e->value))
                return;
        }
    }
}
