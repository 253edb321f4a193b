/* SPDX-License-Identifier: MIT */
/*
 * Asks the access room whether a request's caller may do what it asks, on the resource that
 * it named: a bucket, an access point or an OLAP.
 *
 * What is read through an OLAP needs the OLAP's permission alone: that is how somebody may be
 * given the view and not the original. What an OLAP delegates to its access point needs the
 * permission of both.
 */
#ifndef OL_FRONT_AUTHORIZE_H
#define OL_FRONT_AUTHORIZE_H

#include "front/request.h"

typedef struct ol_authorize_ask {
    const char *action;        /* after "s3:" */
    const char *lambda_action; /* after "s3-object-lambda:", for requests through an OLAP */
    ol_slice key;              /* empty for what concerns the bucket */
    bool delegated;
} ol_authorize_ask;

int ol_authorize(const ol_request *request, const ol_authorize_ask *ask, ol_error *err);

#endif
