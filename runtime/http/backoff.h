/* SPDX-License-Identifier: MIT */
/*
 * How long to wait before another try: full jitter, so that clients that failed together do not
 * come back together; and what the service asks for, within bounds.
 */
#ifndef OL_HTTP_BACKOFF_H
#define OL_HTTP_BACKOFF_H

#include "base/slice.h"

/* 0..min(max, base << tries), `tries` being those made so far (1 upwards) less one. `random` is
 * any number, all of whose bits count. */
uint32_t ol_http_backoff_ms(uint32_t base_ms, uint32_t max_ms, uint32_t tries, uint32_t random);
/* The Retry-After header: seconds, or an HTTP date against `wall_ms`. 0 when empty, malformed or
 * past; never more than UINT32_MAX. */
uint32_t ol_http_retry_after_ms(ol_slice header, int64_t wall_ms);

#endif
