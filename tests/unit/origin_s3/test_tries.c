/* SPDX-License-Identifier: MIT */
/*
 * A service that is down, slow, or answers nonsense: what is tried again, for how long, and when nothing is
 * sent there any more.
 */
#include "fake_s3.h"

/* ---- tries ---- */

static void it_is_tried_again(void **state)
{
    (void)state;
    static const char *const transient[] = {
        STATUS("500 Internal Server Error"), STATUS("502 Bad Gateway"),
        STATUS("503 Slow Down"),             STATUS("504 Gateway Timeout"),
        STATUS("429 Too Many Requests"),
        "HTTP/1.1 503 Slow Down\r\nRetry-After: 0\r\nContent-Length: 36\r\n\r\n"
        "<Error><Code>SlowDown</Code></Error>", /* 36 bytes */
    };
    for (size_t i = 0; i < sizeof transient / sizeof transient[0]; i++) {
        fixture *x = opened();
        okit_answer a;
        ol_buf out;
        fake_say(x, transient[i], FAKE_KEEP);
        fake_say(x, OK_BODY("5", "hello"), FAKE_KEEP);
        assert_code_of(fixture_get(x, NULL, &out, &a), OL_OK, &a.err);
        assert_slice(ol_buf_slice(&out), "hello");
        assert_served(x);
        assert_int_equal(fixture_stats(x).retries, 1);
        ol_buf_fini(&out);
        fixture_free(x);
    }
}

static void connections_that_break_are_tried_again(void **state)
{
    (void)state;
    const enum fake_then ways[] = {FAKE_CLOSE, FAKE_RESET};
    for (size_t i = 0; i < 2; i++) {
        fixture *x = opened();
        okit_answer a;
        ol_buf out;
        fake_say(x, NULL, ways[i]);
        fake_say(x, "HTTP/1.1 200 OK\r\nETag: \"cut", ways[i]);
        fake_say(x, OK_BODY("5", "hello"), FAKE_KEEP);
        assert_code_of(fixture_get(x, NULL, &out, &a), OL_OK, &a.err);
        assert_slice(ol_buf_slice(&out), "hello");
        assert_served(x);
        ol_buf_fini(&out);
        fixture_free(x);
    }
}

static void tries_end(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    ol_buf out;
    for (int i = 0; i < 4; i++)
        fake_say(x, STATUS("503 Service Unavailable"), FAKE_KEEP);
    assert_code(fixture_get(x, NULL, &out, &a), OL_EUNAVAILABLE);
    assert_int_equal(a.err.status, 503);
    assert_served(x);
    ol_buf_fini(&out);
    fixture_free(x);
}

static void a_long_retry_after_ends_the_tries(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    ol_buf out;
    fake_say(x, "HTTP/1.1 503 Busy\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n", FAKE_KEEP);
    assert_code(fixture_get(x, NULL, &out, &a), OL_EUNAVAILABLE);
    assert_served(x);
    ol_buf_fini(&out);
    fixture_free(x);
}

static void refusals_are_final(void **state)
{
    (void)state;
    static const struct {
        const char *status, *body;
        int code, http;
        const char *s3_code;
    } cases[] = {
        {"404 Not Found", "", OL_ENOSUCHKEY, 404, "NoSuchKey"},
        {"403 Forbidden", "", OL_EACCESS, 403, "AccessDenied"},
        {"412 Precondition Failed", "", OL_EPRECONDITION, 412, "PreconditionFailed"},
        {"400 Bad Request", "", OL_EINVALIDREQUEST, 400, "InvalidRequest"},
        {"409 Conflict",
         "<Error><Code>OperationAborted</Code><Message>Another one is under way.</Message></Error>",
         OL_EINVALIDREQUEST, 409, "OperationAborted"},
        {"404 Not Found",
         "<?xml version=\"1.0\"?><Error><Code>NoSuchBucket</Code><Message></Message></Error>",
         OL_ENOSUCHBUCKET, 404, "NoSuchBucket"},
        {"403 Forbidden", "<Error><Code", OL_EACCESS, 403, "AccessDenied"},
        {"403 Forbidden", "<!DOCTYPE Error [<!ENTITY x \"y\">]><Error><Code>&x;</Code></Error>",
         OL_EACCESS, 403, "AccessDenied"},
        {"403 Forbidden", "<Error><Code>SignatureDoesNotMatch</Code></Error>", OL_EORIGIN, 500,
         "InternalError"},
        {"400 Bad Request", "<Error><Code>ExpiredToken</Code></Error>", OL_EORIGIN, 500,
         "InternalError"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture *x = opened();
        okit_answer a;
        ol_buf out;
        fake_say_document(x, cases[i].status, "", cases[i].body);
        assert_code_of(fixture_get(x, NULL, &out, &a), cases[i].code, &a.err);
        assert_int_equal(a.err.status, cases[i].http);
        assert_string_equal(a.err.s3_code, cases[i].s3_code);
        assert_true(a.err.message[0] != '\0');
        assert_served(x);
        ol_buf_fini(&out);
        fixture_free(x);
    }
}

static void an_endless_error_document_is_cut(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    ol_buf out;
    char *long_one = malloc(300001);
    memset(long_one, 'x', 300000);
    long_one[300000] = '\0';
    memcpy(long_one, "HTTP/1.1 403 No\r\nContent-Length: 999999999\r\n\r\n", 46);
    fake_say(x, long_one, FAKE_HANG);
    assert_code(fixture_get(x, NULL, &out, &a), OL_EACCESS);
    assert_served(x);
    free(long_one);
    ol_buf_fini(&out);
    fixture_free(x);
}

static void redirects_are_not_followed(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    ol_buf out;
    fake_say(x, "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://elsewhere.example/b/k\r\n"
                "Content-Length: 0\r\n\r\n", FAKE_KEEP);
    assert_code(fixture_get(x, NULL, &out, &a), OL_EORIGIN);
    assert_non_null(strstr(a.err.detail, "elsewhere.example"));
    assert_null(strstr(a.err.message, "elsewhere"));
    assert_int_equal(x->f.connections, 1);
    assert_served(x);
    ol_buf_fini(&out);
    fixture_free(x);
}

static void garbage(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\n" OBJECT "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 206 Partial Content\r\n" OBJECT "Content-Length: 5\r\n\r\nhello",
        "HTTP/1.1 206 Partial Content\r\n" OBJECT
        "Content-Range: bytes 0-4/3\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 206 Partial Content\r\n" OBJECT
        "Content-Range: bytes 0-4/10\r\nContent-Length: 4\r\n\r\nhell",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        fixture *x = opened();
        okit_answer a;
        ol_buf out;
        fake_say(x, answers[i], FAKE_CLOSE);
        assert_code_of(fixture_get(x, NULL, &out, &a), OL_EORIGIN, &a.err);
        assert_int_equal(a.err.status, 500);
        assert_int_equal(out.len, 0);
        assert_served(x);
        ol_buf_fini(&out);
        fixture_free(x);
    }
}

static void nobody_listens(void **state)
{
    (void)state;
    okit *k = okit_new("http://127.0.0.1:1");
    okit_answer a;
    k->options.tries_max = 3;
    okit_open(k);
    ol_buf out;
    ol_buf_init(&out, 100);
    assert_code(okit_get(k, "b", "k", NULL, &out, &a), OL_EUNAVAILABLE);
    ol_s3_origin_stats stats;
    ol_s3_origin_stats_get(k->origin, &stats);
    assert_int_equal(stats.requests, 3);
    assert_int_equal(stats.failures, 1);
    ol_buf_fini(&out);
    okit_close(k);
}

static void no_answer_in_time(void **state)
{
    (void)state;
    fixture *x = fixture_new();
    okit_answer a;
    ol_buf out;
    x->k->options.deadline_ms = 300;
    fixture_open(x);
    fake_say(x, NULL, FAKE_HANG);
    uint64_t began = ol_clock_mono_ms();
    assert_code(fixture_get(x, NULL, &out, &a), OL_EUNAVAILABLE);
    assert_true(ol_clock_mono_ms() - began >= 250);
    assert_non_null(strstr(a.err.detail, "deadline"));
    ol_buf_fini(&out);
    fixture_free(x);
}

/* ---- the breaker ---- */

static void the_breaker_opens_and_closes(void **state)
{
    (void)state;
    fixture *x = fixture_new();
    okit_answer a;
    x->k->options.tries_max = 1;
    x->k->options.breaker_failures = 2;
    x->k->options.breaker_open_ms = 2000;
    fixture_open(x);
    ol_buf out;
    ol_buf_init(&out, 100);
    fake_say(x, NULL, FAKE_RESET);
    fake_say(x, NULL, FAKE_RESET);
    for (int i = 0; i < 2; i++)
        assert_code(okit_get(x->k, "b", "k", NULL, &out, &a), OL_EUNAVAILABLE);
    assert_int_equal(x->k->warnings, 1);
    assert_int_equal(fixture_stats(x).breakers_open, 1);
    assert_code(okit_get(x->k, "b", "k", NULL, &out, &a), OL_EUNAVAILABLE);
    assert_non_null(strstr(a.err.detail, "breaker"));
    assert_served(x); /* nothing was sent */
    assert_int_equal(fixture_stats(x).breaker_refused, 1);
    fake_say(x, OK_BODY("5", "hello"), FAKE_KEEP);
    uint64_t until = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
    while (okit_get(x->k, "b", "k", NULL, &out, &a) != OL_OK && ol_clock_mono_ms() < until)
        ol_test_loop_turns(&x->k->bench.loop, 1);
    assert_slice(ol_buf_slice(&out), "hello");
    assert_int_equal(fixture_stats(x).breakers_open, 0);
    assert_served(x);
    ol_buf_fini(&out);
    fixture_free(x);
}

static void errors_of_a_living_service_do_not_open_it(void **state)
{
    (void)state;
    fixture *x = fixture_new();
    okit_answer a;
    x->k->options.tries_max = 1;
    x->k->options.breaker_failures = 2;
    fixture_open(x);
    ol_buf out;
    ol_buf_init(&out, 100);
    for (int i = 0; i < 4; i++) {
        fake_say(x, i % 2 ? STATUS("404 Not Found") : STATUS("500 Internal Server Error"),
                 FAKE_KEEP);
        assert_true(okit_get(x->k, "b", "k", NULL, &out, &a) < 0);
    }
    assert_served(x);
    assert_int_equal(fixture_stats(x).breaker_opened, 0);
    ol_buf_fini(&out);
    fixture_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_tried_again),
        cmocka_unit_test(connections_that_break_are_tried_again),
        cmocka_unit_test(tries_end),
        cmocka_unit_test(a_long_retry_after_ends_the_tries),
        cmocka_unit_test(refusals_are_final),
        cmocka_unit_test(an_endless_error_document_is_cut),
        cmocka_unit_test(redirects_are_not_followed),
        cmocka_unit_test(garbage),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(no_answer_in_time),
        cmocka_unit_test(the_breaker_opens_and_closes),
        cmocka_unit_test(errors_of_a_living_service_do_not_open_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
