/* SPDX-License-Identifier: MIT */
/*
 * Access control lists: an owner and what is granted to whom. Read from canned names, from
 * x-amz-grant-* headers, from <AccessControlPolicy>, and from the compact text in which they
 * are kept beside objects and buckets. What they allow is decided in access/acl.h.
 */
#ifndef OL_S3_ACL_H
#define OL_S3_ACL_H

#include "base/buf.h"
#include "http/headers.h"
#include "s3/documents/ownership.h"
#include "s3/request/people.h"

#define OL_ACL_GRANTS_MAX 100
/* Of the kept text: an id may be 256 bytes, each encoded as 3. */
#define OL_ACL_ID_BYTES_MAX 256
#define OL_ACL_TEXT_BYTES_MAX ((OL_ACL_GRANTS_MAX + 1) * (OL_ACL_ID_BYTES_MAX * 3 + 4))
/* AWS's id of the anonymous user, who owns what is written without a signature. */
#define OL_ACL_ANONYMOUS_ID "65a011a29cdf8ec533ec3d1ccaae921c"

enum ol_acl_permission {
    OL_ACL_READ = 1,
    OL_ACL_WRITE = 2,
    OL_ACL_READ_ACP = 4,
    OL_ACL_WRITE_ACP = 8,
    OL_ACL_FULL_CONTROL = 15
};

enum ol_acl_grantee {
    OL_ACL_CANONICAL,
    OL_ACL_ALL_USERS,
    OL_ACL_AUTHENTICATED_USERS,
    OL_ACL_LOG_DELIVERY
};

typedef struct ol_acl_grant {
    enum ol_acl_grantee grantee;
    ol_slice id;         /* of OL_ACL_CANONICAL */
    unsigned permission; /* one of ol_acl_permission */
} ol_acl_grant;

typedef struct ol_acl {
    ol_slice owner_id; /* canonical */
    ol_acl_grant *grants;
    size_t count;
    bool other_canned_; /* private: asked for by a canned name that enforced ownership refuses */
} ol_acl;

/* Whom a new list is for. */
typedef struct ol_acl_context {
    ol_slice owner_id;        /* of the bucket or object that gets the list; empty, for a document
                                 of an origin's: whom it names, or nobody */
    ol_slice bucket_owner_id; /* of the bucket that holds the object; empty for a bucket's list */
    const ol_people *people;  /* may be NULL */
    ol_arena *arena;          /* where lists live */
    bool accept_private; /* ol_acl_for_new_object: the canned "private", which grants nothing to
                            others, is nothing asked for where ownership is enforced. AWS refuses it;
                            there are clients that always send it */
} ol_acl_context;

const char *ol_acl_group_uri(enum ol_acl_grantee grantee); /* "" for OL_ACL_CANONICAL */

/* "private", "public-read", …; OL_EINVAL (unknown), OL_ENOTIMPLEMENTED (aws-exec-read),
 * OL_ENOMEM. "bucket-owner-*" of a bucket's own list is "private", as on AWS. */
int ol_acl_canned(ol_slice name, const ol_acl_context *context, ol_acl *out, ol_error *err);

/* What x-amz-acl or x-amz-grant-* ask for. *asked is false, and *out "private", when there are
 * neither. OL_EINVALIDREQUEST (both), OL_EINVAL, UnresolvableGrantByEmailAddress, OL_ENOMEM. */
int ol_acl_from_headers(const ol_headers *headers, const ol_acl_context *context, bool *asked,
                        ol_acl *out, ol_error *err);
bool ol_acl_in_headers(const ol_headers *headers);

/* <AccessControlPolicy>. Its owner must be context->owner_id, else OL_EACCESS; a grantee must be
 * known, else OL_EINVAL "Invalid id" (only checked with people). OL_EMALFORMEDACL, OL_ENOMEM. */
int ol_acl_parse_xml(ol_slice xml, const ol_acl_context *context, ol_acl *out, ol_error *err);
int ol_acl_write_xml(ol_buf *out, const ol_acl *acl, const ol_people *people);

/* The kept form. OL_ENOMEM. */
int ol_acl_text(const ol_acl *acl, ol_arena *arena, ol_slice *text, ol_error *err);
/* An empty text is the private list of `owner_id`. OL_EINTERNAL for a text that is damaged (it
 * was kept by us), OL_ENOMEM. */
int ol_acl_read_text(ol_slice text, ol_slice owner_id, ol_arena *arena, ol_acl *out,
                     ol_error *err);

/* ---- Object Ownership ---- */

/* Under OL_OWNERSHIP_BUCKET_OWNER_ENFORCED nothing but what gives the bucket's owner full control,
 * and nobody else anything, may be asked for: else AccessControlListNotSupported, 400. A bucket's
 * own list cannot be set at all: pass an empty bucket_owner_id. Only for a list that was asked for. */
int ol_acl_check_ownership(const ol_acl *acl, enum ol_ownership ownership,
                           ol_slice bucket_owner_id, ol_error *err);

/* The list of a new object (PUT, copy, upload in parts, form): from the headers, checked against
 * the ownership; context->owner_id is the writer. The owner in *out is whose the object becomes:
 * the writer's; the bucket owner's when that is enforced, or when it is preferred and the writer
 * asked for "bucket-owner-full-control". *asked as in ol_acl_from_headers, whose errors come too. */
int ol_acl_for_new_object(const ol_headers *headers, enum ol_ownership ownership,
                          const ol_acl_context *context, bool *asked, ol_acl *out, ol_error *err);

#endif
