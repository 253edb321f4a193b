/* SPDX-License-Identifier: MIT */
/*
 * Stages for a request body on its way into an origin: aws-chunked decoding with chunk
 * signatures and trailers, and verification of Content-Length, Content-MD5,
 * x-amz-content-sha256 and x-amz-checksum-{crc32,crc32c,crc64nvme,sha1,sha256}.
 */
#ifndef OL_S3_UPLOAD_STAGES_H
#define OL_S3_UPLOAD_STAGES_H

#include "pipeline/pipeline.h"
#include "s3/sigv4.h"

typedef struct ol_upload_plan {
    bool aws_chunked;
    int64_t content_length; /* of the decoded body; -1 = unknown */
    /* private */
    ol_arena *arena;
    const void *chunked_, *verify_;
    ol_headers store_headers; /* headers to keep with the object: lower-case; aws-chunked removed
                                 from content-encoding; x-amz-meta-* within limits */
} ol_upload_plan;

/* Reads the request's headers. Errors: OL_EINVALIDDIGEST, OL_EINVAL (bad checksum header, two
 * checksums), OL_EMISSINGLENGTH, OL_EMETADATATOOLARGE, OL_ETOOLARGE, OL_EINVALIDREQUEST. `auth` is copied. */
int ol_upload_plan_make(ol_upload_plan *plan, const ol_http_request *req,
                        const ol_sigv4_result *auth, uint64_t bytes_max, ol_arena *arena,
                        ol_error *err);
/* Append the stages it needs, between the source and the sink. */
int ol_upload_plan_add(const ol_upload_plan *plan, ol_pipeline *p);

#endif
