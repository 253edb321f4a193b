/* SPDX-License-Identifier: MIT */
/*
 * GetObject and HeadObject through an Object Lambda access point.
 *
 * Happy path of a GET: open the original, derive the view's identity, answer conditions, run the
 * chain straight into the response. HEAD and Range need the view's length first (view_measure);
 * then HEAD is answered, or the run is cut to the range.
 *
 * When a host dies for another request's sake, the body is run again once, from the same
 * pinned original; what the client already has is compared and skipped (pipeline/replay_stage.h).
 * Whatever else fails, fails closed: an error document before the first byte, a cut connection
 * after it.
 */
#include "front/head_stage.h"
#include "front/operations.h"
#include "front/respond_stage.h"
#include "front/view_measure.h"
#include "pipeline/range_stage.h"
#include "pipeline/replay_stage.h"
#include "s3/conditions.h"
#include "s3/range.h"

/* The date of a view for conditions: later than any that a client may name, and never equal. */
#define NEVER_BEFORE_MS (INT64_MAX / 2)

typedef struct view {
    ol_request *request;
    ol_view_subject subject;
    ol_view_measure measure;
    ol_pipeline *pipeline; /* the answering run */
    bool retried;
    bool retry_waits; /* the failed run's last slice is still being written */
    ol_range_config range;
    ol_replay replay;
    ol_head_plan plan;
} view;

static void run(view *self);

/* ---- the end ---- */

static void close_pipeline(view *self)
{
    if (self->pipeline)
        ol_pipeline_close(self->pipeline);
    self->pipeline = NULL;
}

static void end(view *self)
{
    ol_request *request = self->request;
    request->on_gone = NULL;
    request->on_drain = NULL;
    close_pipeline(self);
    ol_view_subject_fini(&self->subject);
    ol_request_release(request);
}

/* The connection is cut before the pipeline is closed: what it is still writing lies in the
 * pipeline's memory. */
static void fail(view *self, const ol_error *err)
{
    ol_metrics_add(self->request->worker->metrics, OL_COUNTER_transform_failures, 1);
    ol_request_fail(self->request, err);
    end(self);
}

static void on_gone(ol_request *request)
{
    view *self = request->operation;
    if (self->retry_waits)
        end(self);
    else if (self->pipeline)
        ol_pipeline_abort(self->pipeline, &request->error);
    else
        ol_view_measure_abort(&self->measure, &request->error);
}

/* ---- the answering run ---- */

static void retry(ol_request *request)
{
    view *self = request->operation;
    request->on_drain = NULL;
    self->retry_waits = false;
    close_pipeline(self);
    ol_view_subject_drop_reads(&self->subject);
    run(self);
}

static void begin_retry(view *self)
{
    ol_request *request = self->request;
    self->retried = true;
    request->line.retried = true;
    ol_metrics_add(request->worker->metrics, OL_COUNTER_transform_retries, 1);
    if (!request->write_waits) {
        retry(request);
        return;
    }
    /* The slice that is being written lies in the failed run's memory: let it go out first. */
    self->retry_waits = true;
    request->on_drain = retry;
}

static void on_done(void *arg, const ol_error *err)
{
    view *self = arg;
    if (err && !self->retried && ol_view_subject_may_retry(&self->subject, err)) {
        begin_retry(self);
        return;
    }
    ol_request_note_stages(self->request, self->pipeline);
    if (err)
        fail(self, err);
    else
        end(self);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

static int build(view *self, ol_error *err)
{
    int rc = ol_view_subject_pipeline(&self->subject, &pipeline_ops, self, &self->pipeline, err);
    if (rc == OL_OK && self->plan.has_range)
        rc = ol_pipeline_add(self->pipeline, &ol_range_stage_ops, &self->range, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_head_stage_ops, &self->plan, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_replay_stage_ops, &self->replay, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_respond_stage_ops, self->request, NULL);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "view pipeline");
}

static void run(view *self)
{
    ol_error err = {0};
    int rc = build(self, &err);
    if (rc == OL_OK)
        rc = ol_pipeline_start(self->pipeline, &err);
    if (rc == OL_OK)
        return;
    self->pipeline = NULL; /* a pipeline that did not start is closed already */
    fail(self, &err);
}

/* ---- HEAD, 304 and ranges ---- */

static void reply_head(view *self, int status)
{
    ol_error err = {0};
    ol_head head = self->measure.head;
    if (status == 304) {
        head = (ol_head){.status = 304};
        ol_headers_init(&head.headers, self->request->arena);
    }
    int rc = ol_head_plan_apply(&self->plan, &head);
    if (rc != OL_OK) {
        ol_error_set(&err, rc, "response head");
        fail(self, &err);
        return;
    }
    ol_request_reply_head(self->request, status ? status : head.status, &head);
    end(self);
}

/* The length is known: is a part of it asked for? */
static int read_range(view *self, ol_error *err)
{
    ol_byte_range range;
    int64_t length = self->measure.head.content_length;
    self->plan.content_length = length;
    if (length < 0)
        return OL_OK;
    int rc = ol_s3_range_of(&self->request->http->headers, ol_slice_cstr(self->subject.etag),
                            NEVER_BEFORE_MS, (uint64_t)length, &range, err);
    if (rc == OL_SKIP)
        return OL_OK;
    if (rc == OL_ERANGE)
        ol_s3_content_range_unsatisfied((uint64_t)length, self->request->unsatisfied_range);
    if (rc != OL_OK)
        return rc;
    self->range = (ol_range_config){
        .start = range.start, .length = range.length, .total = length};
    self->plan.has_range = true;
    self->plan.range_start = range.start;
    self->plan.range_length = range.length;
    self->plan.total = (uint64_t)length;
    self->plan.content_length = (int64_t)range.length;
    return OL_OK;
}

static void on_measured(void *arg, const ol_error *measure_err)
{
    view *self = arg;
    ol_error err = {0};
    if (measure_err) {
        fail(self, measure_err);
        return;
    }
    if (self->request->gone)
        end(self);
    else if (read_range(self, &err) != OL_OK)
        fail(self, &err);
    else if (self->request->head_only)
        reply_head(self, 0);
    else
        run(self);
}

/* ---- the subject is open ---- */

static void make_plan(view *self)
{
    const ol_view_subject *subject = &self->subject;
    self->plan = (ol_head_plan){
        .request = self->request,
        .etag = subject->has_etag ? subject->etag : NULL,
        .drop_etag = !subject->has_etag,
        .last_modified_ms = subject->original->last_modified_ms,
        .content_length = -1,
    };
}

/* A date says nothing of a changed script or payload: only the view's ETag may answer 304, and a
 * demand by date (If-Unmodified-Since) cannot be promised. */
static int check_conditions(const view *self, ol_error *err)
{
    ol_slice etag = ol_slice_cstr(self->subject.has_etag ? self->subject.etag : NULL);
    return ol_s3_conditions_read(&self->request->http->headers, etag, NEVER_BEFORE_MS, err);
}

/* Some clients cannot read an answer without a length (s3cmd): say it where it is known. The head
 * stage cuts a run that does not keep it. */
static void take_known_length(view *self)
{
    ol_request *request = self->request;
    ol_head known = {0};
    if (self->subject.has_etag &&
        ol_view_memo_get(request->worker->shared->memo, self->subject.etag, request->arena, &known) &&
        known.status == 200)
        self->plan.content_length = known.content_length;
}

static bool needs_length(const view *self)
{
    if (self->request->head_only)
        return true;
    return self->subject.has_etag &&
           ol_headers_get(&self->request->http->headers, "range").len > 0;
}

static void on_open(void *arg, const ol_error *open_err)
{
    view *self = arg;
    ol_error err = {0};
    if (open_err) {
        fail(self, open_err);
        return;
    }
    make_plan(self);
    int rc = check_conditions(self, &err);
    if (rc == OL_ENOTMODIFIED) {
        ol_error_set(&self->request->error, rc, NULL);
        reply_head(self, 304);
    } else if (rc != OL_OK) {
        fail(self, &err);
    } else if (needs_length(self)) {
        ol_view_measure_start(&self->measure, &self->subject, on_measured, self);
    } else {
        take_known_length(self);
        run(self);
    }
}

void ol_op_view_object(ol_request *request)
{
    ol_error err = {0};
    view *self = ol_arena_calloc(request->arena, sizeof(*self));
    if (!self) {
        ol_error_set(&err, OL_ENOMEM, "view");
        ol_request_fail(request, &err);
        return;
    }
    self->request = ol_request_acquire(request);
    request->operation = self;
    request->on_gone = on_gone;
    ol_replay_init(&self->replay);
    ol_view_subject_open(&self->subject, request, request->view, request->arena, &request->address,
                         on_open, self);
}
