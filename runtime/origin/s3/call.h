/* SPDX-License-Identifier: MIT */
/*
 * One request to the service, with as many tries as it is worth: signed anew each time, with
 * jittered pauses, under one deadline, behind the breaker. Answers of success are streamed;
 * everything else is read here and becomes an ol_error.
 *
 * Life: start → on_writable (a streamed body) → on_answer (2xx) → on_data… → on_done, once, the
 * last. None of them from inside a function below. Nothing is tried again after on_answer, or
 * once something of a streamed body was taken.
 */
#ifndef OL_ORIGIN_S3_CALL_H
#define OL_ORIGIN_S3_CALL_H

#include "origin/s3/s3_private.h"

typedef struct ol_s3_param {
    const char *name;
    ol_slice value; /* not encoded; empty: the name alone ("?tagging") */
} ol_s3_param;

enum ol_s3_retry {
    OL_S3_RETRY_UNSENT, /* only when the service cannot have done anything */
    OL_S3_RETRY_SAFE    /* a second time does no harm */
};

enum ol_s3_body {
    OL_S3_BODY_MEMORY,   /* `body`, signed with its digest; may be empty */
    OL_S3_BODY_UNSIGNED, /* streamed, UNSIGNED-PAYLOAD */
    OL_S3_BODY_CHUNKS,   /* streamed, STREAMING-AWS4-HMAC-SHA256-PAYLOAD */
    OL_S3_BODY_CHUNKS_TRAILER,
    OL_S3_BODY_UNSIGNED_TRAILER
};

/* What it points to must live as long as the arena. */
typedef struct ol_s3_request {
    const char *method;
    ol_slice bucket, key;      /* empty: the service, the bucket */
    const ol_s3_param *params; /* ascending by name */
    size_t param_count;
    const ol_header *headers;  /* lower-case names, without those of HTTP's framing */
    size_t header_count;
    enum ol_s3_body body_kind;
    ol_slice body;
    uint64_t stream_bytes;     /* as sent, chunk framing included */
    enum ol_s3_retry retry;
} ol_s3_request;

typedef struct ol_s3_call_ops {
    void (*on_writable)(void *arg);
    void (*on_answer)(void *arg, const ol_http_answer *answer); /* until on_done returns */
    int (*on_data)(void *arg, ol_slice data);        /* as in ol_http_call_ops */
    void (*on_alloc)(void *arg, ol_span *span);      /* may be NULL */
    ol_pipe *(*on_pipe)(void *arg);                  /* may be NULL */
    /* NULL: whole. The call is gone. After on_answer an error is OL_EORIGIN: cut, or too slow. */
    void (*on_done)(void *arg, const ol_error *err);
} ol_s3_call_ops;

/* `arena` has room for the request's text, and is not touched after on_done or abort. OL_OK, or
 * an error: then nothing follows. */
int ol_s3_call_start(ol_s3_call **call, ol_s3_attachment *at, const ol_s3_request *request,
                     ol_arena *arena, const ol_s3_call_ops *ops, void *arg, ol_error *err);
/* As ol_http_call_write, _end and _resume. */
int ol_s3_call_write(ol_s3_call *call, ol_slice data);
void ol_s3_call_end(ol_s3_call *call);
void ol_s3_call_resume(ol_s3_call *call);
/* Somebody else is told from now on. */
void ol_s3_call_hand_over(ol_s3_call *call, const ol_s3_call_ops *ops, void *arg);
/* Nothing follows, what was lent either way is free at once. */
void ol_s3_call_abort(ol_s3_call *call);
/* The same from inside on_answer, when no body follows: the connection is kept. */
void ol_s3_call_abandon(ol_s3_call *call);
/* For chunks: what signs them, from the first on_writable on. */
ol_s3_chunk_signer *ol_s3_call_chunks(ol_s3_call *call);

#endif
