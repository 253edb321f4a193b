/* SPDX-License-Identifier: MIT */
/* Heads of answers. */
#include "origin/s3/answer.h"

#include <stdio.h>

#include "base/clock.h"
#include "origin/s3/encryption.h"
#include "s3/upload/checksum.h"

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

static inline bool starts_with(ol_slice name, const char *prefix)
{
    size_t len = strlen(prefix);
    return name.len > len && ol_slice_ieq(ol_slice_first(name, len), ol_slice_of(prefix, len));
}

static bool is_one_of(ol_slice name, const ol_slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ol_slice_ieq(name, names[i]))
            return true;
    }
    return false;
}

static bool is_of_object_by_s3(ol_slice name)
{
    static const ol_slice names[] = {
        OL_SLICE_LIT("x-amz-version-id"),
        OL_SLICE_LIT("x-amz-storage-class"),
        OL_SLICE_LIT("x-amz-website-redirect-location"),
        OL_SLICE_LIT("x-amz-expiration"),
        OL_SLICE_LIT("x-amz-restore"),
        OL_SLICE_LIT("x-amz-replication-status"),
        OL_SLICE_LIT("x-amz-missing-meta"),
        OL_SLICE_LIT("x-amz-server-side-encryption"),
    };
    return starts_with(name, "x-amz-meta-") || starts_with(name, "x-amz-server-side-encryption-") ||
           starts_with(name, "x-amz-object-lock-") ||
           is_one_of(name, names, sizeof names / sizeof names[0]);
}

/* What a client of S3 wants to know of an object, as far as it is the object's own. */
static bool is_of_object(ol_slice name)
{
    static const ol_slice names[] = {
        OL_SLICE_LIT("content-type"),        OL_SLICE_LIT("cache-control"),
        OL_SLICE_LIT("content-disposition"), OL_SLICE_LIT("content-encoding"),
        OL_SLICE_LIT("content-language"),
    };
    switch (name.len > 0 ? name.data[0] | 0x20 : 0) {
    case 'c':
        return is_one_of(name, names, sizeof names / sizeof names[0]);
    case 'e':
        return ol_slice_ieq(name, OL_SLICE_LIT("expires"));
    case 'x':
        return is_of_object_by_s3(name);
    default:
        return false;
    }
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

/* ---- fields, all their texts in one piece ---- */

typedef struct collector {
    ol_s3_fields *fields;
    uint8_t *at;
} collector;

static ol_slice put(collector *c, ol_slice bytes, bool lower)
{
    uint8_t *out = c->at;
    for (size_t i = 0; lower && i < bytes.len; i++)
        out[i] = bytes.data[i] >= 'A' && bytes.data[i] <= 'Z' ? bytes.data[i] | 0x20
                                                              : bytes.data[i];
    if (!lower && bytes.len > 0)
        memcpy(out, bytes.data, bytes.len);
    c->at += bytes.len;
    return ol_slice_of(out, bytes.len);
}

static ol_header *add(collector *c, ol_slice name, ol_slice value)
{
    ol_header *h = &c->fields->items[c->fields->count++];
    h->name = put(c, name, true);
    h->value = put(c, value, false);
    return h;
}

static size_t measure(const ol_headers *headers, size_t *count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < headers->count; i++) {
        const ol_header *h = &headers->items[i];
        if (!is_of_object(h->name))
            continue;
        bytes += h->name.len + h->value.len;
        ++*count;
    }
    return bytes;
}

static bool collector_init(collector *c, ol_s3_fields *fields, const ol_headers *headers,
                           ol_arena *arena)
{
    size_t count = 2;
    size_t bytes = measure(headers, &count) + sizeof("etag" "last-modified") + OL_ETAG_SIZE +
                   OL_HTTP_DATE_SIZE;
    uint8_t *texts = ol_arena_alloc(arena, bytes);
    *fields = (ol_s3_fields){.items = ol_arena_alloc(arena, count * sizeof(ol_header)),
                             .texts = ol_slice_of(texts, bytes)};
    *c = (collector){.fields = fields, .at = texts};
    return texts && fields->items;
}

static void add_identity(collector *c, ol_object_info *info, ol_slice etag)
{
    char date[OL_HTTP_DATE_SIZE];
    ol_clock_http_date(info->last_modified_ms, date);
    if (etag.len > 0) {
        ol_header *h = add(c, OL_SLICE_LIT("etag"), OL_SLICE_LIT("\""));
        put(c, etag, false);
        put(c, OL_SLICE_LIT("\""), false);
        h->value.len = etag.len + 2;
        info->etag = ol_slice_of(h->value.data + 1, etag.len);
    }
    add(c, OL_SLICE_LIT("last-modified"), ol_slice_cstr(date));
}

int ol_s3_fields_copy(const ol_s3_fields *fields, size_t more, ol_arena *arena, ol_header **items)
{
    *items = ol_arena_alloc(arena, (fields->count + more) * sizeof(ol_header));
    ol_slice texts = ol_arena_copy(arena, fields->texts);
    if (!*items || !texts.data)
        return OL_ENOMEM;
    for (size_t i = 0; i < fields->count; i++) {
        const ol_header *h = &fields->items[i];
        (*items)[i] = (ol_header){
            ol_slice_of(texts.data + (h->name.data - fields->texts.data), h->name.len),
            ol_slice_of(texts.data + (h->value.data - fields->texts.data), h->value.len)};
    }
    return OL_OK;
}

int ol_s3_info_of(const ol_http_answer *answer, uint64_t size, ol_arena *arena,
                  ol_object_info *info, ol_s3_fields *fields, ol_error *err)
{
    const ol_headers *headers = &answer->headers;
    collector c;
    bool weak;
    ol_slice etag = ol_s3_etag_of(headers, &weak);
    if (etag.len > OL_ETAG_SIZE - 3)
        return ol_error_set(err, OL_EORIGIN, "s3 origin: an ETag of %zu bytes", etag.len);
    if (!collector_init(&c, fields, headers, arena))
        return ol_error_set(err, OL_ENOMEM, "s3 origin: answer");
    info->size = size;
    if (!ol_clock_parse_http_date(ol_headers_get(headers, "last-modified"),
                                  &info->last_modified_ms))
        info->last_modified_ms = 0;
    info->part_count = number_of(headers, "x-amz-mp-parts-count");
    if (info->part_count == 0)
        info->part_count = parts_of_etag(etag);
    info->tag_count = number_of(headers, "x-amz-tagging-count");
    read_checksum(headers, &info->checksum);
    info->sse.mode = ol_s3_encryption_mode(headers);
    for (size_t i = 0; i < headers->count; i++) {
        if (is_of_object(headers->items[i].name))
            add(&c, headers->items[i].name, headers->items[i].value);
    }
    info->headers = fields->items;
    info->header_count = fields->count;
    add_identity(&c, info, etag);
    return OL_OK;
}

void ol_s3_put_result_of(const ol_http_answer *answer, ol_put_result *result)
{
    const ol_headers *headers = &answer->headers;
    *result = (ol_put_result){0};
    ol_s3_copy_etag(result->etag, ol_headers_get(headers, "etag"));
    snprintf(result->version_id, sizeof result->version_id, "%.*s",
             OL_SLICE_FMT(ol_headers_get(headers, "x-amz-version-id")));
    read_checksum(headers, &result->checksum);
    ol_s3_encryption_result(headers, result);
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
