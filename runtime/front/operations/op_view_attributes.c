/* SPDX-License-Identifier: MIT */
/*
 * GetObjectAttributes through an Object Lambda access point: what is said is the view's. A view was
 * not uploaded in parts, so there are none to tell.
 */
#include "base/clock.h"
#include "front/operations/operations.h"
#include "front/views/view_checksums.h"
#include "front/views/view_object.h"
#include "s3/documents/xml_attributes.h"

#define XML_BYTES_MAX (64 * OL_KIB)

static int write_document(ol_view_object *self, const ol_head *head, unsigned mask, ol_buf *xml)
{
    ol_object_info view = {.key = self->request->address.key,
                           .etag = ol_slice_cstr(self->has_etag ? self->etag : "")};
    if (!self->has_etag)
        mask &= ~(unsigned)OL_S3_ATTRIBUTE_ETAG;
    if (head->content_length < 0)
        mask &= ~(unsigned)OL_S3_ATTRIBUTE_OBJECT_SIZE;
    else
        view.size = (uint64_t)head->content_length;
    if (self->known && self->has_etag)
        ol_view_checksums_describe(&self->facts, &view.checksum);
    const ol_s3_attributes_page page = {.mask = mask, .info = &view};
    return ol_s3_xml_attributes(xml, &page);
}

static int add_headers(const ol_view_object *self, ol_headers *headers)
{
    char date[OL_HTTP_DATE_SIZE];
    ol_clock_http_date(self->original.last_modified_ms, date);
    return ol_headers_add(headers, OL_SLICE_LIT("Last-Modified"), ol_slice_cstr(date));
}

static void on_head(ol_view_object *self, const ol_head *head)
{
    ol_request *request = self->request;
    unsigned mask = 0;
    ol_error err = {0};
    ol_buf xml;
    ol_buf_init(&xml, XML_BYTES_MAX);
    ol_headers *headers = ol_request_headers(request);
    int rc = headers ? add_headers(self, headers) : OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_s3_attributes_asked(&request->http->headers, &mask, &err);
    if (rc == OL_OK)
        rc = write_document(self, head, mask, &xml);
    if (rc == OL_OK) {
        ol_request_reply_document(request, 200, "application/xml", headers, &xml);
        ol_view_object_end(self);
    } else {
        ol_error_set(&err, rc, "the attributes' document");
        ol_view_object_fail(self, &err);
    }
    ol_buf_fini(&xml);
}

/* "attributes" names the operation, and is none of the view's. */
static void forget_parameter(ol_s3_address *address)
{
    size_t kept = 0;
    for (size_t i = 0; i < address->param_count; i++)
        if (!ol_slice_eq_cstr(address->params[i].name, "attributes"))
            address->params[kept++] = address->params[i];
    address->param_count = kept;
}

void ol_op_view_attributes(ol_request *request)
{
    unsigned mask = 0;
    ol_error err = {0};
    ol_view_object *self = ol_view_object_new(request);
    if (!self)
        return;
    forget_parameter(&request->address);
    self->tells_head = true;
    self->on_head = on_head;
    int rc = ol_s3_attributes_asked(&request->http->headers, &mask, &err);
    self->tells_identity = !(mask & (OL_S3_ATTRIBUTE_OBJECT_SIZE | OL_S3_ATTRIBUTE_CHECKSUM));
    self->want.checksums = mask & OL_S3_ATTRIBUTE_CHECKSUM;
    if (rc == OL_OK)
        ol_view_object_begin(self);
    else
        ol_view_object_fail(self, &err);
}
