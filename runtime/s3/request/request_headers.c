/* SPDX-License-Identifier: MIT */
/* The table of refused headers, and the selection of those that belong to an object. */
#include "s3/request/request_headers.h"

#include "base/limits.h"

#define META_PREFIX "x-amz-meta-"

/* ---- refusing ---- */

static const struct refused {
    ol_slice name;
    bool prefix;            /* every header that begins so */
    const char *allowed[2]; /* values that ask for nothing */
} refused_headers[] = {
    {OL_SLICE_LIT("x-amz-object-lock-"), true, {NULL, NULL}},
    {OL_SLICE_LIT("x-amz-bucket-object-lock-enabled"), false, {"false", "False"}},
    {OL_SLICE_LIT("x-amz-bucket-namespace"), false, {NULL, NULL}},
    {OL_SLICE_LIT("x-amz-website-redirect-location"), false, {NULL, NULL}},
    {OL_SLICE_LIT("x-amz-rename-source"), true, {NULL, NULL}},
    {OL_SLICE_LIT("x-amz-write-offset-bytes"), false, {NULL, NULL}},
};
#define REFUSED_COUNT (sizeof refused_headers / sizeof refused_headers[0])

static bool asks_for(const ol_header *header, const struct refused *row)
{
    ol_slice name = row->prefix ? ol_slice_first(header->name, row->name.len) : header->name;
    if (!ol_slice_ieq(name, row->name))
        return false;
    ol_slice value = ol_slice_trim(header->value);
    for (size_t i = 0; i < 2; i++)
        if (row->allowed[i] && ol_slice_eq_cstr(value, row->allowed[i]))
            return false;
    return true;
}

int ol_s3_headers_refuse(const ol_headers *headers, ol_error *err)
{
    for (size_t i = 0; i < headers->count; i++) {
        const ol_header *header = &headers->items[i];
        if (header->name.len < 6 || (header->name.data[0] | 0x20) != 'x' ||
            !ol_slice_ieq(ol_slice_first(header->name, 6), OL_SLICE_LIT("x-amz-")))
            continue;
        for (size_t k = 0; k < REFUSED_COUNT; k++)
            if (asks_for(header, &refused_headers[k]))
                return ol_error_say(err, OL_ENOTIMPLEMENTED,
                                    "A header you provided implies functionality that is not "
                                    "implemented: %.*s",
                                    OL_SLICE_FMT(ol_slice_first(header->name, 100)));
    }
    return OL_OK;
}

static int check_owner(const ol_headers *headers, const char *name, ol_slice account_id,
                       ol_error *err)
{
    for (size_t i = 0; i < headers->count; i++) {
        const ol_header *header = &headers->items[i];
        if (ol_header_name_is(header, name) &&
            !ol_slice_eq(ol_slice_trim(header->value), account_id))
            return ol_error_set(err, OL_EACCESS, "%s is another account", name);
    }
    return OL_OK;
}

int ol_s3_headers_check_owner(const ol_headers *headers, ol_slice account_id, ol_error *err)
{
    return check_owner(headers, "x-amz-expected-bucket-owner", account_id, err);
}

int ol_s3_headers_check_source_owner(const ol_headers *headers, ol_slice account_id, ol_error *err)
{
    return check_owner(headers, "x-amz-source-expected-bucket-owner", account_id, err);
}

/* ---- keeping ---- */

static int keep_one(ol_headers *keep, ol_slice name, ol_slice value, ol_error *err)
{
    int rc = ol_headers_add(keep, name, value);
    if (rc == OL_OK)
        return OL_OK;
    return ol_error_set(err, rc == OL_ENOMEM ? OL_ENOMEM : OL_EINVAL, "header %.*s cannot be kept",
                        OL_SLICE_FMT(ol_slice_first(name, 100)));
}

/* All values of that name, comma-separated, in arena memory; data NULL when there is none. */
static int join_values(const ol_headers *headers, ol_slice name, ol_arena *arena, ol_slice *out,
                       ol_error *err)
{
    size_t count = 0, room = 0;
    *out = OL_SLICE_NONE;
    for (size_t i = 0; i < headers->count; i++) {
        if (!ol_slice_ieq(headers->items[i].name, name))
            continue;
        *out = ol_slice_trim(headers->items[i].value);
        room += out->len + 1;
        count++;
    }
    if (count < 2)
        return OL_OK;
    uint8_t *bytes = ol_arena_alloc(arena, room);
    if (!bytes)
        return ol_error_set(err, OL_ENOMEM, "joining headers");
    size_t len = 0;
    for (size_t i = 0; i < headers->count; i++) {
        if (!ol_slice_ieq(headers->items[i].name, name))
            continue;
        ol_slice value = ol_slice_trim(headers->items[i].value);
        if (len > 0)
            bytes[len++] = ',';
        if (value.len > 0)
            memcpy(bytes + len, value.data, value.len);
        len += value.len;
    }
    *out = ol_slice_of(bytes, len);
    return OL_OK;
}

/* `value` without the transfer's own coding; untouched where that is not in it. */
static int drop_aws_chunked(ol_slice value, ol_arena *arena, ol_slice *out, ol_error *err)
{
    uint8_t *bytes = ol_arena_alloc(arena, value.len + 1);
    size_t len = 0;
    bool dropped = false;
    if (!bytes)
        return ol_error_set(err, OL_ENOMEM, "content-encoding");
    for (ol_slice rest = value; rest.len > 0;) {
        ptrdiff_t comma = ol_slice_find(rest, ',');
        ol_slice coding = ol_slice_trim(comma < 0 ? rest : ol_slice_first(rest, (size_t)comma));
        rest = comma < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)comma + 1);
        if (ol_slice_ieq(coding, OL_SLICE_LIT("aws-chunked"))) {
            dropped = true;
            continue;
        }
        if (coding.len == 0)
            continue;
        if (len > 0)
            bytes[len++] = ',';
        memcpy(bytes + len, coding.data, coding.len);
        len += coding.len;
    }
    *out = dropped ? ol_slice_of(bytes, len) : value;
    return OL_OK;
}

static int keep_encoding(const ol_headers *headers, ol_headers *keep, ol_error *err)
{
    ol_slice value;
    int rc = join_values(headers, OL_SLICE_LIT("content-encoding"), keep->arena, &value, err);
    if (rc == OL_OK && value.len > 0)
        rc = drop_aws_chunked(value, keep->arena, &value, err);
    if (rc != OL_OK || value.len == 0)
        return rc;
    return keep_one(keep, OL_SLICE_LIT("content-encoding"), value, err);
}

static int keep_standard(const ol_headers *headers, ol_headers *keep, ol_error *err)
{
    static const char *const names[] = {
        "cache-control", "content-disposition", "content-language", "expires",
    };
    ol_slice type = ol_slice_trim(ol_headers_get(headers, "content-type"));
    if (type.len == 0)
        type = OL_SLICE_LIT("binary/octet-stream");
    int rc = keep_one(keep, OL_SLICE_LIT("content-type"), type, err);
    if (rc == OL_OK)
        rc = keep_encoding(headers, keep, err);
    for (size_t i = 0; i < sizeof names / sizeof names[0] && rc == OL_OK; i++) {
        ol_slice value = ol_slice_trim(ol_headers_get(headers, names[i]));
        if (value.len > 0)
            rc = keep_one(keep, ol_slice_cstr(names[i]), value, err);
    }
    return rc;
}

/* A class is a price, not a promise: whatever S3 knows is taken, kept and shown again. */
static int keep_storage_class(const ol_headers *headers, ol_headers *keep, ol_error *err)
{
    static const char *const classes[] = {
        "STANDARD",    "REDUCED_REDUNDANCY",  "STANDARD_IA", "ONEZONE_IA",
        "GLACIER",     "INTELLIGENT_TIERING", "GLACIER_IR",  "DEEP_ARCHIVE",
        "OUTPOSTS",    "SNOW",                "EXPRESS_ONEZONE",
    };
    const ol_header *header = ol_headers_find(headers, OL_SLICE_LIT("x-amz-storage-class"));
    if (!header)
        return OL_OK;
    ol_slice value = ol_slice_trim(header->value);
    size_t i = 0;
    while (i < sizeof classes / sizeof classes[0] && !ol_slice_eq_cstr(value, classes[i]))
        i++;
    if (i == sizeof classes / sizeof classes[0])
        return ol_error_custom(err, OL_EINVAL, 400, OL_SLICE_LIT("InvalidStorageClass"),
                               OL_SLICE_LIT("The storage class you specified is not valid"));
    return i == 0 ? OL_OK : keep_one(keep, OL_SLICE_LIT("x-amz-storage-class"), value, err);
}

static int lower_name(ol_slice name, ol_arena *arena, ol_slice *out, ol_error *err)
{
    uint8_t *bytes = ol_arena_alloc(arena, name.len);
    if (!bytes)
        return ol_error_set(err, OL_ENOMEM, "metadata");
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        bytes[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
    }
    *out = ol_slice_of(bytes, name.len);
    return OL_OK;
}

/* One x-amz-meta-* header; a name that came before brings all its values at the first. */
static int keep_metadata_of(const ol_headers *headers, ol_slice name, ol_headers *keep,
                            size_t *total, ol_error *err)
{
    ol_slice lower = OL_SLICE_NONE, value = OL_SLICE_NONE;
    if (name.len == sizeof META_PREFIX - 1)
        return ol_error_say(err, OL_EINVAL, "A metadata header needs a name behind x-amz-meta-.");
    if (ol_headers_find(keep, name))
        return OL_OK;
    int rc = join_values(headers, name, keep->arena, &value, err);
    if (rc == OL_OK)
        rc = lower_name(name, keep->arena, &lower, err);
    if (rc != OL_OK)
        return rc;
    *total += name.len - (sizeof META_PREFIX - 1) + value.len;
    if (*total > OL_USER_METADATA_BYTES_MAX)
        return ol_error_set(err, OL_EMETADATATOOLARGE, NULL);
    return keep_one(keep, lower, value, err);
}

int ol_s3_headers_keep(const ol_headers *headers, ol_headers *keep, ol_error *err)
{
    ol_slice prefix = OL_SLICE_LIT(META_PREFIX);
    size_t total = 0;
    int rc = keep_standard(headers, keep, err);
    if (rc == OL_OK)
        rc = keep_storage_class(headers, keep, err);
    for (size_t i = 0; i < headers->count && rc == OL_OK; i++) {
        ol_slice name = headers->items[i].name;
        if (ol_slice_ieq(ol_slice_first(name, prefix.len), prefix))
            rc = keep_metadata_of(headers, name, keep, &total, err);
    }
    return rc;
}
