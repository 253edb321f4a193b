/* SPDX-License-Identifier: MIT */
/*
 * Answers of the KMS JSON API, read strictly. Knows nothing of connections.
 */
#ifndef OL_CRYPTO_KMS_AWS_ANSWER_H
#define OL_CRYPTO_KMS_AWS_ANSWER_H

#include "crypto/kms/kms_remote_private.h"

typedef struct ol_kms_aws_asked {
    enum ol_kms_verb verb;
    ol_slice key_id; /* as it was asked for; may be empty when opening */
    const char *name; /* of the KMS, for the log */
    ol_arena *arena;
} ol_kms_aws_asked;

/* Of status 200. `text` is overwritten where it holds a key. OL_OK: *given (its key is the caller's
 * to free) or *state is filled. OL_EKMSUNAVAILABLE: garbage. OL_EDECRYPT: another key was used. */
int ol_kms_aws_answer_read(const ol_kms_aws_asked *asked, ol_span text, ol_kms_given *given,
                           enum ol_kms_state *state, ol_error *err);
/* Of any other status. Always an error; *again: another try may go better. `type` is the header
 * x-amzn-errortype. */
int ol_kms_aws_refusal_read(const ol_kms_aws_asked *asked, int status, ol_slice type, ol_slice text,
                            bool *again, ol_error *err);
/* Can the answer's key be the one that was asked for? Aliases say nothing, but an alias's ARN gives
 * its region and account. */
bool ol_kms_aws_is_key(ol_slice asked, ol_slice answered);

#endif
