/* SPDX-License-Identifier: MIT */
/*
 * objlens run --verify-ranges: whether a transform that declares positions keeps them. The view of
 * the whole input is made once; then ranges of it are made as a server makes them, from the
 * piece of the original that the declaration allows, and compared. Blocking.
 */
#ifndef OL_CLI_RUN_VERIFY_H
#define OL_CLI_RUN_VERIFY_H

#include "base/limits.h"
#include "transform/program.h"

#define OL_RUN_VERIFY_BYTES_MAX (256 * OL_MIB) /* of the input */
#define OL_RUN_VERIFY_RANGES_MAX 1000000u

typedef struct ol_run_verify {
    ol_program *program; /* borrowed; it declares positions */
    ol_slice event;      /* encoded; borrowed */
    uint32_t chunk_bytes; /* 0: the default */
    int in_fd;
    uint64_t ranges, seed;
    void (*log)(void *arg, const char *level, ol_slice text); /* NULL: to standard error */
    void *log_arg;
    ol_error *failure; /* what the run that failed said itself; NULL: it is not asked for */
} ol_run_verify;

/* OL_OK and a line on standard output when all agree. OL_EINVAL: err->detail names the first
 * range that does not. Other errors: the transform's own, of the whole or of a range. */
int ol_run_verify_run(const ol_run_verify *verify, ol_error *err);
/* The same with the original in `input`, and printing nothing. OL_EINVAL also when a range fails where the whole
 * view does not. *tried: how many ranges agreed. */
int ol_run_verify_input(const ol_run_verify *verify, ol_slice input, uint64_t *tried, ol_error *err);

#endif
