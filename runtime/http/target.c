/* SPDX-License-Identifier: MIT */
/* Request targets: origin form, absolute form, and the star of OPTIONS. */
#include "http/target.h"

#include "http/syntax.h"

static int refuse(ol_http_fault *fault, const char *why)
{
    *fault = (ol_http_fault){400, why};
    return OL_EPROTOCOL;
}

static bool starts_without_case(ol_slice text, ol_slice prefix)
{
    return text.len >= prefix.len && ol_slice_ieq(ol_slice_first(text, prefix.len), prefix);
}

/* The bytes before '/' or '?'. */
static size_t authority_len(ol_slice text)
{
    size_t len = 0;
    while (len < text.len && text.data[len] != '/' && text.data[len] != '?')
        len++;
    return len;
}

/* "http://host/path": the authority must be what the Host header says, or we and a proxy in
 * front of us could mean different hosts. */
static int split_absolute(ol_http_request *request, ol_slice rest, ol_slice host_header,
                          ol_http_fault *fault)
{
    size_t len = authority_len(rest);
    ol_slice authority = ol_slice_first(rest, len);
    if (len == 0 || !ol_http_all(authority, OL_CH_HOST))
        return refuse(fault, "malformed authority in the request target");
    if (host_header.data && !ol_slice_ieq(authority, host_header))
        return refuse(fault, "Host differs from the request target");
    request->host = authority;
    request->path = ol_slice_from(rest, len);
    if (request->path.len == 0)
        request->path = OL_SLICE_LIT("/");
    return OL_OK;
}

int ol_http_split_target(ol_http_request *request, ol_slice target, ol_slice host_header,
                         ol_http_fault *fault)
{
    request->target = target;
    request->host = host_header;
    request->query = OL_SLICE_NONE;
    if (!ol_http_all(host_header, OL_CH_HOST))
        return refuse(fault, "malformed Host");
    if (target.data[0] == '/') {
        request->path = target;
    } else if (ol_slice_eq(target, OL_SLICE_LIT("*")) && request->method == OL_HTTP_OPTIONS) {
        request->path = target;
        return OL_OK;
    } else {
        ol_slice http = OL_SLICE_LIT("http://"), https = OL_SLICE_LIT("https://");
        bool plain = starts_without_case(target, http);
        if (!plain && !starts_without_case(target, https))
            return refuse(fault, "malformed request target");
        int rc = split_absolute(request, ol_slice_from(target, plain ? http.len : https.len),
                                host_header, fault);
        if (rc != OL_OK)
            return rc;
    }
    ptrdiff_t mark = ol_slice_find(request->path, '?');
    if (mark < 0)
        return OL_OK;
    /* A '?' at the very end is a query that is there, and empty: data must not be NULL. */
    size_t after = (size_t)mark + 1;
    request->query = ol_slice_of(request->path.data + after, request->path.len - after);
    request->path = ol_slice_first(request->path, (size_t)mark);
    if (request->path.len == 0)
        request->path = OL_SLICE_LIT("/");
    return OL_OK;
}

enum ol_http_method ol_http_method_of(ol_slice name)
{
    static const struct {
        ol_slice name;
        enum ol_http_method method;
    } known[] = {
        {{(const uint8_t *)"GET", 3}, OL_HTTP_GET},
        {{(const uint8_t *)"HEAD", 4}, OL_HTTP_HEAD},
        {{(const uint8_t *)"PUT", 3}, OL_HTTP_PUT},
        {{(const uint8_t *)"POST", 4}, OL_HTTP_POST},
        {{(const uint8_t *)"DELETE", 6}, OL_HTTP_DELETE},
        {{(const uint8_t *)"OPTIONS", 7}, OL_HTTP_OPTIONS},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (ol_slice_eq(name, known[i].name))
            return known[i].method;
    }
    return OL_HTTP_OTHER;
}
