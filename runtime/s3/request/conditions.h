/* SPDX-License-Identifier: MIT */
/*
 * Conditional requests by S3's rules. ETags are given and compared without their quotes; a
 * date that cannot be read is as good as absent.
 */
#ifndef OL_S3_CONDITIONS_H
#define OL_S3_CONDITIONS_H

#include "http/headers.h"

/* If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since of a GET or HEAD of what
 * exists. `etag` without quotes. OL_OK (send it), OL_ENOTMODIFIED or OL_EPRECONDITION. */
int ol_s3_conditions_read(const ol_headers *headers, ol_slice etag, int64_t last_modified_ms,
                          ol_error *err);

/* The same of a copy's source: x-amz-copy-source-if-*. OL_OK or OL_EPRECONDITION, which is the
 * answer to "it has not changed" as well. */
int ol_s3_conditions_copy(const ol_headers *headers, ol_slice etag, int64_t last_modified_ms,
                          ol_error *err);

/* What a PUT, a copy or the end of an upload may demand of what is there already: ETags without
 * quotes, pointing into the headers; empty = nothing. If-Match may be "*": whatever there is. */
typedef struct ol_s3_write_conditions {
    bool if_none_match_any; /* If-None-Match: * */
    ol_slice if_none_match;
    ol_slice if_match;
} ol_s3_write_conditions;
/* OL_OK, or OL_ENOTIMPLEMENTED for anything else of the kind (lists, dates, both at once): it is
 * never ignored. */
int ol_s3_conditions_write(const ol_headers *headers, ol_s3_write_conditions *out, ol_error *err);

/* What a DELETE may demand: If-Match, x-amz-if-match-last-modified-time, x-amz-if-match-size. */
typedef struct ol_s3_remove_conditions {
    ol_slice if_match;      /* as above */
    int64_t if_modified_ms; /* -1 = nothing */
    int64_t if_size;        /* -1 = nothing */
} ol_s3_remove_conditions;
/* OL_OK, OL_EINVAL (no date, no number), OL_ENOTIMPLEMENTED as above. */
int ol_s3_conditions_remove(const ol_headers *headers, ol_s3_remove_conditions *out,
                            ol_error *err);

/* An ETag without the quotes that it may or may not have. */
ol_slice ol_s3_etag_bare(ol_slice text);

/* True when the header (If-Match, If-None-Match) lists the ETag, or is "*". `weak_too`: whether
 * a W/"…" in it may count. */
bool ol_s3_etag_listed(ol_slice header, ol_slice etag, bool weak_too);

#endif
