/* SPDX-License-Identifier: MIT */
/*
 * Turns host, path and query of a request into an operation on a target. Path style;
 * keys are decoded exactly once and never normalised.
 */
#ifndef OL_S3_ADDRESS_H
#define OL_S3_ADDRESS_H

#include "http/server.h"

enum ol_s3_operation {
    OL_S3_UNKNOWN, /* what a failed parse leaves */
    OL_S3_LIST_BUCKETS,
    OL_S3_CREATE_BUCKET,
    OL_S3_HEAD_BUCKET,
    OL_S3_DELETE_BUCKET,
    OL_S3_GET_BUCKET_LOCATION,
    OL_S3_LIST_OBJECTS_V2,
    OL_S3_LIST_OBJECTS, /* v1 */
    OL_S3_GET_OBJECT,
    OL_S3_HEAD_OBJECT,
    OL_S3_PUT_OBJECT,
    OL_S3_DELETE_OBJECT,
    OL_S3_DELETE_OBJECTS /* POST /?delete */
};

typedef struct ol_s3_param {
    ol_slice name;  /* decoded */
    ol_slice value; /* decoded; empty without '=' */
} ol_s3_param;

typedef struct ol_s3_address {
    enum ol_s3_operation operation;
    ol_slice bucket; /* bucket name, or an access point's or OLAP's alias; empty for the service */
    ol_slice key;    /* decoded bytes; empty for bucket operations */
    ol_s3_param *params;
    size_t param_count;
} ol_s3_address;

/* Slices live in `arena` or in the request. Errors: OL_EINVALIDURI, OL_EINVALIDBUCKET (can never
 * be a bucket's name), OL_EKEYTOOLONG, OL_EINVAL (a parameter given twice), OL_ENOTIMPLEMENTED
 * (names the subresource), OL_EMETHOD, OL_ELIMIT, OL_ENOMEM.
 *
 * Parameters that S3 does not know are left to the caller; those that change an answer and are
 * not served (?acl, ?uploadId, …) never get through. `partNumber` of a GET or HEAD, `max-buckets`
 * and `response-*` do. */
int ol_s3_address_parse(const ol_http_request *req, ol_arena *arena, ol_s3_address *out,
                        ol_error *err);
/* The empty slice (data NULL) when absent. */
ol_slice ol_s3_param_get(const ol_s3_address *address, const char *name);
bool ol_s3_param_has(const ol_s3_address *address, const char *name);
/* "GetObject"; "Unknown". */
const char *ol_s3_operation_name(enum ol_s3_operation operation);
/* 3..63, lower-case letters, digits, '-' and '.', S3's rules; no reserved beginning or ending
 * (--ol-s3, -s3alias, …). */
bool ol_s3_bucket_name_ok(ol_slice name);

#endif
