/* SPDX-License-Identifier: MIT */
/*
 * A call as its caller sees it: its request goes out here. The answer comes in client_conn.c.
 */
#include <assert.h>

#include "base/alloc.h"
#include "http/client_private.h"
#include "http/syntax.h"

#define HEAD_BYTES_MAX (64 * OL_KIB)
#define HEAD_BYTES_USUAL 2048

static uint64_t now_ms(const ol_http_call *call)
{
    return ol_loop_now_ms(call->client->loop);
}

/* ---- turns ---- */

static void begin(ol_http_call *call);
static void flush(ol_http_call *call);

static void close_call(ol_http_call *call)
{
    call->ops->on_close(call->arg, call->code, call->code == OL_OK ? NULL : &call->err);
    ol_client_conn *conn = call->conn;
    if (conn) {
        conn->call = NULL;
        if (conn->phase == OL_CLIENT_CLOSED && conn->stream_closed)
            ol_client_conn_free(conn);
    }
    ol_client_call_free(call);
}

static void on_turn(void *arg)
{
    ol_http_call *call = arg;
    unsigned todo = call->todo;
    call->todo = 0;
    call->todo_posted = false;
    if (todo & OL_CALL_CLOSE) {
        close_call(call);
        return;
    }
    if ((todo & OL_CALL_BEGIN) && !call->over)
        begin(call);
    if ((todo & OL_CALL_FLUSH) && !call->over)
        flush(call);
    if ((todo & OL_CALL_PUMP) && !call->over && call->conn)
        ol_client_conn_pump(call->conn);
}

void ol_client_call_todo(ol_http_call *call, unsigned what)
{
    call->todo |= what;
    if (call->todo_posted)
        return;
    call->todo_posted = true;
    call->turn.fn = on_turn;
    call->turn.arg = call;
    ol_loop_defer(call->client->loop, &call->turn);
}

void ol_client_call_finish(ol_http_call *call, int code, const char *why)
{
    if (call->over)
        return;
    call->over = true;
    call->code = code;
    if (code != OL_OK)
        ol_error_set(&call->err, code, "%s:%u: %s", call->host->name, (unsigned)call->host->port,
                     why);
    ol_client_call_todo(call, OL_CALL_CLOSE);
}

/* ---- the request's head ---- */

static bool is_ours(ol_slice name)
{
    return ol_slice_ieq(name, OL_SLICE_LIT("content-length")) ||
           ol_slice_ieq(name, OL_SLICE_LIT("transfer-encoding")) ||
           ol_slice_ieq(name, OL_SLICE_LIT("connection")) ||
           ol_slice_ieq(name, OL_SLICE_LIT("keep-alive")) ||
           ol_slice_ieq(name, OL_SLICE_LIT("expect"));
}

/* No printf here: a head is written for every request. */
static int write_host(ol_buf *out, const ol_client_host *host)
{
    bool six = strchr(host->name, ':') != NULL;
    bool usual = host->port == (host->tls ? 443 : 80);
    int rc = ol_buf_add_cstr(out, six ? "Host: [" : "Host: ");
    if (rc == OL_OK)
        rc = ol_buf_add_cstr(out, host->name);
    if (rc == OL_OK && six)
        rc = ol_buf_add_byte(out, ']');
    if (rc == OL_OK && !usual)
        rc = ol_buf_add_byte(out, ':');
    if (rc == OL_OK && !usual)
        rc = ol_buf_add_u64(out, host->port);
    return rc == OL_OK ? ol_buf_add_cstr(out, "\r\n") : rc;
}

static int write_framing(ol_buf *out, const ol_http_call_request *request, bool bodiless_method)
{
    int rc = OL_OK;
    if (request->content_length < 0) {
        rc = ol_buf_add_cstr(out, "Transfer-Encoding: chunked\r\n");
    } else if (request->content_length > 0 || !bodiless_method) {
        rc = ol_buf_add_cstr(out, "Content-Length: ");
        if (rc == OL_OK)
            rc = ol_buf_add_u64(out, (uint64_t)request->content_length);
        if (rc == OL_OK)
            rc = ol_buf_add_cstr(out, "\r\n");
    }
    if (rc == OL_OK && request->expect_continue && request->content_length != 0)
        rc = ol_buf_add_cstr(out, "Expect: 100-continue\r\n");
    return rc == OL_OK ? ol_buf_add_cstr(out, "\r\n") : rc;
}

/* Three pieces and a separator each, with one look at the room. */
static inline int write_line(ol_buf *out, ol_slice first, ol_slice separator, ol_slice second,
                             ol_slice end)
{
    int rc = ol_buf_reserve(out, first.len + second.len + separator.len + end.len);
    if (rc == OL_OK)
        rc = ol_buf_add(out, first);
    if (rc == OL_OK)
        rc = ol_buf_add(out, separator);
    if (rc == OL_OK)
        rc = ol_buf_add(out, second);
    return rc == OL_OK ? ol_buf_add(out, end) : rc;
}

static int write_head(ol_buf *out, const ol_http_call *call, const ol_http_call_request *request)
{
    const ol_headers *headers = request->headers;
    bool bodiless = ol_slice_eq_cstr(request->method, "GET") || call->is_head ||
                    ol_slice_eq_cstr(request->method, "DELETE");
    int rc = write_line(out, request->method, OL_SLICE_LIT(" "), request->target,
                        OL_SLICE_LIT(" HTTP/1.1\r\n"));
    if (rc == OL_OK && (!headers || !ol_headers_find(headers, OL_SLICE_LIT("host"))))
        rc = write_host(out, call->host);
    for (size_t i = 0; rc == OL_OK && headers && i < headers->count; i++) {
        const ol_header *h = &headers->items[i];
        if (!is_ours(h->name))
            rc = write_line(out, h->name, OL_SLICE_LIT(": "), h->value, OL_SLICE_LIT("\r\n"));
    }
    return rc == OL_OK ? write_framing(out, request, bodiless) : rc;
}

/* Into the call's arena: it may have to be sent twice. */
static int make_head(ol_http_call *call, const ol_http_call_request *request)
{
    char memory[HEAD_BYTES_USUAL];
    ol_buf out;
    ol_buf_init_fixed(&out, memory, sizeof(memory));
    int rc = write_head(&out, call, request);
    if (rc == OL_ELIMIT) {
        ol_wipe(memory, sizeof(memory));
        ol_buf_init_secret(&out, HEAD_BYTES_MAX);
        rc = write_head(&out, call, request);
    }
    if (rc == OL_OK) {
        call->head = ol_arena_copy(call->arena, ol_buf_slice(&out));
        if (!call->head.data)
            rc = OL_ENOMEM;
    }
    ol_buf_fini_secret(&out); /* an Authorization header may be in it */
    return rc;
}

static bool is_idempotent(ol_slice method)
{
    static const char *const names[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (ol_slice_eq_cstr(method, names[i]))
            return true;
    }
    return false;
}

int ol_client_call_prepare(ol_http_call *call, const ol_http_call_request *request)
{
    if (request->method.len == 0 || !ol_http_all(request->method, OL_CH_TOKEN) ||
        request->target.len == 0 || request->target.data[0] != '/' ||
        !ol_http_all(request->target, OL_CH_TARGET))
        return OL_EINVAL;
    call->is_head = ol_slice_eq_cstr(request->method, "HEAD");
    call->idempotent = is_idempotent(request->method);
    call->has_body = request->content_length != 0;
    call->chunked = request->content_length < 0;
    call->expects = request->expect_continue && call->has_body;
    call->unsent = request->content_length;
    return make_head(call, request);
}

/* ---- the request's way out ---- */

static bool can_send(const ol_http_call *call)
{
    return !call->over && call->conn && call->conn->phase == OL_CLIENT_OPEN;
}

static void all_sent(ol_http_call *call)
{
    call->sent = true;
    if (!call->answered)
        call->deadline = now_ms(call) + call->client->limits.response_timeout_ms;
}

/* Whatever is gathered, then `data`. */
static int send_now(ol_http_call *call, ol_slice data)
{
    ol_client_conn *conn = call->conn;
    int rc = ol_outbox_send(&conn->out, data, call->chunked);
    if (rc < 0)
        ol_client_conn_break(conn, rc, ol_stream_reason(&conn->stream), true);
    return rc;
}

static void flush(ol_http_call *call)
{
    if (!can_send(call) || call->conn->out.gathered.len == 0 ||
        ol_stream_write_waits(&call->conn->stream))
        return;
    send_now(call, OL_SLICE_NONE);
}

static void offer_writing(ol_http_call *call)
{
    call->writable = true;
    call->ops->on_writable(call->arg);
    flush(call); /* the head does not wait for a caller that has nothing yet */
}

static void begin(ol_http_call *call)
{
    ol_client_conn *conn = call->conn;
    if (!conn || conn->phase != OL_CLIENT_OPEN || call->begun)
        return;
    call->begun = true;
    call->deadline = 0;
    if (ol_buf_add(&conn->out.gathered, call->head) != OL_OK) {
        ol_client_conn_break(conn, OL_ENOMEM, "out of memory", true);
        return;
    }
    if (call->has_body && !call->expects) {
        offer_writing(call);
        return;
    }
    int rc = send_now(call, OL_SLICE_NONE);
    if (rc < 0)
        return;
    if (call->expects)
        call->deadline = now_ms(call) + call->client->limits.continue_timeout_ms;
    else if (rc == OL_OK)
        all_sent(call);
}

void ol_client_call_continue(ol_http_call *call)
{
    if (!call->expects || call->writable)
        return;
    call->expects = false;
    call->deadline = 0;
    offer_writing(call);
}

/* The caller has said the end and the stream is free. */
static void complete(ol_http_call *call)
{
    ol_outbox *out = &call->conn->out;
    if (call->chunked && !call->last_chunk) {
        if (ol_buf_add(&out->gathered, OL_SLICE_LIT("0\r\n\r\n")) != OL_OK) {
            ol_client_conn_break(call->conn, OL_ENOMEM, "out of memory", true);
            return;
        }
        call->last_chunk = true;
    }
    if (out->gathered.len > 0 && send_now(call, OL_SLICE_NONE) != OL_OK)
        return;
    all_sent(call);
}

void ol_client_call_drained(ol_http_call *call)
{
    if (!can_send(call))
        return;
    if (call->pending.len > 0) {
        ol_slice data = call->pending;
        call->pending = OL_SLICE_NONE;
        if (send_now(call, data) != OL_OK)
            return;
    }
    if (!call->has_body) {
        all_sent(call);
    } else if (call->ended) {
        complete(call);
    } else if (call->user_waits) {
        call->user_waits = false;
        call->ops->on_writable(call->arg);
    } else {
        flush(call);
    }
}

int ol_http_call_write(ol_http_call *call, ol_slice data)
{
    assert(call->writable && !call->ended && !call->user_waits);
    if (!can_send(call))
        return OL_EPEER;
    if (data.len == 0)
        return OL_OK;
    call->body_taken = true;
    if (!call->chunked) {
        assert((uint64_t)call->unsent >= data.len);
        call->unsent -= (int64_t)data.len;
    }
    int rc;
    if (ol_stream_write_waits(&call->conn->stream)) {
        call->pending = data;
        rc = OL_WAIT;
    } else if (call->unsent != 0 && ol_outbox_gather(&call->conn->out, data, call->chunked)) {
        ol_client_call_todo(call, OL_CALL_FLUSH);
        return OL_OK;
    } else {
        rc = send_now(call, data);
    }
    call->user_waits = rc == OL_WAIT;
    return rc;
}

void ol_http_call_end(ol_http_call *call)
{
    assert(call->writable && !call->ended);
    if (!can_send(call))
        return;
    if (!call->chunked && call->unsent > 0) {
        ol_http_call_abort(call);
        return;
    }
    call->ended = true;
    if (!ol_stream_write_waits(&call->conn->stream))
        complete(call);
}

/* ---- the rest of what callers call ---- */

void ol_http_call_resume(ol_http_call *call)
{
    if (!call->paused || call->over)
        return;
    call->paused = false;
    ol_progress_resume(&call->conn->progress, now_ms(call));
    ol_client_call_todo(call, OL_CALL_PUMP);
}

void ol_http_call_abort(ol_http_call *call)
{
    if (call->over)
        return;
    ol_client_unqueue(call);
    ol_client_call_finish(call, OL_ECANCELED, "given up by the caller");
    if (call->conn)
        ol_client_conn_break(call->conn, OL_ECANCELED, "", true);
}

ol_arena *ol_http_call_arena(ol_http_call *call)
{
    return call->arena;
}
