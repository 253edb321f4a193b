/* SPDX-License-Identifier: MIT */
/*
 * The documents of uploads in parts and of copies. Writers append to a buffer and return its
 * errors.
 */
#ifndef OL_S3_XML_MULTIPART_H
#define OL_S3_XML_MULTIPART_H

#include "base/buf.h"
#include "origin/origin.h"
#include "s3/request/people.h"

/* A list of 10,000 parts with checksums is larger than other documents may be. */
#define OL_XML_COMPLETE_BYTES_MAX (4u * 1024 * 1024)
/* What its parts take in the arena at most. */
#define OL_XML_COMPLETE_ARENA_BYTES (4u * 1024 * 1024)

int ol_s3_xml_initiate_result(ol_buf *out, ol_slice bucket, ol_slice key, ol_slice upload_id);

/* The parts that a client wants its object made of: number, etag (without quotes) and checksum
 * (composite never set) are filled; order is as given, and not checked. Everything lives in
 * `arena`, which needs room for OL_XML_COMPLETE_ARENA_BYTES. OL_EMALFORMEDXML (also: none, or more
 * than OL_PARTS_MAX), OL_EINVAL (a number outside 1..OL_PARTS_MAX), OL_ENOMEM. */
typedef struct ol_s3_complete {
    ol_part *parts;
    size_t count;
} ol_s3_complete;
int ol_s3_xml_parse_complete(ol_slice xml, ol_arena *arena, ol_s3_complete *out, ol_error *err);

/* `location` is the object's URL. */
int ol_s3_xml_complete_result(ol_buf *out, ol_slice location, ol_slice bucket, ol_slice key,
                              const ol_put_result *result);

typedef struct ol_s3_parts_page {
    ol_slice bucket, key, upload_id;
    uint32_t marker, max_parts;
    const ol_people *people; /* may be NULL */
    const ol_part_list *list;
} ol_s3_parts_page;
int ol_s3_xml_parts(ol_buf *out, const ol_s3_parts_page *page);

typedef struct ol_s3_uploads_page {
    ol_slice bucket, prefix, delimiter, key_marker, id_marker;
    uint32_t max_uploads;
    bool encoding_url;
    const ol_people *people; /* may be NULL */
    const ol_uploads_result *result;
} ol_s3_uploads_page;
int ol_s3_xml_uploads(ol_buf *out, const ol_s3_uploads_page *page);

int ol_s3_xml_copy_result(ol_buf *out, const ol_put_result *result);
int ol_s3_xml_copy_part_result(ol_buf *out, const ol_put_result *result);
/* What a POST with success_action_status 201 answers. */
int ol_s3_xml_post_result(ol_buf *out, ol_slice location, ol_slice bucket, ol_slice key,
                          ol_slice etag);

#endif
