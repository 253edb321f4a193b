/* SPDX-License-Identifier: MIT */
/*
 * The happy path: the borders of an access point, then one question to the access room. When its
 * conditions want tags, or the object's own access control list counts, they are fetched and the
 * question is asked again. There is one decision a request, used for one question after the other;
 * the doors are kept while the target stays the same.
 */
#include "front/request/authorize.h"

#include "access/acl.h"
#include "front/operations/operation_table.h"
#include "front/request/acl_permission.h"
#include "front/request/condition_values.h"
#include "front/request/doors.h"

#define SCRATCH_BYTES_MAX (256 * OL_KIB)
/* An owner that is no account of ours: nobody's identity is of it. */
#define STRANGER OL_SLICE_LIT("?")

typedef struct ol_decision {
    ol_request *request;
    ol_authorize_ask ask;
    ol_target target;
    ol_doors doors;
    bool has_doors;
    ol_access_question question;
    ol_condition_source source;
    ol_arena *scratch; /* for what is fetched; NULL = nothing was yet */
    const ol_acl_permission_row *acl_row;
    bool has_object_acl;
    ol_acl object_acl;
    ol_done_cb cb;
    void *arg;
} decision;

static bool acls_count(const decision *self)
{
    return self->target.rule && self->target.rule->ownership != OL_OWNERSHIP_BUCKET_OWNER_ENFORCED;
}

static bool wants_object_acl(const decision *self)
{
    return acls_count(self) && self->acl_row->whose == OL_ACL_OF_OBJECT && !self->ask.view &&
           self->ask.key.len > 0;
}

/* ---- lists ---- */

/* The bucket's list, private where there is none. */
static bool bucket_acl_allows(const decision *self, ol_slice caller, bool ignore_public)
{
    const ol_realm_bucket *rule = self->target.rule;
    const ol_acl own = {.owner_id = rule->owner->canonical_id};
    if (rule->acl)
        return ol_acl_allows(rule->acl, caller, self->acl_row->permission, ignore_public);
    return ol_slice_eq(own.owner_id, caller) && caller.len > 0;
}

static int acl_allows(void *arg, bool anybody, bool *allows, ol_error *err)
{
    const decision *self = arg;
    (void)err;
    bool ignore_public = ol_doors_public_access_block(&self->target).ignore_public_acls;
    unsigned permission = self->acl_row->permission;
    ol_slice caller = anybody ? OL_SLICE_NONE : self->request->who->canonical_id;
    if (permission == 0)
        *allows = false;
    else if (wants_object_acl(self))
        *allows = ol_acl_allows(&self->object_acl, caller, permission, ignore_public);
    else
        *allows = bucket_acl_allows(self, caller, ignore_public);
    return OL_OK;
}

/* ---- one question ---- */

static void begin_question(decision *self)
{
    const ol_request *request = self->request;
    self->question = (ol_access_question){
        .who = request->who,
        .action = ol_slice_cstr(self->ask.action),
        .olap_action = ol_slice_cstr(self->ask.lambda_action),
        .key = self->ask.key,
        .view = self->ask.view,
        .endpoint_policy = request->listener->policy.policy,
        .now_ms = request->line.wall_ms,
        .values = ol_condition_values,
        .values_arg = &self->source,
        .acl = acls_count(self) ? acl_allows : NULL,
        .acl_arg = self,
    };
    ol_doors_ask(&self->doors, &self->question);
}

static ol_slice object_account(const decision *self)
{
    ol_slice owner = self->object_acl.owner_id;
    if (!self->has_object_acl || ol_slice_eq(owner, self->target.rule->owner->canonical_id))
        return OL_SLICE_NONE;
    const ol_realm_account *account =
        ol_realm_find_account_by_canonical_id(self->request->realm, owner);
    return account ? account->id : STRANGER;
}

static int ask_doors(decision *self, ol_error *err)
{
    begin_question(self);
    self->question.object_account_id = object_account(self);
    self->question.root_may_be_denied = self->target.rule && self->target.rule->policy_binds_root;
    return ol_access_decide(&self->question, err);
}

static int ask(decision *self, ol_error *err)
{
    if (wants_object_acl(self) && !self->has_object_acl)
        return OL_WAIT;
    return ask_doors(self, err);
}

/* ---- what only the origin knows ---- */

static int decide(decision *self, ol_error *err);

static bool is_missing(const ol_error *err)
{
    return err && (err->code == OL_ENOSUCHKEY || err->code == OL_ENOSUCHBUCKET ||
                   err->code == OL_ENOSUCHVERSION);
}

static void end_scratch(void *arg)
{
    ol_arena_destroy(arg);
}

/* A batch asks a thousand times: what is fetched for one key is forgotten with the next. */
static int open_scratch(decision *self, ol_error *err)
{
    if (!self->scratch) {
        self->scratch = ol_arena_new(SCRATCH_BYTES_MAX);
        if (self->scratch &&
            ol_arena_on_end(self->request->arena, end_scratch, self->scratch) != OL_OK) {
            ol_arena_destroy(self->scratch);
            self->scratch = NULL;
        }
    }
    self->source.arena = self->scratch;
    return self->scratch ? OL_OK : ol_error_set(err, OL_ENOMEM, "a decision");
}

static int copy_text(const decision *self, ol_slice text, ol_slice *copy, ol_error *err)
{
    *copy = text.len > 0 ? ol_arena_copy(self->scratch, text) : OL_SLICE_NONE;
    return text.len == 0 || copy->data ? OL_OK : ol_error_set(err, OL_ENOMEM, "an attribute");
}

static int keep_tags(decision *self, ol_slice text, ol_error *err)
{
    self->source.has_existing_tags = true;
    return copy_text(self, text, &self->source.existing_tags, err);
}

static int keep_acl(decision *self, ol_slice text, ol_error *err)
{
    ol_slice copy;
    self->has_object_acl = true;
    int rc = copy_text(self, text, &copy, err);
    if (rc != OL_OK)
        return rc;
    return ol_acl_read_text(copy, self->target.rule->owner->canonical_id, self->scratch,
                            &self->object_acl, err);
}

/* Of an object that is not there, nothing is known: whether the caller learns that is decided when
 * it is told. */
static void on_fetched(decision *self, enum ol_attribute which, const ol_error *fetch_err,
                       ol_slice text)
{
    ol_error err = ol_error_none();
    int rc;
    if (fetch_err && !is_missing(fetch_err)) {
        self->cb(self->arg, fetch_err);
        return;
    }
    if (self->request->gone)
        rc = ol_error_set(&err, OL_EPEER, "the client left before the end");
    else if (open_scratch(self, &err) != OL_OK)
        rc = err.code;
    else if (which == OL_ATTRIBUTE_TAGS)
        rc = keep_tags(self, fetch_err ? OL_SLICE_NONE : text, &err);
    else
        rc = keep_acl(self, fetch_err ? OL_SLICE_NONE : text, &err);
    if (rc == OL_OK)
        rc = decide(self, &err);
    if (rc != OL_WAIT)
        self->cb(self->arg, rc == OL_OK ? NULL : &err);
}

static void on_tags(void *arg, const ol_error *err, ol_slice text)
{
    on_fetched(arg, OL_ATTRIBUTE_TAGS, err, text);
}

static void on_acl(void *arg, const ol_error *err, ol_slice text)
{
    on_fetched(arg, OL_ATTRIBUTE_ACL, err, text);
}

/* An upload that is not there is not encrypted; that it is not there is told later. */
static void on_upload(void *arg, const ol_error *fetch_err, ol_part_list *list)
{
    decision *self = arg;
    ol_error err = ol_error_none();
    bool missing = fetch_err && (is_missing(fetch_err) || fetch_err->code == OL_ENOSUCHUPLOAD);
    int rc = OL_OK;
    if (fetch_err && !missing)
        rc = ol_error_set(&err, fetch_err->code, "%s", fetch_err->detail);
    else if (self->request->gone)
        rc = ol_error_set(&err, OL_EPEER, "the client left before the end");
    else
        rc = open_scratch(self, &err);
    if (rc == OL_OK && list) {
        self->source.upload_sse = list->sse;
        rc = copy_text(self, list->sse.kms_key, &self->source.upload_sse.kms_key, &err);
    }
    if (list)
        ol_arena_destroy(list->arena);
    self->source.has_upload_sse = true;
    if (rc == OL_OK)
        rc = decide(self, &err);
    if (rc != OL_WAIT)
        self->cb(self->arg, rc == OL_OK ? NULL : &err);
}

static int fetch_upload(decision *self, ol_error *err)
{
    const ol_request *request = self->request;
    ol_origin *origin = self->target.origin;
    const ol_object_ref ref = {.bucket = self->target.bucket, .key = self->ask.key};
    int rc = origin->ops->parts_list(origin, request->worker->loop, &ref,
                                     ol_s3_param_get(&request->address, "uploadId"), 0, 0,
                                     on_upload, self, err);
    if (rc != OL_ENOSUCHUPLOAD && !(rc < 0 && is_missing(err)))
        return rc;
    ol_error_clear(err);
    self->source.has_upload_sse = true;
    return decide(self, err);
}

static int fetch(decision *self, ol_error *err)
{
    if (self->source.wants_upload_sse && !self->source.has_upload_sse)
        return fetch_upload(self, err);
    const ol_request *request = self->request;
    ol_origin *origin = self->target.origin;
    ol_object_ref ref = {.bucket = self->target.bucket,
                         .key = self->ask.key,
                         .version = self->ask.version,
                         .open_for = OL_OPEN_FOR_INFO};
    bool tags = self->source.wants_existing_tags && !self->source.has_existing_tags;
    if (!tags && self->has_object_acl)
        return ol_error_set(err, OL_EINTERNAL, "a decision waits for nothing");
    return origin->ops->attribute_get(origin, request->worker->loop, &ref,
                                      tags ? OL_ATTRIBUTE_TAGS : OL_ATTRIBUTE_ACL,
                                      tags ? on_tags : on_acl, self, err);
}

/* Tags of what is no object: there are none. */
static int decide(decision *self, ol_error *err)
{
    int rc = ask(self, err);
    if (rc != OL_WAIT)
        return rc;
    if (self->ask.key.len > 0)
        return fetch(self, err);
    self->source.has_existing_tags = true;
    return ask(self, err);
}

/* ---- setting up ---- */

static decision *decision_of(ol_request *request, ol_error *err)
{
    decision *self = request->decision;
    if (!self) {
        self = ol_arena_calloc(request->arena, sizeof(*self));
        if (!self) {
            ol_error_set(err, OL_ENOMEM, "a decision");
            return NULL;
        }
        self->request = request;
        request->decision = self;
    }
    if (self->scratch)
        ol_arena_reset(self->scratch);
    return self;
}

static bool same_target(const ol_target *a, const ol_target *b)
{
    return a->via == b->via && ol_slice_eq(a->bucket, b->bucket) &&
           a->access_point == b->access_point && a->olap == b->olap;
}

static int set_up(decision *self, const ol_authorize_ask *asked, const ol_target *target,
                  ol_error *err)
{
    ol_request *request = self->request;
    self->ask = *asked;
    self->acl_row = ol_acl_permission_of(asked->with_write ? "PutObject" : asked->action);
    self->has_object_acl = false;
    self->object_acl = (ol_acl){0};
    self->source = (ol_condition_source){
        .request = request,
        .arena = self->scratch ? self->scratch : request->arena,
        .as_source = asked->as_source,
        .version = asked->version,
        .request_tags = asked->request_tags,
        .bucket_tags = target->rule ? target->rule->tags_text : OL_SLICE_NONE,
    };
    if (self->has_doors && same_target(&self->target, target))
        return OL_OK;
    self->target = *target;
    self->has_doors = true;
    return ol_doors_open(&self->doors, request, target, request->arena, err);
}

/* ---- the short way: nothing to weigh ---- */

static bool is_plain_root(const ol_identity *who)
{
    return who->kind == OL_IDENTITY_ROOT && who->policy_count == 0 && !who->boundary &&
           !who->session_policy;
}

static bool is_own(const ol_identity *who, const ol_realm_account *account,
                   const ol_realm_policy *policy)
{
    return !policy->policy && ol_slice_eq(account->id, who->account_id);
}

/* What the decision would be: root, on what is its own, and nobody has a policy. */
static bool nothing_to_weigh(const ol_request *request, const ol_target *target)
{
    const ol_identity *who = request->who;
    if (!is_plain_root(who) || request->listener->policy.policy || !target->rule)
        return false;
    return is_own(who, target->rule->owner, &target->rule->policy) &&
           target->rule->ownership == OL_OWNERSHIP_BUCKET_OWNER_ENFORCED &&
           (!target->access_point ||
            is_own(who, target->access_point->account, &target->access_point->policy)) &&
           (!target->olap || is_own(who, target->olap->account, &target->olap->policy));
}

/* ---- the questions ---- */

int ol_authorize(ol_request *request, const ol_authorize_ask *asked, ol_done_cb cb, void *arg,
                 ol_error *err)
{
    const ol_target *target = asked->target ? asked->target : &request->target;
    if (asked->as_source) {
        request->source = *target;
        request->source_key = asked->key;
    }
    int rc = ol_doors_borders(request, target, asked->key, err);
    if (rc != OL_OK || nothing_to_weigh(request, target))
        return rc;
    decision *self = decision_of(request, err);
    if (!self)
        return OL_ENOMEM;
    rc = set_up(self, asked, target, err);
    if (rc != OL_OK)
        return rc;
    self->cb = cb;
    self->arg = arg;
    return decide(self, err);
}

int ol_authorize_beside(ol_request *request, const ol_authorize_ask *asked, ol_error *err)
{
    const ol_target *target = asked->target ? asked->target : &request->target;
    int rc = ol_doors_borders(request, target, asked->key, err);
    if (rc != OL_OK || nothing_to_weigh(request, target))
        return rc;
    decision *self = ol_arena_calloc(request->arena, sizeof(*self));
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "a decision");
    self->request = request;
    rc = set_up(self, asked, target, err);
    if (rc == OL_OK)
        rc = ask(self, err);
    return rc == OL_WAIT ? ol_error_set(err, OL_EACCESS, "a policy asks for tags of %.*s",
                                        OL_SLICE_FMT(ol_slice_first(asked->key, 200)))
                         : rc;
}

bool ol_authorize_is_read(const ol_request *request)
{
    const ol_operation_row *row = ol_operation_row_of(request->address.operation);
    return request->source.rule || (row && ol_acl_permission_of(row->action)->of_object);
}

/* As if just this key were listed. What the origin alone knows of objects says nothing of a
 * bucket's listing, so this answers at once. */
bool ol_authorize_missing(ol_request *request)
{
    bool of_source = request->source.rule != NULL;
    const ol_target *target = of_source ? &request->source : &request->target;
    const ol_authorize_ask ask_list = {.action = "ListBucket", .view = request->view != NULL};
    ol_slice key = of_source ? request->source_key : request->address.key;
    ol_error ignored = ol_error_none();
    if (request->gone || !target->rule)
        return true;
    if (ol_doors_borders_list(request, target, key, &ignored) != OL_OK)
        return false;
    if (nothing_to_weigh(request, target))
        return true;
    decision *self = decision_of(request, &ignored);
    if (!self || set_up(self, &ask_list, target, &ignored) != OL_OK)
        return false;
    self->source.prefix = key;
    return decide(self, &ignored) == OL_OK;
}

int ol_authorize_control(ol_request *request, const char *action, ol_slice arn, ol_slice account_id,
                         ol_error *err)
{
    const ol_access_door door = {.arn = arn, .account_id = account_id};
    ol_condition_source source = {
        .request = request, .arena = request->arena, .has_existing_tags = true};
    const ol_access_question question = {
        .who = request->who,
        .action = ol_slice_cstr(action),
        .other = &door,
        .endpoint_policy = request->listener->policy.policy,
        .now_ms = request->line.wall_ms,
        .values = ol_condition_values,
        .values_arg = &source,
    };
    return ol_access_decide(&question, err);
}
