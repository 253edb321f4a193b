/* SPDX-License-Identifier: MIT */
/* A map and a list, the last used first, behind one lock that is held for a look only. */
#include "crypto/keys/opened_keys.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/map.h"

#define NAME_BYTES_MAX 8192u /* longer ones are not remembered */

typedef struct entry {
    struct entry *prev, *next;
    ol_at_rest_key *key;
    uint64_t ends_ms;
    uint32_t version;
    size_t name_len;
    size_t arn_len;
    uint8_t bytes[]; /* name, ARN */
} entry;

struct ol_opened_keys {
    ol_opened_keys_limits limits;
    pthread_mutex_t lock;
    ol_map *entries;
    entry *first, *last;
    size_t count;
    atomic_ullong epoch; /* changed under the lock */
    ol_opened_keys_stats stats;
};

int ol_opened_keys_new(ol_opened_keys **out, const ol_opened_keys_limits *limits, ol_error *err)
{
    if (limits->entries_max > OL_OPENED_KEYS_MAX)
        return ol_error_say(err, OL_ECONFIG, "opened keys: at most 4096 are remembered");
    ol_opened_keys *keys = ol_calloc(1, sizeof *keys);
    if (keys)
        keys->entries = ol_map_new();
    if (!keys || !keys->entries) {
        ol_free(keys);
        return ol_error_set(err, OL_ENOMEM, "opened keys");
    }
    keys->limits = *limits;
    pthread_mutex_init(&keys->lock, NULL);
    *out = keys;
    return OL_OK;
}

/* ---- names ---- */

/* Each part behind its length, so that none can run into the next. False: too long. */
static bool write_name(ol_buf *out, const ol_opened_name *name)
{
    const ol_slice parts[] = {name->record, name->bucket, name->object, name->key_id};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        uint64_t len = parts[i].len;
        if (ol_buf_add(out, ol_slice_of(&len, sizeof len)) != OL_OK ||
            ol_buf_add(out, parts[i]) != OL_OK)
            return false;
    }
    return true;
}

static ol_slice name_of(const entry *e)
{
    return ol_slice_of(e->bytes, e->name_len);
}

/* ---- under the lock ---- */

static void link_first(ol_opened_keys *keys, entry *e)
{
    e->prev = NULL;
    e->next = keys->first;
    if (e->next)
        e->next->prev = e;
    else
        keys->last = e;
    keys->first = e;
}

static void unlink_entry(ol_opened_keys *keys, entry *e)
{
    if (e->prev)
        e->prev->next = e->next;
    else
        keys->first = e->next;
    if (e->next)
        e->next->prev = e->prev;
    else
        keys->last = e->prev;
}

static void entry_free(entry *e)
{
    ol_at_rest_key_release(e->key);
    ol_free(e);
}

static void drop(ol_opened_keys *keys, entry *e)
{
    unlink_entry(keys, e);
    ol_map_remove(keys->entries, name_of(e));
    keys->count--;
    entry_free(e);
}

static entry *find(ol_opened_keys *keys, ol_slice name, uint64_t now_ms)
{
    entry *e = ol_map_get(keys->entries, name);
    if (!e || now_ms < e->ends_ms)
        return e;
    keys->stats.expired++;
    drop(keys, e);
    return NULL;
}

/* Takes the entry. */
static void insert(ol_opened_keys *keys, entry *e)
{
    entry *old = ol_map_get(keys->entries, name_of(e));
    if (old)
        drop(keys, old);
    if (ol_map_put(keys->entries, name_of(e), e, NULL) != OL_OK) {
        entry_free(e);
        return;
    }
    link_first(keys, e);
    keys->count++;
    while (keys->count > keys->limits.entries_max) {
        keys->stats.evicted++;
        drop(keys, keys->last);
    }
}

/* ---- what others call ---- */

static bool is_off(const ol_opened_keys *keys)
{
    return keys->limits.entries_max == 0 || keys->limits.age_ms == 0;
}

static void tell(const entry *e, ol_opened_key *found)
{
    found->key = ol_at_rest_key_acquire(e->key);
    found->version = e->version;
    memcpy(found->used_key, e->bytes + e->name_len, e->arn_len);
    found->used_key[e->arn_len] = '\0';
}

bool ol_opened_keys_find(ol_opened_keys *keys, const ol_opened_name *name, ol_opened_key *found)
{
    uint8_t memory[NAME_BYTES_MAX];
    ol_buf text;
    ol_buf_init_fixed(&text, memory, sizeof memory);
    if (is_off(keys) || !write_name(&text, name))
        return false;
    uint64_t now_ms = ol_clock_mono_ms();
    pthread_mutex_lock(&keys->lock);
    entry *e = find(keys, ol_buf_slice(&text), now_ms);
    if (e) {
        keys->stats.hits++;
        unlink_entry(keys, e);
        link_first(keys, e);
        tell(e, found);
    } else {
        keys->stats.misses++;
    }
    pthread_mutex_unlock(&keys->lock);
    return e != NULL;
}

uint64_t ol_opened_keys_epoch(const ol_opened_keys *keys)
{
    return atomic_load(&keys->epoch);
}

static entry *entry_new(const ol_opened_keys *keys, uint64_t until_ms, ol_slice name,
                        ol_at_rest_key *key, ol_slice used_key, uint32_t version)
{
    entry *e = ol_malloc(sizeof *e + name.len + used_key.len);
    if (!e)
        return NULL;
    uint64_t ends_ms = ol_clock_mono_ms() + keys->limits.age_ms;
    *e = (entry){.key = ol_at_rest_key_acquire(key),
                 .ends_ms = ends_ms < until_ms ? ends_ms : until_ms,
                 .version = version,
                 .name_len = name.len,
                 .arn_len = used_key.len};
    memcpy(e->bytes, name.data, name.len);
    if (used_key.len > 0)
        memcpy(e->bytes + name.len, used_key.data, used_key.len);
    return e;
}

void ol_opened_keys_add(ol_opened_keys *keys, uint64_t epoch, uint64_t until_ms,
                        const ol_opened_name *name, ol_at_rest_key *key, ol_slice used_key,
                        uint32_t version)
{
    uint8_t memory[NAME_BYTES_MAX];
    ol_buf text;
    ol_buf_init_fixed(&text, memory, sizeof memory);
    if (is_off(keys) || until_ms == 0 || used_key.len >= OL_OPENED_ARN_SIZE ||
        !write_name(&text, name))
        return;
    entry *e = entry_new(keys, until_ms, ol_buf_slice(&text), key, used_key, version);
    if (!e)
        return;
    pthread_mutex_lock(&keys->lock);
    if (atomic_load(&keys->epoch) == epoch)
        insert(keys, e);
    else
        entry_free(e);
    pthread_mutex_unlock(&keys->lock);
}

void ol_opened_keys_clear(ol_opened_keys *keys)
{
    pthread_mutex_lock(&keys->lock);
    atomic_fetch_add(&keys->epoch, 1);
    while (keys->last)
        drop(keys, keys->last);
    pthread_mutex_unlock(&keys->lock);
}

void ol_opened_keys_expire(ol_opened_keys *keys)
{
    uint64_t now_ms = ol_clock_mono_ms();
    pthread_mutex_lock(&keys->lock);
    for (entry *e = keys->last, *before; e; e = before) {
        before = e->prev;
        if (now_ms < e->ends_ms)
            continue;
        keys->stats.expired++;
        drop(keys, e);
    }
    pthread_mutex_unlock(&keys->lock);
}

void ol_opened_keys_destroy(ol_opened_keys *keys)
{
    if (!keys)
        return;
    ol_opened_keys_clear(keys);
    ol_map_destroy(keys->entries, NULL);
    pthread_mutex_destroy(&keys->lock);
    ol_free(keys);
}

void ol_opened_keys_read_stats(ol_opened_keys *keys, ol_opened_keys_stats *stats)
{
    pthread_mutex_lock(&keys->lock);
    *stats = keys->stats;
    stats->entries = keys->count;
    pthread_mutex_unlock(&keys->lock);
}
