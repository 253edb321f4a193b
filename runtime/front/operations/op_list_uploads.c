/* SPDX-License-Identifier: MIT */
#include "front/operations/operation.h"
#include "front/operations/operations.h"
#include "front/operations/parameters.h"
#include "front/operations/people.h"
#include "s3/documents/xml_multipart.h"

#define UPLOADS_XML_BYTES_MAX (16 * OL_MIB)

typedef struct list {
    ol_operation op;
    ol_s3_uploads_page page;
} list;

static void on_uploads(void *arg, const ol_error *err, ol_uploads_result *result)
{
    list *self = arg;
    if (ol_operation_lives(&self->op, err)) {
        ol_people people = ol_people_of(self->op.request);
        ol_buf xml;
        ol_buf_init(&xml, UPLOADS_XML_BYTES_MAX);
        self->page.people = &people;
        self->page.result = result;
        int rc = ol_s3_xml_uploads(&xml, &self->page);
        ol_operation_reply_xml(&self->op, rc, NULL, &xml);
    }
    if (result)
        ol_arena_destroy(result->arena);
}

static int read_query(list *self, ol_error *err)
{
    ol_request *request = self->op.request;
    const ol_s3_address *address = &request->address;
    ol_s3_uploads_page *page = &self->page;
    page->bucket = address->bucket;
    page->prefix = ol_s3_param_get(address, "prefix");
    page->delimiter = ol_s3_param_get(address, "delimiter");
    page->key_marker = ol_s3_param_get(address, "key-marker");
    /* Alone it means nothing, and S3 does not look at it. */
    if (page->key_marker.len > 0)
        page->id_marker = ol_s3_param_get(address, "upload-id-marker");
    int rc = ol_encoding_parameter(request, &page->encoding_url, err);
    if (rc != OL_OK)
        return rc;
    return ol_page_size_parameter(request, "max-uploads", &page->max_uploads, err);
}

void ol_op_list_multipart_uploads(ol_request *request)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    list *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    int rc = read_query(self, &err);
    if (rc == OL_OK) {
        const ol_uploads_request ask = {
            .bucket = request->target.bucket,
            .prefix = self->page.prefix,
            .delimiter = self->page.delimiter,
            .key_marker = self->page.key_marker,
            .id_marker = self->page.id_marker,
            .max_uploads = self->page.max_uploads,
        };
        rc = origin->ops->upload_list(origin, request->worker->loop, &ask, on_uploads, self, &err);
    }
    ol_operation_called(&self->op, rc, &err);
}
