/* SPDX-License-Identifier: MIT */
/* After a try: what it says about the service, and whether another one is worth it. */
#include <stdio.h>

#include "http/backoff.h"
#include "origin/s3/call_private.h"
#include "origin/s3/outcome.h"

/* ---- the breaker hears of every try once ---- */

void ol_s3_call_note_alive(ol_s3_call *call)
{
    if (call->judged)
        return;
    call->judged = true;
    ol_http_breaker_succeeded(&call->at->breaker);
    atomic_store_explicit(&call->at->counters.breaker_open, 0, memory_order_relaxed);
}

static void note_dead(ol_s3_call *call, const char *why)
{
    ol_s3_attachment *at = call->at;
    if (call->judged)
        return;
    call->judged = true;
    if (!ol_http_breaker_failed(&at->breaker, ol_s3_call_now_ms(call), call->probe))
        return;
    ol_s3_count(&at->counters.breaker_opened, 1);
    atomic_store_explicit(&at->counters.breaker_open, 1, memory_order_relaxed);
    ol_s3_warn(at->origin, "%s; nothing is sent there for %u ms", why,
               (unsigned)at->breaker.open_ms);
}

void ol_s3_call_note_unknown(ol_s3_call *call)
{
    if (!call->judged)
        ol_http_breaker_unknown(&call->at->breaker, call->probe);
    call->judged = true;
}

/* ---- after a try that failed ---- */

static bool may_repeat(const ol_s3_call *call, enum ol_s3_remedy remedy)
{
    if (call->tries >= ol_s3_call_options(call)->tries_max || call->body_taken || call->late ||
        call->at->closing)
        return false;
    if (remedy == OL_S3_TRANSIENT)
        return call->retry == OL_S3_RETRY_SAFE;
    if (remedy == OL_S3_STALE_KEYS)
        return call->tries == 1 && ol_s3_credentials_is_file(call->at->origin->credentials);
    return remedy == OL_S3_REFUSED;
}

/* False: not worth it, the deadline would be over. */
static bool rest(ol_s3_call *call, uint32_t at_least_ms)
{
    const ol_s3_origin_options *options = ol_s3_call_options(call);
    uint32_t pause = ol_http_backoff_ms(options->backoff_base_ms, options->backoff_max_ms,
                                      call->tries, ol_s3_attachment_random(call->at));
    if (at_least_ms > options->retry_after_max_ms)
        return false;
    if (pause < at_least_ms)
        pause = at_least_ms;
    uint64_t due = ol_s3_call_now_ms(call) + pause;
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
    call->keys_stale = remedy == OL_S3_STALE_KEYS;
    if (call->keys_stale)
        ol_s3_attachment_refresh(call->at);
    if (may_repeat(call, remedy) && rest(call, at_least_ms))
        return;
    if (call->refusal == NULL)
        ol_s3_count(&call->at->counters.failures, 1);
    ol_s3_call_finish(call, err);
}

void ol_s3_call_judge_refusal(ol_s3_call *call)
{
    const ol_http_answer *answer = call->refusal;
    const ol_s3_refusal refusal = {.origin = ol_s3_call_options(call)->name,
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
        ol_s3_call_note_alive(call);
    ol_slice after = ol_headers_get(&answer->headers, "retry-after");
    settle(call, remedy, ol_http_retry_after_ms(after, ol_clock_wall_ms()), &err);
}

/* No answer, or none that can be read. */
void ol_s3_call_judge_silence(ol_s3_call *call, int code, const ol_error *why)
{
    ol_error err = {0};
    const char *name = ol_s3_call_options(call)->name;
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
        ol_s3_call_note_unknown(call);
    else
        note_dead(call, detail);
    bool unsent = code == OL_EUNAVAILABLE;
    bool transient = unsent || code == OL_EPEER || code == OL_ETIMEOUT;
    settle(call, unsent ? OL_S3_REFUSED : transient ? OL_S3_TRANSIENT : OL_S3_FINAL, 0, &err);
}
