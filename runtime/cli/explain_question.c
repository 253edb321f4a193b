/* SPDX-License-Identifier: MIT */
#include "cli/explain_question.h"

#include "access/session.h"
#include "base/clock.h"
#include "s3/address/address.h"

/* ---- who ---- */

static int assume(ol_explain_question *self, const ol_identity *role, ol_error *err)
{
    const ol_identity *session;
    ol_session_claims claims = {.kind = OL_SESSION_OF_ROLE,
                                .issued_ms = self->asked.now_ms,
                                .account_id = role->account_id,
                                .arn = role->arn,
                                .name = OL_SLICE_LIT("explain")};
    int rc = ol_session_identity(role, &claims, self->arena, &session, err);
    if (rc == OL_OK)
        self->who = *session;
    return rc;
}

/* A name is a user's of the default account, "role/NAME" a role's. */
static ol_slice arn_of(const ol_explain_question *self, const char *name)
{
    ol_slice account = ol_realm_default_account(self->realm)->id;
    const char *kind = strcmp(name, "root") == 0 || strncmp(name, "role/", 5) == 0 ? "" : "user/";
    if (strncmp(name, "arn:", 4) == 0)
        return ol_slice_cstr(name);
    return ol_slice_cstr(ol_arena_printf(self->arena, "arn:aws:iam::%.*s:%s%s",
                                         OL_SLICE_FMT(account), kind, name));
}

static int find_who(ol_explain_question *self, ol_error *err)
{
    const char *name = ol_options_value(self->options, "as", 0);
    if (!name)
        return ol_error_set(err, OL_EINVAL, "--as is missing");
    if (strcmp(name, "anonymous") == 0) {
        self->who = ol_identity_anonymous;
        return OL_OK;
    }
    const ol_identity *found = ol_realm_find_identity(self->realm, arn_of(self, name));
    if (!found)
        return ol_error_set(err, OL_EINVAL, "--as: there is nobody called \"%.100s\"", name);
    if (found->kind == OL_IDENTITY_ROLE)
        return assume(self, found, err);
    self->who = *found;
    return OL_OK;
}

/* ---- on what ---- */

static void set_bucket(ol_explain_question *self, ol_slice bucket)
{
    self->target.via = OL_VIA_BUCKET;
    self->target.bucket = bucket;
    self->target.rule = ol_realm_bucket_of(self->realm, bucket);
}

static void set_access_point(ol_explain_question *self, const ol_realm_access_point *point)
{
    set_bucket(self, point->bucket);
    self->target.via = OL_VIA_ACCESS_POINT;
    self->target.access_point = point;
}

static int set_door(ol_explain_question *self, const ol_s3_arn *arn, ol_error *err)
{
    const ol_realm_access_point *point = NULL;
    if (arn->door == OL_S3_DOOR_OBJECT_LAMBDA) {
        self->target.olap = ol_realm_find_olap(self->realm, arn->account, arn->name);
        point = self->target.olap ? self->target.olap->access_point : NULL;
    } else {
        point = ol_realm_find_access_point(self->realm, arn->account, arn->name);
    }
    if (!point)
        return ol_error_set(err, OL_EINVAL, "--resource: there is no such access point");
    set_access_point(self, point);
    if (self->target.olap)
        self->target.via = OL_VIA_OBJECT_LAMBDA;
    return OL_OK;
}

static bool in_scope(const ol_realm_access_point *point, ol_slice key)
{
    for (size_t i = 0; i < point->prefix_count; i++)
        if (ol_slice_starts(key, point->prefixes[i]))
            return true;
    return point->prefix_count == 0 || key.len == 0;
}

static ol_slice given_value(const ol_explain_question *self, enum ol_context_key key)
{
    for (size_t i = 0; i < self->pair_count; i++)
        if (self->pairs[i].key == key)
            return self->pairs[i].value;
    return OL_SLICE_NONE;
}

static void look_at_borders(ol_explain_question *self)
{
    const ol_realm_access_point *point = self->target.access_point;
    if (!point)
        return;
    if (!in_scope(point, self->key))
        self->outside = "the key is outside of the access point's scope";
    if (point->vpc.len && !ol_slice_eq(point->vpc, given_value(self, OL_CONTEXT_SOURCE_VPC)))
        self->outside = "the access point is reached from its VPC only "
                        "(--context aws:SourceVpc=… says from where)";
}

static int open_service(ol_explain_question *self)
{
    self->doors.other = (ol_access_door){.arn = OL_SLICE_LIT("arn:aws:s3:::*"),
                                         .account_id = self->who.account_id};
    return OL_OK;
}

static int open_role(ol_explain_question *self, const ol_realm_role *role)
{
    self->doors.other = (ol_access_door){.arn = role->identity->arn,
                                         .account_id = role->identity->account_id,
                                         .policy = role->trust.policy,
                                         .policy_required = true};
    self->asked.other_service = "sts";
    return OL_OK;
}

/* The default account's, where the configuration knows none of that number. */
static ol_slice account_of_key(const ol_explain_question *self, ol_slice arn)
{
    ol_slice rest = arn;
    for (int i = 0; i < 4; i++)
        rest = ol_slice_from(rest, (size_t)(ol_slice_find(rest, ':') + 1));
    ptrdiff_t colon = ol_slice_find(rest, ':');
    const ol_realm_account *account = ol_realm_find_account(
        self->realm, ol_slice_first(rest, colon > 0 ? (size_t)colon : 0));
    return account ? account->id : ol_realm_default_account(self->realm)->id;
}

/* A master key: its policy, where it has one, must allow it; no listener's has a say. */
static int open_key(ol_explain_question *self, ol_slice arn, ol_error *err)
{
    const ol_config *config = ol_realm_config(self->realm);
    bool is_default = ol_slice_ends(arn, OL_SLICE_LIT(":alias/aws/s3"));
    if (!is_default && ol_slice_search(arn, OL_SLICE_LIT(":key/")) < 0)
        return ol_error_set(err, OL_EINVAL, "--resource: a key's ARN ends in key/ID (or in alias/aws/s3); "
                                            "what another alias means is the key management's");
    const ol_policy *policy = is_default ? config->default_key_policy : ol_config_key_policy(config, arn);
    self->doors.other = (ol_access_door){.arn = arn,
                                         .account_id = account_of_key(self, arn),
                                         .policy = policy,
                                         .policy_required = policy != NULL};
    self->asked.other_service = "kms";
    return OL_OK;
}

static int find_target(ol_explain_question *self, ol_error *err)
{
    ol_s3_arn arn;
    ol_slice text = ol_slice_cstr(ol_options_value(self->options, "resource", 0));
    const ol_realm_role *role = ol_realm_find_role(self->realm, text);
    if (text.len == 0)
        return ol_error_set(err, OL_EINVAL, "--resource is missing");
    if (role)
        return open_role(self, role);
    if (ol_slice_eq_cstr(text, "arn:aws:s3:::*"))
        return open_service(self);
    if (ol_slice_starts(text, OL_SLICE_LIT("arn:aws:kms:")))
        return open_key(self, text, err);
    if (!ol_s3_arn_parse(text, &arn))
        return ol_error_set(err, OL_EINVAL, "--resource: not the ARN of a bucket, an object in one, "
                                            "an access point, a role or a master key");
    self->key = arn.key;
    if (arn.door == OL_S3_DOOR_NONE)
        set_bucket(self, arn.name);
    else if (set_door(self, &arn, err) != OL_OK)
        return err->code;
    look_at_borders(self);
    const ol_request request = {.who = &self->who};
    return ol_doors_open(&self->doors, &request, &self->target, self->arena, err);
}

/* ---- what ---- */

static const char *service_of_target(const ol_explain_question *self)
{
    if (self->asked.other_service)
        return self->asked.other_service;
    return self->target.olap ? "s3-object-lambda" : "s3";
}

/* Does a transform answer it? */
static bool is_view(const ol_explain_question *self, ol_slice action)
{
    const ol_realm_olap *olap = self->target.olap;
    if (!olap)
        return false;
    if (ol_slice_eq_cstr(action, "GetObject"))
        return ol_realm_view_suffices(olap, OL_ACTION_GET_OBJECT);
    return ol_slice_eq_cstr(action, "ListBucket") &&
           ol_realm_view_suffices(olap, OL_ACTION_LIST_OBJECTS_V2);
}

static int find_action(ol_explain_question *self, ol_error *err)
{
    ol_slice text = ol_slice_cstr(ol_options_value(self->options, "action", 0));
    const char *service = service_of_target(self);
    if (text.len == 0)
        return ol_error_set(err, OL_EINVAL, "--action is missing");
    ol_action action = ol_action_parse(text);
    if (action == OL_ACTION_NONE)
        return ol_error_set(err, OL_EINVAL, "--action: there is no \"%.100s\"",
                            (const char *)text.data);
    ol_slice name = ol_action_name(action); /* as it is documented, whatever was typed */
    size_t colon = (size_t)ol_slice_find(name, ':');
    if (!ol_slice_eq_cstr(ol_slice_first(name, colon), service))
        return ol_error_set(err, OL_EINVAL, "--action: on this resource actions are \"%s:…\"",
                            service);
    self->asked.action = ol_slice_from(name, colon + 1);
    self->asked.view = is_view(self, self->asked.action);
    return OL_OK;
}

/* ---- the context ---- */

/* Keys that follow from who asks can be given where they say how somebody signed in. */
static int add_own(ol_explain_question *self, enum ol_context_key key, ol_slice value,
                   ol_error *err)
{
    int64_t now_ms = self->asked.now_ms;
    uint64_t age_s;
    if (key == OL_CONTEXT_MFA_PRESENT) {
        self->who.temporary = true;
        self->who.mfa_ms = ol_slice_eq_cstr(value, "true") ? now_ms : 0;
        return OL_OK;
    }
    if (key == OL_CONTEXT_MFA_AGE && ol_slice_u64(value, &age_s) && age_s < 1000000000) {
        self->who.temporary = true;
        self->who.mfa_ms = now_ms - (int64_t)age_s * 1000;
        return OL_OK;
    }
    if (key == OL_CONTEXT_CALLED_VIA) { /* a key is asked about directly, or by a view */
        self->asked.other_via_olap = ol_slice_eq_cstr(value, "s3-object-lambda.amazonaws.com");
        return OL_OK;
    }
    if (key == OL_CONTEXT_CURRENT_TIME && ol_clock_parse_iso8601(value, &self->asked.now_ms))
        return OL_OK;
    return ol_error_set(err, OL_EINVAL, "--context: %s follows from --as and --resource",
                        ol_context_key_name(key));
}

int ol_explain_add_context(ol_explain_question *self, const char *text, ol_error *err)
{
    ol_slice pair = ol_slice_cstr(text), suffix;
    enum ol_context_key key;
    ptrdiff_t equals = ol_slice_find(pair, '=');
    if (equals < 0)
        return ol_error_set(err, OL_EINVAL, "--context: \"%.100s\" is not KEY=VALUE", text);
    if (!ol_context_key_find(ol_slice_first(pair, (size_t)equals), &key, &suffix))
        return ol_error_set(err, OL_EINVAL, "--context: there is no key \"%.*s\"",
                            (int)(equals < 100 ? equals : 100), text);
    ol_slice value = ol_slice_from(pair, (size_t)equals + 1);
    if (ol_context_key_traits(key) & OL_CONTEXT_OWN)
        return add_own(self, key, value, err);
    if (self->pair_count == OL_EXPLAIN_CONTEXT_MAX)
        return ol_error_set(err, OL_EINVAL, "--context: more than %d", OL_EXPLAIN_CONTEXT_MAX);
    self->pairs[self->pair_count++] = (ol_explain_pair){key, suffix, value};
    return OL_OK;
}

/* What S3 says to a key management, where nothing else is given. */
static ol_slice of_key_use(const ol_explain_question *self, enum ol_context_key key)
{
    bool of_key = ol_slice_eq_cstr(ol_slice_cstr(self->asked.other_service), "kms");
    if (of_key && key == OL_CONTEXT_KMS_CALLER_ACCOUNT)
        return self->who.account_id;
    if (of_key && key == OL_CONTEXT_KMS_VIA_SERVICE)
        return ol_slice_cstr(ol_arena_printf(self->arena, "s3.%.*s.amazonaws.com",
                                             OL_SLICE_FMT(ol_realm_config(self->realm)->region)));
    if (of_key && key == OL_CONTEXT_KMS_KEY_SPEC)
        return OL_SLICE_LIT("SYMMETRIC_DEFAULT");
    if (of_key && key == OL_CONTEXT_KMS_KEY_USAGE)
        return OL_SLICE_LIT("ENCRYPT_DECRYPT");
    if (of_key && key == OL_CONTEXT_KMS_ALGORITHM && ol_slice_eq_cstr(self->asked.action, "Decrypt"))
        return OL_SLICE_LIT("SYMMETRIC_DEFAULT");
    return OL_SLICE_NONE;
}

static int values(void *arg, enum ol_context_key key, ol_slice suffix, ol_context_values *out,
                  ol_error *err)
{
    ol_explain_question *self = arg;
    size_t count = 0;
    (void)err;
    for (size_t i = 0; i < self->pair_count; i++)
        if (self->pairs[i].key == key && ol_slice_eq(self->pairs[i].suffix, suffix))
            self->found[count++] = self->pairs[i].value;
    if (count == 0 && (self->found[0] = of_key_use(self, key)).len > 0)
        count = 1;
    if (count)
        ol_context_set_many(out, self->found, count);
    else
        self->wanted[key] = true;
    return OL_OK;
}

/* ---- the whole ---- */

static int find_listener(ol_explain_question *self, ol_error *err)
{
    const ol_config *config = ol_realm_config(self->realm);
    const char *name = ol_options_value(self->options, "listener", 0);
    for (size_t i = 0; i < config->listener_count; i++) {
        const ol_config_listener *listener = &config->listeners[i];
        const char *address =
            ol_arena_printf(self->arena, "%s:%u", listener->address, listener->port);
        if (!address)
            return ol_error_set(err, OL_ENOMEM, "listener");
        if (name && strcmp(address, name) != 0)
            continue;
        self->asked.endpoint_policy = listener->policy.policy;
        return OL_OK;
    }
    return name ? ol_error_set(err, OL_EINVAL, "--listener: there is no \"%.100s\"", name) : OL_OK;
}

int ol_explain_question_make(ol_explain_question *self, ol_error *err)
{
    self->asked.now_ms = ol_clock_wall_ms();
    int rc = find_who(self, err);
    const char *text;
    for (size_t i = 0; rc == OL_OK && (text = ol_options_value(self->options, "context", i)); i++)
        rc = ol_explain_add_context(self, text, err);
    if (rc == OL_OK)
        rc = find_target(self, err);
    if (rc == OL_OK)
        rc = find_action(self, err);
    if (rc == OL_OK)
        rc = find_listener(self, err);
    if (rc != OL_OK)
        return rc;
    if (ol_slice_eq_cstr(ol_slice_cstr(self->asked.other_service), "kms"))
        self->asked.endpoint_policy = NULL;
    self->asked.who = &self->who;
    self->asked.key = self->key;
    self->asked.values = values;
    self->asked.values_arg = self;
    self->asked.root_may_be_denied = self->target.rule && self->target.rule->policy_binds_root;
    ol_doors_ask(&self->doors, &self->asked);
    return OL_OK;
}
