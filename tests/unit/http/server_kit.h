/* SPDX-License-Identifier: MIT */
/*
 * A server on a free port with a handler that does what the path says, and raw clients beside
 * it on the same thread: the loop is turned while a client waits. Included by the tests of
 * the server; each uses a part of it.
 */
#ifndef OL_TESTS_HTTP_SERVER_KIT_H
#define OL_TESTS_HTTP_SERVER_KIT_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "http/server.h"
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/loop_fixture.h"

#define KIT_UNUSED __attribute__((unused))

typedef struct kit {
    ol_test_loop t;
    ol_http_server *server;
    ol_http_limits limits;
    uint16_t port;
    bool hold; /* /slow-echo resumes only when the test says so */
    /* what the handler saw */
    unsigned requests, closes, gones, body_ends, drains, refusals;
    int close_code, gone_code, body_code, refused_status;
    char refused_why[64];
    char target[256], host[64], peer[64];
    char client_subject[128], client_fingerprint[80], tls_version[8];
    size_t body_bytes;
    size_t live; /* exchanges */
    struct kit_job *last;
} kit;

typedef struct kit_job {
    kit *k;
    ol_http_exchange *x;
    ol_http_body_ops body_ops;
    ol_buf body;
    ol_post resume;
    ol_slice held;
    uint8_t held_first;
    size_t left; /* of /big */
    uint8_t *block;
    bool slow, over, deferred;
} kit_job;

#define KIT_BLOCK_BYTES (256 * 1024)

/* ---- the handler ---- */

static void kit_say(kit_job *job, int status, const char *text)
{
    ol_http_response r = {.status = status, .content_length = (int64_t)strlen(text)};
    if (ol_http_respond(job->x, &r) != OL_OK ||
        ol_http_write(job->x, ol_slice_cstr(text)) < 0) {
        ol_http_abort(job->x);
        return;
    }
    ol_http_end(job->x);
}

static void kit_more_big(kit_job *job)
{
    while (job->left > 0) {
        size_t len = job->left < KIT_BLOCK_BYTES ? job->left : KIT_BLOCK_BYTES;
        job->left -= len;
        int rc = ol_http_write(job->x, ol_slice_of(job->block, len));
        if (rc != OL_OK)
            return; /* drained or gone */
    }
    ol_http_end(job->x);
}

/* A deferred call keeps the job's memory until it has run. */
static void kit_defer(kit_job *job, void (*fn)(void *arg))
{
    job->deferred = true;
    job->resume = (ol_post){.fn = fn, .arg = job};
    ol_loop_defer(job->k->t.loop, &job->resume);
}

static void kit_job_free(kit_job *job)
{
    ol_buf_fini(&job->body);
    ol_free(job->block);
    ol_free(job);
}

static void kit_on_drain(void *arg)
{
    kit_job *job = arg;
    job->k->drains++;
    kit_more_big(job);
}

static void kit_on_gone(void *arg, int code)
{
    kit_job *job = arg;
    assert_false(job->over);
    job->k->gones++;
    job->k->gone_code = code;
}

static void kit_on_close(void *arg, int code)
{
    kit_job *job = arg;
    assert_false(job->over);
    job->over = true;
    job->k->closes++;
    job->k->close_code = code;
    job->k->live--;
    if (job->k->last == job)
        job->k->last = NULL;
    if (!job->deferred)
        kit_job_free(job);
}

static const ol_http_exchange_ops kit_ops = {kit_on_drain, kit_on_gone, kit_on_close};

/* The slice must have stayed as it was while it was held. */
static void kit_resume(void *arg)
{
    kit_job *job = arg;
    job->deferred = false;
    if (job->over) {
        kit_job_free(job);
        return;
    }
    if (job->held.len > 0) {
        assert_int_equal(job->held.data[0], job->held_first);
        ol_buf_add(&job->body, job->held);
        job->held = OL_SLICE_NONE;
        ol_http_body_resume(job->x);
    }
}

static int kit_on_data(void *arg, ol_slice data)
{
    kit_job *job = arg;
    assert_true(data.len > 0);
    assert_false(job->over);
    job->k->body_bytes += data.len;
    if (!job->slow) {
        int rc = ol_buf_add(&job->body, data);
        if (rc != OL_OK)
            ol_http_abort(job->x); /* whoever refuses the body still has to answer, or cut */
        return rc;
    }
    job->held = data;
    job->held_first = data.data[0];
    if (!job->k->hold)
        kit_defer(job, kit_resume);
    return OL_WAIT;
}

static void kit_on_end(void *arg, int code)
{
    kit_job *job = arg;
    assert_false(job->over);
    job->k->body_ends++;
    job->k->body_code = code;
    if (code == OL_EINCOMPLETEBODY || code == OL_ETIMEOUT || code == OL_EPROTOCOL) {
        kit_say(job, 400, "bad body");
        return;
    }
    if (code != OL_OK)
        return;
    ol_http_response r = {.status = 200, .content_length = (int64_t)job->body.len};
    if (ol_http_respond(job->x, &r) != OL_OK) {
        ol_http_abort(job->x);
        return;
    }
    if (ol_http_write(job->x, ol_buf_slice(&job->body)) == OL_OK)
        ol_http_end(job->x);
}

static const ol_http_body_ops kit_body_ops = {kit_on_data, kit_on_end};

static int kit_refuse_data(void *arg, ol_slice data)
{
    (void)arg;
    (void)data;
    return OL_EINVAL;
}

static const ol_http_body_ops kit_refusing_ops = {kit_refuse_data, kit_on_end};

static void kit_chunked(kit_job *job)
{
    ol_headers headers;
    ol_headers_init(&headers, ol_http_arena(job->x));
    ol_http_response r = {.status = 200, .headers = &headers, .content_length = -1};
    if (ol_headers_add(&headers, OL_SLICE_LIT("X-Test"), OL_SLICE_LIT("yes")) != OL_OK ||
        ol_http_respond(job->x, &r) != OL_OK || ol_http_write(job->x, OL_SLICE_LIT("one,")) < 0 ||
        ol_http_write(job->x, OL_SLICE_LIT("two,")) < 0 ||
        ol_http_write(job->x, OL_SLICE_LIT("three")) < 0) {
        ol_http_abort(job->x);
        return;
    }
    ol_http_end(job->x);
}

/* "/trailers" and, with a length, "/no-trailers". */
static void kit_trailers(kit_job *job, int64_t length)
{
    ol_headers fields;
    ol_headers_init(&fields, ol_http_arena(job->x));
    ol_http_response r = {.status = 200, .content_length = length};
    if (ol_headers_add(&fields, OL_SLICE_LIT("x-first"), OL_SLICE_LIT("1")) != OL_OK ||
        ol_headers_add(&fields, OL_SLICE_LIT("x-second"), OL_SLICE_LIT("two")) != OL_OK ||
        ol_http_respond(job->x, &r) != OL_OK || ol_http_write(job->x, OL_SLICE_LIT("body")) < 0 ||
        ol_http_trailers(job->x, &fields) < 0) {
        ol_http_abort(job->x);
        return;
    }
    ol_http_end(job->x);
}

/* Ten bytes of a longer body. */
static void kit_begin(kit_job *job, int64_t length)
{
    ol_http_response r = {.status = 200, .content_length = length};
    if (ol_http_respond(job->x, &r) != OL_OK ||
        ol_http_write(job->x, OL_SLICE_LIT("0123456789")) < 0)
        ol_http_abort(job->x);
}

static void kit_abort_later(void *arg)
{
    kit_job *job = arg;
    job->deferred = false;
    if (job->over)
        kit_job_free(job);
    else
        ol_http_abort(job->x);
}

static void kit_big(kit_job *job, size_t len, bool chunked)
{
    job->block = ol_malloc(KIT_BLOCK_BYTES);
    ol_http_response r = {.status = 200, .content_length = chunked ? -1 : (int64_t)len};
    if (!job->block || ol_http_respond(job->x, &r) != OL_OK) {
        ol_http_abort(job->x);
        return;
    }
    memset(job->block, 'b', KIT_BLOCK_BYTES);
    job->left = len;
    kit_more_big(job);
}

static bool kit_is(const ol_http_request *r, const char *path)
{
    return ol_slice_eq_cstr(r->path, path);
}

static void kit_dispatch(kit_job *job, const ol_http_request *r)
{
    if (kit_is(r, "/echo") || kit_is(r, "/slow-echo")) {
        job->slow = kit_is(r, "/slow-echo");
        ol_http_body_start(job->x, &kit_body_ops, job);
    } else if (kit_is(r, "/chunked")) {
        kit_chunked(job);
    } else if (kit_is(r, "/trailers") || kit_is(r, "/no-trailers")) {
        kit_trailers(job, kit_is(r, "/trailers") ? -1 : 4);
    } else if (kit_is(r, "/big") || kit_is(r, "/big-chunked")) {
        kit_big(job, (size_t)strtoull((const char *)r->query.data, NULL, 10),
                kit_is(r, "/big-chunked"));
    } else if (kit_is(r, "/short")) {
        kit_begin(job, 100);
        ol_http_end(job->x);
    } else if (kit_is(r, "/begin") || kit_is(r, "/begin-chunked")) {
        kit_begin(job, kit_is(r, "/begin") ? 100 : -1);
    } else if (kit_is(r, "/abort") || kit_is(r, "/abort-chunked")) {
        kit_begin(job, kit_is(r, "/abort") ? 100 : -1);
        kit_defer(job, kit_abort_later);
    } else if (kit_is(r, "/abort-now")) {
        ol_http_abort(job->x);
    } else if (kit_is(r, "/end-now")) {
        ol_http_end(job->x);
    } else if (kit_is(r, "/refuse-body")) {
        ol_http_body_start(job->x, &kit_refusing_ops, job);
        kit_say(job, 403, "no");
    } else if (kit_is(r, "/empty")) {
        ol_http_response response = {.status = 204, .content_length = -1};
        if (ol_http_respond(job->x, &response) == OL_OK)
            ol_http_end(job->x);
        else
            ol_http_abort(job->x);
    } else if (!kit_is(r, "/never")) {
        kit_say(job, 200, "hello");
    }
}

static void kit_on_request(void *arg, ol_http_exchange *x)
{
    kit *k = arg;
    const ol_http_request *r = ol_http_request_of(x);
    k->requests++;
    snprintf(k->target, sizeof(k->target), "%.*s", OL_SLICE_FMT(r->target));
    snprintf(k->host, sizeof(k->host), "%.*s", OL_SLICE_FMT(r->host));
    snprintf(k->peer, sizeof(k->peer), "%s", r->peer);
    snprintf(k->client_subject, sizeof(k->client_subject), "%.*s", OL_SLICE_FMT(r->client_subject));
    snprintf(k->client_fingerprint, sizeof(k->client_fingerprint), "%.*s",
             OL_SLICE_FMT(r->client_fingerprint));
    snprintf(k->tls_version, sizeof(k->tls_version), "%.*s", OL_SLICE_FMT(r->tls_version));
    kit_job *job = ol_calloc(1, sizeof(*job));
    if (!job) {
        ol_http_abort(x);
        return;
    }
    k->live++;
    k->last = job;
    job->k = k;
    job->x = x;
    ol_buf_init(&job->body, 64 << 20);
    ol_http_exchange_set(x, &kit_ops, job);
    kit_dispatch(job, r);
}

static void kit_on_refused(void *arg, const char *peer, const char *id, int status,
                           const char *why)
{
    kit *k = arg;
    assert_non_null(peer);
    assert_int_equal(strlen(id), 36);
    k->refusals++;
    k->refused_status = status;
    snprintf(k->refused_why, sizeof(k->refused_why), "%s", why);
}

/* ---- the server ---- */

static KIT_UNUSED kit *kit_new(void)
{
    kit *k = calloc(1, sizeof(*k));
    ol_http_limits_default(&k->limits);
    return k;
}

static KIT_UNUSED int kit_open_tls(kit *k, struct ol_tls *tls)
{
    int rc = ol_test_loop_open(&k->t);
    if (rc != OL_OK)
        return rc;
    ol_http_handler handler = {
        .arg = k, .on_request = kit_on_request, .on_refused = kit_on_refused};
    rc = ol_http_server_new(&k->server, k->t.loop, &k->limits, &handler);
    if (rc != OL_OK)
        return rc;
    ol_error err = {0};
    ol_http_listen listen = {.address = "127.0.0.1", .tls = tls};
    return ol_http_server_listen(k->server, &listen, &k->port, &err);
}

static KIT_UNUSED void kit_open(kit *k)
{
    assert_code(kit_open_tls(k, NULL), OL_OK);
}

static KIT_UNUSED void kit_set(void *arg)
{
    *(bool *)arg = true;
}

static KIT_UNUSED void kit_close(kit *k)
{
    if (k->server) {
        bool closed = false;
        ol_http_server_close(k->server, kit_set, &closed);
        ol_test_loop_until(&k->t, &closed, OL_TEST_BOUND_MS);
        assert_int_equal(k->live, 0);
    }
    if (k->t.loop)
        ol_test_loop_close(&k->t);
}

static KIT_UNUSED void kit_free(kit *k)
{
    kit_close(k);
    free(k);
}

/* ---- raw clients ---- */

typedef struct raw {
    kit *k;
    int fd;
    char *data;
    size_t len, cap;
    bool ended; /* FIN came */
    bool reset; /* RST came */
} raw;

static KIT_UNUSED raw raw_connect(kit *k)
{
    raw r = {.k = k, .fd = socket(AF_INET, SOCK_STREAM, 0), .cap = 1 << 16};
    r.data = malloc(r.cap + 1);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(k->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(r.fd, (struct sockaddr *)&to, sizeof(to)), 0);
    fcntl(r.fd, F_SETFL, O_NONBLOCK);
    return r;
}

static KIT_UNUSED void raw_close(raw *r)
{
    if (r->fd >= 0)
        close(r->fd);
    free(r->data);
    *r = (raw){.fd = -1};
}

static KIT_UNUSED void raw_turn(raw *r)
{
    ol_test_loop_turns(&r->k->t, 1);
}

/* Waits at most a millisecond for the socket, then turns the loop. */
static KIT_UNUSED void raw_wait(raw *r, short events)
{
    struct pollfd p = {.fd = r->fd, .events = events};
    poll(&p, 1, 1);
    raw_turn(r);
}

/* False: the server cut the connection. */
static KIT_UNUSED bool raw_send_len(raw *r, const void *data, size_t len)
{
    uint64_t give_up = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
    size_t done = 0;
    while (done < len) {
        ssize_t n = send(r->fd, (const char *)data + done, len - done, MSG_NOSIGNAL);
        if (n > 0)
            done += (size_t)n;
        else if (errno != EAGAIN)
            return false;
        if (ol_clock_mono_ms() > give_up)
            fail_msg("the server does not read");
        if (done < len)
            raw_wait(r, POLLOUT);
    }
    return true;
}

static KIT_UNUSED bool raw_send(raw *r, const char *text)
{
    return raw_send_len(r, text, strlen(text));
}

/* One read; false when there was nothing. */
static KIT_UNUSED bool raw_read(raw *r)
{
    if (r->ended || r->reset)
        return false;
    if (r->cap - r->len < (1 << 16)) {
        r->cap *= 2;
        r->data = realloc(r->data, r->cap + 1);
    }
    ssize_t n = recv(r->fd, r->data + r->len, r->cap - r->len, 0);
    if (n > 0) {
        r->len += (size_t)n;
        r->data[r->len] = '\0';
        return true;
    }
    if (n == 0)
        r->ended = true;
    else if (errno != EAGAIN)
        r->reset = true;
    return false;
}

/* How often `text` stands in the data from *from on; *from moves behind the last one. */
static KIT_UNUSED unsigned raw_count(raw *r, const char *text, size_t *from)
{
    unsigned seen = 0;
    r->data[r->len] = '\0';
    for (const char *at; (at = strstr(r->data + *from, text)) != NULL; seen++)
        *from = (size_t)(at - r->data) + strlen(text);
    return seen;
}

/* Read until `text` has been seen `times` times. */
static KIT_UNUSED void raw_until_times(raw *r, const char *text, unsigned times)
{
    uint64_t give_up = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
    size_t from = 0;
    for (unsigned seen = 0;;) {
        seen += raw_count(r, text, &from);
        if (seen >= times)
            return;
        if (r->ended || r->reset || ol_clock_mono_ms() > give_up)
            fail_msg("got \"%s\" %u times, not %u: %.600s", text, seen, times, r->data);
        while (!raw_read(r) && !r->ended && !r->reset && ol_clock_mono_ms() <= give_up)
            raw_wait(r, POLLIN);
    }
}

static KIT_UNUSED void raw_until(raw *r, const char *text)
{
    raw_until_times(r, text, 1);
}

/* Read until the connection ends, one way or the other. */
static KIT_UNUSED void raw_until_end(raw *r)
{
    uint64_t give_up = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
    while (!r->ended && !r->reset) {
        if (!raw_read(r))
            raw_wait(r, POLLIN);
        if (ol_clock_mono_ms() > give_up)
            fail_msg("the connection stays open; got: %.300s", r->data);
    }
    r->data[r->len] = '\0';
}

/* Turn until some time has passed: for proving that something does not happen. */
static KIT_UNUSED void raw_pass_ms(raw *r, unsigned ms)
{
    uint64_t until = ol_clock_mono_ms() + ms;
    while (ol_clock_mono_ms() < until)
        raw_wait(r, 0);
}

/* Close with a reset. */
static KIT_UNUSED void raw_reset(raw *r)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(r->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    raw_close(r);
}

/* Turn until the counter has that value. */
static KIT_UNUSED void raw_until_count(raw *r, const unsigned *counter, unsigned value)
{
    uint64_t give_up = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
    while (*counter < value) {
        raw_wait(r, 0);
        if (ol_clock_mono_ms() > give_up)
            fail_msg("the counter stays at %u", *counter);
    }
}

static KIT_UNUSED bool raw_has(const raw *r, const char *text)
{
    r->data[r->len] = '\0';
    return strstr(r->data, text) != NULL;
}

static KIT_UNUSED void raw_clear(raw *r)
{
    r->len = 0;
    r->data[0] = '\0';
}

#endif
