/* SPDX-License-Identifier: MIT */
/*
 * Encryption of a remote service's objects: what we ask it for in headers, and what it says in its
 * answers. A customer's key leaves over TLS only. For origin/s3/.
 */
#ifndef OL_ORIGIN_S3_ENCRYPTION_H
#define OL_ORIGIN_S3_ENCRYPTION_H

#include "http/client.h"
#include "origin/s3/s3_private.h"

#define OL_S3_ENCRYPTION_HEADERS_MAX 6

/* Its texts live in an arena; a key's text is overwritten when that ends. */
typedef struct ol_s3_encryption {
    ol_header headers[OL_S3_ENCRYPTION_HEADERS_MAX];
    size_t count;
} ol_s3_encryption;

/* Of a write: `sse` may be NULL. OL_OK, OL_EINVALIDREQUEST (a key, and no TLS), OL_ENOMEM. */
int ol_s3_encryption_of_write(const ol_s3_origin *origin, const ol_sse *sse, ol_arena *arena,
                              ol_s3_encryption *out, ol_error *err);
/* A customer's key (NULL: nothing) of an object or part, or of a copy's source. Errors as above. */
int ol_s3_encryption_of_key(const ol_s3_origin *origin, const uint8_t *key, bool of_source,
                            ol_arena *arena, ol_s3_encryption *out, ol_error *err);

/* What an answer says. */
enum ol_sse_mode ol_s3_encryption_mode(const ol_headers *headers);
void ol_s3_encryption_result(const ol_headers *headers, ol_put_result *result);

#endif
