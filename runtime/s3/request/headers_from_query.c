/* SPDX-License-Identifier: MIT */
/* Headers that stand in the query of a presigned URL (request_headers.h). */
#include "s3/request/params.h"
#include "s3/request/query.h"
#include "s3/request/request_headers.h"
#include "s3/sigv4/sigv4_private.h"

/* Parameters that are the signature itself. */
static bool is_authentication(ol_slice name)
{
    static const char *const names[] = {
        "X-Amz-Algorithm",     "X-Amz-Credential", "X-Amz-Date",           "X-Amz-Expires",
        "X-Amz-SignedHeaders", "X-Amz-Signature",  "X-Amz-Security-Token", "X-Amz-Content-Sha256",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ol_slice_ieq(name, ol_slice_cstr(names[i])))
            return true;
    return false;
}

static bool is_amz(ol_slice name)
{
    return ol_slice_ieq(ol_slice_first(name, 6), OL_SLICE_LIT("x-amz-"));
}

/* URLs are logged, bookmarked and passed on: no place for a key. */
static bool is_key(ol_slice name)
{
    return ol_slice_ieq(name, OL_SLICE_LIT("x-amz-server-side-encryption-customer-key")) ||
           ol_slice_ieq(name, OL_SLICE_LIT("x-amz-copy-source-server-side-encryption-customer-key"));
}

static int add(ol_headers *headers, ol_slice name, ol_slice value, ol_error *err)
{
    if (is_key(name))
        return ol_error_say(err, OL_EINVAL, "%.*s must be a header, and signed as one.",
                            OL_SLICE_FMT(name));
    if (ol_headers_find(headers, name))
        return ol_error_say(err, OL_EINVAL, "%.*s was given more than once.",
                            OL_SLICE_FMT(ol_slice_first(name, 100)));
    int rc = ol_headers_add(headers, name, value);
    if (rc == OL_OK)
        return OL_OK;
    return ol_error_set(err, rc, "header %.*s from the query",
                        OL_SLICE_FMT(ol_slice_first(name, 100)));
}

static int copy_headers(const ol_headers *from, ol_arena *arena, ol_headers *to, ol_error *err)
{
    ol_headers_init(to, arena);
    for (size_t i = 0; i < from->count; i++)
        if (ol_headers_borrow(to, from->items[i].name, from->items[i].value) != OL_OK)
            return ol_error_set(err, OL_ENOMEM, "the headers of a presigned request");
    return OL_OK;
}

int ol_s3_headers_from_query(ol_http_request *req, ol_arena *arena, ol_error *err)
{
    ol_slice query = req->query, name, value;
    ol_headers headers;
    if (ol_sigv4_query_kind(query) != OL_QUERY_AUTH_V4)
        return OL_OK;
    int rc = copy_headers(&req->headers, arena, &headers, err);
    while (rc == OL_OK && ol_query_next(&query, &name, &value)) {
        rc = ol_s3_decode(name, true, arena, &name, err);
        if (rc != OL_OK || !is_amz(name) || is_authentication(name))
            continue;
        rc = ol_s3_decode(value, true, arena, &value, err);
        if (rc == OL_OK)
            rc = add(&headers, name, value, err);
    }
    if (rc == OL_OK)
        req->headers = headers;
    return rc;
}
