/* SPDX-License-Identifier: MIT */
/*
 * One connection of the server, and the one exchange it carries at a time. For http/ only.
 *
 *   server.c      its life, limits, the sweep
 *   accept.c      listeners, the memory and the number of connections
 *   connection.c  turns, one request after another, the end
 *   request_reader.c  bytes from the client: heads, bodies
 *   exchange.c    bytes to the client: what handlers call
 *   refusal.c     answers to what never became an exchange
 *
 * While there are bytes that must wait (see inbox.h), the socket is not read.
 *
 * Work for a later turn is a bit in `todo`, done by one deferred call in a fixed order.
 */
#ifndef OL_HTTP_CONNECTION_H
#define OL_HTTP_CONNECTION_H

#include "base/clock.h"
#include "http/body_reader.h"
#include "http/head_parse.h"
#include "http/inbox.h"
#include "http/outbox.h"
#include "http/progress.h"
#include "http/server.h"
#include "net/listener.h"

typedef struct ol_http_conn ol_http_conn;

enum {
    OL_TURN_FLUSH = 1,  /* send what is gathered */
    OL_TURN_BREAK = 2,  /* tell the handler that the connection broke */
    OL_TURN_FINISH = 4, /* the exchange is over: on_close, then the next request */
    OL_TURN_PUMP = 8    /* look at the inbox again */
};

enum ol_conn_phase {
    OL_CONN_SERVING, /* heads, bodies, answers */
    OL_CONN_LINGER,  /* the last answer is out; what still comes is thrown away for a while */
    OL_CONN_CLOSED   /* the stream is closing or closed */
};

struct ol_http_exchange {
    ol_http_conn *conn;
    ol_http_request request;
    ol_arena *arena;
    const ol_http_exchange_ops *ops;
    void *arg;
    const ol_http_body_ops *body_ops;
    void *body_arg;

    bool active;        /* from on_request until on_close has run */
    bool over;          /* nothing more is wanted from or told to the handler but on_close */
    bool expects;       /* the client waits for 100 Continue */
    bool http_1_0;
    bool keep_alive;    /* what the request asked for */
    bool body_started;
    bool body_told;     /* on_end has been called */
    bool body_refused;  /* on_data returned an error: the rest is thrown away */
    bool responded;
    bool chunked;       /* the response is */
    bool no_body;
    bool ended;         /* the handler said so */
    bool last_chunk;    /* is in `out` or sent */
    bool user_waits;    /* OL_WAIT was returned, on_drain is owed */
    int body_code;      /* OL_OK, or why the body cannot be read any further */
    int code;           /* for on_close */
    int64_t unsent;     /* of the announced length; -1: none announced */
    uint64_t sent;
    uint64_t in_flight; /* counted to `sent` when drained */
    uint64_t first_byte_ns;
    ol_slice pending;   /* the handler's bytes, behind ours in the socket's queue */
    ol_headers trailers; /* fields behind the last chunk */
};

struct ol_http_conn {
    ol_stream stream;
    ol_http_server *server;
    ol_http_conn *prev, *next;
    enum ol_conn_phase phase;
    unsigned todo;
    bool todo_posted;
    bool stream_closed;
    bool refused_slot; /* counted among the refused, not the open */
    bool tls;
    bool eof;          /* the client has ended its direction */
    bool close_after;  /* no further request on this connection */
    bool paused;       /* a handler holds a slice: OL_WAIT from on_data */
    bool body_done;    /* nothing more of the request's body will be read */
    bool discard;      /* read the rest of the body and throw it away */
    bool served;       /* had a request before */
    bool pumping;      /* pump is on the stack: the inbox is in use */
    int broken;        /* OL_OK, or why the stream is gone */
    ol_post turn;

    ol_inbox in;
    ol_slice head; /* the exchange's copy of the request's, in its arena */
    ol_outbox out;
    ol_head_scan scan;
    ol_body_reader body;
    ol_progress progress;
    uint64_t head_begun_ns; /* 0: nothing of the next head is there */
    uint64_t deadline;      /* ms of the loop; 0: none. Idle, head, linger, handshake */

    struct ol_http_exchange x;
};

typedef struct ol_http_listener {
    ol_listener base;
    ol_http_server *server;
    struct ol_tls *tls;
    unsigned number; /* the caller's */
    struct ol_http_listener *next;
    bool starved; /* a connection waits that could not be taken */
    bool closing;
} ol_http_listener;

struct ol_http_server {
    ol_loop *loop;
    ol_http_limits limits;
    ol_http_handler handler;
    ol_http_listener *listeners;
    ol_http_conn *conns; /* all that are not freed, newest first */
    size_t conns_open, conns_refused;
    ol_http_conn *spare;
    size_t spares;
    uv_timer_t sweep;
    bool sweeping;
    bool draining, closing, timer_closed, done_posted;
    bool dropping; /* `drop` is taking a connection that cannot be served to its end */
    uv_tcp_t drop;
    void (*on_done)(void *arg);
    void *done_arg;
    ol_post done_post;
    ol_http_stats stats;
    int64_t date_second;
    char date[OL_HTTP_DATE_SIZE];
};

/* ---- server.c ---- */

const char *ol_http_server_date(ol_http_server *server);
bool ol_http_server_ends(const ol_http_server *server);
void ol_http_server_sweep(ol_http_server *server);
/* To be called by what the end of the server waits for. */
void ol_http_server_check_done(ol_http_server *server);

/* ---- accept.c ---- */

/* The connection's memory is free again. */
void ol_http_server_gone(ol_http_conn *conn);
void ol_http_conn_destroy(ol_http_conn *conn);
void ol_http_listener_close(ol_http_listener *listener);

/* ---- connection.c ---- */

extern const ol_stream_ops ol_http_conn_stream_ops;

void ol_http_conn_open(ol_http_conn *conn);
void ol_http_conn_todo(ol_http_conn *conn, unsigned what);
/* Close the stream now; the handler, if any, hears of it on a later turn. */
void ol_http_conn_break(ol_http_conn *conn, int code, bool reset);
/* Let the answer out, then end. */
void ol_http_conn_linger(ol_http_conn *conn);
/* The exchange is over; on_close follows on a later turn. */
void ol_http_conn_finish(ol_http_conn *conn, int code);
/* What is left of the body is little enough to be read and thrown away. */
bool ol_http_conn_can_drain(const ol_http_conn *conn);
/* Before the exchange's arena is used again: the head may hold keys. */
void ol_http_conn_forget_head(ol_http_conn *conn);
/* Called by the sweep. */
void ol_http_conn_check(ol_http_conn *conn, uint64_t now);

/* ---- request_reader.c ---- */

/* The stream's on_read. */
void ol_http_conn_read(void *conn, ol_slice data);
/* Use what waits in the inbox as far as that goes now; then read on, or not. */
void ol_http_conn_pump(ol_http_conn *conn);
/* The body cannot be read any further, nor what would stand behind it. */
void ol_http_conn_body_broke(ol_http_conn *conn, int code);
/* Bytes of the body are wanted now, by a handler or for throwing them away. */
bool ol_http_conn_reads_body(const ol_http_conn *conn);
/* on_end, unless it has been said or nobody wants to hear it. */
void ol_http_conn_tell_body_end(ol_http_conn *conn, int code);

/* ---- exchange.c ---- */

void ol_http_exchange_drained(ol_http_exchange *x);
void ol_http_exchange_flush(ol_http_exchange *x);

/* ---- refusal.c ---- */

/* Answer with an S3 error document, then linger. No exchange may be active. */
void ol_http_conn_refuse(ol_http_conn *conn, int status, const char *why);

/* ---- response_head.c ---- */

typedef struct ol_http_head_extra {
    const char *date;
    int64_t content_length; /* -1: none */
    bool chunked;
    bool close;
    bool keep_alive; /* said to HTTP/1.0 */
} ol_http_head_extra;

int ol_http_write_head(ol_buf *out, int status, const ol_headers *headers,
                       const ol_http_head_extra *extra);

#endif
