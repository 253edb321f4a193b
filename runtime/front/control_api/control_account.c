/* SPDX-License-Identifier: MIT */
/* The account's public access block; and tags, of which access points have none. */
#include "front/control_api/control_call.h"
#include "s3/documents/control_documents.h"
#include "s3/documents/xml_writer.h"

void ol_control_get_account_block(ol_control_call *call)
{
    ol_buf xml;
    if (!call->account->has_public_access_block) {
        ol_control_call_refuse(call, 404, "NoSuchPublicAccessBlockConfiguration",
                               "The public access block configuration was not found");
        return;
    }
    ol_buf_init(&xml, OL_CONTROL_XML_BYTES_MAX);
    int rc = ol_public_access_block_write(&xml, &call->account->public_access_block,
                                          OL_S3CONTROL_XMLNS);
    ol_operation_reply_xml(&call->op, rc, NULL, &xml);
}

static void on_document(ol_operation *op, ol_slice body)
{
    static const ol_xml_bounds bounds = {.xmlns = OL_S3CONTROL_XMLNS};
    ol_control_call *call = (ol_control_call *)op;
    ol_public_access_block block;
    ol_error err = {0};
    if (ol_public_access_block_parse(body, &bounds, op->request->arena, &block, &err) != OL_OK) {
        ol_operation_fail(op, &err);
        return;
    }
    const ol_edit edit = {.kind = OL_EDIT_ACCOUNT_PUBLIC_ACCESS_BLOCK,
                          .public_access_block = &block};
    ol_control_call_change(call, &edit, NULL, 200);
}

void ol_control_put_account_block(ol_control_call *call)
{
    ol_control_call_read(call, on_document);
}

void ol_control_delete_account_block(ol_control_call *call)
{
    const ol_edit edit = {.kind = OL_EDIT_ACCOUNT_PUBLIC_ACCESS_BLOCK};
    ol_control_call_change(call, &edit, NULL, 204);
}

/* ---- tags ---- */

static bool resource_exists(const ol_control_call *call)
{
    const ol_realm *realm = call->op.request->realm;
    ol_s3_arn arn;
    if (!ol_s3_arn_parse(call->route.name, &arn) || arn.key.data ||
        !ol_slice_eq(arn.account, call->account->id))
        return false;
    if (arn.door == OL_S3_DOOR_ACCESS_POINT)
        return ol_realm_find_access_point(realm, arn.account, arn.name) != NULL;
    return arn.door == OL_S3_DOOR_OBJECT_LAMBDA &&
           ol_realm_find_olap(realm, arn.account, arn.name) != NULL;
}

void ol_control_list_tags(ol_control_call *call)
{
    ol_buf xml;
    ol_xml_writer w;
    if (!resource_exists(call)) {
        ol_control_call_refuse(call, 404, "NoSuchResource", "The specified resource doesn't exist.");
        return;
    }
    ol_buf_init(&xml, OL_CONTROL_XML_BYTES_MAX);
    ol_xml_begin_ns(&w, &xml, "ListTagsForResourceResult", OL_S3CONTROL_XMLNS);
    ol_xml_open(&w, "Tags");
    ol_xml_close(&w, "Tags");
    ol_xml_close(&w, "ListTagsForResourceResult");
    ol_operation_reply_xml(&call->op, w.rc, NULL, &xml);
}
