/* SPDX-License-Identifier: MIT */
/*
 * What an access control list allows. Lists only ever allow; policies that deny, and Object
 * Ownership that switches lists off, are looked at by the caller first.
 */
#ifndef OL_ACCESS_ACL_H
#define OL_ACCESS_ACL_H

#include "s3/documents/acl.h"

/* May the caller with this canonical id (empty: anonymous) do what `permission` (one
 * OL_ACL_READ, …) stands for? The owner may always read and write the list itself.
 * `ignore_public`: as if grants to everybody, and to every authenticated caller, were not there
 * (IgnorePublicAcls). */
bool ol_acl_allows(const ol_acl *acl, ol_slice canonical_id, unsigned permission,
                   bool ignore_public);
/* Grants anything to everybody or to every authenticated caller (BlockPublicAcls, policy
 * status). */
bool ol_acl_is_public(const ol_acl *acl);

#endif
