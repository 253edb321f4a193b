/* SPDX-License-Identifier: MIT */
/*
 * The local keyring (keyring.h) as a KMS: answers at once, from memory. A changed file is read again
 * by a thread of the provider's own; while the new one cannot be used the old keys stay, and that is
 * said once. Any loop, any thread; no attaching is needed.
 *
 * The default key (alias/aws/s3) is made when a data key under it is asked for the first time: that
 * call alone answers later, because the file is written first.
 */
#ifndef OL_CRYPTO_KMS_KEYRING_H
#define OL_CRYPTO_KMS_KEYRING_H

#include "crypto/keys/keyring.h"

/* Strings are borrowed until ol_kms_keyring_new returns. */
typedef struct ol_kms_keyring_options {
    const char *path;
    bool create; /* an empty ring where there is no file */
    const char *region, *account; /* of a ring that is created */
    uint32_t refresh_ms; /* how often a change of the file is looked for; 0 = never by itself */
    /* One line for the operator, from any thread. NULL: standard error. */
    void (*warn)(void *arg, const char *line);
    void *warn_arg;
    /* Other keys are in use now: what was opened by the old ones is to be forgotten. From any thread. */
    void (*changed)(void *arg);
    void *changed_arg;
} ol_kms_keyring_options;

/* create, us-east-1, 000000000000, a second */
void ol_kms_keyring_options_default(ol_kms_keyring_options *options);
/* Blocking. Errors as ol_keyring_load. Given back by kms->ops->destroy, when every call has been
 * answered or cancelled. */
int ol_kms_keyring_new(ol_kms **kms, const ol_kms_keyring_options *options, ol_error *err);
/* Blocking: for a thread. OL_OK: read anew; OL_SKIP: nothing has changed; an error: the old keys
 * stay. */
int ol_kms_keyring_refresh(ol_kms *kms, ol_error *err);
/* Is there such a key, in whatever state? Any thread. */
bool ol_kms_keyring_has(ol_kms *kms, ol_slice key);
/* Opens `blob` and wraps what was in it by the newest version of its key. Any thread. OL_SKIP: that
 * is how it is wrapped already. Into call->wrapped, used_key, key_version; no key is handed out. */
int ol_kms_keyring_rewrap(ol_kms *kms, ol_kms_call *call, ol_error *err);

#endif
