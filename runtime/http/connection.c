/* SPDX-License-Identifier: MIT */
/*
 * The client's side of a connection: see connection.h for the plan.
 *
 * Happy path: on_read → pump → read_head → on_request … read_body … → finish → next head.
 * When the stream breaks, it is closed at once; the handler hears of it on the next turn
 * (BREAK), its exchange ends on the one after (FINISH), and the memory goes back when both
 * the stream and the exchange are through.
 */
#include "http/connection.h"

#include <assert.h>

#include "http/target.h"

#define COPY_BYTES_MAX 4096 /* waiting bytes up to this are copied, more keep their buffer */
#define LINGER_MS 5000
#define DRAIN_BYTES_MAX (256 * OL_KIB) /* an unwanted body is read up to this */
#define OUT_BYTES_KEEP (16 * OL_KIB)

static uint64_t now_ms(const ol_http_conn *conn)
{
    return ol_loop_now_ms(conn->server->loop);
}

/* ---- turns ---- */

static void free_if_through(ol_http_conn *conn)
{
    if (conn->stream_closed && !conn->x.active && !conn->todo_posted)
        ol_http_server_gone(conn);
}

static void finish_now(ol_http_conn *conn);
static void pump_held(ol_http_conn *conn);
static void tell_broken(ol_http_conn *conn);

static void on_turn(void *arg)
{
    ol_http_conn *conn = arg;
    unsigned todo = conn->todo;
    conn->todo = 0;
    conn->todo_posted = false;
    if (todo & OL_TODO_FLUSH)
        ol_http_exchange_flush(&conn->x);
    if (todo & OL_TODO_BREAK)
        tell_broken(conn);
    if (todo & OL_TODO_FINISH)
        finish_now(conn);
    if (todo & OL_TODO_PUMP)
        pump_held(conn);
    free_if_through(conn);
}

void ol_http_conn_todo(ol_http_conn *conn, unsigned what)
{
    conn->todo |= what;
    if (conn->todo_posted)
        return;
    conn->todo_posted = true;
    conn->turn.fn = on_turn;
    conn->turn.arg = conn;
    ol_loop_defer(conn->server->loop, &conn->turn);
}

/* ---- the end ---- */

static void release_window(ol_http_conn *conn)
{
    conn->window = OL_SLICE_NONE;
    ol_read_buf_release(conn->kept);
    conn->kept = NULL;
    ol_buf_clear(&conn->in);
}

static void on_stream_closed(void *arg)
{
    ol_http_conn *conn = arg;
    conn->stream_closed = true;
    free_if_through(conn);
}

void ol_http_conn_break(ol_http_conn *conn, int code, bool reset)
{
    if (conn->phase == OL_CONN_CLOSED)
        return;
    conn->phase = OL_CONN_CLOSED;
    conn->broken = code;
    if (reset)
        ol_stream_abort(&conn->stream, on_stream_closed);
    else
        ol_stream_close(&conn->stream, on_stream_closed);
    if (conn->x.active && !conn->x.over)
        ol_http_conn_todo(conn, OL_TODO_BREAK);
    else if (!conn->x.active && !conn->pumping)
        release_window(conn);
}

static void tell_body_end(ol_http_conn *conn, int code)
{
    ol_http_exchange *x = &conn->x;
    if (!x->active || x->over || !x->body_started || x->body_told || x->body_refused)
        return;
    x->body_told = true;
    x->body_ops->on_end(x->body_arg, code);
}

static void tell_broken(ol_http_conn *conn)
{
    ol_http_exchange *x = &conn->x;
    if (!x->active || x->over)
        return;
    tell_body_end(conn, conn->broken);
    if (!x->over && !x->ended && x->ops && x->ops->on_gone)
        x->ops->on_gone(x->arg, conn->broken);
    ol_http_conn_finish(conn, conn->broken);
}

void ol_http_conn_linger(ol_http_conn *conn)
{
    conn->phase = OL_CONN_LINGER;
    conn->head_deadline = now_ms(conn) + LINGER_MS;
    if (!conn->pumping)
        release_window(conn);
    ol_stream_shutdown(&conn->stream);
    if (conn->eof && !ol_stream_write_waits(&conn->stream))
        ol_http_conn_break(conn, OL_OK, false);
    else
        ol_stream_read_start(&conn->stream);
}

/* ---- from one request to the next ---- */

bool ol_http_conn_can_drain(const ol_http_conn *conn)
{
    if (conn->body_done)
        return true;
    return !conn->x.expects && !conn->eof && conn->body.mode == OL_BODY_LENGTH &&
           conn->body.remaining <= DRAIN_BYTES_MAX;
}

static void await_head(ol_http_conn *conn)
{
    const ol_http_limits *limits = &conn->server->limits;
    ol_head_scan_reset(&conn->scan);
    conn->head_begun_ns = 0;
    conn->head_deadline =
        now_ms(conn) + (conn->served ? limits->idle_timeout_ms : limits->header_timeout_ms);
    ol_stream_read_large(&conn->stream, false);
}

void ol_http_conn_finish(ol_http_conn *conn, int code)
{
    if (conn->x.over)
        return;
    conn->x.over = true;
    conn->x.code = code;
    ol_http_conn_todo(conn, OL_TODO_FINISH);
}

static void watch_body(ol_http_conn *conn)
{
    conn->rx_start = conn->rx_last = now_ms(conn);
    conn->rx_bytes = 0;
}

static void finish_now(ol_http_conn *conn)
{
    ol_http_exchange *x = &conn->x;
    if (x->ops)
        x->ops->on_close(x->arg, x->code);
    x->active = false;
    conn->paused = false;
    conn->tx_start = 0;
    ol_arena_reset(x->arena);
    if (conn->out.cap > OUT_BYTES_KEEP && !conn->out_flying)
        ol_buf_fini(&conn->out);
    if (conn->phase == OL_CONN_CLOSED) {
        release_window(conn);
        return;
    }
    bool last = conn->close_after || conn->eof || ol_http_server_ends(conn->server);
    if (last || !ol_http_conn_can_drain(conn)) {
        ol_http_conn_linger(conn);
        return;
    }
    if (!conn->body_done) {
        conn->discard = true;
        watch_body(conn);
    }
    await_head(conn);
    pump_held(conn);
}

/* ---- heads ---- */

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
}

static int parse_request(ol_http_conn *conn, ol_slice bytes, ol_http_fault *fault)
{
    ol_http_request *request = &conn->x.request;
    ol_slice copy = ol_arena_copy(conn->x.arena, bytes);
    if (!copy.data)
        return OL_ENOMEM;
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
    if (parse_request(conn, bytes, &fault) != OL_OK) {
        ol_arena_reset(conn->x.arena);
        ol_http_conn_refuse(conn, fault.status, fault.why);
        return;
    }
    ol_http_server *server = conn->server;
    conn->served = true;
    conn->head_deadline = 0;
    server->stats.requests++;
    server->handler.on_request(server->handler.arg, &conn->x);
}

static void begin_head(ol_http_conn *conn)
{
    conn->head_begun_ns = ol_clock_mono_ns();
    conn->head_deadline = now_ms(conn) + conn->server->limits.header_timeout_ms;
}

/* False: more bytes are needed. */
static bool read_head(ol_http_conn *conn)
{
    ol_slice bytes;
    ol_http_fault fault;
    int rc = ol_head_scan_more(&conn->scan, conn->window, &bytes, &fault);
    if (!conn->head_begun_ns && ol_head_scan_begun(&conn->scan, conn->window.len))
        begin_head(conn);
    if (rc == OL_WAIT)
        return false;
    if (rc != OL_OK) {
        ol_http_conn_refuse(conn, fault.status, fault.why);
        return true;
    }
    conn->window = ol_slice_from(conn->window, (size_t)(bytes.data + bytes.len - conn->window.data));
    start_exchange(conn, bytes);
    return true;
}

/* ---- bodies ---- */

/* The body cannot be read any further, nor what would stand behind it. */
static void body_broke(ol_http_conn *conn, int code)
{
    conn->body_done = true;
    conn->close_after = true;
    conn->x.body_code = code;
    if (!conn->x.active)
        ol_http_conn_break(conn, code, false);
    else
        tell_body_end(conn, code);
}

static bool body_wanted(const ol_http_conn *conn)
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
        conn->rx_paused_at = now_ms(conn);
    } else if (rc < 0) {
        x->body_refused = true;
        conn->discard = ol_http_conn_can_drain(conn);
        conn->close_after |= !conn->discard;
    }
}

/* False: nothing to be done now. */
static bool read_body(ol_http_conn *conn)
{
    if (!body_wanted(conn) || (conn->x.body_refused && !conn->discard))
        return false;
    ol_slice data;
    int rc = ol_body_reader_next(&conn->body, &conn->window, &data);
    if (rc == OL_WAIT)
        return false;
    if (rc == OL_DONE) {
        conn->body_done = true;
        conn->discard = false;
        tell_body_end(conn, OL_OK);
        return true;
    }
    if (rc != OL_OK) {
        conn->server->stats.protocol_errors++;
        conn->window = OL_SLICE_NONE;
        body_broke(conn, rc);
        return true;
    }
    conn->rx_bytes += data.len;
    conn->rx_last = now_ms(conn);
    if (!conn->discard)
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
        tell_body_end(conn, conn->x.body_code);
        if (conn->x.active || conn->window.len == 0 || conn->close_after || !read_head(conn))
            break;
    }
    conn->pumping = false;
}

/* Bring the window's bytes into `in`. */
static void copy_window(ol_http_conn *conn)
{
    const ol_buf *in = &conn->in;
    ol_slice window = conn->window;
    if (in->len > 0 && window.data >= in->data && window.data < in->data + in->len) {
        ol_buf_consume(&conn->in, in->len - window.len);
    } else {
        ol_buf_clear(&conn->in);
        if (ol_buf_add(&conn->in, window) != OL_OK) {
            ol_http_conn_break(conn, OL_ENOMEM, false);
            return;
        }
        ol_read_buf_release(conn->kept);
        conn->kept = NULL;
    }
    conn->window = ol_buf_slice(&conn->in);
}

/* After a pump: find a place for what is left. `fresh`: it still lies in the stream's buffer. */
static void settle(ol_http_conn *conn, bool fresh)
{
    bool lent = conn->paused && conn->x.active;
    bool head_wanted = conn->body_done && !conn->x.active;
    if (conn->phase != OL_CONN_SERVING && !lent) {
        if (!conn->x.active || fresh)
            release_window(conn);
        return;
    }
    if (lent) {
        if (fresh)
            conn->kept = ol_stream_keep(&conn->stream);
    } else if (conn->window.len == 0) {
        release_window(conn);
    } else if (head_wanted) {
        copy_window(conn);
        conn->window = OL_SLICE_NONE; /* the next read continues `in` */
    } else if (fresh && conn->window.len > COPY_BYTES_MAX) {
        conn->kept = ol_stream_keep(&conn->stream);
    } else if (fresh) {
        copy_window(conn);
    }
    if (conn->phase != OL_CONN_SERVING)
        return;
    if (lent || conn->window.len > 0)
        ol_stream_read_stop(&conn->stream);
    else
        ol_stream_read_start(&conn->stream);
}

static void pump_held(ol_http_conn *conn)
{
    if (conn->phase != OL_CONN_SERVING)
        return;
    if (conn->window.len == 0 && conn->body_done && !conn->x.active && conn->in.len > 0)
        conn->window = ol_buf_slice(&conn->in);
    pump(conn);
    settle(conn, false);
}

/* ---- the stream's events ---- */

static void on_read(void *arg, ol_slice data)
{
    ol_http_conn *conn = arg;
    conn->server->stats.bytes_in += data.len;
    if (conn->phase != OL_CONN_SERVING)
        return;
    bool fresh = conn->in.len == 0;
    if (fresh) {
        conn->window = data;
    } else if (ol_buf_add(&conn->in, data) == OL_OK) {
        conn->window = ol_buf_slice(&conn->in);
    } else {
        ol_http_conn_break(conn, OL_ENOMEM, false);
        return;
    }
    pump(conn);
    settle(conn, fresh);
}

static void on_eof(void *arg)
{
    ol_http_conn *conn = arg;
    conn->eof = true;
    conn->close_after = true;
    bool idle = conn->body_done && !conn->x.active;
    if (idle || conn->phase == OL_CONN_LINGER)
        ol_http_conn_break(conn, OL_EPEER, false);
    else if (!conn->body_done)
        body_broke(conn, OL_EINCOMPLETEBODY);
}

static void on_drain(void *arg)
{
    ol_http_conn *conn = arg;
    if (conn->out_flying) {
        conn->out_flying = false;
        ol_buf_clear(&conn->out);
    }
    if (conn->phase == OL_CONN_SERVING && conn->x.active)
        ol_http_exchange_drained(&conn->x);
    else if (conn->phase == OL_CONN_LINGER && conn->eof)
        ol_http_conn_break(conn, OL_OK, false);
}

static void on_error(void *arg, int code)
{
    ol_http_conn_break(arg, code, false);
}

const ol_stream_ops ol_http_conn_stream_ops = {
    .on_read = on_read,
    .on_eof = on_eof,
    .on_drain = on_drain,
    .on_error = on_error,
};

void ol_http_conn_open(ol_http_conn *conn)
{
    conn->body_done = true;
    await_head(conn);
    ol_stream_read_start(&conn->stream);
}

/* ---- what handlers call about the body ---- */

static void say_continue(ol_http_conn *conn)
{
    const ol_slice line = OL_SLICE_LIT("HTTP/1.1 100 Continue\r\n\r\n");
    conn->x.expects = false;
    bool sent_already = conn->window.len > 0;
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
    watch_body(conn);
    if (!conn->pumping)
        ol_http_conn_todo(conn, OL_TODO_PUMP);
}

void ol_http_body_resume(ol_http_exchange *x)
{
    ol_http_conn *conn = x->conn;
    if (!x->active || !conn->paused)
        return;
    conn->paused = false;
    uint64_t pause = now_ms(conn) - conn->rx_paused_at;
    conn->rx_start += pause;
    conn->rx_last += pause;
    ol_http_conn_todo(conn, OL_TODO_PUMP);
}

/* ---- the sweep ---- */

static uint64_t least_bytes(const ol_http_limits *limits, uint64_t elapsed_ms)
{
    uint64_t bytes = limits->body_rate_min * elapsed_ms / 1000;
    return bytes > 0 ? bytes : 1;
}

static void check_body(ol_http_conn *conn, uint64_t now)
{
    const ol_http_limits *limits = &conn->server->limits;
    uint64_t elapsed = now - conn->rx_start;
    bool stalled = now - conn->rx_last >= limits->body_timeout_ms;
    if (!stalled && elapsed < limits->body_timeout_ms)
        return;
    if (stalled || conn->rx_bytes < least_bytes(limits, elapsed)) {
        body_broke(conn, OL_ETIMEOUT);
        return;
    }
    conn->rx_start = now;
    conn->rx_bytes = 0;
}

/* Progress is what the client's machine has acknowledged: the socket's own buffer is large,
 * and it asks for more long before a slow client has seen what is in it. */
static void check_answer(ol_http_conn *conn, uint64_t now)
{
    const ol_http_limits *limits = &conn->server->limits;
    if (!ol_stream_write_waits(&conn->stream)) {
        conn->tx_start = 0;
        return;
    }
    uint64_t elapsed = now - conn->tx_start;
    if (conn->tx_start && elapsed < limits->body_timeout_ms)
        return;
    uint64_t unsent = ol_stream_unsent(&conn->stream), out = conn->stream.bytes_out;
    uint64_t had = conn->tx_unsent + (out - conn->tx_out);
    uint64_t progress = had > unsent ? had - unsent : 0;
    if (conn->tx_start && progress < least_bytes(limits, elapsed)) {
        ol_http_conn_break(conn, OL_ETIMEOUT, true);
        return;
    }
    conn->tx_start = now;
    conn->tx_unsent = unsent;
    conn->tx_out = out;
}

void ol_http_conn_check(ol_http_conn *conn, uint64_t now)
{
    if (conn->phase == OL_CONN_CLOSED)
        return;
    if (conn->head_deadline && now >= conn->head_deadline) {
        bool begun = conn->phase == OL_CONN_SERVING && conn->head_begun_ns && conn->body_done;
        if (begun)
            ol_http_conn_refuse(conn, 408, "the request head took too long");
        else
            ol_http_conn_break(conn, OL_ETIMEOUT, false);
        return;
    }
    if (conn->phase != OL_CONN_SERVING)
        return;
    if (!conn->body_done && body_wanted(conn) && conn->window.len == 0)
        check_body(conn, now);
    if (conn->phase == OL_CONN_SERVING)
        check_answer(conn, now);
}
