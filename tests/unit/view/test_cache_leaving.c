/* SPDX-License-Identifier: MIT */
/* Readers of the view cache that leave early, and a cache that is purged under them. */
#include "memory_cache_kit.h"

static void readers_leave_at_any_point(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(300000, 1);
    for (unsigned wait_every = 0; wait_every < 2; wait_every++) {
        for (unsigned when = 0; when < 16; when++) {
            ol_view_entry *entry = lead("a");
            kit_run fill = {.done = false}, reader = {.collect = {.wait_every = wait_every}};
            assert_code(kit_fill_start(&fill, &loop, entry), OL_OK);
            assert_code(kit_read_start(&reader, &loop, entry, 0, UINT64_MAX), OL_OK);
            unsigned point = 0;
            if (when == point++)
                kit_run_close(&reader);
            assert_code(kit_tap_head(&fill.tap, -1), OL_OK);
            for (unsigned i = 0; i < 3; i++) {
                ol_slice part = ol_slice_first(ol_slice_from(body, i * 100000), 100000);
                assert_code(kit_tap_push(&fill.tap, part), OL_OK);
                for (unsigned turn = 0; turn < 4; turn++) {
                    if (when == point++)
                        kit_run_close(&reader); /* a wake-up may be on its way */
                    ol_test_loop_turns(&loop, 1);
                }
            }
            assert_code(kit_tap_end(&fill.tap), OL_OK);
            if (when == point++)
                kit_run_close(&reader);
            assert_code(kit_run_wait(&fill), OL_OK);
            ol_view_entry_settle(entry, NULL, false);
            ol_test_loop_turns(&loop, 2);
            kit_run_close(&reader);
            ol_test_collect_fini(&reader.collect);
            kit_run_close(&fill);
            ol_view_entry_release(entry);
        }
    }
    kit_free(body);
}

static void count_up(void *arg)
{
    ++*(unsigned *)arg;
}

static void the_last_reader_leaving_is_told_once(void **state)
{
    (void)state;
    unsigned told = 0;
    ol_view_entry *entry = lead("a"), *other;
    ol_error err = {0};
    ol_error_set(&err, OL_ECANCELED, NULL);
    ol_view_entry_lead(entry, loop.loop, count_up, &told);
    assert_int_equal(ol_view_cache_find(cache, "a", -1, 0, &other), OL_VIEW_RUNNING);
    ol_view_entry_release(entry);
    ol_test_loop_turns(&loop, 2);
    assert_int_equal(told, 0);
    /* Leaves and comes back before the leader has heard of it. */
    ol_view_entry_release(entry);
    assert_int_equal(ol_view_cache_find(cache, "a", -1, 0, &other), OL_VIEW_RUNNING);
    ol_test_loop_turns(&loop, 2);
    assert_int_equal(told, 0);
    ol_view_entry_release(entry);
    assert_int_equal(told, 0); /* never from inside */
    ol_test_loop_turns(&loop, 2);
    assert_int_equal(told, 1);
    assert_int_equal(ol_view_cache_find(cache, "a", -1, 0, &other), OL_VIEW_RUNNING);
    ol_view_entry_release(entry);
    ol_test_loop_turns(&loop, 2);
    assert_int_equal(told, 1);
    /* It may go on: then it is kept. */
    ol_test_feed feed = {.body = OL_SLICE_LIT("bytes")};
    assert_code(kit_fill_all(&loop, entry, &feed), OL_OK);
    ol_view_entry_settle(entry, NULL, true);
    assert_true(kit_has(cache, "a"));
    ol_test_loop_turns(&loop, 2);
    assert_int_equal(told, 1);
}

static void nobody_is_told_of_what_has_ended(void **state)
{
    (void)state;
    unsigned told = 0;
    ol_error err = {0};
    ol_error_set(&err, OL_ECANCELED, NULL);
    /* Before it was led: as soon as it is. */
    ol_view_entry *entry = lead("a");
    ol_view_entry_release(entry);
    ol_view_entry_lead(entry, loop.loop, count_up, &told);
    ol_test_loop_turns(&loop, 2);
    assert_int_equal(told, 1);
    ol_view_entry_settle(entry, &err, false);
    /* Settled while the word was on its way. */
    entry = lead("a");
    ol_view_entry_lead(entry, loop.loop, count_up, &told);
    ol_view_entry_release(entry);
    ol_view_entry_settle(entry, &err, false);
    ol_test_loop_turns(&loop, 2);
    assert_int_equal(told, 1);
    /* Whole already. */
    entry = lead("a");
    ol_view_entry_lead(entry, loop.loop, count_up, &told);
    ol_test_feed feed = {.body = OL_SLICE_LIT("bytes")};
    assert_code(kit_fill_all(&loop, entry, &feed), OL_OK);
    ol_view_entry_release(entry);
    ol_test_loop_turns(&loop, 2);
    ol_view_entry_settle(entry, NULL, true);
    assert_int_equal(told, 1);
}

static void purging_does_not_disturb_readers(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(700000, 1);
    assert_code(kit_make(cache, &loop, "whole", body), OL_OK);
    ol_view_entry *whole, *running = lead("running");
    assert_int_equal(ol_view_cache_find(cache, "whole", -1, 0, &whole), OL_VIEW_WHOLE);
    kit_run fill = {.done = false}, readers[2] = {{.collect = {.wait_every = 1}}};
    readers[1].collect.wait_every = 1;
    assert_code(kit_fill_start(&fill, &loop, running), OL_OK);
    assert_code(kit_read_start(&readers[0], &loop, whole, 0, UINT64_MAX), OL_OK);
    assert_code(kit_read_start(&readers[1], &loop, running, 0, UINT64_MAX), OL_OK);
    assert_code(kit_tap_head(&fill.tap, -1), OL_OK);
    assert_code(kit_tap_push(&fill.tap, ol_slice_first(body, 300000)), OL_OK);
    ol_test_loop_turns(&loop, 2);
    ol_view_cache_purge(cache);
    assert_int_equal(kit_stats(cache).entries, 0);
    assert_true(kit_stats(cache).memory_bytes >= 1000000);
    assert_code(kit_make(cache, &loop, "whole", ol_slice_first(body, 5)), OL_OK);
    assert_code(kit_tap_push(&fill.tap, ol_slice_from(body, 300000)), OL_OK);
    assert_code(kit_tap_end(&fill.tap), OL_OK);
    assert_code(kit_run_wait(&fill), OL_OK);
    ol_view_entry_settle(running, NULL, true);
    assert_false(kit_has(cache, "running"));
    for (unsigned i = 0; i < 2; i++) {
        assert_code(kit_run_wait(&readers[i]), OL_OK);
        assert_slices(ol_test_collect_out(&readers[i].collect), body);
        ol_test_collect_fini(&readers[i].collect);
        kit_run_close(&readers[i]);
    }
    kit_run_close(&fill);
    ol_view_entry_release(whole);
    ol_view_entry_release(running);
    assert_true(kit_stats(cache).memory_bytes < 10000);
    kit_free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(readers_leave_at_any_point),
        CASE(the_last_reader_leaving_is_told_once),
        CASE(nobody_is_told_of_what_has_ended),
        CASE(purging_does_not_disturb_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
