/* SPDX-License-Identifier: MIT */
/* The three shapes of an error document; the elements in between are the same. */
#include "s3/documents/error_document.h"

#include "s3/documents/xml_writer.h"

#define STS_XMLNS "https://sts.amazonaws.com/doc/2011-06-15/"

static void put_extras(ol_xml_writer *w, const ol_s3_error_document *d)
{
    for (size_t i = 0; i < d->extra_count; i++)
        ol_xml_text(w, d->extras[i].name, d->extras[i].value);
}

static void put_said(ol_xml_writer *w, const ol_s3_error_document *d)
{
    const char *code = d->err->s3_code[0] ? d->err->s3_code : ol_code_s3(d->err->code);
    ol_xml_text(w, "Code", ol_slice_cstr(code));
    ol_xml_text(w, "Message", ol_slice_cstr(d->err->message));
}

static void put_ids(ol_xml_writer *w, const ol_s3_error_document *d)
{
    ol_xml_text(w, "RequestId", ol_slice_cstr(d->request_id));
    if (d->shape != OL_S3_ERROR_STS)
        ol_xml_text(w, "HostId", OL_SLICE_LIT("objlens"));
}

static int write_plain(ol_buf *out, const ol_s3_error_document *d)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "Error", false);
    put_said(&w, d);
    put_extras(&w, d);
    ol_xml_text(&w, "Resource", d->resource);
    put_ids(&w, d);
    ol_xml_close(&w, "Error");
    return w.rc;
}

static int write_wrapped(ol_buf *out, const ol_s3_error_document *d)
{
    ol_xml_writer w;
    if (d->shape == OL_S3_ERROR_STS)
        ol_xml_begin_ns(&w, out, "ErrorResponse", STS_XMLNS);
    else
        ol_xml_begin(&w, out, "ErrorResponse", false);
    ol_xml_open(&w, "Error");
    if (d->shape == OL_S3_ERROR_STS)
        ol_xml_text(&w, "Type", ol_slice_cstr(d->err->status < 500 ? "Sender" : "Receiver"));
    put_said(&w, d);
    put_extras(&w, d);
    ol_xml_close(&w, "Error");
    put_ids(&w, d);
    ol_xml_close(&w, "ErrorResponse");
    return w.rc;
}

static int write_document(ol_buf *out, const ol_s3_error_document *d)
{
    return d->shape == OL_S3_ERROR_PLAIN ? write_plain(out, d) : write_wrapped(out, d);
}

int ol_s3_error_document_write(ol_buf *out, const ol_s3_error_document *document)
{
    size_t start = out->len;
    int rc = write_document(out, document);
    if (rc != OL_ELIMIT || document->extra_count == 0)
        return rc;
    ol_s3_error_document plain = *document;
    plain.extra_count = 0;
    out->len = start;
    return write_document(out, &plain);
}
