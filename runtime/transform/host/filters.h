/* SPDX-License-Identifier: MIT */
/*
 * The system-call filters of a host (sandbox.h), compiled. Compiling takes half a millisecond and comes to the
 * same for every host: so the server does it once, and lays the result into the memory that it shares
 * with each (wire.h). A host takes its copy before any foreign code runs in it.
 */
#ifndef OL_TRANSFORM_HOST_FILTERS_H
#define OL_TRANSFORM_HOST_FILTERS_H

#include <linux/filter.h>
#include <stdint.h>

#include "transform/program.h"

#define OL_FILTER_STEPS_MAX 511u
/* Stands for the number of the process that puts a filter up; no process has it. */
#define OL_FILTER_SELF 0x5e1f5e1fu

typedef struct ol_filter {
    uint16_t count;
    struct sock_filter steps[OL_FILTER_STEPS_MAX];
} ol_filter;

typedef struct ol_filters {
    ol_filter loading;
    ol_filter running;
    ol_filter threading; /* instead of `running`, for a shared object that declares threads */
} ol_filters;

/* Any thread; some milliseconds at the first call, then remembered. NULL with OL_EUNAVAILABLE when they
 * cannot be compiled now: then no host can start. */
const ol_filters *ol_filters_of(enum ol_program_kind kind, ol_error *err);

#endif
