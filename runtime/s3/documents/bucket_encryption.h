/* SPDX-License-Identifier: MIT */
/*
 * ?encryption of a bucket: how objects are encrypted of which a request says nothing, and whether
 * keys of the customer's may be used for new ones.
 */
#ifndef OL_S3_BUCKET_ENCRYPTION_H
#define OL_S3_BUCKET_ENCRYPTION_H

#include "base/arena.h"
#include "base/buf.h"
#include "s3/request/sse_headers.h"

#define OL_BUCKET_ENCRYPTION_XML_BYTES_MAX (16 * OL_KIB)

typedef struct ol_bucket_encryption {
    bool given; /* there is a configuration */
    enum ol_s3_sse_method method;
    ol_slice kms_key; /* as given, never looked up here; empty = the account's own */
    bool bucket_key;
    bool blocks_customer_keys;
} ol_bucket_encryption;

/* <ServerSideEncryptionConfiguration> with one rule; texts are the arena's. OL_EMALFORMEDXML;
 * OL_EINVAL (with a fault: a key where the method has none); OL_ENOMEM. */
int ol_bucket_encryption_parse(ol_slice xml, ol_arena *arena, ol_bucket_encryption *out,
                               ol_s3_sse_fault *fault, ol_error *err);
int ol_bucket_encryption_write(ol_buf *out, const ol_bucket_encryption *encryption);

#endif
