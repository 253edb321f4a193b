/* SPDX-License-Identifier: MIT */
/*
 * Remembers what a finished run said about a view (its length and its response head) by the
 * view's ETag, so that HEAD and Range need not run a transform twice. Bounded, shared by all
 * workers; forgetting is always allowed.
 */
#ifndef OL_FRONT_VIEW_MEMO_H
#define OL_FRONT_VIEW_MEMO_H

#include "http/headers.h"
#include "pipeline/stage.h"

typedef struct ol_view_memo ol_view_memo;

int ol_view_memo_new(ol_view_memo **memo);
void ol_view_memo_destroy(ol_view_memo *memo);
/* False when not known. `head` gets status, length and headers, in `arena`. Any thread. */
bool ol_view_memo_get(ol_view_memo *memo, const char *etag, ol_arena *arena, ol_head *head);
/* `head->content_length` must be known. A head that is too large is not remembered. */
void ol_view_memo_put(ol_view_memo *memo, const char *etag, const ol_head *head);

#endif
