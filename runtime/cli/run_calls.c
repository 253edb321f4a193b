/* SPDX-License-Identifier: MIT */
/*
 * Each call is a pipeline of its own: memory → transform → memory. When it is done, the next one
 * begins on the same turn; after the last, the pool is closed and the loop stops.
 */
#include "cli/run_calls.h"

#include "base/clock.h"
#include "base/limits.h"
#include "cli/file_object.h"
#include "cli/run_pool.h"
#include "pipeline/pipeline.h"
#include "transform/stage.h"

typedef struct running {
    const ol_run_calls *calls;
    ol_loop *loop;
    ol_offload *rangers;
    ol_pool *pool;
    ol_object *original;
    ol_arena *arena;
    ol_pipeline *pipeline;
    ol_run_call call;
    ol_memory_source source;
    ol_transform_call transform;
    ol_memory_sink sink;
    ol_transform_usage usage;
    uint64_t begun_ns;
    ol_error err; /* code 0: all went well */
} running;

/* ---- the end ---- */

static void on_pool_closed(void *arg)
{
    running *self = arg;
    ol_loop_stop(self->loop);
}

static void end(running *self)
{
    if (self->original)
        self->original->origin->ops->close_object(self->original);
    self->original = NULL;
    if (self->pool)
        ol_pool_close(self->pool, on_pool_closed, self);
    else
        ol_loop_stop(self->loop);
    self->pool = NULL;
}

/* ---- one call ---- */

static void on_done(void *arg, const ol_error *err);

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

static int build(running *self)
{
    int rc = ol_pipeline_new(&self->pipeline, self->loop, self->arena, &pipeline_ops, self);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_memory_source_ops, &self->source, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_transform_stage_ops, &self->transform, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_memory_sink_ops, &self->sink, NULL);
    return rc;
}

static void begin(running *self)
{
    const ol_run_calls *calls = self->calls;
    self->source = (ol_memory_source){.head = {.status = 200, .content_length = self->call.size},
                                      .bytes = self->call.in};
    ol_headers_init(&self->source.head.headers, self->arena);
    self->sink.arena = self->arena;
    self->sink.head = (ol_head){.content_length = -1};
    self->transform = (ol_transform_call){.pool = self->pool,
                                          .program = calls->program,
                                          .entry = self->call.entry,
                                          .key = self->call.key,
                                          .trust_group = OL_SLICE_LIT("run"),
                                          .event = calls->event,
                                          .original = self->original,
                                          .trial = self->call.trial,
                                          .usage = &self->usage,
                                          .on_log = calls->log ? calls->log : ol_run_log,
                                          .log_arg = calls->arg};
    self->usage = (ol_transform_usage){0};
    self->begun_ns = ol_clock_mono_ns();
    int rc = build(self);
    if (rc != OL_OK)
        ol_error_set(&self->err, rc, "pipeline");
    else
        rc = ol_pipeline_start(self->pipeline, &self->err);
    if (rc != OL_OK)
        end(self);
}

static void go_on(running *self)
{
    self->call = (ol_run_call){.size = -1};
    if (self->err.code == OL_OK && self->calls->next(self->calls->arg, &self->call))
        begin(self);
    else
        end(self);
}

static void on_done(void *arg, const ol_error *err)
{
    running *self = arg;
    ol_run_result result = {.head = &self->sink.head,
                            .out = ol_buf_slice(&self->sink.bytes),
                            .out_bytes = self->sink.taken,
                            .usage = self->usage,
                            .wall_ns = ol_clock_mono_ns() - self->begun_ns,
                            .err = err};
    if (err && !self->calls->failures_too)
        self->err = *err;
    else
        self->calls->take(self->calls->arg, &result, &self->err);
    ol_pipeline_close(self->pipeline);
    ol_arena_reset(self->arena);
    go_on(self);
}

/* ---- all of them ---- */

static int open_all(running *self, ol_error *err)
{
    const ol_run_calls *calls = self->calls;
    ol_buf_init(&self->sink.bytes, calls->out_bytes_max);
    self->sink.counts_only = calls->out_bytes_max == 0;
    self->arena = ol_arena_new(OL_REQUEST_ARENA_BYTES_MAX);
    int rc = self->arena ? ol_loop_new(&self->loop, 0) : OL_ENOMEM;
    if (rc == OL_OK && calls->original_fd >= 0) {
        rc = ol_offload_new(&self->rangers, "ol-read-at", 1, 16);
        if (rc == OL_OK)
            rc = ol_file_object_new(&self->original, calls->original_fd, calls->original_bytes,
                                    self->loop, self->rangers);
    }
    if (rc != OL_OK)
        return ol_error_set(err, rc, "starting");
    return ol_run_pool_new(&self->pool, self->loop, calls->chunk_bytes, err);
}

static void close_all(running *self)
{
    ol_offload_destroy(self->rangers);
    if (self->loop)
        ol_loop_destroy(self->loop);
    ol_arena_destroy(self->arena);
    ol_buf_fini(&self->sink.bytes);
}

int ol_run_calls_run(const ol_run_calls *calls, ol_error *err)
{
    running self = {.calls = calls};
    if (open_all(&self, &self.err) == OL_OK)
        go_on(&self);
    else if (self.loop)
        end(&self);
    if (self.loop)
        ol_loop_run(self.loop);
    close_all(&self);
    if (self.err.code != OL_OK && err && err->code == OL_OK)
        *err = self.err;
    return self.err.code;
}
