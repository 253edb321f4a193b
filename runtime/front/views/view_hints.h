/* SPDX-License-Identifier: MIT */
/*
 * Which views were found in the cache lately, by what was asked for. An original at a remote origin
 * is opened for its body or for its metadata alone; when the view is in the cache its body would be
 * asked for in vain, and only the answer to the opening tells the view's ETag. So one guesses, from
 * what happened last time. A wrong guess costs a round trip, never more.
 *
 * One a process; any thread.
 */
#ifndef OL_FRONT_VIEW_HINTS_H
#define OL_FRONT_VIEW_HINTS_H

#include "base/slice.h"

typedef struct ol_view_hints ol_view_hints;

ol_view_hints *ol_view_hints_new(void);
void ol_view_hints_destroy(ol_view_hints *hints);

/* `name` stands for all that was asked for: who, through which door, which key and version. */
/* True: it was there. Else it is from now on: whoever asks meanwhile will find a run under way. */
bool ol_view_hints_claim(ol_view_hints *hints, uint64_t name);
void ol_view_hints_set(ol_view_hints *hints, uint64_t name, bool cached);

#endif
