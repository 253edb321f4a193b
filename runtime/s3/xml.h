/* SPDX-License-Identifier: MIT */
/*
 * The XML documents that S3 answers with, and the one that DeleteObjects sends.
 * Writers append to a buffer and return its errors.
 */
#ifndef OL_S3_XML_H
#define OL_S3_XML_H

#include "base/buf.h"
#include "origin/origin.h"

/* <Error><Code/><Message/><Resource/><RequestId/><HostId/></Error> */
int ol_s3_xml_error(ol_buf *out, const ol_error *err, ol_slice resource, const char *request_id);

typedef struct ol_s3_list_page {
    bool v2;
    ol_slice name; /* the bucket, or the alias that was asked */
    ol_slice prefix, delimiter, start_after, continuation_token, marker;
    uint32_t max_keys;
    bool encoding_url; /* encoding-type=url */
    bool fetch_owner;
    ol_slice owner_id;
    const ol_list_result *result;
} ol_s3_list_page;
int ol_s3_xml_list(ol_buf *out, const ol_s3_list_page *page);
/* Continuation tokens are opaque: base64 of the last key, with a check. */
int ol_s3_token_encode(ol_buf *out, ol_slice last_key);
int ol_s3_token_decode(ol_buf *out, ol_slice token);

int ol_s3_xml_buckets(ol_buf *out, const ol_bucket_list *list, ol_slice owner_id);
int ol_s3_xml_location(ol_buf *out, ol_slice region);

/* <Delete>: 1 to OL_LIST_KEYS_MAX keys; entities and DTDs refused. Keys live in `arena`.
 * OL_EMALFORMEDXML, OL_EKEYTOOLONG, OL_ENOTIMPLEMENTED (a VersionId other than "null", or a
 * condition on an object), OL_ENOMEM. */
typedef struct ol_s3_delete_request {
    ol_slice *keys;
    size_t count;
    bool quiet;
} ol_s3_delete_request;
int ol_s3_xml_parse_delete(ol_slice xml, ol_arena *arena, ol_s3_delete_request *out, ol_error *err);
typedef struct ol_s3_delete_outcome {
    ol_slice key;
    const ol_error *err; /* NULL = deleted */
} ol_s3_delete_outcome;
int ol_s3_xml_delete_result(ol_buf *out, const ol_s3_delete_outcome *outcomes, size_t count,
                            bool quiet);

/* The body of CreateBucket, which may be empty: <CreateBucketConfiguration> with at most a
 * <LocationConstraint>. `*location` lives in `arena`; empty when none was given. Errors as above;
 * OL_ENOTIMPLEMENTED for the rest of what AWS takes there. */
int ol_s3_xml_parse_create_bucket(ol_slice xml, ol_arena *arena, ol_slice *location,
                                  ol_error *err);

#endif
