/* SPDX-License-Identifier: MIT */
#include "control/config/quantity.h"

#include <arpa/inet.h>

bool ol_size_parse(ol_slice text, uint64_t *bytes)
{
    static const struct {
        const char *unit;
        unsigned shift;
    } units[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
    size_t digits = 0;
    while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    uint64_t number;
    if (!ol_slice_u64(ol_slice_first(text, digits), &number))
        return false;
    ol_slice unit = ol_slice_trim(ol_slice_from(text, digits));
    if (unit.len == 0 && digits < text.len)
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (!ol_slice_eq_cstr(unit, units[i].unit))
            continue;
        *bytes = number << units[i].shift;
        return *bytes >> units[i].shift == number;
    }
    return false;
}

static bool is_ip_literal(const char *host, bool v6)
{
    uint8_t address[sizeof(struct in6_addr)];
    return inet_pton(v6 ? AF_INET6 : AF_INET, host, address) == 1;
}

bool ol_address_parse(ol_slice text, ol_socket_address *out)
{
    ptrdiff_t colon = (ptrdiff_t)text.len - 1;
    while (colon >= 0 && text.data[colon] != ':')
        colon--;
    if (colon <= 0)
        return false;
    uint64_t port;
    if (!ol_slice_u64(ol_slice_from(text, (size_t)colon + 1), &port) || port > UINT16_MAX)
        return false;
    ol_slice host = ol_slice_first(text, (size_t)colon);
    bool v6 = host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']';
    if (v6)
        host = ol_slice_of(host.data + 1, host.len - 2);
    if (ol_slice_eq_cstr(host, "localhost"))
        host = OL_SLICE_LIT("127.0.0.1");
    if (host.len >= sizeof(out->host) || memchr(host.data, '\0', host.len))
        return false;
    memcpy(out->host, host.data, host.len);
    out->host[host.len] = '\0';
    out->port = (uint16_t)port;
    return is_ip_literal(out->host, v6);
}
