/* SPDX-License-Identifier: MIT */
/*
 * Time: a monotonic clock for deadlines, the wall clock for dates, and the three date
 * formats of S3 (ISO 8601 in XML, RFC 7231 in headers, the compact form of SigV4).
 */
#ifndef OL_BASE_CLOCK_H
#define OL_BASE_CLOCK_H

#include "base/slice.h"

#define OL_ISO8601_SIZE 25  /* "2026-11-20T23:30:47.123Z" and NUL */
#define OL_HTTP_DATE_SIZE 30 /* "Fri, 20 Nov 2026 23:30:47 GMT" and NUL */
#define OL_AMZ_DATE_SIZE 17 /* "20261120T233047Z" and NUL */

uint64_t ol_clock_mono_ns(void);
uint64_t ol_clock_mono_ms(void);
/* Milliseconds since 1970 UTC. */
int64_t ol_clock_wall_ms(void);
/* A count that goes up steadily, several times cheaper to read than the clock: for measuring what
 * takes less than the clock does. Its rate is not told: set it beside the clock. On a processor
 * without a steady counter it is the clock. */
uint64_t ol_clock_ticks(void);
/* CPU time of the calling thread, ns. */
uint64_t ol_clock_thread_cpu_ns(void);

void ol_clock_iso8601(int64_t wall_ms, char out[OL_ISO8601_SIZE]);
void ol_clock_http_date(int64_t wall_ms, char out[OL_HTTP_DATE_SIZE]);
void ol_clock_amz_date(int64_t wall_ms, char out[OL_AMZ_DATE_SIZE]);
/* The three HTTP date forms of RFC 7231 7.1.1.1. False when malformed. */
bool ol_clock_parse_http_date(ol_slice text, int64_t *wall_ms);
bool ol_clock_parse_amz_date(ol_slice text, int64_t *wall_ms);
/* "2026-11-20T23:30:47Z", maybe with a fraction of 1 to 9 digits, of which milliseconds are kept. */
bool ol_clock_parse_iso8601(ol_slice text, int64_t *wall_ms);

#endif
