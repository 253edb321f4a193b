/* SPDX-License-Identifier: MIT */
/*
 * GetObject and HeadObject through an Object Lambda access point.
 *
 * Happy path of a GET: open the original → view identity and conditions → run the chain, straight
 * into the response. HEAD and Range need the view's length: it is remembered, or a first run
 * measures it (source → chain → count); then HEAD is answered, or a second run is cut to the range.
 *
 * When a host dies for another request's sake, the body is run again once, from the same
 * pinned original; what the client already has is compared and skipped (pipeline/replay_stage.h).
 * Whatever else fails, fails closed: an error document before the first byte, a cut connection
 * after it.
 */
#include "front/head_stage.h"
#include "front/operations.h"
#include "front/respond_stage.h"
#include "front/view_chain.h"
#include "pipeline/count_stage.h"
#include "pipeline/range_stage.h"
#include "pipeline/replay_stage.h"
#include "s3/conditions.h"
#include "s3/range.h"

typedef struct view {
    ol_request *request;
    ol_object *object;
    const ol_object_info *original;
    ol_view_chain chain;
    ol_pipeline *pipeline;
    char etag[OL_VIEW_ETAG_SIZE];
    bool has_etag;
    bool measuring; /* this run counts, and answers nothing */
    bool measured;  /* `seen` holds the view's head, length included */
    bool retried;
    bool retry_waits; /* the failed run's last slice is still being written */
    uint64_t counted;
    ol_head seen;
    ol_count_config count;
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
    if (self->object)
        self->object->origin->ops->close_object(self->object);
    ol_view_chain_fini(&self->chain);
    ol_request_release(request);
}

static void fail(view *self, const ol_error *err)
{
    ol_metrics_add(self->request->worker->metrics, OL_COUNTER_transform_failures, 1);
    ol_request_fail(self->request, err);
    end(self);
}

static void on_gone(ol_request *request)
{
    view *self = request->operation;
    if (self->pipeline && !self->retry_waits)
        ol_pipeline_abort(self->pipeline, &request->error);
    else if (self->retry_waits)
        end(self);
}

/* ---- answers ---- */

static void reply_head(view *self, int status)
{
    ol_error err = {0};
    ol_head head = self->seen;
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
    uint64_t total = (uint64_t)self->seen.content_length;
    self->plan.content_length = self->seen.content_length;
    int rc = ol_s3_range_of(&self->request->http->headers, ol_slice_cstr(self->etag),
                            self->original->last_modified_ms, total, &range, err);
    if (rc == OL_SKIP)
        return OL_OK;
    if (rc == OL_ERANGE)
        ol_s3_content_range_unsatisfied(total, self->request->unsatisfied_range);
    if (rc != OL_OK)
        return rc;
    self->range = (ol_range_config){
        .start = range.start, .length = range.length, .total = (int64_t)total};
    self->plan.has_range = true;
    self->plan.range_start = range.start;
    self->plan.range_length = range.length;
    self->plan.total = total;
    self->plan.content_length = (int64_t)range.length;
    return OL_OK;
}

static void answer_measured(view *self)
{
    ol_error err = {0};
    int rc = self->has_etag ? read_range(self, &err) : OL_OK;
    if (rc != OL_OK)
        fail(self, &err);
    else if (self->request->head_only)
        reply_head(self, 0);
    else
        run(self);
}

/* ---- runs ---- */

static void on_measured(view *self)
{
    close_pipeline(self);
    self->measuring = false;
    self->measured = true;
    /* A view that depends on the request itself may have another length next time. */
    self->seen.content_length = self->has_etag ? (int64_t)self->counted : -1;
    if (self->has_etag)
        ol_view_memo_put(self->request->worker->shared->memo, self->etag, &self->seen);
    if (self->request->gone)
        end(self);
    else
        answer_measured(self);
}

static void retry(view *self)
{
    self->request->on_drain = NULL;
    self->retry_waits = false;
    close_pipeline(self);
    run(self);
}

static void on_drained_for_retry(ol_request *request)
{
    retry(request->operation);
}

static bool may_retry(const view *self, const ol_error *err)
{
    return err->code == OL_EHOSTLOST && self->chain.retryable && !self->retried &&
           !self->request->gone;
}

static void begin_retry(view *self)
{
    self->retried = true;
    self->request->line.retried = true;
    ol_metrics_add(self->request->worker->metrics, OL_COUNTER_transform_retries, 1);
    if (!self->request->write_waits) {
        retry(self);
        return;
    }
    /* The slice that is being written lies in the failed run's memory: let it go out first. */
    self->retry_waits = true;
    self->request->on_drain = on_drained_for_retry;
}

static void on_done(void *arg, const ol_error *err)
{
    view *self = arg;
    if (err && may_retry(self, err)) {
        begin_retry(self);
        return;
    }
    ol_request_note_stages(self->request, self->pipeline);
    if (err)
        fail(self, err);
    else if (self->measuring)
        on_measured(self);
    else
        end(self);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

static int add_measuring(view *self)
{
    self->count = (ol_count_config){.bytes = &self->counted, .head = &self->seen};
    return ol_pipeline_add(self->pipeline, &ol_count_stage_ops, &self->count, NULL);
}

static int add_answering(view *self)
{
    int rc = OL_OK;
    if (self->plan.has_range)
        rc = ol_pipeline_add(self->pipeline, &ol_range_stage_ops, &self->range, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_head_stage_ops, &self->plan, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_replay_stage_ops, &self->replay, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_respond_stage_ops, self->request, NULL);
    return rc;
}

static int build(view *self, ol_error *err)
{
    ol_request *request = self->request;
    const ol_stage_ops *body;
    const void *body_config;
    ol_byte_range whole = {0, self->original->size};
    int rc = self->object->origin->ops->body(self->object, whole, request->arena, &body,
                                             &body_config);
    if (rc == OL_OK)
        rc = ol_pipeline_new(&self->pipeline, request->worker->loop, request->arena, &pipeline_ops,
                             self);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, body, body_config, NULL);
    if (rc == OL_OK)
        rc = ol_view_chain_add(&self->chain, self->pipeline);
    if (rc == OL_OK)
        rc = self->measuring ? add_measuring(self) : add_answering(self);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "view pipeline");
}

static void run(view *self)
{
    ol_error err = {0};
    self->chain.retryable = false;
    ol_metrics_add(self->request->worker->metrics, OL_COUNTER_transform_runs, 1);
    int rc = build(self, &err);
    if (rc == OL_OK)
        rc = ol_pipeline_start(self->pipeline, &err);
    if (rc == OL_OK)
        return;
    self->pipeline = NULL; /* a pipeline that did not start is closed already */
    fail(self, &err);
}

/* ---- the original is open ---- */

static int identify(view *self, ol_error *err)
{
    ol_view_inputs inputs = {
        .original = self->original,
        .olap = self->request->olap,
        .programs = self->chain.programs,
        .who = self->request->who,
        .address = &self->request->address,
        .headers = &self->request->http->headers,
    };
    int rc = ol_view_etag(&self->request->worker->shared->view_key, &inputs, self->etag);
    if (rc < 0)
        return ol_error_set(err, OL_EINTERNAL, "view identity: %s", ol_code_name(rc));
    self->has_etag = rc == OL_OK;
    self->plan = (ol_head_plan){
        .request = self->request,
        .etag = self->has_etag ? self->etag : NULL,
        .drop_etag = !self->has_etag,
        .last_modified_ms = self->original->last_modified_ms,
        .content_length = -1,
    };
    return OL_OK;
}

/* A date says nothing of a changed script or payload: only the view's ETag may answer 304, and
 * what a client demands of a view without one cannot be promised. */
static int check_conditions(const view *self, ol_error *err)
{
    const ol_headers *headers = &self->request->http->headers;
    ol_slice etag = ol_slice_cstr(self->has_etag ? self->etag : NULL);
    ol_slice match = ol_headers_get(headers, "if-match");
    ol_slice none_match = ol_headers_get(headers, "if-none-match");
    if (match.data && !ol_s3_etag_listed(match, etag, false))
        return ol_error_set(err, OL_EPRECONDITION, NULL);
    if (none_match.data && self->has_etag && ol_s3_etag_listed(none_match, etag, true))
        return ol_error_set(err, OL_ENOTMODIFIED, NULL);
    return OL_OK;
}

static bool needs_length(const view *self)
{
    if (self->request->head_only)
        return true;
    return self->has_etag && ol_headers_get(&self->request->http->headers, "range").len > 0;
}

static void start(view *self)
{
    ol_request *request = self->request;
    if (!needs_length(self)) {
        run(self);
        return;
    }
    if (self->has_etag && ol_view_memo_get(request->worker->shared->memo, self->etag,
                                           request->arena, &self->seen)) {
        self->measured = true;
        answer_measured(self);
        return;
    }
    self->measuring = true;
    run(self);
}

static void on_open(void *arg, const ol_error *open_err, ol_object *object)
{
    view *self = arg;
    ol_error err = {0};
    if (open_err) {
        fail(self, open_err);
        return;
    }
    self->object = object;
    self->original = object->origin->ops->info(object);
    if (self->request->gone) {
        end(self);
        return;
    }
    int rc = identify(self, &err);
    if (rc == OL_OK)
        rc = check_conditions(self, &err);
    if (rc == OL_OK)
        rc = ol_view_chain_prepare(&self->chain, object, &err);
    if (rc == OL_ENOTMODIFIED) {
        ol_error_set(&self->request->error, rc, NULL);
        reply_head(self, 304);
    } else if (rc != OL_OK) {
        fail(self, &err);
    } else {
        start(self);
    }
}

static void note_transforms(ol_request *request)
{
    ol_buf names;
    ol_buf_init(&names, 4 * OL_KIB);
    for (size_t i = 0; i < request->olap->step_count; i++) {
        if (i > 0)
            ol_buf_add_byte(&names, ',');
        ol_buf_add(&names, request->olap->steps[i].transform);
    }
    request->line.transforms = ol_arena_copy(request->arena, ol_buf_slice(&names));
    ol_buf_fini(&names);
}

void ol_op_view_object(ol_request *request)
{
    ol_origin *origin = request->worker->shared->origin;
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
    note_transforms(request);
    ol_object *object = NULL;
    ol_object_ref ref = {.bucket = request->bucket, .key = request->address.key};
    int rc = ol_view_chain_init(&self->chain, request, &err);
    if (rc == OL_OK)
        rc = origin->ops->open(origin, request->worker->loop, &ref, &object, on_open, self, &err);
    if (rc == OL_OK)
        on_open(self, NULL, object);
    else if (rc < 0)
        fail(self, &err);
}
