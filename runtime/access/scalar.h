/* SPDX-License-Identifier: MIT */
/*
 * Numbers and dates as conditions compare them: exact, whatever the locale. Private to this room.
 */
#ifndef OL_ACCESS_SCALAR_H
#define OL_ACCESS_SCALAR_H

#include "base/slice.h"

/* "-12", "3.25": in millionths. At most 12 digits before the point and 6 behind it. */
bool ol_scalar_number(ol_slice text, int64_t *millionths);
/* "2026-11-20", "2026-11-20T10:00Z", "2026-11-20T10:00:00Z", "…+02:00", or seconds since 1970: in
 * milliseconds. */
bool ol_scalar_date(ol_slice text, int64_t *wall_ms);
/* "true" or "false", in any case. */
bool ol_scalar_bool(ol_slice text, bool *value);

#endif
