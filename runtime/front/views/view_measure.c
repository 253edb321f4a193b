/* SPDX-License-Identifier: MIT */
#include "front/views/view_measure.h"

#include "front/views/view_learn.h"
#include "front/views/view_positions.h"

static void run(ol_view_measure *self);

static void finish(ol_view_measure *self, const ol_error *err)
{
    self->cb(self->arg, err);
}

static void take(ol_view_measure *self, const ol_view_facts *facts)
{
    self->facts = *facts;
    self->head = facts->head;
    self->counted = (uint64_t)facts->head.content_length;
}

/* ---- running ---- */

/* What the run has found out. A view that depends on the request itself may have another length
 * next time, and so may one that was unstable before. */
static void conclude(ol_view_measure *self)
{
    ol_view_subject *subject = self->subject;
    ol_view_facts *facts = &self->digest.facts;
    if (self->by_entry) {
        self->head = self->told;
        return;
    }
    if (self->piece) {
        facts->head.content_length = (int64_t)subject->original->size;
        facts->has_checksums = false;
    }
    bool stable = subject->has_etag && !self->facts.unstable && ol_view_learn(subject, facts);
    bool unstable = subject->has_etag && !stable;
    take(self, facts);
    self->facts.unstable = unstable;
    if (!stable)
        self->head.content_length = -1;
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
    if (err && !self->retried && !self->aborted &&
        ol_view_subject_may_retry(self->subject, &copy)) {
        self->retried = true;
        request->line.retried = true;
        ol_view_subject_drop_reads(self->subject);
        ol_metrics_add(request->worker->metrics, OL_COUNTER_transform_retries, 1);
        run(self);
        return;
    }
    if (err)
        ol_metrics_add(request->worker->metrics, OL_COUNTER_transform_failures, 1);
    else
        conclude(self);
    finish(self, err ? &copy : NULL);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

static int begin(ol_view_measure *self, ol_error *err)
{
    ol_view_subject *subject = self->subject;
    ol_view_reach reach;
    ol_byte_range piece = {0};
    if (self->by_entry)
        return ol_view_subject_head_pipeline(subject, &pipeline_ops, self, &self->pipeline, err);
    self->piece = ol_view_chain_keeps_positions(&subject->chain, &reach);
    if (self->piece)
        piece = ol_view_piece_for_head(&reach, subject->original->size);
    return ol_view_subject_pipeline(subject, self->piece ? &piece : NULL, &pipeline_ops, self,
                                    &self->pipeline, err);
}

static void run(ol_view_measure *self)
{
    ol_error err = {0};
    self->digest = (ol_view_digest){.arena = self->subject->arena};
    self->count = (ol_count_config){.bytes = &self->swallowed, .head = &self->told};
    int rc = begin(self, &err);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_view_digest_stage_ops, &self->digest, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_count_stage_ops, &self->count, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_start(self->pipeline, &err);
    if (rc == OL_OK)
        return;
    self->pipeline = NULL; /* a pipeline that did not start is closed already */
    ol_error_set(&err, rc, "measuring");
    finish(self, &err);
}

/* ---- what is known ---- */

static void on_known(ol_view_measure *self, bool known)
{
    const ol_request *request = self->subject->request;
    if (known && !self->ask.facts.unstable) {
        take(self, &self->ask.facts);
        finish(self, NULL);
        return;
    }
    self->facts.unstable = known;
    if (self->aborted || request->gone) {
        finish(self, self->aborted ? &self->abort_err : &request->error);
        return;
    }
    run(self);
}

static void on_answer(ol_view_ask *ask, bool known)
{
    on_known(ask->arg, known);
}

void ol_view_measure_start(ol_view_measure *self, ol_view_subject *subject,
                           void (*cb)(void *arg, const ol_error *err), void *arg)
{
    self->subject = subject;
    self->cb = cb;
    self->arg = arg;
    if (!subject->has_etag) {
        run(self);
        return;
    }
    ol_worker *worker = subject->request->worker;
    self->ask = (ol_view_ask){
        .loop = worker->loop, .arena = subject->arena, .cb = on_answer, .arg = self};
    memcpy(self->ask.etag, subject->etag, sizeof(self->ask.etag));
    int rc = ol_view_memo_find(worker->shared->view_memo, &self->ask);
    if (rc != OL_WAIT)
        on_known(self, rc == OL_OK);
}

void ol_view_measure_ask(ol_view_measure *self, ol_view_subject *subject,
                         void (*cb)(void *arg, const ol_error *err), void *arg)
{
    self->subject = subject;
    self->by_entry = true;
    self->cb = cb;
    self->arg = arg;
    run(self);
}

void ol_view_measure_abort(ol_view_measure *self, const ol_error *err)
{
    if (!self->subject || self->aborted)
        return;
    self->aborted = true;
    self->abort_err = *err;
    if (self->pipeline)
        ol_pipeline_abort(self->pipeline, err);
}
