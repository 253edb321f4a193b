/* SPDX-License-Identifier: MIT */
/*
 * For the tests of the view cache: runs that fill an entry and runs that read one, several on a
 * loop, and a source that sends what the test tells it to, when it tells it to.
 */
#ifndef OL_TESTS_VIEW_CACHE_KIT_H
#define OL_TESTS_VIEW_CACHE_KIT_H

#include <stdlib.h>

#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/pipeline_stages.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "view/cache.h"

/* ---- bytes ---- */

static inline ol_slice kit_bytes(size_t len, uint64_t seed)
{
    uint8_t *data = malloc(len ? len : 1);
    assert_non_null(data);
    ol_test_random random = {seed};
    ol_test_random_fill(&random, data, len);
    return ol_slice_of(data, len);
}

static inline void kit_free(ol_slice bytes)
{
    free((void *)bytes.data);
}

/* ---- a cache ---- */

static inline ol_view_cache *kit_cache(uint64_t memory_bytes, uint64_t entry_bytes)
{
    ol_view_cache_config config = {.memory_bytes = memory_bytes, .memory_entry_bytes = entry_bytes};
    ol_view_cache *cache;
    ol_error err = {0};
    assert_code_of(ol_view_cache_new(&cache, &config, &err), OL_OK, &err);
    return cache;
}

static inline ol_view_cache_stats kit_stats(ol_view_cache *cache)
{
    ol_view_cache_stats stats;
    ol_view_cache_read_stats(cache, &stats);
    return stats;
}

/* ---- a tap: a source that the test opens and shuts ---- */

typedef struct kit_tap {
    ol_stage *st;
    bool waits; /* the last bytes are not taken yet */
    unsigned resumed;
} kit_tap;

static inline int kit_tap_open(ol_stage *st, ol_error *err)
{
    (void)err;
    ((kit_tap *)st->config)->st = st;
    return OL_OK;
}

static inline void kit_tap_resume(ol_stage *st)
{
    ((kit_tap *)st->config)->waits = false;
    ((kit_tap *)st->config)->resumed++;
}

static const ol_stage_ops kit_tap_ops = {
    .name = "tap", .phase = OL_PHASE_SOURCE, .open = kit_tap_open, .resume = kit_tap_resume};

static inline int kit_tap_head(kit_tap *tap, int64_t content_length)
{
    ol_error err = {0};
    ol_head head = {.status = 200, .content_length = content_length};
    ol_headers_init(&head.headers, ol_stage_arena(tap->st));
    int rc = ol_headers_add(&head.headers, OL_SLICE_LIT("Content-Type"), OL_SLICE_LIT("text/x"));
    return rc == OL_OK ? ol_stage_head(tap->st, &head, &err) : rc;
}

/* `bytes` stay until the entry has them. */
static inline int kit_tap_push(kit_tap *tap, ol_slice bytes)
{
    ol_error err = {0};
    int rc = ol_stage_write(tap->st, bytes, &err);
    tap->waits = rc == OL_WAIT;
    return rc;
}

static inline int kit_tap_end(kit_tap *tap)
{
    ol_error err = {0};
    return ol_stage_finish(tap->st, &err);
}

/* ---- runs ---- */

typedef struct kit_run {
    ol_test_loop *loop;
    ol_arena *arena;
    ol_pipeline *pipeline;
    bool done;
    ol_error err;
    kit_tap tap;
    ol_view_entry *entry;
    ol_view_read read;
    ol_test_collect collect;
} kit_run;

static inline void kit_on_done(void *arg, const ol_error *err)
{
    kit_run *run = arg;
    assert_false(run->done);
    run->done = true;
    if (err)
        run->err = *err;
}

static const ol_pipeline_ops kit_pipeline_ops = {.on_done = kit_on_done};

static inline int kit_run_open(kit_run *run, ol_test_loop *loop)
{
    run->loop = loop;
    run->done = false;
    run->err = (ol_error){0};
    run->arena = ol_arena_new(1 << 20);
    if (!run->arena)
        return OL_ENOMEM;
    return ol_pipeline_new(&run->pipeline, loop->loop, run->arena, &kit_pipeline_ops, run);
}

static inline void kit_run_close(kit_run *run)
{
    if (run->pipeline)
        ol_pipeline_close(run->pipeline);
    run->pipeline = NULL;
    ol_arena_destroy(run->arena);
    run->arena = NULL;
}

static inline int kit_run_wait(kit_run *run)
{
    ol_test_loop_until(run->loop, &run->done, OL_TEST_BOUND_MS);
    return run->err.code;
}

/* A run from the tap into the entry. */
static inline int kit_fill_start(kit_run *run, ol_test_loop *loop, ol_view_entry *entry)
{
    int rc = kit_run_open(run, loop);
    run->entry = entry;
    if (rc == OL_OK)
        rc = ol_pipeline_add(run->pipeline, &kit_tap_ops, &run->tap, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(run->pipeline, &ol_view_fill_stage_ops, entry, NULL);
    return rc == OL_OK ? ol_pipeline_start(run->pipeline, &run->err) : rc;
}

/* A run from the entry into run->collect. */
static inline int kit_read_start(kit_run *run, ol_test_loop *loop, ol_view_entry *entry,
                                 uint64_t start, uint64_t length)
{
    int rc = kit_run_open(run, loop);
    run->entry = entry;
    run->read = (ol_view_read){.entry = entry, .start = start, .length = length};
    if (rc == OL_OK)
        rc = ol_pipeline_add(run->pipeline, &ol_view_read_stage_ops, &run->read, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(run->pipeline, &ol_test_collect_ops, &run->collect, NULL);
    return rc == OL_OK ? ol_pipeline_start(run->pipeline, &run->err) : rc;
}

/* Fill it from a feed, wholly; does not settle. */
static inline int kit_fill_all(ol_test_loop *loop, ol_view_entry *entry, ol_test_feed *feed)
{
    kit_run run = {.done = false};
    int rc = kit_run_open(&run, loop);
    if (rc == OL_OK)
        rc = ol_pipeline_add(run.pipeline, &ol_test_feed_ops, feed, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(run.pipeline, &ol_view_fill_stage_ops, entry, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_start(run.pipeline, &run.err);
    if (rc == OL_OK)
        rc = kit_run_wait(&run);
    kit_run_close(&run);
    return rc;
}

static inline void kit_no_abandon(void *arg)
{
    (void)arg;
}

/* Lead, fill, settle: afterwards it is kept, if there is room for it. */
static inline int kit_make(ol_view_cache *cache, ol_test_loop *loop, const char *etag,
                           ol_slice body)
{
    ol_view_entry *entry;
    enum ol_view_found found = ol_view_cache_find(cache, etag, -1, body.len, &entry);
    if (found != OL_VIEW_LEAD) {
        ol_view_entry_release(entry);
        return OL_ESLOWDOWN;
    }
    ol_view_entry_lead(entry, loop->loop, kit_no_abandon, NULL);
    ol_test_feed feed = {.body = body, .piece_bytes = 50000, .hide_length = true};
    int rc = kit_fill_all(loop, entry, &feed);
    ol_error err = {0};
    if (rc != OL_OK)
        ol_error_set(&err, rc, NULL);
    ol_view_entry_settle(entry, rc == OL_OK ? NULL : &err, true);
    ol_view_entry_release(entry);
    return rc;
}

/* Whether it is found whole. Asks, and so counts as asking. */
static inline bool kit_has(ol_view_cache *cache, const char *etag)
{
    ol_view_entry *entry;
    bool has = ol_view_cache_peek(cache, etag, &entry) == OL_VIEW_WHOLE;
    ol_view_entry_release(entry);
    return has;
}

/* Read a part and compare. */
static inline void kit_expect(ol_test_loop *loop, ol_view_entry *entry, ol_slice body,
                              uint64_t start, uint64_t length, unsigned wait_every)
{
    kit_run run = {.collect = {.wait_every = wait_every}};
    ol_slice want = ol_slice_from(body, (size_t)start);
    if (length < want.len)
        want = ol_slice_first(want, (size_t)length);
    assert_code(kit_read_start(&run, loop, entry, start, length), OL_OK);
    assert_code_of(kit_run_wait(&run), OL_OK, &run.err);
    assert_true(run.collect.finished);
    assert_int_equal(run.collect.head.content_length, want.len);
    assert_slices(ol_test_collect_out(&run.collect), want);
    ol_test_collect_fini(&run.collect);
    kit_run_close(&run);
}

#endif
