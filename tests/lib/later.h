/* SPDX-License-Identifier: MIT */
/*
 * Something to do some turns of the loop later, that can be called off: what the kit's stages
 * need, because no callback of a closed stage may run.
 */
#ifndef OL_TESTS_LIB_LATER_H
#define OL_TESTS_LIB_LATER_H

#include "net/loop.h"

typedef struct ol_test_later ol_test_later;

/* `fn(arg)` after `turns` turns, at least 1. The result is good until fn is called. */
ol_test_later *ol_test_later_start(ol_loop *loop, unsigned turns, ol_loop_fn fn, void *arg);
/* NULL is fine. */
void ol_test_later_cancel(ol_test_later *later);

#endif
