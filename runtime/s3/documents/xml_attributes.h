/* SPDX-License-Identifier: MIT */
/*
 * GetObjectAttributes: which attributes a request asks for, and the document that answers.
 */
#ifndef OL_S3_XML_ATTRIBUTES_H
#define OL_S3_XML_ATTRIBUTES_H

#include "base/buf.h"
#include "http/headers.h"
#include "origin/origin.h"

enum ol_s3_attribute {
    OL_S3_ATTRIBUTE_ETAG = 1,
    OL_S3_ATTRIBUTE_CHECKSUM = 2,
    OL_S3_ATTRIBUTE_OBJECT_PARTS = 4,
    OL_S3_ATTRIBUTE_STORAGE_CLASS = 8,
    OL_S3_ATTRIBUTE_OBJECT_SIZE = 16
};

/* x-amz-object-attributes, as one list or repeated. OL_EINVAL: absent, empty, or an unknown one. */
int ol_s3_attributes_asked(const ol_headers *headers, unsigned *mask, ol_error *err);

typedef struct ol_s3_attributes_page {
    unsigned mask;
    const ol_object_info *info;
    const ol_part_list *parts; /* NULL = was not uploaded in parts, or not asked for */
    uint32_t part_marker, max_parts;
} ol_s3_attributes_page;
int ol_s3_xml_attributes(ol_buf *out, const ol_s3_attributes_page *page);

#endif
