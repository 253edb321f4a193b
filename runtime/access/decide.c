/* SPDX-License-Identifier: MIT */
/*
 * The combination of all that has a say. A decision goes from door to door, the outermost first;
 * each door is one resource with its own ARN, owner and policy, and all of them must open.
 *
 * A Deny ends it at once; trouble (a value that is not known yet) is latched in the evaluation and
 * ends it as soon as the policy that met it has been looked at.
 */
#include "access/decide.h"

#include "access/policy_private.h"

#define RESOURCE_BYTES_MAX (OL_KEY_BYTES_MAX + 512)

typedef struct decision {
    ol_evaluation ev;
    const ol_access_question *q;
    bool through; /* an outer door was opened by the identity's own policies */
    char resource[RESOURCE_BYTES_MAX];
} decision;

/* What the policies say at one door. */
typedef struct findings {
    bool identity;             /* the identity's policies allow */
    bool caps;                 /* boundary and session policy allow, too, or there is none */
    enum ol_access_source cap; /* the one that does not */
    bool granted;              /* the door's policy allows this very caller */
    bool granted_account;      /* it allows the caller's account */
} findings;

/* ---- steps ---- */

static ol_access_step make_step(const decision *d, enum ol_access_step_kind kind,
                                enum ol_access_source source)
{
    return (ol_access_step){.kind = kind,
                            .source = source,
                            .action = ol_action_name(d->ev.action),
                            .resource = d->ev.resource};
}

static void tell(const decision *d, const ol_access_step *step)
{
    if (d->q->trace)
        d->q->trace->step(d->q->trace->arg, step);
}

static void tell_kind(const decision *d, enum ol_access_step_kind kind,
                      enum ol_access_source source)
{
    ol_access_step step = make_step(d, kind, source);
    tell(d, &step);
}

/* This step decides: denied. */
static int deny(decision *d, const ol_access_step *step)
{
    char text[OL_ERROR_TEXT_SIZE];
    tell(d, step);
    ol_access_step_text(step, text, sizeof(text));
    return ol_error_set(d->ev.err, OL_EACCESS, "%s", text);
}

static int deny_for_want(decision *d, enum ol_access_source source)
{
    ol_access_step step = make_step(d, OL_STEP_NO_ALLOW, source);
    return deny(d, &step);
}

/* ---- policies ---- */

typedef struct ask {
    const ol_policy *policy;
    enum ol_access_source source;
    size_t index; /* of the identity's */
    enum ol_judge_mode mode;
} ask;

/* Tells what was found. OL_OK, denied, or trouble. */
static int judge(decision *d, const ask *a, ol_judgement *found)
{
    ol_policy_judge(a->policy, a->mode, &d->ev, found);
    if (d->ev.rc != OL_OK)
        return d->ev.rc;
    ol_access_step step = make_step(d, OL_STEP_ALLOWS, a->source);
    step.policy = a->index;
    step.statement = found->allows;
    if (found->denies != OL_NO_STATEMENT) {
        step.kind = OL_STEP_DENIES;
        step.statement = found->denies;
    } else if (found->allows == OL_NO_STATEMENT) {
        step.kind = OL_STEP_ACCOUNT;
        step.statement = found->allows_account;
    }
    if (step.statement == OL_NO_STATEMENT)
        return OL_OK;
    step.sid = ol_policy_sid(a->policy, step.statement);
    if (step.kind == OL_STEP_DENIES)
        return deny(d, &step);
    tell(d, &step);
    return OL_OK;
}

static int judge_policies(decision *d, enum ol_judge_mode mode, bool *allows)
{
    const ol_identity *who = d->q->who;
    for (size_t i = 0; i < who->policy_count; i++) {
        ol_judgement found;
        ask a = {who->policies[i], OL_SOURCE_IDENTITY, i, mode};
        int rc = judge(d, &a, &found);
        if (rc != OL_OK)
            return rc;
        *allows |= found.allows != OL_NO_STATEMENT;
    }
    if (who->kind == OL_IDENTITY_ROOT && mode == OL_JUDGE_ALL) {
        *allows = true;
        tell_kind(d, OL_STEP_ROOT, OL_SOURCE_IDENTITY);
    }
    return OL_OK;
}

static int judge_cap(decision *d, const ol_policy *policy, enum ol_access_source source,
                     enum ol_judge_mode mode, findings *f)
{
    ol_judgement found;
    ask a = {policy, source, 0, mode};
    int rc = policy ? judge(d, &a, &found) : OL_OK;
    if (rc != OL_OK || !policy || mode != OL_JUDGE_ALL)
        return rc;
    if (found.allows == OL_NO_STATEMENT) {
        f->caps = false;
        f->cap = source;
    }
    return OL_OK;
}

static int judge_identity(decision *d, enum ol_judge_mode mode, findings *f)
{
    const ol_identity *who = d->q->who;
    f->caps = true;
    int rc = judge_policies(d, mode, &f->identity);
    if (rc == OL_OK)
        rc = judge_cap(d, who->boundary, OL_SOURCE_BOUNDARY, mode, f);
    if (rc == OL_OK)
        rc = judge_cap(d, who->session_policy, OL_SOURCE_SESSION, mode, f);
    return rc;
}

static int judge_endpoint(decision *d)
{
    ol_judgement found;
    ask a = {d->q->endpoint_policy, OL_SOURCE_ENDPOINT, 0, OL_JUDGE_ALL};
    int rc = a.policy ? judge(d, &a, &found) : OL_OK;
    if (rc != OL_OK || !a.policy)
        return rc;
    bool allows = found.allows != OL_NO_STATEMENT || found.allows_account != OL_NO_STATEMENT;
    return allows ? OL_OK : deny_for_want(d, OL_SOURCE_ENDPOINT);
}

/* ---- one door ---- */

static bool same_account(const ol_identity *who, ol_slice account)
{
    return who->account_id.len > 0 && ol_slice_eq(who->account_id, account);
}

/* Nobody can lock the owner out of a bucket's policy, unless it asked for that. */
static bool is_exempt(const decision *d, const ol_access_door *door)
{
    static const char *const actions[] = {"s3:GetBucketPolicy", "s3:PutBucketPolicy",
                                          "s3:DeleteBucketPolicy"};
    if (door != d->q->bucket || d->q->root_may_be_denied || d->q->who->kind != OL_IDENTITY_ROOT ||
        !same_account(d->q->who, door->account_id))
        return false;
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        if (ol_slice_eq_cstr(ol_action_name(d->ev.action), actions[i]))
            return true;
    return false;
}

/* Under a public policy, RestrictPublicBuckets leaves only the owner's account and services. */
static bool is_restricted(const decision *d, const ol_access_door *door)
{
    const ol_identity *who = d->q->who;
    return door->restrict_public && ol_policy_is_public(door->policy) &&
           who->kind != OL_IDENTITY_SERVICE && !same_account(who, door->account_id);
}

static int judge_door(decision *d, const ol_access_door *door, enum ol_access_source source,
                      enum ol_judge_mode mode, findings *f)
{
    ol_judgement found;
    ask a = {door->policy, source, 0, mode};
    if (!door->policy || is_exempt(d, door))
        return OL_OK;
    int rc = judge(d, &a, &found);
    if (rc != OL_OK)
        return rc;
    f->granted = found.allows != OL_NO_STATEMENT;
    f->granted_account = found.allows_account != OL_NO_STATEMENT;
    if ((f->granted || f->granted_account) && is_restricted(d, door)) {
        f->granted = f->granted_account = false;
        tell_kind(d, OL_STEP_RESTRICTED, source);
    }
    return OL_OK;
}

static int ask_acl(decision *d, bool anybody, bool *allows)
{
    *allows = false;
    if (!d->q->acl)
        return OL_OK;
    int rc = d->q->acl(d->q->acl_arg, anybody, allows, d->ev.err);
    if (rc == OL_OK && *allows)
        tell_kind(d, OL_STEP_ACL, OL_SOURCE_ACL);
    return rc;
}

/* Somebody else's object in the bucket: the bucket's owner may remove it and make room for it,
 * and what it is, its own owner's list says. */
static bool is_foreign_object(const decision *d, const ol_access_door *door)
{
    static const char *const of_bucket[] = {"s3:PutObject", "s3:DeleteObject",
                                            "s3:DeleteObjectVersion", "s3:AbortMultipartUpload",
                                            "s3:ListMultipartUploadParts"};
    ol_slice owner = d->q->object_account_id;
    if (door != d->q->bucket || d->q->key.len == 0 || owner.len == 0 ||
        ol_slice_eq(owner, door->account_id))
        return false;
    for (size_t i = 0; i < sizeof(of_bucket) / sizeof(of_bucket[0]); i++)
        if (ol_slice_eq_cstr(ol_action_name(d->ev.action), of_bucket[i]))
            return false;
    return true;
}

/* An Allow on the access point counts for the bucket behind it as the identity's own. */
static void look_back(decision *d, const ol_access_door *door, findings *f)
{
    if (d->through && door == d->q->bucket && !(f->identity && f->caps)) {
        f->identity = f->caps = true;
        tell_kind(d, OL_STEP_THROUGH, OL_SOURCE_IDENTITY);
    }
    d->through = door == d->q->access_point && f->identity && f->caps;
}

/* The identity's side is missing: its policies do not allow, or a cap does not. */
static int want_identity(decision *d, const findings *f)
{
    return deny_for_want(d, f->identity ? f->cap : OL_SOURCE_IDENTITY);
}

/* Nobody and services have no policies: what the resource says is enough. */
static int open_for_stranger(decision *d, const ol_access_door *door,
                             enum ol_access_source source, const findings *f)
{
    bool allows = f->granted && !is_foreign_object(d, door);
    if (d->q->who->kind == OL_IDENTITY_SERVICE && allows)
        tell_kind(d, OL_STEP_SERVICE, OL_SOURCE_IDENTITY);
    int rc = allows || door != d->q->bucket ? OL_OK : ask_acl(d, false, &allows);
    if (rc != OL_OK)
        return rc;
    return allows ? OL_OK : deny_for_want(d, source);
}

static int open_foreign(decision *d, const findings *f)
{
    bool allows = false;
    if (!f->identity || !f->caps)
        return want_identity(d, f);
    int rc = ask_acl(d, false, &allows);
    if (rc != OL_OK)
        return rc;
    return allows ? OL_OK : deny_for_want(d, OL_SOURCE_ACL);
}

static int open_own(decision *d, const ol_access_door *door, enum ol_access_source source,
                    const findings *f)
{
    bool granted = f->granted || (f->granted_account && f->identity);
    bool allows = door->policy_required ? granted : f->identity || granted;
    int rc = allows || door != d->q->bucket ? OL_OK : ask_acl(d, true, &allows);
    if (rc != OL_OK)
        return rc;
    if (!allows)
        return deny_for_want(d, source);
    return f->caps ? OL_OK : deny_for_want(d, f->cap);
}

static int open_of_others(decision *d, const ol_access_door *door, enum ol_access_source source,
                          const findings *f)
{
    bool allows = f->granted || f->granted_account;
    if (!f->identity || !f->caps)
        return want_identity(d, f);
    int rc = allows || door != d->q->bucket ? OL_OK : ask_acl(d, false, &allows);
    if (rc != OL_OK)
        return rc;
    return allows ? OL_OK : deny_for_want(d, source);
}

static int combine(decision *d, const ol_access_door *door, enum ol_access_source source,
                   findings *f)
{
    const ol_identity *who = d->q->who;
    if (who->kind == OL_IDENTITY_ANONYMOUS || who->kind == OL_IDENTITY_SERVICE)
        return open_for_stranger(d, door, source, f);
    look_back(d, door, f);
    if (is_foreign_object(d, door))
        return open_foreign(d, f);
    return same_account(who, door->account_id) ? open_own(d, door, source, f)
                                               : open_of_others(d, door, source, f);
}

/* ---- the way ---- */

static int name_action(decision *d, const ol_access_door *door, const char *service)
{
    bool renamed = door == d->q->olap && d->q->olap_action.len > 0;
    ol_slice action = renamed ? d->q->olap_action : d->q->action;
    d->ev.action = ol_action_find(ol_slice_cstr(service), action);
    if (d->ev.action != OL_ACTION_NONE)
        return OL_OK;
    return ol_error_set(d->ev.err, OL_EACCESS, "there is no action %s:%.*s", service,
                        OL_SLICE_FMT(action));
}

/* From here on it is this door's action and resource. */
static int stand_before(decision *d, const ol_access_door *door, const char *service,
                        const char *inside)
{
    ol_slice key = d->q->key;
    size_t inside_len = key.len && inside ? strlen(inside) : 0;
    size_t key_len = inside ? key.len : 0;
    if (door->arn.len + inside_len + key_len > sizeof(d->resource))
        return ol_error_set(d->ev.err, OL_EACCESS, "the resource's name is too long");
    if (door->arn.len)
        memcpy(d->resource, door->arn.data, door->arn.len);
    if (inside_len)
        memcpy(d->resource + door->arn.len, inside, inside_len);
    if (key_len)
        memcpy(d->resource + door->arn.len + inside_len, key.data, key_len);
    d->ev.door = door;
    d->ev.resource = ol_slice_of(d->resource, door->arn.len + inside_len + key_len);
    return name_action(d, door, service);
}

static int pass(decision *d, const ol_access_door *door, enum ol_access_source source,
                const char *service, const char *inside)
{
    findings f = {0};
    int rc = stand_before(d, door, service, inside);
    if (rc == OL_OK)
        rc = judge_endpoint(d);
    if (rc == OL_OK)
        rc = judge_identity(d, OL_JUDGE_ALL, &f);
    if (rc == OL_OK)
        rc = judge_door(d, door, source, OL_JUDGE_ALL, &f);
    return rc == OL_OK ? combine(d, door, source, &f) : rc;
}

/* Under a view: the doors need not open, but their policies may deny; and so may the identity's
 * where they speak of views. */
static int look_through(decision *d, const ol_access_door *door, enum ol_access_source source,
                        const char *inside)
{
    findings f = {0};
    int rc = stand_before(d, door, "s3", inside);
    if (rc == OL_OK)
        rc = judge_identity(d, OL_JUDGE_VIEW_DENIES, &f);
    if (rc == OL_OK)
        rc = judge_door(d, door, source, OL_JUDGE_DENIES, &f);
    return rc;
}

static int inner_door(decision *d, const ol_access_door *door, enum ol_access_source source,
                      const char *inside)
{
    if (!door)
        return OL_OK;
    return d->q->view ? look_through(d, door, source, inside)
                      : pass(d, door, source, "s3", inside);
}

int ol_access_decide(const ol_access_question *question, ol_error *err)
{
    decision d; /* not zeroed: the resource's room is large */
    d.q = question;
    d.through = false;
    d.ev = (ol_evaluation){.question = question, .err = err};
    if (question->other)
        return pass(&d, question->other, OL_SOURCE_OTHER,
                    question->other_service ? question->other_service : "s3", NULL);
    if (!question->bucket || (question->view && !question->olap))
        return ol_error_set(err, OL_EACCESS, "nothing is asked for");
    int rc = OL_OK;
    if (question->olap)
        rc = pass(&d, question->olap, OL_SOURCE_OLAP, "s3-object-lambda", NULL);
    d.ev.via_lambda = question->olap != NULL;
    if (rc == OL_OK)
        rc = inner_door(&d, question->access_point, OL_SOURCE_ACCESS_POINT, "/object/");
    if (rc == OL_OK)
        rc = inner_door(&d, question->bucket, OL_SOURCE_BUCKET, "/");
    return rc;
}
