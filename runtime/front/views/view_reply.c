/* SPDX-License-Identifier: MIT */
#include "front/views/view_reply.h"

#include "front/answer/compress_stage.h"
#include "front/answer/respond_stage.h"
#include "front/views/view_checksums.h"
#include "front/views/view_learn.h"

void ol_view_reply_init(ol_view_reply *self, ol_request *request)
{
    self->request = request;
    self->notes_stages = true;
    ol_replay_init(&self->replay_);
}

/* ---- the end of a pipeline ---- */

static void close_pipeline(ol_view_reply *self)
{
    if (self->pipeline_)
        ol_pipeline_close(self->pipeline_);
    self->pipeline_ = NULL;
}

/* ---- what went out, once more ---- */

static void on_recalled(void *arg, const ol_error *err)
{
    ol_view_reply *self = arg;
    if (err) {
        self->on_done(self, err);
        return;
    }
    close_pipeline(self);
    self->after_recall_(self);
}

static const ol_pipeline_ops recall_ops = {.on_done = on_recalled};

static int start_recall(ol_view_reply *self, ol_error *err)
{
    ol_request *request = self->request;
    self->read.length = self->replay_.bytes;
    int rc = ol_pipeline_new(&self->pipeline_, request->worker->loop, request->arena, &recall_ops,
                             self);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline_, &ol_view_read_stage_ops, &self->read, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline_, &ol_replay_recall_ops, &self->replay_, NULL);
    rc = rc == OL_OK ? ol_pipeline_start(self->pipeline_, err)
                     : ol_error_set(err, rc, "view pipeline");
    if (rc != OL_OK)
        self->pipeline_ = NULL; /* a pipeline that did not start is closed already */
    return rc;
}

/* Nothing is written of the failed pipeline's memory any more. */
static void leave_pipeline(ol_view_reply *self, void (*then)(ol_view_reply *reply))
{
    ol_error err = ol_error_none();
    close_pipeline(self);
    self->after_recall_ = then;
    if (!self->replay_.recallable || self->replay_.bytes == 0)
        then(self);
    else if (start_recall(self, &err) != OL_OK)
        self->on_done(self, &err);
}

static void on_drain(ol_request *request)
{
    ol_view_reply *self = request->drain_arg;
    void (*then)(ol_view_reply *) = self->after_drain_;
    request->on_drain = NULL;
    self->after_drain_ = NULL;
    leave_pipeline(self, then);
}

void ol_view_reply_clear(ol_view_reply *self, void (*then)(ol_view_reply *reply))
{
    ol_request *request = self->request;
    if (!request->write_waits) {
        leave_pipeline(self, then);
        return;
    }
    self->after_drain_ = then;
    request->drain_arg = self;
    request->on_drain = on_drain;
}

static void run_again(ol_view_reply *self)
{
    ol_error err = ol_error_none();
    ol_view_subject_drop_reads(self->subject);
    if (ol_view_reply_start(self, &err) != OL_OK)
        self->on_done(self, &err);
}

static void retry(ol_view_reply *self)
{
    ol_request *request = self->request;
    self->retried_ = true;
    request->line.retried = true;
    ol_metrics_add(request->worker->metrics, OL_COUNTER_transform_retries, 1);
    ol_view_reply_clear(self, run_again);
}

static bool may_retry(const ol_view_reply *self, const ol_error *err)
{
    return err && !self->retried_ && !self->request->gone && !self->read.entry &&
           ol_view_subject_may_retry(self->subject, err);
}

/* The run came to its end; or it gave more than an earlier one did, which is all there is to know. */
static bool has_learned(const ol_view_reply *self, const ol_error *err)
{
    if (!self->learns || self->read.entry || (err && err->code != OL_EDIVERGED))
        return false;
    return self->digest_.complete ||
           (!self->has_cut && self->plan.content_length >= 0 &&
            self->digest_.facts.head.content_length > self->plan.content_length);
}

static void on_done(void *arg, const ol_error *err)
{
    ol_view_reply *self = arg;
    if (may_retry(self, err)) {
        retry(self);
        return;
    }
    if (self->notes_stages)
        ol_request_note_stages(self->request, self->pipeline_);
    if (!self->read.entry && err)
        ol_metrics_add(self->request->worker->metrics, OL_COUNTER_transform_failures, 1);
    if (has_learned(self, err))
        ol_view_learn(self->subject, &self->digest_.facts);
    self->on_done(self, err);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

/* ---- building ---- */

/* The checksums at the end of the body; see answer.h. */
static int add_late_fields(void *arg, ol_headers *fields)
{
    const ol_view_reply *self = arg;
    return self->trailers && self->digest_.complete
               ? ol_view_checksums_add(fields, &self->digest_.facts)
               : OL_OK;
}

static int add_source(ol_view_reply *self, ol_error *err)
{
    ol_request *request = self->request;
    if (!self->read.entry)
        return ol_view_subject_pipeline(self->subject, self->has_piece ? &self->piece : NULL,
                                        &pipeline_ops, self, &self->pipeline_, err);
    int rc = ol_pipeline_new(&self->pipeline_, request->worker->loop, request->arena,
                             &pipeline_ops, self);
    return rc == OL_OK ? ol_pipeline_add(self->pipeline_, &ol_view_read_stage_ops, &self->read, NULL)
                       : rc;
}

/* Of whole bodies only: of a run, so that the memo learns; of an entry, for trailers. */
static bool needs_digest(const ol_view_reply *self)
{
    return self->trailers || (self->learns && !self->read.entry);
}

static int add(ol_view_reply *self, const ol_stage_ops *stage, const void *config)
{
    return ol_pipeline_add(self->pipeline_, stage, config, NULL);
}

static int build(ol_view_reply *self, ol_error *err)
{
    int rc = add_source(self, err);
    self->digest_ = (ol_view_digest){.arena = self->request->arena,
                                     .known = self->trailers ? NULL : self->known};
    if (rc == OL_OK && needs_digest(self))
        rc = add(self, &ol_view_digest_stage_ops, &self->digest_);
    if (rc == OL_OK && self->has_cut && !self->read.entry)
        rc = add(self, &ol_range_stage_ops, &self->cut);
    if (rc == OL_OK)
        rc = add(self, &ol_head_stage_ops, &self->plan);
    if (self->replay_.bytes == 0)
        self->replay_.recallable = self->read.entry && self->entry_is_whole;
    /* What cannot be lost needs no record of what was sent of it. */
    if (rc == OL_OK && !(self->read.entry && self->entry_is_safe))
        rc = add(self, &ol_replay_stage_ops, &self->replay_);
    if (rc == OL_OK && self->plan.view->compression)
        rc = add(self, &ol_compress_stage_ops, self->plan.view->compression);
    if (rc == OL_OK)
        rc = add(self, &ol_respond_stage_ops, self->request);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "view pipeline");
}

int ol_view_reply_start(ol_view_reply *self, ol_error *err)
{
    ol_answer *answer = &self->request->answer;
    answer->late_fields = add_late_fields;
    answer->late_arg = self;
    answer->late_names = self->trailers ? OL_VIEW_CHECKSUM_TRAILERS : NULL;
    int rc = build(self, err);
    if (rc == OL_OK)
        rc = ol_pipeline_start(self->pipeline_, err);
    if (rc != OL_OK)
        self->pipeline_ = NULL; /* a pipeline that did not start is closed already */
    return rc;
}

/* ---- the client left, or another source is wanted ---- */

bool ol_view_reply_abort(ol_view_reply *self, const ol_error *err)
{
    if (self->pipeline_ && !self->after_drain_) {
        ol_pipeline_abort(self->pipeline_, err);
        return false;
    }
    return true;
}

void ol_view_reply_close(ol_view_reply *self)
{
    if (self->after_drain_)
        self->request->on_drain = NULL;
    self->after_drain_ = NULL;
    close_pipeline(self);
}

bool ol_view_reply_has_begun(const ol_view_reply *self)
{
    /* What a compression holds back is neither answered nor held yet, and sent all the same. */
    return self->request->answered || self->request->answer.held.len > 0 ||
           self->replay_.bytes > 0;
}

bool ol_view_reply_can_go_on(const ol_view_reply *self)
{
    return !(self->read.entry && self->entry_is_safe) || !ol_view_reply_has_begun(self);
}
