/* SPDX-License-Identifier: MIT */
/* Grants and grantees, canned lists, and what Object Ownership says to them. */
#include "s3/documents/acl_private.h"

#define GROUPS "http://acs.amazonaws.com/groups/"

static const char *const group_uris[] = {"", GROUPS "global/AllUsers",
                                         GROUPS "global/AuthenticatedUsers",
                                         GROUPS "s3/LogDelivery"};

const char *ol_acl_group_uri(enum ol_acl_grantee grantee)
{
    return group_uris[grantee];
}

int ol_acl_begin(ol_acl *acl, ol_slice owner_id, ol_arena *arena, ol_error *err)
{
    *acl = (ol_acl){.owner_id = owner_id};
    acl->grants = ol_arena_alloc(arena, OL_ACL_GRANTS_MAX * sizeof *acl->grants);
    return acl->grants ? OL_OK : ol_error_set(err, OL_ENOMEM, "access control list");
}

int ol_acl_add(ol_acl *acl, enum ol_acl_grantee grantee, ol_slice id, unsigned permission,
               ol_error *err)
{
    if (acl->count == OL_ACL_GRANTS_MAX)
        return ol_error_say(err, OL_EMALFORMEDACL, "An ACL can have up to %d grants.",
                            OL_ACL_GRANTS_MAX);
    acl->grants[acl->count++] = (ol_acl_grant){grantee, id, permission};
    return OL_OK;
}

int ol_acl_add_id(ol_acl *acl, const ol_acl_context *context, ol_slice id, unsigned permission,
                  ol_error *err)
{
    ol_slice name = OL_SLICE_NONE;
    bool possible = id.len > 0 && id.len <= OL_ACL_ID_BYTES_MAX;
    if (!possible ||
        (context->people && !context->people->find(context->people->arg, id, &name)))
        return ol_error_say(err, OL_EINVAL, "Invalid id");
    ol_slice copy = ol_arena_copy(context->arena, id);
    if (!copy.data)
        return ol_error_set(err, OL_ENOMEM, "access control list");
    return ol_acl_add(acl, OL_ACL_CANONICAL, copy, permission, err);
}

int ol_acl_add_uri(ol_acl *acl, ol_slice uri, unsigned permission, ol_error *err)
{
    for (int i = OL_ACL_ALL_USERS; i <= OL_ACL_LOG_DELIVERY; i++)
        if (ol_slice_eq_cstr(uri, group_uris[i]))
            return ol_acl_add(acl, (enum ol_acl_grantee)i, OL_SLICE_NONE, permission, err);
    return ol_error_say(err, OL_EINVAL, "Invalid group uri");
}

int ol_acl_add_email(ol_acl *acl, const ol_acl_context *context, ol_slice email,
                     unsigned permission, ol_error *err)
{
    const ol_people *people = context->people;
    ol_slice id = OL_SLICE_NONE;
    if (!people || !people->find_email || !people->find_email(people->arg, email, &id))
        return ol_error_custom(
            err, OL_EINVAL, 400, OL_SLICE_LIT("UnresolvableGrantByEmailAddress"),
            OL_SLICE_LIT("The e-mail address you provided does not match any account on record."));
    return ol_acl_add(acl, OL_ACL_CANONICAL, id, permission, err);
}

/* ---- canned lists ---- */

enum { FOR_BUCKETS = 1, FOR_OBJECTS = 2 };

/* What a canned list grants beside the owner's full control, and where it means that much. */
static const struct canned {
    const char *name;
    struct {
        enum ol_acl_grantee grantee; /* OL_ACL_CANONICAL: the bucket's owner */
        unsigned permission;
    } more[2];
    int where;
} canned_lists[] = {
    {"private", {{OL_ACL_CANONICAL, 0}}, 0},
    {"public-read", {{OL_ACL_ALL_USERS, OL_ACL_READ}}, FOR_BUCKETS | FOR_OBJECTS},
    {"public-read-write",
     {{OL_ACL_ALL_USERS, OL_ACL_READ}, {OL_ACL_ALL_USERS, OL_ACL_WRITE}},
     FOR_BUCKETS | FOR_OBJECTS},
    {"authenticated-read",
     {{OL_ACL_AUTHENTICATED_USERS, OL_ACL_READ}},
     FOR_BUCKETS | FOR_OBJECTS},
    {"bucket-owner-read", {{OL_ACL_CANONICAL, OL_ACL_READ}}, FOR_OBJECTS},
    {"bucket-owner-full-control", {{OL_ACL_CANONICAL, OL_ACL_FULL_CONTROL}}, FOR_OBJECTS},
    {"log-delivery-write",
     {{OL_ACL_LOG_DELIVERY, OL_ACL_WRITE}, {OL_ACL_LOG_DELIVERY, OL_ACL_READ_ACP}},
     FOR_BUCKETS},
};

static const struct canned *find_canned(ol_slice name)
{
    for (size_t i = 0; i < sizeof canned_lists / sizeof canned_lists[0]; i++)
        if (ol_slice_eq_cstr(name, canned_lists[i].name))
            return &canned_lists[i];
    return NULL;
}

static int add_more(ol_acl *acl, const struct canned *canned, const ol_acl_context *context,
                    ol_error *err)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < 2 && canned->more[i].permission != 0; i++) {
        bool to_bucket_owner = canned->more[i].grantee == OL_ACL_CANONICAL;
        if (to_bucket_owner && ol_slice_eq(context->bucket_owner_id, context->owner_id))
            continue; /* has full control already */
        rc = ol_acl_add(acl, canned->more[i].grantee,
                        to_bucket_owner ? context->bucket_owner_id : OL_SLICE_NONE,
                        canned->more[i].permission, err);
    }
    return rc;
}

int ol_acl_canned(ol_slice name, const ol_acl_context *context, ol_acl *out, ol_error *err)
{
    const struct canned *canned = find_canned(name);
    int here = context->bucket_owner_id.len > 0 ? FOR_OBJECTS : FOR_BUCKETS;
    if (!canned && ol_slice_eq_cstr(name, "aws-exec-read"))
        return ol_error_say(err, OL_ENOTIMPLEMENTED, "aws-exec-read is not implemented.");
    if (!canned)
        return ol_error_set(err, OL_EINVAL, "an unknown canned ACL");
    int rc = ol_acl_begin(out, context->owner_id, context->arena, err);
    if (rc == OL_OK)
        rc = ol_acl_add(out, OL_ACL_CANONICAL, context->owner_id, OL_ACL_FULL_CONTROL, err);
    if (rc == OL_OK && (canned->where & here))
        rc = add_more(out, canned, context, err);
    if (rc == OL_OK)
        out->other_canned_ = !ol_slice_eq_cstr(name, "bucket-owner-full-control");
    return rc;
}

/* ---- Object Ownership ---- */

static bool is_owners_only(const ol_acl *acl, ol_slice owner_id)
{
    for (size_t i = 0; i < acl->count; i++)
        if (acl->grants[i].grantee != OL_ACL_CANONICAL ||
            acl->grants[i].permission != OL_ACL_FULL_CONTROL ||
            !ol_slice_eq(acl->grants[i].id, owner_id))
            return false;
    return acl->count > 0;
}

int ol_acl_check_ownership(const ol_acl *acl, enum ol_ownership ownership,
                           ol_slice bucket_owner_id, ol_error *err)
{
    if (ownership != OL_OWNERSHIP_BUCKET_OWNER_ENFORCED)
        return OL_OK;
    if (bucket_owner_id.len > 0 && !acl->other_canned_ && is_owners_only(acl, bucket_owner_id))
        return OL_OK;
    return ol_error_custom(err, OL_EINVALIDREQUEST, 400,
                           OL_SLICE_LIT("AccessControlListNotSupported"),
                           OL_SLICE_LIT("The bucket does not allow ACLs"));
}

static bool gives_bucket_owner_all(const ol_acl *acl, const ol_acl_context *context)
{
    if (acl->other_canned_)
        return false;
    for (size_t i = 0; i < acl->count; i++)
        if (acl->grants[i].grantee == OL_ACL_CANONICAL &&
            acl->grants[i].permission == OL_ACL_FULL_CONTROL &&
            ol_slice_eq(acl->grants[i].id, context->bucket_owner_id))
            return true;
    return false;
}

static bool is_private_only(const ol_headers *headers)
{
    return ol_headers_count_of(headers, "x-amz-acl") == 1 &&
           ol_slice_eq_cstr(ol_headers_get(headers, "x-amz-acl"), "private");
}

int ol_acl_for_new_object(const ol_headers *headers, enum ol_ownership ownership,
                          const ol_acl_context *context, bool *asked, ol_acl *out, ol_error *err)
{
    ol_acl_context for_owner = *context;
    bool enforced = ownership == OL_OWNERSHIP_BUCKET_OWNER_ENFORCED;
    if (enforced)
        for_owner.owner_id = context->bucket_owner_id;
    int rc = ol_acl_from_headers(headers, &for_owner, asked, out, err);
    if (rc == OL_OK && enforced && context->accept_private && is_private_only(headers))
        *asked = false;
    if (rc == OL_OK && *asked)
        rc = ol_acl_check_ownership(out, ownership, context->bucket_owner_id, err);
    if (rc != OL_OK || !*asked || ownership != OL_OWNERSHIP_BUCKET_OWNER_PREFERRED ||
        !gives_bucket_owner_all(out, context))
        return rc;
    for_owner.owner_id = context->bucket_owner_id;
    return ol_acl_canned(OL_SLICE_LIT("bucket-owner-full-control"), &for_owner, out, err);
}
