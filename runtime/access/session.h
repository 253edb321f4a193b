/* SPDX-License-Identifier: MIT */
/*
 * The identity that temporary credentials stand for: that of the token's principal as it is in
 * the realm now (its policies, not those of the day when the token was made), as a session.
 */
#ifndef OL_ACCESS_SESSION_H
#define OL_ACCESS_SESSION_H

#include "access/identity.h"
#include "access/session_token.h"

/* `base` is the user, root or role that claims->arn names; it and `claims` outlive the result,
 * which lives in `arena` (the session policy is released with it). OL_OK, OL_EINVALIDTOKEN (base
 * is not what the claims say), OL_EMALFORMEDPOLICY, OL_ENOMEM. */
int ol_session_identity(const ol_identity *base, const ol_session_claims *claims, ol_arena *arena,
                        const ol_identity **identity, ol_error *err);

#endif
