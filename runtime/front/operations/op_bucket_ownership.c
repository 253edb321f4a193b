/* SPDX-License-Identifier: MIT */
/* ?ownershipControls of a bucket. */
#include "front/operations/bucket_config.h"
#include "front/operations/operations.h"

#define OWNERSHIP_XML_BYTES_MAX (4 * OL_KIB)

static void answer(ol_operation *op)
{
    enum ol_ownership ownership = op->request->target.rule->ownership;
    ol_buf xml;
    if (ownership == OL_OWNERSHIP_NONE) {
        ol_bucket_config_refuse(op, 404, "OwnershipControlsNotFoundError",
                                "The bucket ownership controls were not found");
        return;
    }
    ol_buf_init(&xml, OWNERSHIP_XML_BYTES_MAX);
    ol_operation_reply_xml(op, ol_ownership_write(&xml, ownership), NULL, &xml);
}

void ol_op_get_bucket_ownership_controls(ol_request *request)
{
    ol_bucket_config_begin(request, answer);
}

/* Lists that grant something to others would end without anybody having said so. */
static bool gives_to_others(const ol_acl *acl)
{
    for (size_t i = 0; i < acl->count; i++)
        if (acl->grants[i].grantee != OL_ACL_CANONICAL ||
            !ol_slice_eq(acl->grants[i].id, acl->owner_id))
            return true;
    return false;
}

static void put_controls(ol_operation *op, ol_slice sent)
{
    enum ol_ownership ownership = OL_OWNERSHIP_NONE;
    ol_error err = {0};
    ol_acl acl;
    int rc = ol_ownership_parse(sent, op->request->arena, &ownership, &err);
    if (rc == OL_OK)
        rc = ol_bucket_config_acl(op->request, &acl, &err);
    if (rc != OL_OK) {
        ol_operation_fail(op, &err);
    } else if (ownership == OL_OWNERSHIP_BUCKET_OWNER_ENFORCED && gives_to_others(&acl)) {
        ol_bucket_config_refuse(
            op, 400, "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting");
    } else {
        ol_bucket_config_edit(
            op, &(ol_edit){.kind = OL_EDIT_BUCKET_OWNERSHIP, .ownership = ownership}, 200);
    }
}

static void read_controls(ol_operation *op)
{
    ol_bucket_config_read(op, OWNERSHIP_XML_BYTES_MAX, true, put_controls);
}

void ol_op_put_bucket_ownership_controls(ol_request *request)
{
    ol_bucket_config_begin(request, read_controls);
}

static void delete_controls(ol_operation *op)
{
    ol_bucket_config_edit(op, &(ol_edit){.kind = OL_EDIT_BUCKET_OWNERSHIP}, 204);
}

void ol_op_delete_bucket_ownership_controls(ol_request *request)
{
    ol_bucket_config_begin(request, delete_controls);
}
