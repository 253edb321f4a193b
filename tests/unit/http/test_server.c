/* SPDX-License-Identifier: MIT */
/*
 * The server over real sockets: what well-behaved clients see.
 */
#include "server_kit.h"

#define GET "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"

static int set_up(void **state)
{
    kit *k = kit_new();
    *state = k;
    kit_open(k);
    return 0;
}

static int tear_down(void **state)
{
    kit_free(*state);
    return 0;
}

static void keeps_the_connection_alive(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    for (unsigned i = 1; i <= 3; i++) {
        raw_send(&r, GET);
        raw_until_times(&r, "hello", i);
        raw_until_count(&r, &k->closes, i);
        assert_code(k->close_code, OL_OK);
    }
    assert_int_equal(k->requests, 3);
    assert_true(raw_has(&r, "HTTP/1.1 200 OK\r\n"));
    assert_true(raw_has(&r, "Content-Length: 5\r\n"));
    assert_true(raw_has(&r, "Date: "));
    assert_false(raw_has(&r, "Connection:"));
    assert_string_equal(k->peer, "127.0.0.1");
    ol_http_stats stats;
    ol_http_server_stats(k->server, &stats);
    assert_int_equal(stats.requests, 3);
    assert_int_equal(stats.open, 1);
    assert_int_equal(stats.bytes_in, 3 * strlen(GET));
    raw_close(&r);
}

static void answers_pipelined_requests_in_order(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    raw_send(&r, "GET /chunked HTTP/1.1\r\nHost: h\r\n\r\n"
                 "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                 "POST /slow-echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "3\r\ndef\r\n0\r\n\r\n" GET);
    raw_until(&r, "hello");
    const char *one = strstr(r.data, "three"), *two = strstr(r.data, "abc"),
               *three = strstr(r.data, "def"), *four = strstr(r.data, "hello");
    assert_true(one && two && three && one < two && two < three && three < four);
    assert_int_equal(k->requests, 4);
    raw_close(&r);
}

static void keeps_many_pipelined_requests_bounded(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    enum { COUNT = 3000 };
    char *all = malloc(COUNT * strlen(GET) + 1);
    size_t len = 0;
    for (unsigned i = 0; i < COUNT; i++)
        len += (size_t)sprintf(all + len, "%s", GET);
    assert_true(raw_send_len(&r, all, len));
    free(all);
    raw_until_times(&r, "hello", COUNT);
    assert_int_equal(k->requests, COUNT);
    raw_close(&r);
}

static void stops_reading_while_a_request_is_answered(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    raw_send(&r, "GET /never HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_until_count(&r, &k->requests, 1);
    /* Nobody reads this: the socket buffers fill up. */
    static char noise[65536];
    size_t sent = 0;
    for (unsigned idle = 0; idle < 50;) {
        ssize_t n = send(r.fd, noise, sizeof(noise), MSG_NOSIGNAL);
        if (n > 0) {
            sent += (size_t)n;
            idle = 0;
        } else {
            idle++;
        }
        raw_turn(&r);
    }
    ol_http_stats stats;
    ol_http_server_stats(k->server, &stats);
    assert_true(sent > 65536);
    assert_true(stats.bytes_in < 65536);
    raw_close(&r);
}

static void frames_responses(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    raw_send(&r, "GET /chunked HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_until(&r, "0\r\n\r\n");
    assert_true(raw_has(&r, "\r\n\r\n4\r\none,\r\n4\r\ntwo,\r\n5\r\nthree\r\n0\r\n\r\n"));
    assert_true(raw_has(&r, "Transfer-Encoding: chunked\r\n"));
    assert_true(raw_has(&r, "X-Test: yes\r\n"));

    raw_clear(&r);
    raw_send(&r, "HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\nGET /empty HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_until(&r, "204 No Content");
    assert_true(raw_has(&r, "Content-Length: 5\r\n"));
    assert_false(raw_has(&r, "hello"));
    raw_until_count(&r, &k->closes, 3);
    while (raw_read(&r))
        ;
    assert_null(strstr(strstr(r.data, "204"), "Content-Length"));
    raw_close(&r);
}

/* Only a chunked body has a place for them, and they are gone with their response. */
static void sends_trailers_behind_chunked_bodies(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    raw_send(&r, "GET /trailers HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_until(&r, "\r\n\r\n4\r\nbody\r\n0\r\nx-first: 1\r\nx-second: two\r\n\r\n");
    raw_clear(&r);
    raw_send(&r, "GET /chunked HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_until(&r, "three\r\n0\r\n\r\n");
    raw_clear(&r);
    raw_send(&r, "HEAD /trailers HTTP/1.1\r\nHost: h\r\n\r\n"
                 "GET /no-trailers HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_until(&r, "Content-Length: 4\r\n\r\nbody");
    assert_false(raw_has(&r, "x-first"));
    raw_clear(&r);
    raw_send(&r, "GET /trailers HTTP/1.0\r\n\r\n");
    raw_until_end(&r);
    assert_true(raw_has(&r, "\r\n\r\nbody"));
    assert_false(raw_has(&r, "x-first"));
    raw_close(&r);
}

static void reads_bodies_by_length_and_chunked(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    raw_send(&r, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world");
    raw_until(&r, "hello world");
    raw_clear(&r);
    raw_send(&r, "PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
                 "5;ext=1\r\nhello\r\n001\r\n-\r\n5\r\nwo");
    raw_send(&r, "rld\r\n0\r\nTrailer: x\r\n\r\n");
    raw_until(&r, "hello-world");
    raw_clear(&r);
    raw_send(&r, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    raw_until(&r, "Content-Length: 0\r\n");
    raw_clear(&r);
    raw_send(&r, "PUT /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_until(&r, "Content-Length: 0\r\n");
    assert_int_equal(k->body_ends, 4);
    assert_code(k->body_code, OL_OK);
    raw_close(&r);
}

static void carries_large_bodies_both_ways(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    size_t len = 3 << 20;
    char *body = malloc(len);
    ol_test_random random = {7};
    ol_test_random_fill(&random, (uint8_t *)body, len);
    static const char *const paths[] = {"/echo", "/slow-echo"};
    for (unsigned i = 0; i < 2; i++) {
        char head[128];
        snprintf(head, sizeof(head), "PUT %s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
                 paths[i], len);
        raw_clear(&r);
        raw_send(&r, head);
        assert_true(raw_send_len(&r, body, len));
        raw_until(&r, "\r\n\r\n");
        size_t head_len = (size_t)(strstr(r.data, "\r\n\r\n") + 4 - r.data);
        while (r.len < head_len + len) {
            if (!raw_read(&r))
                raw_wait(&r, POLLIN);
        }
        assert_memory_equal(r.data + head_len, body, len);
    }
    free(body);
    raw_close(&r);
}

static bool holds_bytes(kit_job *job)
{
    return job && job->held.len > 0;
}

/* Two handlers keep slices at once, while others read: each gets its own bytes back. */
static void leaves_lent_bytes_alone(void **state)
{
    kit *k = *state;
    k->hold = true;
    raw r[2];
    kit_job *jobs[2];
    for (unsigned i = 0; i < 2; i++) {
        r[i] = raw_connect(k);
        raw_send(&r[i], "PUT /slow-echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n");
        raw_until_count(&r[i], &k->requests, i + 1);
        jobs[i] = k->last;
        raw_send(&r[i], i ? "bbbbbbbbb" : "aaaaaaaaa");
        while (!holds_bytes(jobs[i]))
            raw_turn(&r[i]);
    }
    raw other = raw_connect(k);
    raw_send(&other, "GET /hello?xxxxxxxxxxxxxxxxxxxxxxxxxxx HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_until(&other, "hello");
    k->hold = false;
    for (unsigned i = 0; i < 2; i++) {
        kit_resume(jobs[i]);
        raw_until(&r[i], i ? "bbbbbbbbb" : "aaaaaaaaa");
        raw_close(&r[i]);
    }
    raw_close(&other);
}

static void waits_for_slow_readers(void **state)
{
    kit *k = *state;
    static const char *const paths[] = {"/big", "/big-chunked"};
    for (unsigned i = 0; i < 2; i++) {
        raw r = raw_connect(k);
        char head[128];
        size_t len = 24 << 20;
        snprintf(head, sizeof(head),
                 "GET %s?%zu HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", paths[i], len);
        k->drains = 0;
        raw_send(&r, head);
        for (unsigned turn = 0; turn < 20; turn++)
            raw_turn(&r);
        assert_int_equal(k->live, 1); /* far from done: nobody has read */
        raw_until_end(&r);
        assert_true(r.ended);
        assert_true(k->drains > 0);
        assert_true(r.len > len);
        assert_code(k->close_code, OL_OK);
        if (i == 1)
            assert_memory_equal(r.data + r.len - 7, "\r\n0\r\n\r\n", 7);
        raw_close(&r);
    }
}

static void sends_100_continue_only_when_the_body_is_wanted(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    raw_send(&r, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
                 "Expect: 100-Continue\r\n\r\n");
    raw_until(&r, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_false(raw_has(&r, "200"));
    raw_send(&r, "abc");
    raw_until(&r, "abc");
    /* Answered without the body: no 100, and the connection cannot be used again. */
    raw_clear(&r);
    raw_send(&r, "PUT /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
                 "Expect: 100-continue\r\n\r\n");
    raw_until_end(&r);
    assert_true(r.ended);
    assert_false(raw_has(&r, "100 Continue"));
    assert_true(raw_has(&r, "Connection: close\r\n"));
    raw_close(&r);
    /* The body comes along at once: no 100 needed. */
    r = raw_connect(k);
    raw_send(&r, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
                 "Expect: 100-continue\r\n\r\nabc");
    raw_until(&r, "abc");
    assert_false(raw_has(&r, "100 Continue"));
    raw_close(&r);
    /* Another expectation is not met, and no reason to refuse. */
    r = raw_connect(k);
    raw_send(&r, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: tea\r\n\r\nabc");
    raw_until(&r, "abc");
    assert_false(raw_has(&r, "100 Continue"));
    raw_close(&r);
}

static void drains_a_small_unwanted_body(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    raw_send(&r, "PUT /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
    raw_until(&r, "hello");
    raw_send(&r, "GET /" GET); /* the first five bytes are the body */
    raw_until_times(&r, "hello", 2);
    assert_int_equal(k->requests, 2);
    raw_clear(&r);
    raw_send(&r, "PUT /refuse-body HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12345" GET);
    raw_until(&r, "hello");
    assert_true(raw_has(&r, "403 Forbidden"));
    raw_close(&r);
}

static void closes_after_a_large_unwanted_body(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    raw_send(&r, "PUT /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n");
    static char noise[1 << 20];
    assert_true(raw_send_len(&r, noise, sizeof(noise)));
    raw_until_end(&r); /* the answer arrives although much was never read */
    assert_true(r.ended);
    assert_true(raw_has(&r, "hello"));
    assert_true(raw_has(&r, "Connection: close\r\n"));
    assert_int_equal(k->requests, 1);
    raw_close(&r);
}

static void serves_http_1_0(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    raw_send(&r, "GET /chunked HTTP/1.0\r\n\r\n");
    raw_until_end(&r);
    assert_true(r.ended);
    assert_true(raw_has(&r, "\r\n\r\none,two,three"));
    assert_false(raw_has(&r, "Transfer-Encoding"));
    assert_true(raw_has(&r, "Connection: close\r\n"));
    raw_close(&r);
    r = raw_connect(k);
    raw_send(&r, "GET /hello HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    raw_until(&r, "hello");
    assert_true(raw_has(&r, "Connection: keep-alive\r\n"));
    raw_send(&r, "GET /hello HTTP/1.0\r\n\r\n");
    raw_until_end(&r);
    assert_int_equal(k->requests, 3);
    raw_close(&r);
}

static void understands_targets(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    raw_send(&r, "GET http://Bucket.example:9000/a/b?c=d HTTP/1.1\r\n"
                 "Host: bucket.example:9000\r\n\r\n");
    raw_until(&r, "hello");
    assert_string_equal(k->host, "Bucket.example:9000");
    assert_string_equal(k->target, "http://Bucket.example:9000/a/b?c=d");
    raw_clear(&r);
    raw_send(&r, "\r\nOPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
    raw_until(&r, "hello");
    assert_string_equal(k->target, "*");
    raw_close(&r);
}

static void serves_a_half_closed_client(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    raw_send(&r, GET "GET /big?5000000 HTTP/1.1\r\nHost: h\r\n\r\n");
    shutdown(r.fd, SHUT_WR);
    raw_until_end(&r);
    assert_true(r.ended);
    assert_true(r.len > 5000000);
    assert_int_equal(k->closes, 2);
    assert_code(k->close_code, OL_OK);
    raw_close(&r);
}

static void understands_requests_in_single_bytes(void **state)
{
    kit *k = *state;
    raw r = raw_connect(k);
    static const char bytes[] =
        "PUT /echo HTTP/1.1\r\nHost: h\r\nX-Empty:\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3;a=\"b\"\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: yes\r\n\r\n"
        "PUT /slow-echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nfghi" GET;
    for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
        raw_send_len(&r, bytes + i, 1);
        raw_turn(&r);
        raw_turn(&r);
    }
    raw_until(&r, "hello");
    assert_true(raw_has(&r, "abcde"));
    assert_true(raw_has(&r, "fghi"));
    raw_close(&r);
}

static void understands_requests_cut_anywhere(void **state)
{
    kit *k = *state;
    static const char bytes[] =
        "PUT /slow-echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" GET;
    raw r = raw_connect(k);
    for (size_t cut = 1; cut < sizeof(bytes) - 1; cut++) {
        raw_clear(&r);
        raw_send_len(&r, bytes, cut);
        raw_turn(&r);
        raw_turn(&r);
        raw_send(&r, bytes + cut);
        raw_until(&r, "hello");
        assert_true(raw_has(&r, "abcde"));
    }
    raw_close(&r);
}

static void reuses_connections_memory(void **state)
{
    kit *k = *state;
    long live = 0;
    for (unsigned i = 0; i < 20; i++) {
        raw r = raw_connect(k);
        raw_send(&r, GET);
        raw_until(&r, "hello");
        raw_close(&r);
        r = raw_connect(k); /* the turns of this one see the other's end */
        raw_send(&r, GET);
        raw_until(&r, "hello");
        raw_close(&r);
        ol_test_loop_turns(&k->t, 5);
        if (i == 10)
            live = ol_alloc_live();
    }
    assert_no_leak(live);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(keeps_the_connection_alive),
        T(answers_pipelined_requests_in_order),
        T(keeps_many_pipelined_requests_bounded),
        T(stops_reading_while_a_request_is_answered),
        T(frames_responses),
        T(sends_trailers_behind_chunked_bodies),
        T(reads_bodies_by_length_and_chunked),
        T(carries_large_bodies_both_ways),
        T(leaves_lent_bytes_alone),
        T(waits_for_slow_readers),
        T(sends_100_continue_only_when_the_body_is_wanted),
        T(drains_a_small_unwanted_body),
        T(closes_after_a_large_unwanted_body),
        T(serves_http_1_0),
        T(understands_targets),
        T(serves_a_half_closed_client),
        T(understands_requests_in_single_bytes),
        T(understands_requests_cut_anywhere),
        T(reuses_connections_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
