/* SPDX-License-Identifier: MIT */
/*
 * A listening TCP socket of one loop. SO_REUSEPORT lets every loop have its own on the same
 * port. Embedded in its owner.
 */
#ifndef OL_NET_LISTENER_H
#define OL_NET_LISTENER_H

#include "net/stream.h"

typedef struct ol_listener {
    uv_tcp_t tcp;
    uint16_t port; /* the bound one */
    /* A connection waits: call ol_stream_accept with &listener->tcp. */
    void (*on_connection)(struct ol_listener *listener);
    void (*on_closed)(struct ol_listener *listener);
    void *arg;
} ol_listener;

/* `address` is an IP literal, port 0 any free one. On an error the listener must still be
 * closed: ol_listener_close. on_connection and arg are set by the caller before. */
int ol_listener_open(ol_listener *listener, ol_loop *loop, const char *address, uint16_t port,
                     ol_error *err);
void ol_listener_close(ol_listener *listener, void (*on_closed)(ol_listener *listener));

#endif
