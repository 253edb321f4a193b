/* SPDX-License-Identifier: MIT */
#include "lib/alloc_check.h"

#include <stdbool.h>

#include "base/alloc.h"
#include "lib/check.h"

#define POSITIONS_MAX 20000u

void ol_check_no_leak(long live_before, const char *file, int line)
{
    long live = ol_alloc_live();
    if (live == live_before)
        return;
    print_error("%ld allocations live, %ld before\n", live, live_before);
    _fail(file, line);
}

/* False when no failure met the run. */
static bool run_once(int (*body)(void *arg), void *arg, unsigned position, bool only_one)
{
    long live_before = ol_alloc_live();
    if (only_one)
        ol_alloc_fail_one_after((long)position);
    else
        ol_alloc_fail_after((long)position);
    int rc = body(arg);
    unsigned long failed = ol_alloc_failed();
    ol_alloc_fail_after(-1);
    if (ol_alloc_live() != live_before)
        print_error("with allocation %u failing%s:\n", position, only_one ? " alone" : "");
    assert_no_leak(live_before);
    if (rc > OL_OK || (failed == 0 && rc != OL_OK)) {
        print_error("with allocation %u failing (%lu did): ", position, failed);
        assert_code(rc, OL_OK);
    }
    return failed > 0;
}

unsigned ol_test_fail_each(int (*body)(void *arg), void *arg)
{
    unsigned position = 0;
    for (; position < POSITIONS_MAX; position++) {
        bool met = run_once(body, arg, position, false);
        if (!run_once(body, arg, position, true) && !met)
            return position;
    }
    fail_msg("still allocating after %u positions", position);
    return position;
}
