/* SPDX-License-Identifier: MIT */
/*
 * Access control lists between their kept text (s3/acl.h) and a remote service. Its users are not
 * ours: what can be asked of it are the lists with a canned name.
 */
#ifndef OL_ORIGIN_S3_ACL_TEXT_H
#define OL_ORIGIN_S3_ACL_TEXT_H

#include "base/arena.h"
#include "base/error.h"

/* "private", "public-read", … for a kept text; empty for an empty text. OL_ENOTIMPLEMENTED for
 * a list that none of them expresses. */
int ol_s3_acl_canned(ol_slice text, ol_arena *arena, ol_slice *canned, ol_error *err);
/* The kept text of an <AccessControlPolicy>, with the service's own ids. */
int ol_s3_acl_text(ol_slice xml, ol_arena *arena, ol_slice *text, ol_error *err);

#endif
