/* SPDX-License-Identifier: MIT */
/*
 * A folder of a test's own, removed with what is in it; reading and writing small files; and
 * waiting for something that another thread or process does.
 */
#ifndef OL_TESTS_LIB_SCRATCH_H
#define OL_TESTS_LIB_SCRATCH_H

#include "base/buf.h"

typedef struct ol_test_scratch {
    char folder[64];
} ol_test_scratch;

void ol_test_scratch_open(ol_test_scratch *scratch);
/* Removes the folder and everything in it. */
void ol_test_scratch_close(ol_test_scratch *scratch);
/* folder/name; the result is valid until the next call but seven. */
const char *ol_test_scratch_path(const ol_test_scratch *scratch, const char *name);

/* Fails the test when it cannot be done. The content replaces what `out` held. */
void ol_test_file_read(const char *path, ol_buf *out);
void ol_test_file_write(const char *path, ol_slice content);

/* Looks every millisecond until `is(arg)`, or fails the test after bound_ms. For what happens in
 * other threads; on a loop, use ol_test_loop_until. */
void ol_test_wait(bool (*is)(void *arg), void *arg, unsigned bound_ms);

#endif
