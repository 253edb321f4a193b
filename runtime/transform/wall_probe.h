/* SPDX-License-Identifier: MIT */
/*
 * Which walls hold on this machine: found out by starting a host of either kind and asking it.
 */
#ifndef OL_TRANSFORM_WALL_PROBE_H
#define OL_TRANSFORM_WALL_PROBE_H

#include "base/error.h"
#include "transform/host/walls.h"

typedef struct ol_wall_report {
    uint32_t walls;    /* of OL_WALLS_ALL: what both kinds have */
    uint32_t landlock; /* the kernel's ABI number, 0 = none */
} ol_wall_report;

/* Blocks for some ten milliseconds. OL_OK also when walls are missing; an error when no host can be
 * started at all. */
int ol_wall_probe(ol_wall_report *report, ol_error *err);
/* OL_OK, or OL_ECONFIG and a sentence that names what is required and missing. */
int ol_wall_check(const ol_wall_report *report, uint32_t required, ol_error *err);

#endif
