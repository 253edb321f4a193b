/* SPDX-License-Identifier: MIT */
/* Removing an object. */
#include <stdio.h>

#include "origin/s3/document.h"
#include "origin/s3/operations.h"

typedef struct remove_op {
    ol_remove_cb cb;
    void *arg;
} remove_op;

static void on_removed(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                       const ol_error *err)
{
    (void)xml;
    const remove_op *op = doc->op;
    ol_remove_result result = {0};
    if (err) {
        op->cb(op->arg, err, NULL);
        return;
    }
    snprintf(result.version_id, sizeof result.version_id, "%.*s",
             OL_SLICE_FMT(ol_headers_get(&answer->headers, "x-amz-version-id")));
    result.delete_marker =
        ol_slice_eq_cstr(ol_headers_get(&answer->headers, "x-amz-delete-marker"), "true");
    op->cb(op->arg, NULL, &result);
}

int ol_s3_remove(ol_origin *o, ol_loop *loop, const ol_remove_request *req, ol_remove_cb cb,
                 void *arg, ol_error *err)
{
    ol_s3_document *doc = ol_s3_document_new(o, loop, "DELETE", sizeof(remove_op), err);
    if (!doc)
        return err->code;
    *(remove_op *)doc->op = (remove_op){cb, arg};
    doc->done = on_removed;
    const ol_s3_conditions conditions = {.if_match = req->if_match,
                                         .if_modified_ms = req->if_modified_ms,
                                         .if_size = req->if_size};
    if (!ol_s3_has_conditions(&conditions) && req->version.len > 0)
        doc->request.retry = OL_S3_RETRY_SAFE; /* a second time finds nothing, and says the same */
    ol_s3_document_target(doc, req->bucket, req->key);
    if (req->version.len > 0)
        ol_s3_document_param(doc, "versionId", req->version);
    ol_s3_document_header(doc, "if-match", req->if_match);
    return ol_s3_document_start_if(doc, &conditions, err);
}
