/* SPDX-License-Identifier: MIT */
/*
 * The compact form of what a session token says. Private to this room.
 */
#ifndef OL_ACCESS_SESSION_CLAIMS_H
#define OL_ACCESS_SESSION_CLAIMS_H

#include "access/session_token.h"

#define OL_SESSION_CLAIMS_BYTES_MAX                                                                \
    (64 + 2 * OL_SESSION_ARN_BYTES_MAX + OL_SESSION_NAME_BYTES_MAX + OL_SESSION_POLICY_BYTES_MAX)

/* Into `room`, which has OL_SESSION_CLAIMS_BYTES_MAX bytes. OL_OK, or OL_EINVAL: too long. */
int ol_session_claims_write(const ol_session_claims *claims, uint8_t *room, ol_slice *written,
                            ol_error *err);
/* The slices point into `text`. False when it is malformed. */
bool ol_session_claims_read(ol_slice text, ol_session_claims *claims);

#endif
