/* SPDX-License-Identifier: MIT */
/*
 * A service that is down, slow, lying or gone in the middle: what is tried again, what is
 * continued, what fails, and that nothing wrong is ever handed on.
 */
#include "fake_s3.h"

#define ETAG "0123456789abcdef0123456789abcdef"
#define OBJECT_HEAD "ETag: \"" ETAG "\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define OK_BODY(length, body) \
    "HTTP/1.1 200 OK\r\n" OBJECT_HEAD "Content-Length: " length "\r\n\r\n" body
#define PART_BODY(range, length, body)                                                             \
    "HTTP/1.1 206 Partial Content\r\n" OBJECT_HEAD "Content-Range: bytes " range                   \
    "\r\nContent-Length: " length "\r\n\r\n" body
#define STATUS(line) "HTTP/1.1 " line "\r\nContent-Length: 0\r\n\r\n"

static int get(fixture *x, const char *hint, ol_buf *out, okit_answer *a)
{
    ol_buf_init(out, 1 << 20);
    return okit_get(x->k, "b", "k", hint, out, a);
}

static fixture *opened(void)
{
    fixture *x = fixture_new();
    fixture_open(x);
    return x;
}

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
        assert_code_of(get(x, NULL, &out, &a), OL_OK, &a.err);
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
        assert_code_of(get(x, NULL, &out, &a), OL_OK, &a.err);
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
    assert_code(get(x, NULL, &out, &a), OL_EUNAVAILABLE);
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
    assert_code(get(x, NULL, &out, &a), OL_EUNAVAILABLE);
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
        assert_code_of(get(x, NULL, &out, &a), cases[i].code, &a.err);
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
    assert_code(get(x, NULL, &out, &a), OL_EACCESS);
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
    assert_code(get(x, NULL, &out, &a), OL_EORIGIN);
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
        "HTTP/1.1 200 OK\r\n" OBJECT_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 206 Partial Content\r\n" OBJECT_HEAD "Content-Length: 5\r\n\r\nhello",
        "HTTP/1.1 206 Partial Content\r\n" OBJECT_HEAD
        "Content-Range: bytes 0-4/3\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 206 Partial Content\r\n" OBJECT_HEAD
        "Content-Range: bytes 0-4/10\r\nContent-Length: 4\r\n\r\nhell",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        fixture *x = opened();
        okit_answer a;
        ol_buf out;
        fake_say(x, answers[i], FAKE_CLOSE);
        assert_code_of(get(x, NULL, &out, &a), OL_EORIGIN, &a.err);
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
    assert_code(get(x, NULL, &out, &a), OL_EUNAVAILABLE);
    assert_in_range(ol_clock_mono_ms() - began, 250, 5000);
    assert_non_null(strstr(a.err.detail, "deadline"));
    ol_buf_fini(&out);
    fixture_free(x);
}

/* ---- bodies that are cut off ---- */

static void a_cut_body_is_continued(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    ol_buf out;
    fake_say(x, OK_BODY("10", "0123"), FAKE_RESET);
    fake_say(x, PART_BODY("4-9/10", "6", "45"), FAKE_CLOSE);
    fake_say(x, STATUS("503 Busy"), FAKE_KEEP); /* the continuation has tries of its own */
    fake_say(x, PART_BODY("6-9/10", "4", "6789"), FAKE_KEEP);
    assert_code_of(get(x, NULL, &out, &a), OL_OK, &a.err);
    assert_slice(ol_buf_slice(&out), "0123456789");
    assert_sent(x, 1, "range: bytes=4-9\r\n");
    assert_sent(x, 1, "if-match: \"" ETAG "\"\r\n");
    assert_sent(x, 3, "range: bytes=6-9\r\n");
    assert_served(x);
    assert_int_equal(fixture_stats(x).resumes, 2);
    ol_buf_fini(&out);
    fixture_free(x);
}

static void a_range_that_is_cut_is_continued(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    ol_buf out;
    fake_say(x, PART_BODY("2-7/10", "6", "234"), FAKE_CLOSE);
    fake_say(x, PART_BODY("5-7/10", "3", "567"), FAKE_KEEP);
    assert_code_of(get(x, "bytes=2-7", &out, &a), OL_OK, &a.err);
    assert_slice(ol_buf_slice(&out), "234567");
    assert_sent(x, 1, "range: bytes=5-7\r\n");
    assert_served(x);
    ol_buf_fini(&out);
    fixture_free(x);
}

static void continuing_ends(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    ol_buf out;
    fake_say(x, OK_BODY("10", "0"), FAKE_CLOSE);
    fake_say(x, PART_BODY("1-9/10", "9", "1"), FAKE_CLOSE);
    fake_say(x, PART_BODY("2-9/10", "8", "2"), FAKE_CLOSE);
    fake_say(x, PART_BODY("3-9/10", "7", "3"), FAKE_CLOSE);
    assert_code(get(x, NULL, &out, &a), OL_EORIGIN);
    assert_slice(ol_buf_slice(&out), "0123");
    assert_served(x);
    ol_buf_fini(&out);
    fixture_free(x);
}

/* Whatever comes instead of the rest, not a byte of it is passed on. */
static void a_change_in_between_is_no_mixture(void **state)
{
    (void)state;
    static const char *const instead[] = {
        STATUS("412 Precondition Failed"),
        STATUS("404 Not Found"),
        "HTTP/1.1 206 Partial Content\r\nETag: \"another\"\r\nContent-Range: bytes 4-9/10\r\n"
        "Content-Length: 6\r\n\r\nXXXXXX",
        "HTTP/1.1 206 Partial Content\r\n" OBJECT_HEAD "Content-Range: bytes 4-9/11\r\n"
        "Content-Length: 6\r\n\r\nXXXXXX",
        "HTTP/1.1 206 Partial Content\r\n" OBJECT_HEAD "Content-Range: bytes 3-8/10\r\n"
        "Content-Length: 6\r\n\r\nXXXXXX",
        OK_BODY("10", "XXXXXXXXXX"), /* Range ignored */
        "HTTP/1.1 206 Partial Content\r\nETag: W/\"" ETAG "\"\r\nContent-Range: bytes 4-9/10\r\n"
        "Content-Length: 6\r\n\r\nXXXXXX",
    };
    for (size_t i = 0; i < sizeof instead / sizeof instead[0]; i++) {
        fixture *x = opened();
        okit_answer a;
        ol_buf out;
        fake_say(x, OK_BODY("10", "0123"), FAKE_CLOSE);
        fake_say(x, instead[i], FAKE_KEEP);
        assert_code_of(get(x, NULL, &out, &a), OL_EORIGIN, &a.err);
        assert_slice(ol_buf_slice(&out), "0123");
        assert_served(x);
        ol_buf_fini(&out);
        fixture_free(x);
    }
}

static void without_an_etag_nothing_is_continued(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    ol_buf out;
    fake_say(x, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123", FAKE_CLOSE);
    assert_code(get(x, NULL, &out, &a), OL_EORIGIN);
    assert_served(x);
    ol_buf_fini(&out);
    fixture_free(x);
}

static void trickling_is_given_up(void **state)
{
    (void)state;
    fixture *x = fixture_new();
    okit_answer a;
    ol_buf out;
    x->k->options.body_timeout_ms = 200;
    x->k->options.resumes_max = 1;
    fixture_open(x);
    fake_say(x, OK_BODY("10", "01"), FAKE_HANG);
    fake_say(x, PART_BODY("2-9/10", "8", "2"), FAKE_HANG);
    assert_code(get(x, NULL, &out, &a), OL_EORIGIN);
    assert_slice(ol_buf_slice(&out), "012");
    assert_served(x);
    ol_buf_fini(&out);
    fixture_free(x);
}

/* ---- uploads ---- */

static const ol_slice twelve = {(const uint8_t *)"hello, world", 12};

static void a_small_put_is_repeated(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    fake_say(x, NULL, FAKE_RESET);
    fake_say(x, STATUS("500 Internal Server Error"), FAKE_KEEP);
    fake_say(x, "HTTP/1.1 200 OK\r\nETag: \"" ETAG "\"\r\nContent-Length: 0\r\n\r\n", FAKE_KEEP);
    assert_code_of(okit_put(x->k, "b", "k", twelve, &a), OL_OK, &a.err);
    assert_string_equal(a.put.etag, ETAG);
    assert_served(x);
    for (size_t i = 0; i < 3; i++)
        assert_sent(x, i, "\r\n\r\nhello, world");
    fixture_free(x);
}

static void a_conditional_put_is_not(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"),
                          .key = OL_SLICE_LIT("k"),
                          .size = 12,
                          .if_none_match_any = true};
    fake_say(x, NULL, FAKE_RESET); /* it may have been done */
    assert_code(okit_put_req(x->k, &req, twelve, 0, &a), OL_EUNAVAILABLE);
    assert_served(x);
    fake_say(x, STATUS("503 Busy"), FAKE_KEEP); /* it says that it was not */
    fake_say(x, STATUS("200 OK"), FAKE_KEEP);
    assert_code_of(okit_put_req(x->k, &req, twelve, 0, &a), OL_OK, &a.err);
    assert_served(x);
    assert_sent(x, 0, "if-none-match: *\r\n");
    fixture_free(x);
}

static void a_streamed_put_is_repeated_before_its_body(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    uint8_t *bytes = calloc(1, 300000);
    x->f.replies[x->f.reply_count++] =
        (fake_reply){.bytes = STATUS("503 Busy"), .then = FAKE_CLOSE, .before_body = true};
    fake_say(x, STATUS("200 OK"), FAKE_KEEP);
    assert_code_of(okit_put(x->k, "b", "k", ol_slice_of(bytes, 300000), &a), OL_OK, &a.err);
    assert_served(x);
    assert_sent(x, 1, "expect: 100-continue\r\n");
    free(bytes);
    fixture_free(x);
}

static void a_streamed_put_is_not_repeated_after_it(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    uint8_t *bytes = calloc(1, 300000);
    fake_say(x, STATUS("503 Busy"), FAKE_KEEP);
    assert_code(okit_put(x->k, "b", "k", ol_slice_of(bytes, 300000), &a), OL_EUNAVAILABLE);
    assert_served(x);
    free(bytes);
    fixture_free(x);
}

static void lengths_must_hold(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"), .size = 13};
    assert_code(okit_put_req(x->k, &req, twelve, 0, &a), OL_EINCOMPLETEBODY);
    req.size = 11;
    assert_code(okit_put_req(x->k, &req, twelve, 0, &a), OL_EINVALIDREQUEST);
    assert_int_equal(x->f.connections, 0);
    fixture_free(x);
}

static void a_completed_upload_may_still_fail(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a = {0};
    const ol_part part = {.number = 1, .etag = OL_SLICE_LIT(ETAG)};
    const ol_complete_request req = {.bucket = OL_SLICE_LIT("b"),
                                     .key = OL_SLICE_LIT("k"),
                                     .upload_id = OL_SLICE_LIT("u"),
                                     .parts = &part,
                                     .part_count = 1,
                                     .size = -1};
    fake_say_document(x, "200 OK", "",
                      "   \n<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code>"
                      "<Message>Try again</Message></Error>");
    ol_origin *o = x->k->origin;
    assert_code(okit_wait(x->k, &a, o->ops->upload_complete(o, x->f.loop, &req, okit_on_put, &a,
                                                            &a.err)),
                OL_EORIGIN);
    assert_string_equal(a.err.message, "Try again");
    assert_served(x);
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
    x->k->options.breaker_open_ms = 150;
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
    uint64_t until = ol_clock_mono_ms() + 5000;
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

/* ---- giving up ---- */

static void a_held_answer_is_let_go(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    const ol_object_ref ref = okit_ref("b", "k");
    fake_say(x, OK_BODY("1000000", "0123"), FAKE_KEEP);
    assert_code_of(okit_open_ref(x->k, &ref, &a), OL_OK, &a.err);
    assert_int_equal(x->k->origin->ops->info(a.object)->size, 1000000);
    x->k->origin->ops->close_object(a.object);
    assert_served(x);
    fixture_free(x);
}

static void a_short_answer_keeps_the_connection(void **state)
{
    (void)state;
    fixture *x = opened();
    const ol_object_ref ref = okit_ref("b", "k");
    for (int i = 0; i < 3; i++) {
        okit_answer a;
        fake_say(x, OK_BODY("5", "hello"), FAKE_KEEP);
        assert_code_of(okit_open_ref(x->k, &ref, &a), OL_OK, &a.err);
        x->k->origin->ops->close_object(a.object); /* a condition said 304, say */
        ol_test_loop_turns(&x->k->bench.loop, 5);
    }
    assert_served(x);
    assert_int_equal(x->f.connections, 1);
    fixture_free(x);
}

static void what_would_end_a_line_is_not_sent(void **state)
{
    (void)state;
    fixture *x = opened();
    static const char *const values[] = {"1\r\nX-Evil: 1", "1\n", "a\x01", "\x7f"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        okit_answer a;
        const ol_header header = {OL_SLICE_LIT("x-amz-meta-a"), ol_slice_cstr(values[i])};
        ol_put_request req = {.bucket = OL_SLICE_LIT("b"),
                              .key = OL_SLICE_LIT("k"),
                              .headers = &header,
                              .header_count = 1,
                              .size = 12};
        assert_code(okit_put_req(x->k, &req, twelve, 0, &a), OL_EINVAL);
    }
    assert_int_equal(x->f.connections, 0);
    fixture_free(x);
}

static void what_runs_at_the_end_is_told(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a = {0}, b = {0};
    ol_origin *o = x->k->origin;
    const ol_object_ref ref = okit_ref("b", "k");
    const ol_list_request list = {.bucket = OL_SLICE_LIT("b"), .max_keys = 10};
    fake_say(x, NULL, FAKE_HANG);
    fake_say(x, NULL, FAKE_HANG);
    assert_code(o->ops->open(o, x->f.loop, &ref, &a.object, okit_on_object, &a, &a.err), OL_WAIT);
    assert_code(o->ops->list(o, x->f.loop, &list, okit_on_list, &b, &b.err), OL_WAIT);
    ol_test_loop_turns(&x->k->bench.loop, 20);
    okit_detach(x->k);
    assert_true(a.done && b.done);
    assert_code(a.err.code, OL_ECANCELED);
    assert_code(b.err.code, OL_ECANCELED);
    fixture_free(x);
}

/* A body that is cut by the end is not continued. */
static void a_body_that_runs_at_the_end_is_told(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    const ol_object_ref ref = okit_ref("b", "k");
    const ol_stage_ops *ops;
    const void *config;
    ol_test_collect collect = {0};
    fake_say(x, OK_BODY("10", "0123"), FAKE_HANG);
    assert_code_of(okit_open_ref(x->k, &ref, &a), OL_OK, &a.err);
    assert_code(x->k->origin->ops->body(a.object, (ol_byte_range){0, 10}, x->k->bench.arena, &ops,
                                        &config),
                OL_OK);
    ol_test_bench_add(&x->k->bench, ops, config);
    ol_test_bench_collect(&x->k->bench, &collect);
    assert_code(ol_test_bench_start(&x->k->bench), OL_OK);
    ol_test_loop_turns(&x->k->bench.loop, 5);
    x->k->attached = false;
    bool detached = false;
    ol_s3_origin_detach(x->k->origin, x->f.loop, okit_set, &detached);
    assert_code(ol_test_bench_wait(&x->k->bench), OL_ECANCELED);
    ol_test_collect_fini(&collect);
    ol_test_bench_again(&x->k->bench);
    x->k->origin->ops->close_object(a.object);
    ol_test_loop_until(&x->k->bench.loop, &detached, KIT_BOUND_MS);
    assert_served(x);
    fixture_free(x);
}

/* Tries that rest have no connection under them that ends them. */
static void what_rests_at_the_end_is_told(void **state)
{
    (void)state;
    enum { COUNT = 5 };
    fixture *x = fixture_new();
    x->k->options.retry_after_max_ms = 60000;
    fixture_open(x);
    okit_answer a[COUNT] = {0};
    ol_origin *o = x->k->origin;
    const ol_list_request list = {.bucket = OL_SLICE_LIT("b"), .max_keys = 10};
    for (size_t i = 0; i < COUNT; i++)
        fake_say(x, i == 1 ? NULL : "HTTP/1.1 503 No\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n",
                 i == 1 ? FAKE_HANG : FAKE_KEEP);
    for (size_t i = 0; i < COUNT; i++)
        assert_code(o->ops->list(o, x->f.loop, &list, okit_on_list, &a[i], &a[i].err), OL_WAIT);
    for (unsigned turns = 0; turns < 1000 && x->f.served < COUNT; turns++)
        ol_test_loop_turns(&x->k->bench.loop, 1);
    ol_test_loop_turns(&x->k->bench.loop, 20);
    okit_detach(x->k);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(a[i].done);
        assert_code(a[i].err.code, OL_ECANCELED);
    }
    assert_served(x);
    fixture_free(x);
}

static void a_loop_must_be_attached(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    okit_detach(x->k);
    assert_code(okit_head(x->k, "b", "k", &a), OL_EUNAVAILABLE);
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
        cmocka_unit_test(a_cut_body_is_continued),
        cmocka_unit_test(a_range_that_is_cut_is_continued),
        cmocka_unit_test(continuing_ends),
        cmocka_unit_test(a_change_in_between_is_no_mixture),
        cmocka_unit_test(without_an_etag_nothing_is_continued),
        cmocka_unit_test(trickling_is_given_up),
        cmocka_unit_test(a_small_put_is_repeated),
        cmocka_unit_test(a_conditional_put_is_not),
        cmocka_unit_test(a_streamed_put_is_repeated_before_its_body),
        cmocka_unit_test(a_streamed_put_is_not_repeated_after_it),
        cmocka_unit_test(lengths_must_hold),
        cmocka_unit_test(a_completed_upload_may_still_fail),
        cmocka_unit_test(the_breaker_opens_and_closes),
        cmocka_unit_test(errors_of_a_living_service_do_not_open_it),
        cmocka_unit_test(a_held_answer_is_let_go),
        cmocka_unit_test(a_short_answer_keeps_the_connection),
        cmocka_unit_test(what_would_end_a_line_is_not_sent),
        cmocka_unit_test(what_runs_at_the_end_is_told),
        cmocka_unit_test(a_body_that_runs_at_the_end_is_told),
        cmocka_unit_test(what_rests_at_the_end_is_told),
        cmocka_unit_test(a_loop_must_be_attached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
