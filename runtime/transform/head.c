/* SPDX-License-Identifier: MIT */
/*
 * A transform may set what describes its bytes and nothing that steers the connection, claims
 * a checksum, or speaks for the store.
 */
#include "transform/head.h"

#include <stdio.h>

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

bool ol_transform_has_original(enum ol_transform_entry entry)
{
    return entry == OL_ENTRY_GET || entry == OL_ENTRY_HEAD;
}

static int describe_head(ol_buf *event, const ol_head *head)
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

int ol_transform_event_complete(ol_buf *event, enum ol_transform_entry entry, ol_slice key,
                                const ol_head *head)
{
    if (ol_transform_has_original(entry))
        return describe_head(event, head);
    return entry == OL_ENTRY_REQUEST ? ol_fields_add(event, "object.key", key) : OL_OK;
}

/* ---- what it may say ---- */

uint64_t ol_transform_out_bytes_max(enum ol_transform_entry entry)
{
    static const uint64_t max[OL_ENTRIES] = {
        [OL_ENTRY_GET] = UINT64_MAX,
        [OL_ENTRY_LIST] = OL_TRANSFORM_LISTING_BYTES_MAX,
        [OL_ENTRY_REQUEST] = OL_KEY_BYTES_MAX,
    };
    return max[entry];
}

int ol_transform_head_default(ol_head *response, const ol_head *original, ol_arena *arena)
{
    *response = (ol_head){.status = 200, .content_length = -1};
    ol_headers_init(&response->headers, arena);
    ol_slice type = original ? ol_headers_get(&original->headers, "content-type") : OL_SLICE_NONE;
    if (!type.data)
        return OL_OK;
    return ol_headers_add(&response->headers, OL_SLICE_LIT("content-type"), type);
}

static bool is_allowed(ol_slice name)
{
    static const char *const names[] = {
        "content-type",  "content-disposition", "content-encoding", "content-language",
        "cache-control", "expires",             "last-modified",    "content-range",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (ol_slice_eq_cstr(name, names[i]))
            return true;
    return false;
}

/* Success only: failures are made with response:error, and have a document for a body. 204 and
 * 205 have none, so they cannot carry a view. */
static bool is_status_of(enum ol_transform_entry entry, uint64_t status)
{
    if (entry == OL_ENTRY_REQUEST)
        return status == 200 || status == 404;
    return status >= 200 && status <= 299 && status != 204 && status != 205;
}

static int apply_status(ol_head *response, enum ol_transform_entry entry, ol_slice value,
                        ol_error *err)
{
    uint64_t status;
    if (!ol_slice_u64(value, &status) || !is_status_of(entry, status))
        return ol_error_say(err, OL_ETRANSFORMRESPONSE,
                            "The transform set a status that is not a success with a body.");
    response->status = (int)status;
    return OL_OK;
}

static int apply_size(ol_head *response, ol_slice value, ol_error *err)
{
    uint64_t size;
    if (!ol_slice_u64(value, &size) || size > INT64_MAX)
        return ol_error_say(err, OL_ETRANSFORMRESPONSE,
                            "The transform set a size that is not a number of bytes.");
    response->content_length = (int64_t)size;
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

/* The names that people set by mistake. No other is repeated: it comes from a host, and a script
 * could write what it read into one. */
static const char *refused_name(ol_slice name)
{
    static const char *const names[] = {
        "content-length", "transfer-encoding", "connection", "keep-alive",    "upgrade",
        "trailer",        "date",              "server",     "etag",          "content-md5",
        "accept-ranges",  "vary",              "set-cookie", "location",      "retry-after",
        "www-authenticate", "access-control-allow-origin",   "x-amz-request-id"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (ol_slice_eq_cstr(name, names[i]))
            return names[i];
    return "one whose name is not repeated here";
}

static int apply_header(ol_head *response, ol_slice name, ol_slice value, ol_error *err)
{
    char lowered[HEADER_NAME_BYTES_MAX];
    int64_t ignored;
    if (name.len > sizeof(lowered))
        return ol_error_say(err, OL_ETRANSFORMRESPONSE,
                            "The transform set a header with a long name.");
    name = lower(name, lowered);
    if (!is_allowed(name)) {
        ol_error_say(err, OL_ETRANSFORMRESPONSE, "The transform set a header that it may not set.");
        if (err)
            snprintf(err->detail, sizeof(err->detail), "header %s", refused_name(name));
        return OL_ETRANSFORMRESPONSE;
    }
    if (ol_slice_eq_cstr(name, "last-modified") && !ol_clock_parse_http_date(value, &ignored))
        return ol_error_say(err, OL_ETRANSFORMRESPONSE,
                            "The transform set a last-modified that is not a date.");
    return set_header(response, name, value, err);
}

/* Where a field goes. */
enum part { PART_HEADER, PART_METADATA, PART_OTHER };

static enum part take_part(ol_slice *name)
{
    if (cut_prefix(name, OL_SLICE_LIT("metadata.")))
        return PART_METADATA;
    if (!cut_prefix(name, OL_SLICE_LIT("header.")))
        return PART_OTHER;
    return cut_prefix(name, OL_SLICE_LIT(META_PREFIX)) ? PART_METADATA : PART_HEADER;
}

/* Handed on as a header, for whoever asked what the program says. */
static int add_limit(ol_head *response, ol_slice value, ol_error *err)
{
    int rc = response->headers.count < OL_TRANSFORM_LIMITS_MAX
                 ? ol_headers_add(&response->headers, OL_SLICE_LIT(OL_TRANSFORM_LIMIT_HEADER), value)
                 : OL_ELIMIT;
    if (rc == OL_OK || rc == OL_ENOMEM)
        return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "response head");
    return ol_error_set(err, OL_ETRANSFORMRESPONSE, "limits that cannot be");
}

static int apply_other(ol_head *response, enum ol_transform_entry entry, ol_slice name,
                       ol_slice value, ol_error *err)
{
    if (ol_slice_eq_cstr(name, "status"))
        return apply_status(response, entry, value, err);
    if (entry == OL_ENTRY_HEAD && ol_slice_eq_cstr(name, "size"))
        return apply_size(response, value, err);
    if (entry == OL_ENTRY_REQUEST && ol_slice_eq_cstr(name, "limit"))
        return add_limit(response, value, err);
    return ol_error_set(err, OL_ETRANSFORMRESPONSE, "an unknown field in the head");
}

/* A transform that was handed the range says which part it gives, and that it is one. */
static int check_range(const ol_head *response, ol_error *err)
{
    bool has_range = ol_headers_get(&response->headers, "content-range").data;
    if (!has_range || response->status == 206)
        return OL_OK;
    return ol_error_say(err, OL_ETRANSFORMRESPONSE,
                        "The transform set a content-range without the status 206.");
}

int ol_transform_head_apply(ol_head *response, enum ol_transform_entry entry, ol_slice fields,
                            ol_error *err)
{
    ol_fields_iter it;
    ol_slice name, value;
    size_t metadata_bytes = 0, header_bytes = 0;
    int rc = OL_OK;
    if (ol_fields_check(fields) != OL_OK)
        return ol_error_set(err, OL_ETRANSFORMRESPONSE, "a malformed head");
    ol_fields_iter_init(&it, fields);
    while (rc == OL_OK && ol_fields_next(&it, &name, &value)) {
        enum part part = take_part(&name);
        *(part == PART_METADATA ? &metadata_bytes : &header_bytes) += name.len + value.len;
        if (metadata_bytes > OL_USER_METADATA_BYTES_MAX || header_bytes > HEADER_BYTES_MAX)
            return ol_error_say(err, OL_ETRANSFORMRESPONSE,
                                "The transform's headers are too large.");
        if (part == PART_METADATA)
            rc = apply_metadata(response, name, value, err);
        else if (part == PART_HEADER)
            rc = apply_header(response, name, value, err);
        else
            rc = apply_other(response, entry, name, value, err);
    }
    return rc == OL_OK ? check_range(response, err) : rc;
}
