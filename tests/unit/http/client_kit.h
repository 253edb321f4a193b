/* SPDX-License-Identifier: MIT */
/*
 * A client with recorded calls, and a scripted server that says exactly the bytes it is told.
 * Included by the tests of the client, after server_kit.h.
 */
#ifndef OL_TESTS_HTTP_CLIENT_KIT_H
#define OL_TESTS_HTTP_CLIENT_KIT_H

#include "http/client.h"
#include "server_kit.h"

typedef struct ckit {
    kit *k; /* its loop is used; its server is optional */
    ol_http_client *client;
    ol_http_client_limits limits;
    ol_http_peer peer;
} ckit;

/* One recorded call. */
typedef struct rec {
    ckit *c;
    ol_http_call *call;
    unsigned answers, closes, writables, allocs;
    int status, code;
    int64_t content_length;
    char detail[OL_ERROR_TEXT_SIZE];
    ol_buf body;
    /* how to behave */
    const uint8_t *up; /* the request's body */
    size_t up_len, up_at, up_piece;
    bool hold, slow; /* keep a slice until resumed; slow: resume by oneself, later */
    bool own_memory, short_up, refuse;
    ol_slice held;
    uint8_t memory[8192];
    ol_post resume;
    bool resume_posted;
} rec;

static void rec_write_more(rec *r)
{
    while (r->up_at < r->up_len) {
        size_t len = r->up_len - r->up_at;
        if (r->up_piece && len > r->up_piece)
            len = r->up_piece;
        ol_slice piece = ol_slice_of(r->up + r->up_at, len);
        r->up_at += len;
        int rc = ol_http_call_write(r->call, piece);
        if (rc != OL_OK)
            return;
    }
    ol_http_call_end(r->call);
}

static void rec_on_writable(void *arg)
{
    rec *r = arg;
    assert_int_equal(r->closes, 0);
    r->writables++;
    if (r->short_up)
        ol_http_call_end(r->call);
    else
        rec_write_more(r);
}

static void rec_on_answer(void *arg, const ol_http_answer *answer)
{
    rec *r = arg;
    assert_int_equal(r->closes, 0);
    assert_int_equal(r->answers, 0);
    r->answers++;
    r->status = answer->status;
    r->content_length = answer->content_length;
}

static KIT_UNUSED void rec_resume(void *arg)
{
    rec *r = arg;
    r->resume_posted = false;
    if (r->closes || r->held.len == 0)
        return;
    ol_buf_add(&r->body, r->held);
    r->held = OL_SLICE_NONE;
    ol_http_call_resume(r->call);
}

static int rec_on_data(void *arg, ol_slice data)
{
    rec *r = arg;
    assert_int_equal(r->closes, 0);
    assert_int_equal(r->answers, 1);
    assert_true(data.len > 0);
    if (r->refuse)
        return OL_EORIGIN;
    if (r->hold) {
        assert_int_equal(r->held.len, 0);
        r->held = data;
        if (r->slow) {
            r->resume = (ol_post){.fn = rec_resume, .arg = r};
            r->resume_posted = true;
            ol_loop_defer(r->c->k->t.loop, &r->resume);
        }
        return OL_WAIT;
    }
    return ol_buf_add(&r->body, data);
}

static void rec_on_alloc(void *arg, ol_span *span)
{
    rec *r = arg;
    if (!r->own_memory)
        return;
    r->allocs++;
    *span = (ol_span){r->memory, sizeof(r->memory)};
}

static void rec_on_close(void *arg, int code, const ol_error *err)
{
    rec *r = arg;
    assert_int_equal(r->closes, 0);
    r->closes++;
    r->code = code;
    assert_int_equal(err == NULL, code == OL_OK);
    if (err) {
        assert_int_equal(err->code, code);
        snprintf(r->detail, sizeof(r->detail), "%s", err->detail);
    }
}

static const ol_http_call_ops rec_ops = {rec_on_writable, rec_on_answer, rec_on_data,
                                         rec_on_alloc,    NULL,          rec_on_close};

static KIT_UNUSED rec *rec_new(ckit *c)
{
    rec *r = calloc(1, sizeof(*r));
    r->c = c;
    ol_buf_init(&r->body, 64 << 20);
    return r;
}

static KIT_UNUSED void rec_free(rec *r)
{
    assert_false(r->resume_posted);
    ol_buf_fini(&r->body);
    free(r);
}

static KIT_UNUSED int rec_start(rec *r, const char *method, const char *target, int64_t length)
{
    ol_error err = {0};
    ol_http_call_request request = {.method = ol_slice_cstr(method),
                                    .target = ol_slice_cstr(target),
                                    .content_length = length};
    return ol_http_call_start(&r->call, r->c->client, &r->c->peer, &request, &rec_ops, r, &err);
}

static bool rec_is_closed(void *arg)
{
    const rec *r = arg;
    return r->closes > 0 && !r->resume_posted;
}

static KIT_UNUSED void rec_wait(rec *r)
{
    ol_test_loop_until_fn(&r->c->k->t, rec_is_closed, r, OL_TEST_BOUND_MS);
}

/* ---- the client ---- */

static KIT_UNUSED ckit *ckit_new(void)
{
    ckit *c = calloc(1, sizeof(*c));
    c->k = kit_new();
    ol_http_client_limits_default(&c->limits);
    c->peer.host = "127.0.0.1";
    return c;
}

static KIT_UNUSED int ckit_open_client(ckit *c)
{
    c->peer.port = c->k->port;
    return ol_http_client_new(&c->client, c->k->t.loop, &c->limits);
}

/* With the kit's server behind it. */
static KIT_UNUSED void ckit_open(ckit *c)
{
    kit_open(c->k);
    assert_code(ckit_open_client(c), OL_OK);
}

/* With a loop only: the test talks as the server. */
static KIT_UNUSED void ckit_open_bare(ckit *c, uint16_t port)
{
    assert_code(ol_test_loop_open(&c->k->t), OL_OK);
    c->k->port = port;
    assert_code(ckit_open_client(c), OL_OK);
}

static KIT_UNUSED void ckit_free(ckit *c)
{
    if (c->client) {
        bool closed = false;
        ol_http_client_close(c->client, kit_set, &closed);
        ol_test_loop_until(&c->k->t, &closed, OL_TEST_BOUND_MS);
    }
    kit_free(c->k);
    free(c);
}

/* ---- the scripted server ---- */

typedef struct script {
    int listener;
    uint16_t port;
} script;

static KIT_UNUSED script script_open(void)
{
    script s = {.listener = socket(AF_INET, SOCK_STREAM, 0)};
    struct sockaddr_in at = {.sin_family = AF_INET};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(s.listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(s.listener, 16), 0);
    socklen_t len = sizeof(at);
    getsockname(s.listener, (struct sockaddr *)&at, &len);
    s.port = ntohs(at.sin_port);
    fcntl(s.listener, F_SETFL, O_NONBLOCK);
    return s;
}

/* The next connection, as a raw peer. */
static KIT_UNUSED raw script_accept(script *s, kit *k)
{
    raw r = {.k = k, .fd = -1, .cap = 1 << 16};
    r.data = malloc(r.cap + 1);
    uint64_t give_up = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
    while ((r.fd = accept(s->listener, NULL, NULL)) < 0) {
        ol_test_loop_turns(&k->t, 1);
        if (ol_clock_mono_ms() > give_up)
            fail_msg("nobody connects");
    }
    fcntl(r.fd, F_SETFL, O_NONBLOCK);
    return r;
}

#endif
