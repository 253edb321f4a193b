/* SPDX-License-Identifier: MIT */
/*
 * From a listener to a connection: memory that is used again, the number of connections, and
 * what happens to those that are too many.
 */
#include "base/alloc.h"
#include "http/connection.h"

#define SPARES_MAX 64
#define REFUSED_MAX 64 /* connections that are being told 503 */
#define IN_BYTES_MAX (OL_READ_BYTES + OL_MIB)

/* ---- the memory of connections ---- */

void ol_http_conn_destroy(ol_http_conn *conn)
{
    ol_inbox_fini(&conn->in);
    ol_outbox_fini(&conn->out);
    ol_arena_destroy(conn->x.arena);
    ol_free(conn);
}

static ol_http_conn *conn_new(void)
{
    ol_http_conn *conn = ol_calloc(1, sizeof(*conn));
    if (!conn)
        return NULL;
    conn->x.arena = ol_arena_new(OL_REQUEST_ARENA_BYTES_MAX);
    if (!conn->x.arena) {
        ol_free(conn);
        return NULL;
    }
    ol_inbox_init(&conn->in, IN_BYTES_MAX);
    ol_outbox_init(&conn->out, &conn->stream);
    return conn;
}

static ol_http_conn *take_conn(ol_http_server *server)
{
    ol_http_conn *conn = server->spare;
    if (!conn)
        return conn_new();
    server->spare = conn->next;
    server->spares--;
    return conn;
}

/* As new, but with the memory it had. */
static void recycle(ol_http_conn *conn)
{
    ol_inbox_drop(&conn->in);
    ol_outbox_reset(&conn->out);
    ol_arena_reset(conn->x.arena);
    ol_inbox in = conn->in;
    ol_outbox out = conn->out;
    ol_arena *arena = conn->x.arena;
    memset(conn, 0, sizeof(*conn));
    conn->in = in;
    conn->out = out;
    conn->x.arena = arena;
}

static void link_conn(ol_http_conn *conn)
{
    ol_http_server *server = conn->server;
    conn->next = server->conns;
    if (conn->next)
        conn->next->prev = conn;
    server->conns = conn;
}

static void unlink_conn(ol_http_conn *conn)
{
    ol_http_server *server = conn->server;
    if (conn->prev)
        conn->prev->next = conn->next;
    else
        server->conns = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
}

void ol_http_server_gone(ol_http_conn *conn)
{
    ol_http_server *server = conn->server;
    if (conn->refused_slot)
        server->conns_refused--;
    else
        server->conns_open--;
    server->stats.bytes_in += conn->stream.bytes_in;
    server->stats.bytes_out += conn->stream.bytes_out;
    unlink_conn(conn);
    recycle(conn);
    if (server->spares < SPARES_MAX && !server->closing) {
        conn->next = server->spare;
        server->spare = conn;
        server->spares++;
    } else {
        ol_http_conn_destroy(conn);
    }
    ol_http_server_check_done(server);
}

/* ---- accepting ---- */

static void on_connection(ol_listener *base);

static void on_dropped(uv_handle_t *handle)
{
    ol_http_server *server = handle->data;
    server->dropping = false;
    for (ol_http_listener *l = server->listeners; l; l = l->next) {
        if (l->starved && !ol_http_server_ends(server)) {
            l->starved = false;
            on_connection(&l->base);
        }
    }
    ol_http_server_check_done(server);
}

/* No memory for a connection: take it off the listener's queue and close it. */
static void drop(ol_http_listener *listener)
{
    ol_http_server *server = listener->server;
    server->stats.refused++;
    if (server->dropping) {
        listener->starved = true;
        return;
    }
    server->dropping = true;
    uv_tcp_init(ol_loop_uv(server->loop), &server->drop);
    server->drop.data = server;
    uv_accept((uv_stream_t *)&listener->base.tcp, (uv_stream_t *)&server->drop);
    uv_close((uv_handle_t *)&server->drop, on_dropped);
}

static void set_scan(ol_http_conn *conn, const ol_http_limits *limits)
{
    conn->scan = (ol_head_scan){.head_bytes_max = limits->head_bytes_max,
                                .target_bytes_max = limits->url_bytes_max,
                                .headers_max = limits->headers_max};
}

static void fill_conn(ol_http_conn *conn, ol_http_listener *listener)
{
    ol_http_server *server = listener->server;
    conn->server = server;
    conn->x.conn = conn;
    conn->tls = conn->x.request.tls = listener->tls != NULL;
    conn->x.request.local_port = listener->base.port;
    conn->x.request.listener = listener->number;
    conn->body_done = true;
    set_scan(conn, &server->limits);
    ol_stream_init(&conn->stream, server->loop, &ol_http_conn_stream_ops, conn);
}

static void refuse_for_number(ol_http_conn *conn)
{
    conn->refused_slot = true;
    conn->server->conns_open--;
    conn->server->conns_refused++;
    conn->server->stats.refused++;
    if (conn->tls || conn->server->conns_refused > REFUSED_MAX)
        ol_http_conn_break(conn, OL_ESLOWDOWN, false);
    else
        ol_http_conn_refuse(conn, 503, "too many connections");
}

static void on_connection(ol_listener *base)
{
    ol_http_listener *listener = base->arg;
    ol_http_server *server = listener->server;
    ol_http_conn *conn = take_conn(server);
    if (!conn) {
        drop(listener);
        return;
    }
    fill_conn(conn, listener);
    link_conn(conn);
    server->conns_open++;
    ol_http_server_sweep(server);
    if (ol_stream_accept(&conn->stream, (uv_stream_t *)&base->tcp, listener->tls) != OL_OK) {
        ol_http_conn_break(conn, OL_EPEER, true);
        return;
    }
    server->stats.accepted++;
    ol_stream_peer(&conn->stream, conn->x.request.peer, sizeof(conn->x.request.peer));
    if (server->conns_open > server->limits.connections_max)
        refuse_for_number(conn);
    else
        ol_http_conn_open(conn);
}

static void on_listener_closed(ol_listener *base)
{
    ol_http_listener *listener = base->arg;
    ol_http_server *server = listener->server;
    ol_http_listener **link = &server->listeners;
    while (*link != listener)
        link = &(*link)->next;
    *link = listener->next;
    ol_free(listener);
    ol_http_server_check_done(server);
}

void ol_http_listener_close(ol_http_listener *listener)
{
    if (listener->closing)
        return;
    listener->closing = true;
    ol_listener_close(&listener->base, on_listener_closed);
}

int ol_http_server_listen(ol_http_server *server, const ol_http_listen *listen, uint16_t *port,
                          ol_error *err)
{
    ol_http_listener *listener = ol_calloc(1, sizeof(*listener));
    if (!listener)
        return ol_error_set(err, OL_ENOMEM, "listener");
    listener->server = server;
    listener->tls = listen->tls;
    listener->number = listen->listener;
    listener->base.arg = listener;
    listener->base.on_connection = on_connection;
    listener->next = server->listeners;
    server->listeners = listener;
    int rc = ol_listener_open(&listener->base, server->loop, listen->address, listen->port, err);
    if (rc != OL_OK) {
        ol_http_listener_close(listener);
        return rc;
    }
    if (port)
        *port = listener->base.port;
    return OL_OK;
}
