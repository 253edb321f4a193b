/* SPDX-License-Identifier: MIT */
/* Results and listings of uploads in parts, and of copies. */
#include "s3/documents/xml_multipart.h"

#include "s3/documents/xml_checksum.h"

int ol_s3_xml_initiate_result(ol_buf *out, ol_slice bucket, ol_slice key, ol_slice upload_id)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "InitiateMultipartUploadResult", true);
    ol_xml_text(&w, "Bucket", bucket);
    ol_xml_text(&w, "Key", key);
    ol_xml_text(&w, "UploadId", upload_id);
    ol_xml_close(&w, "InitiateMultipartUploadResult");
    return w.rc;
}

int ol_s3_xml_complete_result(ol_buf *out, ol_slice location, ol_slice bucket, ol_slice key,
                              const ol_put_result *result)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "CompleteMultipartUploadResult", true);
    ol_xml_text(&w, "Location", location);
    ol_xml_text(&w, "Bucket", bucket);
    ol_xml_text(&w, "Key", key);
    ol_xml_etag(&w, ol_slice_cstr(result->etag));
    ol_xml_checksum(&w, &result->checksum, true);
    ol_xml_close(&w, "CompleteMultipartUploadResult");
    return w.rc;
}

/* ---- lists ---- */

static void put_person(ol_xml_writer *w, const char *element, ol_slice id, const ol_people *people)
{
    if (id.len > 0)
        ol_xml_person(w, element, id, ol_people_name(people, id));
}

static void put_part(ol_xml_writer *w, const ol_part *part)
{
    ol_xml_open(w, "Part");
    ol_xml_u64(w, "PartNumber", part->number);
    ol_xml_date(w, "LastModified", part->last_modified_ms);
    ol_xml_etag(w, part->etag);
    ol_xml_u64(w, "Size", part->size);
    ol_xml_checksum(w, &part->checksum, false);
    ol_xml_close(w, "Part");
}

int ol_s3_xml_parts(ol_buf *out, const ol_s3_parts_page *page)
{
    ol_xml_writer w;
    const ol_part_list *list = page->list;
    ol_xml_begin(&w, out, "ListPartsResult", true);
    ol_xml_text(&w, "Bucket", page->bucket);
    ol_xml_text(&w, "Key", page->key);
    ol_xml_text(&w, "UploadId", page->upload_id);
    put_person(&w, "Initiator", list->initiator, page->people);
    put_person(&w, "Owner", list->owner, page->people);
    ol_xml_text(&w, "StorageClass", OL_SLICE_LIT("STANDARD"));
    ol_xml_u64(&w, "PartNumberMarker", page->marker);
    ol_xml_u64(&w, "NextPartNumberMarker",
               list->count > 0 ? list->parts[list->count - 1].number : 0);
    ol_xml_u64(&w, "MaxParts", page->max_parts);
    ol_xml_bool(&w, "IsTruncated", list->truncated);
    ol_xml_checksum_kind(&w, list->checksum_name, list->checksum_composite);
    for (size_t i = 0; i < list->count; i++)
        put_part(&w, &list->parts[i]);
    ol_xml_close(&w, "ListPartsResult");
    return w.rc;
}

static void put_upload(ol_xml_writer *w, const ol_s3_uploads_page *page, const ol_upload_item *item)
{
    ol_xml_open(w, "Upload");
    ol_xml_text_as(w, "Key", item->key, page->encoding_url);
    ol_xml_text(w, "UploadId", item->upload_id);
    put_person(w, "Initiator", item->initiator, page->people);
    put_person(w, "Owner", item->owner, page->people);
    ol_xml_text(w, "StorageClass", OL_SLICE_LIT("STANDARD"));
    ol_xml_date(w, "Initiated", item->initiated_ms);
    ol_xml_checksum_kind(w, item->checksum_name, item->checksum_composite);
    ol_xml_close(w, "Upload");
}

static void put_uploads_frame(ol_xml_writer *w, const ol_s3_uploads_page *page)
{
    const ol_uploads_result *result = page->result;
    bool url = page->encoding_url;
    ol_xml_text(w, "Bucket", page->bucket);
    ol_xml_text_as(w, "KeyMarker", page->key_marker, url);
    ol_xml_text(w, "UploadIdMarker", page->id_marker);
    if (result->truncated) {
        ol_xml_text_as(w, "NextKeyMarker", result->next_key_marker, url);
        ol_xml_text(w, "NextUploadIdMarker", result->next_id_marker);
    }
    ol_xml_text_as(w, "Prefix", page->prefix, url);
    if (page->delimiter.len > 0)
        ol_xml_text_as(w, "Delimiter", page->delimiter, url);
    if (url)
        ol_xml_text(w, "EncodingType", OL_SLICE_LIT("url"));
    ol_xml_u64(w, "MaxUploads", page->max_uploads);
    ol_xml_bool(w, "IsTruncated", result->truncated);
}

int ol_s3_xml_uploads(ol_buf *out, const ol_s3_uploads_page *page)
{
    ol_xml_writer w;
    const ol_uploads_result *result = page->result;
    ol_xml_begin(&w, out, "ListMultipartUploadsResult", true);
    put_uploads_frame(&w, page);
    for (size_t i = 0; i < result->count; i++)
        put_upload(&w, page, &result->uploads[i]);
    for (size_t i = 0; i < result->common_prefix_count; i++) {
        ol_xml_open(&w, "CommonPrefixes");
        ol_xml_text_as(&w, "Prefix", result->common_prefixes[i], page->encoding_url);
        ol_xml_close(&w, "CommonPrefixes");
    }
    ol_xml_close(&w, "ListMultipartUploadsResult");
    return w.rc;
}

/* ---- copies and forms ---- */

static int put_copy(ol_buf *out, const char *root, const ol_put_result *result)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, root, true);
    ol_xml_date(&w, "LastModified", result->last_modified_ms);
    ol_xml_etag(&w, ol_slice_cstr(result->etag));
    ol_xml_checksum(&w, &result->checksum, true);
    ol_xml_close(&w, root);
    return w.rc;
}

int ol_s3_xml_copy_result(ol_buf *out, const ol_put_result *result)
{
    return put_copy(out, "CopyObjectResult", result);
}

int ol_s3_xml_copy_part_result(ol_buf *out, const ol_put_result *result)
{
    return put_copy(out, "CopyPartResult", result);
}

int ol_s3_xml_post_result(ol_buf *out, ol_slice location, ol_slice bucket, ol_slice key,
                          ol_slice etag)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "PostResponse", false);
    ol_xml_text(&w, "Location", location);
    ol_xml_text(&w, "Bucket", bucket);
    ol_xml_text(&w, "Key", key);
    ol_xml_etag(&w, etag);
    ol_xml_close(&w, "PostResponse");
    return w.rc;
}
