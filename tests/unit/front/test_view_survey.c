/* SPDX-License-Identifier: MIT */
/*
 * A survey of many views: order, bounds, what is known and what has to be run, full queues, deadlines,
 * clients that leave.
 */
#include "survey_kit.h"

#include "lib/alloc_check.h"

/* ---- what is found out ---- */

static void what_is_known_is_not_run(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 20; seed++) {
        rig r = {0};
        assert_code(open_rig(&r, ITEMS_MAX, seed), OL_OK);
        for (size_t i = 0; i < ITEMS_MAX; i++)
            r.plans[i].memo = i % 3 ? KNOWN : UNKNOWN;
        assert_code_of(run(&r), OL_OK, &r.err);
        assert_int_equal(r.survey.settled, ITEMS_MAX);
        for (size_t i = 0; i < ITEMS_MAX; i++) {
            char etag[40];
            snprintf(etag, sizeof(etag), "etag of k%03zu", i);
            check_settled(&r, i, etag, (i % 3 ? 1000 : 5000) + i);
            assert_int_equal(r.plans[i].runs, i % 3 ? 0 : 1);
            assert_int_equal(r.items[i].last_modified_ms, 7000 + (int)i);
        }
        assert_true(r.open_most <= 32 && r.open_most > 8);
        assert_int_equal(r.running_most, 8);
        close_rig(&r);
    }
}

static void everything_at_once_is_spread_over_turns(void **state)
{
    (void)state;
    rig r = {0};
    assert_code(open_rig(&r, ITEMS_MAX, 1), OL_OK);
    for (size_t i = 0; i < ITEMS_MAX; i++) {
        r.plans[i].memo = KNOWN;
        r.plans[i].open_turns = r.plans[i].memo_turns = 0;
    }
    ol_view_survey_start(&r.survey, r.arena);
    assert_int_equal(r.begun, 64);
    assert_false(r.done);
    ol_test_loop_until(&r.loop, &r.done, OL_TEST_BOUND_MS);
    assert_int_equal(r.survey.settled, ITEMS_MAX);
    close_rig(&r);
}

static void the_first_ones_are_run_first(void **state)
{
    (void)state;
    rig r = {0};
    /* Where known ones have made room, later ones stand before earlier ones. */
    assert_code(open_rig(&r, 40, 2), OL_OK);
    r.config.limits.list_concurrency = 1;
    for (size_t i = 0; i < 40; i++) {
        r.plans[i].memo = i < 10 ? KNOWN : UNKNOWN;
        r.plans[i].open_turns = 1;
        r.plans[i].memo_turns = 0;
    }
    r.plans[10].run_turns = 40;
    assert_code(run(&r), OL_OK);
    assert_int_equal(r.ordered, 30);
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(r.order[i], 10 + i);
    close_rig(&r);
}

static void nothing_to_do_is_done_at_once(void **state)
{
    (void)state;
    rig r = {0};
    assert_code(open_rig(&r, 0, 1), OL_OK);
    ol_view_survey_start(&r.survey, r.arena);
    assert_true(r.done);
    ol_view_survey_abort(&r.survey, &(ol_error){.code = OL_EPEER});
    close_rig(&r);
}

static void sizes_may_be_those_that_are_known(void **state)
{
    (void)state;
    rig r = {0};
    assert_code(open_rig(&r, 4, 3), OL_OK);
    r.olap.options.list_sizes = OL_VIEW_SIZES_KNOWN;
    r.plans[1].memo = KNOWN;
    r.plans[2].memo = UNSTABLE;
    r.plans[3].no_etag = true;
    assert_code(run(&r), OL_OK);
    check_settled(&r, 0, "etag of k000", 0);
    check_settled(&r, 1, "etag of k001", 1001);
    check_settled(&r, 2, "", 0);
    check_settled(&r, 3, "", 0);
    assert_int_equal(r.running_most, 0);
    close_rig(&r);
}

static void sizes_may_be_the_originals(void **state)
{
    (void)state;
    rig r = {0};
    assert_code(open_rig(&r, 4, 4), OL_OK);
    r.olap.options.list_sizes = OL_VIEW_SIZES_ORIGINAL;
    r.plans[1].memo = KNOWN;
    r.plans[2].memo = UNSTABLE;
    r.plans[3].no_etag = true;
    assert_code(run(&r), OL_OK);
    check_settled(&r, 0, "etag of k000", 1);
    check_settled(&r, 1, "etag of k001", 2);
    check_settled(&r, 2, "", 3);
    check_settled(&r, 3, "", 4);
    assert_int_equal(r.running_most, 0);
    close_rig(&r);
}

static void views_without_identity_are_run_each_time(void **state)
{
    (void)state;
    rig r = {0};
    assert_code(open_rig(&r, 2, 5), OL_OK);
    r.plans[0].no_etag = true;
    r.plans[1].memo = UNSTABLE;
    assert_code(run(&r), OL_OK);
    check_settled(&r, 0, "", 5000);
    check_settled(&r, 1, "", 5001);
    close_rig(&r);
}

/* ---- names ---- */

static void unnamed_ones_are_named_and_hidden_ones_are_gone(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 20; seed++) {
        rig r = {.mapped = true};
        assert_code(open_rig(&r, 90, seed), OL_OK);
        for (size_t i = 0; i < 90; i++) {
            r.items[i].unnamed = i % 3 != 0;
            r.plans[i].hidden = i % 3 == 1;
            r.plans[i].refusals = i % 7 == 0 ? 2 : 0;
            r.plans[i].memo = seed % 2 ? KNOWN : UNKNOWN;
        }
        assert_code_of(run(&r), OL_OK, &r.err);
        assert_int_equal(r.survey.settled, 90);
        for (size_t i = 0; i < 90; i++) {
            assert_int_equal(r.items[i].state,
                             i % 3 == 1 ? OL_VIEW_SURVEY_MISSING : OL_VIEW_SURVEY_SETTLED);
            assert_int_equal(r.plans[i].opens, i % 3 != 1);
            assert_int_equal(r.plans[i].names > 0, i % 3 != 0);
        }
        assert_true(r.running_most <= 8);
        close_rig(&r);
    }
}

/* All that is left to do happens inside the callback that names the last item. */
static void the_last_one_may_be_settled_as_soon_as_it_is_named(void **state)
{
    (void)state;
    rig r = {.mapped = true};
    assert_code(open_rig(&r, 1, 1), OL_OK);
    r.items[0].unnamed = true;
    r.plans[0].memo = KNOWN;
    r.plans[0].name_turns = 1;
    r.plans[0].open_turns = r.plans[0].memo_turns = 0;
    assert_code(run(&r), OL_OK);
    assert_int_equal(r.items[0].size, 1000);
    close_rig(&r);
}

static void without_names_nothing_is_shown(void **state)
{
    (void)state;
    rig r = {.mapped = true};
    assert_code(open_rig(&r, 3, 1), OL_OK);
    for (size_t i = 0; i < 3; i++)
        r.items[i].unnamed = true;
    r.plans[1].name_turns = 1;
    r.plans[1].name_code = OL_ETRANSFORM;
    assert_code(run(&r), OL_ETRANSFORM);
    close_rig(&r);
}

/* ---- what fails ---- */

static void what_fails_for_itself_is_listed_and_what_is_gone_is_not(void **state)
{
    (void)state;
    rig r = {0};
    assert_code(open_rig(&r, 4, 6), OL_OK);
    r.plans[0].run_code = OL_ETRANSFORM;
    r.plans[1].open_code = OL_ENOSUCHKEY;
    r.plans[2].open_code = OL_EACCESS;
    r.items[2].last_modified_ms = 12;
    assert_code(run(&r), OL_OK);
    assert_int_equal(r.survey.settled, 4);
    check_settled(&r, 0, "etag of k000", 0);
    assert_int_equal(r.items[1].state, OL_VIEW_SURVEY_MISSING);
    check_settled(&r, 2, "", 0);
    assert_int_equal(r.items[2].last_modified_ms, 12);
    check_settled(&r, 3, "etag of k003", 5003);
    close_rig(&r);
}

static void what_may_pass_fails_the_whole(void **state)
{
    (void)state;
    const int codes[] = {OL_EORIGIN, OL_EHOSTLOST, OL_EINTERNAL, OL_ENOMEM, OL_EUNAVAILABLE};
    for (unsigned i = 0; i < 2 * sizeof(codes) / sizeof(codes[0]); i++) {
        rig r = {0};
        assert_code(open_rig(&r, ITEMS_MAX, i + 1), OL_OK);
        plan *p = &r.plans[70];
        *(i % 2 ? &p->open_code : &p->run_code) = codes[i / 2];
        assert_code(run(&r), codes[i / 2]);
        assert_true(r.begun < ITEMS_MAX);
        close_rig(&r);
    }
}

static void a_full_queue_is_waited_out(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 4; seed++) {
        rig r = {0};
        assert_code(open_rig(&r, 30, seed), OL_OK);
        for (size_t i = 0; i < 30; i++)
            r.plans[i].refusals = i % 4;
        assert_code_of(run(&r), OL_OK, &r.err);
        for (size_t i = 0; i < 30; i++) {
            assert_int_equal(r.items[i].size, 5000 + i);
            assert_int_equal(r.plans[i].runs, 1 + i % 4);
            assert_int_equal(r.plans[i].opens, 1);
        }
        close_rig(&r);
    }
}

static void a_queue_that_stays_full_is_told_in_the_end(void **state)
{
    (void)state;
    rig r = {0};
    assert_code(open_rig(&r, 3, 1), OL_OK);
    for (size_t i = 0; i < 3; i++)
        r.plans[i].refusals = 1000;
    r.survey.deadline_ms = ol_clock_mono_ms() + 120;
    assert_code(run(&r), OL_ESLOWDOWN);
    close_rig(&r);
}

/* ---- the end comes early ---- */

static void when_time_is_over_the_first_ones_are_told(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 30; seed++) {
        rig r = {0};
        assert_code(open_rig(&r, ITEMS_MAX, seed), OL_OK);
        r.survey.deadline_ms = 0;
        assert_code_of(run(&r), OL_OK, &r.err);
        assert_in_range(r.survey.settled, 1, ITEMS_MAX - 1);
        for (size_t i = 0; i < r.survey.settled; i++)
            assert_int_equal(r.items[i].size, 5000 + i);
        close_rig(&r);
    }
}

/* Whatever stands for one original is told on one page. */
static void items_of_one_original_stay_together(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 30; seed++) {
        rig r = {0};
        assert_code(open_rig(&r, 40, seed), OL_OK);
        for (size_t i = 0; i < 40; i++)
            r.items[i].original = ol_slice_cstr(r.plans[i / 5 * 5].key);
        r.survey.deadline_ms = 0;
        assert_code_of(run(&r), OL_OK, &r.err);
        assert_true(r.survey.settled >= 5);
        assert_int_equal(r.survey.settled % 5, 0);
        close_rig(&r);
    }
}

static void a_client_may_leave_at_any_turn(void **state)
{
    (void)state;
    const ol_error gone = {.code = OL_EPEER};
    for (unsigned turns = 0; turns < 40; turns++) {
        rig r = {.mapped = turns % 2};
        assert_code(open_rig(&r, 60, turns + 1), OL_OK);
        for (size_t i = 0; i < 60; i++)
            r.items[i].unnamed = i % 4 != 0;
        ol_view_survey_start(&r.survey, r.arena);
        ol_test_loop_turns(&r.loop, turns);
        if (!r.done) {
            unsigned running = r.running;
            ol_view_survey_abort(&r.survey, &gone);
            assert_int_equal(r.aborted, running);
            ol_test_loop_until(&r.loop, &r.done, OL_TEST_BOUND_MS);
            assert_code(r.err.code, OL_EPEER);
        }
        ol_view_survey_abort(&r.survey, &gone);
        for (size_t i = 0; i < 60; i++)
            assert_int_equal(r.plans[i].opens, r.plans[i].finis);
        close_rig(&r);
    }
}

static int survey_with_little_memory(void *arg)
{
    static rig r;
    (void)arg;
    r = (rig){.mapped = true};
    int rc = open_rig(&r, 6, 9);
    r.items[1].unnamed = r.items[4].unnamed = true;
    if (rc == OL_OK)
        rc = run(&r);
    close_rig(&r);
    return rc;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(survey_with_little_memory, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_known_is_not_run),
        cmocka_unit_test(everything_at_once_is_spread_over_turns),
        cmocka_unit_test(the_first_ones_are_run_first),
        cmocka_unit_test(nothing_to_do_is_done_at_once),
        cmocka_unit_test(sizes_may_be_those_that_are_known),
        cmocka_unit_test(sizes_may_be_the_originals),
        cmocka_unit_test(views_without_identity_are_run_each_time),
        cmocka_unit_test(unnamed_ones_are_named_and_hidden_ones_are_gone),
        cmocka_unit_test(the_last_one_may_be_settled_as_soon_as_it_is_named),
        cmocka_unit_test(without_names_nothing_is_shown),
        cmocka_unit_test(what_fails_for_itself_is_listed_and_what_is_gone_is_not),
        cmocka_unit_test(what_may_pass_fails_the_whole),
        cmocka_unit_test(a_full_queue_is_waited_out),
        cmocka_unit_test(a_queue_that_stays_full_is_told_in_the_end),
        cmocka_unit_test(when_time_is_over_the_first_ones_are_told),
        cmocka_unit_test(items_of_one_original_stay_together),
        cmocka_unit_test(a_client_may_leave_at_any_turn),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
