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

/* What a PUT may demand: `If-None-Match: *`, or one ETag in If-Match. Anything else of the kind
 * is OL_ENOTIMPLEMENTED, never ignored. `*if_match` points into the header; empty = none. */
int ol_s3_conditions_write(const ol_headers *headers, bool *if_none_match_any, ol_slice *if_match,
                           ol_error *err);

/* For operations that know no conditions: OL_OK, or OL_ENOTIMPLEMENTED when one is there. */
int ol_s3_conditions_none(const ol_headers *headers, ol_error *err);

/* True when the header (If-Match, If-None-Match) lists the ETag, or is "*". `weak_too`: whether
 * a W/"…" in it may count. */
bool ol_s3_etag_listed(ol_slice header, ol_slice etag, bool weak_too);

#endif
