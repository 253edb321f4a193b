/* SPDX-License-Identifier: MIT */
/*
 * One case, run: once as it would be in service, once metered, then with its input cut at every
 * point (a sample of points where it is long) and into single bytes. All of these must agree, the
 * first must be what the case expects, and no secret may come out of any. Where the transform declares
 * positions, ranges are made as well, each from its own piece of the input.
 */
#ifndef OL_CLI_CASE_RUN_H
#define OL_CLI_CASE_RUN_H

#include "cli/case.h"

#define OL_CASE_SPLITS_DEFAULT 200u
#define OL_CASE_RANGES 100u /* that are tried of a transform with positions */
#define OL_CASE_SPLITS_MAX 100000u
#define OL_CASE_LOG_BYTES_MAX (256u * OL_KIB)
#define OL_CASE_BYTEWISE_BYTES_MAX (256u * OL_KIB) /* longer input is cut into pieces of 61 */

typedef struct ol_case_run {
    ol_case *one; /* read */
    ol_program *program;
    unsigned splits_max; /* where a longer input is cut: as many points */
    ol_arena *arena;     /* holds the program's event while it runs */
} ol_case_run;

typedef struct ol_case_report {
    unsigned runs;
    ol_transform_usage usage; /* of the first run; its instructions from the metered one */
    ol_buf log;               /* of the first run, a line each, control characters escaped */
    ol_buf output;            /* of the first run */
    bool succeeded;           /* the first run did, as far as the transform is concerned */
    bool leaked;              /* a secret came out: no more of it may be shown */
} ol_case_report;

void ol_case_report_init(ol_case_report *report);
void ol_case_report_fini(ol_case_report *report);

/* Blocking. OL_OK: the case holds. OL_EINVAL: it does not, and err->detail says what was found; the
 * report is filled as far as it went. Else it could not be run. */
int ol_case_run_all(const ol_case_run *run, ol_case_report *report, ol_error *err);

#endif
