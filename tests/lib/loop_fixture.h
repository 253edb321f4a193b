/* SPDX-License-Identifier: MIT */
/*
 * A loop for a test, run by hand on the test's own thread until something has happened, with a
 * bound. Closing it asserts that no handle was left open.
 */
#ifndef OL_TESTS_LIB_LOOP_FIXTURE_H
#define OL_TESTS_LIB_LOOP_FIXTURE_H

#include "net/loop.h"

typedef struct ol_test_loop {
    ol_loop *loop;
    uv_timer_t bound;
    bool late;
    size_t own_handles; /* what the loop and this fixture hold open themselves */
} ol_test_loop;

/* OL_OK or OL_ENOMEM; in a test without injected failures, assert OL_OK. */
int ol_test_loop_open(ol_test_loop *t);
/* Turn until *flag, or fail the test after bound_ms. */
void ol_test_loop_until(ol_test_loop *t, const bool *flag, unsigned bound_ms);
/* Turn until `is(arg)`, looked at after every turn, or fail the test after bound_ms. */
void ol_test_loop_until_fn(ol_test_loop *t, bool (*is)(void *arg), void *arg, unsigned bound_ms);
/* Turns that do not wait for anything: what is ready now, or has been deferred, happens. */
void ol_test_loop_turns(ol_test_loop *t, unsigned count);
/* Lets handles that are closing close, fails the test when others are open (naming them), frees
 * the loop. */
void ol_test_loop_close(ol_test_loop *t);

#endif
