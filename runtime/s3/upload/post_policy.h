/* SPDX-License-Identifier: MIT */
/*
 * The policy document of a POST form: what the signer let a stranger upload. Whether the
 * signature over it holds is the caller's to check, before or after.
 */
#ifndef OL_S3_POST_POLICY_H
#define OL_S3_POST_POLICY_H

#include "s3/upload/post_form.h"

typedef struct ol_post_policy ol_post_policy;

/* From its base64, as the form has it; lives in `arena`. InvalidPolicyDocument (400), OL_ENOMEM. */
int ol_post_policy_parse(ol_slice base64, ol_arena *arena, ol_post_policy **out, ol_error *err);
/* All conditions that can be known before the file: OL_OK, or OL_EACCESS "Invalid according to
 * Policy: …". `bucket` is the one the request was sent to. */
int ol_post_policy_check(const ol_post_policy *policy, const ol_post_form *form, ol_slice bucket,
                         int64_t now_ms, ol_error *err);
/* content-length-range; 0 and UINT64_MAX when it is not limited. A stream may be stopped at max;
 * ol_post_policy_check_size says S3's words at the end. */
void ol_post_policy_range(const ol_post_policy *policy, uint64_t *min, uint64_t *max);
int ol_post_policy_check_size(const ol_post_policy *policy, uint64_t size, ol_error *err);

#endif
