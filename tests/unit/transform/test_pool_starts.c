/* SPDX-License-Identifier: MIT */
/*
 * Hosts that are not there yet: killed or no longer wanted before they are born, or not to be had at all.
 */
#include "pool_kit.h"

#include <semaphore.h>
#include <sys/resource.h>

/* ---- what the pool offloads, held up ---- */

static sem_t offload_held;

static void wait_to_go_on(ol_task *task)
{
    (void)task;
    sem_wait(&offload_held);
}

/* What the loop sends from now on is not begun before the release. */
static void hold_offload(fixture *f)
{
    static ol_task task = {.work = wait_to_go_on};
    assert_int_equal(sem_init(&offload_held, 0, 0), 0);
    assert_code(ol_offload_submit(f->pool->offload, &task), OL_OK);
}

static void release_offload(void)
{
    sem_post(&offload_held);
}

/* ---- killed before they are born ---- */

static void wait_for_an_unborn_host(fixture *f)
{
    ol_test_loop_turns(&f->loop, 2);
    assert_true(f->pool->first && f->pool->first->child_pending); /* nothing came back to the loop yet */
}

static void test_a_host_that_is_killed_before_it_is_born(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    kit_run r;
    ol_error why = {0};
    open_fixture(&f, 1, 8, "identity");
    ol_error_set(&why, OL_ETRANSFORM, "it took too long");
    start(&f, &r, "g", NULL, 10, true);
    hold_offload(&f);
    wait_for_an_unborn_host(&f);
    ol_pool_host_kill(f.pool->first, OL_WIRE_NONE, &why);
    release_offload();
    kit_run_wait(&r, &f.loop);
    assert_code(r.err.code, OL_ETRANSFORM);
    assert_string_equal(r.err.detail, "it took too long");
    ol_test_loop_until_fn(&f.loop, none_alive, &f, OL_TEST_BOUND_MS);
    assert_no_child();
    f.pool->start_again_ms = 0;
    run_ok(&f, "g", "identity", "bbbbbbbbbb");
    kit_run_fini(&r);
    close_fixture(&f);
}

static void test_a_pool_that_is_closed_before_its_host_is_born(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    long live = ol_alloc_live();
    open_fixture(&f, 1, 8, "identity");
    hold_offload(&f);
    ol_pool_warm(f.pool, f.program);
    wait_for_an_unborn_host(&f);
    release_offload();
    close_fixture(&f);
    assert_no_child();
    assert_no_leak(live);
}

/* ---- that cannot be made ---- */

static struct rlimit descriptors;

static void leave_no_descriptors(void)
{
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &descriptors), 0);
    struct rlimit few = {.rlim_cur = 3, .rlim_max = descriptors.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
}

static void give_descriptors_back(void)
{
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &descriptors), 0);
}

/* No descriptor is left for another host. */
static void test_a_host_that_cannot_be_made(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    kit_run busy, r;
    open_fixture(&f, 2, 8, "identity");
    start(&f, &busy, "g", "identity", 100, false);
    kit_run_until_held(&busy, &f.loop);
    leave_no_descriptors();
    start(&f, &r, "another", NULL, 10, true);
    kit_run_wait(&r, &f.loop);
    give_descriptors_back();
    assert_code(r.err.code, OL_EUNAVAILABLE);
    assert_non_null(strstr(r.err.detail, strerror(EMFILE)));
    assert_int_equal(stats_of(&f).hosts, 1);
    assert_int_equal(stats_of(&f).hosts_started, 1);
    f.pool->start_again_ms = 0;
    run_ok(&f, "another", "identity", "bbbbbbbbbb");
    kit_gate_release(&busy.gate);
    kit_run_wait(&busy, &f.loop);
    assert_code(busy.err.code, OL_OK); /* it heard nothing of that */
    kit_run_fini(&busy);
    kit_run_fini(&r);
    close_fixture(&f);
}

/* A start that fails is one request's misfortune where other hosts of that program serve on. */
static void test_a_host_that_cannot_be_made_costs_one_request(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    kit_run busy, first, second;
    open_fixture(&f, 2, 1, "identity");
    start(&f, &busy, "g", "identity", 100, false);
    kit_run_until_held(&busy, &f.loop);
    leave_no_descriptors();
    start(&f, &first, "g", NULL, 10, true);
    start(&f, &second, "g", NULL, 10, true);
    kit_run_wait(&first, &f.loop);
    give_descriptors_back();
    assert_code(first.err.code, OL_EUNAVAILABLE);
    assert_false(second.done);
    kit_gate_release(&busy.gate);
    kit_run_wait(&second, &f.loop);
    assert_code_of(second.err.code, OL_OK, &second.err);
    kit_run_fini(&busy);
    kit_run_fini(&first);
    kit_run_fini(&second);
    close_fixture(&f);
}

static bool has_a_hog(void *arg)
{
    const ol_pool_host *host = ((fixture *)arg)->pool->first;
    return host && host->link && ol_link_hogs(host->link) > 0;
}

/* A host beside one that is held up by a loop is a favour: that it fails is nobody's error, and no
 * reason to start none for whoever needs one. */
static void test_a_favour_that_fails_costs_nobody_anything(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    kit_run hog, asker, waiting;
    ol_error why = {0};
    open_fixture(&f, 2, 8, "identity");
    ol_error_set(&why, OL_ETRANSFORM, "it did not come up");
    start(&f, &hog, "g", "loop", 10, true);
    ol_test_loop_until_fn(&f.loop, has_a_hog, &f, OL_TEST_BOUND_MS);
    hold_offload(&f);
    start(&f, &asker, "g", NULL, 10, true);
    ol_test_loop_turns(&f.loop, 1);
    assert_int_equal(stats_of(&f).hosts, 2);
    assert_true(f.pool->first->child_pending);
    start(&f, &waiting, "another", NULL, 10, true);
    ol_test_loop_turns(&f.loop, 2);
    assert_int_equal(f.pool->first->claims, 1); /* it is promised that host */
    ol_pool_host_kill(f.pool->first, OL_WIRE_NONE, &why);
    release_offload();
    kit_run_wait(&asker, &f.loop);
    assert_code_of(asker.err.code, OL_OK, &asker.err);
    kit_run_wait(&waiting, &f.loop);
    assert_code_of(waiting.err.code, OL_OK, &waiting.err);
    assert_int_equal(f.pool->start_again_ms, 0);
    assert_true(f.pool->spread_again_ms > 0); /* but for favours */
    assert_false(hog.done);
    kit_run_fini(&hog);
    kit_run_fini(&asker);
    kit_run_fini(&waiting);
    close_fixture(&f);
}

/* ---- what is left for later ---- */

static void test_a_host_that_is_idle_tells_its_engine(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    open_fixture(&f, 1, 8, "load-idle-exit");
    run_ok(&f, "g", "identity", "bbbbbbbbbb");
    ol_test_loop_until_fn(&f.loop, none_alive, &f, OL_TEST_BOUND_MS);
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    if (fake_is_host(argc, argv))
        return fake_host_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_host_that_is_killed_before_it_is_born),
        cmocka_unit_test(test_a_pool_that_is_closed_before_its_host_is_born),
        cmocka_unit_test(test_a_host_that_cannot_be_made),
        cmocka_unit_test(test_a_host_that_cannot_be_made_costs_one_request),
        cmocka_unit_test(test_a_favour_that_fails_costs_nobody_anything),
        cmocka_unit_test(test_a_host_that_is_idle_tells_its_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
