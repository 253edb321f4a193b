/* SPDX-License-Identifier: MIT */
/*
 * Writing XML documents without checking every call: the first failure is kept and everything
 * after it is left out. Not for reading.
 */
#ifndef OL_S3_XML_WRITER_H
#define OL_S3_XML_WRITER_H

#include "base/buf.h"

#define OL_S3_XMLNS "http://s3.amazonaws.com/doc/2006-03-01/"

typedef struct ol_xml_writer {
    ol_buf *out;
    int rc; /* OL_OK, or the first error */
} ol_xml_writer;

/* The declaration, and the root element with S3's namespace (`xmlns` false: without). */
void ol_xml_begin(ol_xml_writer *w, ol_buf *out, const char *root, bool xmlns);
/* The same in another namespace; NULL: in none. */
void ol_xml_begin_ns(ol_xml_writer *w, ol_buf *out, const char *root, const char *xmlns);
void ol_xml_open(ol_xml_writer *w, const char *name);
void ol_xml_close(ol_xml_writer *w, const char *name);
/* <name>escaped text</name> */
void ol_xml_text(ol_xml_writer *w, const char *name, ol_slice text);
/* The same with the text percent-encoded first when `url` is set (encoding-type=url). */
void ol_xml_text_as(ol_xml_writer *w, const char *name, ol_slice text, bool url);
void ol_xml_u64(ol_xml_writer *w, const char *name, uint64_t number);
void ol_xml_bool(ol_xml_writer *w, const char *name, bool value);
/* ISO 8601 with milliseconds, which are zero in S3's documents. */
void ol_xml_date(ol_xml_writer *w, const char *name, int64_t wall_ms);
/* <ETag>&quot;…&quot;</ETag> */
void ol_xml_etag(ol_xml_writer *w, ol_slice etag);
/* <Owner>; nothing when the id is empty. */
void ol_xml_owner(ol_xml_writer *w, ol_slice owner_id);
/* <Owner> or <Initiator> with a name; the id stands in for a name that is empty. */
void ol_xml_person(ol_xml_writer *w, const char *element, ol_slice id, ol_slice name);

#endif
