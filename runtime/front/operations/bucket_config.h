/* SPDX-License-Identifier: MIT */
/*
 * What the operations on a bucket's configuration share: the bucket must be there, a document is
 * read, the change is made durable by control/state/control.h, the answer is short.
 *
 * The happy path: begin (asks the origin whether the bucket exists), then the operation's own
 * step, then answer or edit. Everything that fails is answered here; nothing outlives the
 * operation.
 */
#ifndef OL_FRONT_BUCKET_CONFIG_H
#define OL_FRONT_BUCKET_CONFIG_H

#include "control/state/control.h"
#include "front/operations/document.h"
#include "front/operations/operation.h"

/* Runs `then` for a bucket that exists. */
void ol_bucket_config_begin(ol_request *request, ol_operation_fn then);

/* The body of a PUT. `checked`: the client must have sent a digest of it (AWS insists for most
 * configurations). */
void ol_bucket_config_read(ol_operation *op, size_t bytes_max, bool checked, ol_document_fn then);

/* Make the change durable, then answer this status, empty. The edit is of the request's bucket:
 * account and name are filled in here. */
void ol_bucket_config_edit(ol_operation *op, const ol_edit *edit, int status);

/* An error with S3's own words and <BucketName>, which fails the operation. */
void ol_bucket_config_refuse(ol_operation *op, int status, const char *s3_code,
                             const char *message);

/* The block that holds for the bucket: its own and its account's together. */
ol_public_access_block ol_bucket_config_block(const ol_request *request);

/* The list that counts, or would count: under enforced ownership that of the owner alone. In the
 * request's arena. OL_OK or OL_ENOMEM. */
int ol_bucket_config_acl(const ol_request *request, ol_acl *out, ol_error *err);

#endif
