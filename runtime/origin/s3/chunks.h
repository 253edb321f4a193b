/* SPDX-License-Identifier: MIT */
/*
 * A body as aws-chunked: chunks of one size (the last may be smaller), each behind its length
 * and, when signed, its signature. The length of the whole is known beforehand. One chunk is
 * gathered in memory at a time, in the place from which it is sent.
 */
#ifndef OL_ORIGIN_S3_CHUNKS_H
#define OL_ORIGIN_S3_CHUNKS_H

#include "origin/s3/call.h"
#include "s3/upload/checksum.h"

#define OL_S3_CHUNK_BYTES (128 * OL_KIB)

typedef struct ol_s3_chunks {
    enum ol_s3_body kind;           /* one of the three with chunks */
    enum ol_checksum_kind checksum; /* of the trailer, if the kind has one */
    uint8_t *memory;
    size_t len;                     /* gathered */
} ol_s3_chunks;

/* OL_OK or OL_ENOMEM. */
int ol_s3_chunks_init(ol_s3_chunks *chunks, enum ol_s3_body kind, enum ol_checksum_kind checksum);
void ol_s3_chunks_fini(ol_s3_chunks *chunks);
/* What a body of so many bytes becomes. */
uint64_t ol_s3_chunks_length(const ol_s3_chunks *chunks, uint64_t body_bytes);
/* Where the next bytes go; empty when the chunk is full. */
ol_span ol_s3_chunks_room(const ol_s3_chunks *chunks);
/* Take of `in` what fits; bytes that lie in the room already are only counted. The rest. */
ol_slice ol_s3_chunks_take(ol_s3_chunks *chunks, ol_slice in);
/* The chunk as it is sent; it must be full. Its memory is not to be touched until it has been,
 * then `clear`. `signer` may be NULL for unsigned kinds. */
ol_slice ol_s3_chunks_seal(ol_s3_chunks *chunks, ol_s3_chunk_signer *signer);
/* What is left, the end, and the trailer (its value empty for kinds without). */
ol_slice ol_s3_chunks_seal_last(ol_s3_chunks *chunks, ol_s3_chunk_signer *signer, ol_slice value);
void ol_s3_chunks_clear(ol_s3_chunks *chunks);

#endif
