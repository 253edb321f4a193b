/* SPDX-License-Identifier: MIT */
/*
 * The sink that fills an entry. It offers the entry's own memory to the stage above (reserve), so
 * that most bytes are written once, where every reader finds them. When memory is full and the
 * entry goes to disk, a write waits until there is room again.
 */
#include <inttypes.h>

#include "view/entry.h"

#define OFFERED_BYTES_MIN 1024u /* less is not worth a read of its own */

typedef struct fill {
    ol_view_entry *entry;
    ol_slice kept; /* of a write that waits */
    bool waits;    /* for its entry's spill, which is on this loop */
} fill;

static int open_stage(ol_stage *st, ol_error *err)
{
    (void)err;
    /* Configs are const because stages may share them; an entry has one filler at a time. */
    ((fill *)st->state)->entry = ol_view_entry_acquire((ol_view_entry *)st->config);
    return OL_OK;
}

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    return ol_view_entry_take_head(((fill *)st->state)->entry, head, err);
}

static void on_room(void *arg);

/* All that is kept, or as much as there is room for. */
static int take_kept(ol_stage *st, ol_error *err)
{
    fill *self = st->state;
    while (self->kept.len > 0) {
        ol_span space;
        int rc = ol_view_entry_space(self->entry, &space, err);
        self->waits = rc == OL_WAIT;
        if (self->waits)
            ol_view_spill_on_room(self->entry, on_room, st);
        if (rc != OL_OK)
            return rc;
        size_t part = self->kept.len < space.len ? self->kept.len : space.len;
        if (self->kept.data != space.data)
            memcpy(space.data, self->kept.data, part);
        self->kept = ol_slice_from(self->kept, part);
        ol_view_entry_publish(self->entry, part);
    }
    return OL_OK;
}

static void on_room(void *arg)
{
    ol_stage *st = arg;
    ol_error err = {0};
    ((fill *)st->state)->waits = false;
    if (ol_stage_is_over(st))
        return;
    int rc = take_kept(st, &err);
    if (rc < 0)
        ol_stage_fail(st, &err);
    else if (rc == OL_OK)
        ol_stage_ready(st);
}

static int write_in(ol_stage *st, ol_slice in, ol_error *err)
{
    ((fill *)st->state)->kept = in;
    return take_kept(st, err);
}

static int reserve(ol_stage *st, ol_span *span)
{
    int rc = ol_view_entry_space(((fill *)st->state)->entry, span, NULL);
    return rc == OL_OK && span->len >= OFFERED_BYTES_MIN ? OL_OK : OL_SKIP;
}

static int finish(ol_stage *st, ol_error *err)
{
    ol_view_entry *entry = ((fill *)st->state)->entry;
    int64_t declared = ol_view_entry_declared(entry);
    if (declared >= 0 && (uint64_t)declared != entry->length)
        return ol_error_set(err, OL_ETRANSFORMRESPONSE,
                            "view: %" PRIu64 " bytes came where %" PRId64 " were announced",
                            entry->length, declared);
    ol_view_entry_complete(entry);
    return ol_stage_finish(st, err);
}

static void close_stage(ol_stage *st)
{
    fill *self = st->state;
    /* Once it is whole its spill may be on another loop. */
    if (self->waits)
        ol_view_spill_on_room(self->entry, NULL, NULL);
    ol_view_entry_unref(self->entry);
}

const ol_stage_ops ol_view_fill_stage_ops = {
    .name = "fill",
    .phase = OL_PHASE_SINK,
    .state_size = sizeof(fill),
    .open = open_stage,
    .head = take_head,
    .write = write_in,
    .finish = finish,
    .reserve = reserve,
    .close = close_stage,
};
