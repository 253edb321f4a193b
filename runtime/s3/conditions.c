/* SPDX-License-Identifier: MIT */
/*
 * Precedence, as S3 documents it: If-Match decides and If-Unmodified-Since is then not looked
 * at; likewise If-None-Match before If-Modified-Since. A failed "must be" (412) comes before a
 * failed "must have changed" (304).
 */
#include "s3/conditions.h"

#include "base/clock.h"

static ol_slice unquote(ol_slice text)
{
    if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"')
        return ol_slice_of(text.data + 1, text.len - 2);
    return text;
}

/* One member of the list; S3 takes ETags without quotes too. */
static bool is_etag(ol_slice member, ol_slice etag, bool weak_too)
{
    member = ol_slice_trim(member);
    if (ol_slice_eq_cstr(member, "*"))
        return true;
    if (ol_slice_starts(member, OL_SLICE_LIT("W/"))) {
        if (!weak_too)
            return false;
        member = ol_slice_from(member, 2);
    }
    member = unquote(member);
    return member.len > 0 && ol_slice_eq(member, etag);
}

bool ol_s3_etag_listed(ol_slice header, ol_slice etag, bool weak_too)
{
    while (header.len > 0) {
        ptrdiff_t comma = ol_slice_find(header, ',');
        ol_slice member = comma < 0 ? header : ol_slice_first(header, (size_t)comma);
        header = comma < 0 ? OL_SLICE_NONE : ol_slice_from(header, (size_t)comma + 1);
        if (is_etag(member, etag, weak_too))
            return true;
    }
    return false;
}

/* A repeated header counts as one list. */
static bool any_listed(const ol_headers *headers, const char *name, ol_slice etag, bool weak_too)
{
    for (size_t i = 0; i < headers->count; i++)
        if (ol_header_name_is(&headers->items[i], name) &&
            ol_s3_etag_listed(headers->items[i].value, etag, weak_too))
            return true;
    return false;
}

static bool has(const ol_headers *headers, const char *name)
{
    return ol_headers_find(headers, ol_slice_cstr(name)) != NULL;
}

/* False when the header is absent or no date. Milliseconds of whole seconds. */
static bool date_of(const ol_headers *headers, const char *name, int64_t *ms)
{
    return has(headers, name) &&
           ol_clock_parse_http_date(ol_slice_trim(ol_headers_get(headers, name)), ms);
}

static int check_must_be(const ol_headers *headers, ol_slice etag, int64_t modified_ms,
                         ol_error *err)
{
    int64_t limit_ms;
    if (has(headers, "if-match")) {
        if (any_listed(headers, "if-match", etag, false))
            return OL_OK;
        return ol_error_set(err, OL_EPRECONDITION, "If-Match");
    }
    if (date_of(headers, "if-unmodified-since", &limit_ms) && modified_ms > limit_ms)
        return ol_error_set(err, OL_EPRECONDITION, "If-Unmodified-Since");
    return OL_OK;
}

static int check_must_differ(const ol_headers *headers, ol_slice etag, int64_t modified_ms,
                             ol_error *err)
{
    int64_t limit_ms;
    if (has(headers, "if-none-match")) {
        if (!any_listed(headers, "if-none-match", etag, true))
            return OL_OK;
        return ol_error_set(err, OL_ENOTMODIFIED, "If-None-Match");
    }
    if (date_of(headers, "if-modified-since", &limit_ms) && modified_ms <= limit_ms)
        return ol_error_set(err, OL_ENOTMODIFIED, "If-Modified-Since");
    return OL_OK;
}

int ol_s3_conditions_read(const ol_headers *headers, ol_slice etag, int64_t last_modified_ms,
                          ol_error *err)
{
    /* HTTP dates know seconds only; a fraction must not make an object newer than its own
     * Last-Modified. */
    int64_t modified_ms = last_modified_ms - last_modified_ms % 1000;
    int rc = check_must_be(headers, etag, modified_ms, err);
    return rc == OL_OK ? check_must_differ(headers, etag, modified_ms, err) : rc;
}

static int refuse(const char *header, ol_error *err)
{
    return ol_error_say(err, OL_ENOTIMPLEMENTED,
                        "A header you provided implies functionality that is not implemented: %s",
                        header);
}

int ol_s3_conditions_write(const ol_headers *headers, bool *if_none_match_any, ol_slice *if_match,
                           ol_error *err)
{
    size_t matches = ol_headers_count_of(headers, "if-match");
    size_t none_matches = ol_headers_count_of(headers, "if-none-match");
    *if_match = unquote(ol_slice_trim(ol_headers_get(headers, "if-match")));
    *if_none_match_any = none_matches > 0;
    if (has(headers, "if-modified-since"))
        return refuse("If-Modified-Since", err);
    if (has(headers, "if-unmodified-since"))
        return refuse("If-Unmodified-Since", err);
    if (none_matches > 1 ||
        (none_matches == 1 &&
         !ol_slice_eq_cstr(ol_slice_trim(ol_headers_get(headers, "if-none-match")), "*")))
        return refuse("If-None-Match", err);
    bool plain = if_match->len > 0 && ol_slice_find(*if_match, ',') < 0 &&
                 ol_slice_find(*if_match, '"') < 0 && !ol_slice_eq_cstr(*if_match, "*");
    if (matches > 1 || (matches == 1 && (!plain || none_matches > 0)))
        return refuse("If-Match", err);
    return OL_OK;
}

int ol_s3_conditions_none(const ol_headers *headers, ol_error *err)
{
    static const char *const names[] = {
        "If-Match",           "If-None-Match",     "If-Modified-Since",
        "If-Unmodified-Since", "x-amz-if-match-last-modified-time", "x-amz-if-match-size",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (has(headers, names[i]))
            return refuse(names[i], err);
    return OL_OK;
}
