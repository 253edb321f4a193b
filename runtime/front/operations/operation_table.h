/* SPDX-License-Identifier: MIT */
/*
 * What every operation needs and where it may be asked for: one row each.
 */
#ifndef OL_FRONT_OPERATION_TABLE_H
#define OL_FRONT_OPERATION_TABLE_H

#include "front/request/request.h"

enum ol_operation_flag {
    OL_OPERATION_BY_ACCESS_POINT = 1 << 0, /* may be asked of an access point */
    OL_OPERATION_BY_OLAP = 1 << 1, /* and of an OLAP: a view, or delegated to its access point */
    OL_OPERATION_HARMLESS = 1 << 2, /* tells nothing of originals: the OLAP's permission suffices */
    OL_OPERATION_LISTS = 1 << 3,    /* its "prefix" must lie in an access point's scope */
    OL_OPERATION_UNAUTHORIZED = 1 << 4, /* asks for its permissions itself */
    OL_OPERATION_TAKES_ACL = 1 << 5,    /* x-amz-acl and x-amz-grant-* mean something to it */
};

typedef struct ol_operation_row {
    enum ol_s3_operation operation;
    const char *action;         /* after "s3:" */
    const char *version_action; /* when a versionId is named; NULL = the same */
    const char *lambda_action;  /* after "s3-object-lambda:"; NULL = as action */
    unsigned flags;
    void (*run)(ol_request *request);
} ol_operation_row;

/* NULL when there is none (OL_S3_UNKNOWN, a preflight). */
const ol_operation_row *ol_operation_row_of(enum ol_s3_operation operation);

#endif
