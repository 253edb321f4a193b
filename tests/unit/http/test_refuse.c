/* SPDX-License-Identifier: MIT */
/*
 * Requests that two readers could understand differently: each is answered with an error
 * document and the connection is closed, and no handler ever sees it, nor what stands behind
 * it. Every shape is sent whole and in single bytes.
 */
#include "server_kit.h"

#define H "Host: h\r\n"
#define BEHIND "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"

typedef struct shape {
    const char *name;
    const char *bytes;
    size_t len;
    int status;
} shape;

#define SHAPE(name, status, bytes) {name, bytes BEHIND, sizeof(bytes BEHIND) - 1, status}

static const shape heads[] = {
    SHAPE("two content-lengths", 400,
          "PUT /echo HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 2\r\n\r\na"),
    SHAPE("two equal content-lengths", 400,
          "PUT /echo HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 1\r\n\r\na"),
    SHAPE("a list of content-lengths", 400,
          "PUT /echo HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\na"),
    SHAPE("a signed content-length", 400,
          "PUT /echo HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\na"),
    SHAPE("a negative content-length", 400,
          "PUT /echo HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\na"),
    SHAPE("a hex content-length", 400,
          "PUT /echo HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\na"),
    SHAPE("an empty content-length", 400, "PUT /echo HTTP/1.1\r\n" H "Content-Length:\r\n\r\na"),
    SHAPE("a huge content-length", 400,
          "PUT /echo HTTP/1.1\r\n" H "Content-Length: 18446744073709551617\r\n\r\na"),
    SHAPE("length and chunked", 400,
          "PUT /echo HTTP/1.1\r\n" H
          "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    SHAPE("chunked and length", 400,
          "PUT /echo HTTP/1.1\r\n" H
          "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    SHAPE("chunked twice", 400,
          "PUT /echo HTTP/1.1\r\n" H
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    SHAPE("identity, then chunked", 400,
          "PUT /echo HTTP/1.1\r\n" H
          "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    SHAPE("chunked, chunked", 400,
          "PUT /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    SHAPE("gzip, chunked", 501,
          "PUT /echo HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    SHAPE("xchunked", 501,
          "PUT /echo HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    SHAPE("chunked with a parameter", 501,
          "PUT /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n"),
    SHAPE("identity", 501, "PUT /echo HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n"),
    SHAPE("an empty coding", 501, "PUT /echo HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n"),
    SHAPE("a quoted coding", 501,
          "PUT /echo HTTP/1.1\r\n" H "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
    SHAPE("chunked in 1.0", 400,
          "PUT /echo HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    SHAPE("vertical tab before chunked", 400,
          "PUT /echo HTTP/1.1\r\n" H "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n"),
    SHAPE("bare lf after the request line", 400, "GET /hello HTTP/1.1\n" H "\r\n"),
    SHAPE("bare lf after a field", 400, "GET /hello HTTP/1.1\r\nHost: h\n\r\n"),
    SHAPE("bare lf as the empty line", 400, "GET /hello HTTP/1.1\r\n" H "\n"),
    SHAPE("bare lf everywhere", 400, "GET /hello HTTP/1.1\nHost: h\n\n"),
    SHAPE("bare lf before the request", 400, "\nGET /hello HTTP/1.1\r\n" H "\r\n"),
    SHAPE("bare cr in a value", 400, "GET /hello HTTP/1.1\r\n" H "X: a\rb\r\n\r\n"),
    SHAPE("bare cr in the request line", 400, "GET /hello\r HTTP/1.1\r\n" H "\r\n"),
    SHAPE("cr cr lf", 400, "GET /hello HTTP/1.1\r\n" H "X: a\r\r\n\r\n"),
    SHAPE("a folded line", 400, "GET /hello HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n"),
    SHAPE("a line folded by a tab", 400, "GET /hello HTTP/1.1\r\n" H "X: a\r\n\tb\r\n\r\n"),
    SHAPE("a blank first field line", 400, "GET /hello HTTP/1.1\r\n " H "\r\n"),
    SHAPE("blank before the colon", 400, "GET /hello HTTP/1.1\r\nHost : h\r\n\r\n"),
    SHAPE("tab before the colon", 400, "GET /hello HTTP/1.1\r\nHost\t: h\r\n\r\n"),
    SHAPE("blank in a name", 400, "GET /hello HTTP/1.1\r\n" H "X Y: a\r\n\r\n"),
    SHAPE("no colon", 400, "GET /hello HTTP/1.1\r\n" H "X\r\n\r\n"),
    SHAPE("no name", 400, "GET /hello HTTP/1.1\r\n" H ": a\r\n\r\n"),
    SHAPE("high byte in a name", 400, "GET /hello HTTP/1.1\r\n" H "X\xc3\xa9: a\r\n\r\n"),
    SHAPE("nul in a value", 400, "GET /hello HTTP/1.1\r\n" H "X: a\0b\r\n\r\n"),
    SHAPE("nul in a name", 400, "GET /hello HTTP/1.1\r\n" H "X\0: a\r\n\r\n"),
    SHAPE("nul in the target", 400, "GET /hel\0lo HTTP/1.1\r\n" H "\r\n"),
    SHAPE("del in a value", 400, "GET /hello HTTP/1.1\r\n" H "X: a\x7f\r\n\r\n"),
    SHAPE("no host", 400, "GET /hello HTTP/1.1\r\nX: a\r\n\r\n"),
    SHAPE("two hosts", 400, "GET /hello HTTP/1.1\r\n" H H "\r\n"),
    SHAPE("two hosts in 1.0", 400, "GET /hello HTTP/1.0\r\n" H H "\r\n"),
    SHAPE("a host with a path", 400, "GET /hello HTTP/1.1\r\nHost: h/x\r\n\r\n"),
    SHAPE("a host with a user", 400, "GET /hello HTTP/1.1\r\nHost: a@h\r\n\r\n"),
    SHAPE("a list of hosts", 400, "GET /hello HTTP/1.1\r\nHost: a, b\r\n\r\n"),
    SHAPE("another host in the target", 400,
          "GET http://other/hello HTTP/1.1\r\n" H "\r\n"),
    SHAPE("another port in the target", 400,
          "GET http://h:81/hello HTTP/1.1\r\n" H "\r\n"),
    SHAPE("an empty host beside the target's", 400,
          "GET http://h/hello HTTP/1.1\r\nHost:\r\n\r\n"),
    SHAPE("no host in the target", 400, "GET http:///hello HTTP/1.1\r\n" H "\r\n"),
    SHAPE("a user in the target", 400, "GET http://a@h/hello HTTP/1.1\r\nHost: a@h\r\n\r\n"),
    SHAPE("another scheme", 400, "GET ftp://h/hello HTTP/1.1\r\n" H "\r\n"),
    SHAPE("a relative target", 400, "GET hello HTTP/1.1\r\n" H "\r\n"),
    SHAPE("a star for get", 400, "GET * HTTP/1.1\r\n" H "\r\n"),
    SHAPE("connect", 400, "CONNECT h:443 HTTP/1.1\r\n" H "\r\n"),
    SHAPE("a fragment", 400, "GET /hello#x HTTP/1.1\r\n" H "\r\n"),
    SHAPE("two blanks in the request line", 400, "GET  /hello HTTP/1.1\r\n" H "\r\n"),
    SHAPE("a blank behind the version", 400, "GET /hello HTTP/1.1 \r\n" H "\r\n"),
    SHAPE("a tab in the request line", 400, "GET\t/hello HTTP/1.1\r\n" H "\r\n"),
    SHAPE("a blank in the target", 400, "GET /hel lo HTTP/1.1\r\n" H "\r\n"),
    SHAPE("no version", 400, "GET /hello\r\n" H "\r\n"),
    SHAPE("a malformed version", 400, "GET /hello HTTP/1.10\r\n" H "\r\n"),
    SHAPE("a lower-case version", 400, "GET /hello http/1.1\r\n" H "\r\n"),
    SHAPE("version 2.0", 505, "GET /hello HTTP/2.0\r\n" H "\r\n"),
    SHAPE("version 0.9", 505, "GET /hello HTTP/0.9\r\n" H "\r\n"),
    SHAPE("version 1.2", 505, "GET /hello HTTP/1.2\r\n" H "\r\n"),
    SHAPE("the http/2 preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    SHAPE("no token as method", 400, "G@T /hello HTTP/1.1\r\n" H "\r\n"),
    SHAPE("an unknown method", 501, "FROB /hello HTTP/1.1\r\n" H "\r\n"),
    SHAPE("a lower-case method", 501, "get /hello HTTP/1.1\r\n" H "\r\n"),
    SHAPE("a tls hello", 400, "\x16\x03\x01\x02\x00\x01\x00\r\n"),
    SHAPE("many empty lines", 400, "\r\n\r\n\r\n\r\n\r\n" BEHIND),
};

#define CHUNKED "PUT /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
#define T16 "0123456789abcdef"
#define T256 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16

/* Here the head was fine: the handler hears of the broken body, and answers. */
static const shape bodies[] = {
    SHAPE("no chunk size", 400, CHUNKED "\r\nabc\r\n0\r\n\r\n"),
    SHAPE("a chunk size that is no number", 400, CHUNKED "x\r\nabc\r\n0\r\n\r\n"),
    SHAPE("a negative chunk size", 400, CHUNKED "-3\r\nabc\r\n0\r\n\r\n"),
    SHAPE("a signed chunk size", 400, CHUNKED "+3\r\nabc\r\n0\r\n\r\n"),
    SHAPE("0x before a chunk size", 400, CHUNKED "0x3\r\nabc\r\n0\r\n\r\n"),
    SHAPE("a blank before a chunk size", 400, CHUNKED " 3\r\nabc\r\n0\r\n\r\n"),
    SHAPE("a blank behind a chunk size", 400, CHUNKED "3 \r\nabc\r\n0\r\n\r\n"),
    SHAPE("a huge chunk size", 400, CHUNKED "ffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
    SHAPE("a chunk size that overflows", 400, CHUNKED "10000000000000003\r\nabc\r\n0\r\n\r\n"),
    SHAPE("bare lf behind a chunk size", 400, CHUNKED "3\nabc\r\n0\r\n\r\n"),
    SHAPE("bare cr behind a chunk size", 400, CHUNKED "3\rabc\r\n0\r\n\r\n"),
    SHAPE("bare lf behind a chunk", 400, CHUNKED "3\r\nabc\n0\r\n\r\n"),
    SHAPE("bare cr behind a chunk", 400, CHUNKED "3\r\nabc\r0\r\n\r\n"),
    SHAPE("another byte for the cr behind a chunk", 400, CHUNKED "3\r\nabcx\n0\r\n\r\n"),
    SHAPE("a chunk longer than it says", 400, CHUNKED "3\r\nabcd\r\n0\r\n\r\n"),
    SHAPE("bare lf in an extension", 400, CHUNKED "3;a\nb\r\nabc\r\n0\r\n\r\n"),
    SHAPE("bare cr in an extension", 400, CHUNKED "3;a\rb\r\nabc\r\n0\r\n\r\n"),
    SHAPE("nul in an extension", 400, CHUNKED "3;a\0b\r\nabc\r\n0\r\n\r\n"),
    SHAPE("a long extension", 400, CHUNKED "3;" T256 "x\r\nabc\r\n0\r\n\r\n"),
    SHAPE("bare lf behind the last size", 400, CHUNKED "3\r\nabc\r\n0\n\r\n"),
    SHAPE("bare lf at the very end", 400, CHUNKED "3\r\nabc\r\n0\r\n\n"),
    SHAPE("a folded trailer", 400, CHUNKED "3\r\nabc\r\n0\r\nA: b\r\n c\r\n\r\n"),
    SHAPE("bare lf in a trailer", 400, CHUNKED "3\r\nabc\r\n0\r\nA: b\n\r\n"),
    SHAPE("a trailer without a name", 400, CHUNKED "3\r\nabc\r\n0\r\n: b\r\n\r\n"),
    SHAPE("a trailer without a colon", 400, CHUNKED "3\r\nabc\r\n0\r\nA\r\n\r\n"),
    SHAPE("blank before a trailer's colon", 400, CHUNKED "3\r\nabc\r\n0\r\nA : b\r\n\r\n"),
    SHAPE("nul in a trailer", 400, CHUNKED "3\r\nabc\r\n0\r\nA: \0\r\n\r\n"),
};

static void send_shape(raw *r, const shape *s, bool bytewise)
{
    if (!bytewise) {
        raw_send_len(r, s->bytes, s->len);
        return;
    }
    for (size_t i = 0; i < s->len; i++) {
        if (!raw_send_len(r, s->bytes + i, 1))
            return;
        raw_turn(r);
    }
}

static void check_answer(const shape *s, raw *r)
{
    char first[32];
    snprintf(first, sizeof(first), "HTTP/1.1 %d ", s->status);
    if (!r->ended || strncmp(r->data, first, strlen(first)) != 0 || raw_has(r, "hello"))
        fail_msg("%s: wanted %d, got%s: %.300s", s->name, s->status, r->reset ? " (reset)" : "",
                 r->data);
}

static void refuses_heads(void **state)
{
    (void)state;
    kit *k = kit_new();
    kit_open(k);
    for (unsigned i = 0; i < 2 * sizeof(heads) / sizeof(heads[0]); i++) {
        const shape *s = &heads[i / 2];
        raw r = raw_connect(k);
        send_shape(&r, s, i % 2);
        raw_until_end(&r);
        check_answer(s, &r);
        assert_true(raw_has(&r, "<Error><Code>"));
        assert_true(raw_has(&r, "<RequestId>"));
        assert_true(raw_has(&r, "Connection: close\r\n"));
        if (k->requests != 0)
            fail_msg("%s: became a request", s->name);
        assert_int_equal(k->refusals, i + 1);
        assert_int_equal(k->refused_status, s->status);
        raw_close(&r);
    }
    kit_free(k);
}

static void refuses_bodies(void **state)
{
    (void)state;
    kit *k = kit_new();
    kit_open(k);
    for (unsigned i = 0; i < 2 * sizeof(bodies) / sizeof(bodies[0]); i++) {
        const shape *s = &bodies[i / 2];
        raw r = raw_connect(k);
        send_shape(&r, s, i % 2);
        raw_until_end(&r);
        check_answer(s, &r);
        assert_int_equal(k->requests, i + 1);
        assert_int_equal(k->body_ends, i + 1);
        assert_code(k->body_code, OL_EPROTOCOL);
        raw_close(&r);
    }
    kit_free(k);
}

/* The shapes above only count when their well-formed sisters pass. */
static void serves_what_is_well_formed(void **state)
{
    (void)state;
    kit *k = kit_new();
    kit_open(k);
    static const char *const good[] = {
        "PUT /echo HTTP/1.1\r\n" H "Content-Length:  1 \r\n\r\na" BEHIND,
        "GET /hello HTTP/1.1\r\n" H "X: \xc3\xa9 a\tb\r\nY:\r\n\r\n" BEHIND,
        "GET http://H/hello HTTP/1.1\r\n" H "\r\n" BEHIND,
        CHUNKED "000000000000003;a=\"b\";c\r\nabc\r\n0;x\r\nA:\r\nB: c\td\r\n\r\n" BEHIND,
        "\r\n\r\nGET /hello HTTP/1.1\r\n" H "\r\n" BEHIND,
        "DELETE /hello HTTP/1.1\r\n" H "\r\n" BEHIND,
        "GET /hello HTTP/1.1\r\n" H "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n" BEHIND,
        "GET /hello?a=%00&b=\xc3\xa9 HTTP/1.1\r\n" H "\r\n" BEHIND,
    };
    for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        raw r = raw_connect(k);
        raw_send(&r, good[i]);
        raw_until_times(&r, "HTTP/1.1 200 OK", 2);
        assert_int_equal(k->requests, 2 * (i + 1));
        raw_close(&r);
    }
    assert_int_equal(k->refusals, 0);
    kit_free(k);
}

static void refuse_one(kit *k, const char *bytes, int status)
{
    raw r = raw_connect(k);
    raw_send(&r, bytes);
    raw_until_end(&r);
    char first[32];
    snprintf(first, sizeof(first), "HTTP/1.1 %d ", status);
    assert_true(r.ended);
    assert_memory_equal(r.data, first, strlen(first));
    assert_int_equal(k->requests, 0);
    raw_close(&r);
}

static void keeps_its_limits(void **state)
{
    (void)state;
    kit *k = kit_new();
    k->limits.head_bytes_max = 512;
    k->limits.url_bytes_max = 64;
    k->limits.headers_max = 4;
    kit_open(k);
    refuse_one(k, "GET /0123456789012345678901234567890123456789012345678901234567890123 HTTP/1.1"
                  "\r\n" H "\r\n", 414);
    refuse_one(k, "GET /" T256, 414); /* without waiting for the line's end */
    refuse_one(k, "GET / HTTP/1.1\r\n" H "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", 431);
    refuse_one(k, "GET / HTTP/1.1\r\n" H "A: " T256 "\r\nB: " T256 "\r\n\r\n", 431);
    refuse_one(k, "GET / HTTP/1.1\r\n" H "A: " T256 T256, 431);
    raw r = raw_connect(k);
    raw_send(&r, "GET /hello?2345678901234567890123456789012345678901234567890123456 HTTP/1.1"
                 "\r\n" H "A: " T256 "\r\nB: 1\r\nC: 2\r\n\r\n");
    raw_until(&r, "hello");
    raw_close(&r);
    kit_free(k);
}

/* Extensions and trailers are bounded over the whole body, not only one by one. */
static void bounds_what_it_throws_away(void **state)
{
    (void)state;
    kit *k = kit_new();
    kit_open(k);
    raw r = raw_connect(k);
    raw_send(&r, CHUNKED);
    for (unsigned i = 0; i < 400 && raw_send(&r, "1;" T16 T16 T16 T16 T16 T16 T16 "\r\na\r\n"); i++)
        raw_turn(&r);
    raw_until_end(&r);
    assert_true(raw_has(&r, "400 Bad Request"));
    assert_true(k->body_bytes > 200 && k->body_bytes < 400);
    assert_code(k->body_code, OL_EPROTOCOL);
    raw_close(&r);
    kit_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_heads),
        cmocka_unit_test(refuses_bodies),
        cmocka_unit_test(serves_what_is_well_formed),
        cmocka_unit_test(keeps_its_limits),
        cmocka_unit_test(bounds_what_it_throws_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
