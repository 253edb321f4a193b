/* SPDX-License-Identifier: MIT */
/*
 * GetObjectTagging, PutObjectTagging, DeleteObjectTagging: the origin keeps the text, and this
 * turns it into documents and back.
 */
#include "front/operations/document.h"
#include "front/operations/operations.h"
#include "front/operations/version_id.h"
#include "s3/documents/tagging.h"

#define TAGGING_XML_BYTES_MAX (64 * OL_KIB)

typedef struct tagging {
    ol_operation op;
    ol_object_ref ref;
    ol_slice text; /* to be set */
    int status;    /* of a change */
} tagging;

static tagging *begin(ol_request *request)
{
    ol_error err = {0};
    tagging *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return NULL;
    self->ref.bucket = request->target.bucket;
    self->ref.key = request->address.key;
    if (ol_version_id(request, &self->ref.version, &err) == OL_OK)
        return self;
    ol_operation_fail(&self->op, &err);
    return NULL;
}

/* ---- reading ---- */

static void on_text(void *arg, const ol_error *err, ol_slice text)
{
    tagging *self = arg;
    ol_buf xml;
    if (!ol_operation_lives(&self->op, err))
        return;
    ol_buf_init(&xml, TAGGING_XML_BYTES_MAX);
    int rc = ol_tags_write_xml(&xml, text);
    ol_operation_reply_xml(&self->op, rc, NULL, &xml);
}

void ol_op_get_object_tagging(ol_request *request)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    tagging *self = begin(request);
    if (!self)
        return;
    int rc = origin->ops->attribute_get(origin, request->worker->loop, &self->ref,
                                        OL_ATTRIBUTE_TAGS, on_text, self, &err);
    ol_operation_called(&self->op, rc, &err);
}

/* ---- changing ---- */

static void on_set(void *arg, const ol_error *err)
{
    tagging *self = arg;
    if (!ol_operation_lives(&self->op, err))
        return;
    ol_request_reply_empty(self->op.request, self->status, NULL);
    ol_operation_end(&self->op);
}

static void set(tagging *self, int status)
{
    ol_request *request = self->op.request;
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    self->status = status;
    int rc = origin->ops->attribute_set(origin, request->worker->loop, &self->ref,
                                        OL_ATTRIBUTE_TAGS, self->text, on_set, self, &err);
    if (rc == OL_OK)
        on_set(self, NULL);
    else
        ol_operation_called(&self->op, rc, &err);
}

static void set_allowed(ol_operation *op)
{
    set((tagging *)op, 200);
}

/* The permission was asked for before anybody knew which tags: a policy may mind. */
static void on_document(ol_operation *op, ol_slice body)
{
    tagging *self = (tagging *)op;
    ol_arena *arena = op->request->arena;
    ol_tags tags;
    ol_error err = {0};
    int rc = ol_tags_parse_xml(body, OL_TAGS_OBJECT_MAX, arena, &tags, &err);
    if (rc == OL_OK)
        rc = ol_tags_text(&tags, arena, &self->text, &err);
    if (rc != OL_OK) {
        ol_operation_fail(op, &err);
        return;
    }
    ol_operation_need(op, &(ol_authorize_ask){
                              .action = self->ref.version.len > 0 ? "PutObjectVersionTagging"
                                                                  : "PutObjectTagging",
                              .key = op->request->address.key,
                              .version = self->ref.version,
                              .request_tags = self->text,
                          });
    ol_operation_permit(op, set_allowed);
}

void ol_op_put_object_tagging(ol_request *request)
{
    tagging *self = begin(request);
    if (self)
        ol_operation_document(&self->op, OL_XML_BODY_BYTES_MAX, NULL, on_document);
}

void ol_op_delete_object_tagging(ol_request *request)
{
    tagging *self = begin(request);
    if (self)
        set(self, 204);
}
