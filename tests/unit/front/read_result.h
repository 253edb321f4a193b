/* SPDX-License-Identifier: MIT */
/* What a read of a part of an object came to, for the tests of objects that stand before others. */
#ifndef OL_TESTS_READ_RESULT_H
#define OL_TESTS_READ_RESULT_H

#include "origin/origin.h"

typedef struct read_result {
    bool done;
    int rc;
    size_t got;
} read_result;

static inline void on_read(void *arg, const ol_error *err, size_t got)
{
    *(read_result *)arg = (read_result){true, err ? err->code : OL_OK, got};
}

#endif
