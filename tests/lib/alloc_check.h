/* SPDX-License-Identifier: MIT */
/*
 * Checks of memory use: nothing leaks, and every allocation may fail. They see what goes through
 * base/alloc.h, in all threads.
 */
#ifndef OL_TESTS_LIB_ALLOC_CHECK_H
#define OL_TESTS_LIB_ALLOC_CHECK_H

/* Fails the test when live allocations are not as many as `live_before` (ol_alloc_live()). */
#define assert_no_leak(live_before) ol_check_no_leak((live_before), __FILE__, __LINE__)
void ol_check_no_leak(long live_before, const char *file, int line);

/* Runs `body` again and again: with the first allocation failing, the second, and so on, until a
 * run passes that no failure met; each position twice, once with all later allocations failing
 * too, once without. `body` sets everything up, gives everything back, and returns OL_OK or the
 * error it met; its own assertions say what must hold when an allocation failed. Fails the test
 * when a run leaks, returns neither, or the run without a failure does not return OL_OK.
 * Returns the number of positions tried, so that the caller can assert that there were some. */
unsigned ol_test_fail_each(int (*body)(void *arg), void *arg);

#endif
