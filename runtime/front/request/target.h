/* SPDX-License-Identifier: MIT */
/*
 * What a name stands for: a bucket, an access point or an OLAP, and what lies behind it. Made
 * by ol_target_resolve from any form that a client may use: a bucket's name, an alias, an ARN.
 * Everything in it lives as long as the request holds its realm. Nothing here asks an origin, so
 * a target says nothing of whether a bucket exists there.
 */
#ifndef OL_FRONT_TARGET_H
#define OL_FRONT_TARGET_H

#include "control/state/realm.h"
#include "origin/origin.h"

enum ol_via { OL_VIA_SERVICE, OL_VIA_BUCKET, OL_VIA_ACCESS_POINT, OL_VIA_OBJECT_LAMBDA };

typedef struct ol_target {
    enum ol_via via;
    ol_slice bucket;   /* the real bucket behind whatever was named; empty for the service */
    ol_origin *origin; /* that serves it */
    const ol_realm_bucket *rule; /* what is said of it; NULL for the service only */
    const ol_realm_access_point *access_point; /* also under an OLAP */
    const ol_realm_olap *olap;
} ol_target;

struct ol_request;

/* `name` is a bucket's name, an alias, or the ARN of an access point or an OLAP, as
 * x-amz-copy-source may have it. OL_OK or OL_ENOSUCHACCESSPOINT. */
int ol_target_resolve(const struct ol_request *request, ol_slice name, ol_target *out,
                      ol_error *err);
/* What the request's address names; where only the signature's service tells an OLAP from an access
 * point, request->auth says it. Errors as above. */
int ol_target_resolve_address(const struct ol_request *request, ol_target *out, ol_error *err);

#endif
