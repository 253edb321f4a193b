/* SPDX-License-Identifier: MIT */
/* How an entry grows, becomes whole, or fails. */
#include <assert.h>

#include "base/alloc.h"
#include "view/cache_private.h"

/* ---- room ---- */

/* From what was set aside when the entry was made, else from the account. */
static bool charge(ol_view_entry *entry, uint64_t cost)
{
    if (entry->room >= cost) {
        entry->room -= cost;
        return true;
    }
    return ol_view_room_take(entry, cost);
}

static int outgrown(ol_view_entry *entry, ol_error *err)
{
    return ol_error_set(err, OL_EOUTGROWN, "view: no room for more than %llu bytes",
                        (unsigned long long)entry->length);
}

/* Charged; NULL when there is no room or no memory. */
static ol_view_chunk *new_chunk(ol_view_entry *entry, uint64_t start, size_t size)
{
    uint64_t cost = ol_view_chunk_cost(size);
    if (!charge(entry, cost))
        return NULL;
    ol_view_chunk *chunk = ol_view_chunk_new(entry->cache->pages, start, size);
    if (!chunk)
        ol_view_room_give(entry, cost);
    return chunk;
}

static void free_chunk(ol_view_entry *entry, ol_view_chunk *chunk)
{
    uint64_t cost = ol_view_chunk_cost(chunk->size);
    ol_view_chunk_free(entry->cache->pages, chunk);
    ol_view_room_give(entry, cost);
}

static void free_chunks(ol_view_entry *entry, ol_view_chunk *old)
{
    for (ol_view_chunk *next; old; old = next) {
        next = old->next;
        free_chunk(entry, old);
    }
}

/* No more memory for this one: on disk there may be. */
static int wait_for_disk(ol_view_entry *entry, ol_error *err)
{
    if (!entry->file && !ol_view_spill_begin(entry, entry->leader.loop))
        return outgrown(entry, err);
    return ol_view_spill_is_busy(entry) ? OL_WAIT : outgrown(entry, err);
}

static int add_chunk(ol_view_entry *entry, ol_view_chunk **out, ol_error *err)
{
    const ol_view_cache *cache = entry->cache;
    uint64_t held = entry->length - entry->body.disk_end;
    size_t size = ol_view_chunk_size(entry->length, entry->length_said);
    if (entry->length >= cache->entry_max)
        return outgrown(entry, err);
    if (size > cache->entry_max - entry->length)
        size = (size_t)(cache->entry_max - entry->length);
    if (held + size > cache->entry_held_max)
        return wait_for_disk(entry, err);
    ol_view_chunk *chunk = new_chunk(entry, entry->length, size);
    if (!chunk)
        return wait_for_disk(entry, err);
    pthread_mutex_lock(&entry->lock);
    int rc = ol_view_body_add(&entry->body, chunk);
    pthread_mutex_unlock(&entry->lock);
    if (rc == OL_OK) {
        *out = chunk;
        return OL_OK;
    }
    free_chunk(entry, chunk);
    return outgrown(entry, err);
}

int ol_view_entry_take_head(ol_view_entry *entry, const ol_head *head, ol_error *err)
{
    assert(!entry->head);
    if (head->content_length > 0 && (uint64_t)head->content_length > entry->cache->entry_max)
        return outgrown(entry, err);
    ol_view_kept_head *kept = ol_view_kept_head_new(head);
    if (!kept)
        return outgrown(entry, err);
    ol_view_room_force(entry, kept->bytes);
    if (entry->pending_head)
        ol_view_room_give(entry, entry->pending_head->bytes);
    ol_free(entry->pending_head);
    entry->pending_head = kept;
    if (head->content_length >= 0)
        entry->length_said = head->content_length;
    return OL_OK;
}

/* Only the filler changes the length and adds chunks: it may look without the lock. */
int ol_view_entry_space(ol_view_entry *entry, ol_span *space, ol_error *err)
{
    ol_view_chunk *chunk = ol_view_body_last(&entry->body);
    if (!chunk || chunk->start + chunk->size == entry->length) {
        int rc = add_chunk(entry, &chunk, err);
        if (rc != OL_OK)
            return rc;
    }
    size_t used = (size_t)(entry->length - chunk->start);
    *space = (ol_span){chunk->data + used, chunk->size - used};
    return OL_OK;
}

/* The head goes out with the first byte. The lock is held. */
static void publish_head(ol_view_entry *entry)
{
    if (!entry->pending_head)
        return;
    entry->head = entry->pending_head;
    entry->pending_head = NULL;
}

void ol_view_entry_publish(ol_view_entry *entry, size_t bytes)
{
    pthread_mutex_lock(&entry->lock);
    publish_head(entry);
    entry->length += bytes;
    ol_view_waiter *woken = ol_view_waiters_take(&entry->waiters, entry->length);
    pthread_mutex_unlock(&entry->lock);
    ol_view_waiters_wake(woken);
    ol_view_spill_pump(entry);
}

/* ---- the end ---- */

void ol_view_entry_is_on_disk_to(ol_view_entry *entry, uint64_t end)
{
    ol_view_chunk *old = NULL;
    pthread_mutex_lock(&entry->lock);
    entry->body.disk_end = end;
    for (ol_view_chunk *chunk; (chunk = ol_view_body_pop(&entry->body, end)) != NULL;) {
        if (chunk->pins > 0)
            continue;
        chunk->next = old;
        old = chunk;
    }
    pthread_mutex_unlock(&entry->lock);
    free_chunks(entry, old);
}

/* A short body, whose length nobody knew, moves into one chunk of its size. Who has bytes of the
 * old ones keeps them by its pin. */
static void tighten(ol_view_entry *entry)
{
    ol_view_body *body = &entry->body;
    if (entry->file || !ol_view_body_is_loose(body, entry->length))
        return;
    ol_view_chunk *tight = new_chunk(entry, 0, (size_t)entry->length), *old = NULL;
    if (!tight)
        return;
    for (size_t i = 0; i < body->count; i++) {
        const ol_view_chunk *chunk = body->chunks[i];
        uint64_t left = entry->length - chunk->start;
        memcpy(tight->data + chunk->start, chunk->data,
               left < chunk->size ? (size_t)left : chunk->size);
    }
    pthread_mutex_lock(&entry->lock);
    for (ol_view_chunk *chunk; (chunk = ol_view_body_pop(body, UINT64_MAX)) != NULL;) {
        if (chunk->pins > 0)
            continue;
        chunk->next = old;
        old = chunk;
    }
    (void)ol_view_body_add(body, tight); /* there is room where another stood */
    pthread_mutex_unlock(&entry->lock);
    free_chunks(entry, old);
}

void ol_view_entry_complete(ol_view_entry *entry)
{
    ol_view_cache *cache = entry->cache;
    tighten(entry);
    pthread_mutex_lock(&entry->lock);
    publish_head(entry);
    ol_span unused = ol_view_body_trim(&entry->body, entry->length);
    entry->state = OL_VIEW_STATE_WHOLE;
    ol_view_waiter *woken = ol_view_waiters_take_all(&entry->waiters);
    pthread_mutex_unlock(&entry->lock);
    ol_view_waiters_wake(woken);
    atomic_fetch_sub(&cache->counters.running, 1);
    if (unused.data)
        ol_pages_give(cache->pages, unused.data, unused.len);
    ol_view_room_give(entry, entry->room + ol_pages_cost(unused.len));
    entry->room = 0;
    ol_view_spill_pump(entry);
}

void ol_view_entry_drop(ol_view_entry *entry)
{
    ol_view_table_remove(entry);
    ol_view_shelf_remove(entry);
}

void ol_view_entry_fail(ol_view_entry *entry, const ol_error *err)
{
    /* First out of the table: who finds it failed has come too early and asks again. */
    ol_view_entry_drop(entry);
    ol_error *copy = ol_malloc(sizeof *copy);
    if (copy)
        *copy = *err;
    pthread_mutex_lock(&entry->lock);
    bool failed = entry->state == OL_VIEW_STATE_FAILED;
    bool running = entry->state == OL_VIEW_STATE_RUNNING;
    ol_view_waiter *woken = NULL;
    if (!failed) {
        entry->state = OL_VIEW_STATE_FAILED;
        entry->failure = err->code;
        entry->error = copy;
        woken = ol_view_waiters_take_all(&entry->waiters);
    }
    pthread_mutex_unlock(&entry->lock);
    ol_view_waiters_wake(woken);
    if (running)
        atomic_fetch_sub(&entry->cache->counters.running, 1);
    if (!failed && err->code == OL_EOUTGROWN)
        atomic_fetch_add(&entry->cache->counters.outgrown, 1);
    if (failed)
        ol_free(copy);
}
