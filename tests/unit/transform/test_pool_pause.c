/* SPDX-License-Identifier: MIT */
/*
 * Who waits when hosts are lost again and again, and who does not.
 */
#include "pool_kit.h"

#include "base/map.h"

#define QUEUE 4u             /* one in four for whoever waits for its next host */
#define FOR_EVER_MS 3600000u /* none is paid for while this runs */

/* Trust groups that share no entry of their debts, and a program that shares none with the fixture's. */
#define GROUPS 6u
static char groups[GROUPS][8], neighbour[16];
#define G groups[0]
#define H groups[1]

static unsigned entry_of(const char *group)
{
    ol_program fake = {.name = "fake"};
    return ol_pool_whose(&fake, ol_slice_cstr(group)) % OL_POOL_GROUP_LOSSES;
}

static bool is_new_name(unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (entry_of(groups[i]) == entry_of(name))
            return false;
    return true;
}

static unsigned program_entry_of(const char *name)
{
    return ol_map_hash(ol_slice_cstr(name)) % OL_POOL_LOSSES;
}

static void choose_names(void)
{
    for (unsigned count = 0, i = 0; count < GROUPS; i++) {
        char name[8];
        snprintf(name, sizeof(name), "g%u", i);
        if (is_new_name(count, name))
            strcpy(groups[count++], name);
    }
    for (unsigned i = 0; i == 0 || program_entry_of(neighbour) == program_entry_of("fake"); i++)
        snprintf(neighbour, sizeof(neighbour), "neighbour %u", i);
}

static void open_with(fixture *f, unsigned pause_ms, unsigned hosts_max)
{
    ol_pool_options options = kit_options();
    options.pause_ms = pause_ms;
    options.hosts_max = hosts_max;
    options.jobs_max = 1;
    options.queue_max = QUEUE;
    assert_code(ol_test_loop_open(&f->loop), OL_OK);
    assert_code(ol_pool_new(&f->pool, f->loop.loop, &options, NULL), OL_OK);
    f->program = kit_program("identity");
}

static void open_patient(fixture *f)
{
    open_with(f, FOR_EVER_MS, 16);
}

/* As if all were paid. */
static void forgive_programs(fixture *f)
{
    memset(f->pool->losses.programs_paid_ms, 0, sizeof(f->pool->losses.programs_paid_ms));
}

static void forgive_groups(fixture *f)
{
    for (unsigned i = 0; i < OL_POOL_GROUP_LOSSES; i++)
        f->pool->losses.groups[i].paid_ms = 0;
}

/* As if they had been lost. */
static void owe(fixture *f, const char *group, unsigned count)
{
    ol_pool_host lost = {.pool = f->pool, .program = f->program, .group_len = strlen(group)};
    memcpy(lost.group, group, lost.group_len);
    for (unsigned i = 0; i < count; i++)
        ol_pool_lost_host(&lost);
}

static void lose_in_a_row(fixture *f, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        kit_run culprit;
        start(f, &culprit, G, "crash", 10, true);
        kit_run_wait(&culprit, &f->loop);
        assert_code(culprit.err.code, OL_ETRANSFORM);
        kit_run_fini(&culprit);
    }
}

static ol_program *another_program(const fixture *f)
{
    ol_program *other, named = *f->program;
    named.name = neighbour;
    named.image_fd = -1;
    assert_code(ol_program_new(&other, &named), OL_OK);
    return other;
}

/* To its end; it needs a host of its own. */
static void run_another_program(fixture *f, const char *group)
{
    kit_run r;
    ol_program *other = another_program(f);
    kit_run_start(&r, &f->loop, f->pool, other, group, "identity", 10, true);
    kit_run_wait(&r, &f->loop);
    assert_code_of(r.err.code, OL_OK, &r.err);
    kit_run_fini(&r);
    ol_program_release(other);
}

/* Its neighbours do not wait for that. */
static void test_a_program_that_loses_many_hosts_waits_for_the_next(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    kit_run waiting, refused;
    open_patient(&f);
    lose_in_a_row(&f, 8);
    start(&f, &waiting, G, NULL, 10, true);
    start(&f, &refused, G, NULL, 10, true);
    kit_run_wait(&refused, &f.loop);
    assert_code(refused.err.code, OL_ESLOWDOWN);
    assert_non_null(strstr(refused.err.detail, "host_pause_ms")); /* or an operator looks elsewhere */
    run_another_program(&f, G);
    assert_false(waiting.done);
    assert_int_equal(stats_of(&f).jobs_queued, 1);
    assert_int_equal(stats_of(&f).hosts_started, 9);
    kit_run_fini(&refused);
    kit_run_fini(&waiting);
    close_fixture(&f);
}

/* Nor does it take the hosts of other callers of the same program: they would have to wait for new ones. */
static void test_a_group_that_loses_many_hosts_waits_alone(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    kit_run waiting;
    open_patient(&f);
    lose_in_a_row(&f, 8);
    forgive_programs(&f); /* a pause a tenth as long */
    run_ok(&f, H, NULL, "bbbbbbbbbb");
    assert_int_equal(stats_of(&f).hosts_started, 9);
    start(&f, &waiting, G, NULL, 10, true);
    run_ok(&f, H, NULL, "bbbbbbbbbb");
    assert_false(waiting.done);
    assert_int_equal(stats_of(&f).jobs_queued, 1);
    forgive_groups(&f);
    kit_run_wait(&waiting, &f.loop);
    assert_code_of(waiting.err.code, OL_OK, &waiting.err);
    assert_int_equal(stats_of(&f).hosts_started, 9); /* the idle one of the others is good enough */
    kit_run_fini(&waiting);
    close_fixture(&f);
}

/* Hosts that start are for whoever they were started for. */
static void test_a_paused_group_takes_no_host_that_starts(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    kit_run waiting;
    open_patient(&f);
    lose_in_a_row(&f, 8);
    forgive_programs(&f);
    start(&f, &waiting, G, NULL, 10, true);
    run_ok(&f, H, NULL, "bbbbbbbbbb");
    assert_false(waiting.done);
    assert_int_equal(stats_of(&f).hosts, 1);
    kit_run_fini(&waiting);
    close_fixture(&f);
}

static bool all_have_hosts(void *arg)
{
    return stats_of(arg).jobs_running == 4;
}

/* Not even one that others had, and that is idle. */
static void test_a_group_that_is_short_gets_no_host_of_others(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    kit_run busy, waiting;
    open_patient(&f);
    owe(&f, G, 7);
    forgive_programs(&f);
    start(&f, &busy, G, NULL, 10, false);
    kit_run_until_held(&busy, &f.loop);
    run_ok(&f, H, NULL, "bbbbbbbbbb");
    start(&f, &waiting, G, NULL, 10, true);
    run_ok(&f, H, NULL, "bbbbbbbbbb");
    assert_false(waiting.done);
    assert_int_equal(stats_of(&f).hosts_started, 2);
    kit_gate_release(&busy.gate);
    kit_run_wait(&busy, &f.loop);
    kit_run_close(&busy);
    kit_run_wait(&waiting, &f.loop);
    assert_code_of(waiting.err.code, OL_OK, &waiting.err);
    assert_int_equal(stats_of(&f).hosts_started, 2);
    kit_run_fini(&waiting);
    kit_run_fini(&busy);
    close_fixture(&f);
}

/* Whoever has to be alone in one gets the group's own: what comes later is not put into it, and those of others, busy
 * with less, stay as they are. */
static void test_a_group_that_is_short_empties_a_host_of_its_own(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    kit_run busy[2], other, first, later;
    bool alone = true;
    open_patient(&f);
    f.pool->options.jobs_max = 3;
    owe(&f, G, 7);
    forgive_programs(&f);
    for (unsigned i = 0; i < 2; i++) {
        start(&f, &busy[i], G, NULL, 10, false);
        kit_run_until_held(&busy[i], &f.loop);
    }
    start(&f, &other, H, NULL, 10, false);
    kit_run_until_held(&other, &f.loop);
    assert_int_equal(stats_of(&f).hosts, 2);
    kit_run_start_so(&first, &f.loop, f.pool, f.program, G, NULL, 10, true, &alone);
    run_ok(&f, H, NULL, "bbbbbbbbbb"); /* in its host, where there is room */
    start(&f, &later, G, NULL, 10, true);
    run_ok(&f, H, NULL, "bbbbbbbbbb");
    assert_int_equal(stats_of(&f).hosts, 2);
    assert_int_equal(stats_of(&f).jobs_queued, 2);
    for (unsigned i = 0; i < 2; i++) {
        kit_gate_release(&busy[i].gate);
        kit_run_wait(&busy[i], &f.loop);
        kit_run_close(&busy[i]);
    }
    kit_run_wait(&first, &f.loop);
    assert_code_of(first.err.code, OL_OK, &first.err);
    kit_run_close(&first);
    kit_run_wait(&later, &f.loop);
    assert_code_of(later.err.code, OL_OK, &later.err);
    assert_int_equal(stats_of(&f).hosts_started, 2);
    kit_run_fini(&later);
    kit_run_fini(&first);
    kit_run_fini(&other);
    for (unsigned i = 0; i < 2; i++)
        kit_run_fini(&busy[i]);
    close_fixture(&f);
}

/* Or it would lose all that it has at once. */
static void test_a_group_that_owes_has_as_many_at_work_as_it_may_lose(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    kit_run runs[6];
    open_patient(&f);
    lose_in_a_row(&f, 4);
    for (unsigned i = 0; i < 4; i++)
        start(&f, &runs[i], G, NULL, 10, false);
    ol_test_loop_until_fn(&f.loop, all_have_hosts, &f, OL_TEST_BOUND_MS);
    for (unsigned i = 4; i < 6; i++)
        start(&f, &runs[i], G, NULL, 10, false);
    run_another_program(&f, G); /* and a round of placing behind it */
    assert_int_equal(stats_of(&f).jobs_running, 4);
    assert_int_equal(stats_of(&f).jobs_queued, 2);
    assert_int_equal(stats_of(&f).hosts_started, 4 + 4 + 1);
    for (unsigned i = 0; i < 6; i++)
        kit_run_fini(&runs[i]);
    close_fixture(&f);
}

/* ---- the queue ---- */

/* Those that others wait in it for are not counted. */
static void test_a_paused_group_has_a_share_of_the_queue_of_its_own(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    kit_run busy, others[2], waiting, refused;
    open_with(&f, FOR_EVER_MS, 1);
    lose_in_a_row(&f, 8);
    forgive_programs(&f);
    start(&f, &busy, H, NULL, 10, false);
    kit_run_until_held(&busy, &f.loop);
    for (unsigned i = 0; i < 2; i++)
        start(&f, &others[i], H, NULL, 10, false);
    start(&f, &waiting, G, NULL, 10, true);
    assert_int_equal(stats_of(&f).jobs_queued, 3);
    start(&f, &refused, G, NULL, 10, true);
    kit_run_wait(&refused, &f.loop);
    assert_code(refused.err.code, OL_ESLOWDOWN);
    assert_non_null(strstr(refused.err.detail, "this trust group"));
    assert_false(waiting.done);
    kit_run_fini(&refused);
    kit_run_fini(&waiting);
    for (unsigned i = 0; i < 2; i++)
        kit_run_fini(&others[i]);
    kit_run_fini(&busy);
    close_fixture(&f);
}

static void test_all_that_are_paused_leave_a_share_of_the_queue(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    kit_run busy, paused[4], other;
    open_with(&f, FOR_EVER_MS, 1);
    for (unsigned i = 0; i < 4; i++)
        owe(&f, groups[2 + i], 8);
    forgive_programs(&f);
    start(&f, &busy, H, NULL, 10, false);
    kit_run_until_held(&busy, &f.loop);
    for (unsigned i = 0; i < 4; i++)
        start(&f, &paused[i], groups[2 + i], NULL, 10, true);
    kit_run_wait(&paused[3], &f.loop);
    assert_code(paused[3].err.code, OL_ESLOWDOWN);
    start(&f, &other, H, NULL, 10, true);
    assert_int_equal(stats_of(&f).jobs_queued, 4);
    kit_run_fini(&other);
    for (unsigned i = 0; i < 4; i++)
        kit_run_fini(&paused[i]);
    kit_run_fini(&busy);
    close_fixture(&f);
}

/* They came before it was paused, when they had the whole queue. */
static void test_what_a_group_has_in_the_queue_beyond_its_share_is_refused(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    kit_run culprit, waiting[3];
    open_with(&f, FOR_EVER_MS, 1);
    lose_in_a_row(&f, 7);
    start(&f, &culprit, G, "crash", 10, true);
    for (unsigned i = 0; i < 3; i++)
        start(&f, &waiting[i], G, NULL, 10, true);
    kit_run_wait(&culprit, &f.loop);
    assert_code(culprit.err.code, OL_ETRANSFORM);
    for (unsigned i = 1; i < 3; i++) {
        kit_run_wait(&waiting[i], &f.loop);
        assert_code(waiting[i].err.code, OL_ESLOWDOWN);
    }
    assert_false(waiting[0].done);
    assert_int_equal(stats_of(&f).jobs_queued, 1);
    for (unsigned i = 0; i < 3; i++)
        kit_run_fini(&waiting[i]);
    kit_run_fini(&culprit);
    close_fixture(&f);
}

/* So did these, and then they were paused, one after the other. */
static void test_what_is_paused_while_it_waits_leaves_a_share_too(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    kit_run busy, waiting[4];
    open_with(&f, FOR_EVER_MS, 1);
    start(&f, &busy, H, NULL, 10, false);
    kit_run_until_held(&busy, &f.loop);
    for (unsigned i = 0; i < 4; i++)
        start(&f, &waiting[i], groups[2 + i], NULL, 10, true);
    assert_int_equal(stats_of(&f).jobs_queued, 4);
    for (unsigned i = 0; i < 4; i++)
        owe(&f, groups[2 + i], 8);
    kit_run_wait(&waiting[3], &f.loop);
    assert_code(waiting[3].err.code, OL_ESLOWDOWN);
    assert_int_equal(stats_of(&f).jobs_queued, 3);
    for (unsigned i = 0; i < 4; i++)
        kit_run_fini(&waiting[i]);
    kit_run_fini(&busy);
    close_fixture(&f);
}

/* ---- promises ---- */

static bool seven_are_there(void *arg)
{
    return stats_of(arg).hosts == 7;
}

/* Those of another program are no concern of ours, though its group has the same name. */
static void test_what_is_promised_to_another_program_is_not_counted(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    kit_run others[7];
    open_patient(&f);
    ol_program *other = another_program(&f);
    ol_ticket ticket = {.program = f.program, .group = ol_slice_cstr(G)};
    owe(&f, G, 5);
    for (unsigned i = 0; i < 4; i++)
        kit_run_start(&others[i], &f.loop, f.pool, other, G, NULL, 10, false);
    for (unsigned i = 0; i < 4; i++)
        kit_run_until_held(&others[i], &f.loop);
    for (unsigned i = 4; i < 7; i++)
        kit_run_start(&others[i], &f.loop, f.pool, other, G, NULL, 10, false);
    ol_test_loop_until_fn(&f.loop, seven_are_there, &f, OL_TEST_BOUND_MS);
    assert_false(ol_pool_group_is_short(f.pool, &ticket));
    for (unsigned i = 0; i < 7; i++)
        kit_run_fini(&others[i]);
    close_fixture(&f);
    ol_program_release(other);
}

static bool one_is_there(void *arg)
{
    return stats_of(arg).hosts == 1;
}

/* Nothing is read of a request that has left. */
static void test_whom_a_host_was_promised_may_leave(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    kit_run gone;
    char *group = strdup(G);
    open_patient(&f);
    start(&f, &gone, group, NULL, 10, true);
    ol_test_loop_until_fn(&f.loop, one_is_there, &f, OL_TEST_BOUND_MS);
    kit_run_fini(&gone);
    free(group);
    owe(&f, H, 1);
    run_ok(&f, H, NULL, "bbbbbbbbbb");
    close_fixture(&f);
}

/* ---- the end of a pause ---- */

static void test_what_is_owed_is_paid_in_time(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    open_with(&f, 20, 16);
    ol_ticket ticket = {.program = f.program, .group = ol_slice_cstr(G)};
    owe(&f, G, 10);
    assert_true(ol_pool_group_is_short(f.pool, &ticket));
    run_ok(&f, G, NULL, "bbbbbbbbbb");
    assert_false(ol_pool_program_is_paused(f.pool, &ticket));
    assert_int_equal(stats_of(&f).hosts_started, 1);
    close_fixture(&f);
}

/* Below ten milliseconds, too, there is a tenth of it. */
static void test_a_short_pause_is_one_for_programs(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    open_with(&f, 1, 16);
    uint64_t now_ms = ol_loop_now_ms(f.loop.loop);
    owe(&f, G, 1);
    assert_true(f.pool->losses.programs_paid_ms[program_entry_of("fake")] > now_ms);
    close_fixture(&f);
}

/* Many groups that lose a host each cost as much as one that loses many. */
static void test_all_groups_of_a_program_wait_for_a_tenth_of_the_pause(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f = {0};
    kit_run culprit, waiting;
    open_patient(&f);
    for (unsigned i = 0; i < 8; i++) {
        start(&f, &culprit, groups[i % (GROUPS - 1)], "crash", 10, true);
        kit_run_wait(&culprit, &f.loop);
        assert_code(culprit.err.code, OL_ETRANSFORM);
        kit_run_fini(&culprit);
    }
    start(&f, &waiting, groups[GROUPS - 1], NULL, 10, true);
    run_another_program(&f, groups[GROUPS - 1]); /* which came later */
    assert_false(waiting.done);
    assert_int_equal(stats_of(&f).hosts_started, 9);
    forgive_programs(&f);
    kit_run_wait(&waiting, &f.loop);
    assert_code_of(waiting.err.code, OL_OK, &waiting.err);
    kit_run_fini(&waiting);
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    if (fake_is_host(argc, argv))
        return fake_host_main();
    choose_names();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_program_that_loses_many_hosts_waits_for_the_next),
        cmocka_unit_test(test_a_group_that_loses_many_hosts_waits_alone),
        cmocka_unit_test(test_a_paused_group_takes_no_host_that_starts),
        cmocka_unit_test(test_a_group_that_is_short_gets_no_host_of_others),
        cmocka_unit_test(test_a_group_that_is_short_empties_a_host_of_its_own),
        cmocka_unit_test(test_all_that_are_paused_leave_a_share_of_the_queue),
        cmocka_unit_test(test_what_is_paused_while_it_waits_leaves_a_share_too),
        cmocka_unit_test(test_what_is_promised_to_another_program_is_not_counted),
        cmocka_unit_test(test_whom_a_host_was_promised_may_leave),
        cmocka_unit_test(test_a_group_that_owes_has_as_many_at_work_as_it_may_lose),
        cmocka_unit_test(test_a_paused_group_has_a_share_of_the_queue_of_its_own),
        cmocka_unit_test(test_what_a_group_has_in_the_queue_beyond_its_share_is_refused),
        cmocka_unit_test(test_what_is_owed_is_paid_in_time),
        cmocka_unit_test(test_a_short_pause_is_one_for_programs),
        cmocka_unit_test(test_all_groups_of_a_program_wait_for_a_tenth_of_the_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
