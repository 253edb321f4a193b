/* SPDX-License-Identifier: MIT */
/*
 * The happy path of a reading: the record of an object names the key's ARN, one decision, at once. Of
 * a writing: the name is looked up, and what it means is decided over. Whoever is refused may still
 * have the account's default key; which one that is, is looked up then.
 */
#include "front/keys/key_permission.h"

#include "access/access.h"
#include "base/alloc.h"
#include "front/request/condition_values.h"

#define LOOK_ARENA_BYTES_MAX (64 * OL_KIB)
#define DEFAULT_KEY OL_SLICE_LIT("alias/aws/s3")

typedef struct key_user {
    ol_key_user user; /* first */
    ol_request *request;
    const ol_target *target; /* where the object stands: a copy's source has a door of its own */
} key_user;

/* An ask that waits for a name to be looked up: heap memory. */
typedef struct look {
    key_user *user;
    ol_key_ask *ask;
    ol_kms *kms;
    ol_arena *arena;
    ol_kms_call call;
    enum ol_kms_state state;
    bool for_default; /* which key is the default one? */
    ol_error refusal; /* what to say when it is another one */
} look;

/* ---- what conditions can ask about ---- */

typedef struct question {
    ol_access_question asked;
    ol_access_door door;
    ol_condition_source source;
    const ol_context *context; /* may be NULL */
    ol_slice alias;            /* that the request named it by; empty = none */
    bool decrypt;
    char via[128];
    ol_slice names[OL_CONTEXT_PAIRS_MAX];
} question;

static void set_context(const question *self, ol_slice name, ol_context_values *values)
{
    const ol_slice *value = self->context ? ol_context_find(self->context, name) : NULL;
    if (value)
        ol_context_set(values, *value);
}

static void set_context_keys(question *self, ol_context_values *values)
{
    size_t count = self->context ? self->context->count : 0;
    for (size_t i = 0; i < count; i++)
        self->names[i] = self->context->pairs[i].name;
    if (count > 0)
        ol_context_set_many(values, self->names, count);
}

static int key_values(void *arg, enum ol_context_key key, ol_slice suffix,
                      ol_context_values *values, ol_error *err)
{
    question *self = arg;
    const ol_identity *who = self->asked.who;
    switch (key) {
    case OL_CONTEXT_KMS_VIA_SERVICE:
        ol_context_set(values, ol_slice_cstr(self->via));
        return OL_OK;
    case OL_CONTEXT_KMS_CALLER_ACCOUNT:
        if (who->account_id.len > 0)
            ol_context_set(values, who->account_id);
        return OL_OK;
    case OL_CONTEXT_KMS_CONTEXT:
        set_context(self, suffix, values);
        return OL_OK;
    case OL_CONTEXT_KMS_CONTEXT_KEYS:
        set_context_keys(self, values);
        return OL_OK;
    case OL_CONTEXT_KMS_REQUEST_ALIAS:
        if (self->alias.len > 0)
            ol_context_set(values, self->alias);
        return OL_OK;
    case OL_CONTEXT_KMS_ALGORITHM:
        if (self->decrypt)
            ol_context_set(values, OL_SLICE_LIT("SYMMETRIC_DEFAULT"));
        return OL_OK;
    case OL_CONTEXT_KMS_KEY_SPEC:
        ol_context_set(values, OL_SLICE_LIT("SYMMETRIC_DEFAULT"));
        return OL_OK;
    case OL_CONTEXT_KMS_KEY_USAGE:
        ol_context_set(values, OL_SLICE_LIT("ENCRYPT_DECRYPT"));
        return OL_OK;
    default:
        return ol_condition_values(&self->source, key, suffix, values, err);
    }
}

/* ---- the decision ---- */

/* The fifth part of an ARN. A key of an account that nobody declared is the operator's: the default
 * account's. */
static ol_slice account_of(const ol_request *request, ol_slice arn)
{
    ol_slice rest = arn;
    for (int i = 0; i < 4; i++) {
        ptrdiff_t colon = ol_slice_find(rest, ':');
        rest = colon < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)colon + 1);
    }
    ptrdiff_t colon = ol_slice_find(rest, ':');
    ol_slice id = colon < 0 ? OL_SLICE_NONE : ol_slice_first(rest, (size_t)colon);
    const ol_realm_account *account = ol_realm_find_account(request->realm, id);
    return account ? account->id : ol_realm_default_account(request->realm)->id;
}

static ol_slice alias_of(ol_slice name)
{
    ptrdiff_t at = ol_slice_search(name, OL_SLICE_LIT("alias/"));
    return at >= 0 ? ol_slice_from(name, (size_t)at) : OL_SLICE_NONE;
}

static int decide(const key_user *user, const ol_key_ask *ask, ol_slice arn,
                  const ol_policy *policy, ol_error *err)
{
    ol_request *request = user->request;
    question q = {
        .door = {.arn = arn,
                 .account_id = account_of(request, arn),
                 .policy = policy,
                 .policy_required = policy != NULL},
        .source = {.request = request, .arena = request->arena, .has_existing_tags = true},
        .context = ask->context,
        .alias = alias_of(ask->key_id),
        .decrypt = ask->decrypt,
    };
    q.asked = (ol_access_question){
        .who = request->who,
        .action = ask->decrypt ? OL_SLICE_LIT("Decrypt") : OL_SLICE_LIT("GenerateDataKey"),
        .other = &q.door,
        .other_service = "kms",
        .other_via_olap = user->target->via == OL_VIA_OBJECT_LAMBDA,
        .now_ms = request->line.wall_ms,
        .values = key_values,
        .values_arg = &q,
    };
    snprintf(q.via, sizeof(q.via), "s3.%.*s.amazonaws.com",
             OL_SLICE_FMT(request->generation->config->region));
    return ol_access_decide(&q.asked, err);
}

/* KMS answers nobody, and no signature of the old kind. */
static int check_signed(ol_request *request, ol_error *err)
{
    bool version4 = request->auth.type != OL_AUTH_ANONYMOUS && request->auth.scope[0];
    if (request->who->kind == OL_IDENTITY_ANONYMOUS ||
        (request->auth.type != OL_AUTH_ANONYMOUS && !version4)) {
        ol_request_error_extra(request, "ArgumentName", OL_SLICE_LIT("Authorization"));
        return ol_error_say(err, OL_EINVAL,
                            "Requests specifying Server Side Encryption with AWS KMS managed keys "
                            "require AWS Signature Version 4.");
    }
    return OL_OK;
}

static int decide_by_account(const key_user *user, const ol_key_ask *ask, ol_slice arn,
                             ol_error *err)
{
    const ol_config *config = user->request->generation->config;
    return decide(user, ask, arn, ol_config_key_policy(config, arn), err);
}

static int decide_as_default(const key_user *user, const ol_key_ask *ask, ol_slice arn,
                             ol_error *err)
{
    return decide(user, ask, arn, user->request->generation->config->default_key_policy, err);
}

/* Left out where there is no memory for it. */
static ol_slice written_object(const ol_request *request)
{
    const char *arn = ol_arena_printf(request->arena, "arn:aws:s3:::%.*s/%.*s",
                                      OL_SLICE_FMT(request->target.bucket),
                                      OL_SLICE_FMT(request->address.key));
    return arn ? ol_slice_cstr(arn) : OL_SLICE_NONE;
}

/* A denial leaves its line in the key audit; what is allowed leaves one when the key is used. */
static void note(const key_user *user, const ol_key_ask *ask, int rc)
{
    ol_key_use use = user->user.use;
    const ol_slice *object =
        ask->context ? ol_context_find(ask->context, OL_SLICE_LIT("aws:s3:arn")) : NULL;
    if (rc != OL_EACCESS)
        return;
    if (object)
        use.object = *object;
    else if (!ask->context) /* another service's key */
        use.object = written_object(user->request);
    ol_key_service_denied(user->request->worker->shared->keys, ask->decrypt, &use, ask->key_id,
                          user->user.request_id);
}

/* ---- what a name means ---- */

static int no_memory(ol_error *err)
{
    return ol_error_set(err, OL_ENOMEM, "permission for a key");
}

static void look_free(look *self)
{
    ol_arena_destroy(self->arena);
    ol_free(self);
}

static look *look_new(key_user *user, ol_key_ask *ask, ol_slice name)
{
    look *self = ol_calloc(1, sizeof(*self));
    if (!self)
        return NULL;
    self->user = user;
    self->ask = ask;
    self->kms = ol_key_service_names(user->request->worker->shared->keys);
    self->arena = ol_arena_new(LOOK_ARENA_BYTES_MAX);
    self->call.key_id = self->arena ? ol_arena_copy(self->arena, name) : OL_SLICE_NONE;
    self->call.arena = self->arena;
    self->call.loop = ask->loop;
    if (self->call.key_id.data || (self->arena && name.len == 0))
        return self;
    look_free(self);
    return NULL;
}

static int keep_arn(look *self, ol_error *err)
{
    ol_slice arn = self->call.used_key;
    self->ask->arn = ol_strndup(arn.data, arn.len);
    return self->ask->arn ? OL_OK : ol_error_set(err, OL_ENOMEM, "a key's name");
}

static bool is_default_name(ol_slice name)
{
    return name.len == 0 || ol_slice_eq(name, DEFAULT_KEY);
}

/* The ARN of a bare name in that account. Empty when there is no memory. */
static ol_slice arn_of_name(const ol_request *request, ol_slice account, ol_slice name)
{
    const char *kind = alias_of(name).len > 0 ? "" : "key/";
    if (ol_slice_starts(name, OL_SLICE_LIT("arn:")))
        return name;
    return ol_slice_cstr(ol_arena_printf(request->arena, "arn:aws:kms:%.*s:%.*s:%s%.*s",
                                         OL_SLICE_FMT(request->generation->config->region),
                                         OL_SLICE_FMT(account), kind, OL_SLICE_FMT(name)));
}

/* That no key has this name is told to those who might use one that had: of an alias, a key of its
 * name, because what counts is the key that an alias stands for. */
static int judge_missing(const key_user *user, const ol_key_ask *ask, ol_error *err)
{
    ol_request *request = user->request;
    ol_slice name = alias_of(ask->key_id);
    name = name.len > 0 ? ol_slice_from(name, sizeof("alias/") - 1) : ask->key_id;
    ol_slice arn = arn_of_name(request, ol_realm_default_account(request->realm)->id, name);
    if (!arn.data)
        return no_memory(err);
    int rc = decide_by_account(user, ask, arn, err);
    if (rc != OL_OK)
        return rc;
    return ol_error_say(err, OL_EKMSNOTFOUND, "Invalid keyId '%.*s'",
                        OL_SLICE_FMT(ol_slice_first(ask->key_id, 200)));
}

/* A key that is there and may be used is used by its ARN. One that is not: the KMS says so, in its
 * own words; the default key it makes when it is first wanted. */
static int judge_name(look *self, ol_error *err)
{
    const key_user *user = self->user;
    const ol_key_ask *ask = self->ask;
    bool is_default = is_default_name(ask->key_id);
    if (self->state == OL_KMS_MISSING && !is_default)
        return judge_missing(user, ask, err);
    if (self->state == OL_KMS_MISSING)
        return decide_as_default(user, ask, DEFAULT_KEY, err);
    int rc = decide_by_account(user, ask, self->call.used_key, err);
    if (rc == OL_EACCESS && is_default &&
        !ol_config_key_policy(user->request->generation->config, self->call.used_key)) {
        ol_error_clear(err);
        rc = decide_as_default(user, ask, self->call.used_key, err);
    }
    return rc == OL_OK ? keep_arn(self, err) : rc;
}

/* Is the key that was refused the default one? */
static int judge_default(look *self, ol_error *err)
{
    ol_slice arn = self->ask->arn ? ol_slice_cstr(self->ask->arn) : self->ask->key_id;
    if (self->state == OL_KMS_MISSING || !ol_slice_eq(self->call.used_key, arn)) {
        *err = self->refusal;
        return err->code;
    }
    return decide_as_default(self->user, self->ask, arn, err);
}

static int judge(look *self, int rc, ol_error *err)
{
    if (self->user->request->gone)
        return ol_error_set(err, OL_EPEER, "the client left before the end");
    if (rc != OL_OK)
        return rc;
    return self->for_default ? judge_default(self, err) : judge_name(self, err);
}

static void on_looked(ol_kms_call *call, const ol_error *failure)
{
    look *self = call->arg;
    ol_key_ask *ask = self->ask;
    ol_error err = ol_error_none();
    if (failure)
        err = *failure;
    int rc = judge(self, failure ? failure->code : OL_OK, &err);
    note(self->user, ask, rc);
    look_free(self);
    ask->private_ = NULL;
    ask->cb(ask, rc == OL_OK ? NULL : &err);
}

/* Takes over the look. */
static int look_up(look *self, ol_error *err)
{
    self->call.cb = on_looked;
    self->call.arg = self;
    int rc = self->kms ? self->kms->ops->state(self->kms, &self->call, &self->state, err)
                       : ol_error_set(err, OL_EKMSUNAVAILABLE, "there is no key management");
    if (rc == OL_WAIT) {
        self->ask->private_ = self;
        return OL_WAIT;
    }
    rc = judge(self, rc, err);
    look_free(self);
    return rc;
}

/* ---- asking ---- */

/* alias/aws/s3 where it is not the only hope: a policy of its own rules a key alone. */
static int ask_default(key_user *user, ol_key_ask *ask, ol_slice arn, ol_error *err)
{
    int rc = decide_by_account(user, ask, arn, err);
    if (rc != OL_EACCESS || ol_config_key_policy(user->request->generation->config, arn))
        return rc;
    look *self = look_new(user, ask, DEFAULT_KEY);
    if (!self)
        return no_memory(err);
    self->for_default = true;
    self->refusal = *err;
    ol_error_clear(err);
    return look_up(self, err);
}

static bool is_key_arn(ol_slice name)
{
    return ol_slice_starts(name, OL_SLICE_LIT("arn:")) &&
           ol_slice_search(name, OL_SLICE_LIT(":key/")) >= 0;
}

static int ask_at_once(key_user *user, ol_key_ask *ask, ol_error *err)
{
    if (user->request->gone) /* its headers, which conditions ask about, may be gone too */
        return ol_error_set(err, OL_EPEER, "the client left before the end");
    if (check_signed(user->request, err) != OL_OK)
        return err->code;
    if (is_key_arn(ask->key_id))
        return ask_default(user, ask, ask->key_id, err);
    look *self = look_new(user, ask, ask->key_id);
    return self ? look_up(self, err) : no_memory(err);
}

static int ask_user(ol_key_user *base, ol_key_ask *ask, ol_error *err)
{
    key_user *user = (key_user *)base;
    int rc = ask_at_once(user, ask, err);
    note(user, ask, rc);
    return rc;
}

static void drop(ol_key_user *base, ol_key_ask *ask)
{
    (void)base;
    look *self = ask->private_;
    self->kms->ops->cancel(self->kms, &self->call);
    look_free(self);
    ask->private_ = NULL;
}

static ol_key_user *make_user(ol_request *request, const ol_target *target)
{
    key_user *user = ol_arena_calloc(request->arena, sizeof(*user));
    if (!user)
        return NULL;
    const ol_realm_olap *olap = target->olap;
    user->request = request;
    user->target = target;
    user->user = (ol_key_user){
        .use = {.who = request->who->arn, .olap = olap ? olap->arn : OL_SLICE_NONE},
        .request_id = ol_slice_cstr(request->id),
        .ask = ask_user,
        .drop = drop,
    };
    return &user->user;
}

ol_key_user *ol_key_user_of(ol_request *request)
{
    if (!request->key_user)
        request->key_user = make_user(request, &request->target);
    return request->key_user;
}

ol_key_user *ol_key_user_of_source(ol_request *request, const ol_target *source)
{
    return make_user(request, source);
}

/* ---- keys of other services ---- */

int ol_key_permission_of_remote(ol_request *request, ol_slice key_name, ol_error *err)
{
    ol_key_user *base = ol_key_user_of(request);
    const ol_key_ask ask = {.key_id = key_name};
    if (check_signed(request, err) != OL_OK)
        return err->code;
    if (!base)
        return no_memory(err);
    ol_slice arn = arn_of_name(request, request->target.rule->owner->id, key_name);
    if (!arn.data)
        return no_memory(err);
    const key_user *user = (const key_user *)base;
    int rc = decide_by_account(user, &ask, arn, err);
    note(user, &ask, rc);
    return rc;
}
