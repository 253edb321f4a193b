/* SPDX-License-Identifier: MIT */
/*
 * libxml2's pull reader under a strict diet. Its own limits against bombs stay on; on top of
 * them every node type that S3's documents have no use for ends the reading.
 */
#include "s3/xml_reader.h"

#include <libxml/parser.h>
#include <libxml/xmlreader.h>
#include <pthread.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/limits.h"
#include "s3/xml_writer.h"

static pthread_once_t initialised = PTHREAD_ONCE_INIT;

typedef struct reading {
    xmlTextReaderPtr reader;
    const ol_xml_events *events;
    const char *xmlns;
    ol_xml_path path;
    ol_buf texts[OL_XML_DEPTH_MAX]; /* of the open elements */
    bool has_child[OL_XML_DEPTH_MAX];
} reading;

static int malformed(ol_error *err, const char *why)
{
    return ol_error_set(err, OL_EMALFORMEDXML, "%s", why);
}

/* Errors are told by the reader's return value; the text of libxml2's messages quotes the
 * document and belongs in no log. */
static void ignore_error(void *arg, xmlErrorPtr error)
{
    (void)arg;
    (void)error;
}

static bool namespace_ok(const reading *r)
{
    const xmlChar *uri = xmlTextReaderConstNamespaceUri(r->reader);
    return !uri || strcmp((const char *)uri, r->xmlns) == 0;
}

static int leave_element(reading *r, ol_error *err)
{
    ol_buf *text = &r->texts[r->path.depth - 1];
    int rc = r->events->on_close(r->events->arg, &r->path, ol_buf_slice(text), err);
    r->path.depth--;
    return rc;
}

static int enter_element(reading *r, ol_error *err)
{
    if (r->path.depth == OL_XML_DEPTH_MAX)
        return malformed(err, "nested too deeply");
    if (!namespace_ok(r))
        return malformed(err, "an element of another namespace");
    /* The reader's dictionary keeps names until the reader is freed. */
    const xmlChar *name = xmlTextReaderConstLocalName(r->reader);
    if (!name)
        return ol_error_set(err, OL_ENOMEM, "xml reader");
    if (r->path.depth > 0)
        r->has_child[r->path.depth - 1] = true;
    r->path.names[r->path.depth++] = (const char *)name;
    r->has_child[r->path.depth - 1] = false;
    ol_buf_clear(&r->texts[r->path.depth - 1]);
    int rc = r->events->on_open(r->events->arg, &r->path, err);
    if (rc == OL_OK && xmlTextReaderIsEmptyElement(r->reader) == 1)
        rc = leave_element(r, err);
    return rc;
}

static int add_text(reading *r, ol_error *err)
{
    const xmlChar *text = xmlTextReaderConstValue(r->reader);
    if (!text || r->path.depth == 0)
        return OL_OK;
    /* The layout of a list of thousands is no text. */
    if (r->has_child[r->path.depth - 1] && ol_xml_is_blank(ol_slice_cstr((const char *)text)))
        return OL_OK;
    int rc = ol_buf_add_cstr(&r->texts[r->path.depth - 1], (const char *)text);
    if (rc == OL_ELIMIT)
        return malformed(err, "a text is too long");
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "xml text");
}

static int on_node(reading *r, ol_error *err)
{
    switch (xmlTextReaderNodeType(r->reader)) {
    case XML_READER_TYPE_ELEMENT:
        return enter_element(r, err);
    case XML_READER_TYPE_END_ELEMENT:
        return leave_element(r, err);
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
    case XML_READER_TYPE_WHITESPACE:
    case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
        return add_text(r, err);
    case XML_READER_TYPE_COMMENT:
    case XML_READER_TYPE_XML_DECLARATION:
        return OL_OK;
    default: /* document types, entity references, processing instructions */
        return malformed(err, "a DTD, an entity or a processing instruction");
    }
}

static int read_all(reading *r, ol_error *err)
{
    int more;
    while ((more = xmlTextReaderRead(r->reader)) == 1) {
        int rc = on_node(r, err);
        if (rc != OL_OK)
            return rc;
    }
    return more < 0 ? malformed(err, "not well-formed") : OL_OK;
}

static int check_document(ol_slice xml, size_t bytes_max, ol_error *err)
{
    if (xml.len == 0)
        return malformed(err, "empty");
    if (xml.len > bytes_max)
        return malformed(err, "the document is too large");
    /* One encoding, whatever the document declares: converters are code for strangers to reach. */
    if (!ol_slice_is_utf8(xml) || ol_slice_find(xml, 0) >= 0)
        return malformed(err, "not UTF-8");
    return OL_OK;
}

int ol_xml_read_as(ol_slice xml, const ol_xml_bounds *bounds, const ol_xml_events *events,
                   ol_error *err)
{
    static const ol_xml_bounds usual = {0};
    const ol_xml_bounds *b = bounds ? bounds : &usual;
    pthread_once(&initialised, xmlInitParser);
    reading r = {.events = events, .xmlns = b->xmlns ? b->xmlns : OL_S3_XMLNS};
    int rc = check_document(
        xml, b->document_bytes_max ? b->document_bytes_max : OL_XML_BODY_BYTES_MAX, err);
    if (rc != OL_OK)
        return rc;
    r.reader = xmlReaderForMemory((const char *)xml.data, (int)xml.len, NULL, "UTF-8",
                                  XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                      XML_PARSE_IGNORE_ENC);
    if (!r.reader)
        return ol_error_set(err, OL_ENOMEM, "xml reader");
    xmlTextReaderSetStructuredErrorHandler(r.reader, ignore_error, NULL);
    for (size_t i = 0; i < OL_XML_DEPTH_MAX; i++)
        ol_buf_init(&r.texts[i], b->text_bytes_max ? b->text_bytes_max : OL_XML_TEXT_BYTES_MAX);
    rc = read_all(&r, err);
    for (size_t i = 0; i < OL_XML_DEPTH_MAX; i++)
        ol_buf_fini(&r.texts[i]);
    xmlFreeTextReader(r.reader);
    return rc;
}

int ol_xml_read(ol_slice xml, const ol_xml_events *events, ol_error *err)
{
    return ol_xml_read_as(xml, NULL, events, err);
}

bool ol_xml_path_is(const ol_xml_path *path, const char *first, const char *second,
                    const char *third)
{
    const char *names[] = {first, second, third};
    size_t depth = third ? 3 : second ? 2 : 1;
    if (path->depth != depth)
        return false;
    for (size_t i = 0; i < depth; i++)
        if (strcmp(path->names[i], names[i]) != 0)
            return false;
    return true;
}

bool ol_xml_is_blank(ol_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!memchr(" \t\r\n", text.data[i], 4))
            return false;
    return true;
}
