/* SPDX-License-Identifier: MIT */
/*
 * The transform stage with real hosts: what passes, how it is cut, what fails and how.
 */
#include "stage_kit.h"

typedef struct fixture {
    ol_test_bench bench;
    ol_pool *pool;
    ol_program *program;
    kit_call call;
    ol_test_feed feed;
    ol_test_collect collect;
} fixture;

static void open_with(fixture *f, const ol_pool_options *options, const char *line)
{
    memset(f, 0, sizeof(*f));
    ol_test_bench_open(&f->bench);
    f->program = kit_program(line);
    assert_code(ol_pool_new(&f->pool, f->bench.loop.loop, options, NULL), OL_OK);
}

static void open_fixture(fixture *f, const char *line)
{
    ol_pool_options options = kit_options();
    open_with(f, &options, line);
}

static void close_fixture(fixture *f)
{
    ol_test_bench_again(&f->bench); /* closes the pipeline */
    kit_pool_close(&f->bench.loop, f->pool);
    ol_test_collect_fini(&f->collect);
    kit_call_fini(&f->call);
    ol_test_bench_close(&f->bench);
    ol_program_release(f->program);
}

/* Build and run one pipeline: feed, way above, stage, way below, collect. */
static int run_way(fixture *f, const char *group, const char *line, ol_slice body, unsigned way)
{
    ol_test_bench_again(&f->bench);
    kit_call_fini(&f->call);
    ol_test_collect_fini(&f->collect);
    kit_call_init(&f->call, f->pool, f->program, group, line);
    f->feed = (ol_test_feed){.body = body, .reserves = way % 2 == 1};
    f->collect = (ol_test_collect){0};
    ol_test_bench_feed(&f->bench, &f->feed);
    ol_test_bench_above(&f->bench, way);
    ol_test_bench_add(&f->bench, &ol_transform_stage_ops, &f->call.call);
    ol_test_bench_below(&f->bench, way, NULL);
    ol_test_bench_collect(&f->bench, &f->collect);
    return ol_test_bench_run(&f->bench);
}

static int run(fixture *f, const char *line, ol_slice body)
{
    return run_way(f, "group", line, body, 0);
}

static uint8_t *make_body(size_t len)
{
    ol_test_random random = {7};
    uint8_t *body = malloc(len ? len : 1);
    ol_test_random_fill(&random, body, len);
    return body;
}

/* ---- what passes ---- */

static void test_identity_of_every_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 8191, 8192, 12288, 50000};
    static const char *const lines[] = {"identity", "copy"};
    fixture f;
    open_fixture(&f, "identity");
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
                uint8_t *body = make_body(sizes[i]);
                ol_slice in = ol_slice_of(body, sizes[i]);
                assert_code_of(run_way(&f, "group", lines[l], in, way), OL_OK, &f.bench.err);
                assert_slices(ol_test_collect_out(&f.collect), in);
                free(body);
            }
    close_fixture(&f);
}

static void test_pieces_are_cut_alike_whatever_the_timing(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "pieces");
    uint8_t *body = make_body(10000);
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        assert_code(run_way(&f, "group", NULL, ol_slice_of(body, 10000), way), OL_OK);
        assert_slice(ol_test_collect_out(&f.collect), "4096\n4096\n1808\n");
        assert_code(run_way(&f, "group", NULL, ol_slice_of(body, 8192), way), OL_OK);
        assert_slice(ol_test_collect_out(&f.collect), "4096\n4096\n");
    }
    free(body);
    close_fixture(&f);
}

static void test_output_without_reading(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "skip");
    uint8_t *body = make_body(300000);
    kit_call_init(&f.call, f.pool, f.program, "group", NULL);
    f.feed = (ol_test_feed){.body = ol_slice_of(body, 300000), .piece_bytes = 1000};
    ol_test_bench_feed(&f.bench, &f.feed);
    ol_test_bench_add(&f.bench, &ol_transform_stage_ops, &f.call.call);
    ol_test_bench_collect(&f.bench, &f.collect);
    assert_code(ol_test_bench_run(&f.bench), OL_OK);
    assert_slice(ol_test_collect_out(&f.collect), "skipped");
    assert_true(f.feed.fed < 300000);
    free(body);
    close_fixture(&f);
}

static void test_more_output_than_input(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "generate 70000");
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        assert_code(run_way(&f, "group", NULL, OL_SLICE_LIT("x"), way), OL_OK);
        assert_int_equal(f.collect.len, 70000);
        for (size_t i = 0; i < f.collect.len; i += 997)
            assert_int_equal(f.collect.data[i], 'a' + i % 23);
    }
    close_fixture(&f);
}

static void test_many_small_flushes(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "drip 300");
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        assert_code(run_way(&f, "group", NULL, OL_SLICE_NONE, way), OL_OK);
        assert_int_equal(f.collect.len, 10 * 7 + 90 * 8 + 200 * 9);
    }
    close_fixture(&f);
}

/* ---- event and head ---- */

static int run_with_fields(fixture *f, const char *line, const char *const *fields)
{
    ol_test_bench_again(&f->bench);
    kit_call_fini(&f->call);
    ol_test_collect_fini(&f->collect);
    kit_call_init(&f->call, f->pool, f->program, "group", line);
    f->feed = (ol_test_feed){.body = OL_SLICE_LIT("body"), .fields = fields};
    f->collect = (ol_test_collect){0};
    ol_test_bench_feed(&f->bench, &f->feed);
    ol_test_bench_add(&f->bench, &ol_transform_stage_ops, &f->call.call);
    ol_test_bench_collect(&f->bench, &f->collect);
    return ol_test_bench_run(&f->bench);
}

static const char *const fields[] = {"Content-Type",       "text/csv", "ETag", "\"abc\"",
                                     "x-amz-meta-Owner",   "me",       "x-amz-checksum-crc32",
                                     "aaaa",               NULL};

static void test_event_describes_the_original(void **state)
{
    (void)state;
    fixture f;
    static const char *const pairs[][2] = {
        {"event object.size", "4"},
        {"event object.etag", "abc"},
        {"event object.header.content-type", "text/csv"},
        {"event object.metadata.owner", "me"},
        {"event userIdentity.arn", "arn:somebody"},
        {"event nothing", "(none)"},
    };
    open_fixture(&f, "identity");
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_code(run_with_fields(&f, pairs[i][0], fields), OL_OK);
        assert_slices(ol_test_collect_out(&f.collect), ol_slice_cstr(pairs[i][1]));
    }
    close_fixture(&f);
}

static void test_default_head(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "identity");
    assert_code(run_with_fields(&f, NULL, fields), OL_OK);
    assert_int_equal(f.collect.head.status, 200);
    assert_int_equal(f.collect.head.content_length, -1);
    assert_int_equal(f.collect.head.headers.count, 1);
    assert_slice(ol_headers_get(&f.collect.head.headers, "content-type"), "text/csv");
    close_fixture(&f);
}

static void test_head_that_the_transform_sets(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "identity");
    assert_code(run_with_fields(&f, "head status 203", fields), OL_OK);
    assert_int_equal(f.collect.head.status, 203);
    assert_code(run_with_fields(&f, "head header.Content-Type text/plain", fields), OL_OK);
    assert_slice(ol_headers_get(&f.collect.head.headers, "content-type"), "text/plain");
    assert_int_equal(f.collect.head.headers.count, 1);
    assert_code(run_with_fields(&f, "head metadata.Kind thing", fields), OL_OK);
    assert_slice(ol_headers_get(&f.collect.head.headers, "x-amz-meta-kind"), "thing");
    assert_code(run_with_fields(&f, "head header.x-amz-meta-kind other", fields), OL_OK);
    assert_slice(ol_headers_get(&f.collect.head.headers, "x-amz-meta-kind"), "other");
    close_fixture(&f);
}

static void test_heads_that_are_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "head status 404",        "head status 204",     "head status 99",
        "head status abc",        "head header.etag x",  "head header.content-length 5",
        "head header.Set-Cookie a=b", "head header.x-amz-request-id 1", "head other x",
        "head header.last-modified yesterday", "head header.content-type a\rb",
        "head metadata.a:b x",    "head header.content-range bytes 0-1/2",
    };
    fixture f;
    open_fixture(&f, "identity");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_code(run_with_fields(&f, lines[i], fields), OL_ETRANSFORMRESPONSE);
        assert_false(f.collect.headed);
        assert_int_equal(f.collect.len, 0);
    }
    assert_code(run_with_fields(&f, "late-head", fields), OL_ETRANSFORM);
    close_fixture(&f);
}

/* ---- failures ---- */

static void test_error_of_the_transform_s_own(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "identity");
    assert_code(run(&f, "fail 451 Unavailable not in your country", OL_SLICE_LIT("secret")),
                OL_ETRANSFORM);
    assert_int_equal(f.bench.err.status, 451);
    assert_string_equal(f.bench.err.s3_code, "Unavailable");
    assert_string_equal(f.bench.err.message, "not in your country");
    assert_false(f.collect.headed);
    assert_false(f.call.retryable);
    close_fixture(&f);
}

static void test_a_host_cannot_choose_any_code(void **state)
{
    (void)state;
    char line[32];
    fixture f;
    open_fixture(&f, "identity");
    snprintf(line, sizeof(line), "error %d", OL_ENOTMODIFIED);
    assert_code(run(&f, line, OL_SLICE_LIT("x")), OL_ETRANSFORM);
    snprintf(line, sizeof(line), "error %d", OL_ETRANSFORMPATTERN);
    assert_code(run(&f, line, OL_SLICE_LIT("x")), OL_ETRANSFORMPATTERN);
    close_fixture(&f);
}

static void test_failure_after_the_first_byte(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "fail-late");
    assert_code(run(&f, NULL, OL_SLICE_LIT("secret")), OL_ETRANSFORM);
    assert_slice(ol_test_collect_out(&f.collect), "some bytes first");
    assert_false(f.collect.finished);
    close_fixture(&f);
}

static void test_every_way_of_dying_fails_the_request_that_did_it(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    static const char *const lines[] = {"crash", "exit", "abort", "killself"};
    fixture f;
    open_fixture(&f, "identity");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_code(run(&f, lines[i], OL_SLICE_LIT("secret")), OL_ETRANSFORM);
        assert_false(f.call.retryable);
        assert_int_equal(f.collect.len, 0);
        assert_code(run(&f, "identity", OL_SLICE_LIT("next")), OL_OK);
        assert_slice(ol_test_collect_out(&f.collect), "next");
    }
    ol_pool_stats stats;
    ol_pool_stats_get(f.pool, &stats);
    assert_int_equal(stats.hosts_died, 4);
    close_fixture(&f);
}

/* Ends at each call that the engine makes, until it comes through. */
static void test_dying_at_every_call(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    open_fixture(&f, "identity");
    uint8_t *body = make_body(15000);
    ol_slice in = ol_slice_of(body, 15000);
    unsigned calls = 0;
    int rc;
    do {
        char line[32];
        snprintf(line, sizeof(line), "fragile %u", ++calls);
        rc = run_way(&f, "group", line, in, calls % 4);
        if (rc == OL_OK)
            break;
        assert_code(rc, OL_ETRANSFORM);
        assert_false(f.call.retryable);
        assert_false(f.collect.finished);
        assert_memory_equal(f.collect.data ? f.collect.data : body, body, f.collect.len);
    } while (calls < 100);
    assert_true(calls > 10);
    assert_slices(ol_test_collect_out(&f.collect), in);
    assert_code(run(&f, "fragile-close", in), OL_ETRANSFORM);
    free(body);
    close_fixture(&f);
}

static void test_a_host_that_breaks_the_protocol(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "identity");
    assert_code(run(&f, "hostile", OL_SLICE_LIT("x")), OL_ETRANSFORM);
    assert_non_null(strstr(f.bench.err.detail, "broke the protocol"));
    assert_null(strstr(f.bench.err.message, "protocol"));
    assert_false(f.call.retryable);
    assert_code(run(&f, "identity", OL_SLICE_LIT("next")), OL_OK);
    ol_pool_stats stats;
    ol_pool_stats_get(f.pool, &stats);
    assert_int_equal(stats.hosts_died, 1);
    close_fixture(&f);
}

static void test_source_that_fails(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "identity");
    uint8_t *body = make_body(100000);
    for (size_t at = 0; at < 100000; at += 9999) {
        ol_test_bench_again(&f.bench);
        kit_call_fini(&f.call);
        ol_test_collect_fini(&f.collect);
        kit_call_init(&f.call, f.pool, f.program, "group", "count");
        f.feed = (ol_test_feed){.body = ol_slice_of(body, 100000), .piece_bytes = 3000,
                                .fails = true, .fail_at = at};
        f.collect = (ol_test_collect){0};
        ol_test_bench_feed(&f.bench, &f.feed);
        ol_test_bench_add(&f.bench, &ol_transform_stage_ops, &f.call.call);
        ol_test_bench_collect(&f.bench, &f.collect);
        assert_code(ol_test_bench_run(&f.bench), OL_EORIGIN);
        assert_int_equal(f.collect.len, 0);
    }
    free(body);
    close_fixture(&f);
}

static void go_away_at_each_point(fixture *f, const uint8_t *body)
{
    for (size_t at = 1; at < 60000; at += 4999) {
        ol_test_bench_again(&f->bench);
        kit_call_fini(&f->call);
        ol_test_collect_fini(&f->collect);
        kit_call_init(&f->call, f->pool, f->program, "group", at % 2 ? "identity" : "copy");
        f->feed =
            (ol_test_feed){.body = ol_slice_of(body, 60000), .piece_bytes = 5000, .reserves = true};
        f->collect = (ol_test_collect){.fails = true, .fail_at = at, .wait_every = 2};
        ol_test_bench_feed(&f->bench, &f->feed);
        ol_test_bench_add(&f->bench, &ol_transform_stage_ops, &f->call.call);
        ol_test_bench_collect(&f->bench, &f->collect);
        assert_code(ol_test_bench_run(&f->bench), OL_EPEER);
    }
    assert_code(run(f, "count", ol_slice_of(body, 60000)), OL_OK);
    assert_slice(ol_test_collect_out(&f->collect), "60000");
}

static uint64_t hosts_started(fixture *f)
{
    ol_pool_stats stats;
    ol_pool_stats_get(f->pool, &stats);
    return stats.hosts_started;
}

/* One host serves them all; unless the machine kept it from hearing in time that a request is over. */
static void test_client_that_goes_away_at_any_point(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "copy");
    uint8_t *body = make_body(60000);
    bool fair = false;
    for (unsigned tries = 0; !fair && tries < 5; tries++) {
        uint64_t before = hosts_started(&f), began_ms = ol_clock_mono_ms();
        go_away_at_each_point(&f, body);
        fair = ol_clock_mono_ms() - began_ms < 2000;
        if (fair)
            assert_true(hosts_started(&f) - before <= (before == 0));
    }
    assert_true(fair);
    free(body);
    close_fixture(&f);
}

static void test_abort_after_every_number_of_turns(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "copy");
    uint8_t *body = make_body(20000);
    ol_error gone = {0};
    ol_error_set(&gone, OL_ECANCELED, "test");
    for (unsigned turns = 0; turns < 40; turns++) {
        ol_test_bench_again(&f.bench);
        kit_call_fini(&f.call);
        ol_test_collect_fini(&f.collect);
        kit_call_init(&f.call, f.pool, f.program, turns % 3 ? "a" : "b",
                      turns % 2 ? "copy" : "identity");
        f.feed = (ol_test_feed){.body = ol_slice_of(body, 20000), .reserves = turns % 2 == 0};
        f.collect = (ol_test_collect){.wait_every = 1};
        ol_test_bench_feed(&f.bench, &f.feed);
        ol_test_bench_above(&f.bench, turns % OL_TEST_WAYS);
        ol_test_bench_add(&f.bench, &ol_transform_stage_ops, &f.call.call);
        ol_test_bench_collect(&f.bench, &f.collect);
        assert_code(ol_test_bench_start(&f.bench), OL_OK);
        ol_test_loop_turns(&f.bench.loop, turns);
        ol_pipeline_close(f.bench.pipeline);
    }
    assert_code(run(&f, "count", ol_slice_of(body, 20000)), OL_OK);
    assert_slice(ol_test_collect_out(&f.collect), "20000");
    free(body);
    close_fixture(&f);
}

/* ---- limits ---- */

static void test_output_limit(void **state)
{
    (void)state;
    static const char *const lines[] = {"identity", "copy", "generate 100000"};
    fixture f;
    open_fixture(&f, "identity");
    uint8_t *body = make_body(100000);
    f.program->limits.output_bytes = 50000;
    for (size_t i = 0; i < 3; i++) {
        assert_code(run(&f, lines[i], ol_slice_of(body, 100000)), OL_ETRANSFORMOUTPUT);
        assert_true(f.collect.len <= 50000);
        assert_false(f.collect.finished);
    }
    assert_code(run(&f, "copy", ol_slice_of(body, 50000)), OL_OK);
    assert_int_equal(f.collect.len, 50000);
    free(body);
    close_fixture(&f);
}

static void test_log_limit(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "identity");
    assert_code(run(&f, "log 3", OL_SLICE_LIT("x")), OL_OK);
    assert_int_equal(f.call.logs, 3);
    assert_memory_equal(f.call.log_last, "info 0000000002", 15);
    assert_code(run(&f, "log 5000", OL_SLICE_LIT("x")), OL_OK);
    assert_int_equal(f.call.logs, OL_TRANSFORM_LOG_BYTES / 100 + 1);
    assert_string_equal(f.call.log_last, "warn log_bytes is used up; the rest is dropped");
    close_fixture(&f);
}

static void test_cpu_limit_between_steps(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "identity");
    f.program->limits.cpu_ms = 500;
    assert_code(run(&f, "loop", OL_SLICE_LIT("x")), OL_ETRANSFORMCPU);
    ol_pool_stats stats;
    ol_pool_stats_get(f.pool, &stats);
    assert_int_equal(stats.hosts_died, 0);
    assert_true(stats.preempted > 2);
    close_fixture(&f);
}

static void test_wall_limit(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "identity");
    f.program->limits.wall_ms = 100;
    assert_code(run(&f, "loop", OL_SLICE_LIT("x")), OL_ETRANSFORMTIME);
    assert_false(f.call.retryable);
    close_fixture(&f);
}

static void test_host_that_does_not_yield_is_killed(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "identity");
    f.program->limits.unyieldable_ms = 5;
    assert_code(run(&f, "hang", OL_SLICE_LIT("x")), OL_ETRANSFORMCPU);
    assert_false(f.call.retryable);
    ol_pool_stats stats;
    ol_pool_stats_get(f.pool, &stats);
    assert_int_equal(stats.hosts_died, 1);
    assert_code(run(&f, "identity", OL_SLICE_LIT("next")), OL_OK);
    close_fixture(&f);
}

static void test_spoiled_engine_is_replaced(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "identity");
    assert_code(run(&f, "spoil", OL_SLICE_LIT("first")), OL_OK);
    assert_slice(ol_test_collect_out(&f.collect), "first");
    assert_code(run(&f, "identity", OL_SLICE_LIT("second")), OL_OK);
    ol_pool_stats stats;
    ol_pool_stats_get(f.pool, &stats);
    assert_int_equal(stats.hosts_started, 2);
    assert_int_equal(stats.hosts, 1);
    close_fixture(&f);
}

static void test_program_that_does_not_load(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "load-fail");
    assert_code(run(&f, NULL, OL_SLICE_LIT("x")), OL_ETRANSFORM);
    assert_string_equal(f.bench.err.message, "line 3: it does not parse");
    close_fixture(&f);
    NEEDS_A_PROCESS();
    open_fixture(&f, "load-crash");
    assert_code(run(&f, NULL, OL_SLICE_LIT("x")), OL_ETRANSFORM);
    close_fixture(&f);
}

/* ---- memory ---- */

static int run_once(void *arg)
{
    (void)arg;
    fixture f = {0};
    ol_pool_options options = kit_options();
    uint8_t body[10000] = {1};
    ol_test_bench_open(&f.bench);
    ol_program like = {.name = "fake", .path = "x", .source = OL_SLICE_LIT("copy"), .image_fd = -1,
                       .isolation = KIT_ISOLATION, .declared = {.has_get = true}};
    ol_transform_limits_default(&like.limits);
    int rc = f.bench.rc;
    if (rc == OL_OK)
        rc = ol_program_new(&f.program, &like);
    if (rc == OL_OK)
        rc = ol_pool_new(&f.pool, f.bench.loop.loop, &options, NULL);
    if (rc == OL_OK) {
        f.call.call = (ol_transform_call){.pool = f.pool, .program = f.program};
        f.feed = (ol_test_feed){.body = ol_slice_of(body, sizeof(body)), .reserves = true};
        ol_test_bench_feed(&f.bench, &f.feed);
        ol_test_bench_add(&f.bench, &ol_transform_stage_ops, &f.call.call);
        ol_test_bench_collect(&f.bench, &f.collect);
        rc = ol_test_bench_run(&f.bench);
        ol_test_bench_again(&f.bench);
    }
    if (f.pool)
        kit_pool_close(&f.bench.loop, f.pool);
    if (rc == OL_OK)
        assert_int_equal(f.collect.len, sizeof(body));
    ol_test_collect_fini(&f.collect);
    ol_program_release(f.program);
    ol_test_bench_close(&f.bench);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(run_once, NULL) > 5);
}

int main(int argc, char **argv)
{
    if (fake_is_host(argc, argv))
        return fake_host_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_of_every_size),
        cmocka_unit_test(test_pieces_are_cut_alike_whatever_the_timing),
        cmocka_unit_test(test_output_without_reading),
        cmocka_unit_test(test_more_output_than_input),
        cmocka_unit_test(test_many_small_flushes),
        cmocka_unit_test(test_event_describes_the_original),
        cmocka_unit_test(test_default_head),
        cmocka_unit_test(test_head_that_the_transform_sets),
        cmocka_unit_test(test_heads_that_are_refused),
        cmocka_unit_test(test_error_of_the_transform_s_own),
        cmocka_unit_test(test_a_host_cannot_choose_any_code),
        cmocka_unit_test(test_failure_after_the_first_byte),
        cmocka_unit_test(test_every_way_of_dying_fails_the_request_that_did_it),
        cmocka_unit_test(test_dying_at_every_call),
        cmocka_unit_test(test_a_host_that_breaks_the_protocol),
        cmocka_unit_test(test_source_that_fails),
        cmocka_unit_test(test_client_that_goes_away_at_any_point),
        cmocka_unit_test(test_abort_after_every_number_of_turns),
        cmocka_unit_test(test_output_limit),
        cmocka_unit_test(test_log_limit),
        cmocka_unit_test(test_cpu_limit_between_steps),
        cmocka_unit_test(test_wall_limit),
        cmocka_unit_test(test_host_that_does_not_yield_is_killed),
        cmocka_unit_test(test_spoiled_engine_is_replaced),
        cmocka_unit_test(test_program_that_does_not_load),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
