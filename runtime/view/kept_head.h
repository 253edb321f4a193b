/* SPDX-License-Identifier: MIT */
/* A response head on the heap, in one block: an entry's, for every reader to copy. */
#ifndef OL_VIEW_KEPT_HEAD_H
#define OL_VIEW_KEPT_HEAD_H

#include "pipeline/stage.h"

typedef struct ol_view_kept_head {
    size_t bytes; /* of this block */
    int status;
    int64_t content_length; /* as the run said it */
    size_t header_count;
    ol_header headers[];
} ol_view_kept_head;

/* NULL: out of memory. Freed with ol_free. */
ol_view_kept_head *ol_view_kept_head_new(const ol_head *head);
/* A copy in the arena. OL_OK or OL_ENOMEM. */
int ol_view_kept_head_copy(const ol_view_kept_head *kept, ol_arena *arena, ol_head *head);

#endif
