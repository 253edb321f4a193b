/* SPDX-License-Identifier: MIT */
#include "base/ip_range.h"

#include <arpa/inet.h>
#include <stdio.h>

#define MAPPED_BITS 96

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

static bool parse_address(ol_slice text, uint8_t out[16], bool *v4)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.data, 0, text.len))
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    memcpy(out, mapped_prefix, sizeof(mapped_prefix));
    *v4 = inet_pton(AF_INET, copy, out + sizeof(mapped_prefix)) == 1;
    return *v4 || inet_pton(AF_INET6, copy, out) == 1;
}

static bool is_mapped(const uint8_t address[16])
{
    return memcmp(address, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

bool ol_ip_range_parse(ol_slice text, ol_ip_range *out)
{
    ptrdiff_t slash = ol_slice_find(text, '/');
    ol_slice address = slash < 0 ? text : ol_slice_first(text, (size_t)slash);
    bool v4;
    if (!parse_address(address, out->address, &v4))
        return false;
    uint64_t bits = v4 ? 32 : 128;
    if (slash >= 0) {
        uint64_t given;
        ol_slice digits = ol_slice_from(text, (size_t)slash + 1);
        if (digits.len > 3 || !ol_slice_u64(digits, &given) || given > bits)
            return false;
        bits = given;
    }
    out->bits = (uint8_t)(v4 ? bits + MAPPED_BITS : bits);
    out->v4 = v4 || (is_mapped(out->address) && out->bits >= MAPPED_BITS);
    return true;
}

bool ol_ip_address_parse(ol_slice text, ol_ip_range *out)
{
    return ol_slice_find(text, '/') < 0 && ol_ip_range_parse(text, out);
}

bool ol_ip_range_covers(const ol_ip_range *range, const ol_ip_range *address)
{
    if (range->v4 != address->v4)
        return false;
    size_t whole = range->bits / 8, rest = range->bits % 8;
    if (memcmp(address->address, range->address, whole) != 0)
        return false;
    return rest == 0 || ((address->address[whole] ^ range->address[whole]) >> (8 - rest)) == 0;
}

bool ol_ip_range_holds(const ol_ip_range *range, ol_slice text)
{
    ol_ip_range address;
    return ol_ip_address_parse(text, &address) && ol_ip_range_covers(range, &address);
}

void ol_ip_range_widen(ol_ip_range *range, unsigned bits)
{
    range->bits = (uint8_t)bits;
    for (unsigned i = 0; i < sizeof(range->address); i++) {
        unsigned kept = bits > 8 * i ? bits - 8 * i : 0;
        if (kept < 8)
            range->address[i] &= (uint8_t)(0xFF00 >> kept);
    }
}

bool ol_ip_range_is_exact(const ol_ip_range *range)
{
    ol_ip_range first = *range;
    ol_ip_range_widen(&first, range->bits);
    return memcmp(first.address, range->address, sizeof(first.address)) == 0;
}

void ol_ip_range_text(const ol_ip_range *range, char text[OL_IP_RANGE_TEXT_SIZE])
{
    char address[INET6_ADDRSTRLEN];
    inet_ntop(range->v4 ? AF_INET : AF_INET6, range->address + (range->v4 ? sizeof(mapped_prefix) : 0),
              address, sizeof(address));
    snprintf(text, OL_IP_RANGE_TEXT_SIZE, "%s/%u", address, (unsigned)range->bits - (range->v4 ? MAPPED_BITS : 0));
}
