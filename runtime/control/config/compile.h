/* SPDX-License-Identifier: MIT */
/*
 * Policies and CORS rules from their texts, kept beside what they were compiled to, for as long
 * as an arena lives. Compiled things are counted, so that a realm that is made of an older one
 * takes over what has not changed. Private to this room.
 */
#ifndef OL_CONTROL_COMPILE_H
#define OL_CONTROL_COMPILE_H

#include "access/policy.h"
#include "base/arena.h"
#include "control/state/realm.h"

/* `known` (may be NULL) is taken over when it has the same text. The text is copied. OL_OK,
 * OL_EMALFORMEDPOLICY, OL_ENOMEM. */
int ol_compile_policy(ol_arena *arena, ol_slice text, const ol_policy_rules *rules,
                      const ol_realm_policy *known, ol_realm_policy *out, ol_error *err);
/* `xml` is what ol_cors_write made. OL_OK, what ol_cors_parse says, OL_ENOMEM. */
int ol_compile_cors(ol_arena *arena, ol_slice xml, const ol_realm_bucket *known,
                    ol_realm_bucket *out, ol_error *err);
/* Release it with the arena; at once when that cannot be had (OL_ENOMEM). */
/* `xml` is what ol_bucket_encryption_write made. As above. */
int ol_compile_encryption(ol_arena *arena, ol_slice xml, ol_bucket_encryption *out, ol_error *err);
int ol_compile_hold_cors(ol_arena *arena, ol_cors *cors);
int ol_compile_hold_policy(ol_arena *arena, const ol_policy *policy);

#endif
