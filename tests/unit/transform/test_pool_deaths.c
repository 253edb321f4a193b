/* SPDX-License-Identifier: MIT */
/*
 * What the death of a host costs, when a host is killed, and what is left when it is over.
 */
#include "pool_kit.h"

#include <poll.h>

/* ---- deaths ---- */

static void test_a_crash_costs_its_own_request_only(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    kit_run neighbours[3], culprit;
    open_fixture(&f, 1, 8, "identity");
    for (unsigned i = 0; i < 3; i++)
        start(&f, &neighbours[i], "g", i ? "copy" : "identity", 50000, false);
    for (unsigned i = 0; i < 3; i++)
        kit_run_until_held(&neighbours[i], &f.loop);
    start(&f, &culprit, "g", "crash", 10, true);
    kit_run_wait(&culprit, &f.loop);
    assert_code(culprit.err.code, OL_ETRANSFORM);
    assert_false(culprit.call.retryable);
    for (unsigned i = 0; i < 3; i++) {
        kit_run_wait(&neighbours[i], &f.loop);
        assert_code(neighbours[i].err.code, OL_EHOSTLOST);
        assert_true(neighbours[i].call.retryable);
        assert_false(neighbours[i].gate.finished);
    }
    run_ok(&f, "g", "identity", "bbbbbbbbbb");
    for (unsigned i = 0; i < 3; i++)
        kit_run_fini(&neighbours[i]);
    kit_run_fini(&culprit);
    close_fixture(&f);
}

/* So a second neighbour that crashes does not hit it. */
static void test_what_is_run_again_runs_alone(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    kit_run neighbour, again, later;
    bool alone = false;
    open_fixture(&f, 2, 8, "identity");
    kit_run_start_so(&neighbour, &f.loop, f.pool, f.program, "g", "identity", 50000, false, &alone);
    kit_run_until_held(&neighbour, &f.loop);
    start(&f, &later, "g", "crash", 10, true);
    kit_run_wait(&later, &f.loop);
    kit_run_wait(&neighbour, &f.loop);
    assert_true(alone); /* it says so itself */
    kit_run_fini(&later);
    kit_run_fini(&neighbour);

    start(&f, &neighbour, "g", "identity", 50000, false);
    kit_run_until_held(&neighbour, &f.loop);
    kit_run_start_so(&again, &f.loop, f.pool, f.program, "g", "identity", 50000, false, &alone);
    kit_run_until_held(&again, &f.loop);
    assert_int_equal(stats_of(&f).hosts, 2);
    kit_gate_release(&neighbour.gate);
    kit_run_wait(&neighbour, &f.loop);
    start(&f, &later, "g", "crash", 10, true);
    kit_run_wait(&later, &f.loop);
    assert_false(again.done);
    kit_gate_release(&again.gate);
    kit_run_wait(&again, &f.loop);
    assert_code(again.err.code, OL_OK);
    kit_run_fini(&neighbour);
    kit_run_fini(&again);
    kit_run_fini(&later);
    close_fixture(&f);
}

static void test_a_stuck_request_costs_its_own_only(void **state)
{
    (void)state;
    fixture f;
    kit_run neighbour, culprit;
    open_fixture(&f, 1, 8, "identity");
    f.program->limits.unyieldable_ms = 5;
    start(&f, &neighbour, "g", "identity", 50000, false);
    kit_run_until_held(&neighbour, &f.loop);
    start(&f, &culprit, "g", "hang", 10, true);
    kit_run_wait(&culprit, &f.loop);
    assert_code(culprit.err.code, OL_ETRANSFORMCPU);
    kit_run_wait(&neighbour, &f.loop);
    assert_code(neighbour.err.code, OL_EHOSTLOST);
    assert_true(neighbour.call.retryable);
    kit_run_fini(&neighbour);
    kit_run_fini(&culprit);
    close_fixture(&f);
}

/* A response that was handed over wholly is still sent when its host dies afterwards. */
static void test_what_was_handed_over_survives(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    kit_run r, culprit;
    open_fixture(&f, 1, 8, "identity");
    start(&f, &r, "g", "copy", 3000, false);
    kit_run_until_held(&r, &f.loop);
    ol_test_loop_turns(&f.loop, 5);
    while (ol_link_is_working(f.pool->first->link, 0))
        ol_test_loop_turns(&f.loop, 1);
    start(&f, &culprit, "g", "exit", 10, true);
    kit_run_wait(&culprit, &f.loop);
    kit_gate_release(&r.gate);
    kit_run_wait(&r, &f.loop);
    assert_code(r.err.code, OL_OK);
    assert_int_equal(r.gate.len, 3000);
    kit_run_fini(&r);
    kit_run_fini(&culprit);
    close_fixture(&f);
}

static void kill_all(fixture *f)
{
    for (ol_pool_host *host = f->pool->first; host; host = host->next)
        if (!host->child_pending && host->state < OL_HOST_DEAD)
            ol_child_kill(&host->child);
}

static bool is_born(void *arg)
{
    const ol_pool_host *host = ((fixture *)arg)->pool->first;
    return host && !host->child_pending && host->state < OL_HOST_DYING;
}

static void test_kill_after_every_number_of_turns(void **state)
{
    (void)state;
    fixture f;
    unsigned finished = 0, lost = 0;
    open_fixture(&f, 1, 8, "identity");
    for (unsigned turns = 0; turns < 60; turns++) {
        kit_run r;
        start(&f, &r, "g", turns % 2 ? "copy" : "identity", 40000, turns % 3 != 0);
        f.pool->start_again_ms = 0;
        ol_test_loop_until_fn(&f.loop, is_born, &f, OL_TEST_BOUND_MS);
        for (unsigned i = 0; i < turns / 2; i++) {
            ol_test_loop_turns(&f.loop, 1);
            if (r.gate.held.data && i % 2)
                kit_gate_pass(&r.gate);
        }
        kill_all(&f);
        kit_gate_release(&r.gate);
        kit_run_wait(&r, &f.loop);
        if (r.err.code == OL_OK) {
            finished++;
            assert_int_equal(r.gate.len, 40000);
        } else {
            lost++;
            assert_true(r.err.code == OL_EHOSTLOST || r.err.code == OL_ETRANSFORM);
            assert_int_equal(r.call.retryable, r.err.code == OL_EHOSTLOST);
            assert_false(r.gate.finished);
            assert_true(r.gate.len <= 40000);
        }
        kit_run_fini(&r);
    }
    assert_true(lost > 0);
    run_ok(&f, "g", "identity", "bbbbbbbbbb");
    close_fixture(&f);
}

/* ---- giving up ---- */

static bool one_died(void *arg)
{
    return stats_of(arg).hosts_died == 1;
}

static bool is_executing(void *arg)
{
    fixture *f = arg;
    uint32_t index = OL_WIRE_NONE, used_ms;
    if (f->pool->first && f->pool->first->link)
        ol_link_executing(f->pool->first->link, &index, &used_ms);
    return index == 0;
}

static void test_a_host_that_does_not_let_go_is_killed(void **state)
{
    (void)state;
    fixture f;
    kit_run r;
    open_fixture(&f, 1, 8, "identity");
    f.program->kind = OL_PROGRAM_SHARED; /* not preempted, and alone in its host */
    start(&f, &r, "g", "sleep", 10, true);
    ol_test_loop_until_fn(&f.loop, is_executing, &f, OL_TEST_BOUND_MS);
    assert_false(r.done);
    kit_run_fini(&r);
    ol_test_loop_until_fn(&f.loop, one_died, &f, OL_TEST_BOUND_MS);
    run_ok(&f, "g", "identity", "bbbbbbbbbb");
    close_fixture(&f);
}

static void test_native_code_may_use_its_cpu_at_a_stretch(void **state)
{
    (void)state;
    fixture f;
    kit_run r;
    open_fixture(&f, 1, 8, "identity");
    f.program->kind = OL_PROGRAM_SHARED;
    f.program->limits.unyieldable_ms = 1;
    run_ok(&f, "g", "burn 400", "burnt");
    f.program->limits.cpu_ms = 100;
    ol_program *shorter = f.program;
    shorter->version++;
    start(&f, &r, "g", "hang", 10, true);
    kit_run_wait(&r, &f.loop);
    assert_code(r.err.code, OL_ETRANSFORMCPU);
    kit_run_fini(&r);
    close_fixture(&f);
}

/* What the host says of itself is not asked for. */
static void test_a_host_that_lies_about_what_it_does(void **state)
{
    (void)state;
    fixture f;
    kit_run r;
    open_fixture(&f, 1, 8, "identity");
    f.program->limits.cpu_ms = 50;
    f.program->limits.unyieldable_ms = 5;
    start(&f, &r, "g", "lie", 10, true);
    ol_test_loop_until_fn(&f.loop, one_died, &f, OL_TEST_BOUND_MS);
    kit_run_wait(&r, &f.loop);
    assert_true(r.err.code == OL_ETRANSFORMCPU || r.err.code == OL_EHOSTLOST);
    assert_int_equal(r.gate.len, 0);
    kit_run_fini(&r);
    run_ok(&f, "g", "identity", "bbbbbbbbbb");
    close_fixture(&f);
}

static void test_a_host_that_computes_for_itself(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    open_fixture(&f, 1, 8, "load-threads 0 1");
    f.program->kind = OL_PROGRAM_SHARED;
    f.program->declared.threads_max = 1;
    run_ok(&f, "g", "burn-on", "bbbbbbbbbb");
    ol_test_loop_until_fn(&f.loop, one_died, &f, OL_TEST_BOUND_MS);
    run_ok(&f, "g", "identity", "bbbbbbbbbb");
    close_fixture(&f);
}

/* Each refused thread is work for the server: some are a library's way, many are an attack. */
static void test_a_host_that_asks_on_and_on(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    kit_run r;
    open_fixture(&f, 1, 8, "load-threads 0 1");
    f.program->kind = OL_PROGRAM_SHARED;
    f.program->declared.threads_max = 1;
    for (unsigned i = 0; i < 8; i++)
        run_ok(&f, "g", "beg 50", "refused");
    assert_int_equal(stats_of(&f).hosts_started, 1);
    start(&f, &r, "g", "beg 100", 10, true);
    kit_run_wait(&r, &f.loop);
    assert_code(r.err.code, OL_ETRANSFORM);
    assert_non_null(strstr(r.err.detail, "asked too often for what it may not have"));
    kit_run_fini(&r);
    run_ok(&f, "g", "identity", "bbbbbbbbbb");
    close_fixture(&f);
}

/* It says that it has loaded, and is gone when the server hears of it. */
static void test_a_host_that_dies_as_soon_as_it_has_loaded(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    kit_run r;
    open_fixture(&f, 1, 8, "load-threads 0 0");
    f.program->kind = OL_PROGRAM_SHARED;
    start(&f, &r, "g", "identity", 10, true);
    ol_test_loop_until_fn(&f.loop, is_born, &f, OL_TEST_BOUND_MS);
    ol_pool_host *host = f.pool->first;
    pid_t pid = host->child.pid;
    siginfo_t info;
    while (!ol_link_has_news(host->link)) /* without a turn of the loop: nobody hears it yet */
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    ol_child_kill(&host->child);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    kit_run_wait(&r, &f.loop);
    assert_code(r.err.code, OL_ETRANSFORM);
    assert_non_null(strstr(r.err.detail, "was killed by signal 9"));
    kit_run_fini(&r);
    ol_warden gone = {.pid = pid};
    assert_true(ol_warden_seal(&gone, 0)); /* nothing runs there, so not too much */
    f.pool->start_again_ms = 0;
    run_ok(&f, "g", "identity", "bbbbbbbbbb");
    close_fixture(&f);
}

static void test_a_host_that_went_over_budget_is_not_used_again(void **state)
{
    (void)state;
    static const int codes[] = {OL_ETRANSFORMCPU, OL_ETRANSFORMMEMORY, OL_ETRANSFORMTIME,
                                OL_ETRANSFORMOUTPUT, OL_ETRANSFORMPATTERN};
    fixture f;
    kit_run neighbour, r;
    char line[64];
    open_fixture(&f, 1, 8, "identity");
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        start(&f, &neighbour, "g", "copy", 50000, false);
        kit_run_until_held(&neighbour, &f.loop);
        uint64_t before = stats_of(&f).hosts_started;
        snprintf(line, sizeof(line), "error %d", codes[i]);
        start(&f, &r, "g", line, 10, true);
        kit_run_wait(&r, &f.loop);
        assert_code(r.err.code, codes[i]);
        kit_run_fini(&r);
        kit_gate_release(&neighbour.gate); /* it may end in peace */
        kit_run_wait(&neighbour, &f.loop);
        assert_code(neighbour.err.code, OL_OK);
        kit_run_fini(&neighbour);
        run_ok(&f, "g", "identity", "bbbbbbbbbb");
        assert_int_equal(stats_of(&f).hosts_started, before + 1);
    }
    assert_int_equal(stats_of(&f).hosts_died, 0);
    close_fixture(&f);
}

/* Its listener is readable from then on. The loop would ask it again and again until all of the
 * process is gone. */
static void test_nobody_is_left_to_ask(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    siginfo_t info;
    open_fixture(&f, 1, 8, "load-threads 0 1");
    f.program->kind = OL_PROGRAM_SHARED;
    f.program->declared.threads_max = 1;
    run_ok(&f, "g", "identity", "bbbbbbbbbb");
    ol_pool_host *host = f.pool->first;
    ol_warden warden = {.pid = host->child.pid, .listener_fd = dup(host->child.warden.listener_fd)};
    struct pollfd listener = {.fd = warden.listener_fd, .events = POLLIN};
    assert_int_equal(poll(&listener, 1, 0), 0);
    ol_child_kill(&host->child);
    assert_int_equal(waitid(P_PID, (id_t)warden.pid, &info, WEXITED | WNOWAIT), 0);
    bool released = poll(&listener, 1, 0) == 1;
    if (released)
        assert_false(ol_warden_answer(&warden));
    close(warden.listener_fd);
    close_fixture(&f);
    if (!released)
        skip_because("this kernel counts a filter as used until its process is reaped");
}

/* ---- nothing is left ---- */

static unsigned count_fds(void)
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

#ifdef OBJLENS_SANITIZED
#define STARTS 100u
#else
#define STARTS 1000u
#endif

static bool none_left_alive(void *arg)
{
    kill_all(arg);
    return none_alive(arg);
}

static void test_nothing_is_left_after_many_deaths(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, 4, 8, "identity");
    ol_pool_warm(f.pool, f.program);
    run_ok(&f, "g", NULL, "bbbbbbbbbb");
    kill_all(&f);
    ol_test_loop_until_fn(&f.loop, none_alive, &f, OL_TEST_BOUND_MS);
    assert_int_equal(ol_inline_hosts_settle(OL_TEST_BOUND_MS), 0);
    unsigned fds = count_fds();
    long live = ol_alloc_live();
    for (unsigned i = 0; i < STARTS; i++) {
        ol_pool_warm(f.pool, f.program);
        ol_test_loop_turns(&f.loop, 1 + i % 7);
        kill_all(&f); /* as soon as it is born, while loading, or ready */
        f.pool->start_again_ms = 0;
        ol_test_loop_until_fn(&f.loop, none_left_alive, &f, OL_TEST_BOUND_MS);
    }
    assert_int_equal(stats_of(&f).hosts_started, STARTS + 1);
    assert_int_equal(ol_inline_hosts_settle(OL_TEST_BOUND_MS), 0);
    assert_int_equal(count_fds(), fds);
    assert_no_leak(live);
    assert_no_child(); /* living or dead */
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    if (fake_is_host(argc, argv))
        return fake_host_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_crash_costs_its_own_request_only),
        cmocka_unit_test(test_what_is_run_again_runs_alone),
        cmocka_unit_test(test_a_stuck_request_costs_its_own_only),
        cmocka_unit_test(test_what_was_handed_over_survives),
        cmocka_unit_test(test_kill_after_every_number_of_turns),
        cmocka_unit_test(test_a_host_that_does_not_let_go_is_killed),
        cmocka_unit_test(test_native_code_may_use_its_cpu_at_a_stretch),
        cmocka_unit_test(test_a_host_that_lies_about_what_it_does),
        cmocka_unit_test(test_a_host_that_computes_for_itself),
        cmocka_unit_test(test_a_host_that_asks_on_and_on),
        cmocka_unit_test(test_a_host_that_dies_as_soon_as_it_has_loaded),
        cmocka_unit_test(test_a_host_that_went_over_budget_is_not_used_again),
        cmocka_unit_test(test_nobody_is_left_to_ask),
        cmocka_unit_test(test_nothing_is_left_after_many_deaths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
