/* SPDX-License-Identifier: MIT */
#include "front/view_measure.h"

static void run(ol_view_measure *self);

static void remember(ol_view_measure *self)
{
    ol_view_subject *subject = self->subject;
    /* A view that depends on the request itself may have another length next time. */
    self->head.content_length = subject->has_etag ? (int64_t)self->counted : -1;
    if (subject->has_etag)
        ol_view_memo_put(subject->request->worker->shared->memo, subject->etag, &self->head);
}

static void on_done(void *arg, const ol_error *err)
{
    ol_view_measure *self = arg;
    ol_request *request = self->subject->request;
    ol_error copy = {0};
    if (err)
        copy = *err;
    ol_request_note_stages(request, self->pipeline);
    ol_pipeline_close(self->pipeline);
    self->pipeline = NULL;
    if (err && !self->retried && ol_view_subject_may_retry(self->subject, &copy)) {
        self->retried = true;
        request->line.retried = true;
        ol_view_subject_drop_reads(self->subject);
        ol_metrics_add(request->worker->metrics, OL_COUNTER_transform_retries, 1);
        run(self);
        return;
    }
    if (!err)
        remember(self);
    self->cb(self->arg, err ? &copy : NULL);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

static void run(ol_view_measure *self)
{
    ol_error err = {0};
    self->count = (ol_count_config){.bytes = &self->counted, .head = &self->head};
    int rc = ol_view_subject_pipeline(self->subject, &pipeline_ops, self, &self->pipeline, &err);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_count_stage_ops, &self->count, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_start(self->pipeline, &err);
    if (rc == OL_OK)
        return;
    self->pipeline = NULL; /* a pipeline that did not start is closed already */
    ol_error_set(&err, rc, "measuring");
    self->cb(self->arg, &err);
}

void ol_view_measure_start(ol_view_measure *self, ol_view_subject *subject,
                           void (*cb)(void *arg, const ol_error *err), void *arg)
{
    self->subject = subject;
    self->cb = cb;
    self->arg = arg;
    ol_view_memo *memo = subject->request->worker->shared->memo;
    if (subject->has_etag && ol_view_memo_get(memo, subject->etag, subject->arena, &self->head))
        cb(arg, NULL);
    else
        run(self);
}

void ol_view_measure_abort(ol_view_measure *self, const ol_error *err)
{
    if (self->pipeline)
        ol_pipeline_abort(self->pipeline, err);
}
