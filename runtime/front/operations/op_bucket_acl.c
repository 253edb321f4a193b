/* SPDX-License-Identifier: MIT */
/* ?acl of a bucket: by headers or by document, checked against ownership and the public access
 * block. */
#include "access/public_access.h"
#include "front/operations/bucket_config.h"
#include "front/operations/operations.h"
#include "front/operations/people.h"

#define ACL_XML_BYTES_MAX (256 * OL_KIB)

static void answer(ol_operation *op)
{
    ol_error err = {0};
    ol_acl acl;
    ol_buf xml;
    if (ol_bucket_config_acl(op->request, &acl, &err) != OL_OK) {
        ol_operation_fail(op, &err);
        return;
    }
    ol_people people = ol_people_of(op->request);
    ol_buf_init(&xml, ACL_XML_BYTES_MAX);
    ol_operation_reply_xml(op, ol_acl_write_xml(&xml, &acl, &people), NULL, &xml);
}

void ol_op_get_bucket_acl(ol_request *request)
{
    ol_bucket_config_begin(request, answer);
}

/* ---- changing ---- */

static int read_acl(ol_request *request, ol_slice body, ol_acl *acl, ol_error *err)
{
    ol_people people = ol_people_of(request);
    const ol_acl_context context = {.owner_id = request->target.rule->owner->canonical_id,
                                    .people = &people,
                                    .arena = request->arena};
    const ol_headers *headers = &request->http->headers;
    bool asked = ol_acl_in_headers(headers);
    if (asked && body.len > 0)
        return ol_error_custom(err, OL_EINVALIDREQUEST, 400, OL_SLICE_LIT("UnexpectedContent"),
                               OL_SLICE_LIT("This request does not support content"));
    if (asked)
        return ol_acl_from_headers(headers, &context, &asked, acl, err);
    if (body.len > 0)
        return ol_acl_parse_xml(body, &context, acl, err);
    ol_request_error_extra(request, "MissingHeaderName", OL_SLICE_LIT("x-amz-acl"));
    return ol_error_custom(err, OL_EINVALIDREQUEST, 400, OL_SLICE_LIT("MissingSecurityHeader"),
                           OL_SLICE_LIT("Your request was missing a required header"));
}

static int make_text(ol_request *request, ol_slice body, ol_slice *text, ol_error *err)
{
    const ol_public_access_block block = ol_bucket_config_block(request);
    ol_acl acl;
    int rc = read_acl(request, body, &acl, err);
    if (rc == OL_OK)
        rc = ol_acl_check_ownership(&acl, request->target.rule->ownership, OL_SLICE_NONE, err);
    if (rc == OL_OK)
        rc = ol_public_acl_check(&block, &acl, err);
    return rc == OL_OK ? ol_acl_text(&acl, request->arena, text, err) : rc;
}

static void put_acl(ol_operation *op, ol_slice body)
{
    ol_error err = {0};
    ol_slice text;
    if (make_text(op->request, body, &text, &err) != OL_OK)
        ol_operation_fail(op, &err);
    else
        ol_bucket_config_edit(op, &(ol_edit){.kind = OL_EDIT_BUCKET_ACL, .text = text}, 200);
}

static void read_document(ol_operation *op)
{
    ol_bucket_config_read(op, ACL_XML_BYTES_MAX, false, put_acl);
}

void ol_op_put_bucket_acl(ol_request *request)
{
    ol_bucket_config_begin(request, read_document);
}
