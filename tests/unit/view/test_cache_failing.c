/* SPDX-License-Identifier: MIT */
/* Entries of the view cache whose run fails, lies about its end, or outgrows the room there is. */
#include "memory_cache_kit.h"

#include "pipeline/replay_stage.h"

/* ---- failing ---- */

static void a_failure_comes_behind_the_bytes(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(1000, 1);
    ol_view_entry *entry = lead("a"), *again;
    kit_run fill = {.done = false}, quick = {.done = false},
            slow = {.collect = {.wait_every = 1}};
    assert_code(kit_fill_start(&fill, &loop, entry), OL_OK);
    assert_code(kit_read_start(&quick, &loop, entry, 0, UINT64_MAX), OL_OK);
    assert_code(kit_read_start(&slow, &loop, entry, 0, UINT64_MAX), OL_OK);
    assert_code(kit_tap_head(&fill.tap, -1), OL_OK);
    assert_code(kit_tap_push(&fill.tap, body), OL_OK);
    ol_test_loop_turns(&loop, 1);
    ol_error err = {0};
    ol_error_say(&err, OL_ETRANSFORM, "told to readers");
    kit_run_close(&fill);
    ol_view_entry_settle(entry, &err, true);
    /* Who asks now leads anew. */
    again = lead("a");
    assert_ptr_not_equal(again, entry);
    ol_view_entry_settle(again, &err, true);
    kit_run late = {.done = false};
    assert_code(kit_read_start(&late, &loop, again, 0, UINT64_MAX), OL_OK);
    kit_run *runs[] = {&quick, &slow, &late};
    for (unsigned i = 0; i < 3; i++) {
        assert_code(kit_run_wait(runs[i]), OL_ETRANSFORM);
        assert_string_equal(runs[i]->err.message, "told to readers");
        assert_false(runs[i]->collect.finished);
        assert_int_equal(runs[i]->collect.len, i < 2 ? 1000 : 0);
        ol_test_collect_fini(&runs[i]->collect);
        kit_run_close(runs[i]);
    }
    ol_view_entry_release(entry);
    ol_view_entry_release(again);
    kit_free(body);
}

/* A run that says it is well without having come to its end is not believed. */
static void no_end_is_no_success(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(1000, 1);
    ol_view_entry *entry = lead("a");
    kit_run fill = {.done = false}, reader = {.done = false};
    assert_code(kit_fill_start(&fill, &loop, entry), OL_OK);
    assert_code(kit_tap_head(&fill.tap, -1), OL_OK);
    assert_code(kit_tap_push(&fill.tap, body), OL_OK);
    assert_code(kit_read_start(&reader, &loop, entry, 0, UINT64_MAX), OL_OK);
    kit_run_close(&fill);
    ol_view_entry_settle(entry, NULL, true);
    assert_code(kit_run_wait(&reader), OL_EINTERNAL);
    assert_false(kit_has(cache, "a"));
    ol_test_collect_fini(&reader.collect);
    kit_run_close(&reader);
    ol_view_entry_release(entry);
    kit_free(body);
}

static void an_announced_length_is_held(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(1000, 1);
    for (int64_t announced = 999; announced <= 1001; announced++) {
        ol_view_entry *entry = lead("a");
        kit_run fill = {.done = false};
        assert_code(kit_fill_start(&fill, &loop, entry), OL_OK);
        assert_code(kit_tap_head(&fill.tap, announced), OL_OK);
        assert_code(kit_tap_push(&fill.tap, body), OL_OK);
        int rc = kit_tap_end(&fill.tap);
        assert_code(rc, announced == 1000 ? OL_OK : OL_ETRANSFORMRESPONSE);
        kit_run_wait(&fill);
        kit_run_close(&fill);
        ol_view_entry_settle(entry, fill.err.code ? &fill.err : NULL, false);
        ol_view_entry_release(entry);
    }
    kit_free(body);
}

/* What proved unstable may be read by who has it, but is not found. */
static void what_is_not_to_be_kept_is_not_found(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(1000, 1);
    ol_view_entry *entry = lead("a");
    ol_test_feed feed = {.body = body};
    assert_code(kit_fill_all(&loop, entry, &feed), OL_OK);
    assert_true(kit_has(cache, "a"));
    ol_view_entry_settle(entry, NULL, false);
    assert_false(kit_has(cache, "a"));
    kit_expect(&loop, entry, body, 0, UINT64_MAX, 0);
    ol_view_entry_release(entry);
    kit_free(body);
}

/* A second run behind a replay stage goes on where the first was cut off, wherever that was. */
static void a_second_run_goes_on(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(600, 1);
    for (size_t cut = 0; cut <= body.len; cut += 60) {
        ol_view_entry *entry = lead("a");
        ol_replay replay;
        ol_replay_init(&replay);
        kit_run reader = {.done = false};
        assert_code(kit_read_start(&reader, &loop, entry, 0, UINT64_MAX), OL_OK);
        for (unsigned round = 0; round < 2; round++) {
            kit_run run = {.done = false};
            ol_test_feed feed = {.body = body, .piece_bytes = 50, .fails = round == 0,
                                 .fail_at = cut, .hide_length = true};
            assert_code(kit_run_open(&run, &loop), OL_OK);
            assert_code(ol_pipeline_add(run.pipeline, &ol_test_feed_ops, &feed, NULL), OL_OK);
            assert_code(ol_pipeline_add(run.pipeline, &ol_replay_stage_ops, &replay, NULL), OL_OK);
            assert_code(ol_pipeline_add(run.pipeline, &ol_view_fill_stage_ops, entry, NULL), OL_OK);
            assert_code(ol_pipeline_start(run.pipeline, &run.err), OL_OK);
            assert_code(kit_run_wait(&run), round == 0 ? OL_EORIGIN : OL_OK);
            kit_run_close(&run);
        }
        ol_view_entry_settle(entry, NULL, false);
        assert_code(kit_run_wait(&reader), OL_OK);
        assert_slices(ol_test_collect_out(&reader.collect), body);
        ol_test_collect_fini(&reader.collect);
        kit_run_close(&reader);
        ol_view_entry_release(entry);
    }
    kit_free(body);
}

/* ---- outgrown ---- */

static void what_outgrows_its_maximum_fails(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(4 * OL_MIB + 1, 1);
    ol_view_entry *entry = lead("a");
    kit_run fill = {.done = false}, quick = {.done = false}, range = {.done = false},
            slow = {.collect = {.wait_every = 1}};
    assert_code(kit_fill_start(&fill, &loop, entry), OL_OK);
    assert_code(kit_read_start(&quick, &loop, entry, 0, UINT64_MAX), OL_OK);
    assert_code(kit_read_start(&slow, &loop, entry, 0, UINT64_MAX), OL_OK);
    assert_code(kit_read_start(&range, &loop, entry, 4 * OL_MIB - 10, 10), OL_OK);
    assert_code(kit_tap_head(&fill.tap, -1), OL_OK);
    assert_code(kit_tap_push(&fill.tap, body), OL_EOUTGROWN);
    assert_code(kit_run_wait(&fill), OL_EOUTGROWN);
    kit_run_close(&fill);
    ol_view_entry_settle(entry, &fill.err, true);
    assert_code(kit_run_wait(&quick), OL_EOUTGROWN);
    assert_code(kit_run_wait(&slow), OL_EOUTGROWN);
    assert_true(slow.collect.len < 4 * OL_MIB); /* it does not wait for the rest */
    assert_code(kit_run_wait(&range), OL_OK); /* it had all it needs */
    assert_int_equal(range.collect.len, 10);
    assert_int_equal(kit_stats(cache).outgrown, 1);
    kit_run *runs[] = {&quick, &slow, &range};
    for (unsigned i = 0; i < 3; i++) {
        ol_test_collect_fini(&runs[i]->collect);
        kit_run_close(runs[i]);
    }
    ol_view_entry_release(entry);
    /* What says so before is refused at once. */
    assert_int_equal(ol_view_cache_find(cache, "a", 4 * OL_MIB + 1, 0, &entry), OL_VIEW_NONE);
    assert_int_equal(ol_view_cache_find(cache, "a", -1, 4 * OL_MIB + 1, &entry), OL_VIEW_NONE);
    assert_null(entry);
    assert_int_equal(kit_stats(cache).refused, 2);
    entry = lead("a");
    assert_code(kit_fill_start(&fill, &loop, entry), OL_OK);
    assert_code(kit_tap_head(&fill.tap, 4 * OL_MIB + 1), OL_EOUTGROWN);
    kit_run_close(&fill);
    ol_view_entry_settle(entry, &fill.err, true);
    ol_view_entry_release(entry);
    kit_free(body);
}

/* What is in flight counts; when it fills the memory no more begins, and what runs fails. */
static void flights_share_the_memory(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(3 * OL_MIB, 1);
    char etag[8];
    ol_view_entry *entries[6];
    kit_run fills[6] = {{.done = false}};
    unsigned failed = 0;
    for (unsigned i = 0; i < 6; i++) {
        snprintf(etag, sizeof etag, "%u", i);
        entries[i] = lead(etag);
        assert_code(kit_fill_start(&fills[i], &loop, entries[i]), OL_OK);
        assert_code(kit_tap_head(&fills[i].tap, -1), OL_OK);
        int rc = kit_tap_push(&fills[i].tap, body);
        assert_true(rc == OL_OK || rc == OL_EOUTGROWN);
        failed += rc != OL_OK;
        assert_true(kit_stats(cache).memory_bytes <= 16 * OL_MIB + 6 * 1024);
    }
    assert_int_equal(failed, 1);
    ol_view_entry *entry;
    assert_int_equal(ol_view_cache_find(cache, "b", 3 * OL_MIB, 0, &entry), OL_VIEW_NONE);
    ol_error err = {0};
    ol_error_set(&err, OL_ECANCELED, NULL);
    for (unsigned i = 0; i < 6; i++) {
        kit_run_close(&fills[i]);
        ol_view_entry_settle(entries[i], &err, true);
        ol_view_entry_release(entries[i]);
    }
    assert_int_equal(ol_view_cache_find(cache, "b", 3 * OL_MIB, 0, &entry), OL_VIEW_LEAD);
    assert_true(kit_stats(cache).memory_bytes >= 3 * OL_MIB); /* promised */
    ol_view_entry_settle(entry, &err, true);
    ol_view_entry_release(entry);
    assert_int_equal(kit_stats(cache).memory_bytes, 0);
    kit_free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_failure_comes_behind_the_bytes),
        CASE(no_end_is_no_success),
        CASE(an_announced_length_is_held),
        CASE(what_is_not_to_be_kept_is_not_found),
        CASE(a_second_run_goes_on),
        CASE(what_outgrows_its_maximum_fails),
        CASE(flights_share_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
