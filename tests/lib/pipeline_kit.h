/* SPDX-License-Identifier: MIT */
/*
 * Everything to run a stage in a test: a source that feeds it from memory, stages that cut,
 * delay and watch what passes, a sink that collects, and a bench that holds loop, arena and
 * pipeline together. A test of a stage reads:
 *
 *     ol_test_bench bench;
 *     ol_test_bench_open(&bench);
 *     ol_test_feed feed = {.body = …};
 *     ol_test_collect collect = {0};
 *     ol_test_bench_feed(&bench, &feed);
 *     ol_test_bench_add(&bench, &the_stage_ops, &config);
 *     ol_test_bench_collect(&bench, &collect);
 *     assert_code(ol_test_bench_run(&bench), OL_OK);
 *     …look at collect.out, collect.head, bench.err…
 *     ol_test_collect_fini(&collect);
 *     ol_test_bench_close(&bench);
 *
 * Bytes are always lent in blocks of exactly their size that are overwritten and freed when the
 * loan ends, so a stage that reads beyond them, or keeps them too long, is seen.
 * Memory of the kit itself does not take part in injected failures, but for what the pipeline
 * itself takes.
 */
#ifndef OL_TESTS_LIB_PIPELINE_KIT_H
#define OL_TESTS_LIB_PIPELINE_KIT_H

#include "lib/loop_fixture.h"
#include "pipeline/pipeline.h"

/* ---- the source ---- */

typedef struct ol_test_feed {
    ol_slice body;
    size_t piece_bytes;        /* each write's length; 0 = all at once */
    int status;                /* 0 = 200 */
    bool hide_length;          /* content_length -1 instead of body.len */
    const char *const *fields; /* name, value, name, value, …, NULL; may be NULL */
    bool fails;                /* fail with OL_EORIGIN at byte fail_at */
    size_t fail_at;
    bool reserves; /* fill memory that the stage below offers, where it does */
    /* what happened */
    size_t fed;
    unsigned reserved;
} ol_test_feed;

/* ---- stages in between; each may be added several times, anywhere ---- */

/* Cuts into pieces of `bytes`, or with a seed, of 1 to `bytes` at random. */
typedef struct ol_test_chop {
    size_t bytes;
    uint64_t seed; /* 0 = always `bytes` */
} ol_test_chop;

/* Answers every write OL_WAIT and passes it on `turns` later; the end too. */
typedef struct ol_test_slow {
    unsigned turns; /* at least 1 */
    bool end_only;  /* writes pass at once */
} ol_test_slow;

/* Fails the test when the order of calls is broken or a lent slice changes; counts them. */
typedef struct ol_test_pedant {
    unsigned opens, heads, writes, finishes, closes, waits;
    uint64_t bytes;
    ol_head head; /* as it passed */
} ol_test_pedant;

/* ---- the sink ---- */

typedef struct ol_test_collect {
    size_t max;          /* more fails with OL_ELIMIT; 0 = 64 MiB */
    unsigned wait_every; /* every n-th write is taken a turn later; 0 = none */
    bool fails;          /* fail with OL_EPEER on the write that reaches fail_at */
    size_t fail_at;
    bool offers; /* answer reserve with memory of its own */
    /* what happened */
    ol_head head; /* headers live as long as the bench */
    bool headed, finished, closed;
    uint8_t *data; /* all runs' bytes, one behind the other */
    size_t len, room;
    unsigned offered_used; /* writes that came in offered memory */
} ol_test_collect;

ol_slice ol_test_collect_out(const ol_test_collect *collect);
void ol_test_collect_fini(ol_test_collect *collect);

/* ---- the bench ---- */

typedef struct ol_test_bench {
    ol_test_loop loop;
    ol_arena *arena;
    ol_pipeline *pipeline;
    enum ol_phase phase; /* of the stage added last */
    int rc;              /* of the first call that failed while building */
    bool done;
    ol_error err; /* what the pipeline ended with */
} ol_test_bench;

/* Building may fail under injected failures; run then returns that error. */
void ol_test_bench_open(ol_test_bench *bench);
void ol_test_bench_feed(ol_test_bench *bench, ol_test_feed *feed);
void ol_test_bench_chop(ol_test_bench *bench, const ol_test_chop *chop);
void ol_test_bench_slow(ol_test_bench *bench, const ol_test_slow *slow);
void ol_test_bench_pedant(ol_test_bench *bench, ol_test_pedant *pedant);
void ol_test_bench_collect(ol_test_bench *bench, ol_test_collect *collect);
void ol_test_bench_add(ol_test_bench *bench, const ol_stage_ops *ops, const void *config);
/* Starts, turns the loop until done (10 s at most), closes the pipeline. OL_OK or the error. */
int ol_test_bench_run(ol_test_bench *bench);
/* The same in steps, for tests that interfere. */
int ol_test_bench_start(ol_test_bench *bench);
int ol_test_bench_wait(ol_test_bench *bench);
/* Closes the pipeline, if there is one, and makes ready for another run on the same loop. The
 * arena is reset: heads that were collected are gone. */
void ol_test_bench_again(ol_test_bench *bench);
void ol_test_bench_close(ol_test_bench *bench);

/* ---- ways of cutting and delaying: what every stage must be indifferent to ---- */

#define OL_TEST_WAYS 8
/* Adds what way number 0..OL_TEST_WAYS-1 puts above and below the stage under test. `pedant`
 * watches what the stage puts out; may be NULL. */
void ol_test_bench_above(ol_test_bench *bench, unsigned way);
void ol_test_bench_below(ol_test_bench *bench, unsigned way, ol_test_pedant *pedant);

#endif
