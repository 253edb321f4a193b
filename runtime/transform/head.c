/* SPDX-License-Identifier: MIT */
/*
 * A transform may set what describes its bytes and nothing that steers the connection, claims
 * a checksum, or speaks for the store.
 */
#include "transform/head.h"

#include "base/clock.h"
#include "base/limits.h"
#include "transform/fields.h"

#define META_PREFIX "x-amz-meta-"
#define HEADER_NAME_BYTES_MAX 256u
#define HEADER_BYTES_MAX (8u * OL_KIB) /* of all values together */

static bool cut_prefix(ol_slice *s, ol_slice prefix)
{
    if (s->len <= prefix.len || !ol_slice_ieq(ol_slice_first(*s, prefix.len), prefix))
        return false;
    *s = ol_slice_from(*s, prefix.len);
    return true;
}

static ol_slice lower(ol_slice name, char out[HEADER_NAME_BYTES_MAX])
{
    for (size_t i = 0; i < name.len; i++) {
        char c = (char)name.data[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    return ol_slice_of(out, name.len);
}

/* ---- what the transform is told ---- */

static ol_slice unquoted(ol_slice etag)
{
    if (etag.len >= 2 && etag.data[0] == '"' && etag.data[etag.len - 1] == '"')
        return ol_slice_of(etag.data + 1, etag.len - 2);
    return etag;
}

static int describe_header(ol_buf *event, const ol_header *header)
{
    char lowered[HEADER_NAME_BYTES_MAX];
    if (header->name.len > sizeof(lowered))
        return OL_OK;
    ol_slice name = lower(header->name, lowered);
    if (cut_prefix(&name, OL_SLICE_LIT(META_PREFIX)))
        return ol_fields_add_under(event, "object.metadata.", name, header->value);
    if (ol_slice_eq_cstr(name, "etag"))
        return ol_fields_add(event, "object.etag", unquoted(header->value));
    return ol_fields_add_under(event, "object.header.", name, header->value);
}

int ol_transform_head_describe(ol_buf *event, const ol_head *head)
{
    int rc = OL_OK;
    if (head->content_length >= 0) {
        ol_buf size;
        ol_buf_init(&size, 32);
        rc = ol_buf_add_u64(&size, (uint64_t)head->content_length);
        if (rc == OL_OK)
            rc = ol_fields_add(event, "object.size", ol_buf_slice(&size));
        ol_buf_fini(&size);
    }
    for (size_t i = 0; rc == OL_OK && i < head->headers.count; i++)
        rc = describe_header(event, &head->headers.items[i]);
    return rc;
}

/* ---- what it may say ---- */

int ol_transform_head_default(ol_head *response, const ol_head *original, ol_arena *arena)
{
    *response = (ol_head){.status = 200, .content_length = -1};
    ol_headers_init(&response->headers, arena);
    ol_slice type = ol_headers_get(&original->headers, "content-type");
    if (!type.data)
        return OL_OK;
    return ol_headers_add(&response->headers, OL_SLICE_LIT("content-type"), type);
}

static bool is_allowed(ol_slice name)
{
    static const char *const names[] = {
        "content-type",  "content-disposition", "content-encoding", "content-language",
        "cache-control", "expires",             "last-modified",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (ol_slice_eq_cstr(name, names[i]))
            return true;
    return false;
}

/* Success only: failures are made with response:error, and have a document for a body. 204 and
 * 205 have none, so they cannot carry a view. */
static int apply_status(ol_head *response, ol_slice value, ol_error *err)
{
    uint64_t status;
    if (!ol_slice_u64(value, &status) || status < 200 || status > 299 || status == 204 ||
        status == 205)
        return ol_error_say(err, OL_ETRANSFORMRESPONSE,
                            "The transform set a status that is not a success with a body.");
    response->status = (int)status;
    return OL_OK;
}

static int set_header(ol_head *response, ol_slice name, ol_slice value, ol_error *err)
{
    int rc = ol_headers_set(&response->headers, name, value);
    if (rc == OL_OK)
        return OL_OK;
    if (rc == OL_ENOMEM)
        return ol_error_set(err, rc, "response head");
    return ol_error_say(err, OL_ETRANSFORMRESPONSE,
                        "The transform set a header that is not valid.");
}

static int apply_metadata(ol_head *response, ol_slice name, ol_slice value, ol_error *err)
{
    char full[sizeof(META_PREFIX) + HEADER_NAME_BYTES_MAX] = META_PREFIX;
    if (name.len > HEADER_NAME_BYTES_MAX)
        return ol_error_say(err, OL_ETRANSFORMRESPONSE,
                            "The transform set metadata with a long name.");
    lower(name, full + sizeof(META_PREFIX) - 1);
    return set_header(response, ol_slice_of(full, sizeof(META_PREFIX) - 1 + name.len), value, err);
}

static int apply_header(ol_head *response, ol_slice name, ol_slice value, ol_error *err)
{
    char lowered[HEADER_NAME_BYTES_MAX];
    int64_t ignored;
    if (name.len > sizeof(lowered))
        return ol_error_say(err, OL_ETRANSFORMRESPONSE,
                            "The transform set a header with a long name.");
    name = lower(name, lowered);
    if (!is_allowed(name))
        return ol_error_say(err, OL_ETRANSFORMRESPONSE,
                            "The transform set a header that it may not set.");
    if (ol_slice_eq_cstr(name, "last-modified") && !ol_clock_parse_http_date(value, &ignored))
        return ol_error_say(err, OL_ETRANSFORMRESPONSE,
                            "The transform set a last-modified that is not a date.");
    return set_header(response, name, value, err);
}

int ol_transform_head_apply(ol_head *response, ol_slice fields, ol_error *err)
{
    ol_fields_iter it;
    ol_slice name, value;
    size_t metadata_bytes = 0, header_bytes = 0;
    int rc = OL_OK;
    if (ol_fields_check(fields) != OL_OK)
        return ol_error_set(err, OL_ETRANSFORMRESPONSE, "a malformed head");
    ol_fields_iter_init(&it, fields);
    while (rc == OL_OK && ol_fields_next(&it, &name, &value)) {
        bool metadata = cut_prefix(&name, OL_SLICE_LIT("metadata."));
        bool header = !metadata && cut_prefix(&name, OL_SLICE_LIT("header."));
        if (header && cut_prefix(&name, OL_SLICE_LIT(META_PREFIX)))
            metadata = true;
        if (metadata)
            metadata_bytes += name.len + value.len;
        else
            header_bytes += name.len + value.len;
        if (metadata_bytes > OL_USER_METADATA_BYTES_MAX || header_bytes > HEADER_BYTES_MAX)
            return ol_error_say(err, OL_ETRANSFORMRESPONSE,
                                "The transform's headers are too large.");
        if (metadata)
            rc = apply_metadata(response, name, value, err);
        else if (header)
            rc = apply_header(response, name, value, err);
        else if (ol_slice_eq_cstr(name, "status"))
            rc = apply_status(response, value, err);
        else
            rc = ol_error_set(err, OL_ETRANSFORMRESPONSE, "an unknown field in the head");
    }
    return rc;
}
