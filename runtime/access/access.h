/* SPDX-License-Identifier: MIT */
/*
 * Who may do what. An identity is what a signature proved; a decision is made over the
 * statements attached to it: an explicit Deny first, else an Allow, else denied. The root
 * identity of the account is allowed everything.
 */
#ifndef OL_ACCESS_ACCESS_H
#define OL_ACCESS_ACCESS_H

#include "base/error.h"

typedef struct ol_statement {
    bool allow; /* false: Deny */
    const ol_slice *actions; /* "s3:GetObject", "s3-object-lambda:*"; '*' and '?' wildcards,
                                ASCII case ignored */
    size_t action_count;
    const ol_slice *resources; /* ARNs with '*' and '?' wildcards, case matters */
    size_t resource_count;
} ol_statement;

typedef struct ol_identity {
    bool root;
    ol_slice user_name;  /* empty for root */
    ol_slice account_id; /* 12 digits */
    ol_slice arn;        /* arn:aws:iam::ACCOUNT:user/NAME or …:root */
    ol_slice principal_id;
    const ol_statement *statements;
    size_t statement_count;
} ol_identity;

/* OL_OK, or OL_EACCESS with a detail that says why. */
int ol_access_decide(const ol_identity *who, ol_slice action, ol_slice resource, ol_error *err);
/* '*' = any run, '?' = any one byte; linear time in the lengths' product, no recursion. */
bool ol_access_match(ol_slice pattern, ol_slice text, bool ignore_case);

#endif
