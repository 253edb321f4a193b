/* SPDX-License-Identifier: MIT */
#include "front/operations/bucket_config.h"

typedef struct config_operation {
    ol_operation op;
    ol_operation_fn then;
    ol_document_fn then_read;
    int status;
} config_operation;

static void on_exists(void *arg, const ol_error *err)
{
    config_operation *self = arg;
    if (ol_operation_lives(&self->op, err))
        self->then(&self->op);
}

void ol_bucket_config_begin(ol_request *request, ol_operation_fn then)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    config_operation *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    self->then = then;
    int rc = origin->ops->bucket_exists(origin, request->worker->loop, request->target.bucket,
                                        on_exists, self, &err);
    if (rc != OL_WAIT)
        on_exists(self, rc == OL_OK ? NULL : &err);
}

/* ---- the document ---- */

static bool has_digest(const ol_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        ol_slice name = headers->items[i].name;
        if (ol_slice_ieq(name, OL_SLICE_LIT("content-md5")) ||
            ol_slice_ieq(name, OL_SLICE_LIT("x-amz-trailer")) ||
            ol_slice_ieq(ol_slice_first(name, 15), OL_SLICE_LIT("x-amz-checksum-")))
            return true;
    }
    return false;
}

void ol_bucket_config_read(ol_operation *op, size_t bytes_max, bool checked, ol_document_fn then)
{
    ol_error err = {0};
    if (checked && !has_digest(&op->request->http->headers)) {
        ol_error_say(&err, OL_EINVALIDREQUEST,
                     "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
        ol_operation_fail(op, &err);
        return;
    }
    ol_operation_document(op, bytes_max, NULL, then);
}

/* ---- the change ---- */

static void on_edited(void *arg, const ol_error *err)
{
    config_operation *self = arg;
    if (!ol_operation_lives(&self->op, err))
        return;
    ol_request_reply_empty(self->op.request, self->status, NULL);
    ol_operation_end(&self->op);
}

void ol_bucket_config_edit(ol_operation *op, const ol_edit *edit, int status)
{
    config_operation *self = (config_operation *)op;
    ol_request *request = op->request;
    ol_error err = {0};
    ol_edit whole = *edit;
    whole.account = request->target.rule->owner->id;
    whole.name = request->target.bucket;
    self->status = status;
    int rc = ol_control_edit(request->worker->shared->control, request->worker->loop, &whole,
                             on_edited, self, &err);
    ol_operation_called(op, rc, &err);
}

/* ---- answers ---- */

void ol_bucket_config_refuse(ol_operation *op, int status, const char *s3_code,
                             const char *message)
{
    ol_error err = {0};
    ol_error_custom(&err, OL_EINVALIDREQUEST, status, ol_slice_cstr(s3_code),
                    ol_slice_cstr(message));
    ol_request_error_extra(op->request, "BucketName", op->request->target.bucket);
    ol_operation_fail(op, &err);
}

ol_public_access_block ol_bucket_config_block(const ol_request *request)
{
    const ol_realm_bucket *rule = request->target.rule;
    return ol_public_access_block_or(rule->public_access_block, rule->owner->public_access_block);
}

int ol_bucket_config_acl(const ol_request *request, ol_acl *out, ol_error *err)
{
    const ol_realm_bucket *rule = request->target.rule;
    bool enforced = rule->ownership == OL_OWNERSHIP_BUCKET_OWNER_ENFORCED;
    return ol_acl_read_text(enforced ? OL_SLICE_NONE : rule->acl_text, rule->owner->canonical_id,
                            request->arena, out, err);
}
