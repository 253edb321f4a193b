/* SPDX-License-Identifier: MIT */
/* What came of test cases as the XML that CI systems read (JUnit's). Texts are escaped. */
#ifndef OL_CLI_JUNIT_H
#define OL_CLI_JUNIT_H

#include "base/buf.h"
#include "base/error.h"

#define OL_JUNIT_BYTES_MAX (8u * 1024u * 1024u)

typedef struct ol_junit {
    ol_buf cases; /* what has been added so far */
    unsigned count, failures;
    uint64_t wall_us;
    bool full; /* something did not fit */
} ol_junit;

void ol_junit_init(ol_junit *junit);
void ol_junit_fini(ol_junit *junit);
/* `why` is NULL when the case holds. */
void ol_junit_add(ol_junit *junit, const char *suite, const char *name, uint64_t wall_us, const char *why);
/* The whole document into a file, which is replaced. OL_OK, or why it cannot be written. */
int ol_junit_write(const ol_junit *junit, const char *suite, const char *path, ol_error *err);

#endif
