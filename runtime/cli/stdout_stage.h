/* SPDX-License-Identifier: MIT */
/*
 * Standard output as the sink of a pipeline: what the kernel takes at once is written at once, the rest by
 * a thread; while it writes, nothing more is asked for. The struct outlives the pipeline.
 */
#ifndef OL_CLI_STDOUT_STAGE_H
#define OL_CLI_STDOUT_STAGE_H

#include "net/offload.h"
#include "pipeline/stage.h"

typedef struct ol_stdout {
    int fd;
    bool shows_head; /* on standard error, before the body */
    ol_loop *loop;
    ol_offload *writers;
    uint64_t written; /* bytes so far */
    bool writing;     /* the pipeline must not be closed: its bytes are being written */
    /* A write has ended after the pipeline had failed. */
    void (*on_idle)(void *arg);
    void *arg;
    /* private */
    ol_stage *stage;
    ol_task task;
    ol_slice data;
    bool always_waits; /* there is no writing without waiting here */
    int failure;
} ol_stdout;

/* config of the stage = ol_stdout *. */
extern const ol_stage_ops ol_stdout_stage_ops;

#endif
