/* SPDX-License-Identifier: MIT */
/*
 * Counts a view and computes its checksums on the way, so that the memo learns from every whole
 * run. Passes head and bytes through unchanged; `digest` is complete when the stage has finished.
 */
#ifndef OL_VIEW_DIGEST_STAGE_H
#define OL_VIEW_DIGEST_STAGE_H

#include "view/memo.h"

typedef struct ol_view_digest {
    ol_arena *arena; /* in: for a copy of the head */
    /* in: what is known of the view already, with checksums; NULL = nothing. Then one checksum is
     * computed and compared: `facts` become what is known, or unstable. */
    const ol_view_facts *known;
    ol_view_facts facts; /* out; head.headers are a copy of what the transform said */
    bool complete;       /* the body came to its end */
    /* in: told when `facts` are complete, before the stage below hears of the end: who reads what it
     * keeps may already ask the memo. NULL = nobody. */
    void (*on_complete)(void *arg);
    void *arg;
} ol_view_digest;

/* config = ol_view_digest *, zeroed but for what is `in`. */
extern const ol_stage_ops ol_view_digest_stage_ops;

#endif
