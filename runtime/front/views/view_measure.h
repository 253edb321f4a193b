/* SPDX-License-Identifier: MIT */
/*
 * What a view would be like, without sending it: its head and its length. Known to the memo by the
 * view's ETag; otherwise the chain is run into a counter, and the memo learns. For listings, and for
 * HEAD and Range where the cache cannot help (view_answer).
 *
 * A view that keeps positions is as long as its original: only its first bytes are run, for what
 * the transform says in the head. The checksums are not known then.
 */
#ifndef OL_FRONT_VIEW_MEASURE_H
#define OL_FRONT_VIEW_MEASURE_H

#include "front/views/view_subject.h"
#include "pipeline/count_stage.h"
#include "view/digest_stage.h"

typedef struct ol_view_measure {
    ol_view_subject *subject;
    ol_head head; /* the result: status, headers; content_length -1 when the view has no identity */
    ol_view_facts facts; /* likewise, with checksums where they are known */
    uint64_t counted;    /* the length that this run had, or the memo knew */
    /* private */
    ol_view_ask ask;
    ol_pipeline *pipeline;
    ol_view_digest digest;
    uint64_t swallowed;
    ol_count_config count;
    bool piece;    /* only the first bytes are run */
    bool by_entry; /* the program's own head entry is run */
    ol_head told;
    bool retried, aborted;
    ol_error abort_err;
    void (*cb)(void *arg, const ol_error *err);
    void *arg;
} ol_view_measure;

/* `measure` is zeroed memory that outlives the callback, which runs once: at once or later. The
 * subject is open, and the request referenced. Several of one request may be under way; when one has
 * failed it may be started again, zeroed. */
void ol_view_measure_start(ol_view_measure *measure, ol_view_subject *subject,
                           void (*cb)(void *arg, const ol_error *err), void *arg);
/* The same by the head entry of the chain's only program: what it says, with the length that it tells
 * (-1: none). Nothing is remembered. */
void ol_view_measure_ask(ol_view_measure *measure, ol_view_subject *subject,
                         void (*cb)(void *arg, const ol_error *err), void *arg);
/* The client left: the callback comes with this error, on a later turn. Harmless before start and
 * after the callback. */
void ol_view_measure_abort(ol_view_measure *measure, const ol_error *err);

#endif
