/* SPDX-License-Identifier: MIT */
#include "view/entry.h"

#include "base/alloc.h"
#include "view/cache_private.h"

/* ---- counting ---- */

ol_view_entry *ol_view_entry_new(ol_view_cache *cache, const char *etag, uint64_t hash)
{
    size_t bytes = sizeof(ol_view_entry) + strlen(etag) + 1;
    ol_view_entry *entry = ol_calloc(1, bytes);
    if (!entry)
        return NULL;
    entry->cache = cache;
    entry->hash = hash;
    entry->length_said = -1;
    entry->born = atomic_load(&cache->purges);
    atomic_init(&entry->refs, 2);
    atomic_init(&entry->readers, 1);
    pthread_mutex_init(&entry->lock, NULL);
    entry->waiters.lock = &entry->lock;
    strcpy(entry->etag, etag);
    ol_view_room_force(entry, bytes);
    atomic_fetch_add(&cache->counters.running, 1);
    return entry;
}

ol_view_entry *ol_view_entry_acquire(ol_view_entry *entry)
{
    atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
    return entry;
}

void ol_view_entry_unref(ol_view_entry *entry)
{
    if (atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (entry->state == OL_VIEW_STATE_RUNNING)
        atomic_fetch_sub(&entry->cache->counters.running, 1);
    ol_view_blocks_forget(entry);
    ol_view_body_fini(&entry->body, entry->cache->pages);
    if (entry->file)
        ol_view_file_release(entry->file);
    ol_view_disk_room_give(entry);
    ol_view_room_give(entry, atomic_load(&entry->charged));
    pthread_mutex_destroy(&entry->lock);
    ol_free(entry->pending_head);
    ol_free(entry->head);
    ol_free(entry->error);
    ol_free(entry);
}

/* ---- looking ---- */

enum ol_view_state ol_view_entry_state(ol_view_entry *entry)
{
    pthread_mutex_lock(&entry->lock);
    enum ol_view_state state = entry->state;
    pthread_mutex_unlock(&entry->lock);
    return state;
}

int ol_view_entry_report(ol_view_entry *entry, ol_error *err)
{
    pthread_mutex_lock(&entry->lock);
    int code = entry->failure;
    const ol_error *error = entry->error; /* does not change any more */
    pthread_mutex_unlock(&entry->lock);
    if (error && err && err->code == 0)
        *err = *error;
    return error ? error->code : ol_error_set(err, code, "view: the run failed");
}

int64_t ol_view_entry_declared(ol_view_entry *entry)
{
    pthread_mutex_lock(&entry->lock);
    const ol_view_kept_head *head = entry->head ? entry->head : entry->pending_head;
    int64_t declared = head ? head->content_length : -1;
    pthread_mutex_unlock(&entry->lock);
    return declared;
}

int ol_view_entry_head(ol_view_entry *entry, ol_arena *arena, ol_head *head, ol_error *err)
{
    pthread_mutex_lock(&entry->lock);
    const ol_view_kept_head *kept = entry->head; /* does not change once it is there */
    int64_t length = entry->state == OL_VIEW_STATE_WHOLE ? (int64_t)entry->length : -1;
    pthread_mutex_unlock(&entry->lock);
    int rc = ol_view_kept_head_copy(kept, arena, head);
    head->content_length = length;
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "view: no memory for the head");
}

static int check_locked(ol_view_entry *entry, bool whole, ol_view_waiter *waiter)
{
    if (entry->failure != 0)
        return entry->failure;
    if (whole ? entry->state == OL_VIEW_STATE_WHOLE : entry->head != NULL)
        return OL_OK;
    if (waiter)
        ol_view_waiters_add(&entry->waiters, waiter, whole ? OL_VIEW_WANTS_END : 0);
    return OL_WAIT;
}

int ol_view_entry_check(ol_view_entry *entry, bool whole, ol_view_waiter *waiter)
{
    pthread_mutex_lock(&entry->lock);
    int rc = check_locked(entry, whole, waiter);
    pthread_mutex_unlock(&entry->lock);
    return rc;
}

bool ol_view_entry_is_on_disk(ol_view_entry *entry)
{
    pthread_mutex_lock(&entry->lock);
    bool on_disk = entry->file != NULL; /* or on its way there */
    pthread_mutex_unlock(&entry->lock);
    return on_disk;
}

/* The lock is held; there are bytes at look->at. */
static void lend(ol_view_entry *entry, ol_view_look *look)
{
    ol_view_chunk *chunk = ol_view_body_find(&entry->body, look->at);
    uint64_t end = look->end < entry->length ? look->end : entry->length;
    size_t from = (size_t)(look->at - chunk->start);
    size_t left = chunk->size - from;
    look->bytes = ol_slice_of(chunk->data + from,
                              end - look->at < left ? (size_t)(end - look->at) : left);
    look->chunk = chunk;
    chunk->pins++;
}

/* The lock is held; the byte at look->at is on disk. */
static void point_at_block(const ol_view_entry *entry, ol_view_look *look)
{
    look->block = look->at / OL_VIEW_BLOCK_BYTES;
    uint64_t left = entry->body.disk_end - look->block * OL_VIEW_BLOCK_BYTES;
    look->block_bytes = left < OL_VIEW_BLOCK_BYTES ? (size_t)left : OL_VIEW_BLOCK_BYTES;
}

static enum ol_view_sight look_locked(ol_view_entry *entry, ol_view_look *look)
{
    bool outgrown = entry->failure == OL_EOUTGROWN && look->end > entry->length;
    /* Who has to run it again anyway may as well begin now. */
    if (outgrown || (entry->failure != 0 && look->at >= entry->length))
        return OL_VIEW_SIGHT_FAILED;
    if (look->at < entry->body.disk_end) {
        point_at_block(entry, look);
        return OL_VIEW_SIGHT_DISK;
    }
    if (look->at < entry->length) {
        lend(entry, look);
        return OL_VIEW_SIGHT_BYTES;
    }
    if (entry->state == OL_VIEW_STATE_WHOLE)
        return OL_VIEW_SIGHT_END;
    if (!ol_view_waiter_is_out(look->waiter))
        ol_view_waiters_add(&entry->waiters, look->waiter, look->at);
    return OL_VIEW_SIGHT_WAITING;
}

bool ol_view_entry_look_on_disk(ol_view_entry *entry, ol_view_look *look)
{
    pthread_mutex_lock(&entry->lock);
    bool on_disk = look->at < entry->body.disk_end;
    if (on_disk)
        point_at_block(entry, look);
    pthread_mutex_unlock(&entry->lock);
    return on_disk;
}

enum ol_view_sight ol_view_entry_look(ol_view_entry *entry, ol_view_look *look)
{
    pthread_mutex_lock(&entry->lock);
    enum ol_view_sight sight = look_locked(entry, look);
    pthread_mutex_unlock(&entry->lock);
    return sight;
}

void ol_view_entry_unpin(ol_view_entry *entry, ol_view_chunk *chunk)
{
    if (!chunk)
        return;
    pthread_mutex_lock(&entry->lock);
    bool last = --chunk->pins == 0 && chunk->gone;
    pthread_mutex_unlock(&entry->lock);
    if (!last)
        return;
    uint64_t cost = ol_view_chunk_cost(chunk->size);
    ol_view_chunk_free(entry->cache->pages, chunk);
    ol_view_room_give(entry, cost);
}
