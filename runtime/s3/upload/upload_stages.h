/* SPDX-License-Identifier: MIT */
/*
 * Stages for a request body on its way into an origin: aws-chunked decoding with chunk
 * signatures and trailers, and verification of Content-Length, Content-MD5,
 * x-amz-content-sha256 and x-amz-checksum-{crc32,crc32c,crc64nvme,sha1,sha256}.
 *
 * Bytes are passed on before they are verified; the sink is told to finish only when
 * everything held. A sink must make nothing visible before that.
 */
#ifndef OL_S3_UPLOAD_STAGES_H
#define OL_S3_UPLOAD_STAGES_H

#include "origin/origin.h"
#include "pipeline/pipeline.h"
#include "s3/sigv4/sigv4.h"
#include "s3/upload/checksum.h"

typedef struct ol_upload_plan {
    bool aws_chunked;
    int64_t content_length; /* of the decoded body; -1 = unknown */
    bool has_integrity;     /* a Content-MD5 or x-amz-checksum-* will be verified; DeleteObjects
                               asks for one */
    ol_headers store_headers; /* headers to keep with the object: lower-case; aws-chunked removed
                                 from content-encoding; x-amz-meta-* within limits */
    ol_object_checksum checksum; /* see ol_upload_plan_keep_checksum; empty before */
    /* private */
    ol_arena *arena;
    const void *chunked_;
    struct ol_upload_verify_config *verify_;
    bool has_checksum_;
    enum ol_checksum_kind checksum_kind_;
} ol_upload_plan;

/* Reads the request's headers. Errors: OL_EINVALIDDIGEST, OL_EINVALIDREQUEST (bad checksum header,
 * two checksums), OL_EINVAL, OL_EMISSINGLENGTH, OL_EMETADATATOOLARGE, OL_ETOOLARGE,
 * OL_ENOTIMPLEMENTED (see s3/request/request_headers.h), OL_ENOMEM. `auth` is copied, and wiped when the
 * arena ends; NULL for a body that nobody signed. */
int ol_upload_plan_make(ol_upload_plan *plan, const ol_http_request *req,
                        const ol_sigv4_result *auth, uint64_t bytes_max, ol_arena *arena,
                        ol_error *err);
/* Append the stages it needs, between the source and the sink. */
int ol_upload_plan_add(const ol_upload_plan *plan, ol_pipeline *p);
/* For bodies that become objects, before the stages are added: `plan->checksum` is filled before the
 * sink is told to finish, with the checksum that the client sent; where it sent none it stays
 * empty, or with `make_one` is made here (CRC64NVME, as S3 does). Its name is there at once, its
 * text too when a header told it. The plan must stay where it is. */
void ol_upload_plan_keep_checksum(ol_upload_plan *plan, bool make_one);

#endif
