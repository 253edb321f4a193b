/* SPDX-License-Identifier: MIT */
/* ListBucketResult, version 1 and 2: the same objects in two frames. */
#include "s3/documents/xml.h"

#include "base/encode.h"
#include "s3/documents/xml_writer.h"

static void put_object(ol_xml_writer *w, const ol_s3_list_page *page, const ol_object_info *object)
{
    ol_xml_open(w, "Contents");
    ol_xml_text_as(w, "Key", object->key, page->encoding_url);
    ol_xml_date(w, "LastModified", object->last_modified_ms);
    ol_xml_etag(w, object->etag);
    ol_xml_u64(w, "Size", object->size);
    if ((!page->v2 || page->fetch_owner) && page->owner_id.len > 0)
        ol_xml_person(w, "Owner", page->owner_id, page->owner_name);
    ol_xml_text(w, "StorageClass", OL_SLICE_LIT("STANDARD"));
    ol_xml_close(w, "Contents");
}

static void put_token(ol_xml_writer *w, const ol_s3_list_page *page)
{
    if (page->next.len > 0) {
        ol_xml_text(w, "NextContinuationToken", page->next);
        return;
    }
    ol_xml_open(w, "NextContinuationToken");
    if (w->rc == OL_OK)
        w->rc = ol_s3_token_encode(w->out, page->result->next_start_after);
    ol_xml_close(w, "NextContinuationToken");
}

static void put_frame_v2(ol_xml_writer *w, const ol_s3_list_page *page)
{
    const ol_list_result *result = page->result;
    if (page->start_after.len > 0)
        ol_xml_text_as(w, "StartAfter", page->start_after, page->encoding_url);
    if (page->continuation_token.data)
        ol_xml_text(w, "ContinuationToken", page->continuation_token);
    if (result->truncated)
        put_token(w, page);
    ol_xml_u64(w, "KeyCount", result->object_count + result->common_prefix_count);
}

/* Without a delimiter, clients take the last key for the next marker, unless they are told one. */
static void put_frame_v1(ol_xml_writer *w, const ol_s3_list_page *page)
{
    const ol_list_result *result = page->result;
    ol_xml_text_as(w, "Marker", page->marker, page->encoding_url);
    if (result->truncated && page->next.len > 0)
        ol_xml_text_as(w, "NextMarker", page->next, page->encoding_url);
    else if (result->truncated && page->delimiter.len > 0)
        ol_xml_text_as(w, "NextMarker", result->next_start_after, page->encoding_url);
}

int ol_s3_xml_list(ol_buf *out, const ol_s3_list_page *page)
{
    ol_xml_writer w;
    const ol_list_result *result = page->result;
    ol_xml_begin(&w, out, "ListBucketResult", true);
    ol_xml_text(&w, "Name", page->name);
    /* AWS's clients decode it in version 2 only. */
    ol_xml_text_as(&w, "Prefix", page->prefix, page->encoding_url && page->v2);
    if (page->v2)
        put_frame_v2(&w, page);
    else
        put_frame_v1(&w, page);
    ol_xml_u64(&w, "MaxKeys", page->max_keys);
    if (page->delimiter.len > 0)
        ol_xml_text_as(&w, "Delimiter", page->delimiter, page->encoding_url);
    if (page->encoding_url)
        ol_xml_text(&w, "EncodingType", OL_SLICE_LIT("url"));
    ol_xml_bool(&w, "IsTruncated", result->truncated);
    for (size_t i = 0; i < result->object_count; i++)
        put_object(&w, page, &result->objects[i]);
    for (size_t i = 0; i < result->common_prefix_count; i++) {
        ol_xml_open(&w, "CommonPrefixes");
        ol_xml_text_as(&w, "Prefix", result->common_prefixes[i], page->encoding_url);
        ol_xml_close(&w, "CommonPrefixes");
    }
    ol_xml_close(&w, "ListBucketResult");
    return w.rc;
}
