/* SPDX-License-Identifier: MIT */
#include "front/operations/new_object.h"

#include "access/public_access.h"
#include "front/operations/people.h"
#include "front/request/doors.h"
#include "s3/documents/tagging.h"

ol_slice ol_writer_id(const ol_request *request)
{
    ol_slice id = ol_people_caller(request);
    return id.len > 0 ? id : OL_SLICE_LIT(OL_ACL_ANONYMOUS_ID);
}

ol_slice ol_bucket_owner_id(const ol_request *request)
{
    return request->target.rule->owner->canonical_id;
}

/* ---- tags ---- */

static int read_tags(ol_new_object *self, ol_operation *op, const ol_headers *headers,
                     ol_error *err)
{
    ol_arena *arena = op->request->arena;
    ol_tags tags;
    ol_slice text = ol_headers_get(headers, "x-amz-tagging");
    if (text.len == 0)
        return OL_OK;
    int rc = ol_tags_parse_query(text, OL_TAGS_OBJECT_MAX, arena, &tags, err);
    if (rc == OL_OK)
        rc = ol_tags_text(&tags, arena, &self->tags, err);
    if (rc == OL_OK && self->tags.len > 0)
        ol_operation_need(op, &(ol_authorize_ask){
            .action = "PutObjectTagging",
            .key = op->request->address.key,
            .request_tags = self->tags,
            .with_write = true,
        });
    return rc;
}

/* ---- access control ---- */

int ol_new_object_check_acl(const ol_request *request, const ol_acl *acl, ol_error *err)
{
    const ol_realm_bucket *rule = request->target.rule;
    const ol_public_access_block block = ol_doors_public_access_block(&request->target);
    int rc = ol_acl_check_ownership(acl, rule->ownership, ol_bucket_owner_id(request), err);
    return rc == OL_OK ? ol_public_acl_check(&block, acl, err) : rc;
}

static int read_acl(ol_new_object *self, ol_operation *op, const ol_headers *headers,
                    ol_error *err)
{
    ol_request *request = op->request;
    enum ol_ownership ownership = request->target.rule->ownership;
    ol_people people = ol_people_of(request);
    const ol_acl_context context = {
        .owner_id = self->writer_id,
        .bucket_owner_id = ol_bucket_owner_id(request),
        .people = &people,
        .arena = request->arena,
        .accept_private = request->generation->config->accept_private_acl,
    };
    ol_acl acl;
    int rc = ol_acl_for_new_object(headers, ownership, &context, &self->sets_acl, &acl, err);
    if (rc == OL_OK && self->sets_acl)
        rc = ol_new_object_check_acl(request, &acl, err);
    if (rc != OL_OK)
        return rc;
    if (self->sets_acl)
        ol_operation_need(op, &(ol_authorize_ask){
            .action = "PutObjectAcl",
            .key = request->address.key,
            .with_write = true,
        });
    self->owner_id = acl.owner_id;
    bool is_bucket_owners = ol_slice_eq(self->owner_id, context.bucket_owner_id);
    if (ownership == OL_OWNERSHIP_BUCKET_OWNER_ENFORCED || (is_bucket_owners && !self->sets_acl))
        return OL_OK;
    return ol_acl_text(&acl, request->arena, &self->acl, err);
}

int ol_new_object_read(ol_new_object *self, ol_operation *op, const ol_headers *headers,
                       bool with_tags, ol_error *err)
{
    *self = (ol_new_object){.writer_id = ol_writer_id(op->request)};
    int rc = with_tags ? read_tags(self, op, headers, err) : OL_OK;
    return rc == OL_OK ? read_acl(self, op, headers, err) : rc;
}
