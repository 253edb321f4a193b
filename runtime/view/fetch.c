/* SPDX-License-Identifier: MIT */
/* The timer of a deadline lives on the heap: closing one takes a turn of its loop. */
#include "view/fetch.h"

#include "base/alloc.h"
#include "view/cache_private.h"

struct ol_view_deadline {
    uv_timer_t timer;
    ol_view_fetch *owner;
};

/* ---- waiting ---- */

static void free_deadline(uv_handle_t *timer)
{
    ol_free(timer->data);
}

static void end_deadline(ol_view_fetch *fetch)
{
    if (fetch->deadline)
        uv_close((uv_handle_t *)&fetch->deadline->timer, free_deadline);
    fetch->deadline = NULL;
}

/* Out of the queue, if it is in there. */
static void leave_queue(ol_view_fetch *fetch)
{
    end_deadline(fetch);
    if (!fetch->ask.queued)
        return;
    fetch->ask.waiter = fetch->waiter;
    fetch->waiter = NULL;
    ol_view_blocks_leave_queue(&fetch->ask);
}

static void on_late(uv_timer_t *timer)
{
    ol_view_fetch *fetch = ((ol_view_deadline *)timer->data)->owner;
    leave_queue(fetch);
    fetch->waits = false;
    fetch->late = true;
    fetch->fn(fetch->arg);
}

static int begin_deadline(ol_view_fetch *fetch)
{
    if (fetch->deadline)
        return OL_OK;
    ol_view_deadline *deadline = ol_calloc(1, sizeof *deadline);
    if (!deadline)
        return OL_ENOMEM;
    deadline->owner = fetch;
    uv_timer_init(ol_loop_uv(fetch->loop), &deadline->timer);
    deadline->timer.data = deadline;
    uv_timer_start(&deadline->timer, on_late, fetch->entry->cache->room_wait_ms, 0);
    fetch->deadline = deadline;
    return OL_OK;
}

static void on_woken(void *arg)
{
    ol_view_fetch *fetch = arg;
    fetch->waits = false;
    fetch->fn(fetch->arg);
}

/* ---- blocks ---- */

static int refuse(const ol_view_fetch *fetch, uint64_t block, ol_error *err)
{
    return ol_error_set(err, OL_EOUTGROWN,
                        fetch->late ? "view: no room for block %llu in time"
                                    : "view: block %llu cannot be read now",
                        (unsigned long long)block);
}

/* Pins it as `now`. */
static int take(ol_view_fetch *fetch, uint64_t block, size_t len, ol_error *err)
{
    fetch->ask.entry = fetch->entry;
    fetch->ask.loop = fetch->loop;
    fetch->ask.index = block;
    fetch->ask.len = len;
    fetch->ask.waiter = fetch->waiter;
    int rc = fetch->late ? OL_EOUTGROWN : ol_view_blocks_take(&fetch->ask, &fetch->now);
    if (rc == OL_WAIT && begin_deadline(fetch) == OL_OK) {
        fetch->waits = true;
        return OL_WAIT;
    }
    if (rc == OL_OK) {
        end_deadline(fetch);
        return OL_OK;
    }
    leave_queue(fetch);
    return refuse(fetch, block, err);
}

/* `now` is what was read ahead, if that is the block. */
static void move_on(ol_view_fetch *fetch, uint64_t block)
{
    for (unsigned i = 0; i < 2; i++) {
        if (fetch->now && ol_view_hot_index(fetch->now) == block)
            return;
        ol_view_hot_unpin(fetch->now);
        fetch->now = fetch->next;
        fetch->next = NULL;
    }
}

int ol_view_fetch_block(ol_view_fetch *fetch, uint64_t block, size_t len, ol_slice *bytes,
                        ol_error *err)
{
    if (fetch->waits)
        return OL_WAIT;
    if (!fetch->waiter)
        fetch->waiter = ol_view_waiter_new(fetch->loop, on_woken, fetch);
    if (!fetch->waiter)
        return refuse(fetch, block, err);
    move_on(fetch, block);
    int rc = fetch->now ? OL_OK : take(fetch, block, len, err);
    if (rc == OL_OK)
        rc = ol_view_hot_check(fetch->now, fetch->waiter, err);
    fetch->waits = rc == OL_WAIT;
    if (rc == OL_ECORRUPT)
        ol_view_entry_drop(fetch->entry); /* what is damaged is of no use to others either */
    if (rc == OL_OK)
        *bytes = ol_view_hot_bytes(fetch->now);
    return rc;
}

void ol_view_fetch_ahead(ol_view_fetch *fetch, uint64_t block, size_t len)
{
    if (fetch->next)
        return;
    ol_view_hot_ask ask = {.entry = fetch->entry, .loop = fetch->loop, .index = block, .len = len};
    (void)ol_view_blocks_take(&ask, &fetch->next);
}

void ol_view_fetch_fini(ol_view_fetch *fetch)
{
    leave_queue(fetch);
    if (fetch->waiter && fetch->now)
        ol_view_hot_drop_waiter(fetch->now, fetch->waiter);
    else if (fetch->waiter)
        ol_view_waiter_drop(fetch->waiter, &fetch->entry->cache->blocks.room);
    fetch->waiter = NULL;
    ol_view_hot_unpin(fetch->now);
    ol_view_hot_unpin(fetch->next);
    fetch->now = fetch->next = NULL;
}
