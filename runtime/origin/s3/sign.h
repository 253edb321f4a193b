/* SPDX-License-Identifier: MIT */
/*
 * One loop's signer: s3/sigv4/sigv4_sign.h with an origin's credentials, which it copies anew when they
 * have changed. It holds secrets.
 */
#ifndef OL_ORIGIN_S3_SIGN_H
#define OL_ORIGIN_S3_SIGN_H

#include "origin/s3/credentials.h"
#include "s3/sigv4/hmac.h"
#include "s3/sigv4/sigv4_sign.h"

#define OL_S3_REGION_BYTES_MAX 31

typedef struct ol_s3_signer {
    ol_s3_credentials *credentials; /* shared */
    ol_slice region;
    ol_sigv4 *sigv4;
    uint64_t version; /* of the keys; 0 = none yet */
    ol_s3_keys keys;
} ol_s3_signer;

/* OL_OK or OL_ENOMEM. */
int ol_s3_signer_init(ol_s3_signer *signer, ol_s3_credentials *credentials, const char *region);
void ol_s3_signer_fini(ol_s3_signer *signer);

/* What signs the chunks of a body; wiped by its owner. */
typedef struct ol_s3_chunk_signer {
    ol_sigv4_result seed;
    char signature[OL_SHA256_HEX_SIZE]; /* of the request, then of the last chunk */
} ol_s3_chunk_signer;

/* Adds what a signature adds to `headers`. An anonymous signer adds nothing. `what` needs no
 * credentials, region and service. OL_OK, OL_ENOMEM, or what ol_sigv4_sign says. */
int ol_s3_sign(ol_s3_signer *signer, ol_sigv4_signing *what, ol_headers *headers,
               ol_s3_chunk_signer *chunks, ol_error *err);
/* The signature of the next chunk, in chunks->signature. */
void ol_s3_sign_chunk(ol_s3_chunk_signer *chunks, ol_slice data);
/* The same for the trailer: "name:value\n" lines. */
void ol_s3_sign_trailer(ol_s3_chunk_signer *chunks, ol_slice lines);

#endif
