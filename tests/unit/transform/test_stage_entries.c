/* SPDX-License-Identifier: MIT */
/*
 * The stage for entries other than GET, and for programs that keep positions: what is asked of a
 * host, and what is not taken from it.
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

static void open_with(fixture *f, uint32_t slot_bytes)
{
    ol_pool_options options = kit_options();
    options.slot_bytes = slot_bytes;
    memset(f, 0, sizeof(*f));
    ol_test_bench_open(&f->bench);
    f->program = kit_program("identity");
    f->program->declared.has_head = true;
    f->program->declared.has_list = true;
    f->program->declared.has_request = true;
    assert_code(ol_pool_new(&f->pool, f->bench.loop.loop, &options, NULL), OL_OK);
}

static void open_fixture(fixture *f)
{
    open_with(f, 4096);
}

static void close_fixture(fixture *f)
{
    ol_test_bench_again(&f->bench);
    kit_pool_close(&f->bench.loop, f->pool);
    ol_test_collect_fini(&f->collect);
    kit_call_fini(&f->call);
    ol_test_bench_close(&f->bench);
    ol_program_release(f->program);
}

static const char *const fields[] = {"Content-Type", "text/csv", "x-amz-meta-Owner", "me", NULL};

static int run_way(fixture *f, enum ol_transform_entry entry, const char *line, ol_slice body, unsigned way)
{
    ol_test_bench_again(&f->bench);
    kit_call_fini(&f->call);
    ol_test_collect_fini(&f->collect);
    kit_call_init(&f->call, f->pool, f->program, "group", line);
    f->call.call.entry = entry;
    f->call.call.key = OL_SLICE_LIT("a/key");
    f->feed = (ol_test_feed){.body = body, .fields = fields, .reserves = way % 2 == 1};
    f->collect = (ol_test_collect){0};
    ol_test_bench_feed(&f->bench, &f->feed);
    ol_test_bench_above(&f->bench, way);
    ol_test_bench_add(&f->bench, &ol_transform_stage_ops, &f->call.call);
    ol_test_bench_below(&f->bench, way, NULL);
    ol_test_bench_collect(&f->bench, &f->collect);
    return ol_test_bench_run(&f->bench);
}

static int run(fixture *f, enum ol_transform_entry entry, const char *line)
{
    return run_way(f, entry, line, OL_SLICE_NONE, 0);
}

static void expect_out(fixture *f, enum ol_transform_entry entry, const char *line, const char *want)
{
    assert_code_of(run(f, entry, line), OL_OK, &f->bench.err);
    assert_slices(ol_test_collect_out(&f->collect), ol_slice_cstr(want));
}

/* ---- which entries there are ---- */

static void test_what_is_not_declared_is_not_asked_for(void **state)
{
    (void)state;
    fixture f;
    ol_pool_stats before, after;
    open_fixture(&f);
    f.program->declared = (ol_program_declared){0};
    ol_pool_stats_get(f.pool, &before);
    for (int entry = 0; entry < OL_ENTRIES; entry++) {
        assert_code(run(&f, (enum ol_transform_entry)entry, "skip"), OL_ENOTIMPLEMENTED);
        assert_int_equal(f.bench.err.status, 501);
        assert_false(f.collect.headed);
    }
    ol_pool_stats_get(f.pool, &after);
    assert_int_equal(after.jobs, before.jobs);
    close_fixture(&f);
}

static void test_the_host_learns_the_entry(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    expect_out(&f, OL_ENTRY_GET, "entry", "0");
    expect_out(&f, OL_ENTRY_LIST, "entry", "2");
    expect_out(&f, OL_ENTRY_REQUEST, "entry", "3");
    close_fixture(&f);
}

static void test_what_each_entry_is_told(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    expect_out(&f, OL_ENTRY_GET, "event object.metadata.owner", "me");
    expect_out(&f, OL_ENTRY_GET, "event object.key", "(none)");
    expect_out(&f, OL_ENTRY_LIST, "event object.metadata.owner", "(none)");
    expect_out(&f, OL_ENTRY_LIST, "event object.size", "(none)");
    expect_out(&f, OL_ENTRY_REQUEST, "event object.key", "a/key");
    expect_out(&f, OL_ENTRY_REQUEST, "event object.size", "(none)");
    expect_out(&f, OL_ENTRY_REQUEST, "event userIdentity.arn", "arn:somebody");
    close_fixture(&f);
}

/* ---- heads ---- */

static void test_heads(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        assert_code(run_way(&f, OL_ENTRY_HEAD, "head size 12345", OL_SLICE_NONE, way), OL_OK);
        assert_int_equal(f.collect.head.content_length, 12345);
        assert_int_equal(f.collect.head.status, 200);
        assert_slice(ol_headers_get(&f.collect.head.headers, "content-type"), "text/csv");
        assert_int_equal(f.collect.len, 0);
    }
    assert_code(run(&f, OL_ENTRY_HEAD, "identity"), OL_OK);
    assert_int_equal(f.collect.head.content_length, -1);
    assert_code(run(&f, OL_ENTRY_LIST, "head header.content-type application/json"), OL_OK);
    assert_slice(ol_headers_get(&f.collect.head.headers, "content-type"), "application/json");
    assert_code(run(&f, OL_ENTRY_LIST, "identity"), OL_OK);
    assert_null(ol_headers_get(&f.collect.head.headers, "content-type").data);
    assert_code(run(&f, OL_ENTRY_REQUEST, "head status 404"), OL_OK);
    assert_int_equal(f.collect.head.status, 404);
    close_fixture(&f);
}

static void test_heads_that_are_not_taken(void **state)
{
    (void)state;
    static const struct {
        enum ol_transform_entry entry;
        const char *line;
    } cases[] = {
        {OL_ENTRY_GET, "head size 1"},      {OL_ENTRY_LIST, "head size 1"},    {OL_ENTRY_REQUEST, "head size 1"},
        {OL_ENTRY_HEAD, "head size -1"},    {OL_ENTRY_HEAD, "head size 1.5"},  {OL_ENTRY_HEAD, "head size 9223372036854775808"},
        {OL_ENTRY_HEAD, "head status 404"}, {OL_ENTRY_GET, "head status 404"}, {OL_ENTRY_LIST, "head status 404"},
        {OL_ENTRY_REQUEST, "head status 403"},
    };
    fixture f;
    open_fixture(&f);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_code(run(&f, cases[i].entry, cases[i].line), OL_ETRANSFORMRESPONSE);
    close_fixture(&f);
}

/* ---- how much they may say ---- */

static void test_answers_that_are_too_long(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        assert_code(run_way(&f, OL_ENTRY_HEAD, "generate 1", OL_SLICE_NONE, way), OL_ETRANSFORMRESPONSE);
        assert_int_equal(f.collect.len, 0);
        assert_code(run_way(&f, OL_ENTRY_REQUEST, "generate 1024", OL_SLICE_NONE, way), OL_OK);
        assert_int_equal(f.collect.len, 1024);
        assert_code(run_way(&f, OL_ENTRY_REQUEST, "generate 1025", OL_SLICE_NONE, way), OL_ETRANSFORMRESPONSE);
        assert_int_equal(f.collect.len, 0);
    }
    close_fixture(&f);
    open_with(&f, 512 * OL_KIB);
    assert_code(run(&f, OL_ENTRY_LIST, "generate 6291456"), OL_OK);
    assert_int_equal(f.collect.len, OL_TRANSFORM_LISTING_BYTES_MAX);
    assert_code(run(&f, OL_ENTRY_LIST, "generate 6291457"), OL_ETRANSFORMRESPONSE);
    assert_false(f.collect.finished);
    close_fixture(&f);
}

/* ---- positions ---- */

/* As many bytes out as in, or no clean end: with every way of cutting and waiting, whether the
 * program reads what it does not need or leaves it. */
static void test_positions_are_kept(void **state)
{
    (void)state;
    static uint8_t body[60000];
    static const struct {
        const char *line;
        size_t len;
        bool good;
    } cases[] = {
        {"upper", 9000, true},          {"identity", 4096, true},        {"copy", 1, true},
        {"identity", 0, true},          {"generate 9000", 9000, true},   {"generate 4096", 4096, true},
        {"generate 0", 0, true},        {"generate 8999", 9000, false},  {"generate 9001", 9000, false},
        {"generate 0", 9000, false},    {"generate 1", 0, false},        {"count", 9000, false},
        {"generate 4096", 9000, false}, {"generate 60000", 9000, false},
        /* More than there are slots for: what is not read must not hold up the end. */
        {"generate 60000", 60000, true}, {"upper", 60000, true},         {"generate 4096", 60000, false},
    };
    fixture f;
    memset(body, 'x', sizeof(body));
    open_fixture(&f);
    f.program->declared.keeps_positions = true;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
            int rc = run_way(&f, OL_ENTRY_GET, cases[i].line, ol_slice_of(body, cases[i].len), way);
            if (rc != (cases[i].good ? OL_OK : OL_ETRANSFORMRESPONSE))
                print_error("%s of %zu, way %u: %s\n", cases[i].line, cases[i].len, way, ol_code_name(rc));
            assert_code(rc, cases[i].good ? OL_OK : OL_ETRANSFORMRESPONSE);
            assert_int_equal(f.collect.finished, cases[i].good);
            if (cases[i].good)
                assert_int_equal(f.collect.len, cases[i].len);
        }
    close_fixture(&f);
}

static void test_positions_and_status(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    f.program->declared.keeps_positions = true;
    assert_code(run(&f, OL_ENTRY_GET, "head status 200"), OL_OK);
    assert_code(run(&f, OL_ENTRY_GET, "head status 206"), OL_ETRANSFORMRESPONSE);
    /* Only of a body. */
    assert_code(run(&f, OL_ENTRY_LIST, "generate 7"), OL_OK);
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    if (fake_is_host(argc, argv))
        return fake_host_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_declared_is_not_asked_for),
        cmocka_unit_test(test_the_host_learns_the_entry),
        cmocka_unit_test(test_what_each_entry_is_told),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_heads_that_are_not_taken),
        cmocka_unit_test(test_answers_that_are_too_long),
        cmocka_unit_test(test_positions_are_kept),
        cmocka_unit_test(test_positions_and_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
