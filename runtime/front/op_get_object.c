/* SPDX-License-Identifier: MIT */
/*
 * GetObject and HeadObject of an original, by its bucket or an access point.
 */
#include "front/head_stage.h"
#include "front/operations.h"
#include "front/respond_stage.h"
#include "s3/conditions.h"
#include "s3/range.h"

typedef struct get {
    ol_request *request;
    ol_object *object;
    const ol_object_info *info;
    ol_pipeline *pipeline;
    ol_head_plan plan;
} get;

static void end(get *self)
{
    ol_request *request = self->request;
    request->on_gone = NULL;
    if (self->pipeline)
        ol_pipeline_close(self->pipeline);
    if (self->object)
        self->object->origin->ops->close_object(self->object);
    ol_request_release(request);
}

static void fail(get *self, const ol_error *err)
{
    ol_request_fail(self->request, err);
    end(self);
}

static void on_done(void *arg, const ol_error *err)
{
    get *self = arg;
    ol_request_note_stages(self->request, self->pipeline);
    if (err)
        ol_request_fail(self->request, err);
    end(self);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

static void on_gone(ol_request *request)
{
    get *self = request->operation;
    if (self->pipeline)
        ol_pipeline_abort(self->pipeline, &request->error);
}

/* ---- HEAD and 304: a head without a body ---- */

static int build_head(const get *self, ol_head *head)
{
    char quoted[80];
    int len = snprintf(quoted, sizeof(quoted), "\"%.*s\"", OL_SLICE_FMT(self->info->etag));
    head->status = 200;
    ol_headers_init(&head->headers, self->request->arena);
    int rc = ol_headers_add(&head->headers, OL_SLICE_LIT("ETag"), ol_slice_of(quoted, (size_t)len));
    for (size_t i = 0; rc == OL_OK && i < self->info->header_count; i++)
        rc = ol_headers_add(&head->headers, self->info->headers[i].name,
                            self->info->headers[i].value);
    return rc == OL_OK ? ol_head_plan_apply(&self->plan, head) : rc;
}

static void reply_head(get *self, int status)
{
    ol_error err = {0};
    ol_head head = {0};
    int rc = build_head(self, &head);
    if (rc != OL_OK) {
        ol_error_set(&err, rc, "response head");
        fail(self, &err);
        return;
    }
    ol_request_reply_head(self->request, status ? status : head.status, &head);
    end(self);
}

/* ---- GET ---- */

static int build(get *self, ol_byte_range range, ol_error *err)
{
    ol_request *request = self->request;
    const ol_stage_ops *body;
    const void *body_config;
    int rc = self->object->origin->ops->body(self->object, range, request->arena, &body,
                                             &body_config);
    if (rc == OL_OK)
        rc = ol_pipeline_new(&self->pipeline, request->worker->loop, request->arena, &pipeline_ops,
                             self);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, body, body_config, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_head_stage_ops, &self->plan, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_respond_stage_ops, request, NULL);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "download pipeline");
}

static void serve(get *self)
{
    ol_error err = {0};
    ol_byte_range range = {0, self->info->size};
    if (self->plan.has_range)
        range = (ol_byte_range){self->plan.range_start, self->plan.range_length};
    int rc = build(self, range, &err);
    if (rc == OL_OK)
        rc = ol_pipeline_start(self->pipeline, &err);
    if (rc != OL_OK) {
        self->pipeline = NULL;
        fail(self, &err);
    }
}

/* ---- the object is open ---- */

static int plan_answer(get *self, ol_error *err)
{
    const ol_headers *headers = &self->request->http->headers;
    const ol_object_info *info = self->info;
    self->plan = (ol_head_plan){
        .request = self->request,
        .last_modified_ms = info->last_modified_ms,
        .content_length = (int64_t)info->size,
        .total = info->size,
    };
    int rc = ol_s3_conditions_read(headers, info->etag, info->last_modified_ms, err);
    if (rc != OL_OK)
        return rc;
    ol_byte_range range;
    rc = ol_s3_range_of(headers, info->etag, info->last_modified_ms, info->size, &range, err);
    if (rc == OL_SKIP)
        return OL_OK;
    if (rc == OL_ERANGE)
        ol_s3_content_range_unsatisfied(info->size, self->request->unsatisfied_range);
    if (rc != OL_OK)
        return rc;
    self->plan.has_range = true;
    self->plan.range_start = range.start;
    self->plan.range_length = range.length;
    self->plan.content_length = (int64_t)range.length;
    return OL_OK;
}

static void on_open(void *arg, const ol_error *open_err, ol_object *object)
{
    get *self = arg;
    ol_error err = {0};
    if (open_err) {
        fail(self, open_err);
        return;
    }
    self->object = object;
    self->info = object->origin->ops->info(object);
    if (self->request->gone) {
        end(self);
        return;
    }
    int rc = plan_answer(self, &err);
    if (rc == OL_ENOTMODIFIED) {
        ol_error_set(&self->request->error, rc, NULL);
        reply_head(self, 304);
    } else if (rc != OL_OK) {
        fail(self, &err);
    } else if (self->request->head_only) {
        reply_head(self, 0);
    } else {
        serve(self);
    }
}

void ol_op_get_object(ol_request *request)
{
    ol_origin *origin = request->worker->shared->origin;
    ol_error err = {0};
    get *self = ol_arena_calloc(request->arena, sizeof(*self));
    if (!self) {
        ol_error_set(&err, OL_ENOMEM, "download");
        ol_request_fail(request, &err);
        return;
    }
    self->request = ol_request_acquire(request);
    request->operation = self;
    request->on_gone = on_gone;
    ol_object_ref ref = {.bucket = request->bucket, .key = request->address.key};
    ol_object *object = NULL;
    int rc = origin->ops->open(origin, request->worker->loop, &ref, &object, on_open, self, &err);
    if (rc == OL_OK)
        on_open(self, NULL, object);
    else if (rc < 0)
        fail(self, &err);
}
