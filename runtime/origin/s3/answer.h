/* SPDX-License-Identifier: MIT */
/*
 * What the head of an answer says about an object. Pure: bytes in, values out.
 */
#ifndef OL_ORIGIN_S3_ANSWER_H
#define OL_ORIGIN_S3_ANSWER_H

#include "http/client.h"
#include "origin/origin.h"

/* "bytes 0-9/100". False when malformed, or the total is not known. */
bool ol_s3_content_range_parse(ol_slice value, ol_byte_range *range, uint64_t *total);

/* Without quotes; *weak tells that it cannot be used for If-Match. Empty when there is none. */
ol_slice ol_s3_etag_of(const ol_headers *headers, bool *weak);

/* What of an object an answer holds. */
typedef struct ol_s3_extent {
    uint64_t size;       /* of the object */
    ol_byte_range range; /* of the body */
    bool partial;        /* 206 */
} ol_s3_extent;
/* OL_OK, or OL_EORIGIN when lengths are missing or contradict each other. */
int ol_s3_extent_of(const ol_http_answer *answer, ol_s3_extent *out, ol_error *err);

/* The fields of a response with the object: info->headers, and behind them etag (in quotes, unless
 * there is none) and last-modified. */
typedef struct ol_s3_fields {
    ol_header *items;
    size_t count;
    ol_slice texts; /* where all their names and values lie */
} ol_s3_fields;

/* Fills *info and *fields from an answer to GET or HEAD; everything is copied to `arena`. OL_OK,
 * OL_ENOMEM or OL_EORIGIN. */
int ol_s3_info_of(const ol_http_answer *answer, uint64_t size, ol_arena *arena,
                  ol_object_info *info, ol_s3_fields *fields, ol_error *err);
/* A copy with room for `more`. OL_OK or OL_ENOMEM. */
int ol_s3_fields_copy(const ol_s3_fields *fields, size_t more, ol_arena *arena, ol_header **items);

/* ETag, version and checksum of what was just written; the date is ours when none came. */
void ol_s3_put_result_of(const ol_http_answer *answer, ol_put_result *result);

/* An element of an answer: "ChecksumCRC32C" and its text. Others are left alone. */
void ol_s3_read_checksum(const char *element, ol_slice text, ol_object_checksum *out);

/* Copies as much as fits, without quotes around it. */
void ol_s3_copy_etag(char out[OL_ETAG_SIZE], ol_slice etag);

#endif
