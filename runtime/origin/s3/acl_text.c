/* SPDX-License-Identifier: MIT */
/* Lists to canned names, documents to texts. */
#include "origin/s3/acl_text.h"

#include "s3/acl.h"

enum { ALL_READ = 1, ALL_WRITE = 2, KNOWN_READ = 4, OTHER = 8 };

static unsigned kind_of(const ol_acl *acl, const ol_acl_grant *grant)
{
    if (grant->grantee == OL_ACL_CANONICAL)
        return ol_slice_eq(grant->id, acl->owner_id) ? 0 : OTHER;
    if (grant->grantee == OL_ACL_ALL_USERS && grant->permission == OL_ACL_READ)
        return ALL_READ;
    if (grant->grantee == OL_ACL_ALL_USERS && grant->permission == OL_ACL_WRITE)
        return ALL_WRITE;
    if (grant->grantee == OL_ACL_AUTHENTICATED_USERS && grant->permission == OL_ACL_READ)
        return KNOWN_READ;
    return OTHER;
}

int ol_s3_acl_canned(ol_slice text, ol_arena *arena, ol_slice *canned, ol_error *err)
{
    ol_acl acl;
    unsigned all = 0;
    *canned = OL_SLICE_NONE;
    if (text.len == 0)
        return OL_OK;
    int rc = ol_acl_read_text(text, OL_SLICE_NONE, arena, &acl, err);
    if (rc != OL_OK)
        return rc;
    for (size_t i = 0; i < acl.count; i++)
        all |= kind_of(&acl, &acl.grants[i]);
    if (all == 0)
        *canned = OL_SLICE_LIT("private");
    else if (all == ALL_READ)
        *canned = OL_SLICE_LIT("public-read");
    else if (all == (ALL_READ | ALL_WRITE))
        *canned = OL_SLICE_LIT("public-read-write");
    else if (all == KNOWN_READ)
        *canned = OL_SLICE_LIT("authenticated-read");
    else
        return ol_error_say(err, OL_ENOTIMPLEMENTED,
                            "On a remote origin only canned access control lists can be set.");
    return OL_OK;
}

int ol_s3_acl_text(ol_slice xml, ol_arena *arena, ol_slice *text, ol_error *err)
{
    const ol_acl_context context = {.arena = arena};
    ol_acl acl;
    ol_error why = {0};
    *text = OL_SLICE_NONE;
    int rc = ol_acl_parse_xml(xml, &context, &acl, &why);
    if (rc == OL_OK)
        return ol_acl_text(&acl, arena, text, err);
    return ol_error_set(err, rc == OL_ENOMEM ? rc : OL_EORIGIN,
                        "s3 origin: its access control list cannot be read: %s", why.message);
}
