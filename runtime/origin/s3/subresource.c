/* SPDX-License-Identifier: MIT */
/* Documents of a bucket, handed through as they are. */
#include "origin/s3/document.h"

#define SUBRESOURCE_BYTES_MAX (256 * OL_KIB)

typedef struct subresource_op {
    ol_s3_subresource_cb cb;
    void *arg;
} subresource_op;

static void on_document(ol_s3_document *doc, const ol_http_answer *answer, ol_slice body,
                        const ol_error *err)
{
    const subresource_op *op = doc->op;
    op->cb(op->arg, err, err ? 0 : answer->status, body);
}

int ol_s3_origin_subresource(ol_origin *o, ol_loop *loop, const ol_s3_subresource *what,
                             ol_s3_subresource_cb cb, void *arg, ol_error *err)
{
    ol_s3_document *doc = ol_s3_document_new(o, loop, what->method, sizeof(subresource_op), err);
    if (!doc)
        return err->code;
    *(subresource_op *)doc->op = (subresource_op){cb, arg};
    doc->done = on_document;
    doc->bytes_max = SUBRESOURCE_BYTES_MAX;
    doc->request.retry = OL_S3_RETRY_SAFE; /* the same again makes no difference */
    ol_s3_document_target(doc, what->bucket, OL_SLICE_NONE);
    ol_s3_document_param(doc, ol_arena_strdup(doc->arena, what->name), OL_SLICE_NONE);
    ol_s3_document_bytes(doc, what->body, what->content_type ? what->content_type
                                                             : "application/xml");
    return ol_s3_document_start(doc, err);
}
