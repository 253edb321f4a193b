/* SPDX-License-Identifier: MIT */
/*
 * Signature Version 4, made: for requests to other S3 services and for presigned URLs. Uses the
 * same canonical form as the check, so whatever is signed here, sigv4.h accepts.
 */
#ifndef OL_S3_SIGV4_SIGN_H
#define OL_S3_SIGV4_SIGN_H

#include "s3/sigv4/sigv4.h"

typedef struct ol_sigv4_credentials {
    ol_slice access_key, secret_key;
    ol_slice token; /* session token; empty = none */
} ol_sigv4_credentials;

#define OL_SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"
#define OL_SIGV4_EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OL_SIGV4_STREAMING_PAYLOAD "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
#define OL_SIGV4_STREAMING_PAYLOAD_TRAILER "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
#define OL_SIGV4_UNSIGNED_TRAILER "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

typedef struct ol_sigv4_signing {
    const ol_sigv4_credentials *credentials;
    ol_slice region;
    ol_slice service; /* empty = "s3" */
    int64_t now_ms;   /* the wall clock */
    ol_slice method;  /* "GET" */
    ol_slice host;    /* with the port where it is not the scheme's own: what Host will say */
    ol_slice path;    /* as it will be sent: percent-encoded once (ol_uri_encode, slashes kept) */
    ol_slice query;   /* as it will be sent, without '?'; may be empty */
    ol_slice payload; /* x-amz-content-sha256: 64 hex digits, or one of the words above */
} ol_sigv4_signing;

/* Adds to `headers`: host (unless it is there), x-amz-date, x-amz-content-sha256,
 * x-amz-security-token and authorization. Signed are host, content-type, content-md5, range and
 * every x-amz-* that `headers` holds, so whatever is added afterwards must not be among these.
 * `chunks` (may be NULL) receives what signing chunks of the body needs (key, seed signature,
 * scope, date): wipe it with ol_sigv4_result_fini. OL_OK, OL_EINVAL (a credential, region or
 * header that cannot be signed), OL_EINVALIDURI, OL_ELIMIT, OL_ENOMEM. */
int ol_sigv4_sign(ol_sigv4 *sigv4, const ol_sigv4_signing *signing, ol_headers *headers,
                  ol_sigv4_result *chunks, ol_error *err);

#define OL_SIGV4_EXPIRES_S_MAX 604800

/* Appends PATH?QUERY with the signature in it to `out`: everything behind the host. `payload` is
 * ignored (UNSIGNED-PAYLOAD); only host is signed beside the query. `expires_s` is
 * 1..OL_SIGV4_EXPIRES_S_MAX. Errors as above; OL_ELIMIT when `out` is full. */
int ol_sigv4_presign(ol_sigv4 *sigv4, const ol_sigv4_signing *signing, uint32_t expires_s,
                     ol_buf *out, ol_error *err);

/* The signature of the next chunk of a body (OL_SIGV4_STREAMING_PAYLOAD[_TRAILER]): `previous` is
 * the signature before it (the seed's first) and is replaced by the new one. */
void ol_sigv4_sign_chunk(const ol_sigv4_result *chunks, char previous[65],
                         const uint8_t chunk_sha256[32]);
/* The same for the trailer section; the digest is of "name:value\n"…. */
void ol_sigv4_sign_trailer(const ol_sigv4_result *chunks, char previous[65],
                           const uint8_t trailer_sha256[32]);

#endif
