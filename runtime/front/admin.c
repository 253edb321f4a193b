/* SPDX-License-Identifier: MIT */
#include "front/admin.h"

#include "front/operations.h"
#include "origin/s3/s3_origin.h"
#include "origin/store/store.h"

#define METRICS_BYTES_MAX (256 * OL_KIB)
#define WORKERS_MAX 256

typedef struct answer {
    ol_buf body;
} answer;

static void on_close(void *arg, int code)
{
    (void)code;
    answer *self = arg;
    ol_buf_fini(&self->body);
}

static const ol_http_exchange_ops exchange_ops = {.on_close = on_close};

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

static int write_store(ol_buf *out, const ol_admin *admin)
{
    ol_store_stats stats;
    ol_origin *store = admin->workers[0].shared->origins[0];
    if (!store)
        return OL_OK;
    ol_store_stats_get(store, &stats);
    int rc = ol_metrics_write_one(out, "objlens_store_cache_hits_total", "counter",
                                  "Originals served from memory", stats.cache_hits);
    if (rc == OL_OK)
        rc = ol_metrics_write_one(out, "objlens_store_cache_misses_total", "counter",
                                  "Originals looked up in the store", stats.cache_misses);
    if (rc == OL_OK)
        rc = ol_metrics_write_one(out, "objlens_store_commits_total", "counter",
                                  "Changes made durable", stats.commits);
    if (rc == OL_OK)
        rc = ol_metrics_write_one(out, "objlens_store_commit_batches_total", "counter",
                                  "Transactions that held them", stats.commit_batches);
    return rc;
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
    const struct {
        const char *name, *type, *help;
        uint64_t value;
    } rows[] = {
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
    int rc = OL_OK;
    for (size_t i = 0; shared->origin_count > 1 && rc == OL_OK && i < sizeof(rows) / sizeof(rows[0]);
         i++)
        rc = ol_metrics_write_one(out, rows[i].name, rows[i].type, rows[i].help, rows[i].value);
    return rc;
}

static int write_metrics(ol_buf *out, const ol_admin *admin)
{
    ol_metrics *sets[WORKERS_MAX];
    for (unsigned i = 0; i < admin->worker_count; i++)
        sets[i] = admin->workers[i].metrics;
    int rc = ol_metrics_write(out, sets, admin->worker_count);
    if (rc == OL_OK)
        rc = write_figures(out, admin);
    if (rc == OL_OK)
        rc = write_store(out, admin);
    if (rc == OL_OK)
        rc = write_origins(out, admin);
    return rc;
}

static int fill(ol_admin *admin, ol_slice path, ol_buf *body)
{
    if (ol_slice_eq_cstr(path, "/-/health"))
        return ol_buf_add_cstr(body, "ok\n") == OL_OK ? 200 : 500;
    if (ol_slice_eq_cstr(path, "/-/ready")) {
        /* The admin server lives on the first worker's loop, and so may look at its realm. */
        bool ready = __atomic_load_n(&admin->ready, __ATOMIC_ACQUIRE) &&
                     ol_realm_is_complete(admin->workers[0].realm);
        ol_buf_add_cstr(body, ready ? "ready\n" : "not ready\n");
        return ready ? 200 : 503;
    }
    if (ol_slice_eq_cstr(path, "/-/metrics"))
        return write_metrics(body, admin) == OL_OK ? 200 : 500;
    ol_buf_add_cstr(body, "not found\n");
    return 404;
}

static void on_request(void *arg, ol_http_exchange *x)
{
    ol_admin *admin = arg;
    const ol_http_request *http = ol_http_request_of(x);
    answer *self = ol_arena_calloc(ol_http_arena(x), sizeof(*self));
    if (!self) {
        ol_http_abort(x);
        return;
    }
    ol_buf_init(&self->body, METRICS_BYTES_MAX);
    ol_http_exchange_set(x, &exchange_ops, self);
    bool head = http->method == OL_HTTP_HEAD;
    bool known = head || http->method == OL_HTTP_GET;
    int status = known ? fill(admin, http->path, &self->body) : 405;
    ol_headers headers;
    ol_headers_init(&headers, ol_http_arena(x));
    ol_headers_add(&headers, OL_SLICE_LIT("content-type"),
                   OL_SLICE_LIT("text/plain; version=0.0.4; charset=utf-8"));
    ol_http_response response = {
        .status = status,
        .headers = &headers,
        .content_length = (int64_t)self->body.len,
        .no_body = head,
    };
    bool ok = ol_http_respond(x, &response) == OL_OK;
    if (ok && !head && self->body.len > 0)
        ok = ol_http_write(x, ol_buf_slice(&self->body)) >= 0;
    if (ok)
        ol_http_end(x);
    else
        ol_http_abort(x);
}

int ol_admin_init(ol_admin *admin, ol_worker *workers, unsigned worker_count, ol_error *err)
{
    ol_http_limits limits;
    ol_http_limits_default(&limits);
    ol_http_handler handler = {.arg = admin, .on_request = on_request};
    admin->workers = workers;
    admin->worker_count = worker_count < WORKERS_MAX ? worker_count : WORKERS_MAX;
    if (ol_http_server_new(&admin->server, workers[0].loop, &limits, &handler) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "admin server");
    return OL_OK;
}

int ol_admin_listen(ol_admin *admin, const ol_config_listener *listener, uint16_t *port,
                    ol_error *err)
{
    ol_http_listen listen = {.address = listener->address, .port = listener->port};
    return ol_http_server_listen(admin->server, &listen, port, err);
}

void ol_admin_close(ol_admin *admin, void (*cb)(void *arg), void *arg)
{
    ol_http_server_close(admin->server, cb, arg);
}
