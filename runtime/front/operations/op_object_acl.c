/* SPDX-License-Identifier: MIT */
/*
 * GetObjectAcl and PutObjectAcl. An object without a list of its own is its bucket owner's
 * alone; where Object Ownership is enforced, every object is.
 */
#include "front/operations/document.h"
#include "front/operations/new_object.h"
#include "front/operations/operations.h"
#include "front/operations/people.h"
#include "front/operations/version_id.h"

#define ACL_XML_BYTES_MAX (256 * OL_KIB)

typedef struct acl_operation {
    ol_operation op;
    ol_object_ref ref;
    ol_acl kept; /* that the object has now */
    ol_slice body;
} acl_operation;

static bool is_enforced(const ol_request *request)
{
    return request->target.rule->ownership == OL_OWNERSHIP_BUCKET_OWNER_ENFORCED;
}

/* The list that the object has, whoever asks next. */
static void fetch(ol_request *request, ol_text_cb cb, acl_operation *self)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    self->ref.bucket = request->target.bucket;
    self->ref.key = request->address.key;
    int rc = ol_version_id(request, &self->ref.version, &err);
    if (rc == OL_OK)
        rc = origin->ops->attribute_get(origin, request->worker->loop, &self->ref,
                                        OL_ATTRIBUTE_ACL, cb, self, &err);
    ol_operation_called(&self->op, rc, &err);
}

static int read_kept(acl_operation *self, ol_slice text, ol_error *err)
{
    ol_request *request = self->op.request;
    if (is_enforced(request))
        text = OL_SLICE_NONE;
    int rc = ol_operation_keep(&self->op, &text, err);
    if (rc != OL_OK)
        return rc;
    return ol_acl_read_text(text, ol_bucket_owner_id(request), request->arena, &self->kept, err);
}

/* ---- reading ---- */

static void on_text(void *arg, const ol_error *get_err, ol_slice text)
{
    acl_operation *self = arg;
    ol_error err = {0};
    ol_buf xml;
    if (!ol_operation_lives(&self->op, get_err))
        return;
    if (read_kept(self, text, &err) != OL_OK) {
        ol_operation_fail(&self->op, &err);
        return;
    }
    ol_people people = ol_people_of(self->op.request);
    ol_buf_init(&xml, ACL_XML_BYTES_MAX);
    int rc = ol_acl_write_xml(&xml, &self->kept, &people);
    ol_operation_reply_xml(&self->op, rc, NULL, &xml);
}

void ol_op_get_object_acl(ol_request *request)
{
    acl_operation *self = ol_operation_new(request, sizeof(*self));
    if (self)
        fetch(request, on_text, self);
}

/* ---- changing ---- */

static void on_set(void *arg, const ol_error *err)
{
    acl_operation *self = arg;
    if (!ol_operation_lives(&self->op, err))
        return;
    ol_request_reply_empty(self->op.request, 200, NULL);
    ol_operation_end(&self->op);
}

/* From the headers, or else the document; one of them must say something. */
static int read_new(acl_operation *self, ol_acl *acl, ol_error *err)
{
    ol_request *request = self->op.request;
    const ol_headers *headers = &request->http->headers;
    ol_people people = ol_people_of(request);
    const ol_acl_context context = {
        .owner_id = self->kept.owner_id,
        .bucket_owner_id = ol_bucket_owner_id(request),
        .people = &people,
        .arena = request->arena,
    };
    bool asked;
    bool in_headers = ol_acl_in_headers(headers);
    if (in_headers && self->body.len > 0)
        return ol_error_set(err, OL_EINVALIDREQUEST, "a list in the headers and in the body");
    if (!in_headers && self->body.len == 0)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "Your request was missing a required header: x-amz-acl");
    int rc = in_headers ? ol_acl_from_headers(headers, &context, &asked, acl, err)
                        : ol_acl_parse_xml(self->body, &context, acl, err);
    return rc == OL_OK ? ol_new_object_check_acl(request, acl, err) : rc;
}

static int set(acl_operation *self, ol_error *err)
{
    ol_request *request = self->op.request;
    ol_origin *origin = request->target.origin;
    ol_slice text;
    ol_acl acl;
    int rc = read_new(self, &acl, err);
    /* What was asked for is what holds already. */
    if (rc != OL_OK || is_enforced(request))
        return rc;
    rc = ol_acl_text(&acl, request->arena, &text, err);
    if (rc != OL_OK)
        return rc;
    return origin->ops->attribute_set(origin, request->worker->loop, &self->ref, OL_ATTRIBUTE_ACL,
                                      text, on_set, self, err);
}

static void on_old_text(void *arg, const ol_error *get_err, ol_slice text)
{
    acl_operation *self = arg;
    ol_error err = {0};
    if (!ol_operation_lives(&self->op, get_err))
        return;
    int rc = read_kept(self, text, &err);
    if (rc == OL_OK)
        rc = set(self, &err);
    if (rc == OL_OK)
        on_set(self, NULL);
    else
        ol_operation_called(&self->op, rc, &err);
}

static void on_document(ol_operation *op, ol_slice body)
{
    acl_operation *self = (acl_operation *)op;
    self->body = body;
    fetch(op->request, on_old_text, self);
}

void ol_op_put_object_acl(ol_request *request)
{
    acl_operation *self = ol_operation_new(request, sizeof(*self));
    if (self)
        ol_operation_document(&self->op, OL_XML_BODY_BYTES_MAX, NULL, on_document);
}
