/* SPDX-License-Identifier: MIT */
/*
 * read_at: ranges of the original on the transform's demand, from an origin that answers at once,
 * later, or not at all.
 */
#include "run_kit.h"

#include "lib/later.h"

/* An object of numbered bytes. */
typedef struct fake_object {
    ol_object object;
    ol_origin origin;
    ol_test_loop *loop;
    size_t size;
    unsigned turns; /* 0 = answers at once */
    int fails;
    unsigned reads;
    const size_t *client_has; /* answers only when the client has a byte of each read before */
    ol_test_later *later;
    ol_read_cb cb;
    void *arg;
    ol_span span;
    uint64_t offset;
} fake_object;

static size_t fill(fake_object *o, uint64_t offset, ol_span span)
{
    size_t n = offset >= o->size ? 0 : o->size - (size_t)offset;
    if (n > span.len)
        n = span.len;
    for (size_t i = 0; i < n; i++)
        span.data[i] = (uint8_t)('A' + (offset + i) % 26);
    return n;
}

static void on_later(void *arg)
{
    fake_object *o = arg;
    ol_error err = {0};
    o->later = NULL;
    if (o->client_has && *o->client_has < o->reads - 1) {
        o->later = ol_test_later_start(o->loop->loop, o->turns, on_later, o);
        return;
    }
    if (o->fails)
        ol_error_set(&err, o->fails, "later");
    o->cb(o->arg, o->fails ? &err : NULL, o->fails ? 0 : fill(o, o->offset, o->span));
}

static int fake_read_at(ol_object *object, uint64_t offset, ol_span span, size_t *got,
                        ol_read_cb cb, void *arg, ol_error *err)
{
    fake_object *o = (fake_object *)object;
    o->reads++;
    if (o->turns == 0) {
        if (o->fails)
            return ol_error_set(err, o->fails, "at once");
        *got = fill(o, offset, span);
        return OL_OK;
    }
    o->cb = cb;
    o->arg = arg;
    o->span = span;
    o->offset = offset;
    o->later = ol_test_later_start(o->loop->loop, o->turns, on_later, o);
    return OL_WAIT;
}

static const ol_origin_ops origin_ops = {.name = "fake", .read_at = fake_read_at};

typedef struct fixture {
    ol_test_loop loop;
    ol_pool *pool;
    ol_program *program;
    fake_object object;
} fixture;

static void open_fixture(fixture *f)
{
    ol_pool_options options = kit_options();
    memset(f, 0, sizeof(*f));
    assert_code(ol_test_loop_open(&f->loop), OL_OK);
    assert_code(ol_pool_new(&f->pool, f->loop.loop, &options, NULL), OL_OK);
    f->program = kit_program("identity");
    f->object.origin.ops = &origin_ops;
    f->object.object.origin = &f->object.origin;
    f->object.loop = &f->loop;
    f->object.size = 100;
}

static void close_fixture(fixture *f)
{
    kit_pool_close(&f->loop, f->pool);
    ol_test_loop_close(&f->loop);
    ol_program_release(f->program);
}

static void start(fixture *f, kit_run *r, const char *line, bool object)
{
    memset(r, 0, sizeof(*r));
    r->arena = ol_arena_new(1 << 20);
    r->gate.open = true;
    r->spring.length = 1;
    kit_call_init(&r->call, f->pool, f->program, "g", line);
    r->call.call.original = object ? &f->object.object : NULL;
    assert_code(ol_pipeline_new(&r->pipeline, f->loop.loop, r->arena, &kit_run_ops, r), OL_OK);
    assert_code(ol_pipeline_add(r->pipeline, &kit_spring_ops, &r->spring, NULL), OL_OK);
    assert_code(ol_pipeline_add(r->pipeline, &ol_transform_stage_ops, &r->call.call, NULL), OL_OK);
    assert_code(ol_pipeline_add(r->pipeline, &kit_gate_ops, &r->gate, NULL), OL_OK);
    assert_code(ol_pipeline_start(r->pipeline, &r->err), OL_OK);
}

static int run(fixture *f, const char *line, const char *want)
{
    kit_run r;
    start(f, &r, line, true);
    kit_run_wait(&r, &f->loop);
    if (r.err.code == OL_OK)
        assert_slices(ol_slice_of(r.gate.data, r.gate.len), ol_slice_cstr(want));
    else if (r.err.code != OL_EREADAT)
        print_message("%s\n", r.err.detail);
    int code = r.err.code;
    kit_run_fini(&r);
    return code;
}

static void test_ranges(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    for (f.object.turns = 0; f.object.turns < 3; f.object.turns++) {
        assert_code(run(&f, "read 0 3", "ABC"), OL_OK);
        assert_code(run(&f, "read 97 50", "TUV"), OL_OK);
        assert_code(run(&f, "read 100 50", ""), OL_OK);
        assert_code(run(&f, "read 18446744073709551615 50", ""), OL_OK);
        assert_code(run(&f, "read 5 0", ""), OL_OK);
        assert_code(run(&f, "reads 30", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCD"), OL_OK);
    }
    assert_code(run(&f, "read 0 4097", ""), OL_EREADAT);
    close_fixture(&f);
}

/* What it wrote before it waits for a read reaches the client: in more pieces than it has credits
 * for, so that it waits for these too. */
static void test_output_goes_out_between_reads(void **state)
{
    (void)state;
    fixture f;
    kit_run r;
    open_fixture(&f);
    f.object.turns = 1;
    f.object.client_has = &r.gate.len;
    start(&f, &r, "reads 30", true);
    kit_run_wait(&r, &f.loop);
    assert_code_of(r.err.code, OL_OK, &r.err);
    assert_slice(ol_slice_of(r.gate.data, r.gate.len), "ABCDEFGHIJKLMNOPQRSTUVWXYZABCD");
    kit_run_fini(&r);
    close_fixture(&f);
}

static void test_failures(void **state)
{
    (void)state;
    fixture f;
    kit_run r;
    open_fixture(&f);
    f.object.fails = OL_EPRECONDITION;
    assert_code(run(&f, "read 0 3", ""), OL_EREADAT);
    f.object.turns = 2;
    assert_code(run(&f, "read 0 3", ""), OL_EREADAT);
    start(&f, &r, "read 0 3", false);
    kit_run_wait(&r, &f.loop);
    assert_code(r.err.code, OL_EREADAT);
    assert_string_equal(r.err.message, "The original cannot be read at an offset here.");
    kit_run_fini(&r);
    close_fixture(&f);
}

static void test_limits(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    f.program->limits.read_at_calls = 5;
    assert_code(run(&f, "reads 5", "ABCDE"), OL_OK);
    assert_code(run(&f, "reads 6", ""), OL_EREADAT);
    close_fixture(&f);
    open_fixture(&f);
    f.program->limits.read_at_bytes = 10;
    assert_code(run(&f, "read 0 10", "ABCDEFGHIJ"), OL_OK);
    assert_code(run(&f, "read 0 11", ""), OL_EREADAT);
    assert_int_equal(f.object.reads, 1);
    close_fixture(&f);
}

static bool is_reading(void *arg)
{
    return ((fixture *)arg)->object.later != NULL;
}

static void test_given_up_while_the_origin_reads(void **state)
{
    (void)state;
    fixture f;
    kit_run r;
    open_fixture(&f);
    f.object.turns = 50;
    start(&f, &r, "read 0 3", true);
    ol_test_loop_until_fn(&f.loop, is_reading, &f, OL_TEST_BOUND_MS);
    kit_run_close(&r); /* the pipeline; the object is closed after it */
    ol_test_loop_turns(&f.loop, 60); /* so this answer still comes, and finds nobody */
    assert_null(f.object.later);
    kit_run_fini(&r);
    f.object.turns = 1;
    assert_code(run(&f, "read 0 3", "ABC"), OL_OK);
    close_fixture(&f);
}

static void test_host_dies_while_the_origin_reads(void **state)
{
    (void)state;
    NEEDS_A_PROCESS();
    fixture f;
    kit_run r, other;
    open_fixture(&f);
    f.object.turns = 1000;
    start(&f, &r, "read 0 3", true);
    ol_test_loop_until_fn(&f.loop, is_reading, &f, OL_TEST_BOUND_MS);
    start(&f, &other, "crash", true);
    kit_run_wait(&other, &f.loop);
    kit_run_wait(&r, &f.loop);
    assert_code(r.err.code, OL_EHOSTLOST);
    while (f.object.later)
        ol_test_loop_turns(&f.loop, 10);
    kit_run_fini(&other);
    kit_run_fini(&r);
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    if (fake_is_host(argc, argv))
        return fake_host_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_output_goes_out_between_reads),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_given_up_while_the_origin_reads),
        cmocka_unit_test(test_host_dies_while_the_origin_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
