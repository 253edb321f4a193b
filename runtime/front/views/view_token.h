/* SPDX-License-Identifier: MIT */
/*
 * Where a listing through an OLAP goes on: a position among the originals' keys, sealed. The key
 * at a page's end may be one that the view hides, or renames, so neither the key nor its exact
 * length can be read off the token (AES-256-GCM under a key made of the view key, so that all
 * replicas understand it; lengths are rounded up). A token is good at its own OLAP only, and says
 * nothing but where to begin: whoever has one sees no more than by listing from the start.
 */
#ifndef OL_FRONT_VIEW_TOKEN_H
#define OL_FRONT_VIEW_TOKEN_H

#include "base/buf.h"
#include "base/limits.h"
#include "front/views/view_identity.h"

/* A key, and what a store adds to resume behind a common prefix. */
#define OL_VIEW_POSITION_BYTES_MAX (OL_KEY_BYTES_MAX + 16)
#define OL_VIEW_TOKEN_BYTES_MAX 1536 /* of the text */

/* Appends base64. `door`: the OLAP's ARN. OL_OK, OL_ELIMIT (no position is that long), OL_ENOMEM. */
int ol_view_token_seal(const ol_view_key *key, ol_slice door, ol_slice position, ol_buf *out);
/* Appends the position. OL_OK, OL_EINVAL (not a token of this door), OL_ENOMEM. */
int ol_view_token_open(const ol_view_key *key, ol_slice door, ol_slice token, ol_buf *out);

#endif
