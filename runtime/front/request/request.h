/* SPDX-License-Identifier: MIT */
/*
 * One S3 request from its parsed head to its access-log line. Owns the request's arena and
 * holds the generation and the realm it began with.
 *
 * Lifetime: counted. The exchange holds one reference until its on_close; an operation takes
 * another for each callback that is still to come, because a client may leave at any time and
 * an origin's call cannot be recalled. After `gone` is set nothing is answered any more, and
 * `x` and `http` may be NULL.
 *
 * An operation (one file each, op_*.c) is started by dispatch.c when the caller has been
 * authorized. It answers exactly once: by ol_request_fail, ol_request_reply…, or a pipeline
 * whose sink is the response.
 */
#ifndef OL_FRONT_REQUEST_H
#define OL_FRONT_REQUEST_H

#include "front/answer/answer.h"
#include "front/request/target.h"
#include "front/server/worker.h"
#include "observe/request_id.h"
#include "pipeline/pipeline.h"
#include "s3/documents/xml.h"

#define OL_REQUEST_ERROR_EXTRAS_MAX 12

typedef struct ol_request {
    ol_worker *worker;
    ol_http_exchange *x;
    const ol_http_request *http;
    ol_arena *arena;
    ol_generation *generation;
    ol_realm *realm; /* accounts, identities, doors, rules of buckets */
    const struct ol_config_listener *listener; /* that it came in by, with its endpoint policy */
    char id[OL_REQUEST_ID_SIZE];
    ol_s3_address address;
    ol_sigv4_result auth;
    const ol_identity *who; /* never NULL once authenticated: nobody is the anonymous identity */
    ol_target target;       /* what was named, resolved */
    const ol_realm_view *view; /* the transforms that answer it; NULL: the original does */
    const uint8_t *customer_key; /* of a view's original, where its door takes one: secret memory
                                    that lives as long as the request; NULL = none */
    ol_key_user *key_user;  /* key_permission.h makes it */
    bool head_only;         /* HEAD: no body may follow */
    const ol_headers *fields; /* of a form, by the names that they have as headers: decisions look
                                 there for what a request asks. NULL = no form */
    enum ol_s3_error_shape error_shape;

    int references;
    bool gone;       /* the client left or the exchange is over: do not answer */
    bool answered;   /* a response head was handed to the exchange */
    bool write_waits; /* a write returned OL_WAIT and has not drained */

    /* What the running operation wants to hear; NULL = nothing. */
    void (*on_drain)(struct ol_request *request);
    void *drain_arg; /* on_drain's own, where it needs one */
    void (*on_gone)(struct ol_request *request);
    void *operation;       /* the operation's own state, arena memory */
    struct ol_stage *sink; /* the respond stage that is live, or NULL */
    ol_answer answer;      /* private to answer.c */

    ol_post turn; /* of one that changes something and gives way to readers */
    ol_access_line line;
    ol_error error;             /* what the access log reports */
    char unsatisfied_range[72]; /* Content-Range of a 416; empty = none */
    ol_s3_error_extra error_extras[OL_REQUEST_ERROR_EXTRAS_MAX]; /* in the error document */
    size_t error_extra_count;
    ol_buf *dev_log;    /* dev.c's; NULL: nothing yet */
    ol_headers standing; /* headers of whatever answer there will be: CORS, HSTS */
    ol_target source;             /* of a copy, once its permission was asked for */
    ol_slice source_key;
    struct ol_decision *decision; /* private to authorize.c */
} ol_request;

/* Called by the exchange: makes the request and dispatches it. */
void ol_request_begin(ol_worker *worker, ol_http_exchange *x);
/* front/request/dispatch.c */
void ol_request_dispatch(ol_request *request);

ol_request *ol_request_acquire(ol_request *request);
void ol_request_release(ol_request *request);

/* Answer with an error document (or a bare status to HEAD and 304). After the head has left, the
 * connection is cut instead. Remembers the error for the log. A missing key is told as AccessDenied
 * to those who may not list. */
void ol_request_fail(ol_request *request, const ol_error *err);
/* An element for the error document that may follow: <ArgumentName>, <BucketName>, … `name` is
 * a literal; the value is copied. Too many, or no memory: left out. */
void ol_request_error_extra(ol_request *request, const char *name, ol_slice value);
/* A header of whatever answer there will be, errors included. The value is copied. */
int ol_request_standing_header(ol_request *request, const char *name, ol_slice value);
/* Answer with an XML document. The buffer is taken over and left empty. */
void ol_request_reply_xml(ol_request *request, int status, ol_buf *xml);
/* Answer with a document of this media type, and with `headers` (from ol_request_headers; may be
 * NULL). The buffer is taken over and left empty. */
void ol_request_reply_document(ol_request *request, int status, const char *content_type,
                               ol_headers *headers, ol_buf *body);
/* Answer without a body. `headers` may be NULL. */
void ol_request_reply_empty(ol_request *request, int status, const ol_headers *headers);
/* Answer to a HEAD, or a 304: this head, no body. Its length is announced to HEAD only. */
void ol_request_reply_head(ol_request *request, int status, const ol_head *head);
/* A header list for the response with the ids and the standing headers already in it; NULL when
 * out of memory. */
ol_headers *ol_request_headers(ol_request *request);

/* The stages' names and counters for the log; call before closing a pipeline. */
void ol_request_note_stages(ol_request *request, const ol_pipeline *pipeline);

#endif
