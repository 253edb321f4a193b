/* SPDX-License-Identifier: MIT */
/*
 * CompleteMultipartUpload: the list of parts, and what must hold of the whole.
 */
#include "front/keys/encryption.h"
#include "front/keys/key_permission.h"
#include "front/operations/document.h"
#include "front/operations/late_answer.h"
#include "front/operations/object_headers.h"
#include "front/operations/operations.h"
#include "s3/documents/xml_multipart.h"
#include "s3/request/conditions.h"
#include "s3/upload/checksum.h"

#define RESULT_XML_BYTES_MAX (16 * OL_KIB)

typedef struct complete {
    ol_operation op;
    ol_customer_key customer;
    ol_headers body_headers; /* without those that speak of the object */
    ol_arena *list;          /* up to ten thousand parts do not fit the request's own arena */
    ol_complete_request ask;
} complete;

static void drop_list(void *arg)
{
    ol_arena_destroy(arg);
}

/* ---- the answer ---- */

/* The URL that the client used is the object's. */
static ol_slice location_of(const ol_request *request)
{
    const ol_http_request *http = request->http;
    return ol_slice_cstr(ol_arena_printf(request->arena, "%s://%.*s%.*s",
                                         http->tls ? "https" : "http", OL_SLICE_FMT(http->host),
                                         OL_SLICE_FMT(http->path)));
}

static int write_result(ol_buf *xml, ol_headers *headers, const ol_request *request,
                        const ol_put_result *result)
{
    ol_slice location = location_of(request);
    int rc = headers && location.data ? OL_OK : OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_object_headers_version(headers, result->version_id);
    if (rc == OL_OK)
        rc = ol_encryption_add_written(headers, result, NULL);
    if (rc == OL_OK)
        rc = ol_s3_xml_complete_result(xml, location, request->address.bucket,
                                       request->address.key, result);
    return rc;
}

static void on_completed(void *arg, const ol_error *err, const ol_put_result *result)
{
    complete *self = arg;
    ol_buf xml;
    if (!ol_operation_lives(&self->op, err))
        return;
    ol_buf_init(&xml, RESULT_XML_BYTES_MAX);
    ol_headers *headers = ol_request_headers(self->op.request);
    int rc = write_result(&xml, headers, self->op.request, result);
    ol_operation_reply_xml(&self->op, rc, headers, &xml);
}

/* ---- the list ---- */

static int read_list(complete *self, ol_slice body, ol_error *err)
{
    ol_s3_complete parsed;
    self->list = ol_arena_new(OL_XML_COMPLETE_ARENA_BYTES);
    if (!self->list)
        return ol_error_set(err, OL_ENOMEM, "a list of parts");
    if (ol_arena_on_end(self->op.request->arena, drop_list, self->list) != OL_OK) {
        ol_arena_destroy(self->list);
        return ol_error_set(err, OL_ENOMEM, "a list of parts");
    }
    int rc = ol_s3_xml_parse_complete(body, self->list, &parsed, err);
    if (rc != OL_OK)
        return rc;
    self->ask.parts = parsed.parts;
    self->ask.part_count = parsed.count;
    return OL_OK;
}

static void on_list(ol_operation *op, ol_slice body)
{
    complete *self = (complete *)op;
    ol_origin *origin = op->request->target.origin;
    ol_error err = {0};
    int rc = read_list(self, body, &err);
    if (rc == OL_OK)
        rc = ol_late_answer_watch(op, &err);
    if (rc == OL_OK)
        rc = origin->ops->upload_complete(origin, op->request->worker->loop, &self->ask,
                                          on_completed, self, &err);
    ol_operation_called(op, rc, &err);
}

/* ---- what the headers say of the object ---- */

/* A value that is none cannot be the right one: the origin compares. */
static int claim(complete *self, const ol_header *header, enum ol_checksum_kind kind, ol_error *err)
{
    ol_object_checksum *checksum = &self->ask.checksum;
    ol_slice text = ol_slice_trim(header->value);
    if (checksum->name[0])
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "Expecting a single x-amz-checksum- header. Multiple checksum Types "
                            "are not allowed.");
    snprintf(checksum->name, sizeof checksum->name, "%s", ol_checksum_name(kind));
    snprintf(checksum->text, sizeof checksum->text, "%.*s", OL_SLICE_FMT(text));
    checksum->composite = ol_slice_find(text, '-') >= 0;
    return OL_OK;
}

/* Checksums here are of the object; the body is only a list. */
static int split_headers(complete *self, ol_error *err)
{
    const ol_headers *headers = &self->op.request->http->headers;
    ol_headers_init(&self->body_headers, self->op.request->arena);
    for (size_t i = 0; i < headers->count; i++) {
        const ol_header *header = &headers->items[i];
        enum ol_checksum_kind kind;
        int rc = OL_OK;
        if (ol_slice_ieq(ol_slice_first(header->name, 15), OL_SLICE_LIT("x-amz-checksum-"))) {
            if (ol_checksum_of_header(header->name, &kind))
                rc = claim(self, header, kind, err);
        } else {
            rc = ol_headers_borrow(&self->body_headers, header->name, header->value);
        }
        if (rc != OL_OK)
            return ol_error_set(err, rc, "headers of a list of parts");
    }
    return OL_OK;
}

static int read_type(complete *self, const ol_headers *headers, ol_error *err)
{
    ol_slice type = ol_slice_trim(ol_headers_get(headers, "x-amz-checksum-type"));
    if (type.len == 0)
        return OL_OK;
    self->ask.checksum.composite = ol_slice_ieq(type, OL_SLICE_LIT("COMPOSITE"));
    if (self->ask.checksum.composite || ol_slice_ieq(type, OL_SLICE_LIT("FULL_OBJECT")))
        return OL_OK;
    return ol_error_say(err, OL_EINVALIDREQUEST,
                        "Value for x-amz-checksum-type header is invalid.");
}

static int read_size(complete *self, const ol_headers *headers, ol_error *err)
{
    static const char name[] = "x-amz-mp-object-size";
    uint64_t size;
    self->ask.size = -1;
    if (ol_headers_count_of(headers, name) == 0)
        return OL_OK;
    if (!ol_slice_u64(ol_slice_trim(ol_headers_get(headers, name)), &size) || size > INT64_MAX)
        return ol_error_say(err, OL_EINVALIDREQUEST, "Value for %s header is invalid.", name);
    self->ask.size = (int64_t)size;
    return OL_OK;
}

static int read_conditions(complete *self, const ol_headers *headers, ol_error *err)
{
    ol_s3_write_conditions conditions;
    int rc = ol_s3_conditions_write(headers, &conditions, err);
    self->ask.if_none_match_any = conditions.if_none_match_any;
    self->ask.if_none_match = conditions.if_none_match;
    self->ask.if_match = conditions.if_match;
    if (rc == OL_OK)
        rc = ol_operation_keep(&self->op, &self->ask.if_none_match, err);
    return rc == OL_OK ? ol_operation_keep(&self->op, &self->ask.if_match, err) : rc;
}

void ol_op_complete_multipart_upload(ol_request *request)
{
    ol_error err = {0};
    complete *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    const ol_headers *headers = &request->http->headers;
    self->ask.bucket = request->target.bucket;
    self->ask.key_user = ol_key_user_of(request);
    self->ask.key = request->address.key;
    self->ask.upload_id = ol_s3_param_get(&request->address, "uploadId");
    int rc = split_headers(self, &err);
    if (rc == OL_OK)
        rc = read_type(self, headers, &err);
    if (rc == OL_OK)
        rc = read_size(self, headers, &err);
    if (rc == OL_OK)
        rc = read_conditions(self, headers, &err);
    if (rc == OL_OK)
        rc = ol_encryption_of_part(&self->customer, request, &err);
    self->ask.customer_key = self->customer.key;
    if (rc == OL_OK)
        ol_operation_document(&self->op, OL_XML_COMPLETE_BYTES_MAX, &self->body_headers, on_list);
    else
        ol_operation_fail(&self->op, &err);
}
