/* SPDX-License-Identifier: MIT */
/*
 * Small answers about a bucket, and listings that need no origin of their own: versions of a
 * bucket that has none, and the pages of ListBuckets.
 */
#ifndef OL_S3_BUCKET_DOCUMENTS_H
#define OL_S3_BUCKET_DOCUMENTS_H

#include "base/buf.h"
#include "origin/origin.h"
#include "s3/request/people.h"

int ol_s3_xml_location(ol_buf *out, ol_slice region);
int ol_s3_xml_policy_status(ol_buf *out, bool is_public);
/* Of a bucket whose versioning was never switched on. */
int ol_s3_xml_versioning(ol_buf *out);

/* ?versions: every object is its own latest version, named "null". */
typedef struct ol_s3_versions_page {
    ol_slice name, prefix, delimiter, key_marker, version_id_marker;
    uint32_t max_keys;
    bool encoding_url;
    ol_slice owner_id, owner_name;
    const ol_list_result *result;
} ol_s3_versions_page;
int ol_s3_xml_versions(ol_buf *out, const ol_s3_versions_page *page);

/* ListBuckets: prefix, max-buckets and continuation-token, taken from a whole list by name. */
typedef struct ol_s3_buckets_page {
    const ol_bucket_list *list;
    ol_slice owner_id, owner_name;
    ol_slice prefix;
    ol_slice start_after; /* what the continuation token was decoded to */
    uint32_t max_buckets; /* 0 = all, as when the parameter is absent */
    ol_slice region;      /* shown of each bucket when the request was paged; empty = not */
} ol_s3_buckets_page;
int ol_s3_xml_buckets_page(ol_buf *out, const ol_s3_buckets_page *page);

#endif
