/* SPDX-License-Identifier: MIT */
#include "front/views/view_consult.h"

static int run(ol_view_consult *self, ol_error *err);

static ol_request *request_of(const ol_view_consult *self)
{
    return self->chain->steps[self->step].request;
}

static bool may_retry(const ol_view_consult *self, const ol_error *err)
{
    return err->code == OL_EHOSTLOST && self->chain->retryable && !self->retried_ &&
           !request_of(self)->gone;
}

static void on_done(void *arg, const ol_error *done_err)
{
    ol_view_consult *self = arg;
    ol_request *request = request_of(self);
    ol_error err = {0};
    if (done_err)
        err = *done_err;
    ol_request_note_stages(request, self->pipeline_);
    ol_pipeline_close(self->pipeline_);
    self->pipeline_ = NULL;
    if (may_retry(self, &err)) {
        self->retried_ = true;
        request->line.retried = true;
        ol_metrics_add(request->worker->metrics, OL_COUNTER_transform_retries, 1);
        ol_error_clear(&err);
        if (run(self, &err) == OL_WAIT)
            return;
    }
    self->cb(self->arg, err.code == OL_OK ? NULL : &err);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

static int build(ol_view_consult *self, ol_error *err)
{
    ol_loop *loop = request_of(self)->worker->loop;
    int rc = ol_pipeline_new(&self->pipeline_, loop, self->arena, &pipeline_ops, self);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline_, &ol_memory_source_ops, &self->source_, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline_, &ol_transform_stage_ops,
                             &self->chain->steps[self->step].call, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline_, &ol_memory_sink_ops, &self->answer, NULL);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "asking a program");
}

static int run(ol_view_consult *self, ol_error *err)
{
    ol_metrics_add(request_of(self)->worker->metrics, OL_COUNTER_transform_runs, 1);
    self->chain->retryable = false;
    int rc = build(self, err);
    if (rc == OL_OK)
        rc = ol_pipeline_start(self->pipeline_, err);
    if (rc == OL_OK)
        return OL_WAIT;
    self->pipeline_ = NULL; /* a pipeline that did not start is closed already */
    return rc;
}

static int make_source(ol_view_consult *self, ol_error *err)
{
    ol_head *head = &self->source_.head;
    self->source_.bytes = self->input;
    head->status = 200;
    head->content_length = (int64_t)self->input.len;
    ol_headers_init(&head->headers, self->arena);
    if (self->input.len == 0)
        return OL_OK;
    int rc = ol_headers_add(&head->headers, OL_SLICE_LIT("content-type"),
                            OL_SLICE_LIT("application/json"));
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "asking a program");
}

int ol_view_consult_start(ol_view_consult *self, ol_error *err)
{
    self->answer.arena = self->arena;
    ol_buf_init(&self->answer.bytes, self->answer_bytes_max);
    int rc = make_source(self, err);
    if (rc == OL_OK)
        rc = ol_view_chain_prepare_step(self->chain, self->step, self->entry, &self->address, err);
    return rc == OL_OK ? run(self, err) : rc;
}

void ol_view_consult_abort(ol_view_consult *self, const ol_error *err)
{
    if (self->pipeline_)
        ol_pipeline_abort(self->pipeline_, err);
}

void ol_view_consult_fini(ol_view_consult *self)
{
    ol_buf_fini(&self->answer.bytes);
}
