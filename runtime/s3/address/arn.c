/* SPDX-License-Identifier: MIT */
/* ARNs of buckets and access points, and what x-amz-copy-source names. */
#include "base/limits.h"
#include "s3/address/address_private.h"
#include "s3/request/params.h"

#define ACCOUNT_DIGITS 12

bool ol_s3_is_account(ol_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.len == ACCOUNT_DIGITS;
}

bool ol_s3_split_door(ol_slice label, ol_slice *name, ol_slice *account)
{
    if (label.len < ACCOUNT_DIGITS + 2 || label.data[label.len - ACCOUNT_DIGITS - 1] != '-')
        return false;
    *account = ol_slice_from(label, label.len - ACCOUNT_DIGITS);
    *name = ol_slice_first(label, label.len - ACCOUNT_DIGITS - 1);
    return ol_s3_is_account(*account) && ol_slice_find(*name, '.') < 0;
}

/* Cut what stands before the next ':' off *rest. */
static bool cut_field(ol_slice *rest, ol_slice *field)
{
    ptrdiff_t colon = ol_slice_find(*rest, ':');
    if (colon < 0)
        return false;
    *field = ol_slice_first(*rest, (size_t)colon);
    *rest = ol_slice_of(rest->data + colon + 1, rest->len - (size_t)colon - 1);
    return true;
}

static bool read_bucket(ol_slice resource, ol_s3_arn *out)
{
    ptrdiff_t slash = ol_slice_find(resource, '/');
    out->name = slash < 0 ? resource : ol_slice_first(resource, (size_t)slash);
    if (slash >= 0)
        out->key = ol_slice_of(resource.data + slash + 1, resource.len - (size_t)slash - 1);
    return out->name.len > 0 && ol_slice_eq_cstr(out->service, "s3") && out->region.len == 0;
}

static bool is_door_name(ol_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return name.len > 0 && name.len <= OL_BUCKET_NAME_MAX;
}

static bool read_door(ol_slice resource, ol_s3_arn *out)
{
    const ol_slice kind = OL_SLICE_LIT("accesspoint");
    if (resource.len <= kind.len || !ol_slice_starts(resource, kind) ||
        (resource.data[kind.len] != '/' && resource.data[kind.len] != ':'))
        return false;
    ol_slice rest = ol_slice_from(resource, kind.len + 1);
    ptrdiff_t slash = ol_slice_find(rest, '/');
    out->name = slash < 0 ? rest : ol_slice_first(rest, (size_t)slash);
    if (slash >= 0) {
        const ol_slice object = OL_SLICE_LIT("/object/");
        rest = ol_slice_from(rest, (size_t)slash);
        if (!ol_slice_starts(rest, object))
            return false;
        out->key = ol_slice_of(rest.data + object.len, rest.len - object.len);
    }
    bool lambda = ol_slice_eq_cstr(out->service, "s3-object-lambda");
    out->door = lambda ? OL_S3_DOOR_OBJECT_LAMBDA : OL_S3_DOOR_ACCESS_POINT;
    return (lambda || ol_slice_eq_cstr(out->service, "s3")) && out->region.len > 0 &&
           ol_s3_is_account(out->account) && is_door_name(out->name);
}

bool ol_s3_arn_parse(ol_slice text, ol_s3_arn *out)
{
    ol_slice word, rest = text;
    memset(out, 0, sizeof *out);
    if (!cut_field(&rest, &word) || !ol_slice_eq_cstr(word, "arn") ||
        !cut_field(&rest, &out->partition) || !cut_field(&rest, &out->service) ||
        !cut_field(&rest, &out->region) || !cut_field(&rest, &out->account))
        return false;
    return out->account.len == 0 ? read_bucket(rest, out) : read_door(rest, out);
}

/* ---- copies ---- */

/* The version is what follows the last "?versionId=", so that keys may hold a '?' encoded. */
static void cut_version(ol_slice *text, ol_slice *version)
{
    const ol_slice word = OL_SLICE_LIT("?versionId=");
    *version = OL_SLICE_NONE;
    ptrdiff_t mark = ol_slice_find(*text, '?');
    if (mark < 0)
        return;
    ol_slice query = ol_slice_from(*text, (size_t)mark);
    if (!ol_slice_starts(query, word))
        return;
    *version = ol_slice_of(query.data + word.len, query.len - word.len);
    *text = ol_slice_first(*text, (size_t)mark);
}

static int malformed(ol_error *err)
{
    return ol_error_say(err, OL_EINVAL,
                        "Copy Source must mention the source bucket and key: "
                        "sourcebucket/sourcekey");
}

static int split_source(ol_slice text, ol_s3_copy_source *out, ol_error *err)
{
    if (ol_slice_starts(text, OL_SLICE_LIT("arn:"))) {
        ol_s3_arn arn;
        if (!ol_s3_arn_parse(text, &arn) || !arn.key.data)
            return malformed(err);
        out->key = arn.key;
        size_t name_end = (size_t)(arn.name.data + arn.name.len - text.data);
        out->bucket =
            arn.door == OL_S3_DOOR_NONE ? arn.name : ol_slice_first(text, name_end);
        return OL_OK;
    }
    ptrdiff_t slash = ol_slice_find(text, '/');
    if (slash <= 0)
        return malformed(err);
    out->bucket = ol_slice_first(text, (size_t)slash);
    out->key = ol_slice_from(text, (size_t)slash + 1);
    return OL_OK;
}

int ol_s3_copy_source_parse(ol_slice header, ol_arena *arena, ol_s3_copy_source *out, ol_error *err)
{
    ol_slice text = ol_slice_trim(header), version;
    memset(out, 0, sizeof *out);
    cut_version(&text, &version);
    int rc = ol_s3_decode(text, false, arena, &text, err);
    if (rc == OL_OK && version.data)
        rc = ol_s3_decode(version, false, arena, &out->version, err);
    if (rc != OL_OK)
        return rc;
    if (ol_slice_starts(text, OL_SLICE_LIT("/")))
        text = ol_slice_from(text, 1);
    rc = split_source(text, out, err);
    if (rc != OL_OK)
        return rc;
    if (out->key.len == 0)
        return malformed(err);
    if (out->key.len > OL_KEY_BYTES_MAX)
        return ol_error_set(err, OL_EKEYTOOLONG, "%zu bytes in a copy source", out->key.len);
    if (ol_slice_find(out->key, 0) >= 0 || !ol_slice_is_utf8(out->key))
        return ol_error_set(err, OL_EINVALIDURI, "the source's key is not text");
    return OL_OK;
}
