/* SPDX-License-Identifier: MIT */
/*
 * Bodies that are cut off on their way: what is continued or sent once more, what fails, and that nothing
 * wrong is ever handed on.
 */
#include "fake_s3.h"

/* ---- downwards ---- */

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
    assert_code_of(fixture_get(x, NULL, &out, &a), OL_OK, &a.err);
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
    assert_code_of(fixture_get(x, "bytes=2-7", &out, &a), OL_OK, &a.err);
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
    assert_code(fixture_get(x, NULL, &out, &a), OL_EORIGIN);
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
        "HTTP/1.1 206 Partial Content\r\n" OBJECT "Content-Range: bytes 4-9/11\r\n"
        "Content-Length: 6\r\n\r\nXXXXXX",
        "HTTP/1.1 206 Partial Content\r\n" OBJECT "Content-Range: bytes 3-8/10\r\n"
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
        assert_code_of(fixture_get(x, NULL, &out, &a), OL_EORIGIN, &a.err);
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
    assert_code(fixture_get(x, NULL, &out, &a), OL_EORIGIN);
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
    x->k->options.body_timeout_ms = 1500;
    x->k->options.resumes_max = 1;
    fixture_open(x);
    fake_say(x, OK_BODY("10", "01"), FAKE_HANG);
    fake_say(x, PART_BODY("2-9/10", "8", "2"), FAKE_HANG);
    assert_code(fixture_get(x, NULL, &out, &a), OL_EORIGIN);
    assert_slice(ol_buf_slice(&out), "012");
    assert_served(x);
    ol_buf_fini(&out);
    fixture_free(x);
}

/* ---- upwards ---- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
        cmocka_unit_test(what_would_end_a_line_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
