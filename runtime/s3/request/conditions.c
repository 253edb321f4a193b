/* SPDX-License-Identifier: MIT */
/*
 * Precedence, as S3 documents it: If-Match decides and If-Unmodified-Since is then not looked
 * at; likewise If-None-Match before If-Modified-Since. A failed "must be" (412) comes before a
 * failed "must have changed" (304).
 */
#include "s3/request/conditions.h"

#include "base/clock.h"

ol_slice ol_s3_etag_bare(ol_slice text)
{
    text = ol_slice_trim(text);
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
    member = ol_s3_etag_bare(member);
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

/* One request's four conditions, by their headers' names: of what is read, or of what is copied. */
typedef struct condition_names {
    const char *match, *unmodified, *none_match, *modified;
    int unchanged; /* how "it has not changed" is answered */
} condition_names;

static const condition_names read_names = {"if-match", "if-unmodified-since", "if-none-match",
                                           "if-modified-since", OL_ENOTMODIFIED};
static const condition_names copy_names = {
    "x-amz-copy-source-if-match", "x-amz-copy-source-if-unmodified-since",
    "x-amz-copy-source-if-none-match", "x-amz-copy-source-if-modified-since", OL_EPRECONDITION};

static int check_must_be(const condition_names *names, const ol_headers *headers, ol_slice etag,
                         int64_t modified_ms, ol_error *err)
{
    int64_t limit_ms;
    if (has(headers, names->match)) {
        if (any_listed(headers, names->match, etag, false))
            return OL_OK;
        return ol_error_set(err, OL_EPRECONDITION, "%s", names->match);
    }
    if (date_of(headers, names->unmodified, &limit_ms) && modified_ms > limit_ms)
        return ol_error_set(err, OL_EPRECONDITION, "%s", names->unmodified);
    return OL_OK;
}

static int check_must_differ(const condition_names *names, const ol_headers *headers, ol_slice etag,
                             int64_t modified_ms, ol_error *err)
{
    int64_t limit_ms;
    if (has(headers, names->none_match)) {
        if (!any_listed(headers, names->none_match, etag, true))
            return OL_OK;
        return ol_error_set(err, names->unchanged, "%s", names->none_match);
    }
    if (date_of(headers, names->modified, &limit_ms) && modified_ms <= limit_ms)
        return ol_error_set(err, names->unchanged, "%s", names->modified);
    return OL_OK;
}

static int check(const condition_names *names, const ol_headers *headers, ol_slice etag,
                 int64_t last_modified_ms, ol_error *err)
{
    /* HTTP dates know seconds only; a fraction must not make an object newer than its own
     * Last-Modified. */
    int64_t modified_ms = last_modified_ms - last_modified_ms % 1000;
    int rc = check_must_be(names, headers, etag, modified_ms, err);
    return rc == OL_OK ? check_must_differ(names, headers, etag, modified_ms, err) : rc;
}

int ol_s3_conditions_read(const ol_headers *headers, ol_slice etag, int64_t last_modified_ms,
                          ol_error *err)
{
    return check(&read_names, headers, etag, last_modified_ms, err);
}

int ol_s3_conditions_copy(const ol_headers *headers, ol_slice etag, int64_t last_modified_ms,
                          ol_error *err)
{
    return check(&copy_names, headers, etag, last_modified_ms, err);
}

/* ---- writing ---- */

static int refuse(const char *header, ol_error *err)
{
    return ol_error_say(err, OL_ENOTIMPLEMENTED,
                        "A header you provided implies functionality that is not implemented: %s",
                        header);
}

static int refuse_any(const ol_headers *headers, const char *const *names, size_t count,
                      ol_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (has(headers, names[i]))
            return refuse(names[i], err);
    return OL_OK;
}

/* "*", or one ETag; *out stays empty when the header is absent. */
static int read_etag(const ol_headers *headers, const char *name, ol_slice *out, ol_error *err)
{
    size_t count = ol_headers_count_of(headers, name);
    *out = OL_SLICE_NONE;
    if (count == 0)
        return OL_OK;
    ol_slice value = ol_slice_trim(ol_headers_get(headers, name));
    *out = ol_s3_etag_bare(value);
    bool any = ol_slice_eq_cstr(value, "*");
    bool plain = out->len > 0 && ol_slice_find(*out, ',') < 0 && ol_slice_find(*out, '"') < 0 &&
                 (any || !ol_slice_eq_cstr(*out, "*"));
    return count == 1 && plain ? OL_OK : refuse(name, err);
}

int ol_s3_conditions_write(const ol_headers *headers, ol_s3_write_conditions *out, ol_error *err)
{
    static const char *const others[] = {"If-Modified-Since", "If-Unmodified-Since"};
    *out = (ol_s3_write_conditions){0};
    int rc = refuse_any(headers, others, 2, err);
    if (rc == OL_OK)
        rc = read_etag(headers, "If-Match", &out->if_match, err);
    if (rc == OL_OK)
        rc = read_etag(headers, "If-None-Match", &out->if_none_match, err);
    if (rc != OL_OK)
        return rc;
    if (out->if_match.len > 0 && out->if_none_match.len > 0)
        return refuse("If-None-Match", err);
    out->if_none_match_any = ol_slice_eq_cstr(out->if_none_match, "*");
    if (out->if_none_match_any)
        out->if_none_match = OL_SLICE_NONE;
    return OL_OK;
}

static int bad_value(const char *name, ol_error *err)
{
    return ol_error_say(err, OL_EINVAL, "The value of the header %s is not valid.", name);
}

int ol_s3_conditions_remove(const ol_headers *headers, ol_s3_remove_conditions *out, ol_error *err)
{
    static const char *const others[] = {"If-None-Match", "If-Modified-Since",
                                         "If-Unmodified-Since"};
    static const char modified[] = "x-amz-if-match-last-modified-time";
    static const char size[] = "x-amz-if-match-size";
    *out = (ol_s3_remove_conditions){.if_modified_ms = -1, .if_size = -1};
    int rc = refuse_any(headers, others, 3, err);
    if (rc == OL_OK)
        rc = read_etag(headers, "If-Match", &out->if_match, err);
    if (rc != OL_OK)
        return rc;
    if (has(headers, modified) && !date_of(headers, modified, &out->if_modified_ms))
        return bad_value(modified, err);
    uint64_t bytes = 0;
    if (!has(headers, size))
        return OL_OK;
    if (!ol_slice_u64(ol_slice_trim(ol_headers_get(headers, size)), &bytes) || bytes > INT64_MAX)
        return bad_value(size, err);
    out->if_size = (int64_t)bytes;
    return OL_OK;
}
