/* SPDX-License-Identifier: MIT */
/*
 * Two texts, line by line: which lines are the same, which stand for each other, which are on one
 * side only. Lines that changed in place are paired, as a transform leaves them.
 */
#ifndef OL_CLI_LINE_DIFF_H
#define OL_CLI_LINE_DIFF_H

#include "base/buf.h"
#include "base/error.h"

#define OL_LINE_DIFF_LINES_MAX 1000000u
/* Differences that are looked for one by one; where there are more, lines are paired in order. */
#define OL_LINE_DIFF_EDITS_MAX 1000u

enum ol_line_kind { OL_LINE_SAME, OL_LINE_CHANGED, OL_LINE_REMOVED, OL_LINE_ADDED };

typedef struct ol_line_pair {
    enum ol_line_kind kind;
    ol_slice left, right; /* without their newline; none on the side that has no such line */
} ol_line_pair;

typedef struct ol_line_diff {
    ol_line_pair *pairs;
    size_t count;
    bool left_ends, right_ends; /* whether that text ends with a newline, or is empty */
} ol_line_diff;

/* Slices point into the texts. OL_OK, OL_ENOMEM, or OL_ELIMIT (too many lines). */
int ol_line_diff_make(ol_line_diff *diff, ol_slice left, ol_slice right);
void ol_line_diff_fini(ol_line_diff *diff);

#endif
