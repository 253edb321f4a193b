/* SPDX-License-Identifier: MIT */
/*
 * The decision: may this identity do this, through these doors? docs/access.md draws it.
 *
 * In short: an explicit Deny anywhere wins; without an Allow nothing is allowed. In one account
 * the identity's policies or the resource's are enough, across accounts both must allow. Through
 * an access point both it and the bucket must allow; what an OLAP hands on unchanged needs all
 * three. What an OLAP's transform answers (a view) needs the OLAP's permission alone, save that
 * the policies of the access point and the bucket may still deny it, and that a bucket of another
 * account than the OLAP's must allow it.
 */
#ifndef OL_ACCESS_DECIDE_H
#define OL_ACCESS_DECIDE_H

#include "access/actions.h"
#include "access/context.h"
#include "access/identity.h"
#include "access/policy.h"

/* One of the resources that a request passes. */
typedef struct ol_access_door {
    ol_slice arn;        /* arn:aws:s3:::BUCKET, …:accesspoint/NAME: without a key */
    ol_slice account_id; /* that owns it */
    const ol_policy *policy; /* its own; NULL = none */
    bool restrict_public; /* RestrictPublicBuckets is in force (public_access.h) */
    bool vpc_only;        /* of an access point: its network origin is a VPC */
    bool policy_required; /* of a role: without an Allow of its (trust) policy nothing is allowed */
} ol_access_door;

enum ol_access_step_kind {
    OL_STEP_ALLOWS,     /* a statement allows */
    OL_STEP_DENIES,     /* a statement denies: this decides */
    OL_STEP_NO_ALLOW,   /* no statement of the policies named by `source` allows */
    OL_STEP_ROOT,       /* the root identity needs no Allow in its own account */
    OL_STEP_ACL,        /* an access control list allows */
    OL_STEP_SERVICE,    /* a service needs no policy of its own */
    OL_STEP_THROUGH,    /* allowed on the access point, and the bucket is of the same account */
    OL_STEP_RESTRICTED, /* an Allow does not count: RestrictPublicBuckets */
    OL_STEP_ACCOUNT     /* an Allow for the account: its users need one of their own as well */
};

enum ol_access_source {
    OL_SOURCE_IDENTITY,
    OL_SOURCE_BOUNDARY,
    OL_SOURCE_SESSION,
    OL_SOURCE_ENDPOINT,
    OL_SOURCE_OLAP,
    OL_SOURCE_ACCESS_POINT,
    OL_SOURCE_BUCKET,
    OL_SOURCE_OTHER, /* the policy of `other`: a role's trust, … */
    OL_SOURCE_ACL
};

/* Something that was found on the way to a decision. Slices live during the call only. */
typedef struct ol_access_step {
    enum ol_access_step_kind kind;
    enum ol_access_source source;
    size_t policy;    /* of the identity's: which, from 0 */
    size_t statement; /* from 0, of ALLOWS, DENIES, RESTRICTED, ACCOUNT */
    ol_slice sid;
    ol_slice action, resource; /* that were asked for: "s3:GetObject", the ARN */
} ol_access_step;

typedef struct ol_access_trace {
    void (*step)(void *arg, const ol_access_step *step);
    void *arg;
} ol_access_trace;

typedef struct ol_access_question {
    const ol_identity *who;
    ol_slice action; /* without its service: "GetObject". Asked of an OLAP as
                        s3-object-lambda:GetObject, of the other doors as s3:GetObject */
    ol_slice olap_action; /* what an OLAP calls it when that is not the same; else empty */
    ol_slice key;    /* of an object; empty: the bucket or the door itself */

    /* The doors on the way, those that there are: bucket; access_point and bucket; olap,
     * access_point and bucket. */
    const ol_access_door *olap;
    const ol_access_door *access_point;
    const ol_access_door *bucket;
    /* Instead of these: something else, whose ARN is the resource as it stands ("arn:aws:s3:::*"
     * for the service, an access point for the control API, a role with its trust policy). */
    const ol_access_door *other;
    const char *other_service; /* that `action` belongs to then; NULL = "s3" */
    bool other_via_olap; /* it is asked for behind an Object Lambda access point: aws:CalledVia */

    bool view; /* a transform answers: the OLAP's permission is enough */
    /* The account that owns the object when that is not the bucket's (ownership ObjectWriter):
     * its owner's list decides then, and the bucket's owner may only delete. Empty: the
     * bucket's. */
    ol_slice object_account_id;
    bool root_may_be_denied; /* the bucket policy was put with
                                x-amz-confirm-remove-self-bucket-access: it binds root wholly */

    const ol_policy *endpoint_policy; /* of the listener; NULL = allows everything */
    int64_t now_ms;
    ol_context_values_cb values; /* NULL: no key of a request is present */
    void *values_arg;
    /* Do the access control lists allow it to `who`? `anybody`: only what they grant to everybody
     * counts. NULL = lists do not count. Only asked when nothing else has decided. Returns as
     * `values` does. */
    int (*acl)(void *arg, bool anybody, bool *allows, ol_error *err);
    void *acl_arg;
    const ol_access_trace *trace; /* NULL = none */
} ol_access_question;

/* OL_OK: allowed. OL_WAIT: `values` or `acl` said so; ask again later. OL_EACCESS: denied, and
 * err->detail says by which statement or for want of which; or another error. No allocation,
 * no I/O; any thread. */
int ol_access_decide(const ol_access_question *question, ol_error *err);

/* A step in plain words ("statement 2 "NoSecrets" of the bucket's policy denies s3:GetObject on
 * arn:…"), for logs and people. NUL-terminated, cut to size. */
void ol_access_step_text(const ol_access_step *step, char *out, size_t size);

#endif
