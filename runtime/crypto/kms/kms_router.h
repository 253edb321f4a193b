/* SPDX-License-Identifier: MIT */
/*
 * Which keeper answers for which key: an ol_kms that stands before several.
 *
 *   1. the first route one of whose patterns matches the name
 *   2. the local keyring, for keys that it has
 *   3. the route without patterns
 *   4. the local keyring
 *
 * No name at all: the default key of whichever route has one, else the local keyring's. Patterns have
 * '*' and '?'; they are held against the name as it was asked for and, of an ARN, against what stands
 * behind "key/" and against "alias/…".
 *
 * A data key is only handed out when its wrapped form would be opened by the keeper that made it:
 * otherwise it would be lost.
 */
#ifndef OL_CRYPTO_KMS_ROUTER_H
#define OL_CRYPTO_KMS_ROUTER_H

#include "crypto/kms/kms.h"

#define OL_KMS_ROUTES_MAX 64

typedef struct ol_kms_route {
    const char *name;
    ol_kms *kms;
    const ol_slice *patterns;
    size_t pattern_count;
    const char *default_key; /* NULL: none */
} ol_kms_route;

typedef struct ol_kms_router_options {
    const ol_kms_route *routes; /* copied; what they point to outlives the router */
    size_t count;
    ol_kms *keyring; /* of kms_keyring.h, borrowed; NULL: there is none */
    /* Names that are not given go to the local keyring's default key, or to this one's keeper: what
     * AES256 is done with. NULL: see above. */
    const char *default_key;
    bool prefers_keyring; /* 2 before 1, and the keyring's own default key */
} ol_kms_router_options;

int ol_kms_router_new(ol_kms **kms, const ol_kms_router_options *options, ol_error *err);
/* Is this key answered for at once, from memory? */
bool ol_kms_router_is_local(ol_kms *kms, ol_slice key);

#endif
