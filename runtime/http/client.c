/* SPDX-License-Identifier: MIT */
/*
 * The pool: hosts, their connections and the calls that wait for one.
 */
#include "http/client.h"

#include <assert.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "http/client_private.h"

#define SWEEP_MS_MIN 10
#define SWEEP_MS_MAX 500
#define HOST_NAME_MAX_BYTES 255
#define IN_BYTES_MAX (OL_READ_BYTES + OL_MIB)

void ol_http_client_limits_default(ol_http_client_limits *limits)
{
    *limits = (ol_http_client_limits){
        .connect_timeout_ms = 10000,
        .response_timeout_ms = 60000,
        .body_timeout_ms = OL_HTTP_BODY_TIMEOUT_MS,
        .body_rate_min = OL_HTTP_BODY_RATE_MIN,
        .continue_timeout_ms = 1000,
        .idle_timeout_ms = 30000,
        .connections_per_host_max = 64,
        .waiting_per_host_max = 1024,
        .head_bytes_max = OL_HTTP_HEAD_BYTES_MAX,
        .headers_max = OL_HTTP_HEADERS_MAX,
    };
}

static uint64_t now_ms(const ol_http_client *client)
{
    return ol_loop_now_ms(client->loop);
}

/* ---- hosts ---- */

static bool is_host(const ol_client_host *host, const ol_http_peer *peer)
{
    return host->port == peer->port && host->tls == peer->tls && strcmp(host->name, peer->host) == 0;
}

static ol_client_host *find_host(ol_http_client *client, const ol_http_peer *peer)
{
    for (ol_client_host *host = client->hosts; host; host = host->next) {
        if (is_host(host, peer))
            return host;
    }
    ol_client_host *host = ol_calloc(1, sizeof(*host));
    if (!host)
        return NULL;
    host->name = ol_strdup(peer->host);
    if (!host->name) {
        ol_free(host);
        return NULL;
    }
    host->client = client;
    host->port = peer->port;
    host->tls = peer->tls;
    host->waiting_tail = &host->waiting;
    host->next = client->hosts;
    if (host->next)
        host->next->prev = host;
    client->hosts = host;
    return host;
}

static void free_host_if_unused(ol_client_host *host)
{
    if (host->refs > 0)
        return;
    if (host->prev)
        host->prev->next = host->next;
    else
        host->client->hosts = host->next;
    if (host->next)
        host->next->prev = host->prev;
    ol_free(host->name);
    ol_free(host);
}

static void release_host(ol_client_host *host)
{
    host->refs--;
    free_host_if_unused(host);
}

/* ---- connections ---- */

static void check_done(ol_http_client *client);

static ol_client_conn *conn_new(ol_client_host *host)
{
    ol_http_client *client = host->client;
    ol_client_conn *conn = ol_calloc(1, sizeof(*conn));
    if (!conn)
        return NULL;
    conn->client = client;
    conn->host = host;
    conn->deadline = now_ms(client) + client->limits.connect_timeout_ms;
    conn->scan = (ol_head_scan){.response = true,
                                .head_bytes_max = client->limits.head_bytes_max,
                                .headers_max = client->limits.headers_max};
    ol_inbox_init(&conn->in, IN_BYTES_MAX);
    ol_outbox_init(&conn->out, &conn->stream);
    conn->next = client->conns;
    if (conn->next)
        conn->next->prev = conn;
    client->conns = conn;
    client->stats.connections++;
    host->conns++;
    host->refs++;
    return conn;
}

void ol_client_conn_free(ol_client_conn *conn)
{
    ol_http_client *client = conn->client;
    if (conn->prev)
        conn->prev->next = conn->next;
    else
        client->conns = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
    client->stats.connections--;
    ol_inbox_fini(&conn->in);
    ol_outbox_fini(&conn->out);
    release_host(conn->host);
    ol_free(conn);
    check_done(client);
}

static void start_sweep(ol_http_client *client);

/* `call` gets this connection, which is open. */
static void give(ol_client_conn *conn, ol_http_call *call)
{
    conn->call = call;
    call->conn = conn;
    conn->deadline = 0;
    conn->heard = false;
    ol_client_call_todo(call, OL_CALL_BEGIN);
}

static int open_new(ol_http_call *call)
{
    ol_client_conn *conn = conn_new(call->host);
    if (!conn)
        return OL_ENOMEM;
    conn->call = call;
    call->conn = conn;
    call->deadline = 0;
    start_sweep(call->client);
    int rc = ol_client_conn_connect(conn);
    if (rc != OL_OK)
        ol_client_conn_break(conn, rc, "cannot connect", false); /* the call hears of it */
    return OL_OK;
}

static ol_client_conn *take_idle(ol_client_host *host)
{
    ol_client_conn *conn = host->idle;
    if (conn) {
        host->idle = conn->next_idle;
        host->client->stats.idle--;
    }
    return conn;
}

static void unlink_idle(ol_client_conn *conn)
{
    for (ol_client_conn **link = &conn->host->idle; *link; link = &(*link)->next_idle) {
        if (*link == conn) {
            *link = conn->next_idle;
            conn->client->stats.idle--;
            return;
        }
    }
}

/* ---- who gets what ---- */

static void enqueue(ol_http_call *call, bool first)
{
    ol_client_host *host = call->host;
    call->waiting = true;
    call->deadline = now_ms(call->client) + call->client->limits.connect_timeout_ms;
    call->next_waiting = first ? host->waiting : NULL;
    if (first) {
        host->waiting = call;
        if (!call->next_waiting)
            host->waiting_tail = &call->next_waiting;
    } else {
        *host->waiting_tail = call;
        host->waiting_tail = &call->next_waiting;
    }
    host->waiting_count++;
    call->client->stats.waiting++;
    start_sweep(call->client);
}

void ol_client_unqueue(ol_http_call *call)
{
    if (!call->waiting)
        return;
    ol_client_host *host = call->host;
    ol_http_call **link = &host->waiting;
    while (*link != call)
        link = &(*link)->next_waiting;
    *link = call->next_waiting;
    if (!*link)
        host->waiting_tail = link;
    call->waiting = false;
    host->waiting_count--;
    call->client->stats.waiting--;
}

int ol_client_dispatch(ol_http_call *call, bool fresh, bool first)
{
    ol_client_host *host = call->host;
    const ol_http_client_limits *limits = &call->client->limits;
    ol_client_conn *conn = fresh ? NULL : take_idle(host);
    if (conn) {
        conn->reused = true;
        call->client->stats.reused++;
        give(conn, call);
        return OL_OK;
    }
    if (host->conns < limits->connections_per_host_max)
        return open_new(call);
    if (!first && host->waiting_count >= limits->waiting_per_host_max)
        return OL_ESLOWDOWN;
    enqueue(call, first);
    return OL_OK;
}

static ol_http_call *next_waiting(ol_client_host *host)
{
    ol_http_call *call = host->waiting;
    if (call)
        ol_client_unqueue(call);
    return call;
}

void ol_client_conn_idle(ol_client_conn *conn)
{
    ol_http_client *client = conn->client;
    ol_head_scan_reset(&conn->scan);
    ol_outbox_reset(&conn->out);
    ol_stream_read_large(&conn->stream, false);
    ol_http_call *call = next_waiting(conn->host);
    if (call) {
        conn->reused = true;
        client->stats.reused++;
        give(conn, call);
        return;
    }
    conn->deadline = now_ms(client) + client->limits.idle_timeout_ms;
    conn->next_idle = conn->host->idle;
    conn->host->idle = conn;
    client->stats.idle++;
}

void ol_client_conn_leave(ol_client_conn *conn)
{
    ol_client_host *host = conn->host;
    unlink_idle(conn);
    host->conns--;
    if (host->client->closing)
        return;
    ol_http_call *call = next_waiting(host);
    if (!call)
        return;
    int rc = open_new(call);
    if (rc != OL_OK)
        ol_client_call_finish(call, rc, "out of memory");
}

/* ---- calls ---- */

static ol_http_call *call_new(ol_http_client *client, ol_client_host *host)
{
    ol_http_call *call = ol_calloc(1, sizeof(*call));
    if (!call)
        return NULL;
    call->arena = ol_arena_new(OL_REQUEST_ARENA_BYTES_MAX);
    if (!call->arena) {
        ol_free(call);
        return NULL;
    }
    call->client = client;
    call->host = host;
    host->refs++;
    call->next = client->calls;
    if (call->next)
        call->next->prev = call;
    client->calls = call;
    client->stats.calls++;
    return call;
}

void ol_client_call_free(ol_http_call *call)
{
    ol_http_client *client = call->client;
    if (call->prev)
        call->prev->next = call->next;
    else
        client->calls = call->next;
    if (call->next)
        call->next->prev = call->prev;
    client->stats.calls--;
    ol_wipe((void *)(uintptr_t)call->head.data, call->head.len); /* it may hold a signature */
    ol_arena_destroy(call->arena);
    release_host(call->host);
    ol_free(call);
    check_done(client);
}

int ol_http_call_start(ol_http_call **out, ol_http_client *client, const ol_http_peer *peer,
                       const ol_http_call_request *request, const ol_http_call_ops *ops, void *arg,
                       ol_error *err)
{
    assert(!client->closing);
    if (strlen(peer->host) > HOST_NAME_MAX_BYTES || peer->host[0] == '\0')
        return ol_error_set(err, OL_EINVAL, "malformed host name");
    ol_client_host *host = find_host(client, peer);
    if (!host)
        return ol_error_set(err, OL_ENOMEM, "host");
    ol_http_call *call = call_new(client, host);
    if (!call) {
        free_host_if_unused(host);
        return ol_error_set(err, OL_ENOMEM, "call");
    }
    call->ops = ops;
    call->arg = arg;
    int rc = ol_client_call_prepare(call, request);
    if (rc == OL_OK)
        rc = ol_client_dispatch(call, false, false);
    if (rc != OL_OK) {
        ol_error_set(err, rc, "%s:%u: call not started", peer->host, (unsigned)peer->port);
        ol_client_call_free(call);
        return rc;
    }
    *out = call;
    return OL_OK;
}

/* ---- the sweep ---- */

static uint32_t sweep_ms(const ol_http_client_limits *limits)
{
    const uint32_t all[] = {limits->connect_timeout_ms, limits->response_timeout_ms,
                            limits->body_timeout_ms, limits->idle_timeout_ms,
                            limits->continue_timeout_ms};
    uint32_t least = all[0];
    for (size_t i = 1; i < sizeof(all) / sizeof(all[0]); i++)
        least = all[i] < least ? all[i] : least;
    uint32_t ms = least / 8;
    if (ms < SWEEP_MS_MIN)
        return SWEEP_MS_MIN;
    return ms > SWEEP_MS_MAX ? SWEEP_MS_MAX : ms;
}

static void check_waiting(ol_http_client *client, uint64_t now)
{
    for (ol_http_call *call = client->calls, *next; call; call = next) {
        next = call->next;
        if (!call->waiting || now < call->deadline)
            continue;
        ol_client_unqueue(call);
        ol_client_call_finish(call, OL_ETIMEOUT, "no free connection in time");
    }
}

static void on_sweep(uv_timer_t *timer)
{
    ol_http_client *client = timer->data;
    if (!client->conns && !client->calls) {
        uv_timer_stop(timer);
        client->sweeping = false;
        return;
    }
    uint64_t now = now_ms(client);
    /* A connection that fails while it is being resolved is freed at once: look ahead. */
    for (ol_client_conn *conn = client->conns, *next; conn; conn = next) {
        next = conn->next;
        ol_client_conn_check(conn, now);
    }
    check_waiting(client, now);
}

static void start_sweep(ol_http_client *client)
{
    if (client->sweeping || client->closing)
        return;
    client->sweeping = true;
    uint32_t ms = sweep_ms(&client->limits);
    uv_timer_start(&client->sweep, on_sweep, ms, ms);
}

/* ---- life ---- */

int ol_http_client_new(ol_http_client **out, ol_loop *loop, const ol_http_client_limits *limits)
{
    ol_http_client *client = ol_calloc(1, sizeof(*client));
    if (!client)
        return OL_ENOMEM;
    client->loop = loop;
    client->limits = *limits;
    uv_timer_init(ol_loop_uv(loop), &client->sweep);
    client->sweep.data = client;
    *out = client;
    return OL_OK;
}

void ol_http_client_stats_get(const ol_http_client *client, ol_http_client_stats *out)
{
    *out = client->stats;
}

static void on_done(void *arg)
{
    ol_http_client *client = arg;
    void (*cb)(void *) = client->on_done;
    void *cb_arg = client->done_arg;
    assert(!client->hosts);
    ol_free(client);
    if (cb)
        cb(cb_arg);
}

static void check_done(ol_http_client *client)
{
    if (!client->closing || client->done_posted || !client->timer_closed || client->conns ||
        client->calls)
        return;
    client->done_posted = true;
    client->done_post.fn = on_done;
    client->done_post.arg = client;
    ol_loop_defer(client->loop, &client->done_post);
}

static void on_timer_closed(uv_handle_t *handle)
{
    ol_http_client *client = handle->data;
    client->timer_closed = true;
    check_done(client);
}

void ol_http_client_close(ol_http_client *client, void (*cb)(void *arg), void *arg)
{
    assert(!client->closing);
    client->closing = true;
    client->on_done = cb;
    client->done_arg = arg;
    for (ol_http_call *call = client->calls; call; call = call->next)
        ol_http_call_abort(call); /* gone on a later turn */
    for (ol_client_conn *conn = client->conns, *next; conn; conn = next) {
        next = conn->next;
        ol_client_conn_break(conn, OL_ECANCELED, "", true);
    }
    uv_close((uv_handle_t *)&client->sweep, on_timer_closed);
}
