/* SPDX-License-Identifier: MIT */
/*
 * The source of CopyObject and UploadPartCopy: named in a header, behind any door but a view, in
 * any origin; read with the caller's own permission.
 */
#ifndef OL_FRONT_COPY_SOURCE_H
#define OL_FRONT_COPY_SOURCE_H

#include "front/operation.h"

#define OL_COPY_BYTES_MAX (5ull * 1024 * OL_MIB)

typedef struct ol_copy_source {
    ol_target target;
    ol_object_ref ref;
    const ol_object_info *info; /* from ol_copy_source_open on; op->object is open */
    ol_operation_fn then_;
} ol_copy_source;

/* Reads x-amz-copy-source and notes the permission to read it with the operation. OL_EINVAL,
 * OL_ENOSUCHACCESSPOINT, OL_EINVALIDBUCKET, OL_EMETHOD (a view), OL_EACCESS (it is not the expected
 * account's). Lives in the operation's state. */
int ol_copy_source_read(ol_copy_source *self, ol_operation *op, ol_error *err);
/* Once permitted: open it and check x-amz-copy-source-if-*. `then`, or the operation fails. Its
 * pin is set: source->ref.if_match. */
void ol_copy_source_open(ol_copy_source *self, ol_operation *op, ol_operation_fn then);
/* Last: have the copy made by the destination's origin (`near`, which may say OL_ENOTIMPLEMENTED),
 * or else through us (`through` builds the pipeline, `then` follows it). The answer may begin
 * before it is known. */
typedef int (*ol_copy_fn)(ol_operation *op, ol_error *err);
void ol_copy_source_copy(ol_copy_source *self, ol_operation *op, ol_copy_fn near,
                         ol_copy_fn through, ol_operation_fn then);
/* More than OL_COPY_BYTES_MAX: OL_EINVALIDREQUEST. */
int ol_copy_source_too_large(ol_error *err);
/* x-amz-copy-source-version-id, where there are versions. */
int ol_copy_source_headers(const ol_copy_source *self, ol_headers *headers);

#endif
