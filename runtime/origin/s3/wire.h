/* SPDX-License-Identifier: MIT */
/*
 * The text of a request: where it goes, its headers, its signature.
 */
#ifndef OL_ORIGIN_S3_WIRE_H
#define OL_ORIGIN_S3_WIRE_H

#include "origin/s3/call.h"

/* What all tries have in common; arena memory. */
typedef struct ol_s3_wire {
    ol_slice method;
    ol_slice host;
    ol_slice target;       /* path, '?', query: encoded, as sent */
    ol_slice path, query;
    ol_slice payload;      /* x-amz-content-sha256 */
    ol_header *headers;    /* with host in front */
    size_t header_count;
} ol_s3_wire;

/* OL_OK, OL_ENOMEM, OL_EINVALIDURI (too long) or OL_EINVAL (a header that cannot be sent). */
int ol_s3_wire_make(ol_s3_wire *wire, const ol_s3_origin *origin, const ol_s3_request *request,
                    ol_arena *arena, ol_error *err);
/* The headers of one try. */
int ol_s3_wire_sign(const ol_s3_wire *wire, ol_s3_signer *signer, int64_t wall_ms,
                    ol_headers *headers, ol_s3_chunk_signer *chunks, ol_error *err);

#endif
