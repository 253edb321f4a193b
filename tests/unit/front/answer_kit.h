/* SPDX-License-Identifier: MIT */
/*
 * A server on a free port that answers each request by a pipeline from memory into the respond
 * stage, and a client on the same thread. The request is one without accounts and logs: it has
 * many references, so that its last is never given up.
 */
#ifndef OL_TESTS_FRONT_ANSWER_KIT_H
#define OL_TESTS_FRONT_ANSWER_KIT_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "front/answer/respond_stage.h"
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/pipeline_kit.h"
#include "pipeline/replay_stage.h"

#define KIT_REFERENCES 100
#define KIT_UNUSED __attribute__((unused))

typedef struct kit {
    ol_test_bench bench; /* its arena is the request's */
    ol_worker worker;
    ol_config config;
    ol_generation generation;
    ol_http_server *server;
    ol_request *request; /* the one that is being answered */
    uint16_t port;
    int fd;
    char *got; /* what the client received; ends with a NUL */
    size_t got_len, got_max;
    bool ended; /* the connection has */
    /* what a test says */
    ol_test_feed feed, second; /* of a run, and of the one after a failure, when it has a body */
    unsigned way;
    bool late_end;    /* the end comes turns after the last piece */
    void (*on_start)(struct kit *k); /* after a run was started */
    /* what happened */
    unsigned requests, closes, waits;
    bool tried_again, answered_before_failure;
    ol_replay record;
} kit;

static const ol_test_slow kit_late_end = {.turns = 3, .end_only = true};

static void kit_run(kit *k, ol_test_feed *feed);

/* As an operation with a second try does it. */
static void kit_on_done(void *arg, const ol_error *err)
{
    kit *k = arg;
    ol_request *request = k->request;
    k->bench.done = true;
    if (err && !request->gone && !request->write_waits && k->second.body.data && !k->tried_again) {
        k->tried_again = true;
        k->answered_before_failure = request->answered;
        ol_pipeline_close(k->bench.pipeline);
        kit_run(k, &k->second);
        return;
    }
    if (err)
        ol_request_fail(request, err);
    ol_pipeline_close(k->bench.pipeline);
    k->bench.pipeline = NULL;
}

static const ol_pipeline_ops kit_pipeline_ops = {.on_done = kit_on_done};

static void kit_run(kit *k, ol_test_feed *feed)
{
    ol_test_bench *bench = &k->bench;
    bench->done = false;
    bench->phase = OL_PHASE_SOURCE;
    ol_error_clear(&bench->err);
    bench->rc = ol_pipeline_new(&bench->pipeline, bench->loop.loop, bench->arena, &kit_pipeline_ops,
                                k);
    ol_test_bench_feed(bench, feed);
    ol_test_bench_above(bench, k->way);
    if (k->late_end)
        ol_test_bench_slow(bench, &kit_late_end);
    ol_test_bench_add(bench, &ol_replay_stage_ops, &k->record);
    ol_test_bench_add(bench, &ol_respond_stage_ops, k->request);
    if (ol_test_bench_start(bench) == OL_OK)
        return;
    bench->pipeline = NULL;
    ol_error err = {0};
    ol_error_set(&err, OL_ENOMEM, "the pipeline did not start");
    ol_request_fail(k->request, &err);
}

/* ---- the exchange ---- */

static void kit_on_drain(void *arg)
{
    ol_request *request = arg;
    request->write_waits = false;
    if (ol_answer_drained(request) && request->on_drain)
        request->on_drain(request);
}

static void kit_leave(kit *k, int code)
{
    ol_error err = {0};
    k->request->gone = true;
    ol_error_set(&err, code, "gone");
    if (k->bench.pipeline)
        ol_pipeline_abort(k->bench.pipeline, &err);
}

static void kit_on_gone(void *arg, int code)
{
    kit_leave(((ol_request *)arg)->operation, code);
}

static void kit_on_close(void *arg, int code)
{
    ol_request *request = arg;
    kit *k = request->operation;
    k->closes++;
    kit_leave(k, code < 0 ? code : OL_ECANCELED);
    request->x = NULL;
    request->http = NULL;
}

static const ol_http_exchange_ops kit_exchange_ops = {kit_on_drain, kit_on_gone, kit_on_close};

static void kit_on_request(void *arg, ol_http_exchange *x)
{
    kit *k = arg;
    if (k->bench.pipeline)
        ol_pipeline_close(k->bench.pipeline);
    k->bench.pipeline = NULL;
    if (k->request)
        assert_int_equal(k->request->references, KIT_REFERENCES); /* nothing is posted any more */
    ol_arena_reset(k->bench.arena);
    k->request = ol_arena_calloc(k->bench.arena, sizeof(*k->request));
    k->requests++;
    if (!k->request) {
        ol_http_abort(x);
        return;
    }
    *k->request = (ol_request){.worker = &k->worker,
                               .generation = &k->generation,
                               .x = x,
                               .http = ol_http_request_of(x),
                               .arena = k->bench.arena,
                               .references = KIT_REFERENCES,
                               .operation = k};
    k->request->head_only = k->request->http->method == OL_HTTP_HEAD;
    ol_headers_init(&k->request->standing, k->bench.arena);
    ol_http_exchange_set(x, &kit_exchange_ops, k->request);
    ol_replay_init(&k->record);
    kit_run(k, &k->feed);
    if (k->on_start)
        k->on_start(k);
}

/* ---- the server and its client ---- */

static KIT_UNUSED int kit_open(kit *k)
{
    ol_http_limits limits;
    ol_http_handler handler = {.arg = k, .on_request = kit_on_request};
    ol_http_listen listen = {.address = "127.0.0.1"};
    ol_error err = {0};
    k->fd = -1;
    ol_http_limits_default(&limits);
    ol_test_bench_open(&k->bench);
    if (k->bench.rc != OL_OK)
        return k->bench.rc;
    k->bench.pipeline = NULL;
    k->worker.loop = k->bench.loop.loop;
    k->generation.config = &k->config;
    int rc = ol_http_server_new(&k->server, k->worker.loop, &limits, &handler);
    if (rc == OL_OK)
        rc = ol_http_server_listen(k->server, &listen, &k->port, &err);
    return rc;
}

static KIT_UNUSED void kit_set(void *arg)
{
    *(bool *)arg = true;
}

static KIT_UNUSED void kit_close(kit *k)
{
    bool closed = false;
    if (k->server) {
        ol_http_server_close(k->server, kit_set, &closed);
        ol_test_loop_until(&k->bench.loop, &closed, OL_TEST_BOUND_MS);
    }
    if (k->fd >= 0)
        close(k->fd);
    if (k->request && k->requests)
        assert_int_equal(k->request->references, KIT_REFERENCES);
    ol_test_bench_close(&k->bench);
    free(k->got);
}

static KIT_UNUSED void kit_connect(kit *k)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(k->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    k->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(k->fd, (struct sockaddr *)&to, sizeof(to)), 0);
    fcntl(k->fd, F_SETFL, O_NONBLOCK);
    k->got_max = 1 << 16;
    k->got = calloc(1, k->got_max + 1);
}

/* Everything that is there now. */
static KIT_UNUSED void kit_receive(kit *k)
{
    for (;;) {
        if (k->got_max - k->got_len < (1 << 15))
            k->got = realloc(k->got, (k->got_max *= 2) + 1);
        ssize_t n = recv(k->fd, k->got + k->got_len, k->got_max - k->got_len, 0);
        if (n <= 0) {
            k->ended |= n == 0 || errno != EAGAIN;
            break;
        }
        k->got_len += (size_t)n;
    }
    k->got[k->got_len] = '\0';
}

/* One request, sent and answered to its end; the connection is kept when the server keeps it. */
static KIT_UNUSED void kit_ask(kit *k, const char *method)
{
    char text[128];
    unsigned wanted = k->closes + 1;
    uint64_t give_up_ms = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
    int len = snprintf(text, sizeof(text), "%s /b/k HTTP/1.1\r\nHost: x\r\n\r\n", method);
    if (k->fd < 0)
        kit_connect(k);
    assert_int_equal(send(k->fd, text, (size_t)len, MSG_NOSIGNAL), len);
    while (k->closes < wanted && !k->ended) {
        ol_test_loop_turns(&k->bench.loop, 1);
        kit_receive(k);
        k->waits += k->request && k->request->write_waits;
        if (ol_clock_mono_ms() > give_up_ms)
            fail_msg("no answer: %.300s", k->got);
    }
    ol_test_loop_turns(&k->bench.loop, 4);
    kit_receive(k);
}

static KIT_UNUSED bool kit_has(const kit *k, const char *text)
{
    return strstr(k->got, text) != NULL;
}

/* The body of the one answer, once: the chunks' frames are cut out of it. `whole`: it has its end. */
static KIT_UNUSED ol_slice kit_body(kit *k, bool *whole)
{
    char *body = strstr(k->got, "\r\n\r\n");
    char *length = strstr(k->got, "Content-Length: ");
    *whole = false;
    if (!body)
        return OL_SLICE_NONE;
    body += 4;
    size_t have = k->got_len - (size_t)(body - k->got), len = 0;
    if (length && length < body) {
        *whole = strtoull(length + 16, NULL, 10) == have;
        return ol_slice_of(body, have);
    }
    for (char *at = body; at < k->got + k->got_len;) {
        size_t chunk = strtoull(at, &at, 16);
        at += 2;
        *whole = chunk == 0;
        if (chunk == 0 || at + chunk > k->got + k->got_len)
            break;
        memmove(body + len, at, chunk);
        len += chunk;
        at += chunk + 2;
    }
    return ol_slice_of(body, len);
}

#endif
