/* SPDX-License-Identifier: MIT */
/*
 * DeleteObjects: read the document, then delete key after key. A key that the caller may not
 * delete is reported as denied, the others go on.
 */
#include "front/authorize.h"
#include "front/body_stage.h"
#include "front/buffer_stage.h"
#include "front/operations.h"
#include "s3/upload_stages.h"
#include "s3/xml.h"

#define RESULT_XML_BYTES_MAX (8 * OL_MIB)

typedef struct batch {
    ol_request *request;
    ol_pipeline *pipeline;
    ol_upload_plan plan;
    ol_buf body;
    ol_arena *keys; /* up to a thousand keys do not fit the request's own arena */
    ol_s3_delete_request asked;
    ol_s3_delete_outcome *outcomes;
    size_t next;
    bool inside; /* remove_next is on the stack: completions that come at once only count */
} batch;

static void end_batch(void *arg)
{
    batch *self = arg;
    ol_buf_fini(&self->body);
    ol_arena_destroy(self->keys);
}

static void reply(batch *self)
{
    ol_request *request = self->request;
    ol_buf xml;
    ol_buf_init(&xml, RESULT_XML_BYTES_MAX);
    ol_error err = {0};
    int rc = ol_s3_xml_delete_result(&xml, self->outcomes, self->asked.count, self->asked.quiet);
    if (rc == OL_OK)
        ol_request_reply_xml(request, 200, &xml);
    else if (ol_error_set(&err, rc, "the batch's result"))
        ol_request_fail(request, &err);
    ol_buf_fini(&xml);
    ol_request_release(request);
}

static void note(batch *self, const ol_error *err)
{
    ol_s3_delete_outcome *outcome = &self->outcomes[self->next++];
    outcome->key = self->asked.keys[self->next - 1];
    if (!err)
        return;
    ol_error *copy = ol_arena_alloc(self->keys, sizeof(*copy));
    static const ol_error no_memory = {
        .code = OL_ENOMEM, .status = 503, .s3_code = "SlowDown", .message = "Out of memory."};
    if (copy)
        *copy = *err;
    outcome->err = copy ? copy : &no_memory;
}

static void remove_next(batch *self);

static void on_removed(void *arg, const ol_error *err)
{
    batch *self = arg;
    note(self, err);
    if (!self->inside)
        remove_next(self);
}

static int remove_one(batch *self, ol_slice key, ol_error *err)
{
    ol_request *request = self->request;
    ol_origin *origin = request->worker->shared->origin;
    int rc = ol_authorize(request,
                          &(ol_authorize_ask){.action = "DeleteObject",
                                              .lambda_action = "DeleteObject",
                                              .key = key,
                                              .delegated = true},
                          err);
    if (rc != OL_OK)
        return rc;
    return origin->ops->remove(origin, request->worker->loop, request->bucket, key, on_removed,
                               self, err);
}

static void remove_next(batch *self)
{
    self->inside = true;
    while (self->next < self->asked.count && !self->request->gone) {
        ol_error err = {0};
        int rc = remove_one(self, self->asked.keys[self->next], &err);
        if (rc == OL_WAIT) {
            self->inside = false;
            return;
        }
        note(self, rc == OL_OK ? NULL : &err);
    }
    self->inside = false;
    if (self->request->gone)
        ol_request_release(self->request);
    else
        reply(self);
}

static int parse(batch *self, ol_error *err)
{
    self->keys = ol_arena_new(RESULT_XML_BYTES_MAX * 2);
    if (!self->keys)
        return ol_error_set(err, OL_ENOMEM, "batch");
    int rc = ol_s3_xml_parse_delete(ol_buf_slice(&self->body), self->keys, &self->asked, err);
    if (rc != OL_OK)
        return rc;
    self->outcomes = ol_arena_calloc(self->keys, (self->asked.count + 1) * sizeof(*self->outcomes));
    return self->outcomes ? OL_OK : ol_error_set(err, OL_ENOMEM, "batch");
}

static void on_body(void *arg, const ol_error *err)
{
    batch *self = arg;
    ol_request *request = self->request;
    ol_error failure = {0};
    request->on_gone = NULL;
    ol_pipeline_close(self->pipeline);
    if (err)
        failure = *err;
    else
        parse(self, &failure);
    if (failure.code == OL_OK) {
        remove_next(self);
        return;
    }
    ol_request_fail(request, &failure);
    ol_request_release(request);
}

static void on_gone(ol_request *request)
{
    batch *self = request->operation;
    ol_pipeline_abort(self->pipeline, &request->error);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_body};

static int build(batch *self, ol_error *err)
{
    ol_request *request = self->request;
    ol_buf_init(&self->body, OL_XML_BODY_BYTES_MAX);
    int rc = ol_arena_on_end(request->arena, end_batch, self);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "batch");
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
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "batch pipeline");
}

void ol_op_delete_objects(ol_request *request)
{
    ol_error err = {0};
    batch *self = ol_arena_calloc(request->arena, sizeof(*self));
    int rc = self ? OL_OK : ol_error_set(&err, OL_ENOMEM, "batch");
    if (rc == OL_OK) {
        self->request = request;
        rc = build(self, &err);
    }
    if (rc == OL_OK) {
        request->operation = self;
        request->on_gone = on_gone;
        ol_request_acquire(request);
        rc = ol_pipeline_start(self->pipeline, &err);
        if (rc == OL_OK)
            return;
        request->on_gone = NULL;
        ol_request_release(request);
    }
    ol_request_fail(request, &err);
}
