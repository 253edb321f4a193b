/* SPDX-License-Identifier: MIT */
/*
 * One direction of messages through shared memory: one writer, one reader, and how the
 * writer learns that the reader must be woken.
 *
 * Messages are put, then published together: a batch costs one wake-up at most. A reader that
 * is about to sleep sets its flag and looks once more; a writer that has published looks at the
 * flag. Both orders are sequentially consistent, so one of the two sees the other.
 */
#ifndef OL_TRANSFORM_HOST_RING_H
#define OL_TRANSFORM_HOST_RING_H

#include "transform/host/wire.h"

typedef struct ol_ring_writer {
    ol_msg *messages;
    _Atomic uint32_t *head, *tail, *reader_sleeps;
    uint32_t next;      /* mine, not yet published beyond `published` */
    uint32_t published;
    uint32_t seen_head; /* the reader's, when last looked at */
} ol_ring_writer;

typedef struct ol_ring_reader {
    const ol_msg *messages;
    _Atomic uint32_t *head, *tail, *sleeps;
    uint32_t next;
    uint32_t seen_tail;
} ol_ring_reader;

/* `base` is the mapped memory. */
void ol_ring_writer_to_host(ol_ring_writer *w, uint8_t *base, const ol_wire_layout *layout);
void ol_ring_reader_to_host(ol_ring_reader *r, uint8_t *base, const ol_wire_layout *layout);
void ol_ring_writer_to_server(ol_ring_writer *w, uint8_t *base, const ol_wire_layout *layout);
void ol_ring_reader_to_server(ol_ring_reader *r, uint8_t *base, const ol_wire_layout *layout);

/* OL_OK; OL_WAIT when full; OL_EPROTOCOL when the other side's counter makes no sense. */
int ol_ring_put(ol_ring_writer *w, const ol_msg *msg);
/* Let the reader see what was put. True when it sleeps and the caller must wake it (told once
 * for each sleep). */
bool ol_ring_publish(ol_ring_writer *w);
/* How far the reader has come. */
uint32_t ol_ring_consumed(ol_ring_writer *w);

/* OL_OK and a copy; OL_WAIT when empty; OL_EPROTOCOL as above. */
int ol_ring_get(ol_ring_reader *r, ol_msg *copy);
/* Say that I sleep. False when there is something to read after all (then nobody will wake me
 * for it; I do not sleep). */
bool ol_ring_sleep(ol_ring_reader *r);
void ol_ring_awake(ol_ring_reader *r);

#endif
