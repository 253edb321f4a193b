/* SPDX-License-Identifier: MIT */
/*
 * A remote KMS and what each loop has of it. The last detach closes the client and waits for the
 * calls that are still under way; then the attachment is freed.
 */
#include <assert.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "crypto/kms/kms_remote_private.h"

void ol_kms_remote_options_default(ol_kms_remote_options *options)
{
    *options = (ol_kms_remote_options){.name = "kms",
                                       .connections_max = 16,
                                       .waiting_max = 256,
                                       .connect_timeout_ms = 3000,
                                       .idle_timeout_ms = 30000,
                                       .deadline_ms = 10000,
                                       .tries_max = 4,
                                       .backoff_base_ms = 50,
                                       .backoff_max_ms = 2000,
                                       .breaker_failures = 10,
                                       .breaker_open_ms = 5000};
}

/* ---- the provider ---- */

static bool is_loopback(const ol_http_endpoint *endpoint)
{
    struct sockaddr_in address;
    if (!endpoint->is_address)
        return strcmp(endpoint->host, "localhost") == 0;
    if (uv_ip4_addr(endpoint->host, 0, &address) == 0)
        return ntohl(address.sin_addr.s_addr) >> 24 == 127;
    return strcmp(endpoint->host, "::1") == 0;
}

static int check(const ol_kms_remote_options *options, ol_error *err)
{
    if (!options->endpoint || !*options->endpoint)
        return ol_error_say(err, OL_ECONFIG, "kms: endpoint is missing");
    if (options->connections_max == 0 || options->tries_max == 0)
        return ol_error_say(err, OL_ECONFIG, "kms: connections and tries: at least 1");
    if (options->connect_timeout_ms == 0 || options->deadline_ms == 0 ||
        options->idle_timeout_ms == 0)
        return ol_error_say(err, OL_ECONFIG,
                            "kms: a timeout of 0 would never let anything through");
    return OL_OK;
}

static int settle_endpoint(ol_kms_remote *remote, const ol_kms_remote_options *options,
                           ol_error *err)
{
    int rc = ol_http_endpoint_parse(&remote->endpoint, options->endpoint, err);
    if (rc != OL_OK)
        return rc;
    if (!remote->endpoint.tls) {
        if (options->ca_file)
            return ol_error_say(err, OL_ECONFIG, "kms: ca_file: the endpoint is not https");
        if (!options->allow_plain_http && !is_loopback(&remote->endpoint))
            return ol_error_say(err, OL_ECONFIG,
                                "kms: keys do not travel in plain HTTP but to loopback: %.200s",
                                remote->endpoint.authority);
        return OL_OK;
    }
    remote->ca_file = options->ca_file ? ol_strdup(options->ca_file) : NULL;
    if (options->ca_file && !remote->ca_file)
        return ol_error_set(err, OL_ENOMEM, "kms");
    return ol_kms_remote_tls_new(remote, &remote->tls, err);
}

int ol_kms_remote_tls_new(const ol_kms_remote *remote, ol_tls **tls, ol_error *err)
{
    const ol_tls_trust trust = {.ca_file = remote->ca_file};
    int rc = ol_tls_client_new(tls, &trust, err);
    if (rc == OL_OK)
        ol_tls_client_cleanse(*tls);
    return rc;
}

int ol_kms_remote_init(ol_kms_remote *remote, const ol_kms_ops *ops, const ol_kms_dialect *dialect,
                       const ol_kms_remote_options *options, ol_error *err)
{
    remote->base.ops = ops;
    remote->dialect = dialect;
    remote->options = *options;
    pthread_mutex_init(&remote->lock, NULL);
    int rc = check(options, err);
    if (rc == OL_OK)
        rc = settle_endpoint(remote, options, err);
    remote->name = rc == OL_OK ? ol_strdup(options->name ? options->name : "kms") : NULL;
    if (rc == OL_OK && !remote->name)
        rc = ol_error_set(err, OL_ENOMEM, "kms");
    remote->options.name = remote->name;
    remote->options.endpoint = remote->options.ca_file = NULL;
    if (rc != OL_OK)
        ol_kms_remote_fini(remote);
    return rc;
}

void ol_kms_remote_fini(ol_kms_remote *remote)
{
    if (remote->tls)
        ol_tls_destroy(remote->tls);
    remote->tls = NULL;
    ol_free(remote->name);
    ol_free(remote->ca_file);
    remote->name = remote->ca_file = NULL;
    pthread_mutex_destroy(&remote->lock);
}

void ol_kms_remote_read_stats(const ol_kms *kms, ol_kms_remote_stats *stats)
{
    ol_kms_remote *remote = (ol_kms_remote *)(uintptr_t)kms;
    *stats = (ol_kms_remote_stats){
        .calls = atomic_load(&remote->counters.calls),
        .requests = atomic_load(&remote->counters.requests),
        .retries = atomic_load(&remote->counters.retries),
        .throttled = atomic_load(&remote->counters.throttled),
        .denied = atomic_load(&remote->counters.denied),
        .failures = atomic_load(&remote->counters.failures),
        .late = atomic_load(&remote->counters.late),
        .breaker_opened = atomic_load(&remote->counters.breaker_opened),
        .breaker_refused = atomic_load(&remote->counters.breaker_refused),
        .quota_refused = atomic_load(&remote->counters.quota_refused),
        .breakers_open = (uint32_t)atomic_load(&remote->counters.breakers_open)};
    for (size_t i = 0; i < OL_KMS_LOOPS_MAX; i++)
        stats->loops += atomic_load(&remote->slots[i]) != NULL;
}

/* ---- the quota ---- */

/* Each request is due a step behind the one before it; who is ahead by more than a burst waits. */
bool ol_kms_remote_quota(ol_kms_remote *remote)
{
    const ol_kms_remote_options *options = &remote->options;
    if (options->requests_per_s == 0)
        return true;
    uint32_t burst = options->requests_burst ? options->requests_burst : options->requests_per_s;
    uint64_t step = 1000000000u / options->requests_per_s;
    uint64_t now = ol_clock_mono_ns(), due = atomic_load(&remote->quota_ns), next;
    do {
        uint64_t from = due > now ? due : now;
        if (from - now > step * (burst - 1u))
            return false;
        next = from + step;
    } while (!atomic_compare_exchange_weak(&remote->quota_ns, &due, next));
    return true;
}

/* ---- attach ---- */

/* Loops are numbered: the first look nearly always hits. */
static size_t slot_of(const ol_kms_remote *remote, const ol_loop *loop)
{
    for (size_t i = 0; i < OL_KMS_LOOPS_MAX; i++) {
        size_t slot = (ol_loop_index(loop) + i) % OL_KMS_LOOPS_MAX;
        const ol_kms_attachment *at =
            atomic_load_explicit(&remote->slots[slot], memory_order_acquire);
        if (at && at->loop == loop)
            return slot;
    }
    return OL_KMS_LOOPS_MAX;
}

ol_kms_attachment *ol_kms_remote_at(ol_kms_remote *remote, const ol_loop *loop)
{
    size_t slot = loop ? slot_of(remote, loop) : OL_KMS_LOOPS_MAX;
    if (slot == OL_KMS_LOOPS_MAX)
        return NULL;
    ol_kms_attachment *at = atomic_load_explicit(&remote->slots[slot], memory_order_relaxed);
    return at && !at->closing ? at : NULL;
}

static int open_client(ol_kms_attachment *at)
{
    const ol_kms_remote_options *options = &at->remote->options;
    ol_http_client_limits limits;
    ol_http_client_limits_default(&limits);
    limits.connect_timeout_ms = options->connect_timeout_ms;
    limits.response_timeout_ms = limits.body_timeout_ms = options->deadline_ms;
    limits.idle_timeout_ms = options->idle_timeout_ms;
    limits.connections_per_host_max = options->connections_max;
    limits.waiting_per_host_max = options->waiting_max;
    limits.wipes_answers = true;
    return ol_http_client_new(&at->client, at->loop, &limits);
}

static ol_kms_attachment *attachment_new(ol_kms_remote *remote, ol_loop *loop)
{
    const ol_kms_dialect *dialect = remote->dialect;
    ol_kms_attachment *at = ol_calloc(1, sizeof *at);
    if (!at)
        return NULL;
    at->remote = remote;
    at->loop = loop;
    at->refs = 1;
    at->random = ol_clock_mono_ns() ^ (uint64_t)(uintptr_t)at ^ 0x9e3779b97f4a7c15u;
    ol_http_breaker_init(&at->breaker, remote->options.breaker_failures,
                         remote->options.breaker_open_ms);
    if (dialect->loop_init && dialect->loop_init(remote, &at->own) != OL_OK) {
        ol_free(at);
        return NULL;
    }
    if (open_client(at) != OL_OK) {
        if (dialect->loop_fini)
            dialect->loop_fini(at->own);
        ol_free(at);
        return NULL;
    }
    return at;
}

static int attach_new(ol_kms_remote *remote, ol_loop *loop, ol_error *err)
{
    size_t slot = 0;
    while (slot < OL_KMS_LOOPS_MAX &&
           atomic_load(&remote->slots[(ol_loop_index(loop) + slot) % OL_KMS_LOOPS_MAX]))
        slot++;
    if (slot == OL_KMS_LOOPS_MAX)
        return ol_error_set(err, OL_ELIMIT, "kms %s: too many loops", remote->name);
    ol_kms_attachment *at = attachment_new(remote, loop);
    if (!at)
        return ol_error_set(err, OL_ENOMEM, "kms %s: attachment", remote->name);
    atomic_store_explicit(&remote->slots[(ol_loop_index(loop) + slot) % OL_KMS_LOOPS_MAX], at,
                          memory_order_release);
    return OL_OK;
}

int ol_kms_remote_attach(ol_kms *kms, ol_loop *loop, ol_error *err)
{
    ol_kms_remote *remote = (ol_kms_remote *)kms;
    int rc = OL_OK;
    pthread_mutex_lock(&remote->lock);
    size_t slot = slot_of(remote, loop);
    if (slot == OL_KMS_LOOPS_MAX)
        rc = attach_new(remote, loop, err);
    else
        atomic_load(&remote->slots[slot])->refs++;
    pthread_mutex_unlock(&remote->lock);
    return rc;
}

/* ---- detach ---- */

void ol_kms_attachment_check_done(ol_kms_attachment *at)
{
    if (!at->closing || !at->client_closed || at->questions)
        return;
    void (*cb)(void *) = at->on_detached;
    void *arg = at->detached_arg;
    if (at->breaker_open)
        atomic_fetch_sub(&at->remote->counters.breakers_open, 1);
    if (at->remote->dialect->loop_fini)
        at->remote->dialect->loop_fini(at->own);
    ol_free(at);
    if (cb)
        cb(arg);
}

static void on_client_closed(void *arg)
{
    ol_kms_attachment *at = arg;
    at->client_closed = true;
    ol_kms_attachment_check_done(at);
}

void ol_kms_remote_detach(ol_kms *kms, ol_loop *loop, void (*cb)(void *arg), void *arg)
{
    ol_kms_remote *remote = (ol_kms_remote *)kms;
    pthread_mutex_lock(&remote->lock);
    size_t slot = slot_of(remote, loop);
    assert(slot < OL_KMS_LOOPS_MAX);
    ol_kms_attachment *at = atomic_load(&remote->slots[slot]);
    bool last = --at->refs == 0;
    if (last)
        atomic_store(&remote->slots[slot], NULL);
    pthread_mutex_unlock(&remote->lock);
    if (!last) {
        if (cb)
            cb(arg);
        return;
    }
    at->on_detached = cb;
    at->detached_arg = arg;
    at->closing = true;
    ol_kms_questions_cancel(at);
    ol_http_client_close(at->client, on_client_closed, at);
}
