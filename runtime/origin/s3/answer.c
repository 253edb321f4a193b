/* SPDX-License-Identifier: MIT */
/* Heads of answers. */
#include "origin/s3/answer.h"

#include <stdio.h>

#include "base/clock.h"
#include "s3/checksum.h"

/* ---- lengths ---- */

static bool take_number(ol_slice *rest, uint64_t *number, uint8_t end)
{
    ptrdiff_t at = end ? ol_slice_find(*rest, end) : (ptrdiff_t)rest->len;
    if (at < 0 || !ol_slice_u64(ol_slice_first(*rest, (size_t)at), number))
        return false;
    *rest = ol_slice_from(*rest, (size_t)at + 1);
    return true;
}

bool ol_s3_content_range_parse(ol_slice value, ol_byte_range *range, uint64_t *total)
{
    uint64_t first, last;
    ol_slice unit = OL_SLICE_LIT("bytes ");
    if (!ol_slice_starts(value, unit))
        return false;
    value = ol_slice_trim(ol_slice_from(value, unit.len));
    if (!take_number(&value, &first, '-') || !take_number(&value, &last, '/') ||
        !take_number(&value, total, 0) || last < first || last >= *total)
        return false;
    *range = (ol_byte_range){first, last - first + 1};
    return true;
}

int ol_s3_extent_of(const ol_http_answer *answer, ol_s3_extent *out, ol_error *err)
{
    *out = (ol_s3_extent){.partial = answer->status == 206};
    if (answer->content_length < 0)
        return ol_error_set(err, OL_EORIGIN, "s3 origin: an object without a Content-Length");
    uint64_t length = (uint64_t)answer->content_length;
    if (!out->partial) {
        out->size = length;
        out->range = (ol_byte_range){0, length};
        return OL_OK;
    }
    ol_slice value = ol_headers_get(&answer->headers, "content-range");
    if (!ol_s3_content_range_parse(value, &out->range, &out->size) || out->range.length != length)
        return ol_error_set(err, OL_EORIGIN, "s3 origin: Content-Range and length disagree");
    return OL_OK;
}

/* ---- fields ---- */

static ol_slice unquote(ol_slice etag)
{
    if (etag.len >= 2 && etag.data[0] == '"' && etag.data[etag.len - 1] == '"')
        return ol_slice_of(etag.data + 1, etag.len - 2);
    return etag;
}

ol_slice ol_s3_etag_of(const ol_headers *headers, bool *weak)
{
    ol_slice etag = ol_headers_get(headers, "etag");
    *weak = ol_slice_starts(etag, OL_SLICE_LIT("W/"));
    return unquote(*weak ? ol_slice_from(etag, 2) : etag);
}

void ol_s3_copy_etag(char out[OL_ETAG_SIZE], ol_slice etag)
{
    snprintf(out, OL_ETAG_SIZE, "%.*s", OL_SLICE_FMT(unquote(etag)));
}

static bool starts_with(ol_slice name, const char *prefix)
{
    size_t len = strlen(prefix);
    return name.len > len && ol_slice_ieq(ol_slice_first(name, len), ol_slice_of(prefix, len));
}

/* What a client of S3 wants to know of an object, as far as it is the object's own. */
static bool is_of_object(ol_slice name)
{
    static const char *const names[] = {
        "content-type", "cache-control", "content-disposition", "content-encoding",
        "content-language", "expires", "x-amz-version-id", "x-amz-storage-class",
        "x-amz-website-redirect-location", "x-amz-expiration", "x-amz-restore",
        "x-amz-replication-status", "x-amz-missing-meta"};
    static const char *const prefixes[] = {"x-amz-meta-", "x-amz-server-side-encryption",
                                           "x-amz-object-lock-"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (starts_with(name, prefixes[i]))
            return true;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (ol_slice_ieq(name, ol_slice_cstr(names[i])))
            return true;
    }
    return ol_slice_ieq(name, OL_SLICE_LIT("x-amz-server-side-encryption"));
}

static void lower(ol_slice name)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)name.data; /* our own copy */
    for (size_t i = 0; i < name.len; i++) {
        if (bytes[i] >= 'A' && bytes[i] <= 'Z')
            bytes[i] |= 0x20;
    }
}

static int add(ol_headers *headers, ol_slice name, ol_slice value, ol_error *err)
{
    int rc = ol_headers_add(headers, name, value);
    if (rc != OL_OK)
        return ol_error_set(err, rc == OL_ENOMEM ? rc : OL_EORIGIN, "s3 origin: header of an answer");
    lower(headers->items[headers->count - 1].name);
    return OL_OK;
}

static void read_checksum(const ol_headers *headers, ol_object_checksum *out)
{
    ol_slice type = ol_headers_get(headers, "x-amz-checksum-type");
    for (size_t i = 0; i < headers->count; i++) {
        const ol_header *h = &headers->items[i];
        enum ol_checksum_kind kind;
        if (!starts_with(h->name, "x-amz-checksum-") || !ol_checksum_of_header(h->name, &kind))
            continue;
        snprintf(out->name, sizeof out->name, "%s", ol_checksum_name(kind));
        snprintf(out->text, sizeof out->text, "%.*s", OL_SLICE_FMT(h->value));
        out->composite = ol_slice_eq_cstr(type, "COMPOSITE") || ol_slice_find(h->value, '-') >= 0;
        return;
    }
}

static uint32_t number_of(const ol_headers *headers, const char *name)
{
    uint64_t number;
    bool there = ol_slice_u64(ol_headers_get(headers, name), &number);
    return there && number <= UINT32_MAX ? (uint32_t)number : 0;
}

/* A multipart upload's ETag says how many parts there were. */
static uint32_t parts_of_etag(ol_slice etag)
{
    uint64_t parts;
    ptrdiff_t dash = ol_slice_find(etag, '-');
    bool there = dash == 32 && ol_slice_u64(ol_slice_from(etag, 33), &parts);
    return there && parts <= OL_PARTS_MAX ? (uint32_t)parts : 0;
}

static int collect(const ol_headers *from, ol_headers *to, ol_error *err)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < from->count; i++) {
        const ol_header *h = &from->items[i];
        if (is_of_object(h->name))
            rc = add(to, h->name, h->value, err);
    }
    return rc;
}

static int add_identity(ol_headers *headers, const ol_object_info *info, ol_error *err)
{
    char date[OL_HTTP_DATE_SIZE], etag[OL_ETAG_SIZE + 2];
    ol_clock_http_date(info->last_modified_ms, date);
    snprintf(etag, sizeof etag, "\"%.*s\"", OL_SLICE_FMT(info->etag));
    int rc = OL_OK;
    if (info->etag.len > 0)
        rc = add(headers, OL_SLICE_LIT("etag"), ol_slice_cstr(etag), err);
    return rc == OL_OK ? add(headers, OL_SLICE_LIT("last-modified"), ol_slice_cstr(date), err) : rc;
}

int ol_s3_info_of(const ol_http_answer *answer, uint64_t size, ol_arena *arena,
                  ol_object_info *info, size_t *headers_all, ol_error *err)
{
    ol_headers headers;
    bool weak;
    ol_slice etag = ol_s3_etag_of(&answer->headers, &weak);
    ol_headers_init(&headers, arena);
    info->size = size;
    if (etag.len >= OL_ETAG_SIZE)
        return ol_error_set(err, OL_EORIGIN, "s3 origin: an ETag of %zu bytes", etag.len);
    info->etag = ol_arena_copy(arena, etag);
    if (!info->etag.data)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: answer");
    if (!ol_clock_parse_http_date(ol_headers_get(&answer->headers, "last-modified"),
                                  &info->last_modified_ms))
        info->last_modified_ms = 0;
    info->part_count = number_of(&answer->headers, "x-amz-mp-parts-count");
    if (info->part_count == 0)
        info->part_count = parts_of_etag(etag);
    info->tag_count = number_of(&answer->headers, "x-amz-tagging-count");
    read_checksum(&answer->headers, &info->checksum);
    int rc = collect(&answer->headers, &headers, err);
    info->header_count = headers.count;
    if (rc == OL_OK)
        rc = add_identity(&headers, info, err);
    info->headers = headers.items;
    *headers_all = headers.count;
    return rc;
}

void ol_s3_put_result_of(const ol_http_answer *answer, ol_put_result *result)
{
    const ol_headers *headers = &answer->headers;
    *result = (ol_put_result){0};
    ol_s3_copy_etag(result->etag, ol_headers_get(headers, "etag"));
    snprintf(result->version_id, sizeof result->version_id, "%.*s",
             OL_SLICE_FMT(ol_headers_get(headers, "x-amz-version-id")));
    read_checksum(headers, &result->checksum);
    if (!ol_clock_parse_http_date(ol_headers_get(headers, "date"), &result->last_modified_ms))
        result->last_modified_ms = ol_clock_wall_ms() / 1000 * 1000;
}

void ol_s3_read_checksum(const char *element, ol_slice text, ol_object_checksum *out)
{
    char header[40];
    enum ol_checksum_kind kind;
    if (strcmp(element, "ChecksumType") == 0)
        out->composite = ol_slice_eq_cstr(text, "COMPOSITE");
    if (strncmp(element, "Checksum", 8) != 0 || strlen(element) > 20)
        return;
    snprintf(header, sizeof header, "x-amz-checksum-%s", element + 8);
    if (!ol_checksum_of_header(ol_slice_cstr(header), &kind))
        return;
    snprintf(out->name, sizeof out->name, "%s", ol_checksum_name(kind));
    snprintf(out->text, sizeof out->text, "%.*s", OL_SLICE_FMT(text));
    out->composite |= ol_slice_find(text, '-') >= 0;
}
