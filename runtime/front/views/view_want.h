/* SPDX-License-Identifier: MIT */
/*
 * What part of a view a request asks for: all of it, a Range, or a part by its number. Parts are 5
 * MiB each, the last one what is left; an empty view is one part.
 *
 * Everything is read by S3's rules: several ranges, another unit or a malformed header mean the
 * whole body; a range behind the end is 416; Range and partNumber together are refused.
 */
#ifndef OL_FRONT_VIEW_WANT_H
#define OL_FRONT_VIEW_WANT_H

#include "front/views/view_chain.h"
#include "s3/request/range.h"

#define OL_VIEW_PART_BYTES (5ull * 1024 * 1024)

typedef struct ol_view_want {
    bool has_range;      /* one that can be read; If-Range may still undo it */
    uint32_t part;       /* 0 = none */
    ol_range_spec range; /* of either */
    bool names_part;     /* there is a Range, of whatever form, or a part number */
    bool checksums;      /* the caller would check x-amz-checksum-* */
    bool trailers;       /* and understands trailers */
} ol_view_want;

/* OL_EINVAL, OL_EINVALIDREQUEST, or OL_ENOTIMPLEMENTED where the access point refuses ranges. */
int ol_view_want_read(ol_view_want *want, ol_request *request, ol_error *err);
/* What may be wanted of the body; NULL: all of it. */
const ol_range_spec *ol_view_want_spec(const ol_view_want *want);
/* Whether the transform is to answer the part itself: always, or because one of the chain declared
 * that it depends on Range and the access point's AllowedFeatures have it. Never after an If-Range
 * that another version than this `etag` (no quotes; NULL: none) is held of: then it is the whole. */
bool ol_view_want_is_handed(const ol_view_want *want, const ol_request *request,
                            const ol_view_chain *chain, const char *etag);

typedef struct ol_view_part {
    bool whole;          /* 200; else 206 with `bytes`, which are at least one */
    ol_byte_range bytes;
    uint32_t part_count; /* 0: parts are not spoken of */
} ol_view_part;

/* What is sent of a view with this ETag (no quotes) and length. OL_ERANGE (or a part that is not
 * there): the request's unsatisfied_range is set. While the client is there. */
int ol_view_want_resolve(const ol_view_want *want, ol_request *request, const char *etag,
                         uint64_t length, ol_view_part *part, ol_error *err);
/* The same of a view that has no ranges: it is one part. */
int ol_view_want_resolve_indivisible(const ol_view_want *want, ol_view_part *part, ol_error *err);

#endif
