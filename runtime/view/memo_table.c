/* SPDX-License-Identifier: MIT */
/*
 * A shard is an array of slots that never grows, chained into buckets by the hash of the ETag.
 * The array is only touched as far as it has been in use.
 */
#include "view/memo_table.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/fnv.h"

#define SHARDS 16u
#define ROWS_FOR_SHARDS 1024u /* a smaller table is one shard: its order is then exact */
#define NONE UINT32_MAX

typedef struct slot {
    char etag[OL_VIEW_ETAG_SIZE];
    bool asked;    /* since the hand passed */
    uint16_t len;  /* of the row; 0 = a free slot */
    uint32_t next; /* in the bucket, or the next free slot */
    uint64_t used;
    uint8_t *row;
} slot;

typedef struct shard {
    pthread_mutex_t lock;
    slot *slots;
    uint32_t *buckets;
    uint32_t bucket_mask;
    uint32_t slots_max, touched, free_slot, count, hand;
    size_t bytes, bytes_max;
} shard;

struct ol_memo_table {
    _Atomic uint64_t epoch;
    uint32_t shard_count;
    shard shards[SHARDS];
};

/* ETags are keyed digests, so nobody can aim at a bucket. */
static uint64_t hash_of(const char *etag)
{
    uint64_t hash = ol_fnv_cstr(etag);
    return hash ^ hash >> 32;
}

static shard *shard_of(ol_memo_table *table, uint64_t hash)
{
    return &table->shards[(hash >> 24) % table->shard_count];
}

/* ---- life ---- */

static int shard_init(shard *s, size_t rows)
{
    uint32_t buckets = 8;
    while (buckets < rows)
        buckets *= 2;
    pthread_mutex_init(&s->lock, NULL);
    s->slots_max = (uint32_t)rows;
    s->bytes_max = rows * OL_MEMO_ROW_BYTES_MEAN + OL_MEMO_ROW_BYTES_MAX;
    s->free_slot = NONE;
    s->bucket_mask = buckets - 1;
    s->buckets = ol_malloc(buckets * sizeof(*s->buckets));
    s->slots = ol_calloc(rows > 0 ? rows : 1, sizeof(*s->slots));
    if (!s->buckets || !s->slots)
        return OL_ENOMEM;
    memset(s->buckets, 0xff, buckets * sizeof(*s->buckets));
    return OL_OK;
}

static void shard_empty(shard *s)
{
    for (uint32_t i = 0; i < s->touched; i++)
        ol_free(s->slots[i].row);
    if (s->touched > 0)
        memset(s->slots, 0, s->touched * sizeof(*s->slots));
    if (s->buckets)
        memset(s->buckets, 0xff, (s->bucket_mask + 1u) * sizeof(*s->buckets));
    s->touched = s->count = s->hand = 0;
    s->free_slot = NONE;
    s->bytes = 0;
}

ol_memo_table *ol_memo_table_new(size_t rows_max)
{
    ol_memo_table *table = ol_calloc(1, sizeof(*table));
    if (!table)
        return NULL;
    size_t rows = rows_max < NONE ? rows_max : NONE - 1;
    table->shard_count = rows >= ROWS_FOR_SHARDS ? SHARDS : 1;
    int rc = OL_OK;
    for (uint32_t i = 0; i < table->shard_count; i++)
        if (shard_init(&table->shards[i], rows / table->shard_count) != OL_OK)
            rc = OL_ENOMEM;
    if (rc == OL_OK)
        return table;
    ol_memo_table_destroy(table);
    return NULL;
}

void ol_memo_table_destroy(ol_memo_table *table)
{
    if (!table)
        return;
    for (uint32_t i = 0; i < table->shard_count; i++) {
        shard *s = &table->shards[i];
        if (s->slots)
            shard_empty(s);
        ol_free(s->slots);
        ol_free(s->buckets);
        pthread_mutex_destroy(&s->lock);
    }
    ol_free(table);
}

uint64_t ol_memo_table_epoch(const ol_memo_table *table)
{
    return atomic_load(&table->epoch);
}

void ol_memo_table_begin_epoch(ol_memo_table *table)
{
    atomic_fetch_add(&table->epoch, 1);
}

/* Whoever puts in a row of an older epoch finds a shard before its emptying, or the new epoch. */
void ol_memo_table_clear(ol_memo_table *table)
{
    for (uint32_t i = 0; i < table->shard_count; i++) {
        pthread_mutex_lock(&table->shards[i].lock);
        shard_empty(&table->shards[i]);
        pthread_mutex_unlock(&table->shards[i].lock);
    }
}

size_t ol_memo_table_count(ol_memo_table *table)
{
    size_t count = 0;
    for (uint32_t i = 0; i < table->shard_count; i++) {
        pthread_mutex_lock(&table->shards[i].lock);
        count += table->shards[i].count;
        pthread_mutex_unlock(&table->shards[i].lock);
    }
    return count;
}

/* ---- one shard, locked ---- */

static ol_slice row_of(const slot *self)
{
    return ol_slice_of(self->row, self->len);
}

static slot *find_slot(shard *s, uint64_t hash, const char *etag)
{
    uint32_t at = s->buckets[hash & s->bucket_mask];
    while (at != NONE && strcmp(s->slots[at].etag, etag) != 0)
        at = s->slots[at].next;
    return at == NONE ? NULL : &s->slots[at];
}

static void remove_slot(shard *s, uint32_t at)
{
    slot *self = &s->slots[at];
    uint32_t *link = &s->buckets[hash_of(self->etag) & s->bucket_mask];
    while (*link != at)
        link = &s->slots[*link].next;
    *link = self->next;
    s->bytes -= self->len;
    s->count--;
    ol_free(self->row);
    *self = (slot){.next = s->free_slot};
    s->free_slot = at;
}

/* The hand goes on to a row that was not asked for since it last came by. */
static void evict_one(shard *s)
{
    for (;;) {
        uint32_t at = s->hand;
        s->hand = at + 1 < s->touched ? at + 1 : 0;
        slot *self = &s->slots[at];
        if (self->len == 0)
            continue;
        if (!self->asked) {
            remove_slot(s, at);
            return;
        }
        self->asked = false;
    }
}

/* False when out of memory: the slot is as it was. */
static bool set_row(shard *s, slot *self, ol_slice row)
{
    uint8_t *copy = ol_malloc(row.len);
    if (!copy)
        return false;
    memcpy(copy, row.data, row.len);
    ol_free(self->row);
    self->row = copy;
    s->bytes += row.len - self->len;
    self->len = (uint16_t)row.len;
    return true;
}

static slot *take_free_slot(shard *s)
{
    uint32_t at = s->free_slot;
    if (at == NONE)
        return &s->slots[s->touched++];
    s->free_slot = s->slots[at].next;
    return &s->slots[at];
}

static void insert(shard *s, uint64_t hash, const ol_memo_arrival *in)
{
    if (s->slots_max == 0)
        return;
    while (s->count > 0 && (s->count >= s->slots_max || s->bytes + in->row.len > s->bytes_max))
        evict_one(s);
    slot fresh = {.used = in->used};
    if (!set_row(s, &fresh, in->row))
        return;
    memcpy(fresh.etag, in->etag, strlen(in->etag) + 1);
    slot *self = take_free_slot(s);
    uint32_t *bucket = &s->buckets[hash & s->bucket_mask];
    fresh.next = *bucket;
    *self = fresh;
    *bucket = (uint32_t)(self - s->slots);
    s->count++;
}

/* Within the memory the row has: it is never smaller than this. */
static void make_unstable(shard *s, slot *self)
{
    ol_memo_row_unstable(self->row);
    s->bytes -= self->len - OL_MEMO_ROW_BYTES_MIN;
    self->len = OL_MEMO_ROW_BYTES_MIN;
}

static enum ol_memo_arrived merge_slot(shard *s, slot *self, const ol_memo_arrival *in)
{
    bool was_unstable = ol_memo_row_is_unstable(row_of(self));
    self->asked = true;
    if (self->used < in->used)
        self->used = in->used;
    switch (ol_memo_row_merge(row_of(self), in->row)) {
    case OL_MEMO_MERGED_MORE:
        (void)set_row(s, self, in->row); /* without memory, it goes on with less */
        return OL_MEMO_ARRIVED_NEW;
    case OL_MEMO_MERGED_OTHER: make_unstable(s, self); return OL_MEMO_ARRIVED_DIVERGED;
    default: return was_unstable ? OL_MEMO_ARRIVED_UNSTABLE : OL_MEMO_ARRIVED_KNOWN;
    }
}

/* ---- from outside ---- */

int ol_memo_table_find(ol_memo_table *table, ol_memo_lookup *lookup)
{
    uint64_t hash = hash_of(lookup->etag);
    shard *s = shard_of(table, hash);
    int rc = OL_SKIP;
    lookup->stale = false;
    pthread_mutex_lock(&s->lock);
    slot *self = find_slot(s, hash, lookup->etag);
    if (self) {
        self->asked = true;
        rc = ol_memo_row_decode(row_of(self), lookup->arena, &lookup->facts);
        lookup->stale =
            lookup->clock > self->used && lookup->clock - self->used > lookup->stale_after;
        if (lookup->stale)
            self->used = lookup->clock;
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

enum ol_memo_arrived ol_memo_table_merge(ol_memo_table *table, const ol_memo_arrival *in)
{
    uint64_t hash = hash_of(in->etag);
    shard *s = shard_of(table, hash);
    enum ol_memo_arrived arrived = OL_MEMO_ARRIVED_NEW;
    pthread_mutex_lock(&s->lock);
    slot *self = find_slot(s, hash, in->etag);
    if (atomic_load(&table->epoch) != in->epoch)
        arrived = OL_MEMO_ARRIVED_KNOWN;
    else if (self)
        arrived = merge_slot(s, self, in);
    else
        insert(s, hash, in);
    pthread_mutex_unlock(&s->lock);
    return arrived;
}
