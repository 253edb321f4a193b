/* SPDX-License-Identifier: MIT */
/* The insides of a call, for call.c (its tries) and call_judge.c (what a try that failed means). */
#ifndef OL_ORIGIN_S3_CALL_PRIVATE_H
#define OL_ORIGIN_S3_CALL_PRIVATE_H

#include "origin/s3/call.h"
#include "origin/s3/wire.h"

struct ol_s3_call {
    ol_s3_attachment *at;
    ol_s3_call *prev, *next; /* of the attachment; next also of the spare ones */
    const ol_s3_call_ops *ops;
    void *arg;
    ol_arena *arena; /* the owner's */
    ol_s3_wire wire;
    ol_slice body;
    int64_t content_length;
    enum ol_s3_retry retry;
    bool about_key, about_version, streams, chunked;

    ol_http_call *http; /* of the try under way */
    uint32_t tries;
    uint64_t deadline_ms, due_ms; /* loop time */
    bool resting, answered, given_up, late, probe, judged;
    bool keys_stale; /* the last try's were: the next one waits for those that are being read */
    bool body_taken; /* something of a streamed body: no further try */
    bool written;    /* the body in memory is with the try under way */
    const ol_http_answer *refusal; /* an answer that is no success */
    ol_buf document;               /* its body */
    ol_s3_chunk_signer chunks;
};

static inline const ol_s3_origin_options *ol_s3_call_options(const ol_s3_call *call)
{
    return &call->at->origin->options;
}

static inline uint64_t ol_s3_call_now_ms(const ol_s3_call *call)
{
    return ol_loop_now_ms(call->at->loop);
}

/* ---- call.c ---- */

/* Tell the owner; the call is gone. */
void ol_s3_call_finish(ol_s3_call *call, const ol_error *err);

/* ---- call_judge.c: the breaker hears of every try once ---- */

void ol_s3_call_note_alive(ol_s3_call *call);
/* Given up before anything could be learned. */
void ol_s3_call_note_unknown(ol_s3_call *call);
/* An answer that is no success: the call rests until the next try, or is finished. */
void ol_s3_call_judge_refusal(ol_s3_call *call);
/* No answer, or none that can be read: the same. */
void ol_s3_call_judge_silence(ol_s3_call *call, int code, const ol_error *why);

#endif
