/* SPDX-License-Identifier: MIT */
/*
 * What every operation on objects has: its request, the pipeline that runs for it, the original
 * that it opened. An operation's own state is a struct that begins with this one.
 *
 * The happy path: new, then any number of steps (permissions to ask, a call of the origin, a
 * pipeline), each of which goes on in a callback; then one answer and end. The failure modes are
 * all here: whatever fails is answered by ol_operation_fail, which ends the operation, and a
 * client that leaves aborts the pipeline, or is noticed by the next callback (ol_operation_lives).
 *
 * The request stays referenced from new to end. What hangs on the exchange (request->http, its
 * headers) is gone when the client is: an operation copies what an origin's call may still need.
 */
#ifndef OL_FRONT_OPERATION_H
#define OL_FRONT_OPERATION_H

#include "front/request/authorize.h"
#include "front/request/request.h"

typedef struct ol_operation ol_operation;
typedef void (*ol_operation_fn)(ol_operation *op);

#define OL_OPERATION_NEEDS_MAX 6

struct ol_operation {
    ol_request *request;
    ol_pipeline *pipeline; /* that runs, or is being built; NULL = none */
    ol_object *object;     /* closed by end; NULL = none */
    ol_operation_fn on_gone; /* the client left: nothing may be answered; NULL = nothing to do */
    /* private: what follows the step that is under way, and its state; permissions that are
     * still to be asked for */
    ol_operation_fn then_;
    void *step_;
    struct ol_late_answer *late_;
    ol_authorize_ask needs_[OL_OPERATION_NEEDS_MAX];
    unsigned need_count_, need_next_;
};

/* Zeroed arena memory of `size` bytes, which begins with an ol_operation. NULL: there is none, and
 * the request is answered. */
void *ol_operation_new(ol_request *request, size_t size);
/* The request is answered, or nobody waits for it any more. Closes what is open. */
void ol_operation_end(ol_operation *op);
/* Answer with this error, and end. */
void ol_operation_fail(ol_operation *op, const ol_error *err);
/* First in every callback. False: the operation has just ended, because `err` (may be NULL) was its
 * answer or because the client is gone. */
bool ol_operation_lives(ol_operation *op, const ol_error *err);
/* Last, after a call that goes on in a callback: a negative `rc` fails the operation. */
void ol_operation_called(ol_operation *op, int rc, const ol_error *err);

/* Permissions beyond the one that brought the request here: note each, then ask for all. `then`
 * runs when they are there, maybe at once; else the operation fails. The ask is copied. */
void ol_operation_need(ol_operation *op, const ol_authorize_ask *ask);
void ol_operation_permit(ol_operation *op, ol_operation_fn then);

/* A pipeline: begin it with its source, add stages, run it. OL_OK or an error, with which the
 * caller fails the operation. */
int ol_operation_pipe(ol_operation *op, const ol_stage_ops *source, const void *config,
                      ol_error *err);
int ol_operation_add(ol_operation *op, const ol_stage_ops *stage, const void *config,
                     ol_error *err);
/* `then` runs on a later turn when everything went well, the pipeline closed; else the operation
 * fails. */
void ol_operation_run(ol_operation *op, ol_operation_fn then);

/* Answer with a document, and end. `rc` is what writing it and its headers returned: an error is
 * answered instead. `headers` NULL: those of every answer. The buffer is taken over. */
void ol_operation_reply_xml(ol_operation *op, int rc, ol_headers *headers, ol_buf *xml);

/* Text that outlives the exchange; OL_OK or OL_ENOMEM. Empty stays empty. */
int ol_operation_keep(ol_operation *op, ol_slice *text, ol_error *err);

#endif
