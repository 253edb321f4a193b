/* SPDX-License-Identifier: MIT */
/*
 * How often something may happen, by name: what scripts ask for with response:limit. One table for
 * the whole process, of a fixed size; any thread. Names are known by a digest. When more names
 * are in use than the table has room for, those that were idle longest are forgotten, which lets
 * them begin anew.
 */
#ifndef OL_FRONT_RATE_LIMITER_H
#define OL_FRONT_RATE_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define OL_RATE_NAMES_MAX 65536u /* 1 MiB */

typedef struct ol_rate_limiter ol_rate_limiter;

typedef struct ol_rate {
    uint64_t per_1000_s; /* 1 or more: how many in a thousand seconds, by and by */
    uint64_t burst;      /* 1 or more: how many at once after a rest */
} ol_rate;

/* NULL: no memory. */
ol_rate_limiter *ol_rate_limiter_new(void);
void ol_rate_limiter_destroy(ol_rate_limiter *limiter);

/* One more of `name`. True: it may happen, and is counted. False: not before *wait_ms; nothing is
 * counted. */
bool ol_rate_limiter_take(ol_rate_limiter *limiter, ol_slice name, const ol_rate *rate,
                          uint64_t now_ns, uint64_t *wait_ms);

/* "PER_1000_S BURST NAME", as a host writes it; the name is not empty. */
bool ol_rate_parse(ol_slice text, ol_rate *rate, ol_slice *name);

#endif
