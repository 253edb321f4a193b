/* SPDX-License-Identifier: MIT */
/*
 * Who waits when hosts are lost again and again, and who does not.
 */
#include "pool_kit.h"

#define QUEUE 4u /* one in four for whoever waits for its next host */

static void open_patient(fixture *f)
{
    ol_pool_options options = kit_options();
    options.pause_ms = 3600000; /* none is paid for while this runs */
    options.queue_max = QUEUE;
    assert_code(ol_test_loop_open(&f->loop), OL_OK);
    assert_code(ol_pool_new(&f->pool, f->loop.loop, &options, NULL), OL_OK);
    f->program = kit_program("identity");
}

static void lose_in_a_row(fixture *f, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        kit_run culprit;
        start(f, &culprit, "g", "crash", 10, true);
        kit_run_wait(&culprit, &f->loop);
        assert_code(culprit.err.code, OL_ETRANSFORM);
        kit_run_fini(&culprit);
    }
}

/* To its end; it needs a host of its own. */
static void run_another_program(fixture *f, const char *group)
{
    kit_run r;
    ol_program *other, named = *f->program;
    named.name = "its neighbour";
    named.image_fd = -1;
    assert_code(ol_program_new(&other, &named), OL_OK);
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
    start(&f, &waiting, "g", NULL, 10, true);
    start(&f, &refused, "g", NULL, 10, true);
    kit_run_wait(&refused, &f.loop);
    assert_code(refused.err.code, OL_ESLOWDOWN);
    assert_non_null(strstr(refused.err.detail, "host_pause_ms")); /* or an operator looks elsewhere */
    run_another_program(&f, "g");
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
    memset(f.pool->losses.programs, 0, sizeof(f.pool->losses.programs)); /* a pause a tenth as long */
    run_ok(&f, "h", NULL, "bbbbbbbbbb");
    assert_int_equal(stats_of(&f).hosts_started, 9);
    start(&f, &waiting, "g", NULL, 10, true);
    run_ok(&f, "h", NULL, "bbbbbbbbbb");
    assert_false(waiting.done);
    assert_int_equal(stats_of(&f).jobs_queued, 1);
    memset(f.pool->losses.groups, 0, sizeof(f.pool->losses.groups));
    kit_run_wait(&waiting, &f.loop);
    assert_code_of(waiting.err.code, OL_OK, &waiting.err);
    assert_int_equal(stats_of(&f).hosts_started, 9); /* the idle one of the others is good enough */
    kit_run_fini(&waiting);
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
    for (char group[] = "a"; group[0] < 'i'; group[0]++) {
        start(&f, &culprit, group, "crash", 10, true);
        kit_run_wait(&culprit, &f.loop);
        assert_code(culprit.err.code, OL_ETRANSFORM);
        kit_run_fini(&culprit);
    }
    start(&f, &waiting, "i", NULL, 10, true);
    run_another_program(&f, "i"); /* which came later */
    assert_false(waiting.done);
    assert_int_equal(stats_of(&f).hosts_started, 9);
    memset(f.pool->losses.programs, 0, sizeof(f.pool->losses.programs));
    kit_run_wait(&waiting, &f.loop);
    assert_code_of(waiting.err.code, OL_OK, &waiting.err);
    kit_run_fini(&waiting);
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    if (fake_is_host(argc, argv))
        return fake_host_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_program_that_loses_many_hosts_waits_for_the_next),
        cmocka_unit_test(test_a_group_that_loses_many_hosts_waits_alone),
        cmocka_unit_test(test_all_groups_of_a_program_wait_for_a_tenth_of_the_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
