/* SPDX-License-Identifier: MIT */
/*
 * Things that end too early: bodies cut by the handler (the client must see it), clients that
 * go away at every point, and memory that is not there.
 */
#include "server_kit.h"

#define GET "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"

static raw ask(kit *k, const char *path, const char *version)
{
    raw r = raw_connect(k);
    char head[128];
    snprintf(head, sizeof(head), "GET %s HTTP/%s\r\nHost: h\r\n\r\n", path, version);
    raw_send(&r, head);
    return r;
}

static void shows_that_a_body_is_cut(void **state)
{
    (void)state;
    static const char *const versions[] = {"1.1", "1.0"};
    static const char *const paths[] = {"/abort", "/abort-chunked", "/short"};
    for (unsigned i = 0; i < 6; i++) {
        kit *k = kit_new();
        kit_open(k);
        raw r = ask(k, paths[i / 2], versions[i % 2]);
        raw_until_end(&r);
        assert_true(r.reset);
        assert_false(raw_has(&r, "\r\n0\r\n"));
        assert_int_equal(k->closes, 1);
        assert_int_equal(k->gones, 0); /* it was the handler's own doing */
        assert_code(k->close_code, OL_ECANCELED);
        raw_close(&r);
        kit_free(k);
    }
}

static void cuts_without_an_answer(void **state)
{
    (void)state;
    kit *k = kit_new();
    kit_open(k);
    static const char *const paths[] = {"/abort-now", "/end-now"};
    for (unsigned i = 0; i < 2; i++) {
        raw r = ask(k, paths[i], "1.1");
        raw_until_end(&r);
        assert_true(r.reset);
        assert_int_equal(r.len, 0);
        raw_close(&r);
    }
    assert_int_equal(k->closes, 2);
    kit_free(k);
}

static void hears_that_the_client_is_gone(void **state)
{
    (void)state;
    kit *k = kit_new();
    kit_open(k);
    raw other = raw_connect(k); /* only to turn the loop */
    raw r = ask(k, "/never", "1.1");
    raw_until_count(&other, &k->requests, 1);
    ol_http_exchange *x = k->last->x;
    raw_reset(&r);
    raw_until_count(&other, &k->gones, 1);
    assert_code(k->gone_code, OL_EPEER);
    assert_int_equal(k->closes, 0); /* on a later turn */
    ol_http_response response = {.status = 200, .content_length = -1};
    assert_code(ol_http_respond(x, &response), OL_EPEER);
    raw_until_count(&other, &k->closes, 1);
    assert_code(k->close_code, OL_EPEER);
    raw_close(&other);
    kit_free(k);
}

static void hears_it_in_the_middle_of_a_response(void **state)
{
    (void)state;
    kit *k = kit_new();
    kit_open(k);
    raw other = raw_connect(k);
    for (unsigned i = 1; i <= 2; i++) {
        raw r = ask(k, i == 1 ? "/big?80000000" : "/big-chunked?80000000", "1.1");
        raw_until(&r, "bbbb");
        if (i == 1)
            raw_reset(&r);
        else
            raw_close(&r); /* unread bytes: the kernel resets */
        raw_until_count(&other, &k->closes, i);
        assert_int_equal(k->gones, i);
        assert_code(k->close_code, OL_EPEER);
    }
    raw_close(&other);
    kit_free(k);
}

static void hears_it_in_the_middle_of_a_body(void **state)
{
    (void)state;
    kit *k = kit_new();
    kit_open(k);
    raw other = raw_connect(k);
    raw r = raw_connect(k);
    raw_send(&r, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
    while (k->body_bytes < 3)
        raw_turn(&other);
    raw_reset(&r);
    raw_until_count(&other, &k->closes, 1);
    assert_int_equal(k->body_ends, 1);
    assert_code(k->body_code, OL_EPEER);
    /* A client that has only ended its direction can still read why. */
    r = raw_connect(k);
    raw_send(&r, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
    shutdown(r.fd, SHUT_WR);
    raw_until_end(&r);
    assert_true(r.ended);
    assert_code(k->body_code, OL_EINCOMPLETEBODY);
    assert_true(raw_has(&r, "bad body"));
    raw_close(&r);
    raw_close(&other);
    kit_free(k);
}

/* Every prefix of a busy conversation, ended by FIN or by RST: nothing leaks, nothing is
 * called twice, and the server serves on. */
static void survives_clients_that_go_anywhere(void **state)
{
    (void)state;
    static const char talk[] =
        "PUT /slow-echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nabcd"
        "GET /big?3000000 HTTP/1.1\r\nHost: h\r\n\r\n" GET "GET /never HTTP/1.1\r\nHost: h\r\n\r\n";
    kit *k = kit_new();
    kit_open(k);
    raw steady = raw_connect(k);
    for (size_t len = 0; len < sizeof(talk); len++) {
        for (unsigned reset = 0; reset < 2; reset++) {
            raw r = raw_connect(k);
            raw_send_len(&r, talk, len);
            for (size_t turn = 0; turn < len % 7; turn++)
                raw_turn(&r);
            if (reset)
                raw_reset(&r);
            else
                raw_close(&r);
            raw_turn(&steady);
        }
    }
    raw_send(&steady, GET);
    raw_until(&steady, "hello");
    raw_close(&steady);
    uint64_t give_up = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
    /* A client that only ended its direction is still answered: /never never ends by itself. */
    while (k->closes + 2 < k->requests && ol_clock_mono_ms() < give_up)
        ol_test_loop_turns(&k->t, 1);
    assert_true(k->closes + 2 >= k->requests);
    kit_free(k);
}

/* ---- memory ---- */

static int converse(void *arg)
{
    (void)arg;
    kit *k = kit_new();
    int rc = kit_open_tls(k, NULL);
    if (rc == OL_OK) {
        raw r = raw_connect(k);
        raw_send(&r, "PUT /slow-echo HTTP/1.1\r\nHo");
        raw_turn(&r);
        raw_send(&r, "st: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        raw_send(&r, "3\r\nabc\r\n0\r\n\r\nGET /chunked HTTP/1.1\r\nHost: h\r\n\r\n"
                     "GET /big?1000000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        raw_until_end(&r); /* some answer, or a cut; never a hang */
        bool whole = r.ended && raw_has(&r, "abc") && raw_has(&r, "three") && r.len > 1000000;
        rc = whole ? OL_OK : OL_ENOMEM;
        raw_close(&r);
    }
    kit_free(k);
    return rc;
}

static void survives_allocation_failures(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(converse, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_that_a_body_is_cut),
        cmocka_unit_test(cuts_without_an_answer),
        cmocka_unit_test(hears_that_the_client_is_gone),
        cmocka_unit_test(hears_it_in_the_middle_of_a_response),
        cmocka_unit_test(hears_it_in_the_middle_of_a_body),
        cmocka_unit_test(survives_clients_that_go_anywhere),
        cmocka_unit_test(survives_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
