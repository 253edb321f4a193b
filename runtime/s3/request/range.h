/* SPDX-License-Identifier: MIT */
/*
 * The Range header as S3 reads it: one range of bytes. A header that is malformed, of another
 * unit, or asks for several ranges is ignored and the whole body served, which RFC 9110 allows
 * and S3 does; a range that lies behind the end is 416.
 */
#ifndef OL_S3_RANGE_H
#define OL_S3_RANGE_H

#include "http/headers.h"
#include "origin/origin.h"

/* A range before the length of the body is known. */
typedef struct ol_range_spec {
    bool suffix;    /* the last `length` bytes */
    uint64_t start; /* not of a suffix */
    uint64_t last;  /* inclusive; UINT64_MAX = to the end */
    uint64_t length;
} ol_range_spec;

/* OL_OK, or OL_SKIP: serve the whole body. */
int ol_s3_range_spec(ol_slice header, ol_range_spec *out);
/* OL_OK, or OL_ERANGE. */
int ol_s3_range_resolve(const ol_range_spec *spec, uint64_t total, ol_byte_range *out,
                        ol_error *err);

/* What a request for a body with this ETag (no quotes), date and length gets: Range and If-Range
 * together. OL_OK: 206 with *out; OL_SKIP: 200, *out is the whole body; OL_ERANGE: 416. */
int ol_s3_range_of(const ol_headers *headers, ol_slice etag, int64_t last_modified_ms,
                   uint64_t total, ol_byte_range *out, ol_error *err);

/* True when If-Range lets the Range stand: it is absent, or names this version exactly. */
bool ol_s3_if_range_holds(const ol_headers *headers, ol_slice etag, int64_t last_modified_ms);

#define OL_CONTENT_RANGE_SIZE 72
/* "bytes 0-9/100". A range has at least one byte. */
void ol_s3_content_range(const ol_byte_range *range, uint64_t total,
                         char out[OL_CONTENT_RANGE_SIZE]);
/* Of a 416: "bytes" followed by an asterisk, a slash and the length. */
void ol_s3_content_range_unsatisfied(uint64_t total, char out[OL_CONTENT_RANGE_SIZE]);

#endif
