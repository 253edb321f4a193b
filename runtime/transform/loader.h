/* SPDX-License-Identifier: MIT */
/*
 * Tries a program in a host of its own, behind the same wall as in service, to learn whether it
 * loads and what it declares. Blocking (tens of milliseconds); never on a loop.
 */
#ifndef OL_TRANSFORM_LOADER_H
#define OL_TRANSFORM_LOADER_H

#include "transform/counters.h"
#include "transform/program.h"

#define OL_LOADER_HEADERS_MAX 4096u

typedef struct ol_loader_result {
    ol_program_declared declared; /* its slices point to `headers` and `counters` */
    uint8_t headers[OL_LOADER_HEADERS_MAX];
    uint8_t counters[OL_COUNTERS_TEXT_MAX];
    uint32_t landlock; /* the kernel's ABI in force, 0 = none */
    uint32_t walls;    /* of OL_WALLS_ALL, as the host says; these two also after a failure */
} ol_loader_result;

/* OL_OK, or why it does not load: the engine's own error, or how the process ended. */
int ol_loader_try(const ol_program *program, ol_loader_result *result, ol_error *err);

#endif
