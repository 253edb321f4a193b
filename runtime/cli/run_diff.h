/* SPDX-License-Identifier: MIT */
/* objlens run --diff: original and view side by side. */
#ifndef OL_CLI_RUN_DIFF_H
#define OL_CLI_RUN_DIFF_H

#include <stdio.h>

#include "base/limits.h"
#include "transform/program.h"

#define OL_RUN_DIFF_BYTES_MAX (8 * OL_MIB) /* of the original, and of the view */

typedef struct ol_run_diff {
    ol_program *program; /* borrowed */
    ol_slice event;      /* encoded */
    uint32_t chunk_bytes;
    int in_fd;
    FILE *out;
} ol_run_diff;

/* Blocking. OL_OK when the view was made, whatever the difference; nothing is printed else. */
int ol_run_diff_run(const ol_run_diff *diff, ol_error *err);

#endif
