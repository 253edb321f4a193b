/* SPDX-License-Identifier: MIT */
/*
 * PutObject: the body through decoding and verification into the origin. Answered when the
 * origin says that it is durable.
 */
#include "front/keys/encryption.h"
#include "front/keys/key_permission.h"
#include "front/operations/new_object.h"
#include "front/operations/object_headers.h"
#include "front/operations/operations.h"
#include "front/operations/receive.h"

typedef struct put {
    ol_operation op;
    ol_upload_plan plan;
    ol_new_object made;
    ol_encryption encryption;
    ol_put_request ask;
    ol_put_result result;
} put;

static void reply(ol_operation *op)
{
    put *self = (put *)op;
    ol_headers *headers = ol_request_headers(op->request);
    if (headers && ol_object_headers_written(headers, &self->result, true) == OL_OK &&
        ol_encryption_add_written(headers, &self->result, &self->encryption.customer) == OL_OK)
        ol_request_reply_empty(op->request, 200, headers);
    else
        /* It is stored; the client must not be told otherwise, nor left waiting. */
        ol_http_abort(op->request->x);
    ol_operation_end(op);
}

static void upload(ol_operation *op)
{
    put *self = (put *)op;
    ol_request *request = op->request;
    ol_origin *origin = request->target.origin;
    const ol_stage_ops *sink;
    const void *config;
    ol_error err = {0};
    int rc = origin->ops->put(origin, &self->ask, request->arena, &sink, &config, &err);
    if (rc == OL_OK)
        ol_receive(op, &self->plan, sink, config, reply);
    else
        ol_operation_fail(op, &err);
}

static int plan(put *self, ol_error *err)
{
    ol_request *request = self->op.request;
    const ol_headers *headers = &request->http->headers;
    ol_s3_write_conditions conditions;
    int rc = ol_upload_plan_make(&self->plan, request->http, &request->auth,
                                 request->generation->config->limits.put_bytes_max, request->arena,
                                 err);
    if (rc == OL_OK)
        rc = ol_s3_conditions_write(headers, &conditions, err);
    if (rc == OL_OK)
        rc = ol_new_object_read(&self->made, &self->op, headers, true, err);
    if (rc == OL_OK)
        rc = ol_encryption_of_write(&self->encryption, request, headers, err);
    if (rc != OL_OK)
        return rc;
    ol_upload_plan_keep_checksum(&self->plan, true);
    self->ask = (ol_put_request){
        .bucket = request->target.bucket,
        .key = request->address.key,
        .headers = self->plan.store_headers.items,
        .header_count = self->plan.store_headers.count,
        .size = self->plan.content_length,
        .if_none_match_any = conditions.if_none_match_any,
        .if_none_match = conditions.if_none_match,
        .if_match = conditions.if_match,
        .tags = self->made.tags,
        .acl = self->made.acl,
        .checksum = &self->plan.checksum,
        .result = &self->result,
        .sse = &self->encryption.sse,
        .key_user = ol_key_user_of(request),
    };
    return OL_OK;
}

void ol_op_put_object(ol_request *request)
{
    ol_error err = {0};
    put *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    if (plan(self, &err) == OL_OK)
        ol_operation_permit(&self->op, upload);
    else
        ol_operation_fail(&self->op, &err);
}
