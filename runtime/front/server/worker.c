/* SPDX-License-Identifier: MIT */
#include "front/server/worker.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "front/request/dev.h"
#include "front/request/request.h"
#include "front/views/view_run.h"
#include "origin/s3/s3_origin.h"

#define FIGURES_MS 200 /* how old a published figure may be */
#define ARENA_BYTES (24 * OL_KIB) /* a view needs 17, a GET 6; what is not used is not touched */

/* ---- recycled request memory ---- */

ol_arena *ol_worker_arena_take(ol_worker *worker)
{
    if (worker->spare_arena_count > 0)
        return worker->spare_arenas[--worker->spare_arena_count];
    return ol_arena_new_sized(ARENA_BYTES, OL_REQUEST_ARENA_BYTES_MAX);
}

void ol_worker_arena_give(ol_worker *worker, ol_arena *arena)
{
    const unsigned max = sizeof(worker->spare_arenas) / sizeof(worker->spare_arenas[0]);
    if (worker->spare_arena_count == max) {
        ol_arena_destroy(arena);
        return;
    }
    ol_arena_reset(arena);
    worker->spare_arenas[worker->spare_arena_count++] = arena;
}

/* ---- start ---- */

static void on_request(void *arg, ol_http_exchange *x)
{
    ol_request_begin(arg, x);
}

/* What never became a request is in the log all the same. */
static void on_refused(void *arg, const char *peer, const char *request_id, int status,
                       const char *why)
{
    ol_worker *worker = arg;
    ol_access_line line = {
        .request_id = request_id,
        .wall_ms = ol_clock_wall_ms(),
        .peer = peer,
        .operation = "Unknown",
        .via = "service",
        .status = status,
        .code = OL_EPROTOCOL,
        .error = ol_code_s3(OL_EPROTOCOL),
        .detail = why,
    };
    ol_access_log_write(worker->shared->access_log, &line);
}

static int make_pool(ol_worker *worker, const ol_limits *limits, ol_error *err)
{
    ol_pool_options options;
    ol_pool_options_default(&options);
    options.hosts_max = limits->hosts_max;
    options.jobs_max = limits->host_jobs_max;
    options.pause_ms = limits->host_pause_ms;
    options.queue_max = limits->transform_queue_max;
    options.slot_bytes = limits->slot_bytes;
    options.slots = limits->slots;
    return ol_pool_new(&worker->pool, worker->loop, &options, err);
}

static void publish(uv_timer_t *timer)
{
    ol_worker *worker = timer->data;
    ol_pool_stats pool;
    ol_http_stats http;
    ol_pool_stats_get(worker->pool, &pool);
    ol_http_server_stats(worker->server, &http);
    const uint64_t now[OL_FIGURE_COUNT] = {
        [OL_FIGURE_HOSTS] = pool.hosts,
        [OL_FIGURE_HOSTS_STARTED] = pool.hosts_started,
        [OL_FIGURE_HOSTS_DIED] = pool.hosts_died,
        [OL_FIGURE_JOBS_RUNNING] = pool.jobs_running,
        [OL_FIGURE_JOBS_QUEUED] = pool.jobs_queued,
        [OL_FIGURE_JOBS_REFUSED] = pool.jobs_refused,
        [OL_FIGURE_CONNECTIONS] = http.open,
        [OL_FIGURE_CONNECTIONS_REFUSED] = http.refused,
        [OL_FIGURE_PROTOCOL_ERRORS] = http.protocol_errors,
    };
    for (unsigned i = 0; i < OL_FIGURE_COUNT; i++)
        __atomic_store_n(&worker->figures[i], now[i], __ATOMIC_RELAXED);
}

static int attach_origins(ol_worker *worker, ol_error *err)
{
    const ol_shared *shared = worker->shared;
    if (ol_key_service_attach(shared->keys, worker->loop, err) != OL_OK)
        return err->code;
    worker->keys_attached = true;
    for (; worker->attached + 1 < shared->origin_count; worker->attached++) {
        ol_origin *origin = shared->origins[worker->attached + 1];
        int rc = ol_s3_origin_attach(origin, worker->loop, err);
        if (rc != OL_OK)
            return rc;
    }
    return OL_OK;
}

int ol_worker_init(ol_worker *worker, unsigned index, ol_shared *shared, ol_generation *generation,
                   ol_realm *realm, ol_error *err)
{
    const ol_limits *limits = &generation->config->limits;
    ol_http_handler handler = {
        .arg = worker,
        .on_request = on_request,
        .on_refused = on_refused,
        .mark = generation->config->dev ? OL_DEV_HEADER ": true\r\n" : NULL};
    worker->index = index;
    worker->shared = shared;
    worker->metrics = ol_metrics_new();
    if (!worker->metrics || ol_loop_new(&worker->loop, index) != OL_OK ||
        ol_sigv4_new(&worker->sigv4) != OL_OK ||
        ol_http_server_new(&worker->server, worker->loop, &limits->http, &handler) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "worker %u", index);
    int rc = make_pool(worker, limits, err);
    if (rc != OL_OK)
        return rc;
    ol_worker_use(worker, generation, realm); /* from here on it is closed by a drain */
    uv_timer_init(ol_loop_uv(worker->loop), &worker->figures_timer);
    worker->figures_timer.data = worker;
    uv_timer_start(&worker->figures_timer, publish, FIGURES_MS, FIGURES_MS);
    return attach_origins(worker, err);
}

int ol_worker_listen(ol_worker *worker, uint16_t *ports, ol_error *err)
{
    const ol_config *config = worker->generation->config;
    for (size_t i = 0; i < config->listener_count; i++) {
        ol_http_listen listen = {
            .address = config->listeners[i].address,
            .port = ports[i],
            .tls = worker->shared->tls[i],
            .listener = (unsigned)i,
        };
        int rc = ol_http_server_listen(worker->server, &listen, &ports[i], err);
        if (rc != OL_OK)
            return rc;
    }
    return OL_OK;
}

static void warm_view(ol_worker *worker, const ol_realm_view *view)
{
    for (size_t k = 0; k < view->step_count; k++) {
        ol_program *program =
            ol_registry_get(worker->generation->registry, view->steps[k].transform);
        if (!program)
            continue;
        ol_pool_warm(worker->pool, program);
        ol_program_release(program);
    }
}

static void warm(ol_worker *worker)
{
    const ol_config *config = worker->generation->config;
    for (size_t i = 0; i < config->olap_count; i++)
        for (size_t k = 0; k < config->olaps[i].view_count; k++)
            warm_view(worker, &config->olaps[i].views[k]);
}

void ol_worker_use_realm(ol_worker *worker, ol_realm *realm)
{
    ol_realm *old = worker->realm;
    worker->realm = ol_realm_acquire(realm);
    ol_realm_release(old);
}

void ol_worker_use(ol_worker *worker, ol_generation *generation, ol_realm *realm)
{
    ol_generation *old = worker->generation;
    worker->generation = ol_generation_acquire(generation);
    ol_worker_use_realm(worker, realm);
    if (old) {
        ol_http_server_set_limits(worker->server, &generation->config->limits.http);
        ol_generation_release(old);
    }
    warm(worker);
}

/* ---- end ---- */

typedef struct drain {
    ol_worker *worker;
    uv_timer_t timer;
    unsigned open;
    bool closing;
    void (*cb)(void *arg);
    void *arg;
} drain;

static void one_closed(drain *self)
{
    if (--self->open > 0)
        return;
    void (*cb)(void *) = self->cb;
    void *arg = self->arg;
    ol_free(self);
    cb(arg);
}

static void on_pool_closed(void *arg)
{
    one_closed(arg);
}

static void on_timer_closed(uv_handle_t *handle)
{
    one_closed(handle->data);
}

static void on_figures_closed(uv_handle_t *handle)
{
    drain *self = handle->data;
    self->worker->figures_timer.data = self->worker;
    one_closed(self);
}

static void on_detached(void *arg)
{
    one_closed(arg);
}

/* No pipeline is left; what requests that are gone still asked of an origin is cut now. */
static void detach_origins(drain *self)
{
    ol_worker *worker = self->worker;
    self->open += (unsigned)worker->attached;
    for (size_t i = 1; i <= worker->attached; i++)
        ol_s3_origin_detach(worker->shared->origins[i], worker->loop, on_detached, self);
    worker->attached = 0;
    if (!worker->keys_attached)
        return;
    worker->keys_attached = false;
    self->open++;
    ol_key_service_detach(worker->shared->keys, worker->loop, on_detached, self);
}

static void on_runs_ended(void *arg)
{
    drain *self = arg;
    detach_origins(self);
    ol_pool_close(self->worker->pool, on_pool_closed, self);
    uv_close((uv_handle_t *)&self->timer, on_timer_closed);
}

/* Runs that fill the view cache belong to no connection: they end now. */
static void on_server_closed(void *arg)
{
    drain *self = arg;
    ol_view_runs_end(self->worker, on_runs_ended, self);
}

static void close_server(drain *self)
{
    if (self->closing)
        return;
    self->closing = true;
    /* What it would publish goes now. */
    self->worker->figures_timer.data = self;
    uv_close((uv_handle_t *)&self->worker->figures_timer, on_figures_closed);
    ol_http_server_close(self->worker->server, on_server_closed, self);
}

static void on_runs_over(void *arg)
{
    close_server(arg);
}

/* Readers on other loops may still follow a run of this one. */
static void on_drained(void *arg)
{
    drain *self = arg;
    ol_view_runs_wait(self->worker, on_runs_over, self);
}

static void on_drain_timeout(uv_timer_t *timer)
{
    close_server(timer->data);
}

void ol_worker_drain(ol_worker *worker, uint32_t drain_ms, void (*cb)(void *arg), void *arg)
{
    drain *self = ol_calloc(1, sizeof(*self));
    if (!self) /* nothing orderly is possible without a few bytes */
        abort();
    self->worker = worker;
    self->cb = cb;
    self->arg = arg;
    self->open = 3;
    uv_timer_init(ol_loop_uv(worker->loop), &self->timer);
    self->timer.data = self;
    uv_timer_start(&self->timer, on_drain_timeout, drain_ms, 0);
    ol_http_server_drain(worker->server, on_drained, self);
}

void ol_worker_fini(ol_worker *worker)
{
    for (unsigned i = 0; i < worker->spare_arena_count; i++)
        ol_arena_destroy(worker->spare_arenas[i]);
    ol_generation_release(worker->generation);
    ol_realm_release(worker->realm);
    ol_sigv4_destroy(worker->sigv4);
    ol_loop_destroy(worker->loop);
    ol_metrics_destroy(worker->metrics);
}
