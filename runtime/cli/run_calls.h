/* SPDX-License-Identifier: MIT */
/*
 * Many small calls of one program, one after the other, from memory into memory, with a loop and a
 * host of their own. Blocking.
 */
#ifndef OL_CLI_RUN_CALLS_H
#define OL_CLI_RUN_CALLS_H

#include "http/headers.h"
#include "pipeline/memory_stages.h"
#include "transform/program.h"

typedef struct ol_run_call {
    enum ol_transform_entry entry;
    ol_slice key;  /* OL_ENTRY_REQUEST */
    ol_slice in;   /* lives until the call was taken */
    int64_t size;  /* of the original, of which `in` may be a piece; -1: not known */
    ol_transform_trial trial;
} ol_run_call;

/* What came of a call. */
typedef struct ol_run_result {
    const ol_head *head;
    ol_slice out;
    uint64_t out_bytes;     /* also where `out` was not kept */
    ol_transform_usage usage;
    uint64_t wall_ns;
    const ol_error *err; /* NULL: it went well; else `out` is what had come before */
} ol_run_result;

typedef struct ol_run_calls {
    ol_program *program; /* borrowed, as all else here */
    ol_slice event;      /* encoded */
    uint32_t chunk_bytes; /* 0: the default */
    int original_fd;      /* for read_at: a regular file, or -1 */
    uint64_t original_bytes;
    size_t out_bytes_max; /* of one call; 0: output is counted, not kept */
    bool failures_too;    /* `take` gets calls that fail as well */
    void (*log)(void *arg, const char *level, ol_slice text); /* NULL: to standard error */
    /* What comes next; false when nothing does. */
    bool (*next)(void *arg, ol_run_call *call);
    /* What came of it, valid while this runs. Not OL_OK (err filled): the end of all. */
    int (*take)(void *arg, const ol_run_result *result, ol_error *err);
    void *arg;
} ol_run_calls;

/* OL_OK when all calls were taken; else the first error of a call, or of take. */
int ol_run_calls_run(const ol_run_calls *calls, ol_error *err);

#endif
