/* SPDX-License-Identifier: MIT */
#include "front/operation.h"
#include "front/operations.h"
#include "front/people.h"
#include "front/parameters.h"
#include "s3/xml_multipart.h"

#define PARTS_XML_BYTES_MAX (1 * OL_MIB)

typedef struct list {
    ol_operation op;
    ol_s3_parts_page page;
} list;

static void on_parts(void *arg, const ol_error *err, ol_part_list *parts)
{
    list *self = arg;
    if (ol_operation_lives(&self->op, err)) {
        ol_people people = ol_people_of(self->op.request);
        ol_buf xml;
        ol_buf_init(&xml, PARTS_XML_BYTES_MAX);
        self->page.people = &people;
        self->page.list = parts;
        int rc = ol_s3_xml_parts(&xml, &self->page);
        ol_operation_reply_xml(&self->op, rc, NULL, &xml);
    }
    if (parts)
        ol_arena_destroy(parts->arena);
}

static int read_query(list *self, ol_error *err)
{
    ol_request *request = self->op.request;
    ol_s3_parts_page *page = &self->page;
    page->bucket = request->address.bucket;
    page->key = request->address.key;
    page->upload_id = ol_s3_param_get(&request->address, "uploadId");
    int rc = ol_page_size_parameter(request, "max-parts", &page->max_parts, err);
    if (rc == OL_OK)
        rc = ol_count_parameter(request, "part-number-marker", 0, &page->marker, err);
    return rc;
}

void ol_op_list_parts(ol_request *request)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    list *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    const ol_object_ref ref = {.bucket = request->target.bucket, .key = request->address.key};
    int rc = read_query(self, &err);
    if (rc == OL_OK)
        rc = origin->ops->parts_list(origin, request->worker->loop, &ref, self->page.upload_id,
                                     self->page.marker, self->page.max_parts, on_parts, self, &err);
    ol_operation_called(&self->op, rc, &err);
}
