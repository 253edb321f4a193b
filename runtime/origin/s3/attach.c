/* SPDX-License-Identifier: MIT */
/*
 * What one loop has of an origin. The last detach closes the client and both timers and waits for
 * a credentials file that is being read; then the attachment is freed.
 */
#include <assert.h>
#include <stdio.h>

#include "base/alloc.h"
#include "observe/log.h"
#include "origin/s3/s3_private.h"

static void on_timer(uv_timer_t *timer);
static void on_refresh(uv_timer_t *timer);

void ol_s3_warn(const ol_s3_origin *origin, const char *format, ...)
{
    char line[512];
    va_list args;
    int used = snprintf(line, sizeof line, "origin %s: ", origin->options.name);
    va_start(args, format);
    if (used > 0 && (size_t)used < sizeof line)
        vsnprintf(line + used, sizeof line - (size_t)used, format, args);
    va_end(args);
    if (origin->options.warn)
        origin->options.warn(origin->options.warn_arg, line);
    else
        ol_say("warn", "%s", line);
}

/* ---- which one ---- */

/* Loops are numbered: the first look nearly always hits. */
static size_t slot_of(const ol_s3_origin *origin, const ol_loop *loop)
{
    for (size_t i = 0; i < OL_S3_ORIGIN_LOOPS_MAX; i++) {
        size_t slot = (ol_loop_index(loop) + i) % OL_S3_ORIGIN_LOOPS_MAX;
        const ol_s3_attachment *at =
            atomic_load_explicit(&origin->slots[slot], memory_order_acquire);
        if (at && at->loop == loop)
            return slot;
    }
    return OL_S3_ORIGIN_LOOPS_MAX;
}

ol_s3_attachment *ol_s3_attachment_of(ol_s3_origin *origin, ol_loop *loop, ol_error *err)
{
    size_t slot = slot_of(origin, loop);
    ol_s3_attachment *at = slot < OL_S3_ORIGIN_LOOPS_MAX
                               ? atomic_load_explicit(&origin->slots[slot], memory_order_relaxed)
                               : NULL;
    if (at && !at->closing)
        return at;
    ol_error_set(err, OL_EUNAVAILABLE, "origin %s: not attached to this loop",
                 origin->options.name);
    return NULL;
}

/* ---- small things ---- */

ol_arena *ol_s3_arena_take(ol_s3_attachment *at, ol_error *err)
{
    if (at->spare_arena_count > 0)
        return at->spare_arenas[--at->spare_arena_count];
    ol_arena *arena = ol_arena_new(OL_S3_ARENA_BYTES_MAX);
    if (!arena)
        ol_error_set(err, OL_ENOMEM, "s3 origin: arena");
    return arena;
}

void ol_s3_arena_give(ol_s3_attachment *at, ol_arena *arena)
{
    if (at->closing || at->spare_arena_count >= OL_S3_SPARE_MAX) {
        ol_arena_destroy(arena);
        return;
    }
    ol_arena_reset(arena);
    at->spare_arenas[at->spare_arena_count++] = arena;
}

/* For jitter only. */
uint32_t ol_s3_attachment_random(ol_s3_attachment *at)
{
    at->random ^= at->random << 13;
    at->random ^= at->random >> 7;
    at->random ^= at->random << 17;
    return (uint32_t)(at->random >> 32);
}

/* ---- timers ---- */

void ol_s3_attachment_arm(ol_s3_attachment *at, uint64_t due_ms)
{
    uint64_t now = ol_loop_now_ms(at->loop);
    if (at->closing || due_ms == UINT64_MAX || (at->rings_ms && at->rings_ms <= due_ms))
        return;
    at->rings_ms = due_ms;
    uv_timer_start(&at->timer, on_timer, due_ms > now ? due_ms - now : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
    ol_s3_attachment *at = timer->data;
    at->rings_ms = 0;
    ol_s3_attachment_arm(at, ol_s3_calls_tick(at, ol_loop_now_ms(at->loop)));
}

/* ---- credentials ---- */

static void read_credentials(uv_work_t *work)
{
    ol_s3_attachment *at = work->data;
    at->read_err = (ol_error){0};
    at->read_rc = ol_s3_credentials_refresh(at->origin->credentials, &at->read_err);
}

static void on_credentials(uv_work_t *work, int status)
{
    ol_s3_attachment *at = work->data;
    at->is_reading = false;
    if (status == 0 && at->read_rc == OL_OK)
        ol_s3_count(&at->counters.credentials_read, 1);
    else if (status == 0 && at->read_rc < 0)
        ol_s3_warn(at->origin, "its credentials stay as they were: %s", at->read_err.message);
    ol_s3_attachment_arm(at, ol_loop_now_ms(at->loop)); /* calls may have waited for them */
    ol_s3_attachment_check_done(at);
}

void ol_s3_attachment_refresh(ol_s3_attachment *at)
{
    if (at->closing || at->is_reading || !ol_s3_credentials_is_file(at->origin->credentials))
        return;
    at->reading.data = at;
    if (uv_queue_work(ol_loop_uv(at->loop), &at->reading, read_credentials, on_credentials) == 0)
        at->is_reading = true;
}

static void on_refresh(uv_timer_t *timer)
{
    ol_s3_attachment_refresh(timer->data);
}

/* ---- attach ---- */

static void limits_of(const ol_s3_origin_options *options, ol_http_client_limits *limits)
{
    ol_http_client_limits_default(limits);
    limits->connect_timeout_ms = options->connect_timeout_ms;
    limits->response_timeout_ms = options->response_timeout_ms;
    limits->body_timeout_ms = options->body_timeout_ms;
    limits->idle_timeout_ms = options->idle_timeout_ms;
    limits->connections_per_host_max = options->connections_max;
    limits->waiting_per_host_max = options->waiting_max;
}

static void start_timers(ol_s3_attachment *at)
{
    const ol_s3_origin *origin = at->origin;
    uint32_t refresh_ms = origin->options.credentials.refresh_ms;
    uv_timer_init(ol_loop_uv(at->loop), &at->timer);
    uv_timer_init(ol_loop_uv(at->loop), &at->refresh);
    at->timer.data = at->refresh.data = at;
    at->handles = 2;
    if (ol_s3_credentials_is_file(origin->credentials))
        uv_timer_start(&at->refresh, on_refresh, refresh_ms, refresh_ms);
}

static ol_s3_attachment *attachment_new(ol_s3_origin *origin, ol_loop *loop)
{
    ol_http_client_limits limits;
    ol_s3_attachment *at = ol_calloc(1, sizeof *at);
    if (!at)
        return NULL;
    limits_of(&origin->options, &limits);
    if (ol_s3_signer_init(&at->signer, origin->credentials, origin->options.region) != OL_OK ||
        ol_http_client_new(&at->client, loop, &limits) != OL_OK) {
        ol_s3_signer_fini(&at->signer);
        ol_free(at);
        return NULL;
    }
    at->origin = origin;
    at->loop = loop;
    at->random = ol_clock_mono_ns() ^ (uint64_t)(uintptr_t)at ^ 0x9e3779b97f4a7c15u;
    ol_http_breaker_init(&at->breaker, origin->options.breaker_failures,
                       origin->options.breaker_open_ms);
    start_timers(at);
    return at;
}

static int place(ol_s3_origin *origin, ol_s3_attachment *at)
{
    for (size_t i = 0; i < OL_S3_ORIGIN_LOOPS_MAX; i++) {
        size_t slot = (ol_loop_index(at->loop) + i) % OL_S3_ORIGIN_LOOPS_MAX;
        if (atomic_load(&origin->slots[slot]))
            continue;
        atomic_store_explicit(&origin->slots[slot], at, memory_order_release);
        return OL_OK;
    }
    return OL_ELIMIT;
}

static int attach_new(ol_s3_origin *origin, ol_loop *loop, ol_error *err)
{
    size_t used = 0;
    for (size_t i = 0; i < OL_S3_ORIGIN_LOOPS_MAX; i++)
        used += atomic_load(&origin->slots[i]) != NULL;
    if (used == OL_S3_ORIGIN_LOOPS_MAX)
        return ol_error_set(err, OL_ELIMIT, "s3 origin: too many loops");
    ol_s3_attachment *at = attachment_new(origin, loop);
    if (!at)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: attachment");
    at->refs = 1;
    int rc = place(origin, at);
    assert(rc == OL_OK); /* counted above, under the lock */
    return rc;
}

int ol_s3_origin_attach(ol_origin *o, ol_loop *loop, ol_error *err)
{
    ol_s3_origin *origin = ol_s3_origin_of(o);
    int rc = OL_OK;
    pthread_mutex_lock(&origin->lock);
    size_t slot = slot_of(origin, loop);
    if (slot == OL_S3_ORIGIN_LOOPS_MAX)
        rc = attach_new(origin, loop, err);
    else
        atomic_load(&origin->slots[slot])->refs++;
    pthread_mutex_unlock(&origin->lock);
    return rc;
}

/* ---- detach ---- */

static void add_to(ol_s3_origin_stats *sum, const ol_s3_attachment *at)
{
    const ol_s3_counters *c = &at->counters;
    sum->requests += atomic_load_explicit(&c->requests, memory_order_relaxed);
    sum->retries += atomic_load_explicit(&c->retries, memory_order_relaxed);
    sum->resumes += atomic_load_explicit(&c->resumes, memory_order_relaxed);
    sum->failures += atomic_load_explicit(&c->failures, memory_order_relaxed);
    sum->breaker_opened += atomic_load_explicit(&c->breaker_opened, memory_order_relaxed);
    sum->breaker_refused += atomic_load_explicit(&c->breaker_refused, memory_order_relaxed);
    sum->bytes_in += atomic_load_explicit(&c->bytes_in, memory_order_relaxed);
    sum->bytes_out += atomic_load_explicit(&c->bytes_out, memory_order_relaxed);
    sum->credentials_read += atomic_load_explicit(&c->credentials_read, memory_order_relaxed);
}

static void attachment_free(ol_s3_attachment *at)
{
    void (*cb)(void *) = at->on_detached;
    void *arg = at->detached_arg;
    for (unsigned i = 0; i < at->spare_arena_count; i++)
        ol_arena_destroy(at->spare_arenas[i]);
    ol_s3_calls_free_spare(at);
    ol_s3_signer_fini(&at->signer);
    ol_free(at);
    if (cb)
        cb(arg);
}

void ol_s3_attachment_check_done(ol_s3_attachment *at)
{
    if (!at->closing || at->is_reading || at->handles > 0 || !at->client_closed || at->calls)
        return;
    attachment_free(at);
}

static void on_handle_closed(uv_handle_t *handle)
{
    ol_s3_attachment *at = handle->data;
    at->handles--;
    ol_s3_attachment_check_done(at);
}

static void on_client_closed(void *arg)
{
    ol_s3_attachment *at = arg;
    at->client_closed = true;
    ol_s3_attachment_check_done(at);
}

static void close_attachment(ol_s3_attachment *at)
{
    at->closing = true;
    ol_s3_calls_cancel(at);
    ol_http_client_close(at->client, on_client_closed, at);
    uv_close((uv_handle_t *)&at->timer, on_handle_closed);
    uv_close((uv_handle_t *)&at->refresh, on_handle_closed);
}

void ol_s3_origin_detach(ol_origin *o, ol_loop *loop, void (*cb)(void *arg), void *arg)
{
    ol_s3_origin *origin = ol_s3_origin_of(o);
    pthread_mutex_lock(&origin->lock);
    size_t slot = slot_of(origin, loop);
    assert(slot < OL_S3_ORIGIN_LOOPS_MAX);
    ol_s3_attachment *at = atomic_load(&origin->slots[slot]);
    bool last = --at->refs == 0;
    if (last) {
        atomic_store(&origin->slots[slot], NULL);
        add_to(&origin->gone, at);
    }
    pthread_mutex_unlock(&origin->lock);
    if (!last) {
        if (cb)
            cb(arg);
        return;
    }
    at->on_detached = cb;
    at->detached_arg = arg;
    close_attachment(at);
}

/* ---- what is counted ---- */

static void add_gauges(ol_s3_origin_stats *sum, const ol_s3_attachment *at)
{
    const ol_s3_counters *c = &at->counters;
    sum->loops++;
    sum->breakers_open += atomic_load_explicit(&c->breaker_open, memory_order_relaxed);
    sum->connections += atomic_load_explicit(&c->connections, memory_order_relaxed);
    sum->idle += atomic_load_explicit(&c->idle, memory_order_relaxed);
    sum->waiting += atomic_load_explicit(&c->waiting, memory_order_relaxed);
}

void ol_s3_origin_stats_get(ol_origin *o, ol_s3_origin_stats *out)
{
    ol_s3_origin *origin = ol_s3_origin_of(o);
    pthread_mutex_lock(&origin->lock); /* nobody is detached meanwhile */
    *out = origin->gone;
    for (size_t i = 0; i < OL_S3_ORIGIN_LOOPS_MAX; i++) {
        const ol_s3_attachment *at = atomic_load(&origin->slots[i]);
        if (!at)
            continue;
        add_to(out, at);
        add_gauges(out, at);
    }
    pthread_mutex_unlock(&origin->lock);
}
