/* SPDX-License-Identifier: MIT */
/*
 * The life of a connection: its turns, how one request follows another, and how it ends. What
 * is read from it is next door, in request_reader.c.
 *
 * When the stream breaks, it is closed at once; the handler hears of it on the next turn
 * (BREAK), its exchange ends on the one after (FINISH), and the memory goes back when both
 * the stream and the exchange are through.
 */
#include "http/connection.h"

#include "base/alloc.h"

#define LINGER_MS 5000
#define DRAIN_BYTES_MAX (256 * OL_KIB) /* an unwanted body is read up to this */

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

void ol_http_conn_forget_head(ol_http_conn *conn)
{
    ol_wipe_slice(conn->head);
    conn->head = OL_SLICE_NONE;
}

static void finish_now(ol_http_conn *conn);
static void tell_broken(ol_http_conn *conn);

static void on_turn(void *arg)
{
    ol_http_conn *conn = arg;
    unsigned todo = conn->todo;
    conn->todo = 0;
    conn->todo_posted = false;
    if (todo & OL_TURN_FLUSH)
        ol_http_exchange_flush(&conn->x);
    if (todo & OL_TURN_BREAK)
        tell_broken(conn);
    if (todo & OL_TURN_FINISH)
        finish_now(conn);
    if (todo & OL_TURN_PUMP)
        ol_http_conn_pump(conn);
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
        ol_http_conn_todo(conn, OL_TURN_BREAK);
    else if (!conn->x.active && !conn->pumping)
        ol_inbox_drop(&conn->in);
}

static void tell_broken(ol_http_conn *conn)
{
    ol_http_exchange *x = &conn->x;
    if (!x->active || x->over)
        return;
    ol_http_conn_tell_body_end(conn, conn->broken);
    if (!x->over && !x->ended && x->ops && x->ops->on_gone)
        x->ops->on_gone(x->arg, conn->broken);
    ol_http_conn_finish(conn, conn->broken);
}

void ol_http_conn_linger(ol_http_conn *conn)
{
    conn->phase = OL_CONN_LINGER;
    conn->deadline = now_ms(conn) + LINGER_MS;
    if (!conn->pumping)
        ol_inbox_drop(&conn->in);
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
    conn->deadline =
        now_ms(conn) + (conn->served ? limits->idle_timeout_ms : limits->header_timeout_ms);
    ol_stream_read_large(&conn->stream, false);
}

void ol_http_conn_finish(ol_http_conn *conn, int code)
{
    if (conn->x.over)
        return;
    conn->x.over = true;
    conn->x.code = code;
    ol_http_conn_todo(conn, OL_TURN_FINISH);
}

/* The client asked for the end and has sent all it had: nothing can come that would turn our
 * FIN into a reset, so there is no need to linger. */
static bool can_close_at_once(ol_http_conn *conn)
{
    return !conn->x.keep_alive && conn->body_done && conn->in.window.len == 0 &&
           ol_stream_is_flushed(&conn->stream);
}

static void end_connection(ol_http_conn *conn)
{
    bool at_once = can_close_at_once(conn);
    ol_http_conn_linger(conn);
    if (at_once && ol_stream_is_flushed(&conn->stream))
        ol_http_conn_break(conn, OL_OK, false);
}

static void finish_now(ol_http_conn *conn)
{
    ol_http_exchange *x = &conn->x;
    if (x->ops)
        x->ops->on_close(x->arg, x->code);
    x->active = false;
    if (conn->paused && conn->in.window.len == 0)
        ol_inbox_drop(&conn->in); /* it held only what the handler had borrowed */
    conn->paused = false;
    ol_http_conn_forget_head(conn);
    ol_arena_reset(x->arena);
    if (conn->phase == OL_CONN_CLOSED) {
        ol_inbox_drop(&conn->in);
        return;
    }
    ol_outbox_reset(&conn->out);
    bool last = conn->close_after || conn->eof || ol_http_server_ends(conn->server);
    if (last || !ol_http_conn_can_drain(conn)) {
        end_connection(conn);
        return;
    }
    if (!conn->body_done) {
        conn->discard = true;
        ol_progress_begin(&conn->progress, now_ms(conn));
    }
    await_head(conn);
    ol_http_conn_pump(conn);
}

/* ---- the stream's events ---- */

static void on_eof(void *arg)
{
    ol_http_conn *conn = arg;
    conn->eof = true;
    conn->close_after = true;
    bool idle = conn->body_done && !conn->x.active;
    bool said_all = conn->phase == OL_CONN_LINGER && !ol_stream_write_waits(&conn->stream);
    if (conn->phase == OL_CONN_LINGER && !said_all)
        return; /* when it has drained */
    if (idle || said_all)
        ol_http_conn_break(conn, OL_EPEER, false);
    else if (!conn->body_done)
        ol_http_conn_body_broke(conn, OL_EINCOMPLETEBODY);
}

static void on_drain(void *arg)
{
    ol_http_conn *conn = arg;
    ol_outbox_drained(&conn->out);
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
    .on_read = ol_http_conn_read,
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

/* ---- the sweep ---- */

void ol_http_conn_check(ol_http_conn *conn, uint64_t now)
{
    if (conn->phase == OL_CONN_CLOSED)
        return;
    if (conn->deadline && now >= conn->deadline) {
        bool begun = conn->phase == OL_CONN_SERVING && conn->head_begun_ns && conn->body_done;
        if (begun)
            ol_http_conn_refuse(conn, 408, "the request head took too long");
        else
            ol_http_conn_break(conn, OL_ETIMEOUT, false);
        return;
    }
    if (conn->phase != OL_CONN_SERVING)
        return;
    const ol_http_limits *limits = &conn->server->limits;
    bool reading = !conn->body_done && ol_http_conn_reads_body(conn) && conn->in.window.len == 0;
    if (reading && ol_progress_reading_late(&conn->progress, now, limits->body_timeout_ms,
                                            limits->body_rate_min))
        ol_http_conn_body_broke(conn, OL_ETIMEOUT);
    if (conn->phase == OL_CONN_SERVING &&
        ol_progress_writing_late(&conn->progress, &conn->stream, now, limits->body_timeout_ms,
                                 limits->body_rate_min))
        ol_http_conn_break(conn, OL_ETIMEOUT, true);
}
