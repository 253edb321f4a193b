/* SPDX-License-Identifier: MIT */
/*
 * UploadPartCopy: a part of an upload made of another object, or of a range of it. Answered as
 * CopyObject is.
 */
#include "front/copy_source.h"
#include "front/operations.h"
#include "front/parameters.h"
#include "s3/range.h"
#include "s3/xml_multipart.h"

#define RESULT_XML_BYTES_MAX (16 * OL_KIB)

typedef struct part_copy {
    ol_operation op;
    ol_copy_source source;
    uint32_t number;
    ol_slice upload_id;
    bool has_range;
    ol_byte_range range; /* of the source; all of it without has_range, once it is open */
    ol_put_result result;
} part_copy;

/* ---- the answer ---- */

static void reply(part_copy *self, const ol_put_result *result)
{
    ol_buf xml;
    ol_buf_init(&xml, RESULT_XML_BYTES_MAX);
    ol_headers *headers = ol_request_headers(self->op.request);
    int rc = headers ? ol_copy_source_headers(&self->source, headers) : OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_s3_xml_copy_part_result(&xml, result);
    ol_operation_reply_xml(&self->op, rc, headers, &xml);
}

static void on_copied(void *arg, const ol_error *err, const ol_put_result *result)
{
    part_copy *self = arg;
    if (ol_operation_lives(&self->op, err))
        reply(self, result);
}

static void on_piped(ol_operation *op)
{
    part_copy *self = (part_copy *)op;
    reply(self, &self->result);
}

/* ---- the copy itself ---- */

static int copy_there(ol_operation *op, ol_error *err)
{
    part_copy *self = (part_copy *)op;
    ol_request *request = op->request;
    ol_origin *origin = request->target.origin;
    const ol_copy_request ask = {
        .source = self->source.ref,
        .bucket = request->target.bucket,
        .key = request->address.key,
        .upload_id = self->upload_id,
        .part_number = self->number,
        .has_range = self->has_range,
        .range = self->range,
    };
    return origin->ops->copy(origin, request->worker->loop, &ask, on_copied, self, err);
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
        .result = &self->result,
    };
    const ol_stage_ops *body, *sink;
    const void *body_config, *config;
    int rc = origin->ops->upload_part(origin, &ask, request->arena, &sink, &config, err);
    if (rc == OL_OK)
        rc = op->object->origin->ops->body(op->object, self->range, request->arena, &body,
                                           &body_config);
    if (rc == OL_OK)
        rc = ol_operation_pipe(op, body, body_config, err);
    if (rc == OL_OK)
        rc = ol_operation_add(op, sink, config, err);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "copy pipeline");
}

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
        ol_copy_source_copy(&self->source, op, copy_there, copy_through, on_piped);
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
    ol_copy_source_open(&((part_copy *)op)->source, op, on_open);
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
