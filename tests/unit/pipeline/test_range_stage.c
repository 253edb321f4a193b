/* SPDX-License-Identifier: MIT */
/* Cutting a range out of a passing body, and counting one away. */
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/pipeline_kit.h"

#include "pipeline/count_stage.h"
#include "pipeline/range_stage.h"

#define BODY "0123456789abcdefghijklmnopqrstuvwxyz"
#define BODY_BYTES (sizeof(BODY) - 1)

typedef struct rig {
    ol_test_bench bench;
    ol_test_feed feed;
    ol_range_config range;
    ol_test_pedant pedant;
    ol_test_collect collect;
} rig;

static int run(rig *r, unsigned way)
{
    r->feed.body = OL_SLICE_LIT(BODY);
    ol_test_bench_open(&r->bench);
    ol_test_bench_feed(&r->bench, &r->feed);
    ol_test_bench_above(&r->bench, way);
    ol_test_bench_add(&r->bench, &ol_range_stage_ops, &r->range);
    ol_test_bench_below(&r->bench, way, &r->pedant);
    ol_test_bench_collect(&r->bench, &r->collect);
    return ol_test_bench_run(&r->bench);
}

static void tear_down(rig *r)
{
    ol_test_bench_close(&r->bench);
    ol_test_collect_fini(&r->collect);
}

static void check_range(uint64_t start, uint64_t length, unsigned way, bool stop_early, bool hidden)
{
    rig r = {.range = {.start = start, .length = length, .total = -1, .stop_early = stop_early},
             .feed = {.piece_bytes = 11, .hide_length = hidden}};
    assert_code_of(run(&r, way), OL_OK, &r.bench.err);
    assert_slices(ol_test_collect_out(&r.collect),
                  ol_slice_first(ol_slice_from(OL_SLICE_LIT(BODY), start), length));
    assert_int_equal(r.collect.head.status, 206);
    assert_int_equal(r.collect.head.content_length, length);
    assert_int_equal(r.pedant.finishes, 1);
    tear_down(&r);
}

static void every_range_in_every_way(void **state)
{
    (void)state;
    for (uint64_t start = 0; start < BODY_BYTES; start += 5) {
        for (uint64_t length = 1; start + length <= BODY_BYTES; length += 6) {
            for (unsigned way = 0; way < OL_TEST_WAYS; way++)
                check_range(start, length, way, (start + length + way) % 2, (start + way) % 3 == 0);
        }
    }
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        check_range(0, BODY_BYTES, way, false, false);
        check_range(BODY_BYTES - 1, 1, way, true, true);
        check_range(11, 11, way, true, false);
    }
}

static void content_range_is_written(void **state)
{
    (void)state;
    const struct {
        int64_t total;
        bool hidden;
        const char *want;
    } cases[] = {
        {1000, true, "bytes 2-6/1000"},
        {-1, false, "bytes 2-6/36"},
        {-1, true, "bytes 2-6/*"},
    };
    for (size_t i = 0; i < 3; i++) {
        rig r = {.range = {.start = 2, .length = 5, .total = cases[i].total},
                 .feed = {.hide_length = cases[i].hidden}};
        assert_code(run(&r, 0), OL_OK);
        assert_slices(ol_headers_get(&r.collect.head.headers, "content-range"),
                      ol_slice_cstr(cases[i].want));
        assert_int_equal(ol_headers_count_of(&r.collect.head.headers, "content-range"), 1);
        tear_down(&r);
    }
}

static void ranges_outside_are_refused(void **state)
{
    (void)state;
    const struct {
        uint64_t start, length;
        bool hidden;
        int want;
    } cases[] = {
        {BODY_BYTES, 1, false, OL_ERANGE},
        {BODY_BYTES - 1, 2, false, OL_ERANGE},
        {BODY_BYTES, 1, true, OL_ERANGE}, /* seen only at the end, but the head was kept */
        {BODY_BYTES - 1, 2, true, OL_EORIGIN},
        {UINT64_MAX, 1, true, OL_ERANGE},
        {1, UINT64_MAX - 1, true, OL_ERANGE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rig r = {.range = {.start = cases[i].start, .length = cases[i].length, .total = -1},
                 .feed = {.hide_length = cases[i].hidden}};
        assert_code(run(&r, (unsigned)i), cases[i].want);
        assert_int_equal(r.collect.headed, cases[i].want == OL_EORIGIN);
        assert_false(r.collect.finished);
        tear_down(&r);
    }
}

static void what_follows_counts_unless_stopped(void **state)
{
    (void)state;
    rig late = {.range = {.start = 0, .length = 5, .total = -1},
                .feed = {.piece_bytes = 5, .fails = true, .fail_at = 20}};
    assert_code(run(&late, 0), OL_EORIGIN);
    assert_false(late.collect.finished);
    tear_down(&late);
    rig stopped = {.range = {.start = 0, .length = 5, .total = -1, .stop_early = true},
                   .feed = {.piece_bytes = 5, .fails = true, .fail_at = 20}};
    assert_code(run(&stopped, 0), OL_OK);
    assert_true(stopped.collect.finished);
    assert_true(stopped.feed.fed <= 10);
    tear_down(&stopped);
}

static int run_with_little_memory(void *arg)
{
    rig r = {.range = {.start = 3, .length = 5, .total = -1, .stop_early = arg != NULL}};
    int rc = run(&r, 3);
    tear_down(&r);
    return rc;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(run_with_little_memory, NULL) > 2);
    assert_true(ol_test_fail_each(run_with_little_memory, "") > 2);
}

static void counting_takes_head_and_length(void **state)
{
    (void)state;
    static const char *const fields[] = {"etag", "\"x\"", NULL};
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        uint64_t bytes = 99;
        ol_head head = {0};
        ol_count_config config = {.bytes = &bytes, .head = way % 2 ? &head : NULL};
        ol_test_bench bench;
        ol_test_feed feed = {.body = OL_SLICE_LIT(BODY), .status = 203, .fields = fields};
        ol_test_bench_open(&bench);
        ol_test_bench_feed(&bench, &feed);
        ol_test_bench_above(&bench, way);
        ol_test_bench_add(&bench, &ol_count_stage_ops, &config);
        assert_code(ol_test_bench_run(&bench), OL_OK);
        assert_int_equal(bytes, BODY_BYTES);
        assert_int_equal(head.status, way % 2 ? 203 : 0);
        assert_slices(way % 2 ? ol_headers_get(&head.headers, "ETag") : OL_SLICE_LIT("\"x\""),
                      OL_SLICE_LIT("\"x\""));
        ol_test_bench_close(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_range_in_every_way),
        cmocka_unit_test(content_range_is_written),
        cmocka_unit_test(ranges_outside_are_refused),
        cmocka_unit_test(what_follows_counts_unless_stopped),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(counting_takes_head_and_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
