/* SPDX-License-Identifier: MIT */
/* ?cors of a bucket. What is kept is our own writing of what was sent. */
#include "front/operations/bucket_config.h"
#include "front/operations/bucket_forward.h"
#include "front/operations/operations.h"

/* Escaping may lengthen what was sent. */
#define CORS_XML_BYTES_MAX (8 * OL_CORS_BYTES_MAX)

static void answer(ol_operation *op)
{
    const ol_cors *cors = op->request->target.rule->cors;
    ol_buf xml;
    if (!cors) {
        ol_bucket_config_refuse(op, 404, "NoSuchCORSConfiguration",
                                "The CORS configuration does not exist");
        return;
    }
    ol_buf_init(&xml, CORS_XML_BYTES_MAX);
    ol_operation_reply_xml(op, ol_cors_write(&xml, cors), NULL, &xml);
}

void ol_op_get_bucket_cors(ol_request *request)
{
    if (!ol_bucket_forward(request, "cors"))
        ol_bucket_config_begin(request, answer);
}

static int rewrite(ol_slice sent, ol_buf *xml, ol_error *err)
{
    ol_cors *cors;
    int rc = ol_cors_parse(sent, &cors, err);
    if (rc != OL_OK)
        return rc;
    rc = ol_cors_write(xml, cors);
    ol_cors_release(cors);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "CORS rules");
}

static void put_rules(ol_operation *op, ol_slice sent)
{
    ol_error err = {0};
    ol_buf xml;
    ol_buf_init(&xml, CORS_XML_BYTES_MAX);
    if (rewrite(sent, &xml, &err) != OL_OK)
        ol_operation_fail(op, &err);
    else
        ol_bucket_config_edit(
            op, &(ol_edit){.kind = OL_EDIT_BUCKET_CORS, .text = ol_buf_slice(&xml)}, 200);
    ol_buf_fini(&xml);
}

static void read_rules(ol_operation *op)
{
    ol_bucket_config_read(op, OL_CORS_BYTES_MAX, true, put_rules);
}

void ol_op_put_bucket_cors(ol_request *request)
{
    if (!ol_bucket_forward(request, "cors"))
        ol_bucket_config_begin(request, read_rules);
}

static void delete_rules(ol_operation *op)
{
    ol_bucket_config_edit(op, &(ol_edit){.kind = OL_EDIT_BUCKET_CORS}, 204);
}

void ol_op_delete_bucket_cors(ol_request *request)
{
    if (!ol_bucket_forward(request, "cors"))
        ol_bucket_config_begin(request, delete_rules);
}
