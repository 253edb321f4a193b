/* SPDX-License-Identifier: MIT */
/*
 * Access control lists between their kept text (s3/documents/acl.h) and a remote service. Where its canonical
 * ids are not ours, what can be asked of it are the lists with a canned name. Where they are shared,
 * a list is asked for grant by grant; the owner stays whoever the origin's credentials belong to,
 * so that a writer who is somebody else is a grantee there.
 */
#ifndef OL_ORIGIN_S3_ACL_TEXT_H
#define OL_ORIGIN_S3_ACL_TEXT_H

#include "origin/s3/document.h"

#define OL_S3_ACL_HEADERS_MAX 5 /* one a permission */

typedef struct ol_s3_acl_headers {
    ol_header headers[OL_S3_ACL_HEADERS_MAX];
    size_t count;
} ol_s3_acl_headers;

/* What asks for the list of a new object: x-amz-acl or x-amz-grant-*, none for an empty text. Their
 * values live in the arena. OL_ENOTIMPLEMENTED for a list that the service cannot be told. */
int ol_s3_acl_of_new(const ol_s3_origin *origin, ol_slice text, ol_arena *arena,
                     ol_s3_acl_headers *out, ol_error *err);
/* The same of an object that is there, in a request of its own. */
int ol_s3_acl_of_change(ol_s3_document *doc, ol_slice text, ol_error *err);
/* The kept text of an <AccessControlPolicy>, with the service's own ids. Empty for a list without an
 * owner and without grants, which Ceph RGW 16 gives what was granted to somebody it does not know. */
int ol_s3_acl_text(ol_slice xml, ol_arena *arena, ol_slice *text, ol_error *err);

#endif
