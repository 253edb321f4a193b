/* SPDX-License-Identifier: MIT */
/*
 * The HTTP/1.1 client of one loop: a pool of kept-alive connections, and *calls* on it. Bodies
 * stream both ways under backpressure. Answers are read strictly (a body that ends early is an
 * error, never a short success); redirects are never followed; TLS is always verified.
 *
 * Life of a call: start → on_writable (only with a request body) → on_answer → on_data… →
 * on_close, once, the last; none of them from inside a function below. A call on a kept
 * connection that turns out dead is sent again on a new one, once, when nothing of its body
 * was taken and its method is idempotent. Everything runs on the loop's thread.
 */
#ifndef OL_HTTP_CLIENT_H
#define OL_HTTP_CLIENT_H

#include "http/headers.h"
#include "net/pipe.h"
#include "net/loop.h"
#include "net/tls.h"

typedef struct ol_http_client ol_http_client;
typedef struct ol_http_call ol_http_call;

typedef struct ol_http_client_limits {
    uint32_t connect_timeout_ms;  /* waiting for a free connection; then resolve, connect, TLS */
    uint32_t response_timeout_ms; /* from the request's end to the answer's head */
    uint32_t body_timeout_ms;     /* no progress of a body, either direction */
    uint32_t body_rate_min;       /* bytes a second, over windows of body_timeout_ms */
    uint32_t continue_timeout_ms; /* how long to wait for 100 Continue before sending anyway */
    uint32_t idle_timeout_ms;     /* an unused connection is closed */
    uint32_t connections_per_host_max;
    uint32_t waiting_per_host_max; /* calls in the queue for a connection */
    uint32_t head_bytes_max;
    uint32_t headers_max;
    bool wipes_answers; /* they bear secrets: what was read is overwritten behind on_data */
} ol_http_client_limits;

void ol_http_client_limits_default(ol_http_client_limits *limits);
int ol_http_client_new(ol_http_client **client, ol_loop *loop, const ol_http_client_limits *limits);
/* Cut everything; each running call gets its on_close. Then free; `cb` on a later turn. */
void ol_http_client_close(ol_http_client *client, void (*cb)(void *arg), void *arg);

typedef struct ol_http_client_stats {
    size_t connections, idle, waiting, calls;
    uint64_t connected, reused, retried;
} ol_http_client_stats;
void ol_http_client_stats_get(const ol_http_client *client, ol_http_client_stats *out);

/* Who is called. Connections are shared between calls that agree in all three. */
typedef struct ol_http_peer {
    const char *host; /* a name or an IP literal; what a certificate must be for */
    uint16_t port;
    const ol_tls *tls; /* NULL: plain; must outlive the client */
} ol_http_peer;

typedef struct ol_http_call_request {
    ol_slice method;
    ol_slice target; /* "/path?query", ready for the wire */
    /* Without Content-Length, Transfer-Encoding, Connection and Expect. Host is added when it is
     * not there. May be NULL. */
    const ol_headers *headers;
    int64_t content_length; /* 0: no body; -1: unknown, sent chunked */
    bool expect_continue;   /* ask before sending the body */
} ol_http_call_request;

typedef struct ol_http_answer {
    int status; /* 200 and above */
    ol_headers headers;
    int64_t content_length; /* as announced; -1: chunked. No body follows on HEAD, 204, 304. */
    bool body_follows;
} ol_http_answer;

typedef struct ol_http_call_ops {
    /* The request's body may be written now: the first time, and after each OL_WAIT. */
    void (*on_writable)(void *arg);
    /* `answer` lives until on_close. The answer may come before the request's body is through. */
    void (*on_answer)(void *arg, const ol_http_answer *answer);
    /* Borrowed until it returns; after OL_WAIT valid until ol_http_call_resume (or on_close). A
     * negative result aborts the call with that code. */
    int (*on_data)(void *arg, ol_slice data);
    /* Optional: memory of your own for the next bytes of the body, valid until they come or
     * on_close. Used where it can be. */
    void (*on_alloc)(void *arg, ol_span *span);
    /* Optional, asked before on_alloc: an empty pipe for them instead (net/pipe.h), or NULL. Used
     * where the connection is plain. */
    ol_pipe *(*on_pipe)(void *arg);
    /* OL_OK: the answer came wholly. Otherwise err says more: OL_EPEER (cut, short),
     * OL_ETIMEOUT, OL_EPROTOCOL (not HTTP, TLS refused), OL_EUNAVAILABLE (no connection),
     * OL_ECANCELED, OL_ENOMEM. The call is gone afterwards. */
    void (*on_close)(void *arg, int code, const ol_error *err);
} ol_http_call_ops;

/* Copies what it needs. OL_OK; OL_ESLOWDOWN (too many wait), OL_ENOMEM or OL_EINVAL: no
 * callback follows. `ops` must outlive the call (const tables). */
int ol_http_call_start(ol_http_call **call, ol_http_client *client, const ol_http_peer *peer,
                       const ol_http_call_request *request, const ol_http_call_ops *ops, void *arg,
                       ol_error *err);
/* From the first on_writable on. OL_OK: taken wholly. OL_WAIT: `data` stays borrowed until
 * on_writable, and no write is legal before it. Negative: on_close follows, or the answer came
 * without the body being wanted. */
int ol_http_call_write(ol_http_call *call, ol_slice data);
/* The body is complete. When it is shorter than announced, the call is aborted. */
void ol_http_call_end(ol_http_call *call);
void ol_http_call_resume(ol_http_call *call);
/* on_close(OL_ECANCELED) follows on a later turn, nothing else. Legal any time before it. What
 * was lent either way is free to go at once. */
void ol_http_call_abort(ol_http_call *call);
/* Memory of the call, gone after on_close. */
ol_arena *ol_http_call_arena(ol_http_call *call);

#endif
