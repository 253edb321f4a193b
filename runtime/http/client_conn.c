/* SPDX-License-Identifier: MIT */
/*
 * A connection of the client: the answer's way in, and the connection's end.
 */
#include <stdio.h>

#include "http/client_private.h"

#define INTERIMS_MAX 8
#define APART_BYTES_MIN (48 * OL_KIB) /* shorter bodies come best in one read with their head */

static uint64_t now_ms(const ol_client_conn *conn)
{
    return ol_loop_now_ms(conn->client->loop);
}

/* ---- the end ---- */

void ol_client_conn_stream_closed(void *arg)
{
    ol_client_conn *conn = arg;
    conn->stream_closed = true;
    if (!conn->call)
        ol_client_conn_free(conn);
}

/* A kept connection may have died while nobody looked. The server cannot have worked on the
 * request when it said nothing, or the method makes a second time harmless. */
static bool may_retry(const ol_client_conn *conn, const ol_http_call *call, int code)
{
    return conn->reused && !conn->heard && code == OL_EPEER && !call->retried && !call->answered &&
           !call->body_taken && (call->idempotent || !call->begun) && !conn->client->closing;
}

static void retry(ol_client_conn *conn, ol_http_call *call)
{
    conn->call = NULL;
    call->conn = NULL;
    call->retried = true;
    call->begun = call->writable = call->user_waits = call->sent = false;
    call->pending = OL_SLICE_NONE;
    conn->client->stats.retried++;
    int rc = ol_client_dispatch(call, true, true);
    if (rc != OL_OK)
        ol_client_call_finish(call, rc, "no connection for a second try");
}

static void close_stream(ol_client_conn *conn, bool reset)
{
    enum ol_client_phase phase = conn->phase;
    conn->phase = OL_CLIENT_CLOSED;
    if (phase == OL_CLIENT_RESOLVING) {
        conn->stream_closed = true;
        return;
    }
    if (phase == OL_CLIENT_BETWEEN)
        return; /* closing already */
    if (reset)
        ol_stream_abort(&conn->stream, ol_client_conn_stream_closed);
    else
        ol_stream_close(&conn->stream, ol_client_conn_stream_closed);
}

void ol_client_conn_break(ol_client_conn *conn, int code, const char *why, bool reset)
{
    if (conn->phase == OL_CLIENT_CLOSED)
        return;
    char reason[160]; /* `why` may lie in the stream */
    snprintf(reason, sizeof(reason), "%s", why && *why ? why : "the connection broke");
    close_stream(conn, reset);
    ol_client_conn_forget_addresses(conn);
    ol_http_call *call = conn->call;
    ol_client_conn_leave(conn);
    if (call && !call->over) {
        if (may_retry(conn, call, code))
            retry(conn, call);
        else
            ol_client_call_finish(call, code, reason);
    }
    if (conn->stream_closed && !conn->call)
        ol_client_conn_free(conn);
}

/* ---- answers ---- */

static void broken_answer(ol_client_conn *conn, const char *why)
{
    ol_client_conn_break(conn, OL_EPROTOCOL, why, true);
}

static void start_body(ol_client_conn *conn, const ol_http_head *head)
{
    ol_http_call *call = conn->call;
    const ol_http_framing *framing = &head->framing;
    bool none = call->is_head || head->status == 204 || head->status == 304;
    uint64_t length = framing->content_length > 0 ? (uint64_t)framing->content_length : 0;
    if (none)
        ol_body_reader_init(&conn->body, OL_BODY_LENGTH, 0);
    else if (framing->chunked)
        ol_body_reader_init(&conn->body, OL_BODY_CHUNKED, 0);
    else if (framing->content_length >= 0)
        ol_body_reader_init(&conn->body, OL_BODY_LENGTH, length);
    else
        ol_body_reader_init(&conn->body, OL_BODY_UNTIL_END, 0);
    conn->alive_after = framing->keep_alive && conn->body.mode != OL_BODY_UNTIL_END;
    call->answer.status = head->status;
    call->answer.headers = head->headers;
    call->answer.content_length = framing->content_length;
    call->answer.body_follows = !ol_body_reader_done(&conn->body);
    ol_stream_read_large(&conn->stream, framing->chunked || length > OL_READ_SMALL_BYTES);
    conn->host->bodies_apart = !framing->chunked && length >= APART_BYTES_MIN &&
                               !conn->host->tls && call->ops->on_pipe;
    ol_progress_begin(&conn->progress, now_ms(conn));
}

/* 1xx: another head follows. */
static void on_interim(ol_client_conn *conn, int status)
{
    ol_http_call *call = conn->call;
    ol_head_scan_reset(&conn->scan);
    if (status == 101 || ++call->interims > INTERIMS_MAX)
        broken_answer(conn, "an unexpected interim answer");
    else if (status == 100)
        ol_client_call_continue(call);
}

static void on_head(ol_client_conn *conn, ol_slice bytes)
{
    ol_http_call *call = conn->call;
    ol_http_fault fault = {0};
    ol_http_head head = {0};
    ol_headers_init(&head.headers, call->arena);
    ol_slice copy = ol_arena_copy(call->arena, bytes);
    int rc = copy.data ? ol_http_parse_response(&head, copy, &fault) : OL_ENOMEM;
    if (rc != OL_OK) {
        ol_client_conn_break(conn, rc, rc == OL_ENOMEM ? "out of memory" : fault.why, true);
        return;
    }
    if (head.status < 200) {
        on_interim(conn, head.status);
        return;
    }
    start_body(conn, &head);
    /* Without TLS nobody could tell a complete body from a cut one. */
    if (conn->body.mode == OL_BODY_UNTIL_END && !conn->host->tls) {
        broken_answer(conn, "an answer of unknown length");
        return;
    }
    call->answered = true;
    call->deadline = 0;
    call->ops->on_answer(call->arg, &call->answer);
}

/* False: more bytes are needed. */
static bool read_head(ol_client_conn *conn)
{
    ol_slice bytes;
    ol_http_fault fault;
    int rc = ol_head_scan_more(&conn->scan, conn->in.window, &bytes, &fault);
    if (rc == OL_WAIT)
        return false;
    if (rc != OL_OK) {
        broken_answer(conn, fault.why);
        return true;
    }
    size_t used = (size_t)(bytes.data + bytes.len - conn->in.window.data);
    conn->in.window = ol_slice_from(conn->in.window, used);
    on_head(conn, bytes);
    return true;
}

static void hand_over(ol_client_conn *conn, ol_slice data)
{
    ol_http_call *call = conn->call;
    int rc = call->ops->on_data(call->arg, data);
    if (call->over)
        return;
    if (rc == OL_WAIT) {
        call->paused = true;
        ol_progress_pause(&conn->progress, now_ms(conn));
    } else if (rc < 0) {
        ol_client_call_finish(call, rc, "given up by the reader of the body");
        ol_client_conn_break(conn, rc, "", true);
    }
}

/* The answer is complete: the call is over, the connection may live on. */
static void complete(ol_client_conn *conn)
{
    ol_http_call *call = conn->call;
    bool reusable = conn->alive_after && call->sent && conn->in.window.len == 0 &&
                    ol_stream_is_flushed(&conn->stream) && conn->out.gathered.len == 0;
    ol_client_call_finish(call, OL_OK, "");
    if (!reusable) {
        ol_client_conn_break(conn, OL_OK, "", false);
        return;
    }
    call->conn = NULL;
    conn->call = NULL;
    ol_client_conn_idle(conn);
}

/* False: more bytes are needed. */
static bool read_body(ol_client_conn *conn)
{
    ol_slice data;
    int rc = ol_body_reader_next(&conn->body, &conn->in.window, &data);
    if (rc == OL_WAIT)
        return false;
    if (rc == OL_DONE) {
        complete(conn);
        return true;
    }
    if (rc != OL_OK) {
        broken_answer(conn, "broken chunks");
        return true;
    }
    ol_progress_count(&conn->progress, data.len, now_ms(conn));
    hand_over(conn, data);
    return true;
}

/* ---- reading ---- */

static bool can_go_on(const ol_client_conn *conn)
{
    return conn->phase == OL_CLIENT_OPEN && conn->call && !conn->call->over && !conn->call->paused;
}

static void settle(ol_client_conn *conn)
{
    ol_http_call *call = conn->call;
    bool lent = call && call->paused;
    enum ol_inbox_rest rest = OL_INBOX_DROP;
    if (lent)
        rest = OL_INBOX_LENT;
    else if (conn->phase == OL_CLIENT_OPEN && call && !call->answered)
        rest = OL_INBOX_CONTINUE;
    if (ol_inbox_settle(&conn->in, &conn->stream, rest) != OL_OK)
        ol_client_conn_break(conn, OL_ENOMEM, "out of memory", true);
    if (conn->phase != OL_CLIENT_OPEN)
        return;
    if (lent)
        ol_stream_read_stop(&conn->stream);
    else
        ol_stream_read_start(&conn->stream);
}

static void use_window(ol_client_conn *conn)
{
    conn->pumping = true;
    while (can_go_on(conn)) {
        if (conn->call->answered ? !read_body(conn) : !read_head(conn))
            break;
    }
    conn->pumping = false;
    settle(conn);
}

void ol_client_conn_pump(ol_client_conn *conn)
{
    if (conn->phase == OL_CLIENT_OPEN && !conn->pumping)
        use_window(conn);
}

static void on_read(void *arg, ol_slice data)
{
    ol_client_conn *conn = arg;
    if (conn->phase != OL_CLIENT_OPEN)
        return;
    if (!conn->call || !conn->call->begun) {
        ol_client_conn_break(conn, OL_EPEER, "bytes that nobody asked for", true);
        return;
    }
    conn->heard = true;
    if (ol_inbox_push(&conn->in, data) != OL_OK) {
        ol_client_conn_break(conn, OL_ENOMEM, "out of memory", true);
        return;
    }
    use_window(conn);
}

/* The next bytes can be nothing but the body. */
static bool expects_body_alone(const ol_client_conn *conn)
{
    return can_go_on(conn) && conn->call->answered && conn->body.mode == OL_BODY_LENGTH &&
           conn->body.remaining > 0 && ol_inbox_is_empty(&conn->in);
}

static ol_pipe *on_pipe(void *arg, size_t *max)
{
    ol_client_conn *conn = arg;
    if (!expects_body_alone(conn) || !conn->call->ops->on_pipe)
        return NULL;
    uint64_t remaining = conn->body.remaining;
    *max = remaining < SIZE_MAX ? (size_t)remaining : SIZE_MAX;
    return conn->call->ops->on_pipe(conn->call->arg);
}

/* Straight into the caller's memory. */
static void on_alloc(void *arg, ol_span *span)
{
    ol_client_conn *conn = arg;
    ol_http_call *call = conn->call;
    if (!expects_body_alone(conn) || !call->ops->on_alloc)
        return;
    call->ops->on_alloc(call->arg, span);
    if (span->data && span->len > conn->body.remaining)
        span->len = (size_t)conn->body.remaining;
}

static void on_eof(void *arg)
{
    ol_client_conn *conn = arg;
    ol_http_call *call = conn->call;
    bool whole = call && call->answered && !call->over && conn->body.mode == OL_BODY_UNTIL_END;
    if (whole)
        complete(conn);
    else if (call && call->answered)
        ol_client_conn_break(conn, OL_EPEER, "the answer's body ended early", true);
    else
        ol_client_conn_break(conn, OL_EPEER, "closed without an answer", true);
}

static void on_error(void *arg, int code)
{
    ol_client_conn *conn = arg;
    if (conn->phase == OL_CLIENT_CONNECTING)
        ol_client_conn_attempt_failed(conn, code);
    else
        ol_client_conn_break(conn, code, ol_stream_reason(&conn->stream), true);
}

static void on_open(void *arg)
{
    ol_client_conn_opened(arg);
}

static void on_drain(void *arg)
{
    ol_client_conn *conn = arg;
    ol_outbox_drained(&conn->out);
    if (conn->call && !conn->call->over)
        ol_client_call_drained(conn->call);
}

const ol_stream_ops ol_client_stream_ops = {
    .on_open = on_open,
    .on_read = on_read,
    .on_alloc = on_alloc,
    .on_pipe = on_pipe,
    .on_eof = on_eof,
    .on_drain = on_drain,
    .on_error = on_error,
};

void ol_client_conn_opened(ol_client_conn *conn)
{
    conn->phase = OL_CLIENT_OPEN;
    conn->deadline = 0;
    conn->client->stats.connected++;
    ol_client_conn_forget_addresses(conn);
    ol_stream_read_large(&conn->stream, true);
    ol_stream_read_start(&conn->stream);
    ol_client_call_todo(conn->call, OL_CALL_BEGIN);
}

/* ---- the sweep ---- */

static void check_call(ol_client_conn *conn, ol_http_call *call, uint64_t now)
{
    const ol_http_client_limits *limits = &conn->client->limits;
    if (call->deadline && now >= call->deadline) {
        if (call->expects && !call->writable)
            ol_client_call_continue(call);
        else
            ol_client_conn_break(conn, OL_ETIMEOUT, "no answer in time", true);
        return;
    }
    bool reading = call->answered && !call->paused && conn->in.window.len == 0;
    if (reading && ol_progress_reading_late(&conn->progress, now, limits->body_timeout_ms,
                                            limits->body_rate_min))
        ol_client_conn_break(conn, OL_ETIMEOUT, "the answer's body comes too slowly", true);
    else if (ol_progress_writing_late(&conn->progress, &conn->stream, now,
                                      limits->body_timeout_ms, limits->body_rate_min))
        ol_client_conn_break(conn, OL_ETIMEOUT, "the request is taken too slowly", true);
}

void ol_client_conn_check(ol_client_conn *conn, uint64_t now)
{
    if (conn->phase == OL_CLIENT_CLOSED)
        return;
    if (conn->deadline && now >= conn->deadline)
        ol_client_conn_break(conn, OL_ETIMEOUT, "no connection in time", false);
    else if (conn->phase == OL_CLIENT_OPEN && conn->call && !conn->call->over)
        check_call(conn, conn->call, now);
}
