/* SPDX-License-Identifier: MIT */
/*
 * Reads the small documents that clients send: elements and text, nothing else. DTDs, entities
 * of one's own, processing instructions and foreign namespaces are refused; the network is never
 * touched; depth and the length of a text are bounded, and the caller bounds the document.
 */
#ifndef OL_S3_XML_READER_H
#define OL_S3_XML_READER_H

#include "base/error.h"

#define OL_XML_DEPTH_MAX 8
#define OL_XML_TEXT_BYTES_MAX 4096

/* Where an element stands: its own name last. */
typedef struct ol_xml_path {
    const char *names[OL_XML_DEPTH_MAX];
    size_t depth;
} ol_xml_path;

bool ol_xml_path_is(const ol_xml_path *path, const char *first, const char *second,
                    const char *third);

/* Text between a parent's elements is layout, nothing else. */
bool ol_xml_is_blank(ol_slice text);

typedef struct ol_xml_events {
    void *arg;
    /* Negative results end the reading and are returned. `path` is borrowed. */
    int (*on_open)(void *arg, const ol_xml_path *path, ol_error *err);
    /* `text` is all character data directly in the element, blanks included but for those behind a
     * child. */
    int (*on_close)(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err);
} ol_xml_events;

/* OL_OK, OL_EMALFORMEDXML, OL_ENOMEM, or what an event returned. */
int ol_xml_read(ol_slice xml, const ol_xml_events *events, ol_error *err);

/* For documents of another make. */
typedef struct ol_xml_bounds {
    size_t document_bytes_max; /* 0 = OL_XML_BODY_BYTES_MAX; under INT_MAX */
    size_t text_bytes_max;     /* of one element; 0 = OL_XML_TEXT_BYTES_MAX */
    const char *xmlns;         /* the namespace that elements may be in; NULL = S3's */
} ol_xml_bounds;
/* `bounds` may be NULL: then it is ol_xml_read. */
int ol_xml_read_as(ol_slice xml, const ol_xml_bounds *bounds, const ol_xml_events *events,
                   ol_error *err);

#endif
