/* SPDX-License-Identifier: MIT */
/*
 * Requests out of the bytes of a connection: heads become exchanges, bodies go to handlers.
 */
#include "http/connection.h"

#include <assert.h>

#include "base/alloc.h"
#include "http/target.h"

static uint64_t now_ms(const ol_http_conn *conn)
{
    return ol_loop_now_ms(conn->server->loop);
}

void ol_http_conn_tell_body_end(ol_http_conn *conn, int code)
{
    ol_http_exchange *x = &conn->x;
    if (!x->active || x->over || !x->body_started || x->body_told || x->body_refused)
        return;
    x->body_told = true;
    x->body_ops->on_end(x->body_arg, code);
}

/* ---- heads ---- */

static void tell_tls(ol_http_conn *conn)
{
    const ol_tls_peer *peer = ol_stream_tls_peer(&conn->stream);
    if (!peer)
        return;
    conn->x.request.tls_version = peer->version;
    conn->x.request.client_subject = peer->subject;
    conn->x.request.client_fingerprint = peer->fingerprint;
}

static void fill_exchange(ol_http_conn *conn, const ol_http_head *head)
{
    ol_http_exchange *x = &conn->x;
    const ol_http_framing *framing = &head->framing;
    bool length = !framing->chunked;
    uint64_t bytes = framing->content_length > 0 ? (uint64_t)framing->content_length : 0;
    ol_body_reader_init(&conn->body, length ? OL_BODY_LENGTH : OL_BODY_CHUNKED, bytes);
    conn->body_done = ol_body_reader_done(&conn->body);
    conn->discard = false;
    ol_stream_read_large(&conn->stream, !length || bytes > OL_READ_SMALL_BYTES);

    tell_tls(conn);
    x->request.content_length = framing->content_length;
    x->request.chunked = framing->chunked;
    x->request.started_ns = conn->head_begun_ns;
    x->request.headers = head->headers;
    x->http_1_0 = head->http_1_0;
    x->keep_alive = framing->keep_alive;
    x->expects = framing->expect_continue && !conn->body_done;
    x->active = true;
    x->over = x->body_started = x->body_told = x->body_refused = false;
    x->responded = x->chunked = x->no_body = x->ended = x->last_chunk = x->user_waits = false;
    x->ops = NULL;
    x->body_ops = NULL;
    x->body_code = OL_OK;
    x->unsent = -1;
    x->sent = x->in_flight = x->first_byte_ns = 0;
    x->pending = OL_SLICE_NONE;
    ol_headers_init(&x->trailers, x->arena);
}

static int parse_request(ol_http_conn *conn, ol_slice copy, ol_http_fault *fault)
{
    ol_http_request *request = &conn->x.request;
    ol_http_head head = {0};
    ol_headers_init(&head.headers, conn->x.arena);
    int rc = ol_http_parse_request(&head, copy, fault);
    if (rc != OL_OK)
        return rc;
    request->method_text = head.method;
    request->method = ol_http_method_of(head.method);
    rc = ol_http_split_target(request, head.target, ol_headers_get(&head.headers, "Host"), fault);
    if (rc != OL_OK)
        return rc;
    fill_exchange(conn, &head);
    return OL_OK;
}

static void start_exchange(ol_http_conn *conn, ol_slice bytes)
{
    ol_http_fault fault = {503, "out of memory"};
    ol_slice copy = ol_arena_copy(conn->x.arena, bytes);
    /* It may hold keys. The request has a copy of its own until it is over. */
    ol_wipe_slice(bytes);
    conn->head = copy;
    int rc = copy.data ? parse_request(conn, copy, &fault) : OL_ENOMEM;
    if (rc != OL_OK) {
        ol_http_conn_forget_head(conn);
        ol_arena_reset(conn->x.arena);
        ol_http_conn_refuse(conn, fault.status, fault.why);
        return;
    }
    ol_http_server *server = conn->server;
    conn->served = true;
    conn->deadline = 0;
    server->stats.requests++;
    server->handler.on_request(server->handler.arg, &conn->x);
}

static void begin_head(ol_http_conn *conn)
{
    conn->head_begun_ns = ol_clock_mono_ns();
    conn->deadline = now_ms(conn) + conn->server->limits.header_timeout_ms;
}

/* False: more bytes are needed. */
static bool read_head(ol_http_conn *conn)
{
    ol_slice bytes;
    ol_http_fault fault;
    int rc = ol_head_scan_more(&conn->scan, conn->in.window, &bytes, &fault);
    if (!conn->head_begun_ns && ol_head_scan_begun(&conn->scan, conn->in.window.len))
        begin_head(conn);
    if (rc == OL_WAIT)
        return false;
    if (rc != OL_OK) {
        ol_http_conn_refuse(conn, fault.status, fault.why);
        return true;
    }
    size_t used = (size_t)(bytes.data + bytes.len - conn->in.window.data);
    conn->in.window = ol_slice_from(conn->in.window, used);
    start_exchange(conn, bytes);
    return true;
}

/* ---- bodies ---- */

/* The body cannot be read any further, nor what would stand behind it. */
void ol_http_conn_body_broke(ol_http_conn *conn, int code)
{
    conn->body_done = true;
    conn->close_after = true;
    conn->x.body_code = code;
    if (!conn->x.active)
        ol_http_conn_break(conn, code, false);
    else
        ol_http_conn_tell_body_end(conn, code);
}

bool ol_http_conn_reads_body(const ol_http_conn *conn)
{
    const ol_http_exchange *x = &conn->x;
    return conn->discard || (x->active && !x->over && x->body_started && !conn->paused);
}

static void hand_over(ol_http_conn *conn, ol_slice data)
{
    ol_http_exchange *x = &conn->x;
    int rc = x->body_ops->on_data(x->body_arg, data);
    if (rc == OL_WAIT) {
        conn->paused = true;
        ol_progress_pause(&conn->progress, now_ms(conn));
    } else if (rc < 0) {
        x->body_refused = true;
        conn->discard = ol_http_conn_can_drain(conn);
        conn->close_after |= !conn->discard;
    }
}

/* False: nothing to be done now. */
static bool read_body(ol_http_conn *conn)
{
    if (!ol_http_conn_reads_body(conn) || (conn->x.body_refused && !conn->discard))
        return false;
    ol_slice data;
    int rc = ol_body_reader_next(&conn->body, &conn->in.window, &data);
    if (rc == OL_WAIT)
        return false;
    if (rc == OL_DONE) {
        conn->body_done = true;
        conn->discard = false;
        ol_http_conn_tell_body_end(conn, OL_OK);
        return true;
    }
    if (rc != OL_OK) {
        conn->server->stats.protocol_errors++;
        ol_wipe_slice(conn->in.window); /* another head may stand in it */
        conn->in.window = OL_SLICE_NONE;
        ol_http_conn_body_broke(conn, rc);
        return true;
    }
    ol_progress_count(&conn->progress, data.len, now_ms(conn));
    if (conn->discard)
        ol_wipe_slice(data); /* a form's fields may be keys */
    else
        hand_over(conn, data);
    return true;
}

/* ---- the window ---- */

/* Use what the window holds, as far as that goes now. */
static void pump(ol_http_conn *conn)
{
    conn->pumping = true;
    while (conn->phase == OL_CONN_SERVING) {
        if (!conn->body_done) {
            if (!read_body(conn))
                break;
            continue;
        }
        ol_http_conn_tell_body_end(conn, conn->x.body_code);
        if (conn->x.active || conn->in.window.len == 0 || conn->close_after || !read_head(conn))
            break;
    }
    conn->pumping = false;
}

/* After a pump: put away what is left, and read on when nothing waits. */
static void settle(ol_http_conn *conn)
{
    bool lent = conn->paused && conn->x.active;
    enum ol_inbox_rest rest = OL_INBOX_LATER;
    if (lent)
        rest = OL_INBOX_LENT;
    else if (conn->phase != OL_CONN_SERVING)
        rest = OL_INBOX_DROP;
    else if (conn->body_done && !conn->x.active)
        rest = OL_INBOX_CONTINUE;
    if (ol_inbox_settle(&conn->in, &conn->stream, rest) != OL_OK)
        ol_http_conn_break(conn, OL_ENOMEM, false);
    if (conn->phase != OL_CONN_SERVING)
        return;
    if (lent || conn->in.window.len > 0)
        ol_stream_read_stop(&conn->stream);
    else
        ol_stream_read_start(&conn->stream);
}

void ol_http_conn_pump(ol_http_conn *conn)
{
    if (conn->phase != OL_CONN_SERVING)
        return;
    if (conn->body_done && !conn->x.active)
        ol_inbox_reload(&conn->in);
    pump(conn);
    settle(conn);
}

void ol_http_conn_read(void *arg, ol_slice data)
{
    ol_http_conn *conn = arg;
    if (conn->phase != OL_CONN_SERVING) {
        ol_wipe_slice(data);
        return;
    }
    if (ol_inbox_push(&conn->in, data) != OL_OK) {
        ol_http_conn_break(conn, OL_ENOMEM, false);
        return;
    }
    pump(conn);
    settle(conn);
}

/* ---- what handlers call about the body ---- */

static void say_continue(ol_http_conn *conn)
{
    const ol_slice line = OL_SLICE_LIT("HTTP/1.1 100 Continue\r\n\r\n");
    conn->x.expects = false;
    bool sent_already = conn->in.window.len > 0;
    if (conn->x.responded || sent_already || ol_stream_write_waits(&conn->stream))
        return;
    int rc = ol_stream_write(&conn->stream, &line, 1);
    if (rc < 0)
        ol_http_conn_break(conn, rc, true);
}

void ol_http_body_start(ol_http_exchange *x, const ol_http_body_ops *ops, void *arg)
{
    ol_http_conn *conn = x->conn;
    assert(x->active && !x->body_started);
    x->body_ops = ops;
    x->body_arg = arg;
    x->body_started = true;
    if (x->over || conn->phase != OL_CONN_SERVING)
        return; /* on_end comes with the news that the connection broke, or not at all */
    if (x->expects)
        say_continue(conn);
    ol_progress_begin(&conn->progress, now_ms(conn));
    if (!conn->pumping)
        ol_http_conn_todo(conn, OL_TURN_PUMP);
}

void ol_http_body_resume(ol_http_exchange *x)
{
    ol_http_conn *conn = x->conn;
    if (!x->active || !conn->paused)
        return;
    conn->paused = false;
    ol_progress_resume(&conn->progress, now_ms(conn));
    ol_http_conn_todo(conn, OL_TURN_PUMP);
}

