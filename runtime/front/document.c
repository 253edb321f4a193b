/* SPDX-License-Identifier: MIT */
#include "front/document.h"

#include "front/body_stage.h"
#include "front/buffer_stage.h"
#include "s3/upload_stages.h"

typedef struct document {
    ol_request *request;
    ol_pipeline *pipeline;
    ol_upload_plan plan;
    ol_buf body;
    ol_document_cb cb;
    void *operation; /* the operation's own, put back when the body is in */
} document;

static void free_body(void *arg)
{
    ol_buf_fini(arg);
}

static void on_done(void *arg, const ol_error *err)
{
    document *self = arg;
    ol_request *request = self->request;
    request->on_gone = NULL;
    request->operation = self->operation;
    ol_pipeline_close(self->pipeline);
    if (!err && !request->gone) {
        self->cb(request, ol_buf_slice(&self->body));
        return;
    }
    if (err)
        ol_request_fail(request, err);
    ol_request_release(request);
}

static void on_gone(ol_request *request)
{
    document *self = request->operation;
    ol_pipeline_abort(self->pipeline, &request->error);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

static int build(document *self, ol_error *err)
{
    ol_request *request = self->request;
    ol_buf_init(&self->body, OL_XML_BODY_BYTES_MAX);
    int rc = ol_arena_on_end(request->arena, free_body, &self->body);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "document");
    rc = ol_upload_plan_make(&self->plan, request->http, &request->auth, OL_XML_BODY_BYTES_MAX,
                             request->arena, err);
    if (rc != OL_OK)
        return rc;
    rc = ol_pipeline_new(&self->pipeline, request->worker->loop, request->arena, &pipeline_ops,
                         self);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_body_stage_ops, request, NULL);
    if (rc == OL_OK)
        rc = ol_upload_plan_add(&self->plan, self->pipeline);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &ol_buffer_stage_ops, &self->body, NULL);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "document pipeline");
}

void ol_document_read(ol_request *request, ol_document_cb cb)
{
    ol_error err = {0};
    document *self = ol_arena_calloc(request->arena, sizeof(*self));
    int rc = self ? OL_OK : ol_error_set(&err, OL_ENOMEM, "document");
    if (rc == OL_OK) {
        self->request = request;
        self->cb = cb;
        self->operation = request->operation;
        rc = build(self, &err);
    }
    if (rc == OL_OK) {
        request->operation = self;
        request->on_gone = on_gone;
        rc = ol_pipeline_start(self->pipeline, &err);
        if (rc == OL_OK)
            return;
        request->on_gone = NULL;
    }
    ol_request_fail(request, &err);
    ol_request_release(request);
}
