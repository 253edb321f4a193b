/* SPDX-License-Identifier: MIT */
/*
 * A call's tries. One try is one ol_http_call; between two of them the call rests until the
 * attachment's timer takes it up again. A call that its owner gave up stays until the HTTP call
 * under it has said its last word.
 */
#include "origin/s3/call.h"

#include "base/alloc.h"
#include "origin/s3/backoff.h"
#include "origin/s3/outcome.h"
#include "origin/s3/wire.h"

struct ol_s3_call {
    ol_s3_attachment *at;
    ol_s3_call *prev, *next; /* of the attachment; next also of the spare ones */
    const ol_s3_call_ops *ops;
    void *arg;
    ol_arena *arena; /* the owner's */
    ol_s3_wire wire;
    ol_slice body;
    int64_t content_length;
    enum ol_s3_retry retry;
    bool about_key, about_version, streams, chunked;

    ol_http_call *http; /* of the try under way */
    uint32_t tries;
    uint64_t deadline_ms, due_ms; /* loop time */
    bool resting, answered, given_up, late, probe, judged;
    bool body_taken; /* something of a streamed body: no further try */
    bool written;    /* the body in memory is with the try under way */
    const ol_http_answer *refusal; /* an answer that is no success */
    ol_buf document;               /* its body */
    ol_s3_chunk_signer chunks;
};

static int begin_try(ol_s3_call *call, ol_error *err);

static const ol_s3_origin *origin_of(const ol_s3_call *call)
{
    return call->at->origin;
}

static const ol_s3_origin_options *options_of(const ol_s3_call *call)
{
    return &call->at->origin->options;
}

static uint64_t now_ms(const ol_s3_attachment *at)
{
    return ol_loop_now_ms(at->loop);
}

/* ---- life ---- */

static ol_s3_call *call_new(ol_s3_attachment *at)
{
    ol_s3_call *call = at->spare_calls;
    if (call) {
        at->spare_calls = call->next;
        at->spare_call_count--;
    } else {
        call = ol_malloc(sizeof *call);
        if (!call)
            return NULL;
    }
    *call = (ol_s3_call){.at = at, .next = at->calls};
    if (call->next)
        call->next->prev = call;
    at->calls = call;
    return call;
}

static void call_free(ol_s3_call *call)
{
    ol_s3_attachment *at = call->at;
    if (call->prev)
        call->prev->next = call->next;
    else
        at->calls = call->next;
    if (call->next)
        call->next->prev = call->prev;
    ol_buf_fini(&call->document);
    if (call->chunked)
        ol_wipe(&call->chunks, sizeof call->chunks);
    if (at->spare_call_count < OL_S3_SPARE_MAX) {
        call->next = at->spare_calls;
        at->spare_calls = call;
        at->spare_call_count++;
    } else {
        ol_free(call);
    }
    ol_s3_attachment_check_done(at);
}

void ol_s3_calls_free_spare(ol_s3_attachment *at)
{
    for (ol_s3_call *call; (call = at->spare_calls) != NULL;) {
        at->spare_calls = call->next;
        ol_free(call);
    }
}

static void finish(ol_s3_call *call, const ol_error *err)
{
    const ol_s3_call_ops *ops = call->ops;
    void *arg = call->arg;
    ol_error copy;
    if (err)
        copy = *err;
    call_free(call);
    ops->on_done(arg, err ? &copy : NULL);
}

/* ---- the breaker hears of every try once ---- */

static void note_alive(ol_s3_call *call)
{
    if (call->judged)
        return;
    call->judged = true;
    ol_s3_breaker_succeeded(&call->at->breaker);
    atomic_store_explicit(&call->at->counters.breaker_open, 0, memory_order_relaxed);
}

static void note_dead(ol_s3_call *call, const char *why)
{
    ol_s3_attachment *at = call->at;
    if (call->judged)
        return;
    call->judged = true;
    if (!ol_s3_breaker_failed(&at->breaker, now_ms(at), call->probe))
        return;
    ol_s3_count(&at->counters.breaker_opened, 1);
    atomic_store_explicit(&at->counters.breaker_open, 1, memory_order_relaxed);
    ol_s3_warn(at->origin, "%s; nothing is sent there for %u ms", why,
               (unsigned)at->breaker.open_ms);
}

static void note_unknown(ol_s3_call *call)
{
    if (!call->judged)
        ol_s3_breaker_unknown(&call->at->breaker, call->probe);
    call->judged = true;
}

/* ---- after a try that failed ---- */

static bool may_repeat(const ol_s3_call *call, enum ol_s3_remedy remedy)
{
    if (call->tries >= options_of(call)->tries_max || call->body_taken || call->late ||
        call->at->closing)
        return false;
    if (remedy == OL_S3_TRANSIENT)
        return call->retry == OL_S3_RETRY_SAFE;
    if (remedy == OL_S3_STALE_KEYS)
        return call->tries == 1 && ol_s3_credentials_is_file(origin_of(call)->credentials);
    return remedy == OL_S3_REFUSED;
}

/* False: not worth it, the deadline would be over. */
static bool rest(ol_s3_call *call, uint32_t at_least_ms)
{
    const ol_s3_origin_options *options = options_of(call);
    uint32_t pause = ol_s3_backoff_ms(options->backoff_base_ms, options->backoff_max_ms,
                                      call->tries, ol_s3_attachment_random(call->at));
    if (at_least_ms > options->retry_after_max_ms)
        return false;
    if (pause < at_least_ms)
        pause = at_least_ms;
    uint64_t due = now_ms(call->at) + pause;
    if (due >= call->deadline_ms)
        return false;
    call->resting = true;
    call->due_ms = due;
    ol_s3_attachment_arm(call->at, due);
    return true;
}

static void settle(ol_s3_call *call, enum ol_s3_remedy remedy, uint32_t at_least_ms,
                   const ol_error *err)
{
    if (remedy == OL_S3_STALE_KEYS)
        ol_s3_attachment_refresh(call->at);
    if (may_repeat(call, remedy) && rest(call, at_least_ms))
        return;
    if (call->refusal == NULL)
        ol_s3_count(&call->at->counters.failures, 1);
    finish(call, err);
}

static void judge_refusal(ol_s3_call *call)
{
    const ol_http_answer *answer = call->refusal;
    const ol_s3_refusal refusal = {.origin = options_of(call)->name,
                                   .status = answer->status,
                                   .document = ol_buf_slice(&call->document),
                                   .headers = &answer->headers,
                                   .about_key = call->about_key,
                                   .about_version = call->about_version};
    ol_error err = {0};
    enum ol_s3_remedy remedy = ol_s3_outcome(&refusal, &err);
    bool dead = answer->status == 502 || answer->status == 504 ||
                (answer->status == 503 && err.code != OL_ESLOWDOWN);
    if (dead)
        note_dead(call, "the service answers that it is unavailable");
    else
        note_alive(call);
    ol_slice after = ol_headers_get(&answer->headers, "retry-after");
    settle(call, remedy, ol_s3_retry_after_ms(after, ol_clock_wall_ms()), &err);
}

/* No answer, or none that can be read. */
static void judge_silence(ol_s3_call *call, int code, const ol_error *why)
{
    ol_error err = {0};
    const char *name = options_of(call)->name;
    const char *detail = why ? why->detail : "";
    if (code == OL_ENOMEM || (code == OL_ECANCELED && !call->late))
        ol_error_set(&err, code, "origin %s: %s", name, detail);
    else if (code == OL_EPROTOCOL)
        ol_error_say(&err, OL_EORIGIN, "The service that holds the original answered nonsense.");
    else if (call->late)
        ol_error_set(&err, OL_EUNAVAILABLE, "origin %s: no answer within the deadline", name);
    else
        ol_error_set(&err, OL_EUNAVAILABLE, "origin %s: %s", name, detail);
    if (err.detail[0] == '\0')
        snprintf(err.detail, sizeof err.detail, "origin %s: %.200s", name, detail);
    if (code == OL_ENOMEM || (code == OL_ECANCELED && !call->late))
        note_unknown(call);
    else
        note_dead(call, detail);
    bool unsent = code == OL_EUNAVAILABLE;
    bool transient = unsent || code == OL_EPEER || code == OL_ETIMEOUT;
    settle(call, unsent ? OL_S3_REFUSED : transient ? OL_S3_TRANSIENT : OL_S3_FINAL, 0, &err);
}

/* ---- what the HTTP client says ---- */

static void on_writable(void *arg)
{
    ol_s3_call *call = arg;
    if (call->given_up)
        return;
    if (call->streams) {
        call->ops->on_writable(call->arg);
        return;
    }
    if (!call->written) {
        call->written = true;
        if (ol_http_call_write(call->http, call->body) != OL_OK)
            return;
    }
    ol_http_call_end(call->http);
}

static void on_answer(void *arg, const ol_http_answer *answer)
{
    ol_s3_call *call = arg;
    if (call->given_up)
        return;
    if (answer->status >= 300) {
        call->refusal = answer;
        ol_buf_init(&call->document, OL_S3_ERROR_BYTES_MAX);
        return;
    }
    note_alive(call);
    call->answered = true;
    call->ops->on_answer(call->arg, answer);
}

static int on_data(void *arg, ol_slice data)
{
    ol_s3_call *call = arg;
    if (call->given_up)
        return OL_ECANCELED;
    if (!call->answered)
        return ol_buf_add(&call->document, data); /* too long: what there is will do */
    ol_s3_count(&call->at->counters.bytes_in, data.len);
    return call->ops->on_data(call->arg, data);
}

static void on_alloc(void *arg, ol_span *span)
{
    ol_s3_call *call = arg;
    if (!call->given_up && call->answered && call->ops->on_alloc)
        call->ops->on_alloc(call->arg, span);
}

static void on_close(void *arg, int code, const ol_error *err)
{
    ol_s3_call *call = arg;
    call->http = NULL;
    if (call->given_up) {
        note_unknown(call);
        call_free(call);
    } else if (call->refusal) {
        judge_refusal(call);
    } else if (!call->answered) {
        judge_silence(call, code, err);
    } else if (code == OL_OK) {
        finish(call, NULL);
    } else {
        ol_error cut = {0};
        ol_error_set(&cut, code == OL_ENOMEM ? OL_ENOMEM : OL_EORIGIN, "origin %s: %s",
                     options_of(call)->name, err->detail);
        finish(call, &cut);
    }
}

static const ol_http_call_ops http_ops = {
    .on_writable = on_writable,
    .on_answer = on_answer,
    .on_data = on_data,
    .on_alloc = on_alloc,
    .on_close = on_close,
};

/* ---- tries ---- */

static int send_try(ol_s3_call *call, ol_error *err)
{
    ol_s3_attachment *at = call->at;
    ol_headers headers;
    ol_headers_init(&headers, call->arena);
    int rc = ol_s3_wire_sign(&call->wire, &at->signer, ol_clock_wall_ms(), &headers,
                             call->chunked ? &call->chunks : NULL, err);
    if (rc != OL_OK)
        return rc;
    const ol_s3_endpoint *endpoint = &at->origin->endpoint;
    const ol_http_peer peer = {.host = endpoint->host, .port = endpoint->port,
                               .tls = at->origin->tls};
    int64_t asks_from = options_of(call)->continue_bytes_min;
    const ol_http_call_request request = {.method = call->wire.method,
                                          .target = call->wire.target,
                                          .headers = &headers,
                                          .content_length = call->content_length,
                                          .expect_continue = call->streams &&
                                                             call->content_length >= asks_from};
    rc = ol_http_call_start(&call->http, at->client, &peer, &request, &http_ops, call, err);
    if (rc == OL_EINVAL) {
        ol_error_clear(err);
        return ol_error_set(err, OL_EINVALIDURI, "origin %s: not a request", options_of(call)->name);
    }
    return rc;
}

static void read_gauges(ol_s3_attachment *at)
{
    ol_http_client_stats stats;
    ol_http_client_stats_get(at->client, &stats);
    atomic_store_explicit(&at->counters.connections, stats.connections, memory_order_relaxed);
    atomic_store_explicit(&at->counters.idle, stats.idle, memory_order_relaxed);
    atomic_store_explicit(&at->counters.waiting, stats.waiting, memory_order_relaxed);
}

static int begin_try(ol_s3_call *call, ol_error *err)
{
    ol_s3_attachment *at = call->at;
    call->refusal = NULL;
    call->judged = call->probe = call->written = false;
    ol_buf_fini(&call->document);
    if (ol_s3_breaker_ask(&at->breaker, now_ms(at), &call->probe) != OL_OK) {
        call->judged = true;
        ol_s3_count(&at->counters.breaker_refused, 1);
        return ol_error_set(err, OL_EUNAVAILABLE, "origin %s: its breaker is open",
                            options_of(call)->name);
    }
    int rc = send_try(call, err);
    if (rc != OL_OK) {
        note_unknown(call);
        return rc;
    }
    ol_s3_count(&at->counters.requests, 1);
    if (call->tries++ > 0)
        ol_s3_count(&at->counters.retries, 1);
    read_gauges(at);
    return OL_OK;
}

static void begin_again(ol_s3_call *call)
{
    ol_error err = {0};
    call->resting = false;
    if (begin_try(call, &err) != OL_OK)
        finish(call, &err);
}

/* Whatever a callback of this one does to the list, the next look begins at its head. */
static bool begin_one(ol_s3_attachment *at, uint64_t now)
{
    for (ol_s3_call *call = at->calls; call; call = call->next) {
        if (call->resting && now >= call->due_ms) {
            begin_again(call);
            return true;
        }
    }
    return false;
}

static bool is_late(const ol_s3_call *call, uint64_t now)
{
    return call->http && !call->answered && !call->body_taken && !call->late && !call->given_up &&
           now >= call->deadline_ms;
}

uint64_t ol_s3_calls_tick(ol_s3_attachment *at, uint64_t now)
{
    uint64_t due = now + OL_S3_TICK_MS;
    while (begin_one(at, now))
        ;
    for (ol_s3_call *call = at->calls; call; call = call->next) {
        if (call->resting && call->due_ms < due)
            due = call->due_ms;
        if (is_late(call, now)) {
            call->late = true;
            ol_http_call_abort(call->http);
        }
    }
    return at->calls ? due : UINT64_MAX;
}

void ol_s3_calls_cancel(ol_s3_attachment *at)
{
    for (ol_s3_call *call = at->calls; call; call = call ? call->next : NULL) {
        if (!call->resting)
            continue;
        ol_error err = {0};
        ol_error_set(&err, OL_ECANCELED, "origin %s: given up", options_of(call)->name);
        finish(call, &err);
        call = at->calls; /* its callback may have ended others */
    }
}

/* ---- what owners call ---- */

int ol_s3_call_start(ol_s3_call **out, ol_s3_attachment *at, const ol_s3_request *request,
                     ol_arena *arena, const ol_s3_call_ops *ops, void *arg, ol_error *err)
{
    ol_s3_call *call = call_new(at);
    if (!call)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: call");
    call->ops = ops;
    call->arg = arg;
    call->arena = arena;
    call->body = request->body;
    call->retry = request->retry;
    call->about_key = request->key.len > 0;
    call->streams = request->body_kind != OL_S3_BODY_MEMORY;
    call->chunked = request->body_kind == OL_S3_BODY_CHUNKS ||
                    request->body_kind == OL_S3_BODY_CHUNKS_TRAILER;
    call->content_length =
        (int64_t)(call->streams ? request->stream_bytes : request->body.len);
    call->deadline_ms = now_ms(at) + options_of(call)->deadline_ms;
    for (size_t i = 0; i < request->param_count; i++)
        call->about_version |= strcmp(request->params[i].name, "versionId") == 0;
    int rc = ol_s3_wire_make(&call->wire, at->origin, request, arena, err);
    if (rc == OL_OK)
        rc = begin_try(call, err);
    if (rc != OL_OK) {
        call_free(call);
        return rc;
    }
    ol_s3_attachment_arm(at, now_ms(at) + OL_S3_TICK_MS);
    *out = call;
    return OL_OK;
}

int ol_s3_call_write(ol_s3_call *call, ol_slice data)
{
    if (!call->http)
        return OL_EPEER;
    call->body_taken = true;
    ol_s3_count(&call->at->counters.bytes_out, data.len);
    return ol_http_call_write(call->http, data);
}

void ol_s3_call_end(ol_s3_call *call)
{
    if (call->http)
        ol_http_call_end(call->http);
}

void ol_s3_call_resume(ol_s3_call *call)
{
    if (call->http)
        ol_http_call_resume(call->http);
}

void ol_s3_call_hand_over(ol_s3_call *call, const ol_s3_call_ops *ops, void *arg)
{
    call->ops = ops;
    call->arg = arg;
}

void ol_s3_call_abort(ol_s3_call *call)
{
    call->given_up = true;
    if (call->http)
        ol_http_call_abort(call->http);
    else
        call_free(call);
}

void ol_s3_call_abandon(ol_s3_call *call)
{
    call->given_up = true;
}

ol_s3_chunk_signer *ol_s3_call_chunks(ol_s3_call *call)
{
    return &call->chunks;
}
