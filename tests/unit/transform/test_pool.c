/* SPDX-License-Identifier: MIT */
/* Pools of real hosts: who shares a host with whom, who waits, what a slow client holds. */
#include "pool_kit.h"

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
    ol_test_loop_until_fn(&f.loop, no_hosts_of_old, &f, OL_TEST_BOUND_MS);
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

static bool one_started(void *arg)
{
    return stats_of(arg).hosts_started == 1;
}

static void test_warm(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, 2, 8, "skip");
    ol_pool_warm(f.pool, f.program);
    ol_pool_warm(f.pool, f.program);
    ol_test_loop_until_fn(&f.loop, one_started, &f, OL_TEST_BOUND_MS);
    run_ok(&f, "g", NULL, "skipped");
    assert_int_equal(stats_of(&f).hosts_started, 1);
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
        ol_test_loop_until_fn(&f.loop, was_greeted, &r, OL_TEST_BOUND_MS);
        assert_false(r.done);
        kit_run_fini(&r);
        if (busy)
            kit_run_fini(&hog);
    }
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
        cmocka_unit_test(test_a_slow_client_holds_little),
        cmocka_unit_test(test_idle_slots_give_their_memory_back),
        cmocka_unit_test(test_output_does_not_wait_with_its_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
