/* SPDX-License-Identifier: MIT */
/*
 * What a view would be like, without sending it: its head and its length. Remembered by the
 * view's ETag; otherwise the chain is run into a counter.
 */
#ifndef OL_FRONT_VIEW_MEASURE_H
#define OL_FRONT_VIEW_MEASURE_H

#include "front/view_subject.h"
#include "pipeline/count_stage.h"

typedef struct ol_view_measure {
    ol_view_subject *subject;
    ol_head head; /* the result: status, headers; content_length -1 when the view has no identity */
    ol_pipeline *pipeline;
    uint64_t counted;
    ol_count_config count;
    bool retried;
    void (*cb)(void *arg, const ol_error *err);
    void *arg;
} ol_view_measure;

/* `measure` is zeroed memory that outlives the callback, which runs once: at once or later. The
 * subject is open. */
void ol_view_measure_start(ol_view_measure *measure, ol_view_subject *subject,
                           void (*cb)(void *arg, const ol_error *err), void *arg);
/* The client left: the callback comes with this error. */
void ol_view_measure_abort(ol_view_measure *measure, const ol_error *err);

#endif
