/* SPDX-License-Identifier: MIT */
#include "lib/check.h"
#include "lib/pipeline_stages.h"

#define ARENA_BYTES ((size_t)4 << 20)

static void on_done(void *arg, const ol_error *err)
{
    ol_test_bench *bench = arg;
    assert_false(bench->done);
    bench->done = true;
    if (err)
        bench->err = *err;
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

static void keep(ol_test_bench *bench, int rc)
{
    if (bench->rc == OL_OK)
        bench->rc = rc;
}

static void new_pipeline(ol_test_bench *bench)
{
    bench->phase = OL_PHASE_SOURCE;
    bench->done = false;
    bench->rc = OL_OK;
    ol_error_clear(&bench->err);
    keep(bench, ol_pipeline_new(&bench->pipeline, bench->loop.loop, bench->arena, &pipeline_ops,
                                bench));
}

void ol_test_bench_open(ol_test_bench *bench)
{
    *bench = (ol_test_bench){0};
    bench->rc = ol_test_loop_open(&bench->loop);
    if (bench->rc != OL_OK)
        return;
    bench->arena = ol_arena_new(ARENA_BYTES);
    if (!bench->arena) {
        bench->rc = OL_ENOMEM;
        return;
    }
    new_pipeline(bench);
}

void ol_test_bench_add(ol_test_bench *bench, const ol_stage_ops *ops, const void *config)
{
    if (bench->rc != OL_OK)
        return;
    bench->phase = ops->phase;
    keep(bench, ol_pipeline_add(bench->pipeline, ops, config, NULL));
}

/* A table and a config of this place in this pipeline. */
static void add_between(ol_test_bench *bench, const ol_stage_ops *table, const void *config)
{
    if (bench->rc != OL_OK)
        return;
    ol_stage_ops *ops = ol_arena_alloc(bench->arena, sizeof(*ops));
    if (!ops) {
        keep(bench, OL_ENOMEM);
        return;
    }
    *ops = *table;
    ops->phase = bench->phase == OL_PHASE_SOURCE ? OL_PHASE_VERIFY : bench->phase;
    ol_test_bench_add(bench, ops, config);
}

void ol_test_bench_feed(ol_test_bench *bench, ol_test_feed *feed)
{
    ol_test_bench_add(bench, &ol_test_feed_ops, feed);
}

void ol_test_bench_chop(ol_test_bench *bench, const ol_test_chop *chop)
{
    add_between(bench, &ol_test_chop_ops, chop);
}

void ol_test_bench_slow(ol_test_bench *bench, const ol_test_slow *slow)
{
    add_between(bench, &ol_test_slow_ops, slow);
}

void ol_test_bench_pedant(ol_test_bench *bench, ol_test_pedant *pedant)
{
    add_between(bench, &ol_test_pedant_ops, pedant);
}

void ol_test_bench_collect(ol_test_bench *bench, ol_test_collect *collect)
{
    ol_test_bench_add(bench, &ol_test_collect_ops, collect);
}

int ol_test_bench_start(ol_test_bench *bench)
{
    if (bench->rc != OL_OK)
        return bench->rc;
    int rc = ol_pipeline_start(bench->pipeline, &bench->err);
    if (rc != OL_OK)
        bench->done = true;
    return rc;
}

int ol_test_bench_wait(ol_test_bench *bench)
{
    if (!bench->done)
        ol_test_loop_until(&bench->loop, &bench->done, OL_TEST_BOUND_MS);
    ol_pipeline_close(bench->pipeline);
    return bench->err.code;
}

int ol_test_bench_run(ol_test_bench *bench)
{
    int rc = ol_test_bench_start(bench);
    return rc == OL_OK ? ol_test_bench_wait(bench) : rc;
}

void ol_test_bench_again(ol_test_bench *bench)
{
    if (bench->pipeline)
        ol_pipeline_close(bench->pipeline);
    bench->pipeline = NULL;
    if (!bench->arena)
        return;
    ol_arena_reset(bench->arena);
    new_pipeline(bench);
}

void ol_test_bench_close(ol_test_bench *bench)
{
    if (bench->pipeline)
        ol_pipeline_close(bench->pipeline);
    ol_arena_destroy(bench->arena);
    if (bench->loop.loop)
        ol_test_loop_close(&bench->loop);
}

/* ---- ways ---- */

static const ol_test_chop chop_1 = {.bytes = 1};
static const ol_test_chop chop_3 = {.bytes = 3};
static const ol_test_chop chop_few = {.bytes = 7, .seed = 17};
static const ol_test_chop chop_many = {.bytes = 1500, .seed = 42};
static const ol_test_slow slow_1 = {.turns = 1};
static const ol_test_slow slow_2 = {.turns = 2};

typedef struct way {
    const ol_test_chop *chop_above;
    const ol_test_slow *slow_above;
    const ol_test_chop *chop_below;
    const ol_test_slow *slow_below;
} way;

static const way ways[OL_TEST_WAYS] = {
    {NULL, NULL, NULL, NULL},
    {&chop_1, NULL, NULL, NULL},
    {&chop_few, NULL, NULL, NULL},
    {&chop_many, NULL, NULL, &slow_1},
    {NULL, &slow_1, NULL, NULL},
    {NULL, NULL, &chop_3, &slow_2},
    {&chop_3, &slow_1, &chop_1, NULL},
    {&chop_few, &slow_2, &chop_few, &slow_1},
};

static void add_way(ol_test_bench *bench, const ol_test_chop *chop, const ol_test_slow *slow)
{
    if (chop)
        ol_test_bench_chop(bench, chop);
    if (slow)
        ol_test_bench_slow(bench, slow);
}

void ol_test_bench_above(ol_test_bench *bench, unsigned number)
{
    add_way(bench, ways[number % OL_TEST_WAYS].chop_above, ways[number % OL_TEST_WAYS].slow_above);
}

void ol_test_bench_below(ol_test_bench *bench, unsigned number, ol_test_pedant *pedant)
{
    if (pedant)
        ol_test_bench_pedant(bench, pedant);
    add_way(bench, ways[number % OL_TEST_WAYS].chop_below, ways[number % OL_TEST_WAYS].slow_below);
}
