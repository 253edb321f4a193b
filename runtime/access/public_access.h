/* SPDX-License-Identifier: MIT */
/*
 * What the four switches of a public access block do:
 *
 *   BlockPublicPolicy      a policy that is public cannot be put: ol_public_policy_check
 *   RestrictPublicBuckets  under a public policy only the owner's account (and services) get in:
 *                          ol_access_door.restrict_public
 *   BlockPublicAcls        a list that grants to everybody cannot be put, nor an object with such
 *                          a list: ol_public_acl_check
 *   IgnorePublicAcls       what a list grants to everybody does not count: the caller's `acl`
 *                          callback passes it to ol_acl_allows
 *
 * Where several apply (account, bucket, access point) each switch holds that any of them sets:
 * ol_public_access_block_or.
 */
#ifndef OL_ACCESS_PUBLIC_ACCESS_H
#define OL_ACCESS_PUBLIC_ACCESS_H

#include "access/acl.h"
#include "access/policy.h"
#include "s3/documents/public_access_block.h"

/* OL_OK, or OL_EACCESS when the block forbids to put such a policy. */
int ol_public_policy_check(const ol_public_access_block *block, const ol_policy *policy,
                           ol_error *err);
/* The same of an access control list. */
int ol_public_acl_check(const ol_public_access_block *block, const ol_acl *acl, ol_error *err);

#endif
