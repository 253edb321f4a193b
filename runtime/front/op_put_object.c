/* SPDX-License-Identifier: MIT */
/*
 * PutObject: the body through decoding and verification into the origin. Answered when the
 * origin says that it is durable.
 */
#include "front/body_stage.h"
#include "front/operations.h"
#include "s3/conditions.h"
#include "s3/upload_stages.h"

typedef struct put {
    ol_request *request;
    ol_pipeline *pipeline;
    ol_upload_plan plan;
    ol_put_request origin_request;
    ol_put_result result;
} put;

static void reply(put *self)
{
    ol_request *request = self->request;
    ol_headers *headers = ol_request_headers(request);
    char quoted[80];
    int len = snprintf(quoted, sizeof(quoted), "\"%s\"", self->result.etag);
    if (!headers ||
        ol_headers_add(headers, OL_SLICE_LIT("ETag"), ol_slice_of(quoted, (size_t)len)) != OL_OK) {
        /* It is stored; the client must not be told otherwise, nor left waiting. */
        ol_http_abort(request->x);
        return;
    }
    ol_request_reply_empty(request, 200, headers);
}

static void on_done(void *arg, const ol_error *err)
{
    put *self = arg;
    ol_request *request = self->request;
    request->on_gone = NULL;
    ol_request_note_stages(request, self->pipeline);
    ol_pipeline_close(self->pipeline);
    if (err)
        ol_request_fail(request, err);
    else if (!request->gone)
        reply(self);
    ol_request_release(request);
}

static void on_gone(ol_request *request)
{
    put *self = request->operation;
    ol_pipeline_abort(self->pipeline, &request->error);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

static int build(put *self, ol_error *err)
{
    ol_request *request = self->request;
    const ol_limits *limits = &request->generation->config->limits;
    ol_origin *origin = request->worker->shared->origin;
    int rc = ol_upload_plan_make(&self->plan, request->http, &request->auth, limits->put_bytes_max,
                                 request->arena, err);
    if (rc == OL_OK)
        rc = ol_s3_conditions_write(&request->http->headers, &self->origin_request.if_none_match_any,
                                    &self->origin_request.if_match, err);
    if (rc != OL_OK)
        return rc;
    self->origin_request.bucket = request->bucket;
    self->origin_request.key = request->address.key;
    self->origin_request.headers = self->plan.store_headers.items;
    self->origin_request.header_count = self->plan.store_headers.count;
    self->origin_request.size = self->plan.content_length;
    self->origin_request.result = &self->result;

    const ol_stage_ops *sink;
    const void *sink_config;
    rc = origin->ops->put(origin, &self->origin_request, request->arena, &sink, &sink_config, err);
    if (rc != OL_OK)
        return rc;
    rc = ol_pipeline_new(&self->pipeline, request->worker->loop, request->arena, &pipeline_ops,
                         self);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_body_stage_ops, request, NULL);
    if (rc == OL_OK)
        rc = ol_upload_plan_add(&self->plan, self->pipeline);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, sink, sink_config, NULL);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "upload pipeline");
}

void ol_op_put_object(ol_request *request)
{
    ol_error err = {0};
    put *self = ol_arena_calloc(request->arena, sizeof(*self));
    if (!self) {
        ol_error_set(&err, OL_ENOMEM, "upload");
        ol_request_fail(request, &err);
        return;
    }
    self->request = request;
    int rc = build(self, &err);
    if (rc == OL_OK) {
        request->operation = self;
        request->on_gone = on_gone;
        ol_request_acquire(request);
        rc = ol_pipeline_start(self->pipeline, &err);
        if (rc != OL_OK) {
            request->on_gone = NULL;
            ol_request_fail(request, &err);
            ol_request_release(request);
        }
        return;
    }
    ol_request_fail(request, &err);
}
