/* SPDX-License-Identifier: MIT */
/* Counters of transforms: names, sharing, sums over reloads; added to from several threads. */
#include "lib/check.h"

#include <pthread.h>
#include <stdio.h>

#include "base/alloc.h"
#include "transform/counters.h"

static void test_names(void **state)
{
    (void)state;
    static const char *const good[] = {"", "a\n", "a\nb\n", "redacted_2\n"};
    static const char *const bad[] = {"a", "\n", "A\n", "a b\n", "a\na\n", "a\"\n", "a\n\nb\n"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(ol_counters_names_good(ol_slice_cstr(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(ol_counters_names_good(ol_slice_cstr(bad[i])));
    char many[OL_COUNTERS_MAX * 4 + 8] = "";
    for (unsigned i = 0; i <= OL_COUNTERS_MAX; i++) {
        assert_true(ol_counters_names_good(ol_slice_cstr(many)));
        snprintf(many + strlen(many), sizeof(many) - strlen(many), "%u\n", i + 10);
    }
    assert_false(ol_counters_names_good(ol_slice_cstr(many)));
    char lengthy[OL_COUNTER_NAME_MAX + 3];
    memset(lengthy, 'x', OL_COUNTER_NAME_MAX + 1);
    memcpy(lengthy + OL_COUNTER_NAME_MAX + 1, "\n", 2);
    assert_false(ol_counters_names_good(ol_slice_cstr(lengthy)));
    assert_true(ol_counters_names_good(ol_slice_cstr(lengthy + 1)));
}

static int print(void *arg, ol_slice transform, ol_slice counter, uint64_t value)
{
    char *out = arg;
    size_t len = strlen(out);
    snprintf(out + len, 200 - len, "%.*s.%.*s=%llu ", OL_SLICE_FMT(transform),
             OL_SLICE_FMT(counter), (unsigned long long)value);
    return 0;
}

static ol_counters *acquire(const char *transform, const char *names)
{
    ol_counters *set;
    assert_code(ol_counters_acquire(&set, ol_slice_cstr(transform), ol_slice_cstr(names)), OL_OK);
    return set;
}

/* Each transform and name once, however many programs there are of it. */
static void test_sums_over_reloads(void **state)
{
    (void)state;
    char text[200] = "";
    long live = ol_alloc_live();
    ol_counters *old = acquire("pii", "a\nb\n"), *same = acquire("pii", "a\nb\n");
    assert_ptr_equal(old, same);
    ol_counters *changed = acquire("pii", "b\nc\n"), *other = acquire("xml", "b\n");
    assert_true(ol_counters_add(old, 1, 5));
    assert_true(ol_counters_add(same, 0, 1));
    assert_true(ol_counters_add(changed, 0, 2));
    assert_false(ol_counters_add(changed, 2, 2));
    assert_false(ol_counters_add(NULL, 0, 2));
    assert_true(ol_counters_add(other, 0, 9));
    assert_int_equal(ol_counters_each(print, text), 0);
    assert_string_equal(text, "xml.b=9 pii.b=7 pii.c=0 pii.a=1 ");
    ol_counters_release(old);
    ol_counters_release(changed);
    ol_counters_release(other);
    text[0] = '\0';
    assert_int_equal(ol_counters_each(print, text), 0);
    assert_string_equal(text, "pii.a=1 pii.b=5 ");
    ol_counters_release(same);
    ol_counters_release(NULL);
    assert_int_equal(ol_alloc_live(), live);
}

#define TIMES 10000u

static void *add_and_swap(void *arg)
{
    ol_counters *kept = arg;
    for (unsigned i = 0; i < TIMES; i++) {
        ol_counters_add(kept, 0, 1);
        if (i % 100 == 0)
            ol_counters_release(acquire("threads", i % 200 ? "n\n" : "m\n"));
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    char text[200] = "";
    pthread_t threads[3];
    ol_counters *kept = acquire("threads", "n\n");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_and_swap, kept), 0);
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(ol_counters_each(print, text), 0);
    assert_string_equal(text, "threads.n=30000 ");
    ol_counters_release(kept);
}

static void test_no_memory(void **state)
{
    (void)state;
    ol_counters *set;
    ol_alloc_fail_after(0);
    assert_code(ol_counters_acquire(&set, OL_SLICE_LIT("pii"), OL_SLICE_LIT("a\n")), OL_ENOMEM);
    ol_alloc_fail_after(-1);
    assert_null(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_sums_over_reloads),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
