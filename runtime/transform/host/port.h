/* SPDX-License-Identifier: MIT */
/*
 * The host's end of the shared memory: sending messages and texts, reading what the server
 * sends, sleeping and waking.
 *
 * Sending never fails: when the ring or the text area is full the host waits for the server,
 * which always empties them. (A host that was told to stop waits no more: what it says is lost.)
 */
#ifndef OL_TRANSFORM_HOST_PORT_H
#define OL_TRANSFORM_HOST_PORT_H

#include "transform/host/ring.h"

typedef struct ol_port {
    uint8_t *base;
    ol_wire_control *control;
    ol_wire_layout layout;
    int wake_fd;
    ol_ring_writer out;
    ol_ring_reader in;
    uint64_t unsignalled_ns; /* when the oldest message was sent that the server may not know of */
    /* Texts are taken in a circle and free themselves as the server consumes messages. */
    uint64_t text_next, text_freed;
    uint32_t text_seen;
    /* For each message, where the texts up to it end. Twice the ring: the entry of the last
     * message that was consumed must outlive a full ring behind it. */
    uint64_t text_ends[2 * OL_WIRE_RING];
} ol_port;

/* Map the memory that this process was born with. */
int ol_port_open(ol_port *port, ol_error *err);
/* The same over memory that is mapped already. */
int ol_port_attach(ol_port *port, uint8_t *base, size_t size);

/* The server wants this host to end; what is sent from here on is for nobody. */
static inline bool ol_port_is_stopped(const ol_port *port)
{
    return atomic_load_explicit(&port->control->stop, memory_order_relaxed) != 0;
}

static inline uint8_t *ol_port_slot(const ol_port *port, uint32_t slot)
{
    return port->base + port->layout.slot_base + (size_t)slot * port->layout.slot_bytes;
}

void ol_port_send(ol_port *port, const ol_msg *msg);
/* Fills offset and length of the message; texts above OL_WIRE_TEXT_MAX are cut. */
void ol_port_send_text(ol_port *port, ol_msg *msg, ol_slice text);
/* Let the server know of everything sent. */
void ol_port_flush(ol_port *port);
/* The same, but only if what is unsaid has been so for some time. */
void ol_port_flush_if_due(ol_port *port, uint64_t now_ns);

/* OL_OK, or OL_WAIT when there is nothing. The server is believed, so nothing else. */
int ol_port_receive(ol_port *port, ol_msg *msg);
/* Return when there may be something to receive, or after that time (0 = no bound). */
void ol_port_wait(ol_port *port, uint64_t bound_ns);

#endif
