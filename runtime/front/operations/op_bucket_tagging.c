/* SPDX-License-Identifier: MIT */
/* ?tagging of a bucket. */
#include "front/operations/bucket_config.h"
#include "front/operations/operations.h"
#include "s3/documents/tagging.h"

/* Characters may be written as entities, and elements stand around them. */
#define TAGGING_XML_BYTES_MAX (256 * OL_KIB)

static void answer(ol_operation *op)
{
    ol_slice text = op->request->target.rule->tags_text;
    ol_buf xml;
    if (text.len == 0) {
        ol_bucket_config_refuse(op, 404, "NoSuchTagSet", "The TagSet does not exist");
        return;
    }
    ol_buf_init(&xml, TAGGING_XML_BYTES_MAX);
    ol_operation_reply_xml(op, ol_tags_write_xml(&xml, text), NULL, &xml);
}

void ol_op_get_bucket_tagging(ol_request *request)
{
    ol_bucket_config_begin(request, answer);
}

static void put_tags(ol_operation *op, ol_slice sent)
{
    ol_error err = {0};
    ol_arena *arena = op->request->arena;
    ol_tags tags;
    ol_slice text;
    int rc = ol_tags_parse_xml(sent, OL_TAGS_BUCKET_MAX, arena, &tags, &err);
    if (rc == OL_OK)
        rc = ol_tags_text(&tags, arena, &text, &err);
    if (rc != OL_OK)
        ol_operation_fail(op, &err);
    else
        ol_bucket_config_edit(op, &(ol_edit){.kind = OL_EDIT_BUCKET_TAGS, .text = text}, 204);
}

static void read_tags(ol_operation *op)
{
    ol_bucket_config_read(op, TAGGING_XML_BYTES_MAX, true, put_tags);
}

void ol_op_put_bucket_tagging(ol_request *request)
{
    ol_bucket_config_begin(request, read_tags);
}

static void delete_tags(ol_operation *op)
{
    ol_bucket_config_edit(op, &(ol_edit){.kind = OL_EDIT_BUCKET_TAGS}, 204);
}

void ol_op_delete_bucket_tagging(ol_request *request)
{
    ol_bucket_config_begin(request, delete_tags);
}
