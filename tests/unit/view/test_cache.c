/* SPDX-License-Identifier: MIT */
/*
 * The view cache in memory: what was filled is read again, byte for byte, however it was cut; one leads and
 * others follow.
 */
#include "memory_cache_kit.h"

#include "net/stable_memory.h"

/* ---- what was filled is read ---- */

static const size_t sizes[] = {0,     1,      4095,   4096,   4097,        16384,
                               65535, 100000, 262143, 262144, OL_MIB + 17, 4 * OL_MIB};

static void read_many_ways(ol_view_entry *entry, ol_slice body)
{
    size_t len = body.len;
    kit_expect(&loop, entry, body, 0, UINT64_MAX, 0);
    kit_expect(&loop, entry, body, 0, UINT64_MAX, 1);
    kit_expect(&loop, entry, body, len, UINT64_MAX, 0);
    for (size_t i = 0; i < 8 && len > 0; i++) {
        uint64_t start = (len - 1) * i / 8;
        kit_expect(&loop, entry, body, start, 1 + (len - start - 1) * i / 8, i % 3);
        kit_expect(&loop, entry, body, start, UINT64_MAX, i % 2);
    }
}

/* Cut into single bytes where that does not take long. */
static void what_was_filled_is_read_again(void **state)
{
    (void)state;
    const size_t pieces[] = {1, 7000, 0};
    char etag[OL_VIEW_ETAG_SIZE];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (unsigned way = 0; way < 12; way++) {
            ol_slice body = kit_bytes(sizes[i], i + 1);
            ol_test_feed feed = {.body = body,
                                 .piece_bytes = pieces[way % 3],
                                 .hide_length = way % 2,
                                 .reserves = way >= 6,
                                 .status = 203};
            if (feed.piece_bytes == 1 && body.len > 100000)
                feed.piece_bytes = 333;
            snprintf(etag, sizeof etag, "%zu-%u", i, way);
            ol_view_entry *entry;
            int64_t length = way % 4 < 2 ? (int64_t)body.len : -1;
            assert_int_equal(ol_view_cache_find(cache, etag, length, body.len, &entry),
                             OL_VIEW_LEAD);
            ol_view_entry_lead(entry, loop.loop, kit_no_abandon, NULL);
            assert_code(kit_fill_all(&loop, entry, &feed), OL_OK);
            assert_true(feed.reserved > 0 || !feed.reserves || body.len < 4095);
            ol_view_entry_settle(entry, NULL, true);
            ol_view_entry_release(entry);
            assert_int_equal(ol_view_cache_find(cache, etag, -1, 0, &entry), OL_VIEW_WHOLE);
            if (way == 0 || way == 3)
                read_many_ways(entry, body);
            else
                kit_expect(&loop, entry, body, 0, UINT64_MAX, way % 2);
            ol_view_entry_release(entry);
            kit_free(body);
            ol_view_cache_purge(cache);
        }
    }
    assert_int_equal(kit_stats(cache).hits, 12 * sizeof sizes / sizeof *sizes);
}

static void the_head_is_a_copy_of_the_runs(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(1000, 1);
    static const char *const fields[] = {"Content-Type", "text/plain", "x-empty", "", "X-Y", "z",
                                         NULL};
    ol_test_feed feed = {.body = body, .status = 201, .hide_length = true, .fields = fields};
    ol_view_entry *entry = lead("a");
    assert_code(kit_fill_all(&loop, entry, &feed), OL_OK);
    ol_view_entry_settle(entry, NULL, true);
    kit_run run = {.done = false};
    assert_code(kit_read_start(&run, &loop, entry, 10, 20), OL_OK);
    assert_code(kit_run_wait(&run), OL_OK);
    const ol_head *head = &run.collect.head;
    assert_int_equal(head->status, 201);
    assert_int_equal(head->content_length, 20);
    assert_int_equal(head->headers.count, 3);
    assert_slice(ol_headers_get(&head->headers, "content-type"), "text/plain");
    assert_slice(ol_headers_get(&head->headers, "x-empty"), "");
    assert_slice(ol_headers_get(&head->headers, "x-y"), "z");
    ol_test_collect_fini(&run.collect);
    kit_run_close(&run);
    ol_view_entry_release(entry);
    kit_free(body);
}

/* Large bodies are lent from memory that sockets send without a copy. */
static ol_stage_ops spy_ops;
static size_t stable_bytes, other_bytes;

static int spy_write(ol_stage *st, ol_slice in, ol_error *err)
{
    (void)st, (void)err;
    if (ol_stable_memory_has(in))
        stable_bytes += in.len;
    else
        other_bytes += in.len;
    return OL_OK;
}

static void large_bodies_stand_in_stable_memory(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(OL_MIB, 1);
    assert_code(kit_make(cache, &loop, "a", body), OL_OK);
    spy_ops = (ol_stage_ops){.name = "spy", .phase = OL_PHASE_SINK, .write = spy_write};
    kit_run run = {.done = false};
    assert_code(kit_run_open(&run, &loop), OL_OK);
    assert_int_equal(ol_view_cache_peek(cache, "a", &run.entry), OL_VIEW_WHOLE);
    run.read = (ol_view_read){.entry = run.entry, .length = UINT64_MAX};
    assert_code(ol_pipeline_add(run.pipeline, &ol_view_read_stage_ops, &run.read, NULL), OL_OK);
    assert_code(ol_pipeline_add(run.pipeline, &spy_ops, NULL, NULL), OL_OK);
    assert_code(ol_pipeline_start(run.pipeline, &run.err), OL_OK);
    /* The spy has no end of its own to tell. */
    ol_test_loop_turns(&loop, 3);
    assert_int_equal(stable_bytes, OL_MIB - 16384);
    assert_int_equal(other_bytes, 16384);
    kit_run_close(&run);
    ol_view_entry_release(run.entry);
    kit_free(body);
}

/* ---- following ---- */

static void one_leads_and_others_follow(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(700000, 1);
    ol_view_entry *entry = lead("a"), *other;
    kit_run fill = {.done = false}, readers[5] = {{.done = false}};
    assert_code(kit_fill_start(&fill, &loop, entry), OL_OK);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(ol_view_cache_find(cache, "a", -1, 0, &other), OL_VIEW_RUNNING);
        assert_ptr_equal(other, entry);
        readers[i].collect.wait_every = i;
        assert_code(kit_read_start(&readers[i], &loop, entry, 0, UINT64_MAX), OL_OK);
    }
    assert_int_equal(ol_view_cache_peek(cache, "a", &other), OL_VIEW_NONE);
    assert_null(other);
    assert_int_equal(kit_stats(cache).followers, 5);
    assert_int_equal(kit_stats(cache).running, 1);
    assert_code(kit_tap_head(&fill.tap, -1), OL_OK);
    ol_test_loop_turns(&loop, 3);
    assert_false(readers[0].collect.headed); /* it goes out with the first byte */
    for (size_t at = 0; at < body.len; at += 70000) {
        assert_code(kit_tap_push(&fill.tap, ol_slice_first(ol_slice_from(body, at), 70000)), OL_OK);
        ol_test_loop_turns(&loop, 20);
        for (unsigned i = 0; i < 5; i++) {
            assert_int_equal(readers[i].collect.len, at + 70000);
            assert_int_equal(readers[i].collect.head.content_length, -1);
        }
    }
    assert_code(kit_tap_end(&fill.tap), OL_OK);
    assert_code(kit_run_wait(&fill), OL_OK);
    ol_view_entry_settle(entry, NULL, true);
    for (unsigned i = 0; i < 5; i++) {
        assert_code(kit_run_wait(&readers[i]), OL_OK);
        assert_slices(ol_test_collect_out(&readers[i].collect), body);
        ol_test_collect_fini(&readers[i].collect);
        kit_run_close(&readers[i]);
        ol_view_entry_release(entry);
    }
    kit_run_close(&fill);
    ol_view_entry_release(entry);
    assert_true(kit_has(cache, "a"));
    assert_int_equal(kit_stats(cache).running, 0);
    kit_free(body);
}

/* With a length that the run names, it is said before the end is there. */
static void a_range_ahead_waits_for_the_stream(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(10000, 1);
    ol_view_entry *entry = lead("a");
    kit_run fill = {.done = false}, range = {.done = false}, rest = {.done = false};
    assert_code(kit_fill_start(&fill, &loop, entry), OL_OK);
    assert_code(kit_read_start(&range, &loop, entry, 5000, 1000), OL_OK);
    assert_code(kit_read_start(&rest, &loop, entry, 9000, UINT64_MAX), OL_OK);
    assert_code(kit_tap_head(&fill.tap, 10000), OL_OK);
    for (size_t at = 0; at < 6000; at += 500) {
        assert_code(kit_tap_push(&fill.tap, ol_slice_first(ol_slice_from(body, at), 500)), OL_OK);
        ol_test_loop_turns(&loop, 3);
        assert_int_equal(range.collect.len, at + 500 <= 5000 ? 0 : at + 500 - 5000);
        assert_int_equal(range.collect.head.content_length, 1000);
        assert_int_equal(rest.collect.head.content_length, 1000);
    }
    /* It is through while the run still runs. */
    assert_code(kit_run_wait(&range), OL_OK);
    assert_slices(ol_test_collect_out(&range.collect), ol_slice_of(body.data + 5000, 1000));
    assert_code(kit_tap_push(&fill.tap, ol_slice_from(body, 6000)), OL_OK);
    assert_code(kit_tap_end(&fill.tap), OL_OK);
    assert_code(kit_run_wait(&rest), OL_OK);
    assert_slices(ol_test_collect_out(&rest.collect), ol_slice_from(body, 9000));
    ol_view_entry_settle(entry, NULL, true);
    ol_test_collect_fini(&range.collect);
    ol_test_collect_fini(&rest.collect);
    kit_run_close(&range);
    kit_run_close(&rest);
    kit_run_close(&fill);
    ol_view_entry_release(entry);
    kit_free(body);
}

static void ranges_beyond_the_end_fail(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(1000, 1);
    ol_view_entry *entry = lead("a");
    kit_run fill = {.done = false}, beyond = {.done = false}, across = {.done = false};
    assert_code(kit_fill_start(&fill, &loop, entry), OL_OK);
    assert_code(kit_read_start(&beyond, &loop, entry, 1000, 10), OL_OK);
    assert_code(kit_read_start(&across, &loop, entry, 990, 20), OL_OK);
    assert_code(kit_tap_head(&fill.tap, -1), OL_OK);
    assert_code(kit_tap_push(&fill.tap, body), OL_OK);
    ol_test_loop_turns(&loop, 2);
    assert_code(kit_tap_end(&fill.tap), OL_OK);
    assert_code(kit_run_wait(&beyond), OL_ERANGE);
    assert_code(kit_run_wait(&across), OL_EDIVERGED);
    assert_false(across.collect.finished || beyond.collect.finished);
    ol_view_entry_settle(entry, NULL, true);
    ol_test_collect_fini(&across.collect);
    kit_run_close(&fill);
    kit_run_close(&beyond);
    kit_run_close(&across);
    /* Of one that is whole, at once. */
    const uint64_t bad[][2] = {{1001, UINT64_MAX}, {1000, 1}, {0, 1001}, {UINT64_MAX - 1, 1}};
    for (unsigned i = 0; i < 4; i++) {
        kit_run run = {.done = false};
        kit_read_start(&run, &loop, entry, bad[i][0], bad[i][1]);
        assert_code(kit_run_wait(&run), OL_ERANGE);
        assert_false(run.collect.headed);
        kit_run_close(&run);
    }
    ol_view_entry_release(entry);
    kit_free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_was_filled_is_read_again),
        CASE(the_head_is_a_copy_of_the_runs),
        CASE(large_bodies_stand_in_stable_memory),
        CASE(one_leads_and_others_follow),
        CASE(a_range_ahead_waits_for_the_stream),
        CASE(ranges_beyond_the_end_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
