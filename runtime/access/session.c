/* SPDX-License-Identifier: MIT */
#include "access/session.h"

#include "access/policy.h"

static void release_policy(void *arg)
{
    ol_policy_release(arg);
}

static int add_policy(ol_identity *who, ol_slice text, ol_arena *arena, ol_error *err)
{
    ol_policy *policy;
    if (text.len == 0)
        return OL_OK;
    ol_policy_rules rules = {.kind = OL_POLICY_IDENTITY, .bytes_max = OL_SESSION_POLICY_BYTES_MAX};
    int rc = ol_policy_parse(&policy, text, &rules, err);
    if (rc != OL_OK)
        return rc;
    if (ol_arena_on_end(arena, release_policy, policy) != OL_OK) {
        ol_policy_release(policy);
        return ol_error_set(err, OL_ENOMEM, "session policy");
    }
    who->session_policy = policy;
    return OL_OK;
}

/* …:role/a/path/NAME → NAME */
static ol_slice role_name(ol_slice arn)
{
    size_t at = arn.len;
    while (at > 0 && arn.data[at - 1] != '/')
        at--;
    return ol_slice_from(arn, at);
}

static int become_role_session(ol_identity *who, const ol_session_claims *claims, ol_arena *arena,
                               ol_error *err)
{
    ol_slice role = who->arn;
    char *arn = ol_arena_printf(arena, "arn:aws:sts::%.*s:assumed-role/%.*s/%.*s",
                                OL_SLICE_FMT(who->account_id), OL_SLICE_FMT(role_name(role)),
                                OL_SLICE_FMT(claims->name));
    char *id = ol_arena_printf(arena, "%.*s:%.*s", OL_SLICE_FMT(who->principal_id),
                               OL_SLICE_FMT(claims->name));
    if (!arn || !id)
        return ol_error_set(err, OL_ENOMEM, "session identity");
    who->kind = OL_IDENTITY_SESSION;
    who->role_arn = role;
    who->arn = ol_slice_cstr(arn);
    who->principal_id = ol_slice_cstr(id);
    return OL_OK;
}

static bool fits(const ol_identity *base, const ol_session_claims *claims)
{
    bool role = base->kind == OL_IDENTITY_ROLE;
    bool self = base->kind == OL_IDENTITY_USER || base->kind == OL_IDENTITY_ROOT;
    return ol_slice_eq(base->arn, claims->arn) &&
           ol_slice_eq(base->account_id, claims->account_id) &&
           (claims->kind == OL_SESSION_OF_ROLE ? role : self);
}

int ol_session_identity(const ol_identity *base, const ol_session_claims *claims, ol_arena *arena,
                        const ol_identity **identity, ol_error *err)
{
    if (!fits(base, claims))
        return ol_error_set(err, OL_EINVALIDTOKEN, "session token: its principal is another one");
    ol_identity *who = ol_arena_alloc(arena, sizeof(*who));
    if (!who)
        return ol_error_set(err, OL_ENOMEM, "session identity");
    *who = *base;
    who->temporary = true;
    who->issued_ms = claims->issued_ms;
    who->mfa_ms = claims->mfa_ms;
    int rc = OL_OK;
    if (claims->kind == OL_SESSION_OF_ROLE)
        rc = become_role_session(who, claims, arena, err);
    if (rc == OL_OK)
        rc = add_policy(who, claims->policy, arena, err);
    if (rc == OL_OK)
        *identity = who;
    return rc;
}
