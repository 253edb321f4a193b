/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "front/keys/encryption.h"
#include "front/keys/key_permission.h"
#include "front/operations/operation.h"
#include "front/operations/operations.h"
#include "front/operations/version_id.h"
#include "s3/documents/xml_attributes.h"

#define ATTRIBUTES_XML_BYTES_MAX (1 * OL_MIB)
#define TRIES_MAX 3u

typedef struct attributes {
    ol_operation op;
    ol_object_ref ref;
    ol_customer_key customer;
    ol_s3_attributes_page page;
    unsigned tries;
} attributes;

/* The version is told where the origin has any. */
static int add_headers(const attributes *self, ol_headers *headers)
{
    const ol_object_info *info = self->page.info;
    char date[OL_HTTP_DATE_SIZE];
    ol_clock_http_date(info->last_modified_ms, date);
    int rc = ol_headers_add(headers, OL_SLICE_LIT("Last-Modified"), ol_slice_cstr(date));
    for (size_t i = 0; rc == OL_OK && i < info->header_count; i++)
        if (ol_header_name_is(&info->headers[i], "x-amz-version-id"))
            rc = ol_headers_add(headers, info->headers[i].name, info->headers[i].value);
    return rc;
}

static void reply(attributes *self)
{
    ol_buf xml;
    ol_buf_init(&xml, ATTRIBUTES_XML_BYTES_MAX);
    ol_headers *headers = ol_request_headers(self->op.request);
    int rc = headers ? add_headers(self, headers) : OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_s3_xml_attributes(&xml, &self->page);
    ol_operation_reply_xml(&self->op, rc, headers, &xml);
}

static void open_object(ol_operation *op);

/* The object was replaced before its parts were read: they are another one's. */
static void begin_again(attributes *self)
{
    self->op.object->origin->ops->close_object(self->op.object);
    self->op.object = NULL;
    self->page.info = NULL;
    self->ref.if_match = OL_SLICE_NONE;
    self->tries++;
    open_object(&self->op);
}

static void on_parts(void *arg, const ol_error *err, ol_part_list *parts)
{
    attributes *self = arg;
    if (err && err->code == OL_EPRECONDITION && self->tries < TRIES_MAX &&
        !self->op.request->gone) {
        begin_again(self);
        return;
    }
    if (ol_operation_lives(&self->op, err)) {
        self->page.parts = parts;
        reply(self);
    }
    if (parts)
        ol_arena_destroy(parts->arena);
}

static void list_parts(attributes *self)
{
    ol_request *request = self->op.request;
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    int rc = origin->ops->parts_list(origin, request->worker->loop, &self->ref, OL_SLICE_NONE,
                                     self->page.part_marker, self->page.max_parts, on_parts, self,
                                     &err);
    ol_operation_called(&self->op, rc, &err);
}

static void on_open(void *arg, const ol_error *err, ol_object *object)
{
    attributes *self = arg;
    self->op.object = object;
    if (!ol_operation_lives(&self->op, err))
        return;
    self->page.info = object->origin->ops->info(object);
    self->ref.if_match = self->page.info->etag;
    if ((self->page.mask & OL_S3_ATTRIBUTE_OBJECT_PARTS) && self->page.info->part_count > 0)
        list_parts(self);
    else
        reply(self);
}

/* Pages of parts are asked for in headers here. */
static int read_count(const ol_headers *headers, const char *name, uint32_t *out, ol_error *err)
{
    uint64_t number;
    ol_slice text = ol_slice_trim(ol_headers_get(headers, name));
    if (text.len == 0)
        return OL_OK;
    if (!ol_slice_u64(text, &number) || number > INT32_MAX)
        return ol_error_say(err, OL_EINVAL,
                            "Argument %s must be an integer between 0 and 2147483647", name);
    *out = (uint32_t)number;
    return OL_OK;
}

static int read_ask(attributes *self, ol_error *err)
{
    ol_request *request = self->op.request;
    const ol_headers *headers = &request->http->headers;
    self->ref = (ol_object_ref){.bucket = request->target.bucket,
                                .key = request->address.key,
                                .open_for = OL_OPEN_FOR_INFO};
    self->page.max_parts = OL_LIST_KEYS_MAX;
    int rc = ol_version_id(request, &self->ref.version, err);
    if (rc == OL_OK)
        rc = ol_s3_attributes_asked(headers, &self->page.mask, err);
    if (rc == OL_OK)
        rc = read_count(headers, "x-amz-max-parts", &self->page.max_parts, err);
    if (rc == OL_OK)
        rc = read_count(headers, "x-amz-part-number-marker", &self->page.part_marker, err);
    if (self->page.max_parts > OL_LIST_KEYS_MAX)
        self->page.max_parts = OL_LIST_KEYS_MAX;
    return rc;
}

static void open_object(ol_operation *op)
{
    attributes *self = (attributes *)op;
    ol_origin *origin = op->request->target.origin;
    ol_object *object = NULL;
    ol_error err = {0};
    int rc = ol_encryption_of_read(&self->customer, op->request, &err);
    if (rc != OL_OK) {
        ol_operation_fail(op, &err);
        return;
    }
    self->ref.customer_key = self->customer.key;
    self->ref.key_user = ol_key_user_of(op->request);
    rc = origin->ops->open(origin, op->request->worker->loop, &self->ref, &object, on_open,
                               self, &err);
    if (rc == OL_OK)
        on_open(self, NULL, object);
    else
        ol_operation_called(op, rc, &err);
}

/* As on AWS: what an object is like is for those who may read it. */
void ol_op_get_object_attributes(ol_request *request)
{
    ol_error err = {0};
    attributes *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    if (read_ask(self, &err) != OL_OK) {
        ol_operation_fail(&self->op, &err);
        return;
    }
    ol_operation_need(&self->op, &(ol_authorize_ask){
        .action = self->ref.version.len > 0 ? "GetObjectVersion" : "GetObject",
        .key = self->ref.key,
        .version = self->ref.version,
    });
    ol_operation_permit(&self->op, open_object);
}
