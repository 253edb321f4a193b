/* SPDX-License-Identifier: MIT */
/*
 * ?encryption of a bucket. Whether a KMS key that is named here exists, and whether a writer may use
 * it, is asked when an object is written, as on S3.
 */
#include "front/keys/encryption.h"
#include "front/operations/bucket_config.h"
#include "front/operations/bucket_forward.h"
#include "front/operations/operations.h"

static void answer(ol_operation *op)
{
    const ol_bucket_encryption *encryption = &op->request->target.rule->encryption;
    ol_buf xml;
    if (!encryption->given) {
        ol_bucket_config_refuse(op, 404, "ServerSideEncryptionConfigurationNotFoundError",
                                "The server side encryption configuration was not found");
        return;
    }
    ol_buf_init(&xml, OL_BUCKET_ENCRYPTION_XML_BYTES_MAX);
    ol_operation_reply_xml(op, ol_bucket_encryption_write(&xml, encryption), NULL, &xml);
}

void ol_op_get_bucket_encryption(ol_request *request)
{
    if (!ol_bucket_forward(request, "encryption"))
        ol_bucket_config_begin(request, answer);
}

static int rewrite(ol_request *request, ol_slice sent, ol_buf *xml, ol_error *err)
{
    ol_bucket_encryption encryption;
    ol_s3_sse_fault fault = {0};
    int rc = ol_bucket_encryption_parse(sent, request->arena, &encryption, &fault, err);
    ol_encryption_name_fault(request, &fault);
    if (rc != OL_OK)
        return rc;
    rc = ol_bucket_encryption_write(xml, &encryption);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "a bucket's encryption");
}

static void put_rule(ol_operation *op, ol_slice sent)
{
    ol_error err = {0};
    ol_buf xml;
    ol_buf_init(&xml, OL_BUCKET_ENCRYPTION_XML_BYTES_MAX);
    if (rewrite(op->request, sent, &xml, &err) != OL_OK)
        ol_operation_fail(op, &err);
    else
        ol_bucket_config_edit(
            op, &(ol_edit){.kind = OL_EDIT_BUCKET_ENCRYPTION, .text = ol_buf_slice(&xml)}, 200);
    ol_buf_fini(&xml);
}

static void read_rule(ol_operation *op)
{
    ol_bucket_config_read(op, OL_BUCKET_ENCRYPTION_XML_BYTES_MAX, true, put_rule);
}

void ol_op_put_bucket_encryption(ol_request *request)
{
    if (!ol_bucket_forward(request, "encryption"))
        ol_bucket_config_begin(request, read_rule);
}

static void delete_rule(ol_operation *op)
{
    ol_bucket_config_edit(op, &(ol_edit){.kind = OL_EDIT_BUCKET_ENCRYPTION}, 204);
}

void ol_op_delete_bucket_encryption(ol_request *request)
{
    if (!ol_bucket_forward(request, "encryption"))
        ol_bucket_config_begin(request, delete_rule);
}
