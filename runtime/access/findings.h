/* SPDX-License-Identifier: MIT */
/*
 * What the policies say at one door, before it is put together. Private to this room; decide.c
 * puts it together.
 */
#ifndef OL_ACCESS_FINDINGS_H
#define OL_ACCESS_FINDINGS_H

#include "access/policy_private.h"

#define OL_DECISION_RESOURCE_BYTES_MAX (OL_KEY_BYTES_MAX + 512)

/* A decision on its way from door to door. */
typedef struct ol_decision_state {
    ol_evaluation ev;
    const ol_access_question *q;
    bool through; /* an outer door was opened by the identity's own policies */
    char resource[OL_DECISION_RESOURCE_BYTES_MAX];
} ol_decision_state;

typedef struct ol_findings {
    bool identity;             /* the identity's policies allow */
    bool caps;                 /* boundary and session policy allow, too, or there is none */
    enum ol_access_source cap; /* the one that does not */
    bool granted;              /* the door's policy allows this very caller */
    bool granted_account;      /* it allows the caller's account */
} ol_findings;

/* These return OL_OK, OL_EACCESS when a Deny decided, or the trouble that was met. */
int ol_findings_endpoint(ol_decision_state *d);
int ol_findings_identity(ol_decision_state *d, enum ol_judge_mode mode, ol_findings *f);
int ol_findings_door(ol_decision_state *d, const ol_access_door *door, enum ol_access_source source,
                     enum ol_judge_mode mode, ol_findings *f);

/* For the trace. */
void ol_findings_tell(const ol_decision_state *d, enum ol_access_step_kind kind,
                      enum ol_access_source source);
/* Denied, because nothing that counts allows. OL_EACCESS. */
int ol_findings_want(ol_decision_state *d, enum ol_access_source source);

bool ol_findings_same_account(const ol_identity *who, ol_slice account);
/* Is the action one of these ("s3:GetBucketPolicy", …), up to a NULL? */
bool ol_findings_action_in(const ol_decision_state *d, const char *const *actions);

#endif
