/* SPDX-License-Identifier: MIT */
/*
 * The stage that holds an upload to what its headers promise: length and digests. Bytes pass
 * through unchanged; a broken promise fails the pipeline before the sink is told to finish.
 */
#ifndef OL_S3_UPLOAD_VERIFY_H
#define OL_S3_UPLOAD_VERIFY_H

#include "origin/origin.h"
#include "s3/upload/checksum.h"

enum ol_promise_kind { OL_PROMISE_PAYLOAD_SHA256, OL_PROMISE_CONTENT_MD5, OL_PROMISE_CHECKSUM };
#define OL_PROMISES_MAX 3

typedef struct ol_promise {
    enum ol_promise_kind kind;
    enum ol_checksum_kind checksum;
    uint8_t value[OL_CHECKSUM_BYTES_MAX];
    const char *text; /* not NULL: the value is base64 that stands here when the body is in */
} ol_promise;

typedef struct ol_upload_verify_config {
    int64_t length; /* -1: not known */
    uint64_t bytes_max;
    ol_promise promises[OL_PROMISES_MAX];
    size_t promise_count;
    /* Not NULL: filled with the checksum of `sum_kind` over the body before the sink is told to
     * finish. */
    ol_object_checksum *sum;
    enum ol_checksum_kind sum_kind;
} ol_upload_verify_config;

extern const ol_stage_ops ol_upload_verify_ops;

#endif
