/* SPDX-License-Identifier: MIT */
/* Parsing of endpoints. */
#include "http/endpoint.h"

#include <stdio.h>
#include <uv.h>

static bool is_host_byte(uint8_t ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' || ch == '.' ||
           ch == '_';
}

static int fault(ol_error *err, const char *what)
{
    return ol_error_say(err, OL_ECONFIG,
                        "an endpoint is http://host[:port] or https://host[:port]: %s", what);
}

static int take_scheme(ol_slice *rest, ol_http_endpoint *out, ol_error *err)
{
    ol_slice plain = OL_SLICE_LIT("http://"), secure = OL_SLICE_LIT("https://");
    out->tls = ol_slice_starts(*rest, secure);
    if (!out->tls && !ol_slice_starts(*rest, plain))
        return fault(err, "it begins with neither");
    *rest = ol_slice_from(*rest, out->tls ? secure.len : plain.len);
    if (rest->len > 0 && rest->data[rest->len - 1] == '/')
        rest->len--;
    return OL_OK;
}

static int take_address6(ol_slice *rest, ol_http_endpoint *out, ol_error *err)
{
    struct sockaddr_in6 address;
    ptrdiff_t end = ol_slice_find(*rest, ']');
    if (end < 2 || (size_t)end > sizeof out->host)
        return fault(err, "malformed address");
    snprintf(out->host, sizeof out->host, "%.*s", (int)end - 1, (const char *)rest->data + 1);
    if (uv_ip6_addr(out->host, 0, &address) != 0)
        return fault(err, "malformed address");
    out->is_address = true;
    *rest = ol_slice_from(*rest, (size_t)end + 1);
    return OL_OK;
}

static int take_host(ol_slice *rest, ol_http_endpoint *out, ol_error *err)
{
    struct sockaddr_in address;
    size_t len = 0;
    if (rest->len > 0 && rest->data[0] == '[')
        return take_address6(rest, out, err);
    while (len < rest->len && rest->data[len] != ':') {
        uint8_t ch = rest->data[len];
        ch = ch >= 'A' && ch <= 'Z' ? (uint8_t)(ch | 0x20) : ch;
        if (!is_host_byte(ch) || len + 1 >= sizeof out->host)
            return fault(err, "the host's name has a character that does not belong there");
        out->host[len++] = (char)ch;
    }
    if (len == 0)
        return fault(err, "no host");
    out->host[len] = '\0';
    out->is_address = uv_ip4_addr(out->host, 0, &address) == 0;
    *rest = ol_slice_from(*rest, len);
    return OL_OK;
}

static int take_port(ol_slice rest, ol_http_endpoint *out, ol_error *err)
{
    uint64_t port = out->tls ? 443 : 80;
    bool given = rest.len > 0;
    if (given && (rest.data[0] != ':' || !ol_slice_u64(ol_slice_from(rest, 1), &port) ||
                  port == 0 || port > UINT16_MAX))
        return fault(err, "malformed port");
    out->port = (uint16_t)port;
    return OL_OK;
}

int ol_http_endpoint_parse(ol_http_endpoint *out, const char *url, ol_error *err)
{
    *out = (ol_http_endpoint){0};
    ol_slice rest = ol_slice_cstr(url);
    int rc = take_scheme(&rest, out, err);
    if (rc == OL_OK)
        rc = take_host(&rest, out, err);
    if (rc == OL_OK)
        rc = take_port(rest, out, err);
    if (rc != OL_OK)
        return rc;
    bool six = strchr(out->host, ':') != NULL;
    bool usual = out->port == (out->tls ? 443 : 80);
    int used = snprintf(out->authority, sizeof out->authority, six ? "[%s]" : "%s", out->host);
    if (!usual)
        snprintf(out->authority + used, sizeof out->authority - (size_t)used, ":%u",
                 (unsigned)out->port);
    return OL_OK;
}
