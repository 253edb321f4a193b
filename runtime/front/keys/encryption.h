/* SPDX-License-Identifier: MIT */
/*
 * Encryption at rest as a request asks for it: its headers (or a form's fields), then the default of
 * its bucket; keys of the customer's, which live in secret memory until the request ends. And what
 * answers say of it.
 *
 * All of it comes after authorization, which sees the request as it was sent.
 */
#ifndef OL_FRONT_ENCRYPTION_H
#define OL_FRONT_ENCRYPTION_H

#include "front/request/request.h"

/* A key of the customer's. Zeroed: none. */
typedef struct ol_customer_key {
    const uint8_t *key; /* OL_SSE_KEY_BYTES */
    char md5[OL_S3_SSE_MD5_SIZE];
} ol_customer_key;

/* For <ArgumentName> and <ArgumentValue>. */
void ol_encryption_name_fault(ol_request *request, const ol_s3_sse_fault *fault);

/* ---- what is written ---- */

typedef struct ol_encryption {
    ol_sse sse; /* for the origin */
    ol_customer_key customer;
    bool from_request; /* the request itself says how; else the bucket's default, or nobody */
} ol_encryption;

/* OL_OK, OL_EINVAL, OL_EINVALIDREQUEST, OL_EACCESS (the bucket blocks customers' keys), OL_ENOMEM. */
int ol_encryption_of_write(ol_encryption *self, ol_request *request, const ol_headers *headers,
                           ol_error *err);
/* Of a part, which has the upload's method and nothing but a customer's key to say. */
int ol_encryption_of_part(ol_customer_key *out, ol_request *request, ol_error *err);

/* x-amz-server-side-encryption… of a write's answer. `customer` may be NULL. OL_OK or OL_ENOMEM. */
int ol_encryption_add_written(ol_headers *headers, const ol_put_result *result,
                              const ol_customer_key *customer);
/* Of an upload that was created: what was asked for. */
int ol_encryption_add_asked(ol_headers *headers, const ol_encryption *self);

/* ---- what is read ---- */

/* The caller's key for an object, or for a copy's source; none is no error. Errors as above. */
int ol_encryption_of_read(ol_customer_key *out, ol_request *request, ol_error *err);
int ol_encryption_of_source(ol_customer_key *out, ol_request *request, ol_error *err);
/* What a GET or HEAD says of an object. Nothing where the origin's own headers say it. */
int ol_encryption_add_read(ol_headers *headers, const ol_object_info *info,
                           const ol_customer_key *customer);

#endif
