/* SPDX-License-Identifier: MIT */
/*
 * Listings, and the documents of DeleteObjects and CreateBucket. Others: bucket_documents.h,
 * xml_multipart.h, xml_attributes.h, error_document.h.
 * Writers append to a buffer and return its errors.
 */
#ifndef OL_S3_XML_H
#define OL_S3_XML_H

#include "base/buf.h"
#include "origin/origin.h"
#include "s3/documents/error_document.h"

typedef struct ol_s3_list_page {
    bool v2;
    ol_slice name; /* the bucket, or the alias that was asked */
    ol_slice prefix, delimiter, start_after, continuation_token, marker;
    uint32_t max_keys;
    bool encoding_url; /* encoding-type=url */
    bool fetch_owner;
    ol_slice owner_id, owner_name; /* the name may be empty */
    const ol_list_result *result;
    ol_slice next; /* what continues a truncated page; empty: made of result->next_start_after */
} ol_s3_list_page;
int ol_s3_xml_list(ol_buf *out, const ol_s3_list_page *page);
/* Continuation tokens are opaque: base64 of the last key, with a check. */
int ol_s3_token_encode(ol_buf *out, ol_slice last_key);
int ol_s3_token_decode(ol_buf *out, ol_slice token);

/* <Delete>: 1 to OL_LIST_KEYS_MAX objects; entities and DTDs refused. Everything lives in `arena`.
 * OL_EMALFORMEDXML, OL_EKEYTOOLONG, OL_ENOMEM. */
typedef struct ol_s3_delete_object {
    ol_slice key;
    ol_slice version;    /* empty = none named */
    ol_slice etag;       /* without quotes ("*": any); empty = no condition, as below -1 */
    int64_t modified_ms; /* LastModifiedTime, whole seconds */
    int64_t size;
} ol_s3_delete_object;
typedef struct ol_s3_delete_request {
    ol_s3_delete_object *objects;
    size_t count;
    bool quiet;
} ol_s3_delete_request;
int ol_s3_xml_parse_delete(ol_slice xml, ol_arena *arena, ol_s3_delete_request *out, ol_error *err);
typedef struct ol_s3_delete_outcome {
    ol_slice key;
    ol_slice version;    /* as it was named */
    const ol_error *err; /* NULL = deleted */
    bool delete_marker;  /* one was made, or was what got deleted */
    ol_slice delete_marker_version_id;
} ol_s3_delete_outcome;
int ol_s3_xml_delete_result(ol_buf *out, const ol_s3_delete_outcome *outcomes, size_t count,
                            bool quiet);

/* The body of CreateBucket, which may be empty: <CreateBucketConfiguration> with at most a
 * <LocationConstraint>. `*location` lives in `arena`; empty when none was given. Errors as above;
 * OL_ENOTIMPLEMENTED for the rest of what AWS takes there. */
int ol_s3_xml_parse_create_bucket(ol_slice xml, ol_arena *arena, ol_slice *location,
                                  ol_error *err);

#endif
