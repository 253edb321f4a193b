/* SPDX-License-Identifier: MIT */
/*
 * A sink that keeps nothing: it takes the head and counts the bytes. For answers that need to
 * know what a body would be like without sending it (HEAD of a view).
 */
#ifndef OL_PIPELINE_COUNT_STAGE_H
#define OL_PIPELINE_COUNT_STAGE_H

#include "pipeline/stage.h"

typedef struct ol_count_config {
    uint64_t *bytes; /* set to 0 at open, then counted up; complete when on_done says so */
    ol_head *head;   /* receives a copy, whose headers live in the pipeline's arena; may be NULL */
} ol_count_config;

/* config = const ol_count_config * */
extern const ol_stage_ops ol_count_stage_ops;

#endif
