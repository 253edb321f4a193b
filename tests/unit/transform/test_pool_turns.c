/* SPDX-License-Identifier: MIT */
/* Which host has the core first, as the kernel tells of it. */
#include "pool_kit.h"

#include <sched.h>
#include <signal.h>

#include "base/scheduling.h"
#include "base/turns.h"

#define PATIENCE_MS OL_TEST_BOUND_MS
#define MUCH_CPU_NS 10000000u

static ol_scheduling scheduling_of(pid_t pid)
{
    ol_scheduling now;
    assert_true(ol_scheduling_get(pid, &now));
    return now;
}

static void assert_turns(const ol_pool_host *host, uint64_t turn_ns)
{
    ol_scheduling mine = scheduling_of(0), its = scheduling_of(host->child.pid);
    assert_int_equal(its.policy, SCHED_BATCH);
    assert_int_equal(its.runtime_ns, mine.runtime_ns ? turn_ns : 0);
}

static ol_pool_host *host_of(fixture *f, const char *group)
{
    for (ol_pool_host *host = f->pool->first; host; host = host->next)
        if (ol_pool_host_serves(host, ol_slice_cstr(group)))
            return host;
    return NULL;
}

static bool has_process(void *arg)
{
    fixture *f = arg;
    return f->pool->first && !f->pool->first->child_pending;
}

static void test_a_host_that_loads_has_long_turns(void **state)
{
    (void)state;
    fixture f;
    kit_run r;
    open_fixture(&f, 1, 8, "load-doze");
    start(&f, &r, "g", "identity", 10, true);
    ol_test_loop_until_fn(&f.loop, has_process, &f, PATIENCE_MS);
    assert_int_equal(f.pool->first->state, OL_HOST_STARTING);
    assert_turns(f.pool->first, OL_TURN_LONG_NS);
    kit_run_fini(&r);
    close_fixture(&f);
}

static void test_a_host_that_is_ready_has_short_ones(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, 1, 8, "identity");
    run_ok(&f, "g", "identity", "bbbbbbbbbb");
    assert_turns(f.pool->first, OL_TURN_NS);
    close_fixture(&f);
}

/* A request of group "hog" computes; those of group "light" find that out. */
static void compute_until_found(fixture *f, kit_run *hog)
{
    open_fixture(f, 2, 8, "identity");
    run_ok(f, "hog", "identity", "bbbbbbbbbb");
    start(f, hog, "hog", "loop", 10, true);
    run_ok(f, "light", "identity", "bbbbbbbbbb");
    uint64_t until_ms = ol_loop_now_ms(f->loop.loop) + PATIENCE_MS;
    while (host_of(f, "hog")->turns != OL_TURNS_LAST && ol_loop_now_ms(f->loop.loop) < until_ms)
        run_ok(f, "light", "identity", "bbbbbbbbbb");
    assert_int_equal(host_of(f, "hog")->turns, OL_TURNS_LAST);
}

static void test_a_host_that_computes_gets_long_turns_when_others_wait(void **state)
{
    (void)state;
    fixture f;
    kit_run hog;
    compute_until_found(&f, &hog);
    assert_turns(host_of(&f, "hog"), OL_TURN_LONG_NS);
    assert_turns(host_of(&f, "light"), OL_TURN_NS);
    assert_false(hog.done);
    kit_run_fini(&hog);
    close_fixture(&f);
}

static bool has_short_turns(void *arg)
{
    return ((ol_pool_host *)arg)->turns == OL_TURNS_NEXT;
}

static void test_it_has_short_ones_again_when_it_is_idle(void **state)
{
    (void)state;
    fixture f;
    kit_run hog;
    compute_until_found(&f, &hog);
    ol_pool_host *host = host_of(&f, "hog");
    kit_run_fini(&hog); /* given up */
    ol_test_loop_until_fn(&f.loop, has_short_turns, host, PATIENCE_MS);
    assert_turns(host, OL_TURN_NS);
    close_fixture(&f);
}

static bool beats(void *arg)
{
    return ((fixture *)arg)->pool->beating;
}

static bool is_at_rest(void *arg)
{
    return !beats(arg);
}

/* A request that waits for ever: while it does the host is not idle. */
static ol_pool_host *keep_from_being_idle(fixture *f, kit_run *r, const char *group)
{
    start(f, r, group, "greet", 10, true);
    run_ok(f, group, "identity", "bbbbbbbbbb");
    return host_of(f, group);
}

/* The host of "light" is told something and does not get the core: the beat looks at all others. */
static void let_one_wait(fixture *f, kit_run *waiting)
{
    run_ok(f, "light", "identity", "bbbbbbbbbb");
    kill(host_of(f, "light")->child.pid, SIGSTOP);
    start(f, waiting, "light", "identity", 10, true);
}

static void test_a_host_that_answers_again_and_again_does_not_compute(void **state)
{
    (void)state;
    fixture f;
    kit_run kept, waiting;
    open_fixture(&f, 2, 8, "identity");
    ol_pool_host *host = keep_from_being_idle(&f, &kept, "busy");
    let_one_wait(&f, &waiting);
    uint64_t from_ns = ol_child_cpu_ns(&host->child);
    while (ol_child_cpu_ns(&host->child) - from_ns < MUCH_CPU_NS) {
        ol_pool_turns_told(host_of(&f, "light")); /* the beat goes on */
        run_ok(&f, "busy", "identity", "bbbbbbbbbb");
    }
    ol_pool_turns_told(host_of(&f, "light"));
    ol_test_loop_until_fn(&f.loop, is_at_rest, &f, PATIENCE_MS); /* it was looked at again */
    assert_turns(host, OL_TURN_NS);
    kill(host_of(&f, "light")->child.pid, SIGCONT);
    kit_run_wait(&waiting, &f.loop);
    kit_run_fini(&waiting);
    kit_run_fini(&kept);
    close_fixture(&f);
}

static void test_one_that_computes_does_so_whatever_it_answers_besides(void **state)
{
    (void)state;
    fixture f;
    kit_run hog, other;
    compute_until_found(&f, &hog);
    ol_pool_host *host = host_of(&f, "hog");
    keep_from_being_idle(&f, &other, "light"); /* it is nobody else's to use */
    for (unsigned i = 0; i < 3; i++) {
        run_ok(&f, "hog", "identity", "bbbbbbbbbb");
        assert_int_equal(host->turns, OL_TURNS_LAST);
    }
    kit_run_fini(&hog);
    kit_run_fini(&other);
    close_fixture(&f);
}

/* What computed has ended; another request keeps its host from being idle. */
static void test_it_has_short_ones_again_when_that_has_ended(void **state)
{
    (void)state;
    fixture f;
    kit_run hog, kept, other;
    compute_until_found(&f, &hog);
    keep_from_being_idle(&f, &other, "light");
    ol_pool_host *host = keep_from_being_idle(&f, &kept, "hog");
    assert_int_equal(host->turns, OL_TURNS_LAST);
    kit_run_fini(&hog); /* given up */
    uint64_t until_ms = ol_loop_now_ms(f.loop.loop) + PATIENCE_MS;
    while (host->turns == OL_TURNS_LAST && ol_loop_now_ms(f.loop.loop) < until_ms)
        run_ok(&f, "hog", "identity", "bbbbbbbbbb");
    assert_turns(host, OL_TURN_NS);
    assert_false(kept.done);
    kit_run_fini(&kept);
    kit_run_fini(&other);
    close_fixture(&f);
}

/* It does not get the core at all. */
static void test_the_beat_ends(void **state)
{
    (void)state;
    fixture f;
    kit_run hog, waiting;
    compute_until_found(&f, &hog);
    pid_t light = host_of(&f, "light")->child.pid;
    kill(light, SIGSTOP);
    start(&f, &waiting, "light", "identity", 10, true);
    ol_test_loop_until_fn(&f.loop, beats, &f, PATIENCE_MS);
    ol_test_loop_until_fn(&f.loop, is_at_rest, &f, PATIENCE_MS);
    assert_false(waiting.done);
    kill(light, SIGCONT);
    kit_run_wait(&waiting, &f.loop);
    assert_code_of(waiting.err.code, OL_OK, &waiting.err);
    kit_run_fini(&waiting);
    kit_run_fini(&hog);
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    if (fake_is_host(argc, argv))
        return fake_host_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_host_that_loads_has_long_turns),
        cmocka_unit_test(test_a_host_that_is_ready_has_short_ones),
        cmocka_unit_test(test_a_host_that_computes_gets_long_turns_when_others_wait),
        cmocka_unit_test(test_it_has_short_ones_again_when_it_is_idle),
        cmocka_unit_test(test_a_host_that_answers_again_and_again_does_not_compute),
        cmocka_unit_test(test_one_that_computes_does_so_whatever_it_answers_besides),
        cmocka_unit_test(test_it_has_short_ones_again_when_that_has_ended),
        cmocka_unit_test(test_the_beat_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
