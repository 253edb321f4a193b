/* SPDX-License-Identifier: MIT */
/*
 * The end of a run takes several turns: the pipeline is done → the write that still uses its
 * bytes ends → the pipeline is closed → a read that still waits is woken → the pool is closed →
 * the loop stops. `settle` is called whenever one of these may have come true.
 */
#include "cli/run_job.h"

#include <sys/stat.h>

#include "cli/file_object.h"
#include "cli/run_pool.h"
#include "cli/stdin_stage.h"
#include "cli/stdout_stage.h"
#include "base/limits.h"
#include "pipeline/pipeline.h"
#include "transform/stage.h"

typedef struct running {
    const ol_run_job *job;
    ol_loop *loop;
    ol_offload *readers, *writers, *rangers; /* a thread each */
    ol_arena *arena;
    ol_pool *pool;
    ol_pipeline *pipeline;
    ol_object *object;
    ol_stdin in;
    ol_stdout out;
    ol_transform_call call;
    ol_error err; /* code 0: all went well */
    bool done, closing;
} running;

/* ---- the end ---- */

static void on_pool_closed(void *arg)
{
    running *self = arg;
    self->pool = NULL;
    ol_loop_stop(self->loop);
}

static void settle(void *arg)
{
    running *self = arg;
    if (!self->done || self->out.writing)
        return;
    if (self->pipeline)
        ol_pipeline_close(self->pipeline);
    self->pipeline = NULL;
    if (self->in.reading || self->closing)
        return;
    self->closing = true;
    if (self->object)
        self->object->origin->ops->close_object(self->object);
    self->object = NULL;
    if (self->pool)
        ol_pool_close(self->pool, on_pool_closed, self);
    else
        ol_loop_stop(self->loop);
}

static void on_done(void *arg, const ol_error *err)
{
    running *self = arg;
    if (err)
        self->err = *err;
    self->done = true;
    settle(self);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

/* ---- the beginning ---- */

static int open_input(running *self)
{
    struct stat st;
    bool regular = fstat(self->job->in_fd, &st) == 0 && S_ISREG(st.st_mode);
    off_t at = regular ? lseek(self->job->in_fd, 0, SEEK_CUR) : 0;
    bool whole = regular && at == 0; /* a shell may have read some of it already */
    self->in = (ol_stdin){.fd = self->job->in_fd,
                          .size = whole ? (int64_t)st.st_size : -1,
                          .loop = self->loop,
                          .readers = self->readers,
                          .on_idle = settle,
                          .arg = self,
                          .wake_fd = -1};
    int rc = ol_stdin_init(&self->in);
    if (rc == OL_OK && whole)
        rc = ol_file_object_new(&self->object, self->job->in_fd, (uint64_t)st.st_size, self->loop,
                                self->rangers);
    return rc;
}

static int open_threads(running *self)
{
    int rc = ol_offload_new(&self->readers, "ol-stdin", 1, 1);
    if (rc == OL_OK)
        rc = ol_offload_new(&self->writers, "ol-stdout", 1, 1);
    if (rc == OL_OK)
        rc = ol_offload_new(&self->rangers, "ol-read-at", 1, 16);
    return rc;
}

static int open_all(running *self, ol_error *err)
{
    int rc = ol_loop_new(&self->loop, 0);
    if (rc == OL_OK)
        rc = open_threads(self);
    if (rc == OL_OK)
        rc = open_input(self);
    if (rc == OL_OK && !(self->arena = ol_arena_new(OL_REQUEST_ARENA_BYTES_MAX)))
        rc = OL_ENOMEM;
    if (rc != OL_OK)
        return ol_error_set(err, rc, "starting");
    self->out = (ol_stdout){.fd = self->job->out_fd,
                            .shows_head = self->job->shows_head,
                            .loop = self->loop,
                            .writers = self->writers,
                            .on_idle = settle,
                            .arg = self};
    return ol_run_pool_new(&self->pool, self->loop, self->job->chunk_bytes, err);
}

static int start_pipeline(running *self, ol_error *err)
{
    self->call = (ol_transform_call){.pool = self->pool,
                                     .program = self->job->program,
                                     .trust_group = OL_SLICE_LIT("run"),
                                     .event = self->job->event,
                                     .original = self->object,
                                     .on_log = ol_run_log};
    int rc = ol_pipeline_new(&self->pipeline, self->loop, self->arena, &pipeline_ops, self);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_stdin_stage_ops, &self->in, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_transform_stage_ops, &self->call, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_stdout_stage_ops, &self->out, NULL);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "pipeline");
    return ol_pipeline_start(self->pipeline, err);
}

static void close_all(running *self)
{
    ol_offload_destroy(self->readers);
    ol_offload_destroy(self->writers);
    ol_offload_destroy(self->rangers);
    ol_stdin_fini(&self->in);
    if (self->loop)
        ol_loop_destroy(self->loop);
    ol_arena_destroy(self->arena);
}

int ol_run_job_run(const ol_run_job *job, uint64_t *written, ol_error *err)
{
    running self = {.job = job, .in = {.wake_fd = -1}};
    int rc = open_all(&self, &self.err);
    if (rc == OL_OK)
        rc = start_pipeline(&self, &self.err);
    if (rc != OL_OK && self.loop) {
        self.done = true;
        settle(&self);
    }
    if (self.loop)
        ol_loop_run(self.loop);
    close_all(&self);
    *written = self.out.written;
    *err = self.err;
    return self.err.code;
}
