/* SPDX-License-Identifier: MIT */
/* Fibers: control goes where it should, stacks are wiped and come back. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "transform/shared/fiber.h"
#include "transform/shared/sanitize.h"

typedef struct counter {
    ol_fiber *self;
    int steps, reached;
    uintptr_t place;
} counter;

static void count(void *arg)
{
    counter *c = arg;
    for (int i = 0; i < c->steps; i++) {
        c->reached = i + 1;
        ol_fiber_suspend(c->self);
    }
}

static void test_interleaved(void **state)
{
    (void)state;
    ol_fiber_pool pool;
    ol_fiber_pool_init(&pool);
    counter c[40] = {0};
    for (int i = 0; i < 40; i++) {
        c[i].steps = i;
        c[i].self = ol_fiber_acquire(&pool, count, &c[i]);
        assert_non_null(c[i].self);
        assert_false(ol_fiber_alive(c[i].self));
    }
    for (int round = 1; round <= 40; round++)
        for (int i = 0; i < 40; i++) {
            if (!c[i].self)
                continue;
            bool alive = ol_fiber_resume(c[i].self);
            assert_int_equal(alive, round <= c[i].steps);
            assert_int_equal(alive, ol_fiber_alive(c[i].self));
            assert_int_equal(c[i].reached, alive ? round : c[i].steps);
            if (!alive) {
                ol_fiber_release(&pool, c[i].self);
                c[i].self = NULL;
            }
        }
    assert_int_equal(pool.idle_count, OL_FIBERS_IDLE_MAX);
    long live = ol_alloc_live();
    ol_fiber_pool_fini(&pool);
    assert_int_equal(ol_alloc_live(), live - OL_FIBERS_IDLE_MAX);
}

static __attribute__((noinline)) void write_secret(volatile char *at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = "SECRET"[i % 6];
}

static void leave_secret(void *arg)
{
    counter *c = arg;
    volatile char deep[160 * 1024];
    write_secret(deep, sizeof(deep));
    c->place = (uintptr_t)deep;
}

/* What one job left on its stack is not there for the next. */
static void test_stack_is_wiped(void **state)
{
    (void)state;
    ol_fiber_pool pool;
    ol_fiber_pool_init(&pool);
    counter c = {0};
    ol_fiber *fiber = ol_fiber_acquire(&pool, leave_secret, &c);
    assert_false(ol_fiber_resume(fiber));
#ifndef OL_FIBER_ASAN
    assert_memory_equal((const void *)c.place, "SECRET", 6);
#endif
    ol_fiber_release(&pool, fiber);
    assert_int_equal(pool.idle_count, 1);
    const char *place = (const char *)c.place;
    for (size_t i = 0; i < 160 * 1024; i++)
        if (place[i] != 0)
            fail_msg("byte %zu of the old stack is still there", i);
    ol_fiber_pool_fini(&pool);
}

static void run_into_guard(void *arg)
{
    counter *c = arg;
    volatile char *bottom = (volatile char *)__builtin_frame_address(0) - OL_FIBER_STACK_BYTES;
    c->place = (uintptr_t)bottom;
    for (size_t i = 0; i < 2048; i += 512)
        bottom[-(ptrdiff_t)i] = 1;
}

static void test_overflow_is_a_crash(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ol_fiber_pool pool;
        ol_fiber_pool_init(&pool);
        counter c = {0};
        signal(SIGSEGV, SIG_DFL); /* cmocka's handler would run the other tests in the child */
        close(STDERR_FILENO);     /* a sanitizer would tell the whole story */
        ol_fiber_resume(ol_fiber_acquire(&pool, run_into_guard, &c));
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void test_many_lives(void **state)
{
    (void)state;
    ol_fiber_pool pool;
    ol_fiber_pool_init(&pool);
    for (int i = 0; i < 20000; i++) {
        counter c = {.steps = 1};
        c.self = ol_fiber_acquire(&pool, count, &c);
        assert_true(ol_fiber_resume(c.self));
        assert_false(ol_fiber_resume(c.self));
        ol_fiber_release(&pool, c.self);
    }
    assert_int_equal(pool.idle_count, 1);
    ol_fiber_pool_fini(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interleaved),
        cmocka_unit_test(test_stack_is_wiped),
        cmocka_unit_test(test_overflow_is_a_crash),
        cmocka_unit_test(test_many_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
