/* SPDX-License-Identifier: MIT */
/*
 * UploadPart: as PutObject, into an upload.
 */
#include "front/keys/encryption.h"
#include "front/keys/key_permission.h"
#include "front/operations/object_headers.h"
#include "front/operations/operations.h"
#include "front/operations/parameters.h"
#include "front/operations/receive.h"

typedef struct part {
    ol_operation op;
    ol_upload_plan plan;
    ol_part_request ask;
    ol_put_result result;
    ol_customer_key customer;
} part;

static void reply(ol_operation *op)
{
    part *self = (part *)op;
    ol_headers *headers = ol_request_headers(op->request);
    self->result.version_id[0] = '\0';
    if (headers && ol_object_headers_written(headers, &self->result, false) == OL_OK &&
        ol_encryption_add_written(headers, &self->result, &self->customer) == OL_OK)
        ol_request_reply_empty(op->request, 200, headers);
    else
        ol_http_abort(op->request->x);
    ol_operation_end(op);
}

static int read_ask(part *self, ol_error *err)
{
    ol_request *request = self->op.request;
    int rc = ol_part_number(request, &self->ask.number, err);
    if (rc == OL_OK)
        rc = ol_upload_plan_make(&self->plan, request->http, &request->auth,
                                 request->generation->config->limits.put_bytes_max, request->arena,
                                 err);
    if (rc == OL_OK)
        rc = ol_encryption_of_part(&self->customer, request, err);
    if (rc != OL_OK)
        return rc;
    ol_upload_plan_keep_checksum(&self->plan, false);
    self->ask.bucket = request->target.bucket;
    self->ask.key = request->address.key;
    self->ask.upload_id = ol_s3_param_get(&request->address, "uploadId");
    self->ask.size = self->plan.content_length;
    self->ask.checksum = &self->plan.checksum;
    self->ask.result = &self->result;
    self->ask.customer_key = self->customer.key;
    self->ask.key_user = ol_key_user_of(self->op.request);
    return OL_OK;
}

void ol_op_upload_part(ol_request *request)
{
    ol_origin *origin = request->target.origin;
    const ol_stage_ops *sink;
    const void *config;
    ol_error err = {0};
    part *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    int rc = read_ask(self, &err);
    if (rc == OL_OK)
        rc = origin->ops->upload_part(origin, &self->ask, request->arena, &sink, &config, &err);
    if (rc == OL_OK)
        ol_receive(&self->op, &self->plan, sink, config, reply);
    else
        ol_operation_fail(&self->op, &err);
}
