/* SPDX-License-Identifier: MIT */
/*
 * Counters and histograms, one set a loop, added up when scraped. Writers are the loop's own
 * thread; readers any thread (relaxed atomics).
 */
#ifndef OL_OBSERVE_METRICS_H
#define OL_OBSERVE_METRICS_H

#include "base/buf.h"
#include "base/error.h"

/* name suffix, Prometheus help. Exposed as objlens_<name>_total. */
#define OL_COUNTERS(X)                                                         \
    X(requests, "Requests answered")                                           \
    X(requests_object_lambda, "Requests answered through a transform")         \
    X(requests_2xx, "Responses with status 2xx")                               \
    X(requests_3xx, "Responses with status 3xx")                               \
    X(requests_4xx, "Responses with status 4xx")                               \
    X(requests_5xx, "Responses with status 5xx")                               \
    X(responses_broken, "Responses cut after their head had left")             \
    X(bytes_in, "Body bytes received")                                         \
    X(bytes_out, "Body bytes sent")                                            \
    X(auth_failures, "Requests whose signature or identity was refused")       \
    X(transform_runs, "Transform runs")                                        \
    X(transform_failures, "Transform runs that failed")                        \
    X(transform_retries, "Requests run again after their host died")           \
    X(transform_log_dropped, "Script log bytes over the limit")

enum ol_counter {
#define OL_COUNTER_ENUM(name, help) OL_COUNTER_##name,
    OL_COUNTERS(OL_COUNTER_ENUM)
#undef OL_COUNTER_ENUM
    OL_COUNTER_COUNT
};

typedef struct ol_metrics ol_metrics; /* one loop's */

ol_metrics *ol_metrics_new(void);
void ol_metrics_destroy(ol_metrics *metrics);
void ol_metrics_add(ol_metrics *metrics, enum ol_counter counter, uint64_t amount);
/* Seconds histograms: first byte and whole request. A first byte at 0 us was never sent. */
void ol_metrics_latency(ol_metrics *metrics, uint64_t first_byte_us, uint64_t total_us);
/* Prometheus text format 0.0.4 (Content-Type: text/plain; version=0.0.4; charset=utf-8) of the
 * sum of all sets. OL_OK, or ol_buf's errors; then `out` is as it was. */
int ol_metrics_write(ol_buf *out, ol_metrics *const *sets, size_t count);
/* One more sample for what lives elsewhere. type: "gauge" or "counter"; `name` is written as
 * given ("objlens_connections_open"; a counter's ends in _total). */
int ol_metrics_write_one(ol_buf *out, const char *name, const char *type, const char *help,
                         uint64_t value);

#endif
