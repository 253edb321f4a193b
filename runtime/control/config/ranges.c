/* SPDX-License-Identifier: MIT */
#include "control/config/ranges.h"

#include <arpa/inet.h>

#define MAPPED_BITS 96

static bool parse_address(ol_slice text, uint8_t out[16], bool *v4)
{
    char literal[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof(literal) || memchr(text.data, '\0', text.len))
        return false;
    memcpy(literal, text.data, text.len);
    literal[text.len] = '\0';
    *v4 = inet_pton(AF_INET, literal, out + 12) == 1;
    if (!*v4)
        return inet_pton(AF_INET6, literal, out) == 1;
    memset(out, 0, 10);
    memset(out + 10, 0xff, 2);
    return true;
}

bool ol_range_parse(ol_slice text, ol_config_range *out)
{
    ptrdiff_t slash = ol_slice_find(text, '/');
    ol_slice address = slash < 0 ? text : ol_slice_first(text, (size_t)slash);
    uint64_t bits = 0;
    bool v4;
    if (!parse_address(address, out->address, &v4))
        return false;
    if (slash >= 0 && !ol_slice_u64(ol_slice_from(text, (size_t)slash + 1), &bits))
        return false;
    if (slash < 0)
        bits = v4 ? 32 : 128;
    if (bits > (v4 ? 32u : 128u))
        return false;
    out->bits = (uint8_t)(bits + (v4 ? MAPPED_BITS : 0));
    return true;
}

bool ol_range_holds(const ol_config_range *range, ol_slice address)
{
    uint8_t bytes[16];
    bool v4;
    if (!parse_address(address, bytes, &v4))
        return false;
    size_t whole = range->bits / 8, rest = range->bits % 8;
    if (memcmp(bytes, range->address, whole) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xff << (8 - rest));
    return rest == 0 || ((bytes[whole] ^ range->address[whole]) & mask) == 0;
}
