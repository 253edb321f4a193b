/* SPDX-License-Identifier: MIT */
/*
 * Response headers that speak of an object: its checksum, and what a write has made.
 */
#ifndef OL_FRONT_OBJECT_HEADERS_H
#define OL_FRONT_OBJECT_HEADERS_H

#include "http/headers.h"
#include "origin/origin.h"

/* All return OL_OK, OL_ENOMEM, or OL_EINVAL for what an origin said and no header can carry. */

/* x-amz-checksum-…; `with_type`: and x-amz-checksum-type. Nothing where there is none. */
int ol_object_headers_checksum(ol_headers *headers, const ol_object_checksum *checksum,
                               bool with_type);
/* x-amz-version-id, where there are versions. */
int ol_object_headers_version(ol_headers *headers, const char *version_id);
/* ETag, version and checksum of a PUT. */
int ol_object_headers_written(ol_headers *headers, const ol_put_result *result, bool with_type);

#endif
