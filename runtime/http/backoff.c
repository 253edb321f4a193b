/* SPDX-License-Identifier: MIT */
/* Waiting times. */
#include "http/backoff.h"

#include "base/clock.h"

uint32_t ol_http_backoff_ms(uint32_t base_ms, uint32_t max_ms, uint32_t tries, uint32_t random)
{
    uint32_t shift = tries > 1 ? tries - 1 : 0;
    uint64_t ceiling = shift < 31 ? (uint64_t)base_ms << shift : UINT64_MAX;
    if (ceiling > max_ms)
        ceiling = max_ms;
    return (uint32_t)(((ceiling + 1) * random) >> 32);
}

uint32_t ol_http_retry_after_ms(ol_slice header, int64_t wall_ms)
{
    uint64_t seconds;
    int64_t date_ms;
    if (ol_slice_u64(header, &seconds))
        return seconds > UINT32_MAX / 1000 ? UINT32_MAX : (uint32_t)seconds * 1000;
    if (header.len == 0 || !ol_clock_parse_http_date(header, &date_ms) || date_ms <= wall_ms)
        return 0;
    return date_ms - wall_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)(date_ms - wall_ms);
}
