/* SPDX-License-Identifier: MIT */
/*
 * An entry's way to disk: its blocks are written in the body's order, a few at a time, by way of
 * one loop; what is on disk leaves memory. It begins when a running entry outgrows memory, or when
 * a whole one is pushed out of memory but worth keeping. When all is written the entry stands on
 * the shelf of the disk. A block that cannot be written ends it: what is not on disk yet is still
 * in memory, so readers notice nothing, but nobody finds the entry any more.
 */
#ifndef OL_VIEW_SPILL_H
#define OL_VIEW_SPILL_H

#include "net/loop.h"
#include "view/cache.h"

typedef struct ol_view_spill ol_view_spill;

/* All on `loop`, from now to the end. False: it cannot begin. A whole entry goes at once. */
bool ol_view_spill_begin(ol_view_entry *entry, ol_loop *loop);
/* There is more of the body, or its end. Does nothing for an entry that does not spill. */
void ol_view_spill_pump(ol_view_entry *entry);
/* Whether blocks are being written, so that there will be room. */
bool ol_view_spill_is_busy(const ol_view_entry *entry);
/* `fn` runs once when there may be room, or none to be expected any more; NULL takes it back. */
void ol_view_spill_on_room(ol_view_entry *entry, ol_loop_fn fn, void *arg);

#endif
