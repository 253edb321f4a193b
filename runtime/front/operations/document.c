/* SPDX-License-Identifier: MIT */
#include "front/operations/document.h"

#include "front/operations/receive.h"
#include "front/request/buffer_stage.h"

typedef struct document {
    ol_upload_plan plan;
    ol_buf body;
    ol_document_fn then;
} document;

static void free_body(void *arg)
{
    ol_buf_fini(arg);
}

static void on_read(ol_operation *op)
{
    document *self = op->step_;
    op->step_ = NULL;
    self->then(op, ol_buf_slice(&self->body));
}

static int plan(ol_operation *op, document *self, size_t bytes_max, const ol_headers *headers,
                ol_error *err)
{
    ol_request *request = op->request;
    ol_http_request http = *request->http;
    if (headers)
        http.headers = *headers;
    ol_buf_init(&self->body, bytes_max);
    int rc = ol_arena_on_end(request->arena, free_body, &self->body);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "document");
    return ol_upload_plan_make(&self->plan, &http, &request->auth, bytes_max, request->arena, err);
}

void ol_operation_document(ol_operation *op, size_t bytes_max, const ol_headers *headers,
                           ol_document_fn then)
{
    ol_error err = {0};
    document *self = ol_arena_calloc(op->request->arena, sizeof(*self));
    int rc = self ? plan(op, self, bytes_max, headers, &err)
                  : ol_error_set(&err, OL_ENOMEM, "document");
    if (rc != OL_OK) {
        ol_operation_fail(op, &err);
        return;
    }
    self->then = then;
    op->step_ = self;
    ol_receive(op, &self->plan, &ol_buffer_stage_ops, &self->body, on_read);
}

/* ---- for others ---- */

typedef struct reading {
    ol_operation op;
    ol_document_cb cb;
    void *operation; /* the caller's own, put back when the body is in */
} reading;

static void hand_over(ol_operation *op, ol_slice body)
{
    reading *self = (reading *)op;
    ol_request *request = ol_request_acquire(op->request);
    ol_operation_end(op);
    request->operation = self->operation;
    self->cb(request, body);
}

void ol_document_read(ol_request *request, ol_document_cb cb)
{
    void *operation = request->operation;
    reading *self = ol_operation_new(request, sizeof(*self));
    /* The operation's own reference takes the place of the caller's. */
    ol_request_release(request);
    if (!self)
        return;
    self->cb = cb;
    self->operation = operation;
    ol_operation_document(&self->op, OL_XML_BODY_BYTES_MAX, NULL, hand_over);
}
