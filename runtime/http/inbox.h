/* SPDX-License-Identifier: MIT */
/*
 * Bytes from a peer that were read but not used yet. They are used where the stream put them;
 * only what must wait is moved: a little is copied, much keeps the stream's buffer, and what a
 * consumer borrows stays where it is. What is dropped unused, and what a copy was made of, is wiped: it
 * may be of a head, which may hold keys. Whoever uses a head wipes it.
 */
#ifndef OL_HTTP_INBOX_H
#define OL_HTTP_INBOX_H

#include "net/stream.h"

typedef struct ol_inbox {
    ol_slice window; /* the unused bytes; the user takes from its front */
    ol_buf copy_;
    ol_read_buf *kept_;
    bool fresh_; /* the window lies in the stream's buffer: valid during on_read only */
} ol_inbox;

enum ol_inbox_rest {
    OL_INBOX_DROP,     /* nothing of it is wanted any more */
    OL_INBOX_LENT,     /* a consumer borrows from it */
    OL_INBOX_CONTINUE, /* an unfinished head: the next push appends to it */
    OL_INBOX_LATER     /* complete, but nobody may have it yet */
};

void ol_inbox_init(ol_inbox *inbox, size_t bytes_max);
void ol_inbox_fini(ol_inbox *inbox);
/* In on_read: show what came, behind what is to be continued. OL_OK, OL_ENOMEM or OL_ELIMIT. */
int ol_inbox_push(ol_inbox *inbox, ol_slice data);
/* Show an unfinished head again. */
void ol_inbox_reload(ol_inbox *inbox);
/* After use, before on_read returns: put away what is left. OL_OK, or as push. */
int ol_inbox_settle(ol_inbox *inbox, ol_stream *stream, enum ol_inbox_rest rest);
void ol_inbox_drop(ol_inbox *inbox);
/* The next push will be the window, where it lies. */
static inline bool ol_inbox_is_empty(const ol_inbox *inbox)
{
    return inbox->window.len == 0 && inbox->copy_.len == 0;
}

#endif
