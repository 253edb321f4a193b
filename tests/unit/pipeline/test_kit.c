/* SPDX-License-Identifier: MIT */
/* The test kit is worth what its checks are: each of them is made to fail once here. */
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/later.h"
#include "lib/pipeline_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"

/* Runs one cmocka test in a child; true when it failed there (or crashed). */
static bool fails(CMUnitTestFunction test)
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test)};
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(0);
        int failed = cmocka_run_group_tests(tests, NULL, NULL);
        _exit(failed ? 1 : 0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void good(void **state)
{
    (void)state;
}

static void wrong_slice(void **state)
{
    (void)state;
    assert_slice(OL_SLICE_LIT("abc"), "abd");
}

static void wrong_code(void **state)
{
    (void)state;
    assert_code(OL_EINVAL, OL_OK);
}

static void leak(void **state)
{
    (void)state;
    long before = ol_alloc_live();
    void *kept = ol_malloc(1);
    assert_no_leak(before);
    ol_free(kept);
}

static int leaky_on_failure(void *arg)
{
    (void)arg;
    void *a = ol_malloc(1), *b = ol_malloc(1);
    if (!b)
        return OL_ENOMEM; /* `a` is lost */
    ol_free(a);
    ol_free(b);
    return OL_OK;
}

static void leak_when_memory_runs_out(void **state)
{
    (void)state;
    ol_test_fail_each(leaky_on_failure, NULL);
}

static void open_handle(void **state)
{
    (void)state;
    static uv_timer_t timer;
    ol_test_loop t;
    assert_code(ol_test_loop_open(&t), OL_OK);
    uv_timer_init(ol_loop_uv(t.loop), &timer);
    ol_test_loop_close(&t);
}

static void never(void **state)
{
    (void)state;
    bool flag = false;
    ol_test_loop t;
    assert_code(ol_test_loop_open(&t), OL_OK);
    ol_test_loop_until(&t, &flag, 20);
}

/* ---- stages that break the contract ---- */

static int write_twice_while_waiting(ol_stage *st, ol_slice in, ol_error *err)
{
    int rc = ol_stage_write(st, in, err);
    return rc == OL_WAIT ? ol_stage_write(st, in, err) : rc;
}

static int change_after_waiting(ol_stage *st, ol_slice in, ol_error *err)
{
    static uint8_t mine[100];
    memcpy(mine, in.data, in.len < sizeof(mine) ? in.len : sizeof(mine));
    int rc = ol_stage_write(st, ol_slice_of(mine, in.len), err);
    mine[0] ^= 1;
    return rc;
}

static int write_without_head(ol_stage *st, ol_head *head, ol_error *err)
{
    (void)st;
    (void)head;
    (void)err;
    return OL_OK;
}

static int pass(ol_stage *st, ol_slice in, ol_error *err)
{
    return ol_stage_write(st, in, err);
}

static int ready_inside_write(ol_stage *st, ol_slice in, ol_error *err)
{
    (void)in;
    (void)err;
    ol_stage_ready(st);
    return OL_OK;
}

static int read_beyond(ol_stage *st, ol_slice in, ol_error *err)
{
    volatile uint8_t byte = in.data[in.len];
    (void)byte;
    return ol_stage_write(st, in, err);
}

static void run_with(const ol_stage_ops *ops)
{
    ol_test_bench bench;
    ol_test_feed feed = {.body = OL_SLICE_LIT("0123456789"), .piece_bytes = 3};
    ol_test_collect collect = {.wait_every = 1};
    ol_test_pedant pedant = {0};
    ol_test_bench_open(&bench);
    ol_test_bench_feed(&bench, &feed);
    ol_test_bench_add(&bench, ops, NULL);
    ol_test_bench_pedant(&bench, &pedant);
    ol_test_bench_collect(&bench, &collect);
    assert_code(ol_test_bench_run(&bench), OL_OK);
    ol_test_collect_fini(&collect);
    ol_test_bench_close(&bench);
}

#define BAD_STAGE(test, ...)                                                                       \
    static void test(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        static const ol_stage_ops ops = {.name = #test, .phase = OL_PHASE_TRANSFORM, __VA_ARGS__}; \
        run_with(&ops);                                                                            \
    }

BAD_STAGE(harmless, .write = pass)
BAD_STAGE(impatient, .write = write_twice_while_waiting)
BAD_STAGE(fickle, .write = change_after_waiting)
BAD_STAGE(headless, .head = write_without_head, .write = pass)
BAD_STAGE(hasty, .write = ready_inside_write)
BAD_STAGE(greedy, .write = read_beyond)

static void every_check_can_fail(void **state)
{
    (void)state;
    assert_false(fails(good));
    assert_true(fails(wrong_slice));
    assert_true(fails(wrong_code));
    assert_true(fails(leak));
    assert_true(fails(leak_when_memory_runs_out));
    assert_true(fails(open_handle));
    assert_true(fails(never));
    assert_false(fails(harmless));
    assert_true(fails(fickle));
}

static void assertions_of_the_pipeline_hold(void **state)
{
    (void)state;
#ifdef NDEBUG
    skip_because("assertions are compiled out of this build");
#endif
    assert_true(fails(impatient));
    assert_true(fails(headless));
    assert_true(fails(hasty));
}

static void lent_bytes_are_exact(void **state)
{
    (void)state;
#ifndef __SANITIZE_ADDRESS__
    (void)greedy;
    skip_because("it needs the address sanitizer");
#else
    assert_true(fails(greedy));
#endif
}

static unsigned happened;

static void happen(void *arg)
{
    happened += *(unsigned *)arg;
}

static void later_can_be_called_off(void **state)
{
    (void)state;
    unsigned one = 1, ten = 10;
    ol_test_loop t;
    assert_code(ol_test_loop_open(&t), OL_OK);
    happened = 0;
    ol_test_later_start(t.loop, 3, happen, &one);
    ol_test_later_cancel(ol_test_later_start(t.loop, 2, happen, &ten));
    ol_test_later_cancel(NULL);
    assert_int_equal(happened, 0);
    ol_test_loop_turns(&t, 10);
    assert_int_equal(happened, 1);
    ol_test_loop_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_check_can_fail),
        cmocka_unit_test(assertions_of_the_pipeline_hold),
        cmocka_unit_test(lent_bytes_are_exact),
        cmocka_unit_test(later_can_be_called_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
