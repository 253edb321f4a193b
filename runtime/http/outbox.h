/* SPDX-License-Identifier: MIT */
/*
 * Bytes for a peer. A head and small writes are gathered; a large write leaves at once and by
 * reference, together with what has been gathered, in one system call.
 */
#ifndef OL_HTTP_OUTBOX_H
#define OL_HTTP_OUTBOX_H

#include "net/stream.h"

typedef struct ol_outbox {
    ol_stream *stream;
    ol_buf gathered; /* a head may be written into it while it is not lent_ */
    bool lent_;      /* the stream holds `gathered` */
    char frame_[24]; /* the head of the chunk on its way */
} ol_outbox;

void ol_outbox_init(ol_outbox *outbox, ol_stream *stream);
/* The same; what was gathered is wiped when it has been sent: a request's head may hold keys. */
void ol_outbox_init_secret(ol_outbox *outbox, ol_stream *stream);
void ol_outbox_fini(ol_outbox *outbox);
/* For the next message or the next connection; gives much memory back. */
void ol_outbox_reset(ol_outbox *outbox);
/* Send what is gathered, then `data` (framed as a chunk, if so). As ol_stream_write: after
 * OL_WAIT `data` stays borrowed until the stream has drained. */
int ol_outbox_send(ol_outbox *outbox, ol_slice data, bool chunked);
/* Copy small bytes behind the gathered ones. False: they must be sent instead. */
bool ol_outbox_gather(ol_outbox *outbox, ol_slice data, bool chunked);
/* The stream has drained. */
void ol_outbox_drained(ol_outbox *outbox);

#endif
