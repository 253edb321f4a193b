/* SPDX-License-Identifier: MIT */
/* The results of test cases as JUnit's XML, which CI systems read. */
#ifndef OL_CLI_JUNIT_H
#define OL_CLI_JUNIT_H

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"

#define OL_JUNIT_BYTES_MAX (8u * OL_MIB)

typedef struct ol_junit {
    ol_buf cases; /* what has been added so far */
    unsigned count, failures;
    uint64_t wall_us;
    bool full; /* a case did not fit: there will be no report */
} ol_junit;

void ol_junit_init(ol_junit *junit);
void ol_junit_fini(ol_junit *junit);
/* `why` is NULL when the case holds. */
void ol_junit_add(ol_junit *junit, const char *suite, const char *name, uint64_t wall_us, const char *why);
/* The whole document into a file, which is replaced. OL_OK, or why it cannot be written. */
int ol_junit_write(const ol_junit *junit, const char *suite, const char *path, ol_error *err);

#endif
