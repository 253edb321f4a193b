/* SPDX-License-Identifier: MIT */
/*
 * The life of a server, and the sweep: one coarse timer looks at
 * every connection's deadlines, so that a request starts and stops none of its own.
 */
#include "http/server.h"

#include <assert.h>

#include "base/alloc.h"
#include "http/connection.h"

#define SWEEP_MS_MIN 10
#define SWEEP_MS_MAX 500

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
    int64_t now = ol_loop_wall_ms(server->loop);
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

void ol_http_server_sweep(ol_http_server *server)
{
    if (server->sweeping)
        return;
    server->sweeping = true;
    uint32_t ms = sweep_ms(&server->limits);
    uv_timer_start(&server->sweep, on_sweep, ms, ms);
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
    ol_http_server_sweep(server);
}

static void free_server(ol_http_server *server)
{
    while (server->spare) {
        ol_http_conn *next = server->spare->next;
        ol_http_conn_destroy(server->spare);
        server->spare = next;
    }
    ol_free(server);
}

static void on_done(void *arg)
{
    ol_http_server *server = arg;
    server->done_posted = false;
    if (server->closing && !server->timer_closed)
        return; /* closed after it had drained: when the timer is closed, this is called again */
    void (*cb)(void *) = server->on_done;
    void *cb_arg = server->done_arg;
    server->on_done = NULL;
    if (server->closing && server->timer_closed)
        free_server(server);
    if (cb)
        cb(cb_arg);
}

/* The last of connections, listeners and timer calls it. */
void ol_http_server_check_done(ol_http_server *server)
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

static void close_listeners(ol_http_server *server)
{
    for (ol_http_listener *l = server->listeners; l; l = l->next)
        ol_http_listener_close(l);
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
    ol_http_server_check_done(server);
}

static void on_timer_closed(uv_handle_t *handle)
{
    ol_http_server *server = handle->data;
    server->timer_closed = true;
    ol_http_server_check_done(server);
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
