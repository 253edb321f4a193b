/* SPDX-License-Identifier: MIT */
/*
 * Addresses and the networks that hold them, of both families. An IPv4 address that comes mapped
 * into IPv6 is the IPv4 address; beyond that the families stay apart: ::/0 holds no IPv4 address.
 */
#ifndef OL_ACCESS_IP_RANGE_H
#define OL_ACCESS_IP_RANGE_H

#include "base/slice.h"

typedef struct ol_ip_range {
    uint8_t address[16]; /* IPv4 mapped */
    uint8_t bits;        /* of the 128 that count */
    bool v4;
} ol_ip_range;

/* "192.0.2.0/24", "2001:db8::/32", or an address alone. */
bool ol_ip_range_parse(ol_slice text, ol_ip_range *out);
/* False also when `address` is none. */
bool ol_ip_range_holds(const ol_ip_range *range, ol_slice address);

#endif
