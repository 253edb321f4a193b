/* SPDX-License-Identifier: MIT */
/*
 * CreateBucket. The origin says whether the name is free; then the realm is told whose the bucket
 * is, so that two who want the same name never both get it. When the realm cannot be told, the
 * empty bucket is taken back.
 */
#include "access/public_access.h"
#include "control/state/control.h"
#include "front/operations/document.h"
#include "front/operations/operation.h"
#include "front/operations/operations.h"
#include "front/operations/people.h"

typedef struct create {
    ol_operation op;
    enum ol_ownership ownership;
    ol_slice acl_text; /* empty = private */
    bool asked_acl, asked_ownership;
    const ol_realm_account *owner;
    ol_error failure; /* why it is being taken back */
} create;

static void reply(create *self)
{
    ol_request *request = self->op.request;
    ol_headers *headers = ol_request_headers(request);
    char *location = ol_arena_printf(request->arena, "/%.*s", OL_SLICE_FMT(request->target.bucket));
    if (headers && location)
        ol_headers_add(headers, OL_SLICE_LIT("Location"), ol_slice_cstr(location));
    ol_request_reply_empty(request, 200, headers);
    ol_operation_end(&self->op);
}

/* ---- the realm learns of it ---- */

static void on_taken_back(void *arg, const ol_error *err)
{
    create *self = arg;
    (void)err; /* an empty bucket of the default owner stays behind; why it does is told */
    ol_operation_fail(&self->op, &self->failure);
}

static void take_back(create *self, const ol_error *err)
{
    ol_request *request = self->op.request;
    ol_origin *origin = request->target.origin;
    ol_error ignored = {0};
    self->failure = *err;
    int rc = origin->ops->bucket_remove(origin, request->worker->loop, request->target.bucket,
                                        on_taken_back, self, &ignored);
    if (rc != OL_WAIT)
        on_taken_back(self, NULL);
}

static void on_recorded(void *arg, const ol_error *err)
{
    create *self = arg;
    if (err)
        take_back(self, err);
    else
        reply(self);
}

/* Is it what the defaults say anyway? */
static bool is_ordinary(const create *self)
{
    const ol_config *config = self->op.request->generation->config;
    return self->owner == config->bucket_defaults.owner && self->acl_text.len == 0 &&
           !self->asked_ownership;
}

static void record(create *self)
{
    ol_request *request = self->op.request;
    ol_control *control = request->worker->shared->control;
    ol_error err = {0};
    if (is_ordinary(self) && !ol_control_is_writable(control)) {
        reply(self);
        return;
    }
    ol_edit edit = {.kind = OL_EDIT_BUCKET_CREATED,
                    .account = self->owner->id,
                    .name = request->target.bucket,
                    .text = self->acl_text,
                    .ownership = self->ownership};
    if (ol_control_edit(control, request->worker->loop, &edit, on_recorded, self, &err) < 0)
        take_back(self, &err);
}

/* ---- the origin makes it ---- */

/* In AWS's oldest region, and there alone, making one's own bucket again is no mistake. */
static bool in_first_region(const ol_request *request)
{
    return ol_slice_eq_cstr(request->generation->config->region, "us-east-1");
}

static void on_created(void *arg, const ol_error *err)
{
    create *self = arg;
    const ol_request *request = self->op.request;
    ol_error taken = {0};
    if (!err) {
        record(self);
        return;
    }
    bool taken_by_self = request->target.rule->owner == self->owner;
    if (err->code == OL_EBUCKETEXISTS && taken_by_self && in_first_region(request)) {
        reply(self);
        return;
    }
    if (err->code == OL_EBUCKETEXISTS && !taken_by_self) {
        ol_error_custom(&taken, OL_EBUCKETEXISTS, 409, OL_SLICE_LIT("BucketAlreadyExists"),
                        OL_SLICE_LIT("The requested bucket name is not available. The bucket "
                                     "namespace is shared by all users of the system. Please "
                                     "select a different name and try again."));
        err = &taken;
    }
    ol_operation_fail(&self->op, err);
}

static void make(create *self)
{
    ol_request *request = self->op.request;
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    int rc = origin->ops->bucket_create(origin, request->worker->loop, request->target.bucket,
                                        on_created, self, &err);
    if (rc != OL_WAIT)
        on_created(self, rc == OL_OK ? NULL : &err);
}

/* A remote service answers 200 to a bucket that its account has already, and all our accounts may
 * share that one: without a look first, the second to ask would be taken for the owner. What is
 * hidden from us there is left to the service to refuse. */
static void on_looked(void *arg, const ol_error *look_err)
{
    create *self = arg;
    ol_error err = {0};
    if (!look_err) {
        ol_error_set(&err, OL_EBUCKETEXISTS, NULL);
        on_created(self, &err);
    } else if (look_err->code == OL_ENOSUCHBUCKET || look_err->code == OL_EACCESS) {
        make(self);
    } else {
        on_created(self, look_err);
    }
}

static void look(ol_operation *op)
{
    create *self = (create *)op;
    ol_request *request = self->op.request;
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    int rc = origin->ops->bucket_exists(origin, request->worker->loop, request->target.bucket,
                                        on_looked, self, &err);
    if (rc != OL_WAIT)
        on_looked(self, rc == OL_OK ? NULL : &err);
}

/* ---- what is asked for ---- */

/* What comes with the bucket needs its own permission. */
static void permit(create *self)
{
    if (self->asked_ownership)
        ol_operation_need(&self->op, &(ol_authorize_ask){.action = "PutBucketOwnershipControls"});
    if (self->asked_acl)
        ol_operation_need(&self->op, &(ol_authorize_ask){.action = "PutBucketAcl"});
    ol_operation_permit(&self->op, look);
}

/* A location other than ours would be a promise that nobody keeps. */
static int check_location(ol_request *request, ol_slice body, ol_error *err)
{
    ol_slice location = OL_SLICE_NONE;
    int rc = ol_s3_xml_parse_create_bucket(body, request->arena, &location, err);
    if (rc != OL_OK || location.len == 0 ||
        ol_slice_eq(location, request->generation->config->region))
        return rc;
    return ol_error_custom(
        err, OL_EINVALIDREQUEST, 400, OL_SLICE_LIT("IllegalLocationConstraintException"),
        OL_SLICE_LIT("The specified location constraint is not the region of this server."));
}

static void on_body(ol_request *request, ol_slice body)
{
    create *self = request->operation;
    ol_error err = {0};
    if (check_location(request, body, &err) == OL_OK)
        permit(self);
    else
        ol_operation_fail(&self->op, &err);
}

static int read_ownership(create *self, ol_error *err)
{
    const ol_request *request = self->op.request;
    ol_slice text = ol_headers_get(&request->http->headers, "x-amz-object-ownership");
    self->ownership = request->generation->config->bucket_defaults.ownership;
    self->asked_ownership = text.data != NULL;
    if (text.data && !ol_ownership_from_name(text, &self->ownership))
        return ol_error_say(err, OL_EINVAL, "Invalid x-amz-object-ownership header: %.*s",
                            OL_SLICE_FMT(ol_slice_first(text, 64)));
    return OL_OK;
}

/* What a block would forbid of the bucket that there will be, may not come with it either. */
static int check_public(const create *self, const ol_acl *acl, ol_error *err)
{
    const ol_realm_bucket *rule = self->op.request->target.rule;
    const ol_public_access_block block =
        ol_public_access_block_or(self->owner->public_access_block, rule->public_access_block);
    ol_error why = {0};
    if (ol_public_acl_check(&block, acl, &why) == OL_OK)
        return OL_OK;
    return ol_error_custom(err, OL_EINVALIDREQUEST, 400,
                           OL_SLICE_LIT("InvalidBucketAclWithBlockPublicAccessError"),
                           OL_SLICE_LIT("Bucket cannot have public ACLs set with BlockPublicAccess "
                                        "enabled"));
}

static int read_acl(create *self, ol_error *err)
{
    ol_request *request = self->op.request;
    const ol_people people = ol_people_of(request);
    const ol_acl_context context = {.owner_id = self->owner->canonical_id,
                                    .people = &people,
                                    .arena = request->arena};
    ol_acl acl;
    int rc = ol_acl_from_headers(&request->http->headers, &context, &self->asked_acl, &acl, err);
    if (rc != OL_OK || !self->asked_acl)
        return rc;
    /* Private: as if nothing had been asked for. */
    ol_slice canned = ol_headers_get(&request->http->headers, "x-amz-acl");
    self->asked_acl = !ol_slice_eq_cstr(canned, "private");
    if (!self->asked_acl)
        return OL_OK;
    if (self->ownership == OL_OWNERSHIP_BUCKET_OWNER_ENFORCED)
        return ol_error_custom(err, OL_EINVALIDREQUEST, 400,
                               OL_SLICE_LIT("InvalidBucketAclWithObjectOwnership"),
                               OL_SLICE_LIT("Bucket cannot have ACLs set with ObjectOwnership's "
                                            "BucketOwnerEnforced setting"));
    return check_public(self, &acl, err) == OL_OK
               ? ol_acl_text(&acl, request->arena, &self->acl_text, err)
               : err->code;
}

static int read_request(create *self, ol_error *err)
{
    ol_request *request = self->op.request;
    const ol_headers *headers = &request->http->headers;
    ol_slice lock = ol_headers_get(headers, "x-amz-bucket-object-lock-enabled");
    if (ol_slice_ieq(lock, OL_SLICE_LIT("true")))
        return ol_error_say(err, OL_ENOTIMPLEMENTED, "Object Lock is not implemented.");
    if (!ol_s3_bucket_name_ok(request->target.bucket))
        return ol_error_set(err, OL_EINVALIDBUCKET, NULL);
    self->owner = ol_realm_find_account(request->realm, request->who->account_id);
    if (!self->owner)
        return ol_error_set(err, OL_EACCESS, "the caller has no account");
    int rc = read_ownership(self, err);
    return rc == OL_OK ? read_acl(self, err) : rc;
}

void ol_op_create_bucket(ol_request *request)
{
    ol_error err = {0};
    create *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    if (read_request(self, &err) != OL_OK)
        ol_operation_fail(&self->op, &err);
    else if (request->http->content_length > 0 || request->http->chunked)
        ol_document_read(request, on_body);
    else
        permit(self);
}
