/* SPDX-License-Identifier: MIT */
/*
 * Builds and drives a chain of stages (see stage.h). One pipeline is one run of one body.
 * Use: new, add source … sink, start; then done is called once, asynchronously; then close.
 * Closing before done is legal: it aborts, and done is not called any more.
 */
#ifndef OL_PIPELINE_PIPELINE_H
#define OL_PIPELINE_PIPELINE_H

#include "pipeline/stage.h"

typedef struct ol_pipeline_ops {
    /* The sink's output is complete (err NULL), or the first error. Never from inside a call
     * of yours into the pipeline. `err` lives as long as the arena. Closing is legal here. */
    void (*on_done)(void *arg, const ol_error *err);
} ol_pipeline_ops;

/* The pipeline lives in the arena. OL_OK or OL_ENOMEM. */
int ol_pipeline_new(ol_pipeline **p, ol_loop *loop, ol_arena *arena, const ol_pipeline_ops *ops,
                    void *arg);
/* Append a stage; order of phases is asserted. `config` outlives the pipeline. `st` may be NULL.
 * OL_OK or OL_ENOMEM. */
int ol_pipeline_add(ol_pipeline *p, const ol_stage_ops *ops, const void *config, ol_stage **st);
/* Open every stage, then ask the source for its first bytes (its `resume`). An error means
 * that nothing runs, the opened stages were closed, and on_done is not called. */
int ol_pipeline_start(ol_pipeline *p, ol_error *err);
/* Latch `err` from outside (client gone, deadline). on_done follows. */
void ol_pipeline_abort(ol_pipeline *p, const ol_error *err);
/* Close all stages now, tail first. Not from inside a stage's call. Needed after every start that
 * succeeded, harmless otherwise. The stages' counters can still be read until the arena ends. */
void ol_pipeline_close(ol_pipeline *p);
/* The stages in order, source first, for the access log; go on with ->down. */
const ol_stage *ol_pipeline_first(const ol_pipeline *p);

#endif
