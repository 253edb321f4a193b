/* SPDX-License-Identifier: MIT */
/* Small bodies from memory into a pipeline, and from a pipeline into memory. */
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/pipeline_kit.h"

#include "pipeline/memory_stages.h"

#define BODY "a listing, or a name"

typedef struct rig {
    ol_test_bench bench;
    ol_memory_source source;
    ol_memory_sink sink;
    ol_test_pedant pedant;
    ol_arena *arena; /* of heads: outlives the bench */
} rig;

static int set_up(rig *r, ol_slice body, size_t max)
{
    r->arena = ol_arena_new(64 * 1024);
    if (!r->arena)
        return OL_ENOMEM;
    r->source.bytes = body;
    r->source.head.status = 203;
    r->source.head.content_length = (int64_t)body.len;
    ol_headers_init(&r->source.head.headers, r->arena);
    r->sink.arena = r->arena;
    ol_buf_init(&r->sink.bytes, max);
    return ol_headers_add(&r->source.head.headers, OL_SLICE_LIT("content-type"),
                          OL_SLICE_LIT("application/json"));
}

static void build(rig *r, unsigned way)
{
    ol_test_bench_add(&r->bench, &ol_memory_source_ops, &r->source);
    ol_test_bench_above(&r->bench, way);
    ol_test_bench_below(&r->bench, way, &r->pedant);
    ol_test_bench_add(&r->bench, &ol_memory_sink_ops, &r->sink);
}

static void tear_down(rig *r)
{
    ol_buf_fini(&r->sink.bytes);
    if (r->arena)
        ol_arena_destroy(r->arena);
}

static void everything_arrives_in_every_way(void **state)
{
    (void)state;
    const ol_slice bodies[] = {OL_SLICE_LIT(BODY), OL_SLICE_LIT("x"), OL_SLICE_NONE};
    for (unsigned i = 0; i < 3 * OL_TEST_WAYS; i++) {
        rig r = {0};
        assert_code(set_up(&r, bodies[i % 3], sizeof(BODY) - 1), OL_OK);
        ol_test_bench_open(&r.bench);
        build(&r, i / 3);
        assert_code_of(ol_test_bench_run(&r.bench), OL_OK, &r.bench.err);
        ol_test_bench_close(&r.bench);
        assert_slices(ol_buf_slice(&r.sink.bytes), bodies[i % 3]);
        assert_int_equal(r.sink.head.status, 203);
        assert_int_equal(r.sink.head.content_length, (int)bodies[i % 3].len);
        assert_slice(ol_headers_get(&r.sink.head.headers, "Content-Type"), "application/json");
        assert_int_equal(r.pedant.finishes, 1);
        tear_down(&r);
    }
}

/* A stage that puts its own word into the list of headers, in place. */
static int change_head(ol_stage *st, ol_head *head, ol_error *err)
{
    int rc = ol_headers_set(&head->headers, OL_SLICE_LIT("content-type"), OL_SLICE_LIT("other"));
    return rc == OL_OK ? ol_stage_head(st, head, err) : ol_error_set(err, rc, "head");
}

static int pass(ol_stage *st, ol_slice in, ol_error *err)
{
    return ol_stage_write(st, in, err);
}

static const ol_stage_ops changer = {
    .name = "changer", .phase = OL_PHASE_TRANSFORM, .head = change_head, .write = pass};

static void the_same_source_and_sink_serve_a_second_run(void **state)
{
    (void)state;
    rig r = {0};
    assert_code(set_up(&r, OL_SLICE_LIT(BODY), 1024), OL_OK);
    ol_test_bench_open(&r.bench);
    for (unsigned i = 0; i < 2; i++) {
        ol_test_bench_add(&r.bench, &ol_memory_source_ops, &r.source);
        ol_test_bench_add(&r.bench, &changer, NULL);
        ol_test_bench_add(&r.bench, &ol_memory_sink_ops, &r.sink);
        assert_code_of(ol_test_bench_run(&r.bench), OL_OK, &r.bench.err);
        assert_slice(ol_buf_slice(&r.sink.bytes), BODY);
        assert_slice(ol_headers_get(&r.sink.head.headers, "content-type"), "other");
        assert_slice(ol_headers_get(&r.source.head.headers, "content-type"), "application/json");
        ol_test_bench_again(&r.bench);
    }
    ol_test_bench_close(&r.bench);
    tear_down(&r);
}

static void one_byte_too_many_fails(void **state)
{
    (void)state;
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        rig r = {0};
        assert_code(set_up(&r, OL_SLICE_LIT(BODY), sizeof(BODY) - 2), OL_OK);
        ol_test_bench_open(&r.bench);
        build(&r, way);
        assert_code(ol_test_bench_run(&r.bench), OL_ETRANSFORMOUTPUT);
        ol_test_bench_close(&r.bench);
        tear_down(&r);
    }
}

static void it_may_be_given_up_at_any_turn(void **state)
{
    (void)state;
    const ol_error given_up = {.code = OL_EPEER};
    for (unsigned turns = 0; turns < 6; turns++) {
        rig r = {0};
        const ol_test_slow slow = {.turns = 2};
        assert_code(set_up(&r, OL_SLICE_LIT(BODY), 1024), OL_OK);
        ol_test_bench_open(&r.bench);
        ol_test_bench_add(&r.bench, &ol_memory_source_ops, &r.source);
        ol_test_bench_slow(&r.bench, &slow);
        ol_test_bench_add(&r.bench, &ol_memory_sink_ops, &r.sink);
        assert_code(ol_test_bench_start(&r.bench), OL_OK);
        for (unsigned i = 0; i < turns && !r.bench.done; i++)
            ol_test_loop_turns(&r.bench.loop, 1);
        if (!r.bench.done) {
            ol_pipeline_abort(r.bench.pipeline, &given_up);
            assert_true(ol_test_bench_wait(&r.bench) == OL_EPEER || r.bench.err.code == OL_OK);
        }
        ol_test_bench_close(&r.bench);
        tear_down(&r);
    }
}

static int run_with_little_memory(void *arg)
{
    rig r = {0};
    (void)arg;
    int rc = set_up(&r, OL_SLICE_LIT(BODY), 1024);
    if (rc == OL_OK) {
        ol_test_bench_open(&r.bench);
        build(&r, 3);
        rc = ol_test_bench_run(&r.bench);
        ol_test_bench_close(&r.bench);
    }
    tear_down(&r);
    return rc;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(run_with_little_memory, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_arrives_in_every_way),
        cmocka_unit_test(the_same_source_and_sink_serve_a_second_run),
        cmocka_unit_test(one_byte_too_many_fails),
        cmocka_unit_test(it_may_be_given_up_at_any_turn),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
