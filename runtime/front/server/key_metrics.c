/* SPDX-License-Identifier: MIT */
#include "front/server/key_metrics.h"

#include "observe/metrics.h"

typedef struct sample {
    const char *name, *type, *help;
    uint64_t value;
} sample;

static int write_all(ol_buf *out, const sample *rows, size_t count)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < count; i++)
        rc = ol_metrics_write_one(out, rows[i].name, rows[i].type, rows[i].help, rows[i].value);
    return rc;
}

#define WRITE(out, rows) write_all(out, rows, sizeof(rows) / sizeof((rows)[0]))

static int write_kms(ol_buf *out, const ol_kms_remote_stats *sum)
{
    const sample rows[] = {
        {"objlens_kms_calls_total", "counter", "Calls to remote KMSes", sum->calls},
        {"objlens_kms_requests_total", "counter", "Requests sent for them", sum->requests},
        {"objlens_kms_retries_total", "counter", "Of these, further tries", sum->retries},
        {"objlens_kms_throttled_total", "counter", "Answers that asked for a lower rate",
         sum->throttled},
        {"objlens_kms_denied_total", "counter", "Calls that a KMS refused by policy", sum->denied},
        {"objlens_kms_failures_total", "counter", "Calls without a usable answer", sum->failures},
        {"objlens_kms_late_total", "counter", "Of these, past their deadline", sum->late},
        {"objlens_kms_quota_refused_total", "counter", "Requests over requests_per_s, not sent",
         sum->quota_refused},
        {"objlens_kms_breaker_opened_total", "counter", "KMS breakers that opened",
         sum->breaker_opened},
        {"objlens_kms_breaker_refused_total", "counter", "Requests that a KMS breaker turned away",
         sum->breaker_refused},
        {"objlens_kms_breakers_open", "gauge", "KMS breakers now open, of all loops",
         sum->breakers_open},
    };
    return WRITE(out, rows);
}

static int write_data_keys(ol_buf *out, const ol_key_service_stats *stats)
{
    const ol_data_key_stats *cache = &stats->cache;
    const sample rows[] = {
        {"objlens_data_key_hits_total", "counter", "Data keys that were remembered", cache->hits},
        {"objlens_data_key_denials_total", "counter", "Refusals that were remembered",
         cache->denials},
        {"objlens_data_key_shared_total", "counter", "Data keys that another request asked for",
         cache->shared},
        {"objlens_data_key_misses_total", "counter", "Data keys that a KMS was asked for",
         cache->misses},
        {"objlens_data_key_evicted_total", "counter", "Data keys that made room for others",
         cache->evicted},
        {"objlens_data_key_expired_total", "counter", "Data keys that grew too old or too used",
         cache->expired},
        {"objlens_data_key_entries", "gauge", "Data keys that are remembered", cache->entries},
        {"objlens_data_key_bytes", "gauge", "Bytes of them", cache->bytes},
        {"objlens_opened_key_hits_total", "counter", "Keys of objects that were still open",
         stats->opened.hits},
        {"objlens_opened_key_misses_total", "counter", "Keys of objects that had to be opened",
         stats->opened.misses},
        {"objlens_opened_key_evicted_total", "counter", "Keys of objects that made room for others",
         stats->opened.evicted},
        {"objlens_opened_key_expired_total", "counter", "Keys of objects that grew too old",
         stats->opened.expired},
        {"objlens_opened_key_entries", "gauge", "Keys of objects that are open",
         stats->opened.entries},
        {"objlens_secret_bytes", "gauge", "Key memory in use", stats->secret_bytes},
        {"objlens_secret_unlocked_bytes", "gauge",
         "Key memory that could not be locked into RAM", stats->secret_bytes_unlocked},
    };
    return WRITE(out, rows);
}

static int write_key_audit(ol_buf *out, const ol_key_service_stats *stats)
{
    const sample rows[] = {
        {"objlens_key_audit_dropped_total", "counter", "Lines of the key audit that were lost",
         stats->audit_dropped},
        {"objlens_key_audit_objects_total", "counter", "Objects that the key audit has put",
         stats->audit_objects},
        {"objlens_key_audit_failures_total", "counter", "Puts of the key audit that failed",
         stats->audit_failures},
        {"objlens_key_audit_waiting_bytes", "gauge", "Of the key audit, waiting for its bucket",
         stats->audit_waiting_bytes},
    };
    return WRITE(out, rows);
}

int ol_key_metrics(ol_buf *out, ol_key_service *keys)
{
    ol_key_service_stats stats;
    ol_key_service_read_stats(keys, &stats);
    int rc = write_kms(out, &stats.remote);
    if (rc == OL_OK)
        rc = write_data_keys(out, &stats);
    return rc == OL_OK ? write_key_audit(out, &stats) : rc;
}
