/* SPDX-License-Identifier: MIT */
/* GetObjectAttributes. The entity tag stands there without quotes, unlike everywhere else. */
#include "s3/documents/xml_attributes.h"

#include "s3/documents/xml_checksum.h"

#define HEADER "x-amz-object-attributes"

static unsigned attribute_bit(ol_slice name)
{
    static const struct {
        const char *name;
        unsigned bit;
    } attributes[] = {{"ETag", OL_S3_ATTRIBUTE_ETAG},
                      {"Checksum", OL_S3_ATTRIBUTE_CHECKSUM},
                      {"ObjectParts", OL_S3_ATTRIBUTE_OBJECT_PARTS},
                      {"StorageClass", OL_S3_ATTRIBUTE_STORAGE_CLASS},
                      {"ObjectSize", OL_S3_ATTRIBUTE_OBJECT_SIZE}};
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
        if (ol_slice_eq_cstr(name, attributes[i].name))
            return attributes[i].bit;
    return 0;
}

static int read_list(ol_slice list, unsigned *mask, ol_error *err)
{
    while (list.len > 0) {
        ptrdiff_t comma = ol_slice_find(list, ',');
        ol_slice name = comma < 0 ? list : ol_slice_first(list, (size_t)comma);
        unsigned bit = attribute_bit(ol_slice_trim(name));
        if (bit == 0)
            return ol_error_say(err, OL_EINVAL, "Invalid attribute name specified.");
        *mask |= bit;
        list = ol_slice_from(list, name.len + 1);
    }
    return OL_OK;
}

int ol_s3_attributes_asked(const ol_headers *headers, unsigned *mask, ol_error *err)
{
    int rc = OL_OK;
    *mask = 0;
    for (size_t i = 0; rc == OL_OK && i < headers->count; i++)
        if (ol_header_name_is(&headers->items[i], HEADER))
            rc = read_list(headers->items[i].value, mask, err);
    if (rc == OL_OK && *mask == 0)
        return ol_error_say(err, OL_EINVAL,
                            "The " HEADER " header specifying the attributes to be retrieved is "
                            "either missing or empty");
    return rc;
}

static void put_part(ol_xml_writer *w, const ol_part *part)
{
    ol_xml_open(w, "Part");
    ol_xml_u64(w, "PartNumber", part->number);
    ol_xml_u64(w, "Size", part->size);
    ol_xml_checksum(w, &part->checksum, false);
    ol_xml_close(w, "Part");
}

static void put_parts(ol_xml_writer *w, const ol_s3_attributes_page *page)
{
    const ol_part_list *list = page->parts;
    ol_xml_open(w, "ObjectParts");
    ol_xml_u64(w, "PartsCount", list->total);
    /* Parts are listed one by one only where they have checksums of their own. */
    if (list->count > 0 && list->parts[0].checksum.name[0]) {
        ol_xml_u64(w, "PartNumberMarker", page->part_marker);
        ol_xml_u64(w, "NextPartNumberMarker", list->parts[list->count - 1].number);
        ol_xml_u64(w, "MaxParts", page->max_parts);
        ol_xml_bool(w, "IsTruncated", list->truncated);
        for (size_t i = 0; i < list->count; i++)
            put_part(w, &list->parts[i]);
    }
    ol_xml_close(w, "ObjectParts");
}

int ol_s3_xml_attributes(ol_buf *out, const ol_s3_attributes_page *page)
{
    ol_xml_writer w;
    const ol_object_info *info = page->info;
    ol_xml_begin(&w, out, "GetObjectAttributesResponse", true);
    if (page->mask & OL_S3_ATTRIBUTE_ETAG)
        ol_xml_text(&w, "ETag", info->etag);
    if ((page->mask & OL_S3_ATTRIBUTE_CHECKSUM) && info->checksum.text[0]) {
        ol_xml_open(&w, "Checksum");
        ol_xml_checksum(&w, &info->checksum, true);
        ol_xml_close(&w, "Checksum");
    }
    if ((page->mask & OL_S3_ATTRIBUTE_OBJECT_PARTS) && page->parts)
        put_parts(&w, page);
    if (page->mask & OL_S3_ATTRIBUTE_STORAGE_CLASS)
        ol_xml_text(&w, "StorageClass", OL_SLICE_LIT("STANDARD"));
    if (page->mask & OL_S3_ATTRIBUTE_OBJECT_SIZE)
        ol_xml_u64(&w, "ObjectSize", info->size);
    ol_xml_close(&w, "GetObjectAttributesResponse");
    return w.rc;
}
