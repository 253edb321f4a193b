/* SPDX-License-Identifier: MIT */
/*
 * Asks the access room whether a request's caller may do something on a target: the policies of
 * every door on the way (OLAP, access point, bucket), of the identity and of the listener, the
 * ACLs where they count, the public access block; and first of all the access point's own borders,
 * its network origin and its scope.
 *
 * What is read through an OLAP's transforms needs the OLAP's permission alone: that is how somebody
 * may be given the view and not the original. What an OLAP delegates to its access point needs the
 * permission of both.
 *
 * A decision may need what only the origin knows (the tags of the object, its ACL): then it is
 * fetched first, and the answer comes later. So every caller must be ready to wait. One question
 * at a time for each request.
 */
#ifndef OL_FRONT_AUTHORIZE_H
#define OL_FRONT_AUTHORIZE_H

#include "front/request/request.h"

typedef struct ol_authorize_ask {
    const char *action;        /* after "s3:", e.g. "PutObjectTagging"; a literal */
    const char *lambda_action; /* what an OLAP is asked for instead; NULL = the same */
    const ol_target *target;   /* NULL = the request's own; else it outlives the answer */
    ol_slice key;              /* empty = the bucket or the door itself; outlives the answer */
    ol_slice version;          /* of the key, where one is named; outlives the answer */
    ol_slice request_tags;     /* "k=v&k2=v2" that the request sets (s3:RequestObjectTag/…), when the
                                  x-amz-tagging header does not say it; outlives the answer */
    bool with_write; /* of an object in the request that writes it (its tags, its list): an access
                        control list that lets it be written lets this be done too */
    bool as_source; /* a copy's source: headers speak of the destination, not of this */
    bool view;      /* answered by transforms, or nothing of originals is told: the OLAP's permission
                       suffices */
} ol_authorize_ask;

/* OL_OK: allowed. OL_WAIT: `cb` will run once, on a later turn, with NULL when allowed; the caller
 * holds a reference to the request until then. Negative: denied (OL_EACCESS) or failed; `cb` does
 * not run. The ask itself is copied. */
int ol_authorize(ol_request *request, const ol_authorize_ask *ask, ol_done_cb cb, void *arg,
                 ol_error *err);

/* The same of another object that a view of this one needs, beside a question that may be under way. At
 * once: what would have to be fetched for a decision is denied. */
int ol_authorize_beside(ol_request *request, const ol_authorize_ask *ask, ol_error *err);

/* For the control API: may the caller do this to what the ARN names, which belongs to `account_id`?
 * At once, whatever the policies say. */
int ol_authorize_control(ol_request *request, const char *action, ol_slice arn,
                         ol_slice account_id, ol_error *err);

/* Is the operation about an object that must be there (its own, or a copy's source)? */
bool ol_authorize_is_read(const ol_request *request);
/* May the caller learn that this object is missing? */
bool ol_authorize_missing(ol_request *request);

#endif
