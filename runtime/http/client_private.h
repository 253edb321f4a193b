/* SPDX-License-Identifier: MIT */
/*
 * The insides of the client. For http/ only.
 *
 *   client.c           its life, its calls' lives, the sweep
 *   client_pool.c      hosts, who gets which connection
 *   client_connect.c   a connection from a name to an open stream
 *   client_conn.c      bytes from the server; how connections end
 *   client_call.c      what callers call; bytes to the server
 */
#ifndef OL_HTTP_CLIENT_PRIVATE_H
#define OL_HTTP_CLIENT_PRIVATE_H

#include "http/body_reader.h"
#include "http/client.h"
#include "http/head_parse.h"
#include "http/inbox.h"
#include "http/outbox.h"
#include "http/progress.h"

typedef struct ol_client_conn ol_client_conn;
typedef struct ol_client_host ol_client_host;

enum {
    OL_CALL_BEGIN = 1, /* the connection is there: send the head */
    OL_CALL_FLUSH = 2,
    OL_CALL_PUMP = 4,
    OL_CALL_CLOSE = 8 /* on_close, then the call is gone */
};

struct ol_http_call {
    ol_http_client *client;
    ol_client_host *host;
    ol_client_conn *conn; /* NULL while it waits */
    ol_http_call *prev, *next; /* all calls of the client */
    ol_http_call *next_waiting;
    const ol_http_call_ops *ops;
    void *arg;
    ol_arena *arena;
    ol_slice head; /* the request's, ready for the wire */
    ol_http_answer answer;
    ol_error err;
    int code;
    unsigned todo;
    bool todo_posted;
    ol_post turn;

    bool is_head, idempotent, has_body, chunked, expects;
    bool waiting;     /* in the host's queue */
    bool begun;       /* its head is with the connection */
    bool retried;
    bool body_taken;  /* something of the body was accepted from the caller: no second try */
    bool writable;    /* on_writable was called */
    bool user_waits;  /* OL_WAIT was returned, on_writable is owed */
    bool ended, last_chunk;
    bool sent;        /* the request is with the socket wholly */
    bool answered;
    bool paused;
    bool over;        /* only on_close is left */
    unsigned interims; /* 1xx answers */
    int64_t unsent;
    ol_slice pending;
    uint64_t deadline; /* while waiting for a connection, 100 Continue or the answer; ms */
};

enum ol_client_phase {
    OL_CLIENT_RESOLVING,
    OL_CLIENT_CONNECTING,
    OL_CLIENT_BETWEEN, /* one address failed, its socket is closing, the next one is tried */
    OL_CLIENT_OPEN,
    OL_CLIENT_CLOSED
};

typedef struct ol_client_lookup {
    uv_getaddrinfo_t req;
    ol_client_conn *conn; /* NULL: nobody waits any more */
} ol_client_lookup;

struct ol_client_conn {
    ol_stream stream;
    ol_http_client *client;
    ol_client_host *host;
    ol_http_call *call; /* NULL: idle */
    ol_client_conn *prev, *next; /* all connections of the client */
    ol_client_conn *next_idle;
    enum ol_client_phase phase;
    bool stream_closed;
    bool reused;       /* has carried a call before */
    bool heard;        /* bytes of this call's answer have come */
    bool pumping;
    bool alive_after;  /* the answer lets the connection live */
    uint64_t deadline; /* connecting and idle; ms */
    ol_client_lookup *lookup;
    struct addrinfo *addresses, *next_address;
    ol_inbox in;
    ol_outbox out;
    ol_head_scan scan;
    ol_body_reader body;
    ol_progress progress;
};

struct ol_client_host {
    ol_http_client *client;
    ol_client_host *prev, *next;
    char *name;
    uint16_t port;
    const ol_tls *tls;
    size_t refs;  /* connections and calls */
    size_t conns; /* open or opening */
    bool bodies_apart; /* the last answer had a body that is better read without its head */
    size_t waiting_count;
    ol_client_conn *idle;
    ol_http_call *waiting, **waiting_tail;
};

struct ol_http_client {
    ol_loop *loop;
    ol_http_client_limits limits;
    ol_client_host *hosts;
    ol_client_conn *conns;
    ol_http_call *calls;
    ol_http_call *spare_calls; /* by `next`; each keeps its arena */
    unsigned spare_count;
    uv_timer_t sweep;
    bool sweeping, closing, timer_closed, done_posted;
    void (*on_done)(void *arg);
    void *done_arg;
    ol_post done_post;
    ol_http_client_stats stats;
};

/* ---- client.c ---- */

void ol_client_call_free(ol_http_call *call);
void ol_client_sweep(ol_http_client *client);
/* To be called by what the end of the client waits for. */
void ol_client_check_done(ol_http_client *client);

/* ---- client_pool.c ---- */

/* Finds or makes; an unused one goes with ol_client_host_tidy. NULL: out of memory. */
ol_client_host *ol_client_host_find(ol_http_client *client, const ol_http_peer *peer);
void ol_client_host_tidy(ol_client_host *host);
void ol_client_host_release(ol_client_host *host);
/* Give the call a connection, or a place in the queue (`first`: at its head). OL_OK or
 * OL_ESLOWDOWN or OL_ENOMEM. */
int ol_client_dispatch(ol_http_call *call, bool fresh, bool first);
/* The connection is free for the next call, or to be kept. */
void ol_client_conn_idle(ol_client_conn *conn);
/* The connection does not count any more: a waiting call may open another. */
void ol_client_conn_leave(ol_client_conn *conn);
void ol_client_conn_free(ol_client_conn *conn);
void ol_client_unqueue(ol_http_call *call);

/* ---- client_connect.c ---- */

/* Begin; ol_client_conn_opened or ol_client_conn_break follows, on a later turn. */
int ol_client_conn_connect(ol_client_conn *conn);
/* Stop looking up and free what is left of it. */
void ol_client_conn_forget_addresses(ol_client_conn *conn);

/* ---- client_conn.c ---- */

extern const ol_stream_ops ol_client_stream_ops;

void ol_client_conn_opened(ol_client_conn *conn);
/* An attempt failed before the stream was open: next address or the end. */
void ol_client_conn_attempt_failed(ol_client_conn *conn, int code);
/* Close; the call, if any, is tried again or told. */
void ol_client_conn_break(ol_client_conn *conn, int code, const char *why, bool reset);
void ol_client_conn_pump(ol_client_conn *conn);
void ol_client_conn_stream_closed(void *conn);
void ol_client_conn_check(ol_client_conn *conn, uint64_t now);

/* ---- client_call.c ---- */

/* Check the request and make its head. OL_OK, OL_EINVAL, OL_ENOMEM or OL_ELIMIT. */
int ol_client_call_prepare(ol_http_call *call, const ol_http_call_request *request);
void ol_client_call_todo(ol_http_call *call, unsigned what);
/* on_close follows. */
void ol_client_call_finish(ol_http_call *call, int code, const char *why);
void ol_client_call_drained(ol_http_call *call);
/* 100 Continue came, or we do not wait for it any longer. */
void ol_client_call_continue(ol_http_call *call);

#endif
