/* SPDX-License-Identifier: MIT */
/*
 * Cuts the bytes [start, start + length) out of the body that passes, and makes the head that
 * of a 206: status, Content-Length, Content-Range.
 *
 * The head is held back until the first wanted byte, so that a body that turns out to end
 * before `start` is still answered with OL_ERANGE. A body that ends inside the range fails
 * with OL_EORIGIN: its length has been announced by then.
 */
#ifndef OL_PIPELINE_RANGE_STAGE_H
#define OL_PIPELINE_RANGE_STAGE_H

#include "pipeline/stage.h"

typedef struct ol_range_config {
    uint64_t start;
    uint64_t length; /* at least 1 */
    int64_t total;   /* size of the whole body for Content-Range; -1: as the head says, or "*" */
    /* What happens to input behind the last wanted byte. False: it is swallowed, and a failure
     * in it still fails the pipeline. True: the output is complete at once, the stages above
     * are stopped where they are, and a later failure is not seen. */
    bool stop_early;
} ol_range_config;

/* config = const ol_range_config * */
extern const ol_stage_ops ol_range_stage_ops;

#endif
