/* SPDX-License-Identifier: MIT */
/*
 * Addresses and the networks that hold them, of both families. An IPv4 address that comes mapped
 * into IPv6 is the IPv4 address; beyond that the families stay apart: ::/0 holds no IPv4 address.
 */
#ifndef OL_BASE_IP_RANGE_H
#define OL_BASE_IP_RANGE_H

#include "base/slice.h"

typedef struct ol_ip_range {
    uint8_t address[16]; /* IPv4 mapped */
    uint8_t bits;        /* of the 128 that count */
    bool v4;
} ol_ip_range;

/* "192.0.2.0/24", "2001:db8::/32", or an address alone: a range of one. */
bool ol_ip_range_parse(ol_slice text, ol_ip_range *out);
/* An address alone, without a length. */
bool ol_ip_address_parse(ol_slice text, ol_ip_range *out);
/* False also when `address` is none. */
bool ol_ip_range_holds(const ol_ip_range *range, ol_slice address);
/* The first address of the other is in it. */
bool ol_ip_range_covers(const ol_ip_range *range, const ol_ip_range *address);
/* Whether no bit is set beside those that count: "192.0.2.1/24" has one. */
bool ol_ip_range_is_exact(const ol_ip_range *range);
/* Only its first `bits` (of 128) count; the others become 0. */
void ol_ip_range_widen(ol_ip_range *range, unsigned bits);

#define OL_IP_RANGE_TEXT_SIZE 64
/* "192.0.2.0/24", as RFC 5952 writes IPv6. */
void ol_ip_range_text(const ol_ip_range *range, char text[OL_IP_RANGE_TEXT_SIZE]);

#endif
