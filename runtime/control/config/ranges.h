/* SPDX-License-Identifier: MIT */
/*
 * Ranges of addresses: "10.0.0.0/8", "2001:db8::/32", or one address. IPv4 is held as IPv6
 * (::ffff:a.b.c.d), so that a peer that came by either is told the same.
 */
#ifndef OL_CONTROL_RANGES_H
#define OL_CONTROL_RANGES_H

#include "control/config/config.h"

bool ol_range_parse(ol_slice text, ol_config_range *out);
/* `address` is a literal; something that is none is in no range. */
bool ol_range_holds(const ol_config_range *range, ol_slice address);

#endif
