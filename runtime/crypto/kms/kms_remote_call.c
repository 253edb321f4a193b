/* SPDX-License-Identifier: MIT */
/*
 * A call's tries. One try is one HTTP call; between two of them the question rests until its timer
 * takes it up again. The timer is also the deadline. A question whose caller gave it up stays until the
 * HTTP call under it has said its last word, and is freed when its timer has closed.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "crypto/keys/secret.h"
#include "crypto/kms/kms_remote_private.h"
#include "http/backoff.h"

static void on_timer(uv_timer_t *timer);

static uint64_t now_ms(const ol_kms_question *question)
{
    return ol_loop_now_ms(question->at->loop);
}

/* ---- life ---- */

static ol_kms_question *question_new(ol_kms_attachment *at, enum ol_kms_verb verb)
{
    ol_kms_question *question = ol_calloc(1, sizeof *question);
    if (!question)
        return NULL;
    question->arena = ol_arena_new(OL_KMS_ARENA_BYTES_MAX);
    if (!question->arena) {
        ol_free(question);
        return NULL;
    }
    question->at = at;
    question->verb = verb;
    question->next = at->questions;
    if (question->next)
        question->next->prev = question;
    at->questions = question;
    ol_buf_init_secret(&question->document, OL_KMS_ANSWER_BYTES_MAX);
    uv_timer_init(ol_loop_uv(at->loop), &question->timer);
    question->timer.data = question;
    return question;
}

static void on_timer_closed(uv_handle_t *handle)
{
    ol_kms_question *question = handle->data;
    ol_kms_attachment *at = question->at;
    if (question->prev)
        question->prev->next = question->next;
    else
        at->questions = question->next;
    if (question->next)
        question->next->prev = question->prev;
    ol_arena_destroy(question->arena);
    ol_free(question);
    ol_kms_attachment_check_done(at);
}

static void question_close(ol_kms_question *question)
{
    question->ended = true;
    ol_buf_fini(&question->document);
    if (question->closed)
        return;
    question->closed = true;
    uv_close((uv_handle_t *)&question->timer, on_timer_closed);
}

/* Tells the caller; the question is closing. */
static void finish(ol_kms_question *question, const ol_error *err)
{
    ol_kms_call *call = question->call;
    ol_error copy;
    question->call = NULL;
    if (err)
        copy = *err;
    question_close(question);
    if (call)
        call->cb(call, err ? &copy : NULL);
}

/* ---- what was given ---- */

int ol_kms_garbage(const ol_kms_question *question, const char *what, ol_error *err)
{
    return ol_error_set(err, OL_EKMSUNAVAILABLE, "kms %s: its answer %s",
                        question->at->remote->name, what);
}

static const char *fault_of(const ol_kms_question *question, const ol_kms_given *given)
{
    size_t want = question->call->key_bytes;
    if (!given->key)
        return "holds no key";
    if (want > 0 ? given->key_len != want : given->key_len < 16 || given->key_len > 64)
        return "holds a key of another length";
    if (given->used_key.len == 0 || given->used_key.len > OL_KMS_KEY_ID_BYTES_MAX)
        return "does not say which key was used";
    if (question->verb == OL_KMS_GENERATE &&
        (given->wrapped.len == 0 || given->wrapped.len > OL_KMS_BLOB_BYTES_MAX))
        return "holds no wrapped key";
    return NULL;
}

int ol_kms_question_take(ol_kms_question *question, const ol_kms_given *given, ol_error *err)
{
    ol_kms_call *call = question->call;
    const char *fault = fault_of(question, given);
    int rc = fault ? ol_kms_garbage(question, fault, err) : OL_OK;
    if (rc == OL_OK) {
        call->used_key = ol_arena_copy(call->arena, given->used_key);
        call->wrapped = given->wrapped.len > 0 ? ol_arena_copy(call->arena, given->wrapped)
                                               : OL_SLICE_NONE;
        if (!call->used_key.data || (given->wrapped.len > 0 && !call->wrapped.data))
            rc = ol_error_set(err, OL_ENOMEM, "kms: answer");
    }
    if (rc != OL_OK) {
        ol_secret_free(given->key, given->key_len);
        return rc;
    }
    call->key = given->key;
    call->key_len = given->key_len;
    call->key_version = given->key_version;
    call->cached = false;
    return OL_OK;
}

/* ---- after a try ---- */

static void count_breaker(ol_kms_attachment *at, bool open)
{
    if (open && !at->breaker_open)
        ol_kms_count(&at->remote->counters.breakers_open);
    else if (!open && at->breaker_open)
        atomic_fetch_sub(&at->remote->counters.breakers_open, 1);
    at->breaker_open = open;
}

static void note_alive(ol_kms_question *question)
{
    if (!question->judged) {
        ol_http_breaker_succeeded(&question->at->breaker);
        count_breaker(question->at, false);
    }
    question->judged = true;
}

static void note_unknown(ol_kms_question *question)
{
    if (!question->judged)
        ol_http_breaker_unknown(&question->at->breaker, question->probe);
    question->judged = true;
}

static void note_dead(ol_kms_question *question)
{
    ol_kms_attachment *at = question->at;
    if (!question->judged &&
        ol_http_breaker_failed(&at->breaker, now_ms(question), question->probe)) {
        ol_kms_count(&at->remote->counters.breaker_opened);
        count_breaker(at, true);
    }
    question->judged = true;
}

/* For jitter only. */
static uint32_t random_of(ol_kms_attachment *at)
{
    at->random ^= at->random << 13;
    at->random ^= at->random >> 7;
    at->random ^= at->random << 17;
    return (uint32_t)(at->random >> 32);
}

/* False: not worth it, the deadline would be over. */
static bool rest(ol_kms_question *question, uint32_t at_least_ms)
{
    const ol_kms_remote_options *options = &question->at->remote->options;
    if (question->tries >= options->tries_max || question->at->closing || question->late)
        return false;
    uint32_t pause = ol_http_backoff_ms(options->backoff_base_ms, options->backoff_max_ms,
                                        question->tries, random_of(question->at));
    pause = pause < at_least_ms ? at_least_ms : pause;
    if (now_ms(question) + pause >= question->deadline_ms)
        return false;
    question->resting = true;
    uv_timer_start(&question->timer, on_timer, pause, 0);
    return true;
}

static void count_failure(const ol_kms_question *question, int code)
{
    ol_kms_remote *remote = question->at->remote;
    if (code == OL_EACCESS)
        ol_kms_count(&remote->counters.denied);
    else if (code == OL_EKMSUNAVAILABLE || code == OL_EKMSTHROTTLED)
        ol_kms_count(&remote->counters.failures);
    if (question->late)
        ol_kms_count(&remote->counters.late);
}

static void fail(ol_kms_question *question, const ol_error *err)
{
    count_failure(question, err->code);
    finish(question, err);
}

static void judge_answer(ol_kms_question *question)
{
    const ol_kms_reply reply = {.status = question->status,
                                .headers = &question->answer->headers,
                                .body = {question->document.data, question->document.len}};
    bool again = false;
    ol_error err = {0};
    int rc = question->at->remote->dialect->judge(question, &reply, &again, &err);
    bool dead = reply.status >= 500 && rc == OL_EKMSUNAVAILABLE;
    if (dead)
        note_dead(question);
    else
        note_alive(question);
    if (rc == OL_OK) {
        finish(question, NULL);
        return;
    }
    if (rc == OL_EKMSTHROTTLED)
        ol_kms_count(&question->at->remote->counters.throttled);
    ol_slice after = ol_headers_get(reply.headers, "retry-after");
    if (again && rest(question, ol_http_retry_after_ms(after, ol_clock_wall_ms())))
        return;
    fail(question, &err);
}

static void judge_silence(ol_kms_question *question, int code, const ol_error *why)
{
    const char *name = question->at->remote->name;
    ol_error err = {0};
    if (code == OL_ENOMEM || (code == OL_ECANCELED && !question->late)) {
        note_unknown(question);
        ol_error_set(&err, code, "kms %s: %s", name, why ? why->detail : "");
        fail(question, &err);
        return;
    }
    note_dead(question);
    if (question->late)
        ol_error_set(&err, OL_EKMSUNAVAILABLE, "kms %s: no answer within the deadline", name);
    else if (code == OL_ELIMIT)
        ol_kms_garbage(question, "is too long", &err);
    else
        ol_error_set(&err, OL_EKMSUNAVAILABLE, "kms %s: %s", name,
                     why && why->detail[0] ? why->detail : "no answer");
    bool transient = code == OL_EUNAVAILABLE || code == OL_EPEER || code == OL_ETIMEOUT;
    if (transient && rest(question, 0))
        return;
    fail(question, &err);
}

/* ---- what the HTTP client says ---- */

static void on_writable(void *arg)
{
    ol_kms_question *question = arg;
    if (question->ended)
        return;
    if (!question->written && question->body.len > 0) {
        question->written = true;
        if (ol_http_call_write(question->http, question->body) != OL_OK)
            return;
    }
    ol_http_call_end(question->http);
}

static void on_answer(void *arg, const ol_http_answer *answer)
{
    ol_kms_question *question = arg;
    question->answer = answer;
    question->status = answer->status;
}

static int on_data(void *arg, ol_slice data)
{
    ol_kms_question *question = arg;
    return question->ended ? OL_ECANCELED : ol_buf_add(&question->document, data);
}

static void on_close(void *arg, int code, const ol_error *err)
{
    ol_kms_question *question = arg;
    question->http = NULL;
    if (question->ended) {
        note_unknown(question);
        question_close(question);
    } else if (code == OL_OK) {
        judge_answer(question);
    } else {
        judge_silence(question, code, err);
    }
}

static const ol_http_call_ops http_ops = {
    .on_writable = on_writable,
    .on_answer = on_answer,
    .on_data = on_data,
    .on_close = on_close,
};

/* ---- tries ---- */

static int send_try(ol_kms_question *question, ol_error *err)
{
    ol_kms_remote *remote = question->at->remote;
    ol_headers headers;
    ol_headers_init(&headers, question->arena);
    int rc = remote->dialect->dress(question, &headers, err);
    if (rc != OL_OK)
        return rc;
    const ol_http_peer peer = {.host = remote->endpoint.host, .port = remote->endpoint.port,
                               .tls = remote->tls};
    const ol_http_call_request request = {.method = question->method,
                                          .target = question->target,
                                          .headers = &headers,
                                          .content_length = (int64_t)question->body.len};
    ol_error why = {0};
    rc = ol_http_call_start(&question->http, question->at->client, &peer, &request, &http_ops,
                            question, &why);
    if (rc == OL_ESLOWDOWN)
        return ol_error_set(err, OL_EKMSTHROTTLED, "kms %s: too many calls wait", remote->name);
    if (rc != OL_OK)
        return ol_error_set(err, rc == OL_ENOMEM ? rc : OL_EKMSUNAVAILABLE, "kms %s: %s",
                            remote->name, why.detail);
    return OL_OK;
}

static int begin_try(ol_kms_question *question, ol_error *err)
{
    ol_kms_attachment *at = question->at;
    question->judged = question->probe = question->written = false;
    ol_buf_fini(&question->document);
    ol_buf_init_secret(&question->document, OL_KMS_ANSWER_BYTES_MAX);
    if (!ol_kms_remote_quota(at->remote)) {
        question->judged = true;
        ol_kms_count(&at->remote->counters.quota_refused);
        return ol_error_set(err, OL_EKMSTHROTTLED, "kms %s: more than requests_per_s",
                            at->remote->name);
    }
    if (ol_http_breaker_ask(&at->breaker, now_ms(question), &question->probe) != OL_OK) {
        question->judged = true;
        ol_kms_count(&at->remote->counters.breaker_refused);
        return ol_error_set(err, OL_EKMSUNAVAILABLE, "kms %s: its breaker is open",
                            at->remote->name);
    }
    int rc = send_try(question, err);
    if (rc != OL_OK) {
        note_unknown(question);
        return rc;
    }
    ol_kms_count(&at->remote->counters.requests);
    if (question->tries++ > 0)
        ol_kms_count(&at->remote->counters.retries);
    uint64_t now = now_ms(question);
    uint64_t left = question->deadline_ms > now ? question->deadline_ms - now : 1;
    uv_timer_start(&question->timer, on_timer, left, 0);
    return OL_OK;
}

static void on_timer(uv_timer_t *timer)
{
    ol_kms_question *question = timer->data;
    ol_error err = {0};
    if (!question->resting) {
        question->late = true;
        if (question->http)
            ol_http_call_abort(question->http);
        return;
    }
    question->resting = false;
    if (begin_try(question, &err) != OL_OK)
        fail(question, &err);
}

/* ---- what callers say ---- */

static int ask(ol_kms *kms, ol_kms_call *call, enum ol_kms_verb verb, enum ol_kms_state *state,
               ol_error *err)
{
    ol_kms_remote *remote = (ol_kms_remote *)kms;
    ol_kms_attachment *at = ol_kms_remote_at(remote, call->loop);
    if (!at)
        return ol_error_set(err, OL_EKMSUNAVAILABLE, "kms %s: not attached to this loop",
                            remote->name);
    ol_kms_question *question = question_new(at, verb);
    if (!question)
        return ol_error_set(err, OL_ENOMEM, "kms %s: call", remote->name);
    question->call = call;
    question->state = state;
    question->method = OL_SLICE_LIT("POST");
    question->deadline_ms = now_ms(question) + remote->options.deadline_ms;
    ol_kms_count(&remote->counters.calls);
    int rc = remote->dialect->compose(question, err);
    if (rc == OL_OK)
        rc = begin_try(question, err);
    if (rc != OL_OK) {
        count_failure(question, rc);
        question->call = NULL;
        question_close(question);
        return rc;
    }
    call->private_[0] = question;
    return OL_WAIT;
}

int ol_kms_remote_generate(ol_kms *kms, ol_kms_call *call, ol_error *err)
{
    return ask(kms, call, OL_KMS_GENERATE, NULL, err);
}

int ol_kms_remote_open(ol_kms *kms, ol_kms_call *call, ol_error *err)
{
    return ask(kms, call, OL_KMS_OPEN, NULL, err);
}

int ol_kms_remote_state(ol_kms *kms, ol_kms_call *call, enum ol_kms_state *state, ol_error *err)
{
    return ask(kms, call, OL_KMS_STATE, state, err);
}

void ol_kms_remote_cancel(ol_kms *kms, ol_kms_call *call)
{
    (void)kms;
    ol_kms_question *question = call->private_[0];
    question->call = NULL;
    question->ended = true;
    if (question->http)
        ol_http_call_abort(question->http); /* what is left happens in on_close */
    else
        question_close(question);
}

/* Its callback may end others: the next look begins at the head. */
static bool cancel_one(ol_kms_attachment *at)
{
    for (ol_kms_question *question = at->questions; question; question = question->next) {
        if (!question->resting || question->ended)
            continue;
        ol_error err = {0};
        ol_error_set(&err, OL_ECANCELED, "kms %s: given up", at->remote->name);
        finish(question, &err);
        return true;
    }
    return false;
}

void ol_kms_questions_cancel(ol_kms_attachment *at)
{
    while (cancel_one(at))
        ;
}
