/* SPDX-License-Identifier: MIT */
/*
 * An identity: what a signature, a session token or a certificate proved, and the policies that
 * are attached to it. Not who owns what; that is control/state/realm.h.
 *
 * Plain data, borrowed: whoever fills it in keeps the slices and the policies alive for as long
 * as a request uses it. Identities of users and roles live in the realm; those of sessions are
 * made for a request from a session token (session.h).
 */
#ifndef OL_ACCESS_IDENTITY_H
#define OL_ACCESS_IDENTITY_H

#include "base/error.h"
#include "s3/documents/tagging.h"

struct ol_policy; /* access/policy.h */

enum ol_identity_kind {
    OL_IDENTITY_ANONYMOUS, /* nothing was proved; all slices are empty */
    OL_IDENTITY_ROOT,      /* of its account: allowed everything that no policy denies */
    OL_IDENTITY_USER,
    OL_IDENTITY_ROLE,    /* a role itself: what its sessions start from; it never asks */
    OL_IDENTITY_SESSION, /* of a role */
    OL_IDENTITY_SERVICE  /* a service, or a CDN's origin identity: has no policies of its own, what
                            a resource's policy grants it is enough */
};

typedef struct ol_identity {
    enum ol_identity_kind kind;
    ol_slice account_id;   /* 12 digits; empty: anonymous, services */
    ol_slice canonical_id; /* its account's; of a SERVICE its own */
    ol_slice arn;          /* arn:aws:iam::ACCOUNT:root, …:user/NAME, …:role/NAME,
                              arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION */
    ol_slice role_arn;     /* of a SESSION: arn:aws:iam::ACCOUNT:role/NAME */
    ol_slice user_name;    /* of a USER */
    ol_slice service;      /* of a SERVICE: "logging.s3.amazonaws.com"; else empty */
    ol_slice principal_id; /* aws:userid: the account of root, "AIDA…" of a user,
                              "AROA…:SESSION" of a session */
    const struct ol_policy *const *policies; /* its own and its groups', flattened */
    size_t policy_count;
    const struct ol_policy *boundary; /* caps what the policies allow; NULL = none */
    const struct ol_policy *session_policy; /* caps a session further; NULL = none */
    const ol_tag *tags; /* aws:PrincipalTag/… */
    size_t tag_count;
    bool temporary;   /* signed with credentials from STS */
    int64_t issued_ms; /* of temporary credentials: aws:TokenIssueTime */
    int64_t mfa_ms;    /* when a one-time code was shown for them; 0 = none was */
} ol_identity;

/* Nobody in particular. Never NULL is passed for it. */
extern const ol_identity ol_identity_anonymous;

/* "Anonymous", "Account", "User", "AssumedRole", "Service": aws:PrincipalType. */
const char *ol_identity_type(const ol_identity *who);
/* For people: the ARN, "anonymous", or the service's name. */
ol_slice ol_identity_label(const ol_identity *who);

#endif
