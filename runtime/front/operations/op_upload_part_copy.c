/* SPDX-License-Identifier: MIT */
/*
 * UploadPartCopy: a part of an upload made of another object, or of a range of it. Answered as
 * CopyObject is.
 */
#include "front/keys/key_permission.h"
#include "front/operations/copy_source.h"
#include "front/operations/operations.h"
#include "front/operations/parameters.h"
#include "s3/documents/xml_multipart.h"
#include "s3/request/range.h"

typedef struct part_copy {
    ol_operation op;
    ol_copy_source source;
    ol_customer_key customer; /* of the part */
    ol_sse sse;               /* made of it */
    uint32_t number;
    ol_slice upload_id;
    bool has_range;
    ol_byte_range range; /* of the source; all of it without has_range, once it is open */
} part_copy;

/* ---- the copy itself ---- */

static void complete_ask(ol_operation *op, ol_copy_request *ask)
{
    const part_copy *self = (const part_copy *)op;
    /* A part has the upload's method; a key is all that it can say. */
    ask->sse = self->customer.key ? &self->sse : NULL;
    ask->upload_id = self->upload_id;
    ask->part_number = self->number;
    ask->has_range = self->has_range;
    ask->range = self->range;
}

static int copy_through(ol_operation *op, ol_error *err)
{
    part_copy *self = (part_copy *)op;
    ol_request *request = op->request;
    ol_origin *origin = request->target.origin;
    const ol_part_request ask = {
        .bucket = request->target.bucket,
        .key = request->address.key,
        .upload_id = self->upload_id,
        .number = self->number,
        .size = (int64_t)self->range.length,
        .result = &self->source.result,
        .customer_key = self->customer.key,
        .key_user = ol_key_user_of(op->request),
    };
    const ol_stage_ops *sink;
    const void *config;
    int rc = origin->ops->upload_part(origin, &ask, request->arena, &sink, &config, err);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "copy pipeline");
    return ol_copy_source_pipe(op, self->range, NULL, sink, config, err);
}

static int answer(ol_operation *op, const ol_put_result *result, ol_headers *headers, ol_buf *xml)
{
    const part_copy *self = (const part_copy *)op;
    int rc = ol_encryption_add_written(headers, result, &self->customer);
    return rc == OL_OK ? ol_s3_xml_copy_part_result(xml, result) : rc;
}

static const ol_copy_ops part_copy_ops = {
    .ask = complete_ask,
    .through = copy_through,
    .answer = answer,
};

static int settle_range(part_copy *self, ol_error *err)
{
    unsigned long long size = self->source.info->size;
    if (!self->has_range)
        self->range = (ol_byte_range){0, size};
    else if (self->range.length > size || self->range.start > size - self->range.length)
        return ol_error_say(err, OL_ERANGE,
                            "Range specified is not valid for source object of size: %llu", size);
    if (self->range.length <= OL_COPY_BYTES_MAX)
        return OL_OK;
    return ol_copy_source_too_large(err);
}

static void on_open(ol_operation *op)
{
    part_copy *self = (part_copy *)op;
    ol_error err = {0};
    if (settle_range(self, &err) == OL_OK)
        ol_copy_source_copy(&self->source, op, &part_copy_ops);
    else
        ol_operation_fail(op, &err);
}

/* ---- what is asked for ---- */

/* Stricter than Range: both ends, and nothing else. */
static int read_range(part_copy *self, ol_request *request, ol_error *err)
{
    static const char name[] = "x-amz-copy-source-range";
    const ol_header *header = ol_headers_find(&request->http->headers, ol_slice_cstr(name));
    ol_range_spec spec;
    if (!header)
        return OL_OK;
    ol_slice text = ol_slice_trim(header->value);
    self->has_range = ol_s3_range_spec(text, &spec) == OL_OK && !spec.suffix &&
                      spec.last != UINT64_MAX;
    if (self->has_range) {
        self->range = (ol_byte_range){spec.start, spec.last - spec.start + 1};
        return OL_OK;
    }
    ol_request_error_extra(request, "ArgumentName", ol_slice_cstr(name));
    ol_request_error_extra(request, "ArgumentValue", text);
    return ol_error_say(err, OL_EINVAL,
                        "The x-amz-copy-source-range value must be of the form bytes=first-last "
                        "where first and last are the zero-based offsets of the first and last "
                        "bytes to copy");
}

static void open_source(ol_operation *op)
{
    part_copy *self = (part_copy *)op;
    ol_error err = {0};
    if (ol_encryption_of_part(&self->customer, op->request, &err) != OL_OK) {
        ol_operation_fail(op, &err);
        return;
    }
    if (self->customer.key)
        self->sse = (ol_sse){.mode = OL_SSE_C,
                             .customer_key = self->customer.key,
                             .customer_md5 = ol_slice_cstr(self->customer.md5)};
    ol_copy_source_open(&self->source, op, on_open);
}

void ol_op_upload_part_copy(ol_request *request)
{
    ol_error err = {0};
    part_copy *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    self->upload_id = ol_s3_param_get(&request->address, "uploadId");
    int rc = ol_part_number(request, &self->number, &err);
    if (rc == OL_OK)
        rc = ol_copy_source_read(&self->source, &self->op, &err);
    if (rc == OL_OK)
        rc = read_range(self, request, &err);
    if (rc == OL_OK)
        ol_operation_permit(&self->op, open_source);
    else
        ol_operation_fail(&self->op, &err);
}
