/* SPDX-License-Identifier: MIT */
/*
 * Pools of real hosts: who shares a host with whom, who waits, what the death of a host costs,
 * and what is left when it is over.
 */
#include "run_kit.h"

#include <dirent.h>
#include <sys/wait.h>

#include "transform/link_private.h"
#include "transform/pool_private.h"

typedef struct fixture {
    ol_test_loop loop;
    ol_pool *pool;
    ol_program *program;
} fixture;

static void open_fixture(fixture *f, unsigned hosts_max, unsigned jobs_max, const char *line)
{
    ol_pool_options options = kit_options();
    options.hosts_max = hosts_max;
    options.jobs_max = jobs_max;
    assert_code(ol_test_loop_open(&f->loop), OL_OK);
    assert_code(ol_pool_new(&f->pool, f->loop.loop, &options, NULL), OL_OK);
    f->program = kit_program(line);
}

static void close_fixture(fixture *f)
{
    kit_pool_close(&f->loop, f->pool);
    ol_test_loop_close(&f->loop);
    ol_program_release(f->program);
}

static void start(fixture *f, kit_run *r, const char *group, const char *line, uint64_t length,
                  bool open)
{
    kit_run_start(r, &f->loop, f->pool, f->program, group, line, length, open);
}

static void run_ok(fixture *f, const char *group, const char *line, const char *want)
{
    kit_run r;
    start(f, &r, group, line, 10, true);
    kit_run_wait(&r, &f->loop);
    assert_code_of(r.err.code, OL_OK, &r.err);
    assert_slices(ol_slice_of(r.gate.data, r.gate.len), ol_slice_cstr(want));
    kit_run_fini(&r);
}

static ol_pool_stats stats_of(fixture *f)
{
    ol_pool_stats stats;
    ol_pool_stats_get(f->pool, &stats);
    return stats;
}

/* ---- many at once ---- */

#define MANY 16

static void test_many_requests_at_once(void **state)
{
    (void)state;
    fixture f;
    kit_run runs[MANY];
    open_fixture(&f, 1, 8, "identity");
    for (unsigned i = 0; i < MANY; i++)
        start(&f, &runs[i], "g", i % 2 ? "copy" : "identity", 1000 * i, i % 3 != 0);
    for (unsigned i = 0; i < MANY; i++) {
        if (i > 0 && i % 3 == 0)
            kit_run_until_held(&runs[i], &f.loop);
        kit_gate_release(&runs[i].gate);
        kit_run_wait(&runs[i], &f.loop);
        assert_code_of(runs[i].err.code, OL_OK, &runs[i].err);
        assert_int_equal(runs[i].gate.len, 1000 * i);
        kit_run_close(&runs[i]);
    }
    assert_int_equal(stats_of(&f).hosts_started, 1);
    for (unsigned i = 0; i < MANY; i++)
        kit_run_fini(&runs[i]);
    close_fixture(&f);
}

static void test_what_the_queue_cannot_hold_is_refused(void **state)
{
    (void)state;
    fixture f;
    kit_run runs[1 + 16 + 1];
    open_fixture(&f, 1, 1, "identity");
    start(&f, &runs[0], "g", NULL, 100, false);
    kit_run_until_held(&runs[0], &f.loop);
    for (unsigned i = 1; i < 17; i++)
        start(&f, &runs[i], "g", NULL, 100, false);
    assert_int_equal(stats_of(&f).jobs_queued, 16);
    start(&f, &runs[17], "g", NULL, 100, false);
    kit_run_wait(&runs[17], &f.loop);
    assert_code(runs[17].err.code, OL_ESLOWDOWN);
    assert_false(runs[17].call.retryable);
    for (unsigned i = 0; i < 17; i++) {
        kit_gate_release(&runs[i].gate);
        kit_run_wait(&runs[i], &f.loop);
        assert_code(runs[i].err.code, OL_OK);
        kit_run_close(&runs[i]);
    }
    for (unsigned i = 0; i < 18; i++)
        kit_run_fini(&runs[i]);
    assert_int_equal(stats_of(&f).jobs_refused, 1);
    close_fixture(&f);
}

static void test_leaving_the_queue(void **state)
{
    (void)state;
    fixture f;
    kit_run runs[4];
    open_fixture(&f, 1, 1, "identity");
    for (unsigned i = 0; i < 4; i++)
        start(&f, &runs[i], "g", NULL, 100, false);
    kit_run_until_held(&runs[0], &f.loop);
    kit_run_fini(&runs[2]);
    kit_run_fini(&runs[3]);
    kit_run_fini(&runs[0]);
    kit_run_until_held(&runs[1], &f.loop);
    kit_run_fini(&runs[1]);
    assert_int_equal(stats_of(&f).jobs_queued, 0);
    close_fixture(&f);
}

static void test_nobody_waits_for_ever(void **state)
{
    (void)state;
    fixture f;
    kit_run busy, r;
    open_fixture(&f, 1, 1, "identity");
    start(&f, &busy, "g", NULL, 100, false);
    kit_run_until_held(&busy, &f.loop);
    start(&f, &r, "g", NULL, 100, true);
    assert_int_equal(stats_of(&f).jobs_queued, 1);
    f.pool->queue_first->queued_ms -= 10001; /* as if that long had passed */
    kit_run_wait(&r, &f.loop);
    assert_code(r.err.code, OL_ESLOWDOWN);
    kit_run_fini(&r);
    kit_run_fini(&busy);
    close_fixture(&f);
}

/* ---- trust ---- */

static bool memory_holds(const ol_pool_host *host, uint8_t byte)
{
    const uint8_t *data = host->child.base + host->child.layout.slot_base;
    size_t size = (size_t)host->child.layout.slot_bytes * host->child.layout.slots;
    for (size_t run = 0, i = 0; i < size; i++) {
        run = data[i] == byte ? run + 1 : 0;
        if (run == 64)
            return true;
    }
    return false;
}

static void test_groups_do_not_share_a_host_and_leave_nothing(void **state)
{
    (void)state;
    fixture f;
    kit_run a, b;
    open_fixture(&f, 1, 8, "identity");
    for (unsigned copies = 0; copies < 2; copies++) {
        start(&f, &a, "a", copies ? "copy" : "identity", 9000, false);
        kit_run_until_held(&a, &f.loop);
        assert_true(memory_holds(f.pool->first, 'b'));
        start(&f, &b, "b", "event object.size", 5, true);
        ol_test_loop_turns(&f.loop, 20);
        assert_false(b.done); /* it waits: the host is a's */
        kit_gate_release(&a.gate);
        kit_run_wait(&a, &f.loop);
        kit_run_close(&a);
        kit_run_wait(&b, &f.loop);
        assert_slices(ol_slice_of(b.gate.data, b.gate.len), OL_SLICE_LIT("5"));
        assert_false(memory_holds(f.pool->first, 'b'));
        kit_run_fini(&a);
        kit_run_fini(&b);
    }
    assert_int_equal(stats_of(&f).hosts_started, 1);
    run_ok(&f, "c", "wipes", "4");
    run_ok(&f, "c", "wipes", "4");
    close_fixture(&f);
}

static void test_groups_run_side_by_side_when_there_are_hosts(void **state)
{
    (void)state;
    fixture f;
    kit_run a, b;
    open_fixture(&f, 2, 8, "identity");
    start(&f, &a, "a", NULL, 9000, false);
    start(&f, &b, "b", NULL, 9000, false);
    kit_run_until_held(&a, &f.loop);
    kit_run_until_held(&b, &f.loop);
    assert_int_equal(stats_of(&f).hosts, 2);
    assert_int_equal(ol_link_jobs(f.pool->first->link), 1);
    kit_run_fini(&a);
    kit_run_fini(&b);
    close_fixture(&f);
}

static void test_a_busy_group_does_not_starve_another(void **state)
{
    (void)state;
    fixture f;
    kit_run a1, a2, b;
    open_fixture(&f, 1, 8, "identity");
    start(&f, &a1, "a", NULL, 100, false);
    kit_run_until_held(&a1, &f.loop);
    start(&f, &b, "b", NULL, 100, false);
    ol_test_loop_turns(&f.loop, 5);
    start(&f, &a2, "a", NULL, 100, false); /* there is room in a's host, but b is waiting */
    ol_test_loop_turns(&f.loop, 5);
    kit_gate_release(&a1.gate);
    kit_run_wait(&a1, &f.loop);
    kit_run_close(&a1);
    kit_run_until_held(&b, &f.loop);
    assert_null(a2.gate.held.data);
    kit_gate_release(&b.gate);
    kit_run_wait(&b, &f.loop);
    kit_run_close(&b);
    kit_run_until_held(&a2, &f.loop);
    kit_run_fini(&a1);
    kit_run_fini(&a2);
    kit_run_fini(&b);
    close_fixture(&f);
}

/* ---- choosing ---- */

static void test_a_hog_gets_company_elsewhere(void **state)
{
    (void)state;
    fixture f;
    kit_run hog;
    open_fixture(&f, 3, 8, "identity");
    start(&f, &hog, "g", "loop", 10, true);
    for (unsigned i = 0; i < 200 && stats_of(&f).hosts < 2; i++)
        run_ok(&f, "g", "identity", "bbbbbbbbbb");
    assert_int_equal(stats_of(&f).hosts, 2);
    for (unsigned i = 0; i < 20; i++)
        run_ok(&f, "g", "identity", "bbbbbbbbbb");
    assert_int_equal(stats_of(&f).hosts, 2);
    assert_false(hog.done);
    kit_run_fini(&hog);
    close_fixture(&f);
}

static bool no_hosts_of_old(void *arg)
{
    fixture *f = arg;
    for (ol_pool_host *host = f->pool->first; host; host = host->next)
        if (host->program != f->program)
            return false;
    return true;
}

static void test_a_new_version_takes_over(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, 4, 8, "event old");
    ol_program *old = f.program;
    kit_run busy;
    start(&f, &busy, "g", "identity", 100, false);
    kit_run_until_held(&busy, &f.loop);
    f.program = kit_program("skip");
    run_ok(&f, "g", NULL, "skipped");
    kit_gate_release(&busy.gate);
    kit_run_wait(&busy, &f.loop);
    assert_code(busy.err.code, OL_OK); /* on the old code */
    kit_run_fini(&busy);
    ol_test_loop_until_fn(&f.loop, no_hosts_of_old, &f, 5000);
    run_ok(&f, "g", NULL, "skipped");
    assert_int_equal(stats_of(&f).hosts_started, 2);
    ol_program_release(old);
    close_fixture(&f);
}

static void test_an_idle_host_makes_room_for_another_program(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, 1, 8, "skip");
    run_ok(&f, "g", NULL, "skipped");
    ol_program *first = f.program;
    f.program = kit_program("event nothing");
    run_ok(&f, "g", NULL, "(none)");
    ol_program *second = f.program;
    f.program = first;
    run_ok(&f, "g", NULL, "skipped");
    assert_int_equal(stats_of(&f).hosts, 1);
    assert_int_equal(stats_of(&f).hosts_died, 0);
    ol_program_release(second);
    close_fixture(&f);
}

static void test_warm(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, 2, 8, "skip");
    ol_pool_warm(f.pool, f.program);
    ol_pool_warm(f.pool, f.program);
    ol_test_loop_turns(&f.loop, 3);
    assert_int_equal(stats_of(&f).hosts_started, 1);
    run_ok(&f, "g", NULL, "skipped");
    assert_int_equal(stats_of(&f).hosts_started, 1);
    close_fixture(&f);
}

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
        ol_child_kill(&host->child);
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

/* ---- slow clients ---- */

static unsigned slots_held(const fixture *f)
{
    unsigned held = 0;
    for (const ol_pool_host *host = f->pool->first; host; host = host->next)
        held += host->link->layout.slots - host->link->free_count;
    return held;
}

static void pause_ms(fixture *f, unsigned ms)
{
    uint64_t until = ol_clock_mono_ms() + ms;
    while (ol_clock_mono_ms() < until)
        ol_test_loop_turns(&f->loop, 1);
}

static void check_slow_client(const char *line, unsigned slots)
{
    fixture f;
    kit_run r;
    open_fixture(&f, 1, 8, "identity");
    start(&f, &r, "g", line, 1u << 20, false);
    kit_run_until_held(&r, &f.loop);
    assert_true(slots_held(&f) <= OL_LINK_INPUT_MAX + OL_LINK_OUTPUT_MAX);
    /* It has shown to be slow once it let a write wait, and settles within a few writes more. */
    unsigned writes = 0;
    do {
        pause_ms(&f, 7);
        kit_gate_pass(&r.gate);
        kit_run_until_held(&r, &f.loop);
        ol_test_loop_turns(&f.loop, 20);
    } while (++writes < 100 && (writes < 8 || slots_held(&f) > slots));
    uint64_t sent = r.spring.sent;
    pause_ms(&f, 20);
    assert_int_equal(r.spring.sent, sent); /* nothing reads ahead of it */
    assert_true(slots_held(&f) <= slots);
    kit_gate_release(&r.gate);
    kit_run_wait(&r, &f.loop);
    assert_code(r.err.code, OL_OK);
    assert_int_equal(r.gate.len, 1u << 20);
    kit_run_fini(&r);
    assert_int_equal(slots_held(&f), 0);
    close_fixture(&f);
}

static void test_a_slow_client_holds_little(void **state)
{
    (void)state;
    check_slow_client("identity", 2); /* the one that is sent, and one lent for output, untouched */
    check_slow_client("copy", 3);     /* and the piece that it is made from */
}

static void test_idle_slots_give_their_memory_back(void **state)
{
    (void)state;
    fixture f;
    kit_run r;
    open_fixture(&f, 1, 8, "copy");
    start(&f, &r, "g", NULL, 1u << 20, true);
    kit_run_wait(&r, &f.loop);
    kit_run_fini(&r);
    ol_pool_host *host = f.pool->first;
    assert_true(memory_holds(host, 'b'));
    uint64_t now = ol_loop_now_ms(f.loop.loop) + 1000000;
    ol_link_tidy(host->link, now);
    ol_link_tidy(host->link, now + 10000);
    assert_false(memory_holds(host, 'b'));
    run_ok(&f, "g", NULL, "bbbbbbbbbb");
    close_fixture(&f);
}

static bool was_greeted(void *arg)
{
    kit_run *r = arg;
    return r->gate.len == 5 && memcmp(r->gate.data, "hello", 5) == 0;
}

/* What a script wrote before it waits for input that does not come reaches the client all the same,
 * also when another one keeps the host busy. */
static void test_output_does_not_wait_with_its_job(void **state)
{
    (void)state;
    fixture f;
    kit_run r, hog;
    open_fixture(&f, 1, 8, "identity");
    for (unsigned busy = 0; busy < 2; busy++) {
        if (busy)
            start(&f, &hog, "g", "loop", 10, true);
        start(&f, &r, "g", "greet", UINT64_MAX, true);
        ol_test_loop_until_fn(&f.loop, was_greeted, &r, 5000);
        assert_false(r.done);
        kit_run_fini(&r);
        if (busy)
            kit_run_fini(&hog);
    }
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
    if (f->pool->first)
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
    ol_test_loop_until_fn(&f.loop, is_executing, &f, 5000);
    assert_false(r.done);
    kit_run_fini(&r);
    ol_test_loop_until_fn(&f.loop, one_died, &f, 5000);
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
    ol_test_loop_until_fn(&f.loop, one_died, &f, 60000);
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
    ol_test_loop_until_fn(&f.loop, one_died, &f, 60000);
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
    run_ok(&f, "g", "beg 50", "refused");
    start(&f, &r, "g", "beg 1000000", 10, true);
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
    while (!f.pool->first)
        ol_test_loop_turns(&f.loop, 1);
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

static bool none_alive(void *arg)
{
    return ((fixture *)arg)->pool->first == NULL;
}

static void test_nothing_is_left_after_many_deaths(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, 4, 8, "identity");
    ol_pool_warm(f.pool, f.program);
    run_ok(&f, "g", NULL, "bbbbbbbbbb");
    kill_all(&f);
    ol_test_loop_until_fn(&f.loop, none_alive, &f, 5000);
    assert_int_equal(ol_inline_hosts_settle(5000), 0);
    unsigned fds = count_fds();
    long live = ol_alloc_live();
    for (unsigned i = 0; i < STARTS; i++) {
        ol_pool_warm(f.pool, f.program);
        ol_test_loop_turns(&f.loop, 1 + i % 7);
        kill_all(&f); /* dead at exec, while loading, or ready */
        f.pool->start_again_ms = 0;
        ol_test_loop_until_fn(&f.loop, none_alive, &f, 5000);
    }
    assert_int_equal(stats_of(&f).hosts_started, STARTS + 1);
    assert_int_equal(ol_inline_hosts_settle(5000), 0);
    assert_int_equal(count_fds(), fds);
    assert_no_leak(live);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child, living or dead */
    assert_int_equal(errno, ECHILD);
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    if (fake_is_host(argc, argv))
        return fake_host_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_requests_at_once),
        cmocka_unit_test(test_what_the_queue_cannot_hold_is_refused),
        cmocka_unit_test(test_leaving_the_queue),
        cmocka_unit_test(test_nobody_waits_for_ever),
        cmocka_unit_test(test_groups_do_not_share_a_host_and_leave_nothing),
        cmocka_unit_test(test_groups_run_side_by_side_when_there_are_hosts),
        cmocka_unit_test(test_a_busy_group_does_not_starve_another),
        cmocka_unit_test(test_a_hog_gets_company_elsewhere),
        cmocka_unit_test(test_a_new_version_takes_over),
        cmocka_unit_test(test_an_idle_host_makes_room_for_another_program),
        cmocka_unit_test(test_warm),
        cmocka_unit_test(test_a_crash_costs_its_own_request_only),
        cmocka_unit_test(test_what_is_run_again_runs_alone),
        cmocka_unit_test(test_a_stuck_request_costs_its_own_only),
        cmocka_unit_test(test_what_was_handed_over_survives),
        cmocka_unit_test(test_kill_after_every_number_of_turns),
        cmocka_unit_test(test_a_slow_client_holds_little),
        cmocka_unit_test(test_idle_slots_give_their_memory_back),
        cmocka_unit_test(test_output_does_not_wait_with_its_job),
        cmocka_unit_test(test_a_host_that_does_not_let_go_is_killed),
        cmocka_unit_test(test_native_code_may_use_its_cpu_at_a_stretch),
        cmocka_unit_test(test_a_host_that_lies_about_what_it_does),
        cmocka_unit_test(test_a_host_that_computes_for_itself),
        cmocka_unit_test(test_a_host_that_asks_on_and_on),
        cmocka_unit_test(test_a_host_that_dies_as_soon_as_it_has_loaded),
        cmocka_unit_test(test_a_host_that_went_over_budget_is_not_used_again),
        cmocka_unit_test(test_nothing_is_left_after_many_deaths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
