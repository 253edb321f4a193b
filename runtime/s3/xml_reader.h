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

typedef struct ol_xml_events {
    void *arg;
    /* Negative results end the reading and are returned. `path` is borrowed. */
    int (*on_open)(void *arg, const ol_xml_path *path, ol_error *err);
    /* `text` is all character data directly in the element, blanks included. */
    int (*on_close)(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err);
} ol_xml_events;

/* OL_OK, OL_EMALFORMEDXML, OL_ENOMEM, or what an event returned. */
int ol_xml_read(ol_slice xml, const ol_xml_events *events, ol_error *err);

#endif
