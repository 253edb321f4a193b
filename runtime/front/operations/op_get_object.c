/* SPDX-License-Identifier: MIT */
/*
 * GetObject and HeadObject of an original, by its bucket or an access point: whole, a range, or
 * one part of those that it was uploaded in.
 */
#include "front/answer/respond_stage.h"
#include "front/keys/encryption.h"
#include "front/keys/key_permission.h"
#include "front/operations/object_headers.h"
#include "front/operations/operation.h"
#include "front/operations/operations.h"
#include "front/operations/parameters.h"
#include "front/operations/version_id.h"
#include "front/views/head_stage.h"
#include "s3/request/conditions.h"
#include "s3/request/range.h"

typedef struct get {
    ol_operation op;
    const ol_object_info *info;
    ol_object_ref ref;
    ol_customer_key customer;
    ol_head_plan plan;
    ol_headers extras;
} get;

/* ---- HEAD and 304: a head without a body ---- */

static int build_head(const get *self, ol_head *head)
{
    char quoted[OL_ETAG_SIZE + 2];
    int len = snprintf(quoted, sizeof(quoted), "\"%.*s\"", OL_SLICE_FMT(self->info->etag));
    head->status = 200;
    ol_headers_init(&head->headers, self->op.request->arena);
    int rc = ol_headers_add(&head->headers, OL_SLICE_LIT("ETag"), ol_slice_of(quoted, (size_t)len));
    for (size_t i = 0; rc == OL_OK && i < self->info->header_count; i++)
        rc = ol_headers_add(&head->headers, self->info->headers[i].name,
                            self->info->headers[i].value);
    return rc == OL_OK ? ol_head_plan_apply(&self->plan, head) : rc;
}

/* `status` 0: what the plan says. */
static void reply_head(get *self, int status)
{
    ol_error err = ol_error_none();
    ol_head head = {0};
    int rc = build_head(self, &head);
    if (rc != OL_OK) {
        ol_error_set(&err, rc, "response head");
        ol_operation_fail(&self->op, &err);
        return;
    }
    ol_request_reply_head(self->op.request, status ? status : head.status, &head);
    ol_operation_end(&self->op);
}

/* ---- GET ---- */

static void serve(get *self)
{
    ol_operation *op = &self->op;
    ol_byte_range range = {0, self->info->size};
    const ol_stage_ops *body;
    const void *config;
    ol_error err = ol_error_none();
    if (self->plan.has_range)
        range = (ol_byte_range){self->plan.range_start, self->plan.range_length};
    int rc = op->object->origin->ops->body(op->object, range, op->request->arena, &body, &config);
    if (rc == OL_OK)
        rc = ol_operation_pipe(op, body, config, &err);
    if (rc == OL_OK)
        rc = ol_operation_add(op, &ol_head_stage_ops, &self->plan, &err);
    if (rc == OL_OK)
        rc = ol_operation_add(op, &ol_respond_stage_ops, op->request, &err);
    if (rc == OL_OK) {
        ol_operation_run(op, ol_operation_end);
        return;
    }
    ol_error_set(&err, rc, "download pipeline");
    ol_operation_fail(op, &err);
}

static void answer(get *self)
{
    if (self->op.request->head_only)
        reply_head(self, 0);
    else
        serve(self);
}

/* ---- how many tags there are is told to those who may read them ---- */

static void answer_with_tags(get *self)
{
    char count[16];
    snprintf(count, sizeof count, "%u", self->info->tag_count);
    ol_headers_add(&self->extras, OL_SLICE_LIT("x-amz-tagging-count"), ol_slice_cstr(count));
    answer(self);
}

static void on_tags_allowed(void *arg, const ol_error *err)
{
    get *self = arg;
    if (!ol_operation_lives(&self->op, NULL))
        return;
    if (err)
        answer(self);
    else
        answer_with_tags(self);
}

static void ask_for_tags(get *self)
{
    ol_request *request = self->op.request;
    ol_error err = ol_error_none();
    const ol_authorize_ask ask = {
        .action = self->ref.version.len > 0 ? "GetObjectVersionTagging" : "GetObjectTagging",
        .key = request->address.key,
        .version = self->ref.version,
    };
    int rc = ol_authorize(request, &ask, on_tags_allowed, self, &err);
    if (rc == OL_OK)
        answer_with_tags(self);
    else if (rc < 0)
        answer(self);
}

/* ---- the object is open ---- */

static void plan_range(get *self, ol_byte_range range)
{
    self->plan.has_range = true;
    self->plan.range_start = range.start;
    self->plan.range_length = range.length;
    self->plan.content_length = (int64_t)range.length;
}

/* An empty part has no range that a header could name. */
static int plan_part(get *self)
{
    char count[16];
    if (self->info->part.length > 0)
        plan_range(self, self->info->part);
    if (self->info->part_count == 0)
        return OL_OK;
    snprintf(count, sizeof count, "%u", self->info->part_count);
    return ol_headers_add(&self->extras, OL_SLICE_LIT("x-amz-mp-parts-count"),
                          ol_slice_cstr(count));
}

static int plan_extras(get *self, ol_error *err)
{
    const ol_headers *headers = &self->op.request->http->headers;
    bool in_part = self->ref.part_number > 0;
    int rc = OL_OK;
    if (in_part)
        rc = plan_part(self);
    /* It is of the whole body, or of the whole part. */
    if (rc == OL_OK && (in_part || !self->plan.has_range) &&
        ol_slice_ieq(ol_slice_trim(ol_headers_get(headers, "x-amz-checksum-mode")),
                     OL_SLICE_LIT("ENABLED")))
        rc = ol_object_headers_checksum(&self->extras, &self->info->checksum, true);
    if (rc == OL_OK)
        rc = ol_encryption_add_read(&self->extras, self->info, &self->customer);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "response headers");
}

static int plan_answer(get *self, ol_error *err)
{
    ol_request *request = self->op.request;
    const ol_headers *headers = &request->http->headers;
    const ol_object_info *info = self->info;
    self->plan = (ol_head_plan){
        .request = request,
        .last_modified_ms = info->last_modified_ms,
        .content_length = (int64_t)info->size,
        .total = info->size,
        .extras = &self->extras,
    };
    int rc = ol_s3_conditions_read(headers, info->etag, info->last_modified_ms, err);
    if (rc != OL_OK)
        return rc;
    ol_byte_range range;
    rc = ol_s3_range_of(headers, info->etag, info->last_modified_ms, info->size, &range, err);
    if (rc == OL_ERANGE)
        ol_s3_content_range_unsatisfied(info->size, request->unsatisfied_range);
    if (rc < 0)
        return rc;
    if (rc == OL_OK)
        plan_range(self, range);
    return plan_extras(self, err);
}

/* A part that is not there is no range that lies behind the end. */
static void fail_open(get *self, const ol_error *open_err)
{
    ol_error err = ol_error_none();
    if (open_err->code == OL_ERANGE && self->ref.part_number > 0)
        ol_error_custom(&err, OL_ERANGE, 416, OL_SLICE_LIT("InvalidPartNumber"),
                        OL_SLICE_LIT("The requested partnumber is not satisfiable"));
    else
        err = *open_err;
    ol_operation_fail(&self->op, &err);
}

static void on_open(void *arg, const ol_error *open_err, ol_object *object)
{
    get *self = arg;
    ol_error err = ol_error_none();
    if (open_err) {
        fail_open(self, open_err);
        return;
    }
    self->op.object = object;
    self->info = object->origin->ops->info(object);
    if (!ol_operation_lives(&self->op, NULL))
        return;
    int rc = plan_answer(self, &err);
    if (rc == OL_ENOTMODIFIED) {
        ol_error_set(&self->op.request->error, rc, NULL);
        reply_head(self, 304);
    } else if (rc != OL_OK) {
        ol_operation_fail(&self->op, &err);
    } else if (self->info->tag_count > 0) {
        ask_for_tags(self);
    } else {
        answer(self);
    }
}

/* ---- what is asked for ---- */

static int read_part_number(ol_request *request, uint32_t *out, ol_error *err)
{
    if (!ol_s3_param_has(&request->address, "partNumber"))
        return OL_OK;
    if (ol_headers_count_of(&request->http->headers, "range") > 0)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "Cannot specify both Range header and partNumber query parameter");
    return ol_part_number(request, out, err);
}

/* Strangers could make a public object look like anything: S3 lets only signers choose. */
static int check_overrides(const ol_request *request, ol_error *err)
{
    ol_slice prefix = OL_SLICE_LIT("response-");
    if (request->who->account_id.len > 0)
        return OL_OK;
    for (size_t i = 0; i < request->address.param_count; i++)
        if (ol_slice_starts(request->address.params[i].name, prefix))
            return ol_error_say(err, OL_EINVALIDREQUEST,
                                "Request specific response headers cannot be used for anonymous "
                                "GET requests.");
    return OL_OK;
}

static bool is_conditional(const ol_headers *headers)
{
    static const char *const names[] = {"if-match", "if-none-match", "if-modified-since",
                                        "if-unmodified-since", "if-range"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ol_headers_count_of(headers, names[i]) > 0)
            return true;
    return false;
}

static int read_ask(get *self, ol_error *err)
{
    ol_request *request = self->op.request;
    const ol_headers *headers = &request->http->headers;
    self->ref.bucket = request->target.bucket;
    self->ref.key = request->address.key;
    int rc = check_overrides(request, err);
    if (rc == OL_OK)
        rc = ol_version_id(request, &self->ref.version, err);
    if (rc == OL_OK)
        rc = read_part_number(request, &self->ref.part_number, err);
    if (rc == OL_OK)
        rc = ol_encryption_of_read(&self->customer, request, err);
    if (rc != OL_OK)
        return rc;
    self->ref.customer_key = self->customer.key;
    self->ref.key_user = ol_key_user_of(request);
    if (request->head_only || is_conditional(headers))
        self->ref.open_for = OL_OPEN_FOR_INFO;
    else
        self->ref.range_hint = ol_headers_get(headers, "range");
    return ol_operation_keep(&self->op, &self->ref.range_hint, err);
}

void ol_op_get_object(ol_request *request)
{
    ol_origin *origin = request->target.origin;
    ol_object *object = NULL;
    ol_error err = ol_error_none();
    get *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    ol_headers_init(&self->extras, request->arena);
    int rc = read_ask(self, &err);
    if (rc == OL_OK)
        rc = origin->ops->open(origin, request->worker->loop, &self->ref, &object, on_open, self,
                               &err);
    if (rc == OL_OK)
        on_open(self, NULL, object);
    else if (rc < 0)
        fail_open(self, &err);
}
