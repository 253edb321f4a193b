/* SPDX-License-Identifier: MIT */
/* ?publicAccessBlock of a bucket. */
#include "front/operations/bucket_config.h"
#include "front/operations/bucket_forward.h"
#include "front/operations/operations.h"

#define BLOCK_XML_BYTES_MAX (4 * OL_KIB)

static void answer(ol_operation *op)
{
    const ol_realm_bucket *rule = op->request->target.rule;
    ol_buf xml;
    if (!rule->has_public_access_block) {
        ol_bucket_config_refuse(op, 404, "NoSuchPublicAccessBlockConfiguration",
                                "The public access block configuration was not found");
        return;
    }
    ol_buf_init(&xml, BLOCK_XML_BYTES_MAX);
    int rc = ol_public_access_block_write(&xml, &rule->public_access_block, NULL);
    ol_operation_reply_xml(op, rc, NULL, &xml);
}

void ol_op_get_public_access_block(ol_request *request)
{
    if (!ol_bucket_forward(request, "publicAccessBlock"))
        ol_bucket_config_begin(request, answer);
}

static void put_block(ol_operation *op, ol_slice sent)
{
    ol_public_access_block block;
    ol_error err = {0};
    if (ol_public_access_block_parse(sent, NULL, op->request->arena, &block, &err) != OL_OK) {
        ol_operation_fail(op, &err);
        return;
    }
    const ol_edit edit = {.kind = OL_EDIT_BUCKET_PUBLIC_ACCESS_BLOCK,
                          .public_access_block = &block};
    ol_bucket_config_edit(op, &edit, 200);
}

static void read_block(ol_operation *op)
{
    ol_bucket_config_read(op, BLOCK_XML_BYTES_MAX, true, put_block);
}

void ol_op_put_public_access_block(ol_request *request)
{
    if (!ol_bucket_forward(request, "publicAccessBlock"))
        ol_bucket_config_begin(request, read_block);
}

static void delete_block(ol_operation *op)
{
    ol_bucket_config_edit(op, &(ol_edit){.kind = OL_EDIT_BUCKET_PUBLIC_ACCESS_BLOCK}, 204);
}

void ol_op_delete_public_access_block(ol_request *request)
{
    if (!ol_bucket_forward(request, "publicAccessBlock"))
        ol_bucket_config_begin(request, delete_block);
}
