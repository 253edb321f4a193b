/* SPDX-License-Identifier: MIT */
/*
 * The combination of all that has a say. A decision goes from door to door, the outermost first;
 * each door is one resource with its own ARN, owner and policy, and all of them must open.
 *
 * A Deny ends it at once; trouble (a value that is not known yet) is latched in the evaluation and
 * ends it as soon as the policy that met it has been looked at.
 */
#include "access/findings.h"

/* ---- one door ---- */

static int ask_acl(ol_decision_state *d, bool anybody, bool *allows)
{
    *allows = false;
    if (!d->q->acl)
        return OL_OK;
    int rc = d->q->acl(d->q->acl_arg, anybody, allows, d->ev.err);
    if (rc == OL_OK && *allows)
        ol_findings_tell(d, OL_STEP_ACL, OL_SOURCE_ACL);
    return rc;
}

/* Somebody else's object in the bucket: the bucket's owner may remove it and make room for it,
 * and what it is, its own owner's list says. */
static bool is_foreign_object(const ol_decision_state *d, const ol_access_door *door)
{
    static const char *const of_bucket[] = {"s3:PutObject", "s3:DeleteObject",
                                            "s3:DeleteObjectVersion", "s3:AbortMultipartUpload",
                                            "s3:ListMultipartUploadParts", NULL};
    ol_slice owner = d->q->object_account_id;
    return door == d->q->bucket && d->q->key.len > 0 && owner.len > 0 &&
           !ol_slice_eq(owner, door->account_id) && !ol_findings_action_in(d, of_bucket);
}

/* An Allow on the access point counts for the bucket behind it as the identity's own. */
static void look_back(ol_decision_state *d, const ol_access_door *door, ol_findings *f)
{
    if (d->through && door == d->q->bucket && !(f->identity && f->caps)) {
        f->identity = f->caps = true;
        ol_findings_tell(d, OL_STEP_THROUGH, OL_SOURCE_IDENTITY);
    }
    d->through = door == d->q->access_point && f->identity && f->caps;
}

/* The identity's side is missing: its policies do not allow, or a cap does not. */
static int want_identity(ol_decision_state *d, const ol_findings *f)
{
    return ol_findings_want(d, f->identity ? f->cap : OL_SOURCE_IDENTITY);
}

/* Nobody and services have no policies: what the resource says is enough. */
static int open_for_stranger(ol_decision_state *d, const ol_access_door *door,
                             enum ol_access_source source, const ol_findings *f)
{
    bool allows = f->granted && !is_foreign_object(d, door);
    if (d->q->who->kind == OL_IDENTITY_SERVICE && allows)
        ol_findings_tell(d, OL_STEP_SERVICE, OL_SOURCE_IDENTITY);
    int rc = allows || door != d->q->bucket ? OL_OK : ask_acl(d, false, &allows);
    if (rc != OL_OK)
        return rc;
    return allows ? OL_OK : ol_findings_want(d, source);
}

static int open_foreign(ol_decision_state *d, const ol_findings *f)
{
    bool allows = false;
    if (!f->identity || !f->caps)
        return want_identity(d, f);
    int rc = ask_acl(d, false, &allows);
    if (rc != OL_OK)
        return rc;
    return allows ? OL_OK : ol_findings_want(d, OL_SOURCE_ACL);
}

static int open_own(ol_decision_state *d, const ol_access_door *door, enum ol_access_source source,
                    const ol_findings *f)
{
    bool granted = f->granted || (f->granted_account && f->identity);
    bool allows = door->policy_required ? granted : f->identity || granted;
    int rc = allows || door != d->q->bucket ? OL_OK : ask_acl(d, true, &allows);
    if (rc != OL_OK)
        return rc;
    if (!allows)
        return ol_findings_want(d, source);
    return f->caps ? OL_OK : ol_findings_want(d, f->cap);
}

static int open_of_others(ol_decision_state *d, const ol_access_door *door, enum ol_access_source source,
                          const ol_findings *f)
{
    bool allows = f->granted || f->granted_account;
    if (!f->identity || !f->caps)
        return want_identity(d, f);
    int rc = allows || door != d->q->bucket ? OL_OK : ask_acl(d, false, &allows);
    if (rc != OL_OK)
        return rc;
    return allows ? OL_OK : ol_findings_want(d, source);
}

static int combine(ol_decision_state *d, const ol_access_door *door, enum ol_access_source source,
                   ol_findings *f)
{
    const ol_identity *who = d->q->who;
    if (who->kind == OL_IDENTITY_ANONYMOUS || who->kind == OL_IDENTITY_SERVICE)
        return open_for_stranger(d, door, source, f);
    look_back(d, door, f);
    if (is_foreign_object(d, door))
        return open_foreign(d, f);
    return ol_findings_same_account(who, door->account_id) ? open_own(d, door, source, f)
                                               : open_of_others(d, door, source, f);
}

/* ---- the way ---- */

static int name_action(ol_decision_state *d, const ol_access_door *door, const char *service)
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
static int stand_before(ol_decision_state *d, const ol_access_door *door, const char *service,
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

static int pass(ol_decision_state *d, const ol_access_door *door, enum ol_access_source source,
                const char *service, const char *inside)
{
    ol_findings f = {0};
    int rc = stand_before(d, door, service, inside);
    if (rc == OL_OK)
        rc = ol_findings_endpoint(d);
    if (rc == OL_OK)
        rc = ol_findings_identity(d, OL_JUDGE_ALL, &f);
    if (rc == OL_OK)
        rc = ol_findings_door(d, door, source, OL_JUDGE_ALL, &f);
    return rc == OL_OK ? combine(d, door, source, &f) : rc;
}

/* Whose it is that lies behind somebody else's view must have allowed it: anybody can put doors of
 * their own before it. */
static bool must_open(const ol_decision_state *d, const ol_access_door *door)
{
    return !ol_slice_eq(door->account_id, d->q->olap->account_id);
}

/* Under a view: the doors of one account need not open, but their policies may deny; and so may
 * the identity's where they speak of views. */
static int look_through(ol_decision_state *d, const ol_access_door *door, enum ol_access_source source,
                        const char *inside)
{
    ol_findings f = {0};
    bool must = must_open(d, door);
    int rc = stand_before(d, door, "s3", inside);
    if (rc == OL_OK)
        rc = ol_findings_identity(d, OL_JUDGE_VIEW_DENIES, &f);
    if (rc == OL_OK)
        rc = ol_findings_door(d, door, source, must ? OL_JUDGE_ALL : OL_JUDGE_DENIES, &f);
    if (rc != OL_OK)
        return rc;
    return !must || f.granted || f.granted_account ? OL_OK : ol_findings_want(d, source);
}

static int inner_door(ol_decision_state *d, const ol_access_door *door, enum ol_access_source source,
                      const char *inside)
{
    if (!door)
        return OL_OK;
    return d->q->view ? look_through(d, door, source, inside)
                      : pass(d, door, source, "s3", inside);
}

int ol_access_decide(const ol_access_question *question, ol_error *err)
{
    ol_decision_state d; /* not zeroed: the resource's room is large */
    d.q = question;
    d.through = false;
    d.ev = (ol_evaluation){.question = question, .err = err};
    d.ev.via_lambda = question->other && question->other_via_olap;
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
