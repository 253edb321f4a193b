/* SPDX-License-Identifier: MIT */
/*
 * A call's tries. One try is one ol_http_call; between two of them the call rests until the
 * attachment's timer takes it up again. A call that its owner gave up stays until the HTTP call
 * under it has said its last word.
 */
#include "origin/s3/call_private.h"

#include "base/alloc.h"

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

void ol_s3_call_finish(ol_s3_call *call, const ol_error *err)
{
    const ol_s3_call_ops *ops = call->ops;
    void *arg = call->arg;
    ol_error copy;
    if (err)
        copy = *err;
    call_free(call);
    ops->on_done(arg, err ? &copy : NULL);
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
    ol_s3_call_note_alive(call);
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

static ol_pipe *on_pipe(void *arg)
{
    ol_s3_call *call = arg;
    bool may = !call->given_up && call->answered && call->ops->on_pipe;
    return may ? call->ops->on_pipe(call->arg) : NULL;
}

static void on_close(void *arg, int code, const ol_error *err)
{
    ol_s3_call *call = arg;
    call->http = NULL;
    if (call->given_up) {
        ol_s3_call_note_unknown(call);
        call_free(call);
    } else if (call->refusal) {
        ol_s3_call_judge_refusal(call);
    } else if (!call->answered) {
        ol_s3_call_judge_silence(call, code, err);
    } else if (code == OL_OK) {
        ol_s3_call_finish(call, NULL);
    } else {
        ol_error cut = {0};
        ol_error_set(&cut, code == OL_ENOMEM ? OL_ENOMEM : OL_EORIGIN, "origin %s: %s",
                     ol_s3_call_options(call)->name, err->detail);
        ol_s3_call_finish(call, &cut);
    }
}

static const ol_http_call_ops http_ops = {
    .on_writable = on_writable,
    .on_answer = on_answer,
    .on_data = on_data,
    .on_alloc = on_alloc,
    .on_pipe = on_pipe,
    .on_close = on_close,
};

/* ---- tries ---- */

static int send_try(ol_s3_call *call, ol_error *err)
{
    ol_s3_attachment *at = call->at;
    ol_headers headers;
    ol_headers_init(&headers, call->arena);
    int rc = ol_s3_wire_sign(&call->wire, &at->signer, ol_loop_wall_ms(at->loop), &headers,
                             call->chunked ? &call->chunks : NULL, err);
    if (rc != OL_OK)
        return rc;
    const ol_http_endpoint *endpoint = &at->origin->endpoint;
    const ol_http_peer peer = {.host = endpoint->host, .port = endpoint->port,
                               .tls = at->origin->tls};
    int64_t asks_from = ol_s3_call_options(call)->continue_bytes_min;
    const ol_http_call_request request = {.method = call->wire.method,
                                          .target = call->wire.target,
                                          .headers = &headers,
                                          .content_length = call->content_length,
                                          .expect_continue = call->streams &&
                                                             call->content_length >= asks_from};
    rc = ol_http_call_start(&call->http, at->client, &peer, &request, &http_ops, call, err);
    if (rc == OL_EINVAL) {
        ol_error_clear(err);
        return ol_error_set(err, OL_EINVALIDURI, "origin %s: not a request", ol_s3_call_options(call)->name);
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
    if (ol_http_breaker_ask(&at->breaker, now_ms(at), &call->probe) != OL_OK) {
        call->judged = true;
        ol_s3_count(&at->counters.breaker_refused, 1);
        return ol_error_set(err, OL_EUNAVAILABLE, "origin %s: its breaker is open",
                            ol_s3_call_options(call)->name);
    }
    int rc = send_try(call, err);
    if (rc != OL_OK) {
        ol_s3_call_note_unknown(call);
        return rc;
    }
    ol_s3_count(&at->counters.requests, 1);
    if (call->tries++ > 0)
        ol_s3_count(&at->counters.retries, 1);
    read_gauges(at);
    return OL_OK;
}

/* With the keys that were refused another try would only be refused again. */
static bool waits_for_keys(const ol_s3_call *call)
{
    return call->keys_stale && call->at->is_reading;
}

/* Of one that rests. */
static uint64_t due_of(const ol_s3_call *call)
{
    return waits_for_keys(call) ? call->deadline_ms : call->due_ms;
}

static int try_again(ol_s3_call *call, ol_error *err)
{
    if (waits_for_keys(call)) /* until its deadline, in vain */
        return ol_error_set(err, OL_EUNAVAILABLE, "origin %s: its keys were refused, and no others were read in time",
                            ol_s3_call_options(call)->name);
    return begin_try(call, err);
}

static void begin_again(ol_s3_call *call)
{
    ol_error err = {0};
    call->resting = false;
    if (try_again(call, &err) != OL_OK)
        ol_s3_call_finish(call, &err);
}

/* Whatever a callback of this one does to the list, the next look begins at its head. */
static bool begin_one(ol_s3_attachment *at, uint64_t now)
{
    for (ol_s3_call *call = at->calls; call; call = call->next) {
        if (call->resting && now >= due_of(call)) {
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
        if (call->resting && due_of(call) < due)
            due = due_of(call);
        if (is_late(call, now)) {
            call->late = true;
            ol_http_call_abort(call->http);
        }
    }
    return at->calls ? due : UINT64_MAX;
}

/* As above: its callback may end others. */
static bool cancel_one(ol_s3_attachment *at)
{
    for (ol_s3_call *call = at->calls; call; call = call->next) {
        if (!call->resting)
            continue;
        ol_error err = {0};
        ol_error_set(&err, OL_ECANCELED, "origin %s: given up", ol_s3_call_options(call)->name);
        ol_s3_call_finish(call, &err);
        return true;
    }
    return false;
}

void ol_s3_calls_cancel(ol_s3_attachment *at)
{
    while (cancel_one(at))
        ;
}

/* ---- what owners call ---- */

int ol_s3_call_start(ol_s3_call **out, ol_s3_attachment *at, const ol_s3_request *request,
                     ol_arena *arena, const ol_s3_call_ops *ops, void *arg, ol_error *err)
{
    if (at->closing) /* by those who held it before: a body that was cut, a second step */
        return ol_error_set(err, OL_ECANCELED, "origin %s: given up", at->origin->options.name);
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
    call->deadline_ms = now_ms(at) + ol_s3_call_options(call)->deadline_ms;
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
