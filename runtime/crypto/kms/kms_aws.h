/* SPDX-License-Identifier: MIT */
/*
 * AWS KMS, or whatever else speaks its JSON API (TrentService): GenerateDataKey, Decrypt, DescribeKey,
 * signed with Signature Version 4. Every call names the key that it wants, and what comes back must
 * have been made with that key, wherever the two names can be compared.
 *
 * What can go wrong and what the caller gets:
 *   no such key                             OL_EKMSNOTFOUND, with the KMS's words
 *   disabled, pending deletion, …           OL_EKMSDISABLED, OL_EKMSSTATE
 *   not allowed                             OL_EACCESS
 *   the blob does not open, another context,
 *   another key was used                    OL_EDECRYPT
 *   throttled                               tried again, then OL_EKMSTHROTTLED
 *   5xx, no connection, no answer, garbage  tried again (but for garbage), then OL_EKMSUNAVAILABLE
 *   our own credentials are refused         OL_EKMSUNAVAILABLE: the client is not at fault
 */
#ifndef OL_CRYPTO_KMS_AWS_H
#define OL_CRYPTO_KMS_AWS_H

#include "crypto/kms/kms_remote.h"

enum ol_kms_aws_credentials { OL_KMS_AWS_STATIC, OL_KMS_AWS_ENVIRONMENT };

/* Strings are borrowed until ol_kms_aws_new returns. */
typedef struct ol_kms_aws_options {
    ol_kms_remote_options remote;
    const char *region;
    enum ol_kms_aws_credentials from;
    /* OL_KMS_AWS_STATIC; the environment's are AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
     * AWS_SESSION_TOKEN. The last may be NULL. */
    const char *access_key, *secret_key, *session_token;
} ol_kms_aws_options;

void ol_kms_aws_options_default(ol_kms_aws_options *options);
/* OL_ECONFIG says which option is at fault, never naming a secret. No connection is made. Given
 * back by kms->ops->destroy, after every loop has been detached. */
int ol_kms_aws_new(ol_kms **kms, const ol_kms_aws_options *options, ol_error *err);

#endif
