/* SPDX-License-Identifier: MIT */
/*
 * The handler's side of an exchange: the response.
 *
 * The head and small writes are gathered; they leave with a large write, with the last one,
 * with the end, or at the end of the turn, so a small response is one system call however it
 * was written.
 */
#include "http/connection.h"

#include <assert.h>

static bool is_alive(const ol_http_exchange *x)
{
    return x->active && !x->over && x->conn->phase == OL_CONN_SERVING;
}

/* ---- telling ---- */

const ol_http_request *ol_http_request_of(const ol_http_exchange *x)
{
    return &x->request;
}

ol_arena *ol_http_arena(ol_http_exchange *x)
{
    return x->arena;
}

ol_loop *ol_http_loop(ol_http_exchange *x)
{
    return x->conn->server->loop;
}

void ol_http_exchange_set(ol_http_exchange *x, const ol_http_exchange_ops *ops, void *arg)
{
    x->ops = ops;
    x->arg = arg;
}

uint64_t ol_http_bytes_sent(const ol_http_exchange *x)
{
    return x->sent;
}

uint64_t ol_http_first_byte_ns(const ol_http_exchange *x)
{
    return x->first_byte_ns;
}

/* ---- sending ---- */

/* Everything gathered and then `data`, in one call. OL_OK, OL_WAIT or negative. */
static int send_now(ol_http_exchange *x, ol_slice data)
{
    ol_http_conn *conn = x->conn;
    if (!x->first_byte_ns)
        x->first_byte_ns = ol_clock_mono_ns();
    int rc = ol_outbox_send(&conn->out, data, x->chunked);
    if (rc < 0)
        ol_http_conn_break(conn, rc, true);
    else if (rc == OL_WAIT)
        x->in_flight += data.len;
    else
        x->sent += data.len;
    return rc;
}

void ol_http_exchange_flush(ol_http_exchange *x)
{
    if (!is_alive(x) || x->conn->out.gathered.len == 0 || ol_stream_write_waits(&x->conn->stream))
        return;
    send_now(x, OL_SLICE_NONE);
}

static int add_last_chunk(ol_http_exchange *x)
{
    ol_buf *out = &x->conn->out.gathered;
    int rc = ol_buf_add(out, OL_SLICE_LIT("0\r\n"));
    for (size_t i = 0; rc == OL_OK && i < x->trailers.count; i++)
        rc = ol_buf_addf(out, "%.*s: %.*s\r\n", OL_SLICE_FMT(x->trailers.items[i].name),
                         OL_SLICE_FMT(x->trailers.items[i].value));
    return rc == OL_OK ? ol_buf_add(out, OL_SLICE_LIT("\r\n")) : rc;
}

/* The handler is through and the stream is free: send the rest, then the exchange is over. */
static void complete(ol_http_exchange *x)
{
    ol_http_conn *conn = x->conn;
    if (x->chunked && !x->last_chunk) {
        if (add_last_chunk(x) != OL_OK) {
            ol_http_conn_break(conn, OL_ENOMEM, true);
            return;
        }
        x->last_chunk = true;
    }
    if (conn->out.gathered.len > 0 && send_now(x, OL_SLICE_NONE) != OL_OK)
        return; /* drained: we come back; broken: the handler will hear */
    ol_http_conn_finish(conn, OL_OK);
}

void ol_http_exchange_drained(ol_http_exchange *x)
{
    x->sent += x->in_flight;
    x->in_flight = 0;
    if (!is_alive(x))
        return;
    if (x->pending.len > 0) {
        ol_slice data = x->pending;
        x->pending = OL_SLICE_NONE;
        if (send_now(x, data) != OL_OK)
            return;
    }
    if (x->ended) {
        complete(x);
        return;
    }
    if (!x->user_waits) {
        ol_http_exchange_flush(x);
        return;
    }
    x->user_waits = false;
    x->ops->on_drain(x->arg);
}

/* ---- what handlers call ---- */

/* Whether this answer ends the connection. */
static bool decide_close(const ol_http_exchange *x)
{
    const ol_http_conn *conn = x->conn;
    return conn->close_after || !x->keep_alive || conn->eof || ol_http_server_ends(conn->server) ||
           !ol_http_conn_can_drain(conn);
}

static void decide_framing(ol_http_exchange *x, const ol_http_response *response,
                           ol_http_head_extra *extra)
{
    bool bodiless = response->status == 204 || response->status == 304;
    x->no_body = response->no_body || bodiless || x->request.method == OL_HTTP_HEAD;
    bool unknown = response->content_length < 0;
    extra->content_length = response->status == 204 ? -1 : response->content_length;
    x->chunked = extra->chunked = unknown && !x->no_body && !x->http_1_0;
    x->unsent = x->no_body ? 0 : response->content_length;
    extra->close = decide_close(x) || (unknown && !x->no_body && x->http_1_0);
    extra->keep_alive = x->http_1_0;
}

int ol_http_respond(ol_http_exchange *x, const ol_http_response *response)
{
    ol_http_conn *conn = x->conn;
    assert(!x->responded && response->status >= 200 && response->status <= 599);
    if (!is_alive(x))
        return OL_EPEER;
    ol_http_head_extra extra = {.date = ol_http_server_date(conn->server)};
    decide_framing(x, response, &extra);
    int rc = ol_http_write_head(&conn->out.gathered, response->status, response->headers, &extra);
    if (rc != OL_OK)
        return rc;
    conn->close_after |= extra.close;
    x->responded = true;
    return OL_OK;
}

int ol_http_write(ol_http_exchange *x, ol_slice data)
{
    assert(x->responded && !x->ended && !x->user_waits);
    if (!is_alive(x))
        return OL_EPEER;
    if (data.len == 0 || x->no_body)
        return OL_OK;
    if (x->unsent >= 0) {
        assert((uint64_t)x->unsent >= data.len);
        x->unsent -= (int64_t)data.len;
    }
    int rc;
    if (ol_stream_write_waits(&x->conn->stream)) {
        x->pending = data;
        rc = OL_WAIT;
    } else if (x->unsent != 0 && ol_outbox_gather(&x->conn->out, data, x->chunked)) {
        x->sent += data.len;
        ol_http_conn_todo(x->conn, OL_TURN_FLUSH);
        return OL_OK;
    } else {
        rc = send_now(x, data);
    }
    x->user_waits = rc == OL_WAIT;
    return rc;
}

bool ol_http_takes_piped(const ol_http_exchange *x)
{
    return is_alive(x) && !x->chunked && !x->no_body && ol_stream_takes_piped(&x->conn->stream);
}

int ol_http_trailers(ol_http_exchange *x, const ol_headers *fields)
{
    assert(x->responded && !x->ended);
    if (!is_alive(x) || !x->chunked)
        return OL_SKIP;
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < fields->count; i++)
        rc = ol_headers_add(&x->trailers, fields->items[i].name, fields->items[i].value);
    return rc;
}

void ol_http_end(ol_http_exchange *x)
{
    assert(!x->ended);
    if (!is_alive(x))
        return;
    if (!x->responded || x->unsent > 0) {
        ol_http_abort(x);
        return;
    }
    x->ended = true;
    if (!ol_stream_write_waits(&x->conn->stream))
        complete(x);
}

void ol_http_abort(ol_http_exchange *x)
{
    if (!x->active || x->over)
        return;
    ol_http_conn_finish(x->conn, OL_ECANCELED);
    ol_http_conn_break(x->conn, OL_ECANCELED, true);
}
