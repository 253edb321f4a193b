/* SPDX-License-Identifier: MIT */
/*
 * Changes of buckets and accounts. A bucket of which nothing special is said any more has no
 * record.
 */
#include <stdio.h>

#include "base/buf.h"
#include "control/config/names.h"
#include "control/state/edit_private.h"

static void drop_if_empty(const ol_applying *a, const char *section_name, const char *key)
{
    json_t *records = ol_edit_section(a, section_name);
    if (json_object_size(json_object_get(records, key)) == 0)
        json_object_del(records, key);
}

/* As ol_cors_write makes it, so that what is kept is UTF-8 whatever the document said of itself. */
static int set_cors(ol_applying *a, json_t *record)
{
    ol_cors *cors = NULL;
    ol_buf text;
    if (a->edit->text.len == 0) {
        json_object_del(record, "cors");
        return OL_OK;
    }
    ol_buf_init(&text, 2 * OL_CORS_BYTES_MAX);
    int rc = ol_cors_parse(a->edit->text, &cors, a->err);
    if (rc == OL_OK)
        rc = ol_cors_write(&text, cors);
    if (rc == OL_OK)
        ol_edit_set_text(a, record, "cors", ol_buf_slice(&text));
    ol_cors_release(cors);
    ol_buf_fini(&text);
    return rc;
}

/* ---- buckets ---- */

static unsigned declared_part(enum ol_edit_kind kind)
{
    switch (kind) {
    case OL_EDIT_BUCKET_POLICY:
        return OL_DECLARED_POLICY;
    case OL_EDIT_BUCKET_CORS:
        return OL_DECLARED_CORS;
    case OL_EDIT_BUCKET_OWNERSHIP:
        return OL_DECLARED_OWNERSHIP;
    case OL_EDIT_BUCKET_ENCRYPTION:
        return OL_DECLARED_ENCRYPTION;
    case OL_EDIT_BUCKET_PUBLIC_ACCESS_BLOCK:
        return OL_DECLARED_PUBLIC_ACCESS_BLOCK;
    default:
        return 0;
    }
}

static int bucket_created(ol_applying *a, const char *name)
{
    const ol_edit *edit = a->edit;
    const ol_realm_bucket *rules = ol_realm_bucket_of(a->realm, edit->name);
    json_object_del(ol_edit_section(a, OL_DOCUMENT_BUCKETS), name);
    json_t *record = ol_edit_record(a, OL_DOCUMENT_BUCKETS, name);
    bool owner_follows = (rules->declared & OL_DECLARED_OWNER) ||
                         ol_slice_eq(edit->account, a->realm->default_account->id);
    if (!owner_follows)
        ol_edit_set_text(a, record, "owner", edit->account);
    if (edit->ownership != OL_OWNERSHIP_NONE)
        ol_edit_set_text(a, record, "ownership", ol_slice_cstr(ol_ownership_name(edit->ownership)));
    ol_edit_set_text(a, record, "acl", edit->text);
    return OL_OK;
}

static int bucket_deleted(ol_applying *a, const char *name)
{
    if (ol_realm_access_points_of(a->realm, a->edit->name) > 0)
        return ol_error_custom(a->err, OL_EINVALIDREQUEST, 400,
                               OL_SLICE_LIT("BucketHasAccessPointsAttached"),
                               OL_SLICE_LIT("The bucket you tried to delete has access points "
                                            "attached. Delete your access points and try again."));
    json_object_del(ol_edit_section(a, OL_DOCUMENT_BUCKETS), name);
    return OL_OK;
}

static int bucket_policy(ol_applying *a, json_t *record)
{
    char arn[OL_BUCKET_NAME_MAX + 16];
    snprintf(arn, sizeof(arn), "arn:aws:s3:::%.*s", OL_SLICE_FMT(a->edit->name));
    int rc = ol_edit_check_policy(a, OL_POLICY_BUCKET, ol_slice_cstr(arn));
    if (rc != OL_OK)
        return rc;
    ol_edit_set_text(a, record, "policy", a->edit->text);
    if (a->edit->binds_root && a->edit->text.len)
        ol_edit_set(a, record, "binds_root", json_true());
    else
        json_object_del(record, "binds_root");
    return OL_OK;
}

static int bucket_part(ol_applying *a, json_t *record)
{
    const ol_edit *edit = a->edit;
    switch (edit->kind) {
    case OL_EDIT_BUCKET_POLICY:
        return bucket_policy(a, record);
    case OL_EDIT_BUCKET_CORS:
        return set_cors(a, record);
    case OL_EDIT_BUCKET_TAGS:
        ol_edit_set_text(a, record, "tags", edit->text);
        return OL_OK;
    case OL_EDIT_BUCKET_ENCRYPTION:
        ol_edit_set_text(a, record, "encryption", edit->text);
        return OL_OK;
    case OL_EDIT_BUCKET_ACL:
        ol_edit_set_text(a, record, "acl", edit->text);
        return OL_OK;
    case OL_EDIT_BUCKET_OWNERSHIP:
        ol_edit_set(a, record, "ownership",
                    ol_edit_text(ol_slice_cstr(ol_ownership_name(edit->ownership))));
        return OL_OK;
    default:
        ol_edit_set(a, record, "public_access_block",
                    edit->public_access_block ? ol_edit_block(edit->public_access_block)
                                              : json_null());
        return OL_OK;
    }
}

int ol_edit_apply_bucket(ol_applying *a)
{
    char name[OL_BUCKET_NAME_MAX + 1];
    const ol_edit *edit = a->edit;
    if (ol_name_bucket_wrong(edit->name))
        return ol_error_set(a->err, OL_EINVALIDBUCKET, NULL);
    snprintf(name, sizeof(name), "%.*s", OL_SLICE_FMT(edit->name));
    if (ol_realm_bucket_of(a->realm, edit->name)->declared & declared_part(edit->kind))
        return ol_edit_refuse_declared(a, "This part of the bucket");
    int rc;
    if (edit->kind == OL_EDIT_BUCKET_CREATED)
        rc = bucket_created(a, name);
    else if (edit->kind == OL_EDIT_BUCKET_DELETED)
        rc = bucket_deleted(a, name);
    else
        rc = bucket_part(a, ol_edit_record(a, OL_DOCUMENT_BUCKETS, name));
    drop_if_empty(a, OL_DOCUMENT_BUCKETS, name);
    return rc;
}

/* ---- accounts ---- */

int ol_edit_apply_account(ol_applying *a)
{
    const ol_edit *edit = a->edit;
    const ol_realm_account *account = ol_realm_find_account(a->realm, edit->account);
    char id[16];
    if (ol_name_account_wrong(edit->account))
        return ol_edit_refuse(a, "The account id is not valid.");
    if (account && account->public_access_block_declared)
        return ol_edit_refuse_declared(a, "The account's public access block");
    snprintf(id, sizeof(id), "%.*s", OL_SLICE_FMT(edit->account));
    if (edit->public_access_block)
        ol_edit_set(a, ol_edit_record(a, OL_DOCUMENT_ACCOUNTS, id), "public_access_block",
                    ol_edit_block(edit->public_access_block));
    else
        json_object_del(ol_edit_section(a, OL_DOCUMENT_ACCOUNTS), id);
    return OL_OK;
}
