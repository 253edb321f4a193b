/* SPDX-License-Identifier: MIT */
/*
 * A host from inside, what its files share: host.c is its main loop, host_start.c the way to it in a process
 * of its own, host_inline.c on a thread of the server.
 */
#ifndef OL_TRANSFORM_HOST_PRIVATE_H
#define OL_TRANSFORM_HOST_PRIVATE_H

#include "transform/host/filters.h"
#include "transform/host/host.h"
#include "transform/host/queue.h"
#include "transform/host/sandbox.h"

#define OL_HOST_TEXT_BYTES_MAX (16u * OL_KIB)

typedef struct ol_host {
    ol_port port;
    const ol_engine_ops *ops;
    ol_engine *engine;
    ol_program program;
    ol_sandbox_held held;
    ol_filters *filters;
    uint8_t *program_text; /* what program's slices point into */
    ol_job *jobs;
    unsigned jobs_max, jobs_open;
    ol_job_queue queue;
    uint32_t steps;
    uint64_t round_cpu_ns;  /* thread CPU time when this round began */
    uint64_t unsent_since_ns; /* since when a job may wait with output unsent; 0 = none does */
    bool put_off; /* the engine has more to do when it is idle */
    bool was_idle;
} ol_host;

typedef int ol_host_load_fn(ol_host *h, ol_program_declared *declared, ol_error *err);

/* ---- host.c ---- */

/* For ever, or until it is told to stop. */
void ol_host_serve(ol_host *h);
/* No code of the job's runs after that. */
void ol_host_close_run(ol_host *h, ol_job *job);

/* ---- host_start.c ---- */

/* The program's text leaves the shared memory: slots are about to be used for bodies. */
int ol_host_take_program(ol_host *h);
/* From LOAD in the ring to LOADED. OL_OK, or the status to end with. */
int ol_host_begin(ol_host *h, ol_host_engines engines, ol_host_load_fn *load);
/* Returns `status`. */
int ol_host_say_failed(ol_host *h, const ol_error *err, int status);

#endif
