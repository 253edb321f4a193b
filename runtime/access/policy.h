/* SPDX-License-Identifier: MIT */
/*
 * A policy, compiled: what IAM's JSON says, in the form in which it is decided over. Immutable
 * and counted; any thread may evaluate it. Nothing in it is ever ignored: an element, an action,
 * an operator, a key or a variable that is not known makes the whole policy be refused.
 *
 * docs/access.md describes the language.
 */
#ifndef OL_ACCESS_POLICY_H
#define OL_ACCESS_POLICY_H

#include "base/error.h"
#include "base/limits.h"

#define OL_POLICY_BYTES_MAX (20 * OL_KIB) /* the default of a text's size */
#define OL_POLICY_STATEMENTS_MAX 10000
#define OL_POLICY_DEPTH_MAX 16

/* What a policy is attached to decides what it may say. */
enum ol_policy_kind {
    OL_POLICY_IDENTITY, /* of a user, a group or a role; a boundary; a session policy: no
                           Principal */
    OL_POLICY_BUCKET,
    OL_POLICY_ACCESS_POINT,
    OL_POLICY_OLAP,
    OL_POLICY_ENDPOINT, /* of a listener: Principal may be left out */
    OL_POLICY_TRUST,    /* who may assume a role: Principal, no Resource, actions of sts */
    OL_POLICY_KEY       /* of a master key: Principal, actions of kms; a Resource names the key */
};

typedef struct ol_policy_rules {
    enum ol_policy_kind kind;
    ol_slice arn;     /* of BUCKET, ACCESS_POINT, OLAP and KEY: whose policy it is. Every Resource must be
                         able to name it or what lies in it. Empty: any of that kind. */
    size_t bytes_max; /* of the text; 0 = OL_POLICY_BYTES_MAX */
} ol_policy_rules;

typedef struct ol_policy ol_policy;

/* Compile. OL_OK; OL_EMALFORMEDPOLICY: err->message says what is wrong and where ("… (statement 2,
 * "Sid", line 7, column 15)"); OL_ENOMEM. The text is not needed afterwards. A new policy has one
 * reference. */
int ol_policy_parse(ol_policy **policy, ol_slice json, const ol_policy_rules *rules, ol_error *err);
/* Any thread. NULL is fine. */
ol_policy *ol_policy_acquire(const ol_policy *policy);
void ol_policy_release(const ol_policy *policy);

size_t ol_policy_statement_count(const ol_policy *policy);
/* The Sid of a statement counted from 0; empty when it has none. */
ol_slice ol_policy_sid(const ol_policy *policy, size_t statement);
/* Allows something to everybody, by S3's definition: an Allow for "*" that no condition pins to
 * fixed callers (public_access.h says what follows). NULL is not public. */
bool ol_policy_is_public(const ol_policy *policy);

#endif
