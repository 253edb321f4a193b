/* SPDX-License-Identifier: MIT */
#include "access/findings.h"

/* ---- steps ---- */

static ol_access_step make_step(const ol_decision_state *d, enum ol_access_step_kind kind,
                                enum ol_access_source source)
{
    return (ol_access_step){.kind = kind,
                            .source = source,
                            .action = ol_action_name(d->ev.action),
                            .resource = d->ev.resource};
}

static void tell(const ol_decision_state *d, const ol_access_step *step)
{
    if (d->q->trace)
        d->q->trace->step(d->q->trace->arg, step);
}

void ol_findings_tell(const ol_decision_state *d, enum ol_access_step_kind kind,
                      enum ol_access_source source)
{
    ol_access_step step = make_step(d, kind, source);
    tell(d, &step);
}

/* This step decides: denied. */
static int deny(ol_decision_state *d, const ol_access_step *step)
{
    char text[OL_ERROR_TEXT_SIZE];
    tell(d, step);
    ol_access_step_text(step, text, sizeof(text));
    return ol_error_set(d->ev.err, OL_EACCESS, "%s", text);
}

int ol_findings_want(ol_decision_state *d, enum ol_access_source source)
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
static int judge(ol_decision_state *d, const ask *a, ol_judgement *found)
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

static int judge_policies(ol_decision_state *d, enum ol_judge_mode mode, bool *allows)
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
        ol_findings_tell(d, OL_STEP_ROOT, OL_SOURCE_IDENTITY);
    }
    return OL_OK;
}

static int judge_cap(ol_decision_state *d, const ol_policy *policy, enum ol_access_source source,
                     enum ol_judge_mode mode, ol_findings *f)
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

int ol_findings_identity(ol_decision_state *d, enum ol_judge_mode mode, ol_findings *f)
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

int ol_findings_endpoint(ol_decision_state *d)
{
    ol_judgement found;
    ask a = {d->q->endpoint_policy, OL_SOURCE_ENDPOINT, 0, OL_JUDGE_ALL};
    int rc = a.policy ? judge(d, &a, &found) : OL_OK;
    if (rc != OL_OK || !a.policy)
        return rc;
    bool allows = found.allows != OL_NO_STATEMENT || found.allows_account != OL_NO_STATEMENT;
    return allows ? OL_OK : ol_findings_want(d, OL_SOURCE_ENDPOINT);
}

/* ---- one door ---- */

bool ol_findings_same_account(const ol_identity *who, ol_slice account)
{
    return who->account_id.len > 0 && ol_slice_eq(who->account_id, account);
}

bool ol_findings_action_in(const ol_decision_state *d, const char *const *actions)
{
    for (; *actions; actions++)
        if (ol_slice_eq_cstr(ol_action_name(d->ev.action), *actions))
            return true;
    return false;
}

/* Nobody can lock the owner out of a bucket's policy, unless it asked for that. */
static bool is_exempt(const ol_decision_state *d, const ol_access_door *door)
{
    static const char *const actions[] = {"s3:GetBucketPolicy", "s3:PutBucketPolicy",
                                          "s3:DeleteBucketPolicy", NULL};
    return door == d->q->bucket && !d->q->root_may_be_denied &&
           d->q->who->kind == OL_IDENTITY_ROOT &&
           ol_findings_same_account(d->q->who, door->account_id) && ol_findings_action_in(d, actions);
}

/* Under a public policy, RestrictPublicBuckets leaves only the owner's account and services. */
static bool is_restricted(const ol_decision_state *d, const ol_access_door *door)
{
    const ol_identity *who = d->q->who;
    return door->restrict_public && ol_policy_is_public(door->policy) &&
           who->kind != OL_IDENTITY_SERVICE && !ol_findings_same_account(who, door->account_id);
}

int ol_findings_door(ol_decision_state *d, const ol_access_door *door, enum ol_access_source source,
                      enum ol_judge_mode mode, ol_findings *f)
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
        ol_findings_tell(d, OL_STEP_RESTRICTED, source);
    }
    return OL_OK;
}
