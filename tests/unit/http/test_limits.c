/* SPDX-License-Identifier: MIT */
/*
 * Deadlines, minimum rates, the number of connections, and draining.
 */
#include "server_kit.h"

#define GET "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"
#define SHORT_MS 150

static kit *open_with(uint32_t header_ms, uint32_t body_ms, uint32_t idle_ms)
{
    kit *k = kit_new();
    k->limits.header_timeout_ms = header_ms;
    k->limits.body_timeout_ms = body_ms;
    k->limits.idle_timeout_ms = idle_ms;
    kit_open(k);
    return k;
}

static void ends_silent_connections(void **state)
{
    (void)state;
    kit *k = open_with(SHORT_MS, 60000, SHORT_MS);
    raw r = raw_connect(k);
    raw_until_end(&r); /* never said a word */
    assert_true(r.ended);
    assert_int_equal(r.len, 0);
    raw_close(&r);
    r = raw_connect(k);
    raw_send(&r, GET);
    raw_until_end(&r); /* idle after a request */
    assert_true(r.ended);
    assert_true(raw_has(&r, "hello"));
    assert_false(raw_has(&r, "408"));
    raw_close(&r);
    kit_free(k);
}

static void ends_slow_heads(void **state)
{
    (void)state;
    kit *k = open_with(SHORT_MS, 60000, 60000);
    raw r = raw_connect(k);
    raw_send(&r, "GET /hello HTTP/1.1\r\nHo");
    raw_until_end(&r);
    assert_true(raw_has(&r, "HTTP/1.1 408 Request Timeout\r\n"));
    assert_true(raw_has(&r, "<Code>RequestTimeout</Code>"));
    raw_close(&r);
    /* Sending on, a byte at a time, does not buy more time. */
    r = raw_connect(k);
    raw_send(&r, "GET /hello HTTP/1.1\r\nHost: h\r\nX: ");
    uint64_t give_up = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
    while (!r.ended && !r.reset && ol_clock_mono_ms() < give_up) {
        send(r.fd, "x", 1, MSG_NOSIGNAL);
        raw_read(&r);
        raw_wait(&r, 0);
    }
    assert_true(raw_has(&r, "408"));
    assert_int_equal(k->requests, 0);
    raw_close(&r);
    kit_free(k);
}

static void ends_stalled_bodies(void **state)
{
    (void)state;
    kit *k = open_with(60000, SHORT_MS, 60000);
    raw r = raw_connect(k);
    raw_send(&r, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n0123456789");
    raw_until_end(&r);
    assert_code(k->body_code, OL_ETIMEOUT);
    assert_true(raw_has(&r, "HTTP/1.1 400 "));
    assert_true(raw_has(&r, "Connection: close\r\n"));
    raw_close(&r);
    kit_free(k);
}

static void ends_bodies_below_the_rate(void **state)
{
    (void)state;
    kit *k = kit_new();
    k->limits.body_timeout_ms = SHORT_MS;
    k->limits.body_rate_min = 100000;
    kit_open(k);
    raw r = raw_connect(k);
    raw_send(&r, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
    uint64_t give_up = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
    while (!r.ended && !r.reset && ol_clock_mono_ms() < give_up) {
        send(r.fd, "x", 1, MSG_NOSIGNAL); /* never stalled, but far too slow */
        raw_read(&r);
        raw_wait(&r, 0);
    }
    assert_code(k->body_code, OL_ETIMEOUT);
    raw_close(&r);
    kit_free(k);
}

static void does_not_count_its_own_waiting(void **state)
{
    (void)state;
    kit *k = open_with(60000, 2000, 60000);
    k->hold = true;
    raw r = raw_connect(k);
    raw_send(&r, "PUT /slow-echo HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc");
    while (!k->last || k->last->held.len == 0)
        raw_wait(&r, 0);
    raw_pass_ms(&r, 3000);
    assert_int_equal(k->body_ends, 0);
    k->hold = false;
    kit_resume(k->last);
    raw_pass_ms(&r, 100); /* time enough for a sweep that would count from before */
    raw_send(&r, "def");
    raw_until(&r, "abcdef");
    assert_code(k->body_code, OL_OK);
    raw_close(&r);
    kit_free(k);
}

static void cuts_a_client_that_does_not_read(void **state)
{
    (void)state;
    kit *k = open_with(60000, SHORT_MS, 60000);
    raw r = raw_connect(k);
    raw_send(&r, "GET /big?67108864 HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_until_count(&r, &k->closes, 1);
    assert_int_equal(k->gones, 1);
    assert_code(k->gone_code, OL_ETIMEOUT);
    assert_code(k->close_code, OL_ETIMEOUT);
    raw_until_end(&r);
    assert_true(r.reset); /* the cut is visible */
    raw_close(&r);
    kit_free(k);
}

#define SLOW_BYTES 12582912
#define TEXT_OF_(number) #number
#define TEXT_OF(number) TEXT_OF_(number)

/* A piece every 12 ms. False when the machine kept us from reading for so long that nobody could tell us from a client
 * that does not read. */
static bool read_slowly(kit *k, raw *r, size_t *total)
{
    static char block[32 * 1024];
    uint64_t last_ms = ol_clock_mono_ms(), longest_ms = 0;
    while (!r->ended && !r->reset) {
        ssize_t n = recv(r->fd, block, sizeof(block), 0);
        if (n > 0)
            *total += (size_t)n;
        else if (n == 0)
            r->ended = true;
        else if (errno != EAGAIN)
            r->reset = true;
        raw_pass_ms(r, 12);
        uint64_t now_ms = ol_clock_mono_ms();
        longest_ms = now_ms - last_ms > longest_ms ? now_ms - last_ms : longest_ms;
        last_ms = now_ms;
    }
    return *total > SLOW_BYTES || longest_ms < k->limits.body_timeout_ms / 4;
}

/* Slow, but above the rate: the socket's buffers are large, so the server sees long stretches
 * without being able to write a byte. */
static void bears_with_a_slow_reader(void **state)
{
    (void)state;
    bool fair = false;
    for (unsigned tries = 0; !fair && tries < 20; tries++) {
        kit *k = kit_new();
        k->limits.body_timeout_ms = 400;
        k->limits.body_rate_min = 1000;
        kit_open(k);
        raw r = raw_connect(k);
        raw_send(&r, "GET /big?" TEXT_OF(SLOW_BYTES) " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        size_t total = 0;
        fair = read_slowly(k, &r, &total);
        if (fair) {
            assert_true(r.ended);
            assert_true(total > SLOW_BYTES);
            assert_code(k->close_code, OL_OK);
        }
        raw_close(&r);
        kit_free(k);
    }
    assert_true(fair);
}

static void bounds_the_number_of_connections(void **state)
{
    (void)state;
    kit *k = kit_new();
    k->limits.connections_max = 2;
    kit_open(k);
    raw a = raw_connect(k), b = raw_connect(k);
    raw_send(&a, GET);
    raw_until(&a, "hello");
    raw_send(&b, GET);
    raw_until(&b, "hello");
    raw c = raw_connect(k);
    raw_send(&c, GET);
    raw_until_end(&c);
    assert_true(c.ended);
    assert_true(raw_has(&c, "HTTP/1.1 503 Service Unavailable\r\n"));
    assert_true(raw_has(&c, "<Error>"));
    raw_close(&c);
    ol_http_stats stats;
    ol_http_server_stats(k->server, &stats);
    assert_int_equal(stats.refused, 1);
    assert_int_equal(stats.open, 2);
    raw_close(&a);
    do {
        raw_wait(&b, 0);
        ol_http_server_stats(k->server, &stats);
    } while (stats.open == 2);
    c = raw_connect(k);
    raw_send(&c, GET);
    raw_until(&c, "hello");
    raw_close(&c);
    raw_close(&b);
    kit_free(k);
}

static void refuses_a_flood(void **state)
{
    (void)state;
    kit *k = kit_new();
    k->limits.connections_max = 1;
    kit_open(k);
    enum { COUNT = 100 };
    raw all[COUNT];
    for (unsigned i = 0; i < COUNT; i++)
        all[i] = raw_connect(k);
    unsigned told = 0;
    for (unsigned i = 1; i < COUNT; i++) {
        raw_until_end(&all[i]);
        told += raw_has(&all[i], "503");
    }
    assert_true(told >= 10 && told < COUNT - 10); /* telling is bounded, too: the rest is cut */
    raw_send(&all[0], GET);
    raw_until(&all[0], "hello");
    for (unsigned i = 0; i < COUNT; i++)
        raw_close(&all[i]);
    kit_free(k);
}

static void drains(void **state)
{
    (void)state;
    kit *k = kit_new();
    kit_open(k);
    raw idle = raw_connect(k), busy = raw_connect(k), half = raw_connect(k);
    raw_send(&idle, GET);
    raw_until(&idle, "hello");
    raw_send(&busy, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc");
    raw_send(&half, "GET /hello HT");
    raw_until_count(&busy, &k->requests, 2);
    raw_turn(&half);
    raw_turn(&half);
    bool drained = false;
    ol_http_server_drain(k->server, kit_set, &drained);
    raw_until_end(&idle);
    assert_true(idle.ended);
    assert_false(drained);
    raw_send(&half, "TP/1.1\r\nHost: h\r\n\r\n");
    raw_until_end(&half);
    assert_true(raw_has(&half, "hello"));
    assert_true(raw_has(&half, "Connection: close\r\n"));
    assert_false(drained);
    raw_send(&busy, "def");
    raw_until_end(&busy);
    assert_true(raw_has(&busy, "abcdef"));
    assert_true(raw_has(&busy, "Connection: close\r\n"));
    raw_close(&busy);
    raw_close(&half);
    raw_close(&idle);
    ol_test_loop_until(&k->t, &drained, OL_TEST_BOUND_MS);
    /* Nobody listens any more. */
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(k->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), -1);
    close(fd);
    kit_free(k);
}

/* Nothing was open, so it has drained at once, and the word of that is still on its way. */
static void closes_on_the_turn_in_which_it_drained(void **state)
{
    (void)state;
    kit *k = kit_new();
    ol_http_handler handler = {.arg = k, .on_request = kit_on_request};
    long live = ol_alloc_live();
    bool drained = false;
    assert_code(ol_test_loop_open(&k->t), OL_OK);
    assert_code(ol_http_server_new(&k->server, k->t.loop, &k->limits, &handler), OL_OK);
    ol_http_server_drain(k->server, kit_set, &drained);
    kit_close(k);
    assert_false(drained);
    assert_no_leak(live);
    free(k);
}

static void closes_in_the_middle_of_everything(void **state)
{
    (void)state;
    kit *k = kit_new();
    kit_open(k);
    raw r[4];
    static const char *const what[] = {
        GET, "GET /never HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /slow-echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc",
        "GET /big?50000000 HTTP/1.1\r\nHost: h\r\n\r\n"};
    for (unsigned i = 0; i < 4; i++) {
        r[i] = raw_connect(k);
        raw_send(&r[i], what[i]);
    }
    raw_until_count(&r[0], &k->requests, 4);
    raw_turn(&r[0]);
    kit_close(k); /* asserts that every exchange got its on_close */
    assert_int_equal(k->closes, 4);
    for (unsigned i = 0; i < 4; i++)
        raw_close(&r[i]);
    free(k);
}

static void takes_new_limits(void **state)
{
    (void)state;
    kit *k = open_with(60000, 60000, 60000);
    raw r = raw_connect(k);
    raw_send(&r, GET);
    raw_until(&r, "hello");
    k->limits.header_timeout_ms = SHORT_MS;
    k->limits.url_bytes_max = 8;
    ol_http_server_set_limits(k->server, &k->limits);
    raw s = raw_connect(k);
    raw_until_end(&s);
    raw_close(&s);
    s = raw_connect(k);
    raw_send(&s, "GET /123456789 HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_until(&s, "414");
    raw_close(&s);
    raw_close(&r);
    kit_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_silent_connections),
        cmocka_unit_test(ends_slow_heads),
        cmocka_unit_test(ends_stalled_bodies),
        cmocka_unit_test(ends_bodies_below_the_rate),
        cmocka_unit_test(does_not_count_its_own_waiting),
        cmocka_unit_test(cuts_a_client_that_does_not_read),
        cmocka_unit_test(bears_with_a_slow_reader),
        cmocka_unit_test(bounds_the_number_of_connections),
        cmocka_unit_test(refuses_a_flood),
        cmocka_unit_test(drains),
        cmocka_unit_test(closes_on_the_turn_in_which_it_drained),
        cmocka_unit_test(closes_in_the_middle_of_everything),
        cmocka_unit_test(takes_new_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
