/* SPDX-License-Identifier: MIT */
/*
 * AWS Signature Version 4: header authentication, and the chunk signatures of aws-chunked
 * bodies. Derived signing keys are cached a loop (bounded); nothing here is logged.
 */
#ifndef OL_S3_SIGV4_H
#define OL_S3_SIGV4_H

#include "http/server.h"

typedef struct ol_sigv4 ol_sigv4; /* one loop's key cache and digest contexts */

int ol_sigv4_new(ol_sigv4 **sigv4);
void ol_sigv4_destroy(ol_sigv4 *sigv4);

enum ol_payload_kind {
    OL_PAYLOAD_NONE,     /* header absent */
    OL_PAYLOAD_SHA256,   /* the digest is in `sha256` and must match the body */
    OL_PAYLOAD_UNSIGNED, /* UNSIGNED-PAYLOAD */
    OL_PAYLOAD_STREAMING_SIGNED,           /* STREAMING-AWS4-HMAC-SHA256-PAYLOAD */
    OL_PAYLOAD_STREAMING_SIGNED_TRAILER,   /* …-PAYLOAD-TRAILER */
    OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER  /* STREAMING-UNSIGNED-PAYLOAD-TRAILER */
};

typedef struct ol_sigv4_result {
    ol_slice access_key;
    char region[32];
    char service[24]; /* "s3" or "s3-object-lambda" */
    enum ol_payload_kind payload;
    uint8_t sha256[32];
    /* For chunk signatures; wiped by ol_sigv4_result_fini. */
    uint8_t signing_key[32];
    char seed_signature[65];
    char scope[96];     /* date/region/service/aws4_request */
    char amz_date[17];
} ol_sigv4_result;

/* The secret of an access key; empty = unknown. Borrowed until the check returns. */
typedef ol_slice (*ol_sigv4_secret_fn)(void *arg, ol_slice access_key);

/* OL_OK; or OL_EMISSINGAUTH (anonymous; the client reads AccessDenied), OL_EAUTHHEADER,
 * OL_EACCESSKEY, OL_ESIGNATURE, OL_ESKEW (15 minutes), OL_EACCESS (no date, or an x-amz-* header
 * that is not signed), OL_EINVALIDREQUEST (SigV2, or no x-amz-content-sha256), OL_ENOTIMPLEMENTED
 * (presigned URLs, SigV4A), OL_EINVAL (two mechanisms, a session token, …), OL_EINVALIDURI,
 * OL_ELIMIT, OL_ENOMEM. After an error *out is all zeros. `now_ms` is the wall clock. Does not
 * allocate once warm. */
int ol_sigv4_check(ol_sigv4 *sigv4, const ol_http_request *req, int64_t now_ms, ol_slice region,
                   ol_sigv4_secret_fn secret, void *arg, ol_sigv4_result *out, ol_error *err);
void ol_sigv4_result_fini(ol_sigv4_result *result);

#endif
