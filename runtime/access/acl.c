/* SPDX-License-Identifier: MIT */
/* One pass over the grants. */
#include "access/acl.h"

/* The caller as a grantee; log delivery is nobody who calls. */
static bool concerns(const ol_acl_grant *grant, ol_slice canonical_id, bool ignore_public)
{
    switch (grant->grantee) {
    case OL_ACL_CANONICAL:
        return canonical_id.len > 0 && ol_slice_eq(grant->id, canonical_id);
    case OL_ACL_ALL_USERS:
        return !ignore_public;
    case OL_ACL_AUTHENTICATED_USERS:
        return !ignore_public && canonical_id.len > 0;
    default:
        return false;
    }
}

bool ol_acl_allows(const ol_acl *acl, ol_slice canonical_id, unsigned permission,
                   bool ignore_public)
{
    bool owner = canonical_id.len > 0 && ol_slice_eq(acl->owner_id, canonical_id);
    if (owner && (permission == OL_ACL_READ_ACP || permission == OL_ACL_WRITE_ACP))
        return true;
    for (size_t i = 0; i < acl->count; i++)
        if ((acl->grants[i].permission & permission) == permission &&
            concerns(&acl->grants[i], canonical_id, ignore_public))
            return true;
    return false;
}

bool ol_acl_is_public(const ol_acl *acl)
{
    for (size_t i = 0; i < acl->count; i++)
        if (acl->grants[i].grantee == OL_ACL_ALL_USERS ||
            acl->grants[i].grantee == OL_ACL_AUTHENTICATED_USERS)
            return true;
    return false;
}
