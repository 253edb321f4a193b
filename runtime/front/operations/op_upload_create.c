/* SPDX-License-Identifier: MIT */
/*
 * CreateMultipartUpload: what the object will be is said here, once for all parts.
 */
#include "front/keys/encryption.h"
#include "front/keys/key_permission.h"
#include "front/operations/new_object.h"
#include "front/operations/operations.h"
#include "s3/documents/xml_multipart.h"
#include "s3/request/request_headers.h"
#include "s3/upload/checksum_parts.h"

#define RESULT_XML_BYTES_MAX (16 * OL_KIB)

typedef struct create {
    ol_operation op;
    ol_headers keep;
    ol_new_object made;
    ol_encryption encryption;
    ol_upload_request ask;
} create;

/* ---- which checksum the parts will bear ---- */

static int read_type(ol_upload_request *ask, enum ol_checksum_kind kind, ol_slice type,
                     ol_error *err)
{
    ask->checksum_composite = ol_checksum_is_composite_by_default(kind);
    if (type.len == 0)
        return OL_OK;
    ask->checksum_composite = ol_slice_ieq(type, OL_SLICE_LIT("COMPOSITE"));
    if (!ask->checksum_composite && !ol_slice_ieq(type, OL_SLICE_LIT("FULL_OBJECT")))
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "Value for x-amz-checksum-type header is invalid.");
    if (ol_checksum_may_be(kind, ask->checksum_composite))
        return OL_OK;
    return ol_error_say(err, OL_EINVALIDREQUEST,
                        "The %s checksum type cannot be used with the %s checksum algorithm.",
                        ask->checksum_composite ? "COMPOSITE" : "FULL_OBJECT",
                        ol_checksum_name(kind));
}

static int read_checksum(ol_upload_request *ask, const ol_headers *headers, ol_error *err)
{
    ol_slice name = ol_slice_trim(ol_headers_get(headers, "x-amz-checksum-algorithm"));
    ol_slice type = ol_slice_trim(ol_headers_get(headers, "x-amz-checksum-type"));
    enum ol_checksum_kind kind;
    if (name.len == 0 && type.len > 0)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "The x-amz-checksum-type header can only be used with the "
                            "x-amz-checksum-algorithm header.");
    if (name.len == 0)
        return OL_OK;
    if (!ol_checksum_of_name(name, &kind))
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "Checksum algorithm provided is unsupported. Please try again with any "
                            "of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
    ask->checksum_name = ol_slice_cstr(ol_checksum_name(kind));
    return read_type(ask, kind, type, err);
}

/* ---- the upload ---- */

static int add_checksum(const create *self, ol_headers *headers)
{
    ol_slice type = self->ask.checksum_composite ? OL_SLICE_LIT("COMPOSITE")
                                                 : OL_SLICE_LIT("FULL_OBJECT");
    if (self->ask.checksum_name.len == 0)
        return OL_OK;
    int rc = ol_headers_add(headers, OL_SLICE_LIT("x-amz-checksum-algorithm"),
                            self->ask.checksum_name);
    return rc == OL_OK ? ol_headers_add(headers, OL_SLICE_LIT("x-amz-checksum-type"), type) : rc;
}

static void on_created(void *arg, const ol_error *err, ol_slice upload_id)
{
    create *self = arg;
    const ol_s3_address *address = &self->op.request->address;
    ol_buf xml;
    if (!ol_operation_lives(&self->op, err))
        return;
    ol_buf_init(&xml, RESULT_XML_BYTES_MAX);
    ol_headers *headers = ol_request_headers(self->op.request);
    int rc = headers ? add_checksum(self, headers) : OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_encryption_add_asked(headers, &self->encryption);
    if (rc == OL_OK)
        rc = ol_s3_xml_initiate_result(&xml, address->bucket, address->key, upload_id);
    ol_operation_reply_xml(&self->op, rc, headers, &xml);
}

static void begin(ol_operation *op)
{
    create *self = (create *)op;
    ol_origin *origin = op->request->target.origin;
    ol_error err = {0};
    int rc = origin->ops->upload_create(origin, op->request->worker->loop, &self->ask, on_created,
                                        self, &err);
    ol_operation_called(op, rc, &err);
}

static int read_ask(create *self, ol_error *err)
{
    ol_request *request = self->op.request;
    const ol_headers *headers = &request->http->headers;
    ol_headers_init(&self->keep, request->arena);
    int rc = ol_s3_headers_keep(headers, &self->keep, err);
    if (rc == OL_OK)
        rc = ol_new_object_read(&self->made, &self->op, headers, true, err);
    if (rc == OL_OK)
        rc = ol_encryption_of_write(&self->encryption, request, headers, err);
    self->ask = (ol_upload_request){
        .bucket = request->target.bucket,
        .key = request->address.key,
        .headers = self->keep.items,
        .header_count = self->keep.count,
        .tags = self->made.tags,
        .acl = self->made.acl,
        .initiator = self->made.writer_id,
        .owner = self->made.owner_id,
        .sse = &self->encryption.sse,
        .key_user = ol_key_user_of(request),
    };
    return rc == OL_OK ? read_checksum(&self->ask, headers, err) : rc;
}

void ol_op_create_multipart_upload(ol_request *request)
{
    ol_error err = {0};
    create *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    if (read_ask(self, &err) == OL_OK)
        ol_operation_permit(&self->op, begin);
    else
        ol_operation_fail(&self->op, &err);
}
