/* SPDX-License-Identifier: MIT */
#include "front/views/view_run.h"

#include "front/views/view_learn.h"
#include "pipeline/replay_stage.h"
#include "view/digest_stage.h"

struct ol_view_run {
    ol_worker *worker;
    ol_request *request;
    ol_arena *arena;
    ol_view_subject *subject;
    ol_view_entry *entry;
    ol_pipeline *pipeline;
    ol_view_digest digest;
    ol_replay replay;
    bool retried, lingers;
    bool unstable; /* an earlier run gave something else */
    ol_view_run **handle; /* of whoever began it; NULL = nobody looks */
    ol_view_run *prev, *next; /* of this worker */
};

/* ---- which runs there are ---- */

static void enlist(ol_view_run *self)
{
    self->next = self->worker->view_runs;
    if (self->next)
        self->next->prev = self;
    self->worker->view_runs = self;
}

static void delist(ol_view_run *self)
{
    if (self->prev)
        self->prev->next = self->next;
    else
        self->worker->view_runs = self->next;
    if (self->next)
        self->next->prev = self->prev;
}

/* One has ended: was it the last that somebody waits for? */
static void tell_waiter(ol_worker *worker)
{
    void (*cb)(void *) = worker->on_view_runs_over;
    if (worker->view_runs || !cb)
        return;
    worker->on_view_runs_over = NULL;
    cb(worker->view_runs_arg);
}

void ol_view_runs_wait(ol_worker *worker, void (*cb)(void *arg), void *arg)
{
    worker->on_view_runs_over = NULL;
    if (!worker->view_runs) {
        cb(arg);
        return;
    }
    worker->on_view_runs_over = cb;
    worker->view_runs_arg = arg;
}

void ol_view_runs_end(ol_worker *worker, void (*cb)(void *arg), void *arg)
{
    ol_error err = {0};
    ol_error_set(&err, OL_ECANCELED, "the server ends");
    for (ol_view_run *run = worker->view_runs; run; run = run->next)
        ol_pipeline_abort(run->pipeline, &err);
    ol_view_runs_wait(worker, cb, arg);
}

/* ---- the end ---- */

bool ol_view_run_error_is_passing(const ol_error *err)
{
    return err->code == OL_EOUTGROWN || err->code == OL_ECANCELED || err->code == OL_ECORRUPT;
}

static void release(ol_view_run *self)
{
    ol_worker *worker = self->worker;
    ol_arena *arena = self->arena;
    ol_request *request = self->request;
    if (self->handle)
        *self->handle = NULL;
    ol_view_subject_fini(self->subject);
    delist(self);
    ol_worker_arena_give(worker, arena);
    ol_request_release(request);
    tell_waiter(worker);
}

/* What readers are told. A host that was lost again, and not by this view, says nothing of it. */
static const ol_error *verdict(const ol_view_run *self, const ol_error *err, ol_error *own)
{
    if (!err || !ol_view_subject_may_retry(self->subject, err))
        return err;
    ol_error_set(own, OL_ECANCELED, "%s", err->detail);
    return own;
}

static void end(ol_view_run *self, const ol_error *err)
{
    ol_error own = {0};
    if (err && !ol_view_run_error_is_passing(err))
        ol_metrics_add(self->worker->metrics, OL_COUNTER_transform_failures, 1);
    ol_view_entry_settle(self->entry, verdict(self, err, &own), !err && !self->unstable);
    release(self);
}

/* ---- running ---- */

static int run(ol_view_run *self, ol_error *err);

static int run_again(ol_view_run *self, ol_error *err)
{
    self->retried = true;
    self->request->line.retried = true;
    ol_metrics_add(self->worker->metrics, OL_COUNTER_transform_retries, 1);
    ol_view_subject_drop_reads(self->subject);
    return run(self, err);
}

static void on_done(void *arg, const ol_error *done_err)
{
    ol_view_run *self = arg;
    ol_error err = {0};
    if (done_err)
        err = *done_err;
    ol_request_note_stages(self->request, self->pipeline);
    ol_pipeline_close(self->pipeline);
    if (err.code && !self->retried && ol_view_subject_may_retry(self->subject, &err)) {
        err = (ol_error){0};
        if (run_again(self, &err) == OL_OK)
            return;
    }
    end(self, err.code ? &err : NULL);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

/* Before readers hear that the entry is whole. */
static void on_complete(void *arg)
{
    ol_view_run *self = arg;
    self->unstable = !ol_view_learn(self->subject, &self->digest.facts);
}

static int run(ol_view_run *self, ol_error *err)
{
    int rc = ol_view_subject_pipeline(self->subject, NULL, &pipeline_ops, self, &self->pipeline,
                                      err);
    self->digest =
        (ol_view_digest){.arena = self->arena, .on_complete = on_complete, .arg = self};
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_view_digest_stage_ops, &self->digest, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_replay_stage_ops, &self->replay, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_view_fill_stage_ops, self->entry, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_start(self->pipeline, err);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "a run of a view");
}

static void on_abandoned(void *arg)
{
    ol_view_run *self = arg;
    ol_error err = {0};
    if (self->lingers)
        return;
    ol_error_set(&err, OL_ECANCELED, "nobody reads it any more");
    ol_pipeline_abort(self->pipeline, &err);
}

/* ---- beginning ---- */

int ol_view_run_start(ol_view_run **handle, ol_view_subject *subject, ol_view_entry *entry,
                      ol_error *err)
{
    ol_request *request = subject->request;
    ol_arena *arena = ol_worker_arena_take(request->worker);
    ol_view_run *self = arena ? ol_arena_calloc(arena, sizeof(*self)) : NULL;
    if (!self) {
        if (arena)
            ol_worker_arena_give(request->worker, arena);
        ol_view_subject_fini(subject);
        ol_error_set(err, OL_ENOMEM, "a run of a view");
        ol_view_entry_settle(entry, err, false);
        return OL_ENOMEM;
    }
    *self = (ol_view_run){.worker = request->worker,
                          .request = ol_request_acquire(request),
                          .arena = arena,
                          .subject = subject,
                          .entry = entry,
                          .handle = handle};
    *handle = self;
    subject->arena = arena;
    ol_replay_init(&self->replay);
    enlist(self);
    ol_view_entry_lead(entry, request->worker->loop, on_abandoned, self);
    int rc = run(self, err);
    if (rc != OL_OK)
        end(self, err);
    return rc;
}

void ol_view_run_let_go(ol_view_run *run, bool lingers)
{
    run->handle = NULL;
    run->lingers = lingers;
}
