/* SPDX-License-Identifier: MIT */
/*
 * Asks a KMS for a content key on behalf of an ol_sealed_open: one candidate after the other, until one
 * opens. Shared by the formats whose keys may lie with a KMS.
 */
#ifndef OL_CRYPTO_KMS_ASKING_H
#define OL_CRYPTO_KMS_ASKING_H

#include "crypto/content/sealed_private.h"

typedef struct ol_kms_asking ol_kms_asking;

struct ol_kms_asking {
    ol_sealed_ask *ask;
    /* The next candidate: a KMS key of ours, and what it wrapped. NULL: no more. */
    const ol_key *(*next)(ol_kms_asking *self, ol_slice *blob);
    /* The key was opened: takes it over, makes ask->sealed. */
    int (*use)(ol_kms_asking *self, uint8_t *key, size_t key_len, ol_error *err);
    const ol_context *context;
    void *owner;
    /* private */
    ol_kms *kms_; /* a call is under way */
    const ol_key *key_; /* of the candidate */
    ol_slice blob_;
    bool permitting_;
    ol_kms_call call_;
    ol_error refusal_; /* of the candidate that said most */
};

/* As ol_sealed_open. `self` lives in the ask's arena. */
int ol_kms_asking_start(ol_kms_asking *self, ol_error *err);

/* May the key that is configured by this id, ARN or alias be the one that an object names? An alias may
 * be any, and a key of several regions is the same in each of them; the KMS decides. */
bool ol_kms_key_may_be(ol_slice configured, ol_slice named);

extern const ol_sealed_opener ol_kms_asking_opener; /* its cancel, for ask->private_[0] */

#endif
