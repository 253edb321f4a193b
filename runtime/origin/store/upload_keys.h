/* SPDX-License-Identifier: MIT */
/*
 * The data keys of uploads in parts: made when one begins, opened when it is completed, so that the
 * table of its parts gets its MAC. (One under a customer's key is completed without: the key does not
 * come with that request.)
 */
#ifndef OL_ORIGIN_STORE_UPLOAD_KEYS_H
#define OL_ORIGIN_STORE_UPLOAD_KEYS_H

#include "origin/store/change_op.h"

/* As ol_change_op_submit, with the key first. */
int ol_upload_create_with_key(ol_change_op *op, const ol_sse *sse, ol_error *err);
int ol_upload_complete_with_key(ol_change_op *op, int64_t bucket_id, ol_error *err);

#endif
