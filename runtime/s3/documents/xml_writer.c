/* SPDX-License-Identifier: MIT */
/* Elements in document order, each failure latched in the writer. */
#include "s3/documents/xml_writer.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/error.h"

static void keep(ol_xml_writer *w, int rc)
{
    if (w->rc == OL_OK)
        w->rc = rc;
}

static void put(ol_xml_writer *w, const char *text)
{
    if (w->rc == OL_OK)
        keep(w, ol_buf_add_cstr(w->out, text));
}

static void put_tag(ol_xml_writer *w, const char *before, const char *name)
{
    put(w, before);
    put(w, name);
    put(w, ">");
}

void ol_xml_begin_ns(ol_xml_writer *w, ol_buf *out, const char *root, const char *xmlns)
{
    *w = (ol_xml_writer){.out = out};
    put(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<");
    put(w, root);
    if (xmlns) {
        put(w, " xmlns=\"");
        put(w, xmlns);
        put(w, "\"");
    }
    put(w, ">");
}

void ol_xml_begin(ol_xml_writer *w, ol_buf *out, const char *root, bool xmlns)
{
    ol_xml_begin_ns(w, out, root, xmlns ? OL_S3_XMLNS : NULL);
}

void ol_xml_open(ol_xml_writer *w, const char *name)
{
    put_tag(w, "<", name);
}

void ol_xml_close(ol_xml_writer *w, const char *name)
{
    put_tag(w, "</", name);
}

void ol_xml_text_as(ol_xml_writer *w, const char *name, ol_slice text, bool url)
{
    ol_xml_open(w, name);
    if (w->rc == OL_OK)
        keep(w, url ? ol_uri_encode(w->out, text, true) : ol_xml_escape(w->out, text));
    ol_xml_close(w, name);
}

void ol_xml_text(ol_xml_writer *w, const char *name, ol_slice text)
{
    ol_xml_text_as(w, name, text, false);
}

void ol_xml_u64(ol_xml_writer *w, const char *name, uint64_t number)
{
    ol_xml_open(w, name);
    if (w->rc == OL_OK)
        keep(w, ol_buf_add_u64(w->out, number));
    ol_xml_close(w, name);
}

void ol_xml_bool(ol_xml_writer *w, const char *name, bool value)
{
    ol_xml_text(w, name, value ? OL_SLICE_LIT("true") : OL_SLICE_LIT("false"));
}

void ol_xml_date(ol_xml_writer *w, const char *name, int64_t wall_ms)
{
    char text[OL_ISO8601_SIZE];
    ol_clock_iso8601(wall_ms, text);
    ol_xml_text(w, name, ol_slice_cstr(text));
}

void ol_xml_etag(ol_xml_writer *w, ol_slice etag)
{
    ol_xml_open(w, "ETag");
    put(w, "&quot;");
    if (w->rc == OL_OK)
        keep(w, ol_xml_escape(w->out, etag));
    put(w, "&quot;");
    ol_xml_close(w, "ETag");
}

void ol_xml_person(ol_xml_writer *w, const char *element, ol_slice id, ol_slice name)
{
    ol_xml_open(w, element);
    ol_xml_text(w, "ID", id);
    ol_xml_text(w, "DisplayName", name.len > 0 ? name : id);
    ol_xml_close(w, element);
}

void ol_xml_owner(ol_xml_writer *w, ol_slice owner_id)
{
    if (owner_id.len > 0)
        ol_xml_person(w, "Owner", owner_id, OL_SLICE_NONE);
}
