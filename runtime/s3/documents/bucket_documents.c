/* SPDX-License-Identifier: MIT */
/* Small answers about buckets, versions of a bucket without versioning, pages of buckets. */
#include "s3/documents/bucket_documents.h"

#include "base/encode.h"
#include "s3/documents/xml.h"
#include "s3/documents/xml_writer.h"

int ol_s3_xml_policy_status(ol_buf *out, bool is_public)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "PolicyStatus", true);
    ol_xml_bool(&w, "IsPublic", is_public);
    ol_xml_close(&w, "PolicyStatus");
    return w.rc;
}

int ol_s3_xml_versioning(ol_buf *out)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "VersioningConfiguration", true);
    ol_xml_close(&w, "VersioningConfiguration");
    return w.rc;
}

int ol_s3_xml_location(ol_buf *out, ol_slice region)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "LocationConstraint", true);
    /* The first region of S3 has always been the empty name. */
    if (w.rc == OL_OK && !ol_slice_eq_cstr(region, "us-east-1"))
        w.rc = ol_xml_escape(out, region);
    ol_xml_close(&w, "LocationConstraint");
    return w.rc;
}

/* ---- versions ---- */

static void put_version(ol_xml_writer *w, const ol_s3_versions_page *page,
                        const ol_object_info *object)
{
    ol_xml_open(w, "Version");
    ol_xml_text_as(w, "Key", object->key, page->encoding_url);
    ol_xml_text(w, "VersionId", OL_SLICE_LIT("null"));
    ol_xml_bool(w, "IsLatest", true);
    ol_xml_date(w, "LastModified", object->last_modified_ms);
    ol_xml_etag(w, object->etag);
    ol_xml_u64(w, "Size", object->size);
    if (page->owner_id.len > 0)
        ol_xml_person(w, "Owner", page->owner_id, page->owner_name);
    ol_xml_text(w, "StorageClass", OL_SLICE_LIT("STANDARD"));
    ol_xml_close(w, "Version");
}

static void put_versions_frame(ol_xml_writer *w, const ol_s3_versions_page *page)
{
    const ol_list_result *result = page->result;
    bool url = page->encoding_url;
    ol_xml_text(w, "Name", page->name);
    ol_xml_text_as(w, "Prefix", page->prefix, url);
    ol_xml_text_as(w, "KeyMarker", page->key_marker, url);
    ol_xml_text(w, "VersionIdMarker", page->version_id_marker);
    if (result->truncated) {
        ol_xml_text_as(w, "NextKeyMarker", result->next_start_after, url);
        ol_xml_text(w, "NextVersionIdMarker", OL_SLICE_LIT("null"));
    }
    ol_xml_u64(w, "MaxKeys", page->max_keys);
    if (page->delimiter.len > 0)
        ol_xml_text_as(w, "Delimiter", page->delimiter, url);
    if (url)
        ol_xml_text(w, "EncodingType", OL_SLICE_LIT("url"));
    ol_xml_bool(w, "IsTruncated", result->truncated);
}

int ol_s3_xml_versions(ol_buf *out, const ol_s3_versions_page *page)
{
    ol_xml_writer w;
    const ol_list_result *result = page->result;
    ol_xml_begin(&w, out, "ListVersionsResult", true);
    put_versions_frame(&w, page);
    for (size_t i = 0; i < result->object_count; i++)
        put_version(&w, page, &result->objects[i]);
    for (size_t i = 0; i < result->common_prefix_count; i++) {
        ol_xml_open(&w, "CommonPrefixes");
        ol_xml_text_as(&w, "Prefix", result->common_prefixes[i], page->encoding_url);
        ol_xml_close(&w, "CommonPrefixes");
    }
    ol_xml_close(&w, "ListVersionsResult");
    return w.rc;
}

/* ---- buckets ---- */

static bool is_on_page(const ol_s3_buckets_page *page, const ol_bucket_info *bucket)
{
    return ol_slice_starts(bucket->name, page->prefix) &&
           (page->start_after.len == 0 || ol_slice_cmp(bucket->name, page->start_after) > 0);
}

static void put_bucket(ol_xml_writer *w, const ol_s3_buckets_page *page,
                       const ol_bucket_info *bucket)
{
    ol_xml_open(w, "Bucket");
    ol_xml_text(w, "Name", bucket->name);
    ol_xml_date(w, "CreationDate", bucket->created_ms);
    if (page->region.len > 0)
        ol_xml_text(w, "BucketRegion", page->region);
    ol_xml_close(w, "Bucket");
}

/* The last bucket's name when more follow; empty when the list is at its end. */
static ol_slice put_buckets(ol_xml_writer *w, const ol_s3_buckets_page *page)
{
    ol_slice last = OL_SLICE_NONE;
    size_t shown = 0;
    for (size_t i = 0; i < page->list->count; i++) {
        const ol_bucket_info *bucket = &page->list->buckets[i];
        if (!is_on_page(page, bucket))
            continue;
        if (page->max_buckets > 0 && shown == page->max_buckets)
            return last;
        put_bucket(w, page, bucket);
        last = bucket->name;
        shown++;
    }
    return OL_SLICE_NONE;
}

int ol_s3_xml_buckets_page(ol_buf *out, const ol_s3_buckets_page *page)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "ListAllMyBucketsResult", true);
    if (page->owner_id.len > 0)
        ol_xml_person(&w, "Owner", page->owner_id, page->owner_name);
    ol_xml_open(&w, "Buckets");
    ol_slice last = put_buckets(&w, page);
    ol_xml_close(&w, "Buckets");
    if (page->prefix.len > 0)
        ol_xml_text(&w, "Prefix", page->prefix);
    if (last.len > 0) {
        ol_xml_open(&w, "ContinuationToken");
        if (w.rc == OL_OK)
            w.rc = ol_s3_token_encode(w.out, last);
        ol_xml_close(&w, "ContinuationToken");
    }
    ol_xml_close(&w, "ListAllMyBucketsResult");
    return w.rc;
}
