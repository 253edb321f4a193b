/* SPDX-License-Identifier: MIT */
/*
 * The language, part five: limits.
 */
#include "control/config/schema_parts.h"

#define TRANSFORM_LIMIT(member) AT(ol_transform_limits, member)

static const ol_field transform_limit_fields[] = {
    {"memory_bytes", OL_FIELD_SIZE64, TRANSFORM_LIMIT(memory_bytes), .min = OL_MIB,
     .max = TIB, .fallback = "32 MiB"},
    {"cpu_ms", OL_FIELD_MS, TRANSFORM_LIMIT(cpu_ms), .min = 1, .max = DAY_MS, .fallback = "10000"},
    {"wall_ms", OL_FIELD_MS, TRANSFORM_LIMIT(wall_ms), .min = 1, .max = DAY_MS,
     .fallback = "300000"},
    {"output_bytes", OL_FIELD_SIZE64, TRANSFORM_LIMIT(output_bytes), .max = 1024 * TIB,
     .fallback = "1 TiB"},
    {"pattern_steps", OL_FIELD_NUMBER64, TRANSFORM_LIMIT(pattern_steps), .min = 1000,
     .max = 1000000000000ull, .fallback = "10000000"},
    {"unyieldable_ms", OL_FIELD_MS, TRANSFORM_LIMIT(unyieldable_ms), .min = 1, .max = 60000,
     .fallback = "20"},
    {"load_ms", OL_FIELD_MS, TRANSFORM_LIMIT(load_ms), .min = 100, .max = 600000, .fallback = "5000"},
    {"slice_ms", OL_FIELD_MS, TRANSFORM_LIMIT(slice_ms), .min = 1, .max = 1000, .fallback = "2"},
    {"read_at_calls", OL_FIELD_NUMBER, TRANSFORM_LIMIT(read_at_calls), .max = 1000000000,
     .fallback = "10000"},
    {"read_at_bytes", OL_FIELD_SIZE64, TRANSFORM_LIMIT(read_at_bytes), .max = 1024 * TIB,
     .fallback = "16 GiB"},
    {"log_bytes", OL_FIELD_SIZE, TRANSFORM_LIMIT(log_bytes), .max = 64 * OL_MIB,
     .fallback = "16 KiB"},
};

const ol_schema ol_schema_transform_limits = {
    .form = OL_FORM_NESTED,
    FIELDS(transform_limit_fields),
};

#define HTTP_LIMIT(member) AT(ol_http_limits, member)

static const ol_field http_limit_fields[] = {
    {"head_bytes_max", OL_FIELD_SIZE, HTTP_LIMIT(head_bytes_max), .min = 4 * OL_KIB,
     .max = OL_MIB, .fallback = "32 KiB"},
    {"url_bytes_max", OL_FIELD_SIZE, HTTP_LIMIT(url_bytes_max), .min = 1 * OL_KIB, .max = OL_MIB,
     .fallback = "16 KiB"},
    {"headers_max", OL_FIELD_NUMBER, HTTP_LIMIT(headers_max), .min = 16,
     .max = OL_HTTP_HEADERS_MAX, .fallback = "128"},
    {"header_timeout_ms", OL_FIELD_MS, HTTP_LIMIT(header_timeout_ms), .min = 10, .max = HOUR_MS,
     .fallback = "15000"},
    {"body_timeout_ms", OL_FIELD_MS, HTTP_LIMIT(body_timeout_ms), .min = 10, .max = HOUR_MS,
     .fallback = "30000"},
    {"idle_timeout_ms", OL_FIELD_MS, HTTP_LIMIT(idle_timeout_ms), .min = 10, .max = HOUR_MS,
     .fallback = "60000"},
    {"connections_max", OL_FIELD_NUMBER, HTTP_LIMIT(connections_max), .min = 1, .max = 1000000,
     .fallback = "4096"},
    {"body_rate_min", OL_FIELD_SIZE, HTTP_LIMIT(body_rate_min), .max = OL_MIB, .fallback = "256"},
};

static const ol_schema schema_http_limits = {
    .form = OL_FORM_NESTED,
    FIELDS(http_limit_fields),
};

#define LIMIT(member) AT(ol_draft_limits, limits.member)

static const ol_field limits_fields[] = {
    {"drain_ms", OL_FIELD_MS, LIMIT(drain_ms), .max = HOUR_MS, .fallback = "30000"},
    {"put_bytes_max", OL_FIELD_SIZE64, LIMIT(put_bytes_max), .max = 1024 * TIB,
     .fallback = "5 GiB"},
    {"cache_bytes_max", OL_FIELD_SIZE64, LIMIT(cache_bytes_max), .max = TIB, .fallback = "64 MiB"},
    {"cache_object_bytes_max", OL_FIELD_SIZE64, LIMIT(cache_object_bytes_max), .max = 1024 * OL_MIB,
     .fallback = "64 KiB"},
    {"hosts_max", OL_FIELD_NUMBER, LIMIT(hosts_max), .min = 1, .max = 1024, .fallback = "16"},
    {"host_jobs_max", OL_FIELD_NUMBER, LIMIT(host_jobs_max), .min = 1, .max = 96,
     .fallback = "64"},
    {"host_pause_ms", OL_FIELD_MS, LIMIT(host_pause_ms), .max = 10000, .fallback = "1000"},
    {"transform_queue_max", OL_FIELD_NUMBER, LIMIT(transform_queue_max), .max = 1000000,
     .fallback = "256"},
    {"slot_bytes", OL_FIELD_SIZE, LIMIT(slot_bytes), .min = 4 * OL_KIB, .max = 4 * OL_MIB,
     .fallback = "128 KiB"},
    {"slots", OL_FIELD_NUMBER, LIMIT(slots), .min = 8, .max = 4096, .fallback = "256"},
    {"policy_bytes_max", OL_FIELD_SIZE, LIMIT(policy_bytes_max), .min = 256,
     .max = OL_CONFIG_POLICY_BYTES_MAX,
     .fallback = "20 KiB"},
    {"access_points_max", OL_FIELD_NUMBER, LIMIT(access_points_max), .max = 100000,
     .fallback = "10000"},
    {"object_lambdas_max", OL_FIELD_NUMBER, LIMIT(olaps_max), .max = 100000, .fallback = "1000"},
    {"control_bytes_max", OL_FIELD_SIZE64, LIMIT(control_bytes_max), .min = 4 * OL_KIB,
     .max = 256 * OL_MIB, .fallback = "64 MiB"},
    {"control_timeout_ms", OL_FIELD_MS, LIMIT(control_timeout_ms), .min = 10, .max = HOUR_MS,
     .fallback = "15000"},
    {"list_concurrency", OL_FIELD_NUMBER, LIMIT(list_concurrency), .min = 1, .max = 64,
     .fallback = "8"},
    {"list_deadline_ms", OL_FIELD_MS, LIMIT(list_deadline_ms), .min = 10, .max = HOUR_MS,
     .fallback = "20000"},
    {"verify_bytes_max", OL_FIELD_SIZE64, LIMIT(verify_bytes_max), .max = 1024 * TIB,
     .fallback = "64 GiB"},
    {"opened_age_ms", OL_FIELD_MS, LIMIT(opened_age_ms), .max = DAY_MS, .fallback = "300000"},
    {"http", OL_FIELD_TABLE, LIMIT(http), .table = &schema_http_limits},
    {"transform", OL_FIELD_TABLE, AT(ol_draft_limits, transform),
     .table = &ol_schema_transform_limits},
};

static void prepare_limits(const ol_draft *draft, void *item)
{
    (void)draft;
    ol_draft_limits *limits = item;
    ol_limits_default(&limits->limits);
    ol_transform_limits_default(&limits->transform);
}

const ol_schema ol_schema_limits = {
    .word = "limits",
    .written = "limits { … }",
    .form = OL_FORM_TABLE,
    .once = true,
    .list_offset = offsetof(ol_draft, limits),
    .item_size = sizeof(ol_draft_limits),
    .prepare = prepare_limits,
    FIELDS(limits_fields),
};
