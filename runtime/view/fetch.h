/* SPDX-License-Identifier: MIT */
/*
 * One reader's blocks from disk, by way of the blocks that are back in memory already: the one it
 * needs now, and the next one, read ahead of it when there is room. Where there is no room for the
 * one it needs, it waits, in a bounded queue and not for ever.
 */
#ifndef OL_VIEW_FETCH_H
#define OL_VIEW_FETCH_H

#include "view/block_cache.h"

typedef struct ol_view_deadline ol_view_deadline;

typedef struct ol_view_fetch {
    ol_view_entry *entry;
    ol_loop *loop;
    ol_loop_fn fn; /* a block that was waited for is there, or failed */
    void *arg;
    bool waits, late;
    ol_view_waiter *waiter; /* in the queue for room, or for the block `now` */
    ol_view_hot_ask ask;
    ol_view_deadline *deadline; /* of the wait for room */
    ol_view_hot *now, *next;
} ol_view_fetch;

/* OL_OK: `bytes` are block `block` of `len` bytes, until another one is asked for. OL_WAIT: fn is
 * called once. OL_ECORRUPT: nobody finds the entry any more. OL_EOUTGROWN: the disk has no time for
 * this reader, or there is no memory. */
int ol_view_fetch_block(ol_view_fetch *fetch, uint64_t block, size_t len, ol_slice *bytes,
                        ol_error *err);
/* Begin with a block that will be asked for next, if that costs nobody anything. After a block that
 * is there. */
void ol_view_fetch_ahead(ol_view_fetch *fetch, uint64_t block, size_t len);
/* fn is not called any more. */
void ol_view_fetch_fini(ol_view_fetch *fetch);

#endif
