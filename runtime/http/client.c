/* SPDX-License-Identifier: MIT */
/*
 * The life of a client and of its calls, and the sweep over their deadlines.
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
#define SPARE_CALLS_MAX 64

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

/* ---- calls ---- */

/* A spare one, with its arena, or a new one. */
static ol_http_call *call_memory(ol_http_client *client)
{
    ol_http_call *call = client->spare_calls;
    if (call) {
        ol_arena *arena = call->arena;
        client->spare_calls = call->next;
        client->spare_count--;
        *call = (ol_http_call){.arena = arena};
        return call;
    }
    call = ol_calloc(1, sizeof(*call));
    if (!call)
        return NULL;
    call->arena = ol_arena_new(OL_REQUEST_ARENA_BYTES_MAX);
    if (call->arena)
        return call;
    ol_free(call);
    return NULL;
}

static void free_spare_calls(ol_http_client *client)
{
    for (ol_http_call *call; (call = client->spare_calls) != NULL;) {
        client->spare_calls = call->next;
        ol_arena_destroy(call->arena);
        ol_free(call);
    }
}

static ol_http_call *call_new(ol_http_client *client, ol_client_host *host)
{
    ol_http_call *call = call_memory(client);
    if (!call)
        return NULL;
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
    ol_wipe_slice(call->head); /* it may hold a signature */
    ol_client_host_release(call->host);
    if (client->spare_count < SPARE_CALLS_MAX && !client->closing) {
        ol_arena_reset(call->arena);
        call->next = client->spare_calls;
        client->spare_calls = call;
        client->spare_count++;
    } else {
        ol_arena_destroy(call->arena);
        ol_free(call);
    }
    ol_client_check_done(client);
}

int ol_http_call_start(ol_http_call **out, ol_http_client *client, const ol_http_peer *peer,
                       const ol_http_call_request *request, const ol_http_call_ops *ops, void *arg,
                       ol_error *err)
{
    assert(!client->closing);
    if (strlen(peer->host) > HOST_NAME_MAX_BYTES || peer->host[0] == '\0')
        return ol_error_set(err, OL_EINVAL, "malformed host name");
    ol_client_host *host = ol_client_host_find(client, peer);
    if (!host)
        return ol_error_set(err, OL_ENOMEM, "host");
    ol_http_call *call = call_new(client, host);
    if (!call) {
        ol_client_host_tidy(host);
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

void ol_client_sweep(ol_http_client *client)
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
    free_spare_calls(client);
    ol_free(client);
    if (cb)
        cb(cb_arg);
}

void ol_client_check_done(ol_http_client *client)
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
    ol_client_check_done(client);
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
