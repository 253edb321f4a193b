/* SPDX-License-Identifier: MIT */
/*
 * What a request says of encryption at rest, in its headers or in the fields of a form: the method
 * (x-amz-server-side-encryption and what goes with it), and a key of the customer's, of the object
 * itself or of a copy's source. Call it when the request is authorized: policies see what was sent,
 * however wrong it is, and win over it.
 *
 * A key is decoded straight into the caller's memory, which is to be secret, and overwritten where
 * it was read. No error repeats it.
 */
#ifndef OL_S3_SSE_HEADERS_H
#define OL_S3_SSE_HEADERS_H

#include "http/headers.h"

enum ol_s3_sse_method {
    OL_S3_SSE_NONE, /* nothing was said */
    OL_S3_SSE_AES256,
    OL_S3_SSE_KMS,
    OL_S3_SSE_DSSE
};

/* "AES256", "aws:kms", "aws:kms:dsse"; false when it is none. */
bool ol_s3_sse_method_parse(ol_slice name, enum ol_s3_sse_method *method);
/* "" for NONE. */
const char *ol_s3_sse_method_name(enum ol_s3_sse_method method);

/* What S3 names in the error document when an argument is wrong: <ArgumentName>, <ArgumentValue>. */
typedef struct ol_s3_sse_fault {
    const char *name; /* NULL = nothing */
    ol_slice value;   /* data NULL = nothing; never a key */
} ol_s3_sse_fault;

/* ---- the method ---- */

typedef struct ol_s3_sse_asked {
    enum ol_s3_sse_method method;
    ol_slice kms_key; /* as sent; empty = the account's own */
    ol_slice context; /* decoded JSON, in the arena; not looked into yet; empty = none */
    bool bucket_key, has_bucket_key;
} ol_s3_sse_asked;

/* OL_OK, also when nothing was said; OL_EINVAL, OL_ENOMEM. Values stay borrowed. */
int ol_s3_sse_read(const ol_headers *headers, ol_arena *arena, ol_s3_sse_asked *asked,
                   ol_s3_sse_fault *fault, ol_error *err);
/* The error of a context that is no JSON object of strings. */
int ol_s3_sse_bad_context(ol_s3_sse_fault *fault, ol_error *err);
/* Of an operation that takes none of these: OL_EINVAL when one was sent. */
int ol_s3_sse_refuse(const ol_headers *headers, ol_s3_sse_fault *fault, ol_error *err);

/* ---- a key of the customer's ---- */

#define OL_S3_SSE_KEY_BYTES 32u
/* Room for a key to be decoded into, a wrong one too: what is longer is wrong without decoding. */
#define OL_S3_SSE_KEY_ROOM 128u
#define OL_S3_SSE_MD5_SIZE 25 /* base64 and NUL */

enum ol_s3_sse_whose { OL_S3_SSE_OF_OBJECT, OL_S3_SSE_OF_SOURCE };

typedef struct ol_s3_sse_customer {
    enum ol_s3_sse_whose whose;
    bool secure;        /* the request came over TLS, or may come without */
    bool needs_md5;     /* writes need it, reads do not */
    const ol_headers *headers;
} ol_s3_sse_customer;

/* Is any of the three there? */
bool ol_s3_sse_customer_named(const ol_headers *headers, enum ol_s3_sse_whose whose);
/* OL_OK: the key is in the first OL_S3_SSE_KEY_BYTES of `room`, its MD5 in `md5`. OL_SKIP: none was
 * sent. OL_EINVALIDREQUEST, OL_EINVAL (with a fault): `room` is wiped. */
int ol_s3_sse_customer_read(const ol_s3_sse_customer *ask, uint8_t room[OL_S3_SSE_KEY_ROOM],
                            char md5[OL_S3_SSE_MD5_SIZE], ol_s3_sse_fault *fault, ol_error *err);
/* At the end of every request, whatever became of it: keys that nobody read are wiped where they were
 * received. */
void ol_s3_sse_forget_keys(const ol_headers *headers);

#endif
