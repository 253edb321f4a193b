/* SPDX-License-Identifier: MIT */
/*
 * The source that reads an entry, at its reader's pace. What is there is lent as it stands; what is
 * not there yet is waited for; an entry that failed ends the read with the run's own error.
 *
 * The stage keeps the chunk that it lends pinned until the stage below has taken the bytes. A
 * reader that is never slowed down lets its loop turn now and then.
 */
#include <inttypes.h>

#include "base/limits.h"
#include "view/fetch.h"

#define TURN_BYTES (4u * OL_MIB)

typedef struct reader {
    const ol_view_read *read;
    ol_view_entry *entry;
    ol_view_waiter *waiter;
    ol_view_fetch fetch; /* blocks from disk */
    ol_view_chunk *lent; /* what the stage below may still have */
    uint64_t at, end;    /* of the body; end is UINT64_MAX when it is read to its own end */
    uint64_t turn_bytes; /* since the loop last turned */
    bool headed;
} reader;

static void go_on(ol_stage *st);

static void on_woken(void *arg)
{
    go_on(arg);
}

static int open_stage(ol_stage *st, ol_error *err)
{
    reader *self = st->state;
    self->read = st->config;
    self->entry = self->read->entry;
    self->at = self->read->start;
    if (__builtin_add_overflow(self->at, self->read->length, &self->end))
        self->end = UINT64_MAX;
    self->fetch = (ol_view_fetch){
        .entry = self->entry, .loop = ol_stage_loop(st), .fn = on_woken, .arg = st};
    self->waiter = ol_view_waiter_new(ol_stage_loop(st), on_woken, st);
    return self->waiter ? OL_OK : ol_error_set(err, OL_ENOMEM, "view: no memory to read");
}

/* ---- the head ---- */

/* How long the read will be, as far as is known: the whole body has `length` bytes, or -1. */
static int settle_length(const reader *self, int64_t *length, ol_error *err)
{
    if (*length >= 0) {
        uint64_t whole = (uint64_t)*length;
        bool beyond = self->end != UINT64_MAX ? self->end > whole : self->at > whole;
        if (beyond)
            return ol_error_set(err, OL_ERANGE, "the view has %" PRId64 " bytes", *length);
        *length = (int64_t)((self->end < whole ? self->end : whole) - self->at);
    } else if (self->end != UINT64_MAX) {
        *length = (int64_t)(self->end - self->at);
    }
    return OL_OK;
}

static int send_head(ol_stage *st, ol_error *err)
{
    reader *self = st->state;
    ol_head head;
    int rc = ol_view_entry_head(self->entry, ol_stage_arena(st), &head, err);
    if (rc == OL_OK && head.content_length < 0)
        head.content_length = ol_view_entry_declared(self->entry);
    if (rc == OL_OK)
        rc = settle_length(self, &head.content_length, err);
    if (rc != OL_OK)
        return rc;
    self->headed = true;
    return ol_stage_head(st, &head, err);
}

/* ---- the body ---- */

/* All has been taken: others may have the memory, however long the response still takes. */
static int finish(ol_stage *st, ol_error *err)
{
    ol_view_fetch_fini(&((reader *)st->state)->fetch);
    return ol_stage_finish(st, err);
}

static int end_of_body(ol_stage *st, ol_error *err)
{
    const reader *self = st->state;
    if (self->end == UINT64_MAX || self->at == self->end)
        return finish(st, err);
    if (self->at == self->read->start)
        return ol_error_set(err, OL_ERANGE, "the view ended before the range");
    return ol_error_set(err, OL_EDIVERGED, "the view ended at %" PRIu64 ", inside the range",
                        self->at);
}

static void take_back(reader *self)
{
    ol_view_chunk *lent = self->lent;
    self->lent = NULL;
    ol_view_entry_unpin(self->entry, lent);
}

static int lend(ol_stage *st, const ol_view_look *look, ol_error *err)
{
    reader *self = st->state;
    self->lent = look->chunk;
    self->at += look->bytes.len;
    self->turn_bytes += look->bytes.len;
    int rc = ol_stage_write(st, look->bytes, err);
    if (rc == OL_OK)
        take_back(self);
    return rc;
}

/* From disk: the part of a block that is wanted, and the block behind it meanwhile. */
static int lend_block(ol_stage *st, ol_view_look *look, ol_error *err)
{
    reader *self = st->state;
    ol_slice block;
    int rc = ol_view_fetch_block(&self->fetch, look->block, look->block_bytes, &block, err);
    if (rc != OL_OK)
        return rc;
    ol_view_look ahead = {.at = (look->block + 1) * OL_VIEW_BLOCK_BYTES, .end = look->end};
    if (ahead.at < self->end && ol_view_entry_look_on_disk(self->entry, &ahead))
        ol_view_fetch_ahead(&self->fetch, ahead.block, ahead.block_bytes);
    look->bytes = ol_slice_from(block, (size_t)(self->at % OL_VIEW_BLOCK_BYTES));
    if (look->bytes.len > self->end - self->at)
        look->bytes = ol_slice_first(look->bytes, (size_t)(self->end - self->at));
    return lend(st, look, err);
}

/* A step towards the end: OL_OK when another may follow, OL_WAIT, OL_DONE, or an error. */
static int step(ol_stage *st, ol_error *err)
{
    reader *self = st->state;
    ol_view_look look = {.at = self->at, .end = self->end, .waiter = self->waiter};
    if (!self->headed) {
        int rc = ol_view_entry_check(self->entry, false, self->waiter);
        if (rc == OL_WAIT)
            return OL_WAIT;
        return rc < 0 ? ol_view_entry_report(self->entry, err) : send_head(st, err);
    }
    if (self->at == self->end) {
        int rc = finish(st, err);
        return rc == OL_OK ? OL_DONE : rc;
    }
    if (self->turn_bytes >= TURN_BYTES) {
        self->turn_bytes = 0;
        ol_view_waiter_defer(self->waiter);
        return OL_WAIT;
    }
    switch (ol_view_entry_look(self->entry, &look)) {
    case OL_VIEW_SIGHT_BYTES:
        return lend(st, &look, err);
    case OL_VIEW_SIGHT_DISK:
        return lend_block(st, &look, err);
    case OL_VIEW_SIGHT_WAITING:
        return OL_WAIT;
    case OL_VIEW_SIGHT_FAILED:
        return ol_view_entry_report(self->entry, err);
    case OL_VIEW_SIGHT_END:
        break;
    }
    int rc = end_of_body(st, err);
    return rc == OL_OK ? OL_DONE : rc;
}

static void go_on(ol_stage *st)
{
    ol_error err = ol_error_none();
    int rc = OL_OK;
    while (rc == OL_OK && !ol_stage_is_over(st))
        rc = step(st, &err);
    if (rc < 0)
        ol_stage_fail(st, &err);
}

static void resume(ol_stage *st)
{
    reader *self = st->state;
    take_back(self);
    self->turn_bytes = 0;
    go_on(st);
}

static void close_stage(ol_stage *st)
{
    reader *self = st->state;
    take_back(self);
    ol_view_fetch_fini(&self->fetch);
    ol_view_waiter_drop(self->waiter, &self->entry->waiters);
    self->waiter = NULL;
}

const ol_stage_ops ol_view_read_stage_ops = {
    .name = "view",
    .phase = OL_PHASE_SOURCE,
    .state_size = sizeof(reader),
    .open = open_stage,
    .resume = resume,
    .close = close_stage,
};
