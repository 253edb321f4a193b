/* SPDX-License-Identifier: MIT */
#include "front/operations/bucket_forward.h"

#include "front/operations/document.h"
#include "origin/s3/s3_origin.h"

#define ANSWER_BYTES_MAX (1 * OL_MIB)

typedef struct forward_operation {
    ol_operation op;
    const char *name;
    const char *method;
} forward_operation;

static void reply_body(forward_operation *self, int status, ol_slice body)
{
    ol_error err = {0};
    ol_buf text;
    ol_buf_init(&text, ANSWER_BYTES_MAX);
    int rc = ol_buf_add(&text, body);
    if (rc == OL_OK) {
        bool is_json = strcmp(self->name, "policy") == 0;
        ol_request_reply_document(self->op.request, status,
                                  is_json ? "application/json" : "application/xml", NULL, &text);
        ol_operation_end(&self->op);
    } else {
        ol_error_set(&err, rc, "the origin's answer");
        ol_operation_fail(&self->op, &err);
    }
    ol_buf_fini(&text);
}

static void on_answer(void *arg, const ol_error *err, int status, ol_slice body)
{
    forward_operation *self = arg;
    if (!ol_operation_lives(&self->op, err))
        return;
    if (body.len > 0) {
        reply_body(self, status, body);
        return;
    }
    ol_request_reply_empty(self->op.request, status, NULL);
    ol_operation_end(&self->op);
}

static void ask(ol_operation *op, ol_slice body)
{
    forward_operation *self = (forward_operation *)op;
    ol_request *request = op->request;
    ol_error err = {0};
    const ol_s3_subresource what = {.method = self->method,
                                    .bucket = request->target.bucket,
                                    .name = self->name,
                                    .body = body};
    int rc = ol_s3_origin_subresource(request->target.origin, request->worker->loop, &what,
                                      on_answer, self, &err);
    ol_operation_called(op, rc, &err);
}

bool ol_bucket_forward(ol_request *request, const char *name)
{
    const ol_target *target = &request->target;
    if (!target->rule->subresources_of_origin || !ol_origin_is_s3(target->origin))
        return false;
    forward_operation *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return true;
    self->name = name;
    self->method = request->http->method == OL_HTTP_PUT      ? "PUT"
                   : request->http->method == OL_HTTP_DELETE ? "DELETE"
                                                             : "GET";
    if (request->http->method == OL_HTTP_PUT)
        ol_operation_document(&self->op, OL_XML_BODY_BYTES_MAX, NULL, ask);
    else
        ask(&self->op, OL_SLICE_NONE);
    return true;
}
