/* SPDX-License-Identifier: MIT */
/*
 * One S3 request from its parsed head to its access-log line. Owns the request's arena and
 * holds the generation it began with.
 *
 * Lifetime: counted. The exchange holds one reference until its on_close; an operation takes
 * another for each callback that is still to come, because a client may leave at any time and
 * an origin's call cannot be recalled. After `gone` is set nothing is answered any more.
 *
 * An operation (one file each, op_*.c) is started by dispatch.c when the caller has been
 * authorized. It answers exactly once: by ol_request_fail, ol_request_reply…, or a pipeline
 * whose sink is the response.
 */
#ifndef OL_FRONT_REQUEST_H
#define OL_FRONT_REQUEST_H

#include "front/worker.h"
#include "observe/request_id.h"
#include "pipeline/pipeline.h"

enum ol_via { OL_VIA_SERVICE, OL_VIA_BUCKET, OL_VIA_ACCESS_POINT, OL_VIA_OBJECT_LAMBDA };

typedef struct ol_request {
    ol_worker *worker;
    ol_http_exchange *x;
    const ol_http_request *http;
    ol_arena *arena;
    ol_generation *generation;
    char id[OL_REQUEST_ID_SIZE];
    ol_s3_address address;
    ol_sigv4_result auth;
    const ol_identity *who;
    enum ol_via via;
    const ol_config_access_point *access_point; /* also under an OLAP */
    const ol_config_olap *olap;
    ol_slice bucket; /* the real bucket behind whatever was named; empty for the service */
    bool head_only;  /* HEAD: no body may follow */

    int references;
    bool gone;       /* the client left or the exchange is over: do not answer */
    bool answered;   /* a response head was handed to the exchange */
    bool write_waits; /* a write returned OL_WAIT and has not drained */

    /* What the running operation wants to hear; NULL = nothing. */
    void (*on_drain)(struct ol_request *request);
    void (*on_gone)(struct ol_request *request);
    void *operation;       /* the operation's own state, arena memory */
    struct ol_stage *sink; /* the respond stage that is live, or NULL */

    ol_access_line line;
    ol_error error;             /* what the access log reports */
    char unsatisfied_range[72]; /* Content-Range of a 416; empty = none */
} ol_request;

/* Called by the exchange: makes the request and dispatches it. */
void ol_request_begin(ol_worker *worker, ol_http_exchange *x);
/* front/dispatch.c */
void ol_request_dispatch(ol_request *request);

ol_request *ol_request_acquire(ol_request *request);
void ol_request_release(ol_request *request);

/* Answer with an S3 error document (or a bare status to HEAD and 304). After the head has
 * left, the connection is cut instead. Remembers the error for the log. */
void ol_request_fail(ol_request *request, const ol_error *err);
/* Answer with an XML document. The buffer is taken over and left empty. */
void ol_request_reply_xml(ol_request *request, int status, ol_buf *xml);
/* Answer without a body. `headers` may be NULL. */
void ol_request_reply_empty(ol_request *request, int status, const ol_headers *headers);
/* Answer to a HEAD, or a 304: this head, no body. Its length is announced to HEAD only. */
void ol_request_reply_head(ol_request *request, int status, const ol_head *head);
/* A header list for the response with the ids already in it; NULL when out of memory. */
ol_headers *ol_request_headers(ol_request *request);

/* The stages' names and counters for the log; call before closing a pipeline. */
void ol_request_note_stages(ol_request *request, const ol_pipeline *pipeline);

#endif
