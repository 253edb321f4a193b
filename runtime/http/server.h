/* SPDX-License-Identifier: MIT */
/*
 * The HTTP/1.1 server of one loop: listens, parses, keeps connections alive, and hands each
 * request over as an *exchange*. It knows nothing of S3.
 *
 * Life of an exchange: on_request → (body callbacks) → head → write… → end → on_close, once,
 * always on a later turn than the call that caused it; after on_close returns the exchange
 * and its arena are gone. Everything runs on the loop's thread.
 *
 * Requests that could be read in two ways never become an exchange: they are answered 400
 * (or 413/414/431/408/501) and the connection is closed.
 */
#ifndef OL_HTTP_SERVER_H
#define OL_HTTP_SERVER_H

#include "http/headers.h"
#include "net/loop.h"

typedef struct ol_http_server ol_http_server;
typedef struct ol_http_exchange ol_http_exchange;

enum ol_http_method {
    OL_HTTP_GET,
    OL_HTTP_HEAD,
    OL_HTTP_PUT,
    OL_HTTP_POST,
    OL_HTTP_DELETE,
    OL_HTTP_OPTIONS,
    OL_HTTP_OTHER
};

typedef struct ol_http_request {
    enum ol_http_method method;
    ol_slice method_text;
    ol_slice target; /* exactly as received: "/bucket/key?query" or absolute form */
    ol_slice path;   /* target up to '?', absolute form's scheme and host cut off */
    ol_slice query;  /* after '?', without it; data NULL when there is no '?' */
    ol_slice host;   /* the Host header, or the authority of an absolute-form target */
    ol_headers headers;
    int64_t content_length; /* -1: none given (and not chunked: no body) */
    bool chunked;
    bool tls;
    ol_slice tls_version;    /* "1.2" or "1.3"; empty = plain */
    /* Of the client's certificate, when it showed one (it has been verified then); else empty. */
    ol_slice client_subject;     /* RFC 2253: "CN=ann,O=example" */
    ol_slice client_fingerprint; /* SHA-256 of it, 64 lower-case hex digits */
    char peer[64];       /* address without port */
    uint16_t local_port;
    unsigned listener; /* as in ol_http_listen */
    uint64_t started_ns; /* monotonic, when its first byte was parsed */
} ol_http_request;

typedef struct ol_http_handler {
    void *arg;
    /* A request head is in. The callee must, now or later, answer: respond or abort. */
    void (*on_request)(void *arg, ol_http_exchange *x);
    /* For the log: a request was answered without ever becoming an exchange. The strings are
     * borrowed; `why` needs no escaping. May be NULL. */
    void (*on_refused)(void *arg, const char *peer, const char *request_id, int status,
                       const char *why);
    const char *mark; /* a header line, CRLF at its end, of those answers; NULL: none */
} ol_http_handler;

/* Callbacks of one exchange; set by the handler during on_request. */
typedef struct ol_http_exchange_ops {
    /* A write that returned OL_WAIT has been taken wholly; write on. */
    void (*on_drain)(void *arg);
    /* The client is gone, or too slow, while the response was not ended: stop working.
     * on_close still follows. May be NULL. */
    void (*on_gone)(void *arg, int code);
    /* The exchange is over. `code` is OL_OK when the response was handed to the socket
     * wholly. The last callback; free your own state here. */
    void (*on_close)(void *arg, int code);
} ol_http_exchange_ops;

typedef struct ol_http_body_ops {
    /* Borrowed until it returns; after OL_WAIT it stays valid until ol_http_body_resume, and
     * nothing more is read. A negative result stops the body: it is then drained or the
     * connection closed after the response. */
    int (*on_data)(void *arg, ol_slice data);
    /* Once: OL_OK = all of it came; negative = it broke (client gone, timeout, bad chunk). */
    void (*on_end)(void *arg, int code);
} ol_http_body_ops;

typedef struct ol_http_limits {
    uint32_t head_bytes_max;
    uint32_t url_bytes_max;
    uint32_t headers_max;
    uint32_t header_timeout_ms;
    uint32_t body_timeout_ms;
    uint32_t idle_timeout_ms;
    uint32_t connections_max;
    uint32_t body_rate_min; /* bytes a second */
} ol_http_limits;

struct ol_tls; /* net/tls.h: a server certificate and its settings */

typedef struct ol_http_listen {
    const char *address; /* IP literal */
    uint16_t port;       /* 0 = any free one */
    struct ol_tls *tls;  /* NULL = plain; must outlive the server */
    unsigned listener;   /* the caller's number for it, handed on with each request */
} ol_http_listen;

void ol_http_limits_default(ol_http_limits *limits);
/* The listeners are bound with SO_REUSEPORT. Counters may be read with ol_http_server_stats. */
int ol_http_server_new(ol_http_server **server, ol_loop *loop, const ol_http_limits *limits,
                       const ol_http_handler *handler);
/* Returns the bound port through *port (may be NULL). */
int ol_http_server_listen(ol_http_server *server, const ol_http_listen *listen, uint16_t *port,
                          ol_error *err);
/* New limits for connections accepted from now on. */
void ol_http_server_set_limits(ol_http_server *server, const ol_http_limits *limits);
/* Stop accepting, end idle connections, let running exchanges finish ("Connection: close" on
 * each); `cb` when the last connection is gone. */
void ol_http_server_drain(ol_http_server *server, void (*cb)(void *arg), void *arg);
/* Cut everything, then free; `cb` on a later turn. Legal during a drain, whose own `cb` is then
 * not called any more. Running exchanges still get their on_close before it. */
void ol_http_server_close(ol_http_server *server, void (*cb)(void *arg), void *arg);

typedef struct ol_http_stats {
    uint64_t accepted, open, refused, requests, bytes_in, bytes_out, protocol_errors;
} ol_http_stats;
void ol_http_server_stats(const ol_http_server *server, ol_http_stats *out);

/* ---- exchanges ---- */

const ol_http_request *ol_http_request_of(const ol_http_exchange *x);
/* Memory of this request (OL_REQUEST_ARENA_BYTES_MAX). */
ol_arena *ol_http_arena(ol_http_exchange *x);
ol_loop *ol_http_loop(ol_http_exchange *x);
/* Must be called during on_request. `ops` must outlive the exchange (const tables). */
void ol_http_exchange_set(ol_http_exchange *x, const ol_http_exchange_ops *ops, void *arg);

/* Start reading the body; sends "100 Continue" first where the client waits for it. At most
 * once. A handler that never asks for the body gets it drained (small) or the connection
 * closed after the response. */
void ol_http_body_start(ol_http_exchange *x, const ol_http_body_ops *ops, void *arg);
void ol_http_body_resume(ol_http_exchange *x);

typedef struct ol_http_response {
    int status;
    const ol_headers *headers; /* without Content-Length, Transfer-Encoding, Connection, Date */
    int64_t content_length;    /* -1 = unknown: sent chunked (or by close to HTTP/1.0) */
    bool no_body;              /* HEAD, 204, 304: content_length is announced, nothing follows */
} ol_http_response;

/* Queue the response head; it leaves with the first write or end, in one system call where it
 * fits. `Date` and `Connection` are added here. Copies what it needs. */
int ol_http_respond(ol_http_exchange *x, const ol_http_response *response);
/* OL_OK: taken (or copied) wholly. OL_WAIT: `data` must stay valid and unchanged until on_drain,
 * and no other write is legal before it. Negative: the client is gone. Writing more than
 * content_length is a programmer error. */
int ol_http_write(ol_http_exchange *x, ol_slice data);
/* The body may be written in slices that lie in a pipe (net/pipe.h), each of OL_PIPED_BYTES_MIN or more;
 * only with a content_length. */
bool ol_http_takes_piped(const ol_http_exchange *x);
/* Fields behind the body, once, between respond and end; the head should have named them in
 * `Trailer`. Copied. OL_OK; OL_SKIP: this response cannot have any, because it is not chunked;
 * OL_ENOMEM. */
int ol_http_trailers(ol_http_exchange *x, const ol_headers *fields);
/* The response is complete. When fewer bytes were written than announced, the connection is
 * cut instead. */
void ol_http_end(ol_http_exchange *x);
/* Cut the connection so that the client can see that the body is incomplete. Legal any time
 * before on_close. */
void ol_http_abort(ol_http_exchange *x);
/* Response bytes handed to the socket so far, body only; and the time of the first, ns or 0. */
uint64_t ol_http_bytes_sent(const ol_http_exchange *x);
uint64_t ol_http_first_byte_ns(const ol_http_exchange *x);

#endif
