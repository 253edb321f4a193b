/* SPDX-License-Identifier: MIT */
/*
 * The aws-chunked framing of request bodies, decoded as a stream: chunks with chained
 * signatures, chunks without, and trailers. Pure computation on memory, no stage and no socket.
 *
 * Data is handed out as it arrives, before the signature over its chunk can be checked: a chunk
 * may be far larger than any buffer here. Whoever takes it must not make it visible before
 * ol_aws_chunked_finish has returned OL_OK.
 */
#ifndef OL_S3_AWS_CHUNKED_H
#define OL_S3_AWS_CHUNKED_H

#include "s3/sigv4/hmac.h"
#include "s3/sigv4/sigv4.h"
#include "s3/upload/checksum.h"

/* Only the last chunk may be smaller. */
#define OL_AWS_CHUNK_BYTES_MIN 8192
/* One signed chunk may not be larger: SDKs send 64 KiB to 1 MiB, and until its end nobody knows
 * whether a chunk is genuine. Unsigned chunks are bounded by the decoded length alone. */
#define OL_AWS_CHUNK_SIGNED_BYTES_MAX (64u * 1024 * 1024)
/* A chunk's header line, or one trailer. */
#define OL_AWS_CHUNK_LINE_BYTES_MAX 512
#define OL_AWS_TRAILER_VALUE_SIZE 64

typedef struct ol_aws_chunked_config {
    bool is_signed;              /* chunks (and the trailer) bear signatures */
    bool with_trailer;           /* a trailer section is allowed */
    uint64_t decoded_length;     /* x-amz-decoded-content-length */
    bool announced;              /* x-amz-trailer names the checksum below */
    enum ol_checksum_kind trailer;
    const ol_sigv4_result *auth; /* when signed: key, seed signature, scope, date */
} ol_aws_chunked_config;

typedef struct ol_aws_chunked {
    ol_aws_chunked_config config;
    int state;
    uint64_t left;       /* data bytes of the running chunk still to come */
    uint64_t chunk_size;
    uint64_t total;      /* data bytes so far, the running chunk's included */
    uint8_t line[OL_AWS_CHUNK_LINE_BYTES_MAX];
    size_t line_len;
    ol_sha256 sha;       /* of the running chunk, or of the trailers */
    ol_hmac_key key;
    char previous[OL_SHA256_HEX_SIZE]; /* the signature that the next one is chained to */
    char given[OL_SHA256_HEX_SIZE];    /* the one that the running chunk bears */
    bool trailer_signed, blank_skipped;
    char trailer_value[OL_AWS_TRAILER_VALUE_SIZE]; /* NUL-terminated; empty = not seen */
} ol_aws_chunked;

void ol_aws_chunked_init(ol_aws_chunked *decoder, const ol_aws_chunked_config *config);
/* Wipes the key. */
void ol_aws_chunked_fini(ol_aws_chunked *decoder);
/* Takes bytes off the front of *in until it is empty or there is data to hand out: a part of
 * *in, borrowed, in *data (else empty). OL_OK, OL_EINCOMPLETEBODY (bad framing, or not the
 * length that was announced), OL_ESIGNATURE, or OL_EINVALIDREQUEST with S3's InvalidChunkSizeError
 * or MalformedTrailerError. After an error the decoder is of no more use. */
int ol_aws_chunked_push(ol_aws_chunked *decoder, ol_slice *in, ol_slice *data, ol_error *err);
/* No more input: OL_OK only when everything came and every signature held. */
int ol_aws_chunked_finish(ol_aws_chunked *decoder, ol_error *err);

#endif
