/* SPDX-License-Identifier: MIT */
/*
 * The client against servers that say exactly what the test tells them: strict reading,
 * deadlines, kept connections that have died, interim and early answers.
 */
#include "client_kit.h"

#define OK5 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

typedef struct scene {
    ckit *c;
    script s;
} scene;

static scene open_scene(void)
{
    scene x = {.c = ckit_new(), .s = script_open()};
    return x;
}

static void begin_scene(scene *x)
{
    ckit_open_bare(x->c, x->s.port);
}

static void end_scene(scene *x)
{
    ckit_free(x->c);
    close(x->s.listener);
}

static rec *ask(scene *x, const char *method)
{
    rec *r = rec_new(x->c);
    assert_code(rec_start(r, method, "/a?b", 0), OL_OK);
    return r;
}

typedef struct case_ {
    const char *name;
    const char *bytes;
    size_t len;
    int code;
    const char *body;
} case_;

#define CASE(name, code, bytes, body) {name, bytes, sizeof(bytes) - 1, code, body}
#define HEAD "HTTP/1.1 200 OK\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

/* After the bytes the server ends its direction. */
static const case_ cases[] = {
    CASE("a plain answer", OL_OK, OK5, "hello"),
    CASE("no reason", OL_OK, "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\na", "a"),
    CASE("no blank behind the status", OL_OK, "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na", "a"),
    CASE("http/1.0", OL_OK, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", "a"),
    CASE("chunked", OL_OK, CHUNKED "3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\n", "abc"),
    CASE("interims", OL_OK,
         "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" OK5, "hello"),
    CASE("nothing", OL_EPEER, "", ""),
    CASE("half a head", OL_EPEER, "HTTP/1.1 200 OK\r\nContent-Le", ""),
    CASE("a short body", OL_EPEER, HEAD "Content-Length: 5\r\n\r\nhell", "hell"),
    CASE("no body", OL_EPEER, HEAD "Content-Length: 5\r\n\r\n", ""),
    CASE("no last chunk", OL_EPEER, CHUNKED "3\r\nabc\r\n", "abc"),
    CASE("half a last chunk", OL_EPEER, CHUNKED "3\r\nabc\r\n0\r\n", "abc"),
    CASE("an unknown length", OL_EPROTOCOL, HEAD "\r\nhello", ""),
    CASE("two lengths", OL_EPROTOCOL, HEAD "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
         ""),
    CASE("length and chunked", OL_EPROTOCOL,
         HEAD "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""),
    CASE("gzip, chunked", OL_EPROTOCOL,
         HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", ""),
    CASE("identity", OL_EPROTOCOL, HEAD "Transfer-Encoding: identity\r\n\r\nhello", ""),
    CASE("bare lf in the head", OL_EPROTOCOL, "HTTP/1.1 200 OK\nContent-Length: 0\n\n", ""),
    CASE("a folded line", OL_EPROTOCOL, HEAD "A: b\r\n c\r\nContent-Length: 0\r\n\r\n", ""),
    CASE("blank before a colon", OL_EPROTOCOL, HEAD "Content-Length : 0\r\n\r\n", ""),
    CASE("nul in a value", OL_EPROTOCOL, HEAD "A: \0\r\nContent-Length: 0\r\n\r\n", ""),
    CASE("bare lf in chunks", OL_EPROTOCOL, CHUNKED "3\nabc\r\n0\r\n\r\n", ""),
    CASE("a bad chunk size", OL_EPROTOCOL, CHUNKED "3\r\nabc\r\nx\r\n\r\n", "abc"),
    CASE("switching protocols", OL_EPROTOCOL, "HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n", ""),
    CASE("version 2", OL_EPROTOCOL, "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
    CASE("status 99", OL_EPROTOCOL, "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", ""),
    CASE("status 1000", OL_EPROTOCOL, "HTTP/1.1 1000 OK\r\nContent-Length: 0\r\n\r\n", ""),
    CASE("status 600", OL_EPROTOCOL, "HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n", ""),
    CASE("no http at all", OL_EPROTOCOL, "SSH-2.0-OpenSSH\r\n", ""),
    CASE("interims without end", OL_EPROTOCOL,
         "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 102 P\r\n\r\n"
         "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 102 P\r\n\r\n"
         "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 102 P\r\n\r\n" OK5, ""),
};

/* Each answer whole and in single bytes. */
static void reads_answers_strictly(void **state)
{
    (void)state;
    scene x = open_scene();
    begin_scene(&x);
    for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        const case_ *k = &cases[i / 2];
        rec *r = ask(&x, "GET");
        raw peer = script_accept(&x.s, x.c->k);
        raw_until(&peer, "\r\n\r\n");
        for (size_t at = 0; at < k->len; at += i % 2 ? 1 : k->len) {
            raw_send_len(&peer, k->bytes + at, i % 2 ? 1 : k->len);
            if (i % 2)
                raw_turn(&peer);
        }
        shutdown(peer.fd, SHUT_WR);
        rec_wait(r);
        if (r->code != k->code || r->body.len != strlen(k->body) ||
            memcmp(ol_buf_cstr(&r->body), k->body, r->body.len) != 0)
            fail_msg("%s: %s (%s), body \"%s\"", k->name, ol_code_name(r->code), r->detail,
                     ol_buf_cstr(&r->body));
        raw_close(&peer);
        rec_free(r);
    }
    end_scene(&x);
}

static void sends_what_it_was_told(void **state)
{
    (void)state;
    scene x = open_scene();
    begin_scene(&x);
    ol_arena *arena = ol_arena_new(65536);
    ol_headers headers;
    ol_headers_init(&headers, arena);
    ol_headers_add(&headers, OL_SLICE_LIT("X-One"), OL_SLICE_LIT("1"));
    ol_headers_add(&headers, OL_SLICE_LIT("Content-Length"), OL_SLICE_LIT("99"));
    ol_headers_add(&headers, OL_SLICE_LIT("Connection"), OL_SLICE_LIT("close"));
    rec *r = rec_new(x.c);
    ol_http_call_request request = {
        .method = OL_SLICE_LIT("GET"), .target = OL_SLICE_LIT("/a?b"), .headers = &headers};
    assert_code(ol_http_call_start(&r->call, x.c->client, &x.c->peer, &request, &rec_ops, r, NULL),
                OL_OK);
    ol_arena_destroy(arena); /* it was copied */
    raw peer = script_accept(&x.s, x.c->k);
    raw_until(&peer, "\r\n\r\n");
    char want[128];
    snprintf(want, sizeof(want), "GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nX-One: 1\r\n\r\n",
             (unsigned)x.s.port);
    assert_string_equal(peer.data, want);
    raw_send(&peer, OK5);
    rec_wait(r);
    assert_code(r->code, OL_OK);
    rec_free(r);
    raw_close(&peer);
    end_scene(&x);
}

/* One call whose connection is then kept. */
static raw first_call(scene *x)
{
    rec *r = ask(x, "GET");
    raw peer = script_accept(&x->s, x->c->k);
    raw_until(&peer, "\r\n\r\n");
    raw_send(&peer, OK5);
    rec_wait(r);
    assert_code(r->code, OL_OK);
    rec_free(r);
    raw_clear(&peer);
    return peer;
}

static ol_http_client_stats stats_of(scene *x)
{
    ol_http_client_stats stats;
    ol_http_client_stats_get(x->c->client, &stats);
    return stats;
}

static void tries_again_on_a_dead_kept_connection(void **state)
{
    (void)state;
    for (unsigned reset = 0; reset < 2; reset++) {
        scene x = open_scene();
        begin_scene(&x);
        raw peer = first_call(&x);
        rec *r = ask(&x, "GET"); /* on the kept connection, which dies under it */
        raw_until(&peer, "\r\n\r\n");
        if (reset)
            raw_reset(&peer);
        else
            raw_close(&peer);
        raw again = script_accept(&x.s, x.c->k);
        raw_until(&again, "\r\n\r\n");
        raw_send(&again, OK5);
        rec_wait(r);
        assert_code(r->code, OL_OK);
        assert_int_equal(stats_of(&x).retried, 1);
        rec_free(r);
        raw_close(&again);
        end_scene(&x);
    }
}

static void tries_again_only_once(void **state)
{
    (void)state;
    scene x = open_scene();
    begin_scene(&x);
    raw peer = first_call(&x);
    rec *r = ask(&x, "GET");
    raw_until(&peer, "\r\n\r\n");
    raw_close(&peer);
    raw again = script_accept(&x.s, x.c->k);
    raw_until(&again, "\r\n\r\n");
    raw_close(&again);
    rec_wait(r);
    assert_code(r->code, OL_EPEER);
    rec_free(r);
    end_scene(&x);
}

static void does_not_try_again_what_may_have_worked(void **state)
{
    (void)state;
    scene x = open_scene();
    begin_scene(&x);
    raw peer = first_call(&x);
    rec *r = ask(&x, "POST"); /* not idempotent */
    raw_until(&peer, "\r\n\r\n");
    raw_close(&peer);
    rec_wait(r);
    assert_code(r->code, OL_EPEER);
    rec_free(r);

    peer = first_call(&x);
    r = rec_new(x.c);
    r->up = (const uint8_t *)"body"; /* the body is given away once only */
    r->up_len = 4;
    assert_code(rec_start(r, "PUT", "/a", 4), OL_OK);
    raw_until(&peer, "body");
    raw_close(&peer);
    rec_wait(r);
    assert_code(r->code, OL_EPEER);
    rec_free(r);

    peer = first_call(&x);
    r = ask(&x, "GET");
    raw_until(&peer, "\r\n\r\n");
    raw_send(&peer, "HTTP/1.1 200 OK\r\nConte"); /* the server had begun */
    raw_turn(&peer);
    raw_turn(&peer);
    raw_close(&peer);
    rec_wait(r);
    assert_code(r->code, OL_EPEER);
    rec_free(r);
    assert_int_equal(stats_of(&x).retried, 0);
    end_scene(&x);
}

static void drops_kept_connections_that_end_or_talk(void **state)
{
    (void)state;
    scene x = open_scene();
    x.c->limits.idle_timeout_ms = 600000; /* it must not be this that closes them */
    begin_scene(&x);
    for (unsigned talk = 0; talk < 2; talk++) {
        raw peer = first_call(&x);
        assert_int_equal(stats_of(&x).idle, 1);
        if (talk)
            raw_send(&peer, OK5); /* an answer nobody asked for must not meet the next call */
        else
            shutdown(peer.fd, SHUT_WR);
        uint64_t give_up = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
        while (stats_of(&x).idle > 0 && ol_clock_mono_ms() < give_up)
            raw_wait(&peer, 0);
        assert_int_equal(stats_of(&x).idle, 0);
        raw_close(&peer);
    }
    rec *r = ask(&x, "GET");
    raw peer = script_accept(&x.s, x.c->k);
    raw_until(&peer, "\r\n\r\n");
    raw_send(&peer, OK5 "HTTP/1.1 200 OK\r\n"); /* bytes behind the answer */
    rec_wait(r);
    assert_code(r->code, OL_OK);
    assert_int_equal(stats_of(&x).idle, 0);
    rec_free(r);
    raw_close(&peer);
    r = ask(&x, "GET");
    peer = script_accept(&x.s, x.c->k);
    raw_until(&peer, "\r\n\r\n");
    raw_send(&peer, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    rec_wait(r);
    assert_code(r->code, OL_OK);
    assert_int_equal(stats_of(&x).idle, 0);
    rec_free(r);
    raw_close(&peer);
    end_scene(&x);
}

static void asks_before_it_sends(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 3; how++) {
        scene x = open_scene();
        x.c->limits.continue_timeout_ms = how == 2 ? 100 : 60000;
        begin_scene(&x);
        rec *r = rec_new(x.c);
        r->up = (const uint8_t *)"body";
        r->up_len = 4;
        ol_http_call_request request = {.method = OL_SLICE_LIT("PUT"),
                                        .target = OL_SLICE_LIT("/a"),
                                        .content_length = 4,
                                        .expect_continue = true};
        assert_code(
            ol_http_call_start(&r->call, x.c->client, &x.c->peer, &request, &rec_ops, r, NULL),
            OL_OK);
        raw peer = script_accept(&x.s, x.c->k);
        raw_until(&peer, "\r\n\r\n");
        assert_true(raw_has(&peer, "Expect: 100-continue\r\n"));
        assert_int_equal(r->writables, 0);
        if (how == 0)
            raw_send(&peer, "HTTP/1.1 100 Continue\r\n\r\n");
        if (how == 1) {
            raw_send(&peer, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
        } else {
            raw_until(&peer, "body"); /* told to, or tired of waiting */
            raw_send(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
        rec_wait(r);
        assert_code(r->code, OL_OK);
        assert_int_equal(r->status, how == 1 ? 403 : 200);
        assert_int_equal(r->writables, how == 1 ? 0 : 1);
        assert_int_equal(stats_of(&x).idle, how == 1 ? 0 : 1);
        rec_free(r);
        raw_close(&peer);
        end_scene(&x);
    }
}

static void takes_an_answer_before_its_body_is_sent(void **state)
{
    (void)state;
    scene x = open_scene();
    begin_scene(&x);
    static const uint8_t up[30000000];
    rec *r = rec_new(x.c);
    r->up = up;
    r->up_len = sizeof(up);
    assert_code(rec_start(r, "PUT", "/a", sizeof(up)), OL_OK);
    raw peer = script_accept(&x.s, x.c->k);
    raw_until(&peer, "\r\n\r\n");
    raw_send(&peer, "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
    rec_wait(r);
    assert_code(r->code, OL_OK);
    assert_int_equal(r->status, 403);
    assert_slice(ol_buf_slice(&r->body), "no");
    assert_int_equal(stats_of(&x).idle, 0);
    rec_free(r);
    raw_close(&peer);
    end_scene(&x);
}

static void gives_up_in_time(void **state)
{
    (void)state;
    static const char *const said[] = {"", "HTTP/1.1 200 OK\r\n",
                                       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", NULL};
    for (unsigned i = 0; i < 4; i++) {
        scene x = open_scene();
        x.c->limits.response_timeout_ms = 150;
        x.c->limits.body_timeout_ms = 150;
        begin_scene(&x);
        static const uint8_t up[30000000];
        rec *r = rec_new(x.c);
        r->up = up;
        r->up_len = sizeof(up);
        assert_code(rec_start(r, said[i] ? "GET" : "PUT", "/a",
                              said[i] ? 0 : (int64_t)sizeof(up)), OL_OK);
        raw peer = script_accept(&x.s, x.c->k);
        raw_until(&peer, "\r\n\r\n");
        if (said[i])
            raw_send(&peer, said[i]);
        rec_wait(r); /* the last one does not read what we send */
        assert_code(r->code, OL_ETIMEOUT);
        rec_free(r);
        raw_close(&peer);
        end_scene(&x);
    }
}

static void gives_up_waiting_for_a_connection(void **state)
{
    (void)state;
    scene x = open_scene();
    x.c->limits.connections_per_host_max = 1;
    x.c->limits.connect_timeout_ms = 150;
    begin_scene(&x);
    rec *one = ask(&x, "GET"), *two = ask(&x, "GET");
    raw peer = script_accept(&x.s, x.c->k);
    rec_wait(two);
    assert_code(two->code, OL_ETIMEOUT);
    assert_int_equal(one->closes, 0);
    raw_send(&peer, OK5);
    rec_wait(one);
    assert_code(one->code, OL_OK);
    rec_free(one);
    rec_free(two);
    raw_close(&peer);
    end_scene(&x);
}

static void closes_idle_connections(void **state)
{
    (void)state;
    scene x = open_scene();
    x.c->limits.idle_timeout_ms = 100;
    begin_scene(&x);
    raw peer = first_call(&x);
    raw_until_end(&peer);
    assert_int_equal(stats_of(&x).connections, 0);
    raw_close(&peer);
    end_scene(&x);
}

static void says_when_nobody_listens(void **state)
{
    (void)state;
    scene x = open_scene();
    begin_scene(&x);
    close(x.s.listener);
    rec *r = ask(&x, "GET");
    rec_wait(r);
    assert_code(r->code, OL_EUNAVAILABLE);
    assert_true(strstr(r->detail, "refused") != NULL);
    rec_free(r);
    x.s.listener = -1;
    end_scene(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_answers_strictly),
        cmocka_unit_test(sends_what_it_was_told),
        cmocka_unit_test(tries_again_on_a_dead_kept_connection),
        cmocka_unit_test(tries_again_only_once),
        cmocka_unit_test(does_not_try_again_what_may_have_worked),
        cmocka_unit_test(drops_kept_connections_that_end_or_talk),
        cmocka_unit_test(asks_before_it_sends),
        cmocka_unit_test(takes_an_answer_before_its_body_is_sent),
        cmocka_unit_test(gives_up_in_time),
        cmocka_unit_test(gives_up_waiting_for_a_connection),
        cmocka_unit_test(closes_idle_connections),
        cmocka_unit_test(says_when_nobody_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
