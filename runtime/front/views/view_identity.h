/* SPDX-License-Identifier: MIT */
/*
 * The identity of a view: what its ETag is derived from, so that a condition can be answered
 * without running the transform. A keyed digest (HMAC-SHA256 under the view key), so that nobody
 * can test guesses of an original against it; 64 hex digits and "-v", never the shape of an MD5.
 */
#ifndef OL_FRONT_VIEW_IDENTITY_H
#define OL_FRONT_VIEW_IDENTITY_H

#include "control/config/config.h"
#include "origin/origin.h"
#include "s3/address/address.h"
#include "s3/sigv4/hmac.h"
#include "view/memo.h"

typedef struct ol_view_key {
    uint8_t bytes[32];
    ol_hmac_key hmac; /* of those bytes */
} ol_view_key;

/* When `bytes` has been filled in. The owner wipes it in the end. */
void ol_view_key_settle(ol_view_key *key);

typedef struct ol_view_inputs {
    const ol_object_info *original;
    const ol_realm_olap *olap;
    const ol_realm_view *view;
    ol_program *const *programs; /* one a step of the view */
    const ol_identity *who;
    const ol_s3_address *address; /* the key as it was asked for, and the query */
    const ol_headers *headers; /* the request's; only declared ones are looked at */
    const uint8_t *unsealed;   /* of an original that was opened: see ol_unsealed_digest; or NULL */
    const uint8_t *rule; /* of one that was not: the digest of the rule by which it passed
                            (ol_client_encryption); NULL = there is none */
} ol_view_inputs;

/* OL_OK with the ETag (without quotes); OL_SKIP when the view has no identity, because a program
 * declared that it depends on the request itself. Takes no memory. */
int ol_view_etag(const ol_view_key *key, const ol_view_inputs *inputs,
                 char etag[OL_VIEW_ETAG_SIZE]);

/* Query parameters that a transform never sees and a view never depends on: signatures,
 * tokens, the SDK's x-id, and those that S3 itself answers. */
bool ol_view_param_is_private(ol_slice name);
/* What says which part of a view is asked for. A transform sees it only where it is to answer that
 * itself. */
bool ol_view_param_names_part(ol_slice name);
bool ol_view_header_names_part(ol_slice name);

#endif
