/* SPDX-License-Identifier: MIT */
/*
 * The source of CopyObject and UploadPartCopy: named in a header, behind any door but a view, in
 * any origin; read with the caller's own permission.
 */
#ifndef OL_FRONT_COPY_SOURCE_H
#define OL_FRONT_COPY_SOURCE_H

#include "front/keys/encryption.h"
#include "front/operations/operation.h"
#include "s3/upload/upload_verify.h"

#define OL_COPY_BYTES_MAX (5ull * 1024 * OL_MIB)

/* What CopyObject and UploadPartCopy do differently once the source may be copied. */
typedef struct ol_copy_ops {
    /* Completes what the destination's origin is asked: source, bucket and key are set. */
    void (*ask)(ol_operation *op, ol_copy_request *ask);
    /* Builds the pipeline of a copy through us (ol_copy_source_pipe); it fills source->result. */
    int (*through)(ol_operation *op, ol_error *err);
    /* The answer's document, and headers beyond those of every copy. OL_OK or what failed. */
    int (*answer)(ol_operation *op, const ol_put_result *result, ol_headers *headers, ol_buf *xml);
} ol_copy_ops;

typedef struct ol_copy_source {
    ol_target target;
    ol_object_ref ref;
    ol_customer_key customer; /* the source's */
    const ol_object_info *info; /* from ol_copy_source_open on; op->object is open */
    ol_put_result result;       /* of a copy through us */
    ol_operation_fn then_;
    const ol_copy_ops *ops_;
} ol_copy_source;

/* Reads x-amz-copy-source and notes the permission to read it with the operation. OL_EINVAL,
 * OL_ENOSUCHACCESSPOINT, OL_EINVALIDBUCKET, OL_EMETHOD (a view), OL_EACCESS (it is not the expected
 * account's). Lives in the operation's state. */
int ol_copy_source_read(ol_copy_source *self, ol_operation *op, ol_error *err);
/* Once permitted: read the customer's key for it, open it and check x-amz-copy-source-if-*. `then`, or the operation fails. Its
 * pin is set: source->ref.if_match. */
void ol_copy_source_open(ol_copy_source *self, ol_operation *op, ol_operation_fn then);
/* Last: have the copy made by the destination's origin, or else through us, and answer. The answer
 * may begin before the outcome is known. */
void ol_copy_source_copy(ol_copy_source *self, ol_operation *op, const ol_copy_ops *ops);
/* For ol_copy_ops.through: the range of the source, through `verify` (NULL: as it is), into the
 * sink. */
int ol_copy_source_pipe(ol_operation *op, ol_byte_range range,
                        const ol_upload_verify_config *verify, const ol_stage_ops *sink,
                        const void *config, ol_error *err);
/* More than OL_COPY_BYTES_MAX: OL_EINVALIDREQUEST. */
int ol_copy_source_too_large(ol_error *err);

#endif
