/* SPDX-License-Identifier: MIT */
/* The heap's door, and the test kit's checks that stand on it. */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include <pthread.h>

#include "base/alloc.h"

static void live_blocks_are_counted(void **state)
{
    (void)state;
    long before = ol_alloc_live();
    void *a = ol_malloc(10);
    void *b = ol_calloc(3, 4);
    char *c = ol_strdup("text");
    char *d = ol_strndup("text", 2);
    assert_int_equal(ol_alloc_live(), before + 4);
    a = ol_realloc(a, 1000);
    assert_int_equal(ol_alloc_live(), before + 4);
    void *e = ol_realloc(NULL, 5);
    assert_int_equal(ol_alloc_live(), before + 5);
    assert_string_equal(c, "text");
    assert_string_equal(d, "te");
    ol_free(a);
    ol_free(b);
    ol_free(c);
    ol_free(d);
    ol_free(e);
    ol_free(NULL);
    assert_no_leak(before);
}

static void *free_it(void *block)
{
    ol_free(block);
    return ol_malloc(1);
}

static void blocks_may_change_threads(void **state)
{
    (void)state;
    long before = ol_alloc_live();
    for (int i = 0; i < 100; i++) {
        pthread_t thread;
        void *made_there;
        assert_int_equal(pthread_create(&thread, NULL, free_it, ol_malloc(1)), 0);
        assert_int_equal(pthread_join(thread, &made_there), 0);
        ol_free(made_there);
    }
    assert_no_leak(before);
}

static void countdown_fails_all_from_there(void **state)
{
    (void)state;
    ol_alloc_fail_after(2);
    void *a = ol_malloc(1), *b = ol_malloc(1), *c = ol_malloc(1), *d = ol_calloc(1, 1);
    void *moved = ol_realloc(a, 100);
    assert_int_equal(ol_alloc_failed(), 3);
    ol_alloc_fail_after(-1);
    assert_int_equal(ol_alloc_failed(), 0);
    assert_non_null(a);
    assert_non_null(b);
    assert_null(c);
    assert_null(d);
    assert_null(moved);
    ol_free(a);
    ol_free(b);
}

static void countdown_fails_one(void **state)
{
    (void)state;
    ol_alloc_fail_one_after(1);
    void *a = ol_malloc(1), *b = ol_malloc(1), *c = ol_malloc(1);
    assert_int_equal(ol_alloc_failed(), 1);
    ol_alloc_fail_after(-1);
    assert_non_null(a);
    assert_null(b);
    assert_non_null(c);
    ol_free(a);
    ol_free(c);
}

static void wiping(void **state)
{
    (void)state;
    char secret[] = "secret";
    ol_wipe(secret, sizeof(secret));
    for (size_t i = 0; i < sizeof(secret); i++)
        assert_int_equal(secret[i], 0);
    ol_wipe(NULL, 0);
}

static void impossible_sizes_fail(void **state)
{
    (void)state;
    assert_null(ol_strndup("x", SIZE_MAX));
    void *nothing = ol_malloc(0);
    assert_non_null(nothing);
    ol_free(nothing);
}

/* ---- the runner ---- */

typedef struct shape {
    unsigned runs, all_good;
} shape;

static int three_blocks(void *arg)
{
    shape *s = arg;
    int rc = OL_ENOMEM;
    s->runs++;
    void *a = ol_malloc(1);
    void *b = a ? ol_malloc(1) : NULL;
    void *c = b ? ol_malloc(1) : NULL;
    if (c)
        rc = OL_OK;
    s->all_good += rc == OL_OK;
    ol_free(a);
    ol_free(b);
    ol_free(c);
    return rc;
}

static void each_allocation_is_failed(void **state)
{
    (void)state;
    shape s = {0};
    assert_int_equal(ol_test_fail_each(three_blocks, &s), 3);
    assert_int_equal(s.runs, 8);
    assert_int_equal(s.all_good, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_blocks_are_counted),
        cmocka_unit_test(blocks_may_change_threads),
        cmocka_unit_test(countdown_fails_all_from_there),
        cmocka_unit_test(countdown_fails_one),
        cmocka_unit_test(wiping),
        cmocka_unit_test(impossible_sizes_fail),
        cmocka_unit_test(each_allocation_is_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
