/* SPDX-License-Identifier: MIT */
#include "front/server/admin_metrics.h"

#include "front/server/key_metrics.h"
#include "origin/s3/s3_origin.h"
#include "origin/store/store.h"
#include "transform/counters.h"

typedef struct sample {
    const char *name, *type, *help;
    uint64_t value;
} sample;

static int write_samples(ol_buf *out, const sample *rows, size_t count)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < count; i++)
        rc = ol_metrics_write_one(out, rows[i].name, rows[i].type, rows[i].help, rows[i].value);
    return rc;
}

#define WRITE(out, rows) write_samples(out, rows, sizeof(rows) / sizeof((rows)[0]))

/* ---- what workers copy out for others ---- */

static uint64_t sum_of(const ol_admin *admin, enum ol_worker_figure figure)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < admin->worker_count; i++)
        sum += __atomic_load_n(&admin->workers[i].figures[figure], __ATOMIC_RELAXED);
    return sum;
}

static int write_figures(ol_buf *out, const ol_admin *admin)
{
    static const struct {
        enum ol_worker_figure figure;
        const char *name, *type, *help;
    } rows[] = {
        {OL_FIGURE_HOSTS, "objlens_transform_hosts", "gauge", "Transform hosts now running"},
        {OL_FIGURE_HOSTS_STARTED, "objlens_transform_hosts_started_total", "counter",
         "Transform hosts started"},
        {OL_FIGURE_HOSTS_DIED, "objlens_transform_hosts_died_total", "counter",
         "Transform hosts that died or were killed"},
        {OL_FIGURE_JOBS_RUNNING, "objlens_transform_jobs_running", "gauge", "Requests in a host"},
        {OL_FIGURE_JOBS_QUEUED, "objlens_transform_jobs_queued", "gauge",
         "Requests waiting for a host"},
        {OL_FIGURE_JOBS_REFUSED, "objlens_transform_jobs_refused_total", "counter",
         "Requests refused for want of a host"},
        {OL_FIGURE_CONNECTIONS, "objlens_connections", "gauge", "Open client connections"},
        {OL_FIGURE_CONNECTIONS_REFUSED, "objlens_connections_refused_total", "counter",
         "Connections over the limit"},
        {OL_FIGURE_PROTOCOL_ERRORS, "objlens_protocol_errors_total", "counter",
         "Requests that were not valid HTTP"},
    };
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < sizeof(rows) / sizeof(rows[0]); i++)
        rc = ol_metrics_write_one(out, rows[i].name, rows[i].type, rows[i].help,
                                  sum_of(admin, rows[i].figure));
    if (rc == OL_OK)
        rc = ol_metrics_write_one(out, "objlens_access_log_dropped_total", "counter",
                                  "Access-log lines dropped",
                                  ol_log_dropped(admin->workers[0].shared->access_log));
    return rc;
}

/* ---- where originals live ---- */

static int write_store(ol_buf *out, const ol_admin *admin)
{
    ol_store_stats stats;
    ol_origin *store = admin->workers[0].shared->origins[0];
    if (!store)
        return OL_OK;
    ol_store_stats_get(store, &stats);
    const sample rows[] = {
        {"objlens_store_cache_hits_total", "counter", "Originals served from memory",
         stats.cache_hits},
        {"objlens_store_cache_misses_total", "counter", "Originals looked up in the store",
         stats.cache_misses},
        {"objlens_store_commits_total", "counter", "Changes made durable", stats.commits},
        {"objlens_store_commit_batches_total", "counter", "Transactions that held them",
         stats.commit_batches},
        {"objlens_store_rewrapped_total", "counter",
         "Data keys wrapped anew by newer versions of their master keys", stats.rewrapped},
    };
    return WRITE(out, rows);
}

static void add_origin(ol_s3_origin_stats *sum, const ol_s3_origin_stats *one)
{
    sum->requests += one->requests;
    sum->retries += one->retries;
    sum->resumes += one->resumes;
    sum->failures += one->failures;
    sum->breaker_opened += one->breaker_opened;
    sum->breaker_refused += one->breaker_refused;
    sum->bytes_in += one->bytes_in;
    sum->bytes_out += one->bytes_out;
    sum->breakers_open += one->breakers_open;
    sum->connections += one->connections;
}

/* Of all remote origins together. */
static int write_origins(ol_buf *out, const ol_admin *admin)
{
    const ol_shared *shared = admin->workers[0].shared;
    ol_s3_origin_stats sum = {0};
    for (size_t i = 1; i < shared->origin_count; i++) {
        ol_s3_origin_stats one;
        ol_s3_origin_stats_get(shared->origins[i], &one);
        add_origin(&sum, &one);
    }
    const sample rows[] = {
        {"objlens_origin_requests_total", "counter", "Requests sent to origins", sum.requests},
        {"objlens_origin_retries_total", "counter", "Of these, further tries", sum.retries},
        {"objlens_origin_resumes_total", "counter", "Bodies cut off and continued", sum.resumes},
        {"objlens_origin_failures_total", "counter", "Requests without an answer", sum.failures},
        {"objlens_origin_breaker_opened_total", "counter", "Breakers that opened",
         sum.breaker_opened},
        {"objlens_origin_breaker_refused_total", "counter", "Requests that a breaker turned away",
         sum.breaker_refused},
        {"objlens_origin_bytes_in_total", "counter", "Bytes of bodies from origins", sum.bytes_in},
        {"objlens_origin_bytes_out_total", "counter", "Bytes of bodies to origins", sum.bytes_out},
        {"objlens_origin_breakers_open", "gauge", "Breakers now open", sum.breakers_open},
        {"objlens_origin_connections", "gauge", "Connections to origins", sum.connections},
    };
    return shared->origin_count > 1 ? WRITE(out, rows) : OL_OK;
}

/* ---- what is kept of views ---- */

static int write_view_cache(ol_buf *out, ol_view_cache *cache)
{
    ol_view_cache_stats stats;
    if (!cache)
        return OL_OK;
    ol_view_cache_read_stats(cache, &stats);
    const sample rows[] = {
        {"objlens_view_cache_hits_total", "counter", "Views served from memory", stats.hits},
        {"objlens_view_cache_disk_hits_total", "counter", "Views served from disk",
         stats.disk_hits},
        {"objlens_view_cache_followers_total", "counter",
         "Requests that followed the run of another", stats.followers},
        {"objlens_view_cache_misses_total", "counter", "Views that had to be run", stats.misses},
        {"objlens_view_cache_evicted_total", "counter", "Views that made room for others",
         stats.evicted},
        {"objlens_view_cache_refused_total", "counter", "Views that were not let in",
         stats.refused},
        {"objlens_view_cache_outgrown_total", "counter", "Views that proved too large to keep",
         stats.outgrown},
        {"objlens_view_cache_memory_bytes", "gauge", "Views in memory", stats.memory_bytes},
        {"objlens_view_cache_disk_bytes", "gauge", "Views on disk", stats.disk_bytes},
        {"objlens_view_cache_entries", "gauge", "Views that are kept", stats.entries},
        {"objlens_view_cache_running", "gauge", "Views now being run into the cache",
         stats.running},
    };
    return WRITE(out, rows);
}

static int write_view_memo(ol_buf *out, ol_view_memo *memo)
{
    ol_view_memo_stats stats;
    if (!memo)
        return OL_OK;
    ol_view_memo_read_stats(memo, &stats);
    const sample rows[] = {
        {"objlens_view_memo_hits_total", "counter", "Views whose length was known", stats.hits},
        {"objlens_view_memo_misses_total", "counter", "Views of which nothing was known",
         stats.misses},
        {"objlens_view_memo_learned_total", "counter", "Views whose length was learned",
         stats.learned},
        {"objlens_view_memo_unstable_total", "counter",
         "Views whose transform gave other bytes when run again", stats.unstable},
        {"objlens_view_memo_rows_in_memory", "gauge", "Views that are known in memory",
         stats.rows_in_memory},
    };
    return WRITE(out, rows);
}

/* ---- what transforms count themselves ---- */

#define COUNTED "objlens_transform_counted_total"

/* Names of transforms and counters have no character that would need an escape. */
static int write_counted(void *arg, ol_slice transform, ol_slice counter, uint64_t value)
{
    return ol_buf_addf(arg, COUNTED "{transform=\"%.*s\",counter=\"%.*s\"} %llu\n",
                       OL_SLICE_FMT(transform), OL_SLICE_FMT(counter), (unsigned long long)value);
}

static int write_transform_counters(ol_buf *out)
{
    size_t len_before = out->len;
    int rc = ol_buf_addf(out, "# HELP " COUNTED " What transforms count themselves\n"
                              "# TYPE " COUNTED " counter\n");
    if (rc == OL_OK)
        rc = ol_counters_each(write_counted, out);
    if (rc != OL_OK)
        out->len = len_before;
    return rc;
}

/* ---- all of it ---- */

int ol_admin_metrics(ol_buf *out, const ol_admin *admin)
{
    ol_metrics *sets[OL_ADMIN_WORKERS_MAX];
    for (unsigned i = 0; i < admin->worker_count; i++)
        sets[i] = admin->workers[i].metrics;
    int rc = ol_metrics_write(out, sets, admin->worker_count);
    if (rc == OL_OK)
        rc = write_figures(out, admin);
    if (rc == OL_OK)
        rc = write_store(out, admin);
    if (rc == OL_OK)
        rc = write_origins(out, admin);
    if (rc == OL_OK)
        rc = write_view_cache(out, admin->workers[0].shared->view_cache);
    if (rc == OL_OK)
        rc = write_view_memo(out, admin->workers[0].shared->view_memo);
    if (rc == OL_OK)
        rc = ol_key_metrics(out, admin->workers[0].shared->keys);
    if (rc == OL_OK)
        rc = write_transform_counters(out);
    return rc;
}
