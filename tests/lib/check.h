/* SPDX-License-Identifier: MIT */
/*
 * cmocka and the headers it needs before it, plus the few assertions of our own. Every unit
 * test includes this first.
 */
#ifndef OL_TESTS_LIB_CHECK_H
#define OL_TESTS_LIB_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

/* For what happens soon, unless it never does: a machine on which many tests run at once is slow. */
#define OL_TEST_BOUND_MS 60000u

/* Compares content, and shows both sides when they differ. */
#define assert_slice(slice, text)                                                                  \
    ol_check_slice((slice), ol_slice_of((text), sizeof(text) - 1), __FILE__, __LINE__)
#define assert_slices(a, b) ol_check_slice((a), (b), __FILE__, __LINE__)
/* Compares codes, and shows their names and the reason when they differ. */
#define assert_code(rc, want) ol_check_code((rc), (want), NULL, __FILE__, __LINE__)
#define assert_code_of(rc, want, err) ol_check_code((rc), (want), (err), __FILE__, __LINE__)

/* Ends the case here; tests/run.sh tells the reason, which is written as for printf. */
#define skip_because(...)                                                                          \
    do {                                                                                           \
        print_message("skipped: " __VA_ARGS__);                                                    \
        print_message("\n");                                                                       \
        skip();                                                                                    \
    } while (0)

void ol_check_slice(ol_slice got, ol_slice want, const char *file, int line);
void ol_check_code(int got, int want, const ol_error *err, const char *file, int line);

/* A small generator for tests: the same seed gives the same numbers everywhere. */
typedef struct ol_test_random {
    uint64_t state;
} ol_test_random;

uint64_t ol_test_random_next(ol_test_random *random);
/* 0 <= result < bound; bound must not be 0. */
uint64_t ol_test_random_below(ol_test_random *random, uint64_t bound);
void ol_test_random_fill(ol_test_random *random, uint8_t *data, size_t len);

#endif
