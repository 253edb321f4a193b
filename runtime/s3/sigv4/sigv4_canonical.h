/* SPDX-License-Identifier: MIT */
/*
 * The canonical request of Signature Version 4 by S3's rules (the path encoded once, never
 * normalised), hashed as it is written.
 */
#ifndef OL_S3_SIGV4_CANONICAL_H
#define OL_S3_SIGV4_CANONICAL_H

#include "base/buf.h"
#include "http/server.h"
#include "s3/sigv4/hmac.h"
#include "s3/sigv4/sigv4_authorization.h"

typedef struct ol_sigv4_canonical {
    const ol_http_request *req;
    const ol_sigv4_authorization *auth;
    ol_slice payload; /* the value of x-amz-content-sha256 */
    bool raw_path;    /* take the path as it was sent, not in canonical encoding */
    bool presigned;   /* leave X-Amz-Signature out of the query */
} ol_sigv4_canonical;

/* `scratch` is a work buffer, kept by the caller for the next request. OL_OK, OL_EINVALIDURI (a
 * malformed escape), OL_ELIMIT (more than OL_QUERY_PARAMS_MAX parameters) or OL_ENOMEM. */
int ol_sigv4_canonical_digest(const ol_sigv4_canonical *in, ol_buf *scratch,
                              uint8_t digest[OL_SHA256_BYTES], ol_error *err);
/* The canonical request itself, for an error document: values of headers and parameters that are
 * secrets (tokens, keys, authorizations) are replaced. Appends to `text`; errors as above, and
 * OL_ELIMIT when it is full. */
int ol_sigv4_canonical_text(const ol_sigv4_canonical *in, ol_buf *scratch, ol_buf *text,
                            ol_error *err);
/* The most that `scratch` may have to hold. */
#define OL_SIGV4_SCRATCH_BYTES_MAX (3 * OL_HTTP_URL_BYTES_MAX)

#endif
