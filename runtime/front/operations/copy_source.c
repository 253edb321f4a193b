/* SPDX-License-Identifier: MIT */
#include "front/operations/copy_source.h"

#include "front/keys/key_permission.h"
#include "front/operations/late_answer.h"
#include "front/operations/version_id.h"
#include "s3/request/conditions.h"
#include "s3/request/request_headers.h"

#define RESULT_XML_BYTES_MAX (16 * OL_KIB)

/* ---- naming it ---- */

static int resolve(ol_copy_source *self, ol_request *request, ol_slice name, ol_error *err)
{
    int rc = ol_target_resolve(request, name, &self->target, err);
    if (rc != OL_OK)
        return rc;
    if (self->target.via == OL_VIA_SERVICE)
        return ol_error_set(err, OL_EINVAL, "a copy's source without a bucket");
    /* A view has no bytes that an origin could copy, and its original is nobody's to have. */
    if (self->target.via == OL_VIA_OBJECT_LAMBDA)
        return ol_error_set(err, OL_EMETHOD, "a copy's source is a view");
    return ol_s3_headers_check_source_owner(&request->http->headers, self->target.rule->owner->id,
                                            err);
}

/* The destination's origin may be able to make the copy by itself. */
static bool is_near(const ol_copy_source *self, const ol_operation *op)
{
    const ol_origin *origin = op->request->target.origin;
    return origin == self->target.origin && origin->ops->copy;
}

int ol_copy_source_read(ol_copy_source *self, ol_operation *op, ol_error *err)
{
    ol_request *request = op->request;
    ol_s3_copy_source named;
    /* The key outlives the exchange. */
    ol_slice header = ol_headers_get(&request->http->headers, "x-amz-copy-source");
    int rc = ol_operation_keep(op, &header, err);
    if (rc == OL_OK)
        rc = ol_s3_copy_source_parse(header, request->arena, &named, err);
    if (rc == OL_OK && named.version.data)
        rc = ol_version_id_check(request, named.version, err);
    if (rc == OL_OK)
        rc = resolve(self, request, named.bucket, err);
    if (rc != OL_OK)
        return rc;
    self->ref = (ol_object_ref){
        .bucket = self->target.bucket,
        .key = named.key,
        .version = named.version,
        .open_for = is_near(self, op) ? OL_OPEN_FOR_INFO : OL_OPEN_FOR_BODY,
    };
    ol_operation_need(op, &(ol_authorize_ask){
                              .action = named.version.len > 0 ? "GetObjectVersion" : "GetObject",
                              .target = &self->target,
                              .key = self->ref.key,
                              .version = self->ref.version,
                              .as_source = true,
                          });
    return OL_OK;
}

/* ---- opening it ---- */

static void on_opened(ol_copy_source *self, ol_operation *op, ol_object *object)
{
    ol_error err = {0};
    op->object = object;
    if (!ol_operation_lives(op, NULL))
        return;
    self->info = object->origin->ops->info(object);
    self->ref.if_match = self->info->etag;
    int rc = ol_s3_conditions_copy(&op->request->http->headers, self->info->etag,
                                   self->info->last_modified_ms, &err);
    if (rc == OL_OK)
        self->then_(op);
    else
        ol_operation_fail(op, &err);
}

static void on_open(void *arg, const ol_error *err, ol_object *object)
{
    ol_operation *op = arg;
    ol_copy_source *self = op->step_;
    if (err)
        ol_operation_fail(op, err);
    else
        on_opened(self, op, object);
}

void ol_copy_source_open(ol_copy_source *self, ol_operation *op, ol_operation_fn then)
{
    ol_origin *origin = self->target.origin;
    ol_object *object = NULL;
    ol_error err = {0};
    self->then_ = then;
    op->step_ = self;
    int rc = ol_encryption_of_source(&self->customer, op->request, &err);
    if (rc != OL_OK) {
        ol_operation_fail(op, &err);
        return;
    }
    self->ref.customer_key = self->customer.key;
    self->ref.key_user = ol_key_user_of_source(op->request, &self->target);
    rc = origin->ops->open(origin, op->request->worker->loop, &self->ref, &object, on_open, op,
                               &err);
    if (rc == OL_OK)
        on_opened(self, op, object);
    else
        ol_operation_called(op, rc, &err);
}

/* ---- the answer ---- */

/* x-amz-copy-source-version-id, where there are versions. */
static int add_version(const ol_copy_source *self, ol_headers *headers)
{
    for (size_t i = 0; i < self->info->header_count; i++)
        if (ol_header_name_is(&self->info->headers[i], "x-amz-version-id"))
            return ol_headers_add(headers, OL_SLICE_LIT("x-amz-copy-source-version-id"),
                                  self->info->headers[i].value);
    return OL_OK;
}

static void reply(const ol_copy_source *self, ol_operation *op, const ol_put_result *result)
{
    ol_buf xml;
    ol_buf_init(&xml, RESULT_XML_BYTES_MAX);
    ol_headers *headers = ol_request_headers(op->request);
    int rc = headers ? self->ops_->answer(op, result, headers, &xml) : OL_ENOMEM;
    if (rc == OL_OK)
        rc = add_version(self, headers);
    ol_operation_reply_xml(op, rc, headers, &xml);
}

static void on_copied(void *arg, const ol_error *err, const ol_put_result *result)
{
    ol_operation *op = arg;
    if (ol_operation_lives(op, err))
        reply(op->step_, op, result);
}

static void on_piped(ol_operation *op)
{
    const ol_copy_source *self = op->step_;
    reply(self, op, &self->result);
}

/* ---- copying it ---- */

static int copy_near(const ol_copy_source *self, ol_operation *op, ol_error *err)
{
    ol_request *request = op->request;
    ol_origin *origin = request->target.origin;
    ol_copy_request ask = {
        .source = self->ref,
        .bucket = request->target.bucket,
        .key = request->address.key,
    };
    self->ops_->ask(op, &ask);
    return origin->ops->copy(origin, request->worker->loop, &ask, on_copied, op, err);
}

void ol_copy_source_copy(ol_copy_source *self, ol_operation *op, const ol_copy_ops *ops)
{
    ol_error err = {0};
    self->ops_ = ops;
    op->step_ = self;
    int rc = ol_late_answer_watch(op, &err);
    if (rc == OL_OK && is_near(self, op)) {
        rc = copy_near(self, op, &err);
        if (rc != OL_ENOTIMPLEMENTED) {
            ol_operation_called(op, rc, &err);
            return;
        }
        ol_error_clear(&err);
        rc = OL_OK;
    }
    if (rc == OL_OK)
        rc = ops->through(op, &err);
    if (rc == OL_OK)
        ol_operation_run(op, on_piped);
    else
        ol_operation_fail(op, &err);
}

int ol_copy_source_pipe(ol_operation *op, ol_byte_range range,
                        const ol_upload_verify_config *verify, const ol_stage_ops *sink,
                        const void *config, ol_error *err)
{
    const ol_stage_ops *body;
    const void *body_config;
    int rc = op->object->origin->ops->body(op->object, range, op->request->arena, &body,
                                           &body_config);
    if (rc == OL_OK)
        rc = ol_operation_pipe(op, body, body_config, err);
    if (rc == OL_OK && verify)
        rc = ol_operation_add(op, &ol_upload_verify_ops, verify, err);
    if (rc == OL_OK)
        rc = ol_operation_add(op, sink, config, err);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "copy pipeline");
}

int ol_copy_source_too_large(ol_error *err)
{
    return ol_error_say(err, OL_EINVALIDREQUEST,
                        "The specified copy source is larger than the maximum allowable size for "
                        "a copy source: %llu",
                        OL_COPY_BYTES_MAX);
}
