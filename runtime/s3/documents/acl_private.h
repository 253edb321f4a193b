/* SPDX-License-Identifier: MIT */
/* What the readers and writers of access control lists share. */
#ifndef OL_S3_ACL_PRIVATE_H
#define OL_S3_ACL_PRIVATE_H

#include "s3/documents/acl.h"

/* Room for OL_ACL_GRANTS_MAX grants and no grant in it yet. OL_ENOMEM. */
int ol_acl_begin(ol_acl *acl, ol_slice owner_id, ol_arena *arena, ol_error *err);
/* The id is borrowed. OL_EMALFORMEDACL when there are too many. */
int ol_acl_add(ol_acl *acl, enum ol_acl_grantee grantee, ol_slice id, unsigned permission,
               ol_error *err);

/* A grantee as clients name it, checked and resolved; what is added lives in the context's arena
 * or is borrowed from the accounts. OL_EINVAL, UnresolvableGrantByEmailAddress, OL_ENOMEM. */
int ol_acl_add_id(ol_acl *acl, const ol_acl_context *context, ol_slice id, unsigned permission,
                  ol_error *err);
int ol_acl_add_uri(ol_acl *acl, ol_slice uri, unsigned permission, ol_error *err);
int ol_acl_add_email(ol_acl *acl, const ol_acl_context *context, ol_slice email,
                     unsigned permission, ol_error *err);


#endif
