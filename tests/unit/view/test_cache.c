/* SPDX-License-Identifier: MIT */
/*
 * The view cache in memory: what was filled is read again, byte for byte, however it was cut; one
 * leads and others follow; what fails, is abandoned, purged or outgrown ends as it should.
 */
#include "cache_kit.h"

#include "net/stable_memory.h"
#include "pipeline/replay_stage.h"

static ol_view_cache *cache;
static ol_test_loop loop;
static long live;

static int open_all(void **state)
{
    (void)state;
    live = ol_alloc_live();
    assert_code(ol_test_loop_open(&loop), OL_OK);
    cache = kit_cache(16 * OL_MIB, 4 * OL_MIB);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    ol_test_loop_close(&loop);
    assert_int_equal(kit_stats(cache).running, 0);
    ol_view_cache_purge(cache);
    assert_int_equal(kit_stats(cache).memory_bytes, 0);
    assert_int_equal(kit_stats(cache).entries, 0);
    ol_view_cache_destroy(cache);
    assert_no_leak(live);
    return 0;
}

static ol_view_entry *lead(const char *etag)
{
    ol_view_entry *entry;
    assert_int_equal(ol_view_cache_find(cache, etag, -1, 0, &entry), OL_VIEW_LEAD);
    return entry;
}

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

/* ---- leaving ---- */

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

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_was_filled_is_read_again),
        CASE(the_head_is_a_copy_of_the_runs),
        CASE(large_bodies_stand_in_stable_memory),
        CASE(one_leads_and_others_follow),
        CASE(a_range_ahead_waits_for_the_stream),
        CASE(ranges_beyond_the_end_fail),
        CASE(a_failure_comes_behind_the_bytes),
        CASE(no_end_is_no_success),
        CASE(an_announced_length_is_held),
        CASE(what_is_not_to_be_kept_is_not_found),
        CASE(a_second_run_goes_on),
        CASE(readers_leave_at_any_point),
        CASE(the_last_reader_leaving_is_told_once),
        CASE(nobody_is_told_of_what_has_ended),
        CASE(purging_does_not_disturb_readers),
        CASE(what_outgrows_its_maximum_fails),
        CASE(flights_share_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
