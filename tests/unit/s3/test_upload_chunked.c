/* SPDX-License-Identifier: MIT */
/* Uploads in aws-chunked form, signed and unsigned, and what may go wrong around their stages. */
#include "unit/s3/chunk_kit.h"
#include "unit/s3/upload_kit.h"

#include "lib/alloc_check.h"

static void decodes_unsigned_chunks_with_a_trailer(void **state)
{
    (void)state;
    const char *const fields[] = {DECODED, "Content-Encoding", "aws-chunked", "x-amz-trailer",
                                  "x-amz-checksum-crc32", "Transfer-Encoding", "chunked", NULL};
    const ol_sigv4_result auth = {.payload = OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER};
    ol_slice hello = OL_SLICE_LIT("hello");
    upload u;
    upload_open(&u, fields, &auth);
    ol_upload_plan_keep_checksum(&u.plan, true);
    assert_true(u.plan.aws_chunked);
    assert_int_equal(u.plan.content_length, 5);
    assert_null(ol_headers_find(&u.plan.store_headers, OL_SLICE_LIT("content-encoding")));
    expect_sent(&u, OL_SLICE_LIT("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:" HELLO_CRC32 "\r\n\r\n"),
                hello, OL_OK, "");
    assert_string_equal(u.plan.checksum.name, "CRC32");
    assert_string_equal(u.plan.checksum.text, HELLO_CRC32);
    expect_sent(&u, OL_SLICE_LIT("5\r\njello\r\n0\r\nx-amz-checksum-crc32:" HELLO_CRC32 "\r\n\r\n"),
                hello, OL_EBADDIGEST, "BadDigest");
    expect_sent(&u, OL_SLICE_LIT("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCm\r\n\r\n"), hello,
                OL_EINVALIDREQUEST, "InvalidRequest");
    expect_sent(&u, OL_SLICE_LIT("5\r\nhello\r\n0\r\n\r\n"), hello, OL_EINVALIDREQUEST,
                "MalformedTrailerError");
    expect_sent(&u, OL_SLICE_LIT("5\r\nhello\r\n0\r\n"), hello, OL_EINCOMPLETEBODY,
                "IncompleteBody");
    expect_sent(&u, OL_SLICE_NONE, hello, OL_EINCOMPLETEBODY, "IncompleteBody");
    upload_close(&u);
}

/* Split at every place, into two pieces. */
static void every_split_gives_the_same(void **state)
{
    (void)state;
    const char *const fields[] = {DECODED, "x-amz-trailer", "x-amz-checksum-crc32", NULL};
    const ol_sigv4_result auth = {.payload = OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER};
    static const char text[] =
        "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:" HELLO_CRC32 "\r\n\r\n";
    upload u;
    upload_open(&u, fields, &auth);
    for (size_t cut = 1; cut < sizeof text - 1; cut++) {
        ol_test_bench bench;
        ol_test_feed feed = {.body = ol_slice_of(text, sizeof text - 1), .piece_bytes = cut};
        ol_test_collect collect = {.wait_every = 1};
        ol_test_bench_open(&bench);
        ol_test_bench_feed(&bench, &feed);
        assert_code(ol_upload_plan_add(&u.plan, bench.pipeline), OL_OK);
        ol_test_bench_collect(&bench, &collect);
        assert_code_of(ol_test_bench_run(&bench), OL_OK, &bench.err);
        assert_slice(ol_test_collect_out(&collect), "hello");
        ol_test_collect_fini(&collect);
        ol_test_bench_close(&bench);
    }
    upload_close(&u);
}

typedef struct signed_body {
    test_framer framer;
    uint8_t *data;
    size_t len;
    char decoded[24];
} signed_body;

static void signed_body_open(signed_body *b, const ol_sigv4_result *auth, size_t len)
{
    ol_test_random random = {.state = 5};
    b->len = len;
    b->data = ol_malloc(len);
    ol_test_random_fill(&random, b->data, len);
    snprintf(b->decoded, sizeof b->decoded, "%zu", len);
    framer_open(&b->framer, auth);
    framer_body(&b->framer, ol_slice_of(b->data, len), 8192);
}

static void signed_body_close(signed_body *b)
{
    framer_close(&b->framer);
    ol_free(b->data);
}

static void decodes_signed_chunks(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED, SEED_PLAIN);
    signed_body b;
    upload u;
    signed_body_open(&b, &auth, 30000);
    framer_text(&b.framer, "\r\n");
    const char *const fields[] = {"x-amz-decoded-content-length", b.decoded, "Content-Encoding",
                                  "gzip,aws-chunked", NULL};
    upload_open(&u, fields, &auth);
    assert_slice(ol_headers_get(&u.plan.store_headers, "content-encoding"), "gzip");
    ol_slice wanted = ol_slice_of(b.data, b.len);
    expect_sent(&u, ol_buf_slice(&b.framer.out), wanted, OL_OK, "");
    b.framer.out.data[9000] ^= 1; /* in the second chunk */
    expect_sent(&u, ol_buf_slice(&b.framer.out), wanted, OL_ESIGNATURE, "SignatureDoesNotMatch");
    b.framer.out.data[9000] ^= 1;
    /* The last chunk's signature missing: all data came, and it must not count. */
    expect_sent(&u, ol_slice_first(ol_buf_slice(&b.framer.out), b.framer.out.len - 88), wanted,
                OL_EINCOMPLETEBODY, "IncompleteBody");
    upload_close(&u);
    signed_body_close(&b);
}

static void decodes_signed_trailers(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED_TRAILER, SEED_TRAILER);
    test_framer f;
    upload u;
    const char *const fields[] = {DECODED, "x-amz-trailer", "x-amz-checksum-crc32", NULL};
    framer_open(&f, &auth);
    framer_body(&f, OL_SLICE_LIT("hello"), 5);
    framer_trailer(&f, "x-amz-checksum-crc32", HELLO_CRC32);
    framer_text(&f, "\r\n");
    upload_open(&u, fields, &auth);
    expect_sent(&u, ol_buf_slice(&f.out), OL_SLICE_LIT("hello"), OL_OK, "");
    f.out.data[f.out.len - 6] ^= 1;
    expect_sent(&u, ol_buf_slice(&f.out), OL_SLICE_LIT("hello"), OL_ESIGNATURE,
                "SignatureDoesNotMatch");
    upload_close(&u);
    framer_close(&f);
    /* Rightly signed, but wrong. */
    framer_open(&f, &auth);
    framer_body(&f, OL_SLICE_LIT("jello"), 5);
    framer_trailer(&f, "x-amz-checksum-crc32", HELLO_CRC32);
    framer_text(&f, "\r\n");
    upload_open(&u, fields, &auth);
    expect_sent(&u, ol_buf_slice(&f.out), OL_SLICE_LIT("jello"), OL_EBADDIGEST, "BadDigest");
    upload_close(&u);
    framer_close(&f);
}

/* The other promises hold for the decoded bytes. */
static void verifies_the_decoded_body(void **state)
{
    (void)state;
    const char *const fields[] = {DECODED, "Content-MD5", HELLO_MD5, NULL};
    const ol_sigv4_result auth = {.payload = OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER};
    upload u;
    upload_open(&u, fields, &auth);
    expect_sent(&u, OL_SLICE_LIT("5\r\nhello\r\n0\r\n\r\n"), OL_SLICE_LIT("hello"), OL_OK, "");
    expect_sent(&u, OL_SLICE_LIT("5\r\njello\r\n0\r\n\r\n"), OL_SLICE_LIT("jello"), OL_EBADDIGEST,
                "BadDigest");
    upload_close(&u);
}

/* ---- trouble around the stages ---- */

static void source_and_sink_may_fail_anywhere(void **state)
{
    (void)state;
    const char *const fields[] = {DECODED, "x-amz-trailer", "x-amz-checksum-crc32", NULL};
    const ol_sigv4_result auth = {.payload = OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER};
    static const char text[] =
        "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:" HELLO_CRC32 "\r\n\r\n";
    upload u;
    upload_open(&u, fields, &auth);
    for (size_t at = 0; at < sizeof text - 1; at++) {
        ol_test_bench bench;
        ol_test_feed feed = {.body = ol_slice_of(text, sizeof text - 1),
                             .piece_bytes = 3,
                             .fails = true,
                             .fail_at = at};
        ol_test_collect collect = {0};
        ol_test_bench_open(&bench);
        ol_test_bench_feed(&bench, &feed);
        assert_code(ol_upload_plan_add(&u.plan, bench.pipeline), OL_OK);
        ol_test_bench_collect(&bench, &collect);
        assert_code_of(ol_test_bench_run(&bench), OL_EORIGIN, &bench.err);
        assert_false(collect.finished);
        ol_test_collect_fini(&collect);
        ol_test_bench_close(&bench);
    }
    for (size_t at = 0; at < 5; at++) {
        ol_test_bench bench;
        ol_test_feed feed = {.body = ol_slice_of(text, sizeof text - 1), .piece_bytes = 1};
        ol_test_collect collect = {.fails = true, .fail_at = at};
        ol_test_bench_open(&bench);
        ol_test_bench_feed(&bench, &feed);
        assert_code(ol_upload_plan_add(&u.plan, bench.pipeline), OL_OK);
        ol_test_bench_collect(&bench, &collect);
        assert_code_of(ol_test_bench_run(&bench), OL_EPEER, &bench.err);
        ol_test_collect_fini(&collect);
        ol_test_bench_close(&bench);
    }
    upload_close(&u);
}

/* Closed after any number of turns, with a slow sink that still holds data. */
static void may_be_closed_at_any_time(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED, SEED_PLAIN);
    signed_body b;
    upload u;
    signed_body_open(&b, &auth, 30000);
    framer_text(&b.framer, "\r\n");
    const char *const fields[] = {"x-amz-decoded-content-length", b.decoded, "Content-MD5",
                                  HELLO_MD5, NULL};
    upload_open(&u, fields, &auth);
    for (unsigned turns = 0; turns < 60; turns++) {
        ol_test_bench bench;
        ol_test_feed feed = {.body = ol_buf_slice(&b.framer.out), .piece_bytes = 1000};
        ol_test_collect collect = {.wait_every = 1};
        const ol_test_slow slow = {.turns = 2};
        long live = ol_alloc_live();
        ol_test_bench_open(&bench);
        ol_test_bench_feed(&bench, &feed);
        assert_code(ol_upload_plan_add(&u.plan, bench.pipeline), OL_OK);
        bench.phase = OL_PHASE_VERIFY;
        ol_test_bench_slow(&bench, &slow);
        ol_test_bench_collect(&bench, &collect);
        assert_code(ol_test_bench_start(&bench), OL_OK);
        ol_test_loop_turns(&bench.loop, turns);
        ol_test_collect_fini(&collect);
        ol_test_bench_close(&bench);
        assert_no_leak(live);
    }
    upload_close(&u);
    signed_body_close(&b);
}

static int plan_and_run(void *arg)
{
    test_request *t = arg;
    const ol_sigv4_result auth = {.payload = OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER};
    ol_arena *arena = ol_arena_new(64 * 1024);
    ol_upload_plan plan;
    ol_test_bench bench = {0};
    ol_test_feed feed = {
        .body = OL_SLICE_LIT("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:" HELLO_CRC32 "\r\n\r\n"),
        .piece_bytes = 4};
    ol_test_collect collect = {0};
    ol_error err = {0};
    if (!arena)
        return OL_ENOMEM;
    int rc = ol_upload_plan_make(&plan, &t->req, &auth, MAX_BYTES, arena, &err);
    assert_int_equal(rc, err.code);
    if (rc == OL_OK) {
        ol_test_bench_open(&bench);
        ol_test_bench_feed(&bench, &feed);
        if (bench.rc == OL_OK)
            bench.rc = ol_upload_plan_add(&plan, bench.pipeline);
        ol_test_bench_collect(&bench, &collect);
        rc = ol_test_bench_run(&bench);
        ol_test_collect_fini(&collect);
        ol_test_bench_close(&bench);
    }
    ol_arena_destroy(arena);
    return rc;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    const char *const fields[] = {DECODED, "Content-Encoding", "aws-chunked,gzip", "Content-MD5",
                                  HELLO_MD5, "x-amz-meta-a", "1", "x-amz-trailer",
                                  "x-amz-checksum-crc32", NULL};
    test_request t;
    test_request_open(&t, "PUT", "/b/k", fields);
    assert_true(ol_test_fail_each(plan_and_run, &t) > 2);
    test_request_close(&t);
}

typedef struct wipe_check {
    const ol_sigv4_result *copy;
    bool wiped;
} wipe_check;

/* Runs after what the plan registered, because it was registered before. */
static void on_arena_end(void *arg)
{
    static const ol_sigv4_result nothing;
    wipe_check *check = arg;
    check->wiped = memcmp(check->copy, &nothing, sizeof nothing) == 0;
}

/* The key that signs chunks does not stay in the request's memory. */
static void wipes_the_key_with_the_request(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED, SEED_PLAIN);
    const char *const fields[] = {DECODED, NULL};
    wipe_check check = {0};
    test_request t;
    ol_upload_plan plan;
    ol_error err = {0};
    test_request_open(&t, "PUT", "/b/k", fields);
    assert_code(ol_arena_on_end(t.arena, on_arena_end, &check), OL_OK);
    assert_code(ol_upload_plan_make(&plan, &t.req, &auth, MAX_BYTES, t.arena, &err), OL_OK);
    const ol_aws_chunked_config *decoder = plan.chunked_;
    check.copy = decoder->auth;
    assert_ptr_not_equal(check.copy, &auth);
    assert_memory_equal(check.copy->signing_key, auth.signing_key, 32);
    test_request_close(&t);
    assert_true(check.wiped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_unsigned_chunks_with_a_trailer),
        cmocka_unit_test(every_split_gives_the_same),
        cmocka_unit_test(decodes_signed_chunks),
        cmocka_unit_test(decodes_signed_trailers),
        cmocka_unit_test(verifies_the_decoded_body),
        cmocka_unit_test(source_and_sink_may_fail_anywhere),
        cmocka_unit_test(may_be_closed_at_any_time),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(wipes_the_key_with_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
