/* SPDX-License-Identifier: MIT */
/*
 * Listeners, the set of connections with its limits, and the sweep: one coarse timer looks at
 * every connection's deadlines, so that a request starts and stops none of its own.
 */
#include "http/server.h"

#include <assert.h>

#include "base/alloc.h"
#include "http/connection.h"

#define SPARES_MAX 64
#define REFUSED_MAX 64 /* connections that are being told 503 */
#define SWEEP_MS_MIN 10
#define SWEEP_MS_MAX 500
#define IN_BYTES_MAX (OL_READ_BYTES + OL_MIB)

typedef struct ol_http_listener {
    ol_listener base;
    ol_http_server *server;
    struct ol_tls *tls;
    struct ol_http_listener *next;
    bool starved; /* a connection waits that could not be taken */
    bool closing;
} ol_http_listener;

void ol_http_limits_default(ol_http_limits *limits)
{
    *limits = (ol_http_limits){
        .head_bytes_max = OL_HTTP_HEAD_BYTES_MAX,
        .url_bytes_max = OL_HTTP_URL_BYTES_MAX,
        .headers_max = OL_HTTP_HEADERS_MAX,
        .header_timeout_ms = OL_HTTP_HEADER_TIMEOUT_MS,
        .body_timeout_ms = OL_HTTP_BODY_TIMEOUT_MS,
        .idle_timeout_ms = OL_HTTP_IDLE_TIMEOUT_MS,
        .connections_max = OL_HTTP_CONNECTIONS_MAX,
        .body_rate_min = OL_HTTP_BODY_RATE_MIN,
    };
}

const char *ol_http_server_date(ol_http_server *server)
{
    int64_t now = ol_clock_wall_ms();
    if (now / 1000 != server->date_second) {
        server->date_second = now / 1000;
        ol_clock_http_date(now, server->date);
    }
    return server->date;
}

bool ol_http_server_ends(const ol_http_server *server)
{
    return server->draining || server->closing;
}

void ol_http_server_stats(const ol_http_server *server, ol_http_stats *out)
{
    *out = server->stats;
    out->open = server->conns_open;
    for (const ol_http_conn *conn = server->conns; conn; conn = conn->next) {
        out->bytes_in += conn->stream.bytes_in;
        out->bytes_out += conn->stream.bytes_out;
    }
}

/* ---- the memory of connections ---- */

static void conn_destroy(ol_http_conn *conn)
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

static void check_done(ol_http_server *server);

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
        conn_destroy(conn);
    }
    check_done(server);
}

/* ---- the sweep ---- */

static uint32_t sweep_ms(const ol_http_limits *limits)
{
    uint32_t least = limits->header_timeout_ms;
    if (limits->body_timeout_ms < least)
        least = limits->body_timeout_ms;
    if (limits->idle_timeout_ms < least)
        least = limits->idle_timeout_ms;
    uint32_t ms = least / 8;
    if (ms < SWEEP_MS_MIN)
        return SWEEP_MS_MIN;
    return ms > SWEEP_MS_MAX ? SWEEP_MS_MAX : ms;
}

static void on_sweep(uv_timer_t *timer)
{
    ol_http_server *server = timer->data;
    uint64_t now = ol_loop_now_ms(server->loop);
    if (!server->conns) {
        uv_timer_stop(timer);
        server->sweeping = false;
        return;
    }
    for (ol_http_conn *conn = server->conns, *next; conn; conn = next) {
        next = conn->next;
        ol_http_conn_check(conn, now);
    }
}

static void start_sweep(ol_http_server *server)
{
    if (server->sweeping)
        return;
    server->sweeping = true;
    uint32_t ms = sweep_ms(&server->limits);
    uv_timer_start(&server->sweep, on_sweep, ms, ms);
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
    check_done(server);
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
    start_sweep(server);
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

static void close_listener(ol_http_listener *listener);

int ol_http_server_listen(ol_http_server *server, const ol_http_listen *listen, uint16_t *port,
                          ol_error *err)
{
    ol_http_listener *listener = ol_calloc(1, sizeof(*listener));
    if (!listener)
        return ol_error_set(err, OL_ENOMEM, "listener");
    listener->server = server;
    listener->tls = listen->tls;
    listener->base.arg = listener;
    listener->base.on_connection = on_connection;
    listener->next = server->listeners;
    server->listeners = listener;
    int rc = ol_listener_open(&listener->base, server->loop, listen->address, listen->port, err);
    if (rc != OL_OK) {
        close_listener(listener);
        return rc;
    }
    if (port)
        *port = listener->base.port;
    return OL_OK;
}

/* ---- life ---- */

int ol_http_server_new(ol_http_server **out, ol_loop *loop, const ol_http_limits *limits,
                       const ol_http_handler *handler)
{
    ol_http_server *server = ol_calloc(1, sizeof(*server));
    if (!server)
        return OL_ENOMEM;
    server->loop = loop;
    server->limits = *limits;
    server->handler = *handler;
    server->date_second = -1;
    uv_timer_init(ol_loop_uv(loop), &server->sweep);
    server->sweep.data = server;
    *out = server;
    return OL_OK;
}

void ol_http_server_set_limits(ol_http_server *server, const ol_http_limits *limits)
{
    server->limits = *limits;
    if (!server->sweeping)
        return;
    server->sweeping = false; /* the interval may have changed */
    start_sweep(server);
}

static void free_server(ol_http_server *server)
{
    while (server->spare) {
        ol_http_conn *next = server->spare->next;
        conn_destroy(server->spare);
        server->spare = next;
    }
    ol_free(server);
}

static void on_done(void *arg)
{
    ol_http_server *server = arg;
    server->done_posted = false;
    void (*cb)(void *) = server->on_done;
    void *cb_arg = server->done_arg;
    server->on_done = NULL;
    if (server->closing && server->timer_closed)
        free_server(server);
    if (cb)
        cb(cb_arg);
}

/* The last of connections, listeners and timer calls it. */
static void check_done(ol_http_server *server)
{
    if (!ol_http_server_ends(server) || server->done_posted || !server->on_done)
        return;
    if (server->conns || server->listeners || server->dropping)
        return;
    if (server->closing && !server->timer_closed)
        return;
    server->done_posted = true;
    server->done_post.fn = on_done;
    server->done_post.arg = server;
    ol_loop_defer(server->loop, &server->done_post);
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
    check_done(server);
}

static void close_listener(ol_http_listener *listener)
{
    if (listener->closing)
        return;
    listener->closing = true;
    ol_listener_close(&listener->base, on_listener_closed);
}

static void close_listeners(ol_http_server *server)
{
    for (ol_http_listener *l = server->listeners; l; l = l->next)
        close_listener(l);
}

void ol_http_server_drain(ol_http_server *server, void (*cb)(void *arg), void *arg)
{
    assert(!server->closing && !server->draining);
    server->draining = true;
    server->on_done = cb;
    server->done_arg = arg;
    close_listeners(server);
    for (ol_http_conn *conn = server->conns; conn; conn = conn->next) {
        bool idle = conn->phase == OL_CONN_SERVING && conn->body_done && !conn->x.active &&
                    !conn->head_begun_ns;
        if (idle)
            ol_http_conn_break(conn, OL_ECANCELED, false);
    }
    check_done(server);
}

static void on_timer_closed(uv_handle_t *handle)
{
    ol_http_server *server = handle->data;
    server->timer_closed = true;
    check_done(server);
}

void ol_http_server_close(ol_http_server *server, void (*cb)(void *arg), void *arg)
{
    assert(!server->closing);
    server->closing = true;
    server->on_done = cb;
    server->done_arg = arg;
    close_listeners(server);
    uv_close((uv_handle_t *)&server->sweep, on_timer_closed);
    for (ol_http_conn *conn = server->conns; conn; conn = conn->next)
        ol_http_conn_break(conn, OL_ECANCELED, true);
}
