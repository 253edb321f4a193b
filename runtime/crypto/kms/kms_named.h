/* SPDX-License-Identifier: MIT */
/*
 * Keys that their keeper knows by a name which goes into a path (Vault, KES), and what they are called
 * elsewhere: policies and S3's headers want ARNs. "arn:aws:kms:REGION:ACCOUNT:key/NAME".
 */
#ifndef OL_CRYPTO_KMS_NAMED_H
#define OL_CRYPTO_KMS_NAMED_H

#include "crypto/kms/kms.h"

#define OL_KMS_NAME_SIZE 129
#define OL_KMS_PLACE_SIZE 128

typedef struct ol_kms_named {
    char place[OL_KMS_PLACE_SIZE]; /* "arn:aws:kms:REGION:ACCOUNT:"; empty: names are all there is */
    char default_key[OL_KMS_NAME_SIZE];
} ol_kms_named;

/* Any of them may be NULL. OL_ECONFIG. */
int ol_kms_named_init(ol_kms_named *named, const char *region, const char *account,
                      const char *default_key, ol_error *err);
/* What goes into a path as it is: letters, digits, '-', '_', inner dots. */
bool ol_kms_is_name(ol_slice name, bool slashes);
/* The name in what was asked for: a name, an ARN, nothing (the default key's). Empty: none of ours. */
ol_slice ol_kms_named_key(const ol_kms_named *named, ol_slice asked);
/* What the key is called elsewhere; in the arena. Empty: no memory. */
ol_slice ol_kms_named_arn(const ol_kms_named *named, ol_arena *arena, ol_slice name);

#endif
