/* SPDX-License-Identifier: MIT */
/*
 * Small bodies at the ends of a pipeline: a source that sends bytes from memory, and a sink that
 * gathers what comes in a buffer with a maximum. For what is not an object but goes through a
 * transform: a listing, the name of a key, a head.
 */
#ifndef OL_PIPELINE_MEMORY_STAGES_H
#define OL_PIPELINE_MEMORY_STAGES_H

#include "base/buf.h"
#include "pipeline/stage.h"

typedef struct ol_memory_source {
    ol_head head;   /* sent as it is */
    ol_slice bytes; /* may be empty */
} ol_memory_source;
/* config = const ol_memory_source * */
extern const ol_stage_ops ol_memory_source_ops;

typedef struct ol_memory_sink {
    ol_arena *arena; /* for a copy of the head */
    ol_head head;    /* out */
    bool counts_only; /* keep nothing */
    uint64_t taken;   /* out: bytes that came */
    ol_buf bytes;    /* initialised by the caller with its maximum; past it the pipeline fails with
                        OL_ETRANSFORMOUTPUT */
} ol_memory_sink;
/* config = ol_memory_sink * */
extern const ol_stage_ops ol_memory_sink_ops;

#endif
