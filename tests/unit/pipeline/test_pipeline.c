/* SPDX-License-Identifier: MIT */
/* The stage contract: order, waiting, errors, ends, closing. */
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/pipeline_kit.h"

#include "base/alloc.h"
#include "base/clock.h"

#define TEXT "The quick brown fox jumps over the lazy dog, twice, and then a third time."

/* ---- a stage whose every op can be told what to do ---- */

typedef struct script {
    int open_rc, head_rc, write_rc, finish_rc;
    bool fail_in_open, fail_in_write; /* by ol_stage_fail, returning OL_OK */
    bool keep_head;                   /* pass the head on with the first write */
    bool finish_early;                /* with the first write */
    bool silent;                      /* return errors without filling err */
    uint64_t busy_ns;                 /* burnt in every write */
    unsigned opens, heads, writes, finishes, closes;
    ol_stage *stage;
    ol_head head;
} script;

static script *script_of(ol_stage *st)
{
    return (script *)st->config;
}

static int answer(const script *s, int rc, ol_error *err)
{
    return rc < 0 && !s->silent ? ol_error_set(err, rc, "as told") : rc;
}

static int script_open(ol_stage *st, ol_error *err)
{
    script *s = script_of(st);
    s->opens++;
    s->stage = st;
    ol_error failure = {0};
    ol_error_set(&failure, OL_EORIGIN, "told to fail");
    if (s->fail_in_open)
        ol_stage_fail(st, &failure);
    return answer(s, s->open_rc, err);
}

static int script_head(ol_stage *st, ol_head *head, ol_error *err)
{
    script *s = script_of(st);
    s->heads++;
    s->head = *head;
    if (s->head_rc < 0)
        return answer(s, s->head_rc, err);
    return s->keep_head ? OL_OK : ol_stage_head(st, head, err);
}

static int script_write(ol_stage *st, ol_slice in, ol_error *err)
{
    script *s = script_of(st);
    s->writes++;
    uint64_t until_ns = ol_clock_mono_ns() + s->busy_ns;
    while (s->busy_ns && ol_clock_mono_ns() < until_ns)
        continue;
    if (s->keep_head && s->writes == 1 && ol_stage_head(st, &s->head, err) < 0)
        return err->code;
    if (s->fail_in_write) {
        ol_error failure = {0};
        ol_error_set(&failure, OL_EORIGIN, "told to fail");
        ol_stage_fail(st, &failure);
        return OL_OK;
    }
    if (s->write_rc < 0)
        return answer(s, s->write_rc, err);
    int rc = ol_stage_write(st, in, err);
    return rc == OL_OK && s->finish_early && s->writes == 1 ? ol_stage_finish(st, err) : rc;
}

static void script_resume(ol_stage *st)
{
    const script *s = script_of(st);
    ol_error err = {0};
    if (!s->finish_early)
        ol_stage_ready(st);
    else if (ol_stage_finish(st, &err) < 0)
        ol_stage_fail(st, &err);
}

static int script_finish(ol_stage *st, ol_error *err)
{
    script *s = script_of(st);
    s->finishes++;
    return s->finish_rc < 0 ? answer(s, s->finish_rc, err) : ol_stage_finish(st, err);
}

static void script_close(ol_stage *st)
{
    script_of(st)->closes++;
}

static const ol_stage_ops script_ops = {
    .name = "script",
    .phase = OL_PHASE_TRANSFORM,
    .state_size = 8,
    .open = script_open,
    .head = script_head,
    .write = script_write,
    .finish = script_finish,
    .resume = script_resume,
    .close = script_close,
};

/* ---- a pipeline of feed, pedant, script, pedant, collect ---- */

typedef struct rig {
    ol_test_bench bench;
    ol_test_feed feed;
    script script;
    ol_test_pedant above, below;
    ol_test_collect collect;
} rig;

static void build(rig *r)
{
    r->feed.body = OL_SLICE_LIT(TEXT);
    ol_test_bench_open(&r->bench);
    ol_test_bench_feed(&r->bench, &r->feed);
    ol_test_bench_pedant(&r->bench, &r->above);
    ol_test_bench_add(&r->bench, &script_ops, &r->script);
    ol_test_bench_pedant(&r->bench, &r->below);
    ol_test_bench_collect(&r->bench, &r->collect);
}

static void tear_down(rig *r)
{
    ol_test_bench_close(&r->bench);
    ol_test_collect_fini(&r->collect);
}

/* Runs it, checks that everything opened was closed once, and returns the result. */
static int run(rig *r)
{
    build(r);
    int rc = ol_test_bench_run(&r->bench);
    assert_int_equal(r->above.opens, r->above.closes);
    assert_int_equal(r->below.opens, r->below.closes);
    tear_down(r);
    return rc;
}

static void bytes_and_head_arrive(void **state)
{
    (void)state;
    static const char *const fields[] = {"content-type", "text/plain", NULL};
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        rig r = {.feed = {.fields = fields, .body = OL_SLICE_LIT(TEXT)}};
        ol_test_bench_open(&r.bench);
        ol_test_bench_feed(&r.bench, &r.feed);
        ol_test_bench_above(&r.bench, way);
        ol_test_bench_add(&r.bench, &script_ops, &r.script);
        ol_test_bench_below(&r.bench, way, &r.below);
        ol_test_bench_collect(&r.bench, &r.collect);
        assert_code_of(ol_test_bench_run(&r.bench), OL_OK, &r.bench.err);
        assert_slice(ol_test_collect_out(&r.collect), TEXT);
        assert_int_equal(r.collect.head.status, 200);
        assert_int_equal(r.collect.head.content_length, sizeof(TEXT) - 1);
        assert_slice(ol_headers_get(&r.collect.head.headers, "Content-Type"), "text/plain");
        assert_true(r.collect.finished && r.collect.closed);
        assert_int_equal(r.script.heads, 1);
        assert_int_equal(r.script.finishes, 1);
        assert_int_equal(r.script.closes, 1);
        assert_int_equal(r.below.bytes, sizeof(TEXT) - 1);
        tear_down(&r);
    }
}

static void waiting_reaches_the_source(void **state)
{
    (void)state;
    rig r = {.feed = {.piece_bytes = 10}, .collect = {.wait_every = 1}};
    build(&r);
    assert_code(ol_test_bench_start(&r.bench), OL_OK);
    /* One piece is in flight, and no more however long nobody takes it. */
    assert_int_equal(r.feed.fed, 10);
    assert_code(ol_test_bench_wait(&r.bench), OL_OK);
    assert_slice(ol_test_collect_out(&r.collect), TEXT);
    assert_int_equal(r.above.waits, 8);
    assert_int_equal(r.below.waits, 8);
    tear_down(&r);
}

static void empty_bodies_have_a_head(void **state)
{
    (void)state;
    rig r = {.feed = {.status = 200}};
    build(&r);
    r.feed.body = OL_SLICE_NONE;
    assert_code(ol_test_bench_run(&r.bench), OL_OK);
    assert_true(r.collect.headed && r.collect.finished);
    assert_int_equal(r.below.writes, 0);
    tear_down(&r);
}

static void a_stage_may_keep_the_head(void **state)
{
    (void)state;
    rig r = {.script = {.keep_head = true}};
    assert_code(run(&r), OL_OK);
    assert_int_equal(r.below.heads, 1);
}

static void a_stage_may_leave_itself_out(void **state)
{
    (void)state;
    rig r = {.script = {.open_rc = OL_SKIP}};
    build(&r);
    assert_code(ol_test_bench_run(&r.bench), OL_OK);
    assert_slice(ol_test_collect_out(&r.collect), TEXT);
    assert_int_equal(r.script.opens, 1);
    assert_int_equal(r.script.closes, 0);
    assert_int_equal(r.script.heads + r.script.writes + r.script.finishes, 0);
    unsigned stages = 0;
    for (const ol_stage *st = ol_pipeline_first(r.bench.pipeline); st; st = st->down)
        stages++;
    assert_int_equal(stages, 4);
    tear_down(&r);
}

static void errors_of_open_start_nothing(void **state)
{
    (void)state;
    rig failing[] = {{.script = {.open_rc = OL_EACCESS}}, {.script = {.fail_in_open = true}}};
    int want[] = {OL_EACCESS, OL_EORIGIN};
    for (size_t i = 0; i < 2; i++) {
        rig *r = &failing[i];
        build(r);
        assert_code(ol_test_bench_start(&r->bench), want[i]);
        assert_int_equal(r->bench.err.code, want[i]);
        assert_int_equal(r->above.closes, 1);
        assert_int_equal(r->script.closes, i);
        assert_int_equal(r->below.opens, 0);
        assert_int_equal(r->feed.fed, 0);
        r->bench.done = false; /* on_done would set it */
        ol_test_loop_turns(&r->bench.loop, 3);
        assert_false(r->bench.done);
        tear_down(r);
    }
}

static void the_first_error_ends_everything(void **state)
{
    (void)state;
    rig failing[] = {
        {.script = {.head_rc = OL_EACCESS}},
        {.script = {.write_rc = OL_EACCESS}},
        {.script = {.finish_rc = OL_EACCESS}},
        {.script = {.fail_in_write = true}},
        {.script = {.write_rc = OL_EACCESS, .silent = true}},
        {.collect = {.fails = true, .fail_at = 30}},
        {.feed = {.fails = true, .fail_at = 20}},
        {.collect = {.max = 50}},
    };
    int want[] = {OL_EACCESS, OL_EACCESS, OL_EACCESS, OL_EORIGIN,
                  OL_EACCESS, OL_EPEER,   OL_EORIGIN, OL_ELIMIT};
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        rig *r = &failing[i];
        r->feed.piece_bytes = 10;
        assert_code(run(r), want[i]);
        assert_false(r->collect.finished);
        assert_true(r->collect.closed);
        assert_int_equal(r->script.closes, 1);
    }
    assert_int_equal(failing[1].script.writes, 1);
    assert_int_equal(failing[3].script.writes, 1);
    assert_int_equal(failing[3].below.writes, 0);
    assert_int_equal(failing[6].below.bytes, 20);
    assert_string_equal(failing[1].bench.err.detail, "as told");
    assert_string_equal(failing[3].bench.err.detail, "told to fail");
    assert_int_equal(failing[4].bench.err.status, 403);
}

static void outputs_may_end_before_inputs(void **state)
{
    (void)state;
    rig r = {.feed = {.piece_bytes = 10}, .script = {.finish_early = true}};
    build(&r);
    assert_code(ol_test_bench_run(&r.bench), OL_OK);
    assert_slice(ol_test_collect_out(&r.collect), "The quick ");
    assert_int_equal(r.script.writes, 1);
    assert_int_equal(r.script.finishes, 0);
    tear_down(&r);
    /* The same when the sink takes its time to finish: the source is left waiting. */
    rig slow = {.feed = {.piece_bytes = 10, .body = OL_SLICE_LIT(TEXT)},
                .script = {.finish_early = true}};
    ol_test_slow later = {.turns = 3};
    ol_test_bench_open(&slow.bench);
    ol_test_bench_feed(&slow.bench, &slow.feed);
    ol_test_bench_pedant(&slow.bench, &slow.above);
    ol_test_bench_add(&slow.bench, &script_ops, &slow.script);
    ol_test_bench_slow(&slow.bench, &later);
    ol_test_bench_collect(&slow.bench, &slow.collect);
    assert_code(ol_test_bench_run(&slow.bench), OL_OK);
    assert_int_equal(slow.feed.fed, 10);
    assert_int_equal(slow.above.finishes, 0);
    tear_down(&slow);
    /* And when only the sink's end takes time: what the source writes meanwhile just waits. */
    rig late = {.feed = {.piece_bytes = 10, .body = OL_SLICE_LIT(TEXT)},
                .script = {.finish_early = true}};
    ol_test_slow end = {.turns = 3, .end_only = true};
    ol_test_bench_open(&late.bench);
    ol_test_bench_feed(&late.bench, &late.feed);
    ol_test_bench_pedant(&late.bench, &late.above);
    ol_test_bench_add(&late.bench, &script_ops, &late.script);
    ol_test_bench_slow(&late.bench, &end);
    ol_test_bench_collect(&late.bench, &late.collect);
    assert_code(ol_test_bench_run(&late.bench), OL_OK);
    assert_slice(ol_test_collect_out(&late.collect), "The quick ");
    assert_int_equal(late.script.writes, 1);
    assert_int_equal(late.feed.fed, 20);
    assert_int_equal(late.above.finishes, 0);
    tear_down(&late);
}

static void aborting_from_outside(void **state)
{
    (void)state;
    rig r = {.feed = {.piece_bytes = 10}, .collect = {.wait_every = 1}};
    build(&r);
    assert_code(ol_test_bench_start(&r.bench), OL_OK);
    ol_error gone = {0}, later = {0};
    ol_error_set(&gone, OL_ECANCELED, "client gone");
    ol_error_set(&later, OL_ETIMEOUT, "too late");
    ol_pipeline_abort(r.bench.pipeline, &gone);
    ol_pipeline_abort(r.bench.pipeline, &later);
    assert_false(r.bench.done);
    assert_true(ol_stage_is_over(r.script.stage));
    ol_error err = {0};
    assert_code(ol_stage_write(r.script.stage, OL_SLICE_LIT("x"), &err), OL_ECANCELED);
    assert_code(ol_test_bench_wait(&r.bench), OL_ECANCELED);
    assert_string_equal(r.bench.err.detail, "client gone");
    assert_true(r.collect.len <= 10);
    tear_down(&r);
}

static void closing_at_every_turn(void **state)
{
    (void)state;
    long before = ol_alloc_live();
    for (unsigned turns = 0; turns < 40; turns++) {
        rig r = {.feed = {.body = OL_SLICE_LIT(TEXT)}, .collect = {.wait_every = 2}};
        ol_test_bench_open(&r.bench);
        ol_test_bench_feed(&r.bench, &r.feed);
        ol_test_bench_above(&r.bench, 7);
        ol_test_bench_add(&r.bench, &script_ops, &r.script);
        ol_test_bench_below(&r.bench, 7, &r.below);
        ol_test_bench_collect(&r.bench, &r.collect);
        assert_code(ol_test_bench_start(&r.bench), OL_OK);
        ol_test_loop_turns(&r.bench.loop, turns);
        bool done = r.bench.done;
        ol_pipeline_close(r.bench.pipeline);
        ol_pipeline_close(r.bench.pipeline);
        assert_int_equal(r.script.closes, 1);
        /* The arena may go at once; what the loop still holds must not look at it. */
        r.bench.pipeline = NULL;
        ol_arena_reset(r.bench.arena);
        ol_test_loop_turns(&r.bench.loop, 5);
        assert_int_equal(r.bench.done, done);
        tear_down(&r);
    }
    assert_no_leak(before);
}

static void closing_with_done_on_its_way(void **state)
{
    (void)state;
    rig r = {.feed = {.status = 200}};
    build(&r);
    assert_code(ol_test_bench_start(&r.bench), OL_OK);
    assert_true(r.collect.finished);
    assert_false(r.bench.done);
    ol_pipeline_close(r.bench.pipeline);
    r.bench.pipeline = NULL;
    ol_arena_reset(r.bench.arena);
    ol_test_loop_turns(&r.bench.loop, 3);
    assert_false(r.bench.done);
    tear_down(&r);
}

static void offered_memory_is_used(void **state)
{
    (void)state;
    /* The script does not hand reserve on; alone between source and sink it would cost the copy. */
    rig r = {.feed = {.body = OL_SLICE_LIT(TEXT), .reserves = true, .piece_bytes = 7},
             .collect = {.offers = true}};
    ol_test_bench_open(&r.bench);
    ol_test_bench_feed(&r.bench, &r.feed);
    ol_test_bench_collect(&r.bench, &r.collect);
    assert_code(ol_test_bench_run(&r.bench), OL_OK);
    assert_slice(ol_test_collect_out(&r.collect), TEXT);
    assert_int_equal(r.collect.offered_used, r.feed.reserved);
    assert_int_equal(r.feed.reserved, (sizeof(TEXT) - 1 + 6) / 7);
    tear_down(&r);
    rig none = {.feed = {.reserves = true}, .collect = {.offers = true}};
    assert_code(run(&none), OL_OK);
    assert_int_equal(none.feed.reserved, 0);
}

static void time_belongs_to_the_innermost(void **state)
{
    (void)state;
    script outer = {.busy_ns = 2000000}, inner = {.busy_ns = 20000000};
    rig r = {.feed = {.body = OL_SLICE_LIT(TEXT)}};
    ol_test_bench_open(&r.bench);
    ol_test_bench_feed(&r.bench, &r.feed);
    ol_test_bench_add(&r.bench, &script_ops, &outer);
    ol_test_bench_add(&r.bench, &script_ops, &inner);
    ol_test_bench_collect(&r.bench, &r.collect);
    uint64_t start_ns = ol_clock_mono_ns(), sum_ns = 0;
    assert_code(ol_test_bench_run(&r.bench), OL_OK);
    uint64_t elapsed_ns = ol_clock_mono_ns() - start_ns;
    for (const ol_stage *st = ol_pipeline_first(r.bench.pipeline); st; st = st->down)
        sum_ns += st->busy_ns;
    /* Counted twice, the inner one's would make the sum longer than it all took. */
    assert_in_range(sum_ns, outer.busy_ns + inner.busy_ns, elapsed_ns);
    assert_true(outer.stage->busy_ns >= outer.busy_ns);
    assert_true(inner.stage->busy_ns >= inner.busy_ns);
    assert_int_equal(inner.stage->calls, 1);
    assert_int_equal(inner.stage->bytes_in, sizeof(TEXT) - 1);
    assert_int_equal(inner.stage->bytes_out, sizeof(TEXT) - 1);
    assert_int_equal(ol_pipeline_first(r.bench.pipeline)->bytes_out, sizeof(TEXT) - 1);
    tear_down(&r);
}

static int run_with_little_memory(void *arg)
{
    (void)arg;
    rig r = {.feed = {.piece_bytes = 10}};
    build(&r);
    int rc = ol_test_bench_run(&r.bench);
    tear_down(&r);
    assert_true(rc == OL_OK || rc == OL_ENOMEM);
    return rc;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_in_range(ol_test_fail_each(run_with_little_memory, NULL), 3, 100);
}

static void small_arenas_are_an_error(void **state)
{
    (void)state;
    rig r = {.feed = {.status = 200}};
    ol_test_bench_open(&r.bench);
    ol_arena_destroy(r.bench.arena);
    bool passed = false;
    for (size_t bytes = 0; bytes < 20000 && !passed; bytes += 100) {
        ol_pipeline *p;
        static const ol_pipeline_ops ops;
        ol_arena *arena = ol_arena_new(bytes);
        int rc = ol_pipeline_new(&p, r.bench.loop.loop, arena, &ops, NULL);
        passed = rc == OL_OK;
        assert_true(passed || rc == OL_ENOMEM);
        ol_arena_destroy(arena);
    }
    assert_true(passed);
    r.bench.arena = NULL;
    r.bench.pipeline = NULL;
    tear_down(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_and_head_arrive),
        cmocka_unit_test(waiting_reaches_the_source),
        cmocka_unit_test(empty_bodies_have_a_head),
        cmocka_unit_test(a_stage_may_keep_the_head),
        cmocka_unit_test(a_stage_may_leave_itself_out),
        cmocka_unit_test(errors_of_open_start_nothing),
        cmocka_unit_test(the_first_error_ends_everything),
        cmocka_unit_test(outputs_may_end_before_inputs),
        cmocka_unit_test(aborting_from_outside),
        cmocka_unit_test(closing_at_every_turn),
        cmocka_unit_test(closing_with_done_on_its_way),
        cmocka_unit_test(offered_memory_is_used),
        cmocka_unit_test(time_belongs_to_the_innermost),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(small_arenas_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
