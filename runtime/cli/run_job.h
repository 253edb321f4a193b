/* SPDX-License-Identifier: MIT */
/*
 * One body through one program: standard input → transform → standard output, on a loop and
 * with a host of its own, as in a server. Blocking.
 */
#ifndef OL_CLI_RUN_JOB_H
#define OL_CLI_RUN_JOB_H

#include "transform/program.h"

typedef struct ol_run_job {
    ol_program *program; /* borrowed */
    ol_slice event;      /* encoded; borrowed */
    uint32_t chunk_bytes; /* what the program is given at a time: whole pages; 0: the default */
    int in_fd, out_fd;
    bool shows_head; /* status and headers on standard error */
} ol_run_job;

/* OL_OK when all of the output was written. *written: the bytes that were, either way. */
int ol_run_job_run(const ol_run_job *job, uint64_t *written, ol_error *err);

#endif
