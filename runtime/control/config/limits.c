/* SPDX-License-Identifier: MIT */
#include "control/config/config.h"

#define DRAIN_MS 30000
#define POLICY_BYTES (20 * OL_KIB)
#define CONTROL_TIMEOUT_MS 15000
#define LIST_CONCURRENCY 8
#define LIST_DEADLINE_MS 20000
#define VERIFY_BYTES (65536ull * OL_MIB)
#define OPENED_AGE_MS 300000
#define CACHE_BYTES (64 * OL_MIB)
#define CACHE_OBJECT_BYTES (64 * OL_KIB)

void ol_limits_default(ol_limits *limits)
{
    *limits = (ol_limits){
        .hosts_max = OL_HOSTS_MAX,
        .host_jobs_max = OL_HOST_JOBS_MAX,
        .host_pause_ms = OL_HOST_PAUSE_MS,
        .transform_queue_max = OL_TRANSFORM_QUEUE_MAX,
        .slot_bytes = OL_SLOT_BYTES,
        .slots = OL_HOST_SLOTS,
        .put_bytes_max = OL_PUT_BYTES_MAX,
        .cache_bytes_max = CACHE_BYTES,
        .cache_object_bytes_max = CACHE_OBJECT_BYTES,
        .drain_ms = DRAIN_MS,
        .policy_bytes_max = POLICY_BYTES,
        .access_points_max = 10000,
        .olaps_max = 1000,
        .control_bytes_max = 64 * OL_MIB,
        .control_timeout_ms = CONTROL_TIMEOUT_MS,
        .list_concurrency = LIST_CONCURRENCY,
        .list_deadline_ms = LIST_DEADLINE_MS,
        .verify_bytes_max = VERIFY_BYTES,
        .opened_age_ms = OPENED_AGE_MS,
    };
    ol_http_limits_default(&limits->http);
}
