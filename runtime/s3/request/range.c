/* SPDX-License-Identifier: MIT */
/* Reading `Range: bytes=…` and `If-Range`, and writing Content-Range. */
#include "s3/request/range.h"

#include <stdio.h>

#include "base/clock.h"
#include "s3/request/conditions.h"

/* Digits only; a number too large to hold stands for the largest, as it means the same. */
static bool parse_position(ol_slice text, uint64_t *out)
{
    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    if (!ol_slice_u64(text, out))
        *out = UINT64_MAX;
    return true;
}

int ol_s3_range_spec(ol_slice header, ol_range_spec *out)
{
    header = ol_slice_trim(header);
    if (!ol_slice_ieq(ol_slice_first(header, 6), OL_SLICE_LIT("bytes=")))
        return OL_SKIP;
    ol_slice range = ol_slice_trim(ol_slice_from(header, 6));
    ptrdiff_t dash = ol_slice_find(range, '-');
    if (dash < 0)
        return OL_SKIP;
    ol_slice first = ol_slice_first(range, (size_t)dash);
    ol_slice last = ol_slice_from(range, (size_t)dash + 1);
    *out = (ol_range_spec){.last = UINT64_MAX, .suffix = first.len == 0};
    if (out->suffix)
        return parse_position(last, &out->length) ? OL_OK : OL_SKIP;
    if (!parse_position(first, &out->start))
        return OL_SKIP;
    if (last.len > 0 && !parse_position(last, &out->last))
        return OL_SKIP;
    return out->start <= out->last ? OL_OK : OL_SKIP;
}

int ol_s3_range_resolve(const ol_range_spec *spec, uint64_t total, ol_byte_range *out,
                        ol_error *err)
{
    uint64_t wanted = spec->suffix ? spec->length : 1;
    if (total == 0 || wanted == 0 || (!spec->suffix && spec->start >= total))
        return ol_error_set(err, OL_ERANGE, "a body of %llu bytes", (unsigned long long)total);
    if (spec->suffix) {
        uint64_t length = spec->length < total ? spec->length : total;
        *out = (ol_byte_range){.start = total - length, .length = length};
        return OL_OK;
    }
    uint64_t last = spec->last < total ? spec->last : total - 1;
    *out = (ol_byte_range){.start = spec->start, .length = last - spec->start + 1};
    return OL_OK;
}

bool ol_s3_if_range_holds(const ol_headers *headers, ol_slice etag, int64_t last_modified_ms)
{
    const ol_header *header = ol_headers_find(headers, OL_SLICE_LIT("if-range"));
    int64_t date_ms;
    if (!header)
        return true;
    ol_slice value = ol_slice_trim(header->value);
    if (ol_clock_parse_http_date(value, &date_ms))
        return date_ms == last_modified_ms - last_modified_ms % 1000;
    /* One validator, never a list: "*" and weak ETags match nothing here. */
    if (ol_slice_find(value, ',') >= 0 || ol_slice_eq_cstr(value, "*"))
        return false;
    return ol_s3_etag_listed(value, etag, false);
}

int ol_s3_range_of(const ol_headers *headers, ol_slice etag, int64_t last_modified_ms,
                   uint64_t total, ol_byte_range *out, ol_error *err)
{
    ol_range_spec spec;
    *out = (ol_byte_range){.start = 0, .length = total};
    if (ol_headers_count_of(headers, "range") != 1 ||
        ol_s3_range_spec(ol_headers_get(headers, "range"), &spec) != OL_OK ||
        !ol_s3_if_range_holds(headers, etag, last_modified_ms))
        return OL_SKIP;
    return ol_s3_range_resolve(&spec, total, out, err);
}

void ol_s3_content_range(const ol_byte_range *range, uint64_t total,
                         char out[OL_CONTENT_RANGE_SIZE])
{
    snprintf(out, OL_CONTENT_RANGE_SIZE, "bytes %llu-%llu/%llu", (unsigned long long)range->start,
             (unsigned long long)(range->start + range->length - 1), (unsigned long long)total);
}

void ol_s3_content_range_unsatisfied(uint64_t total, char out[OL_CONTENT_RANGE_SIZE])
{
    snprintf(out, OL_CONTENT_RANGE_SIZE, "bytes */%llu", (unsigned long long)total);
}
