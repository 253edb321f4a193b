/* SPDX-License-Identifier: MIT */
/* Rates, bursts, names that are forgotten, and what a host may write. */
#include "lib/check.h"

#include <pthread.h>
#include <stdio.h>

#include "front/server/rate_limiter.h"

#define SECOND 1000000000ull

static bool take(ol_rate_limiter *limiter, const char *name, uint64_t per_1000_s, uint64_t burst,
                 uint64_t now_ns, uint64_t *wait_ms)
{
    ol_rate rate = {per_1000_s, burst};
    return ol_rate_limiter_take(limiter, ol_slice_cstr(name), &rate, now_ns, wait_ms);
}

static void test_a_burst_and_then_the_rate(void **state)
{
    (void)state;
    ol_rate_limiter *limiter = ol_rate_limiter_new();
    uint64_t wait_ms = 0, now = 5 * SECOND;
    for (int i = 0; i < 3; i++)
        assert_true(take(limiter, "a", 2000, 3, now, &wait_ms));
    assert_false(take(limiter, "a", 2000, 3, now, &wait_ms));
    assert_int_equal(wait_ms, 500);
    assert_true(take(limiter, "b", 2000, 3, now, &wait_ms)); /* another name */
    assert_false(take(limiter, "a", 2000, 3, now + SECOND / 2 - 1, &wait_ms));
    assert_true(take(limiter, "a", 2000, 3, now + SECOND / 2, &wait_ms));
    assert_false(take(limiter, "a", 2000, 3, now + SECOND / 2, &wait_ms));
    /* Rest gives back no more than the burst. */
    now += 1000 * SECOND;
    for (int i = 0; i < 3; i++)
        assert_true(take(limiter, "a", 2000, 3, now, &wait_ms));
    assert_false(take(limiter, "a", 2000, 3, now, &wait_ms));
    ol_rate_limiter_destroy(limiter);
}

static void test_slow_rates(void **state)
{
    (void)state;
    ol_rate_limiter *limiter = ol_rate_limiter_new();
    uint64_t wait_ms = 0;
    assert_true(take(limiter, "a", 1, 1, SECOND, &wait_ms));
    assert_false(take(limiter, "a", 1, 1, 2 * SECOND, &wait_ms));
    assert_int_equal(wait_ms, 999000);
    assert_true(take(limiter, "a", 1, 1, 1001 * SECOND, &wait_ms));
    ol_rate_limiter_destroy(limiter);
}

/* However many names there are, the table does not grow, and the busiest are not forgotten first. */
static void test_more_names_than_room(void **state)
{
    (void)state;
    ol_rate_limiter *limiter = ol_rate_limiter_new();
    uint64_t wait_ms = 0;
    char name[32];
    for (int i = 0; i < 4; i++)
        assert_true(take(limiter, "busy", 1000, 4, SECOND, &wait_ms));
    for (unsigned i = 0; i < 4 * OL_RATE_NAMES_MAX; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        assert_true(take(limiter, name, 1000, 1, SECOND, &wait_ms));
    }
    assert_false(take(limiter, "busy", 1000, 4, SECOND, &wait_ms));
    ol_rate_limiter_destroy(limiter);
}

static void *take_many(void *arg)
{
    static __thread uint64_t wait_ms;
    uintptr_t taken = 0;
    for (int i = 0; i < 2000; i++)
        taken += take(arg, "shared", 1, 1000, SECOND, &wait_ms);
    return (void *)taken;
}

static void test_threads_share_a_limit(void **state)
{
    (void)state;
    ol_rate_limiter *limiter = ol_rate_limiter_new();
    pthread_t threads[4];
    uintptr_t total = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, limiter), 0);
    for (int i = 0; i < 4; i++) {
        void *taken;
        pthread_join(threads[i], &taken);
        total += (uintptr_t)taken;
    }
    assert_int_equal(total, 1000);
    ol_rate_limiter_destroy(limiter);
}

static void test_what_a_host_writes(void **state)
{
    (void)state;
    ol_rate rate;
    ol_slice name;
    assert_true(ol_rate_parse(OL_SLICE_LIT("2500 9 who"), &rate, &name));
    assert_true(rate.per_1000_s == 2500 && rate.burst == 9);
    assert_slice(name, "who");
    static const char *const wrong[] = {"", "1", "1 1", "1 1 ", "0 1 a", "1 0 a", "-1 1 a", "1 x a",
                                        "1000000001 1 a", "1 1000001 a", "99999999999999999999 1 a"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(ol_rate_parse(ol_slice_cstr(wrong[i]), &rate, &name));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_burst_and_then_the_rate), cmocka_unit_test(test_slow_rates),
        cmocka_unit_test(test_more_names_than_room),      cmocka_unit_test(test_threads_share_a_limit),
        cmocka_unit_test(test_what_a_host_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
