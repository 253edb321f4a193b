/* SPDX-License-Identifier: MIT */
/*
 * A line diff in two columns, for people: what changed within a line is marked, long stretches of
 * equal lines are left out, bytes that are no text are shown as \xHH.
 */
#ifndef OL_CLI_SIDE_BY_SIDE_H
#define OL_CLI_SIDE_BY_SIDE_H

#include <stdio.h>

#include "cli/line_diff.h"

typedef struct ol_side_by_side {
    FILE *out;
    unsigned width; /* columns of the whole; at least 40 are used */
    bool coloured;
} ol_side_by_side;

/* Width and colour of the terminal that `out` is, if it is one; NO_COLOR and COLUMNS count. */
ol_side_by_side ol_side_by_side_for(FILE *out);
void ol_side_by_side_print(const ol_side_by_side *to, const ol_line_diff *diff);

#endif
