/* SPDX-License-Identifier: MIT */
/*
 * What a compiled policy is made of. Private to this room.
 */
#ifndef OL_ACCESS_POLICY_PRIVATE_H
#define OL_ACCESS_POLICY_PRIVATE_H

#include <stdatomic.h>

#include "access/condition.h"
#include "access/policy.h"
#include "access/principal.h"

#define OL_ACTION_WORDS (OL_ACTIONS_MAX / 64)

typedef struct ol_statement {
    bool allow;
    bool not_principal, not_resource;
    bool about_views; /* a condition asks for aws:CalledVia… */
    ol_slice sid;
    uint64_t actions[OL_ACTION_WORDS]; /* a bit for each it is about; NotAction is turned round */
    const ol_principal *principals;    /* none: whoever the policy is attached to, or anybody */
    size_t principal_count;
    const ol_pattern *resources; /* none: any */
    size_t resource_count;
    const ol_condition *conditions;
    size_t condition_count;
} ol_statement;

/* The statements about an action are a row of bits. Most actions share theirs with others, so
 * that there are few rows. */
struct ol_policy {
    _Atomic unsigned references;
    ol_arena *arena;
    enum ol_policy_kind kind;
    bool is_public;
    const ol_statement *statements;
    size_t statement_count;
    size_t words; /* of a row */
    const uint64_t *rows;
    uint16_t row_of[OL_ACTIONS_MAX];
};

/* policy.c: makes the rows. OL_OK or OL_ENOMEM. */
int ol_policy_index(ol_policy *policy);
/* public_access.c */
bool ol_statement_is_public(const ol_statement *statement);

/* ---- evaluation (policy_judge.c) ---- */

enum ol_judge_mode {
    OL_JUDGE_ALL,
    OL_JUDGE_DENIES,      /* only Deny counts */
    OL_JUDGE_VIEW_DENIES  /* only a Deny that asks for aws:CalledVia… */
};

#define OL_NO_STATEMENT SIZE_MAX

/* Statements, from 0, or OL_NO_STATEMENT. */
typedef struct ol_judgement {
    size_t denies;
    size_t allows;
    size_t allows_account; /* OL_FIT_ACCOUNT only */
} ol_judgement;

/* Look at ev->rc before believing it. A NULL policy says nothing. */
void ol_policy_judge(const ol_policy *policy, enum ol_judge_mode mode, ol_evaluation *ev,
                     ol_judgement *judgement);

#endif
