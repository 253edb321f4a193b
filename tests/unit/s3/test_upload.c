/* SPDX-License-Identifier: MIT */
/*
 * Uploads through their stages: what the headers promise holds, or the sink is never told to
 * finish. Every body is cut and delayed in all the kit's ways.
 */
#include "unit/s3/chunk_kit.h"
#include "unit/s3/request_kit.h"

#include "lib/alloc_check.h"
#include "lib/pipeline_kit.h"
#include "s3/upload/upload_stages.h"

#define MAX_BYTES (1u << 20)

/* ---- one upload ---- */

typedef struct upload {
    test_request t;
    ol_upload_plan plan;
    ol_error err; /* of making the plan */
    int code;
} upload;

static void upload_open(upload *u, const char *const *fields, const ol_sigv4_result *auth)
{
    memset(u, 0, sizeof *u);
    test_request_open(&u->t, "PUT", "/b/k", fields);
    if (ol_headers_find(&u->t.req.headers, OL_SLICE_LIT("transfer-encoding")))
        u->t.req.chunked = true;
    u->code = ol_upload_plan_make(&u->plan, &u->t.req, auth, MAX_BYTES, u->t.arena, &u->err);
    assert_int_equal(u->err.code, u->code);
}

static void upload_close(upload *u)
{
    test_request_close(&u->t);
}

typedef struct sent {
    int code;
    ol_error err;
    bool finished;
    int64_t head_length;
} sent;

/* Sends `body` through the plan's stages in one of the kit's ways; `wanted` is what must come
 * out when all is well. */
static sent send_in_way(const upload *u, ol_slice body, ol_slice wanted, unsigned way)
{
    ol_test_bench bench;
    ol_test_feed feed = {.body = body};
    ol_test_collect collect = {0};
    ol_test_pedant pedant = {0};
    sent s = {0};
    ol_test_bench_open(&bench);
    ol_test_bench_feed(&bench, &feed);
    ol_test_bench_above(&bench, way);
    assert_code(ol_upload_plan_add(&u->plan, bench.pipeline), OL_OK);
    bench.phase = OL_PHASE_VERIFY;
    ol_test_bench_below(&bench, way, &pedant);
    ol_test_bench_collect(&bench, &collect);
    s.code = ol_test_bench_run(&bench);
    s.err = bench.err;
    s.finished = collect.finished;
    s.head_length = collect.head.content_length;
    if (s.code == OL_OK)
        assert_slices(ol_test_collect_out(&collect), wanted);
    if (u->plan.content_length >= 0)
        assert_true(collect.len <= (size_t)u->plan.content_length);
    ol_test_collect_fini(&collect);
    ol_test_bench_close(&bench);
    return s;
}

/* In every way; the same must happen in each. */
static void expect_sent(const upload *u, ol_slice body, ol_slice wanted, int code,
                        const char *s3_code)
{
    assert_code_of(u->code, OL_OK, &u->err);
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        sent s = send_in_way(u, body, wanted, way);
        if (s.code != code || (code != OL_OK && strcmp(s.err.s3_code, s3_code) != 0))
            fail_msg("way %u: %s, %s (%s; %s)", way, ol_code_name(s.code), s.err.s3_code,
                     s.err.message, s.err.detail);
        assert_int_equal(s.finished, code == OL_OK);
        if (code == OL_OK)
            assert_int_equal(s.head_length, (int64_t)wanted.len);
    }
}

/* ---- plain bodies ---- */

#define HELLO_SHA256                                                                               \
    {                                                                                              \
        0x2c, 0xf2, 0x4d, 0xba, 0x5f, 0xb0, 0xa3, 0x0e, 0x26, 0xe8, 0x3b, 0x2a, 0xc5, 0xb9, 0xe2,  \
            0x9e, 0x1b, 0x16, 0x1e, 0x5c, 0x1f, 0xa7, 0x42, 0x5e, 0x73, 0x04, 0x33, 0x62, 0x93,    \
            0x8b, 0x98, 0x24                                                                       \
    }
#define HELLO_MD5 "XUFAKrxLKna5cZ2REBfFkg=="
#define HELLO_CRC32 "NhCmhg=="
#define HELLO_CRC64NVME "M3eFcAZSQlc="

static const ol_sigv4_result unsigned_payload = {.payload = OL_PAYLOAD_UNSIGNED};
static const ol_sigv4_result hello_payload = {.payload = OL_PAYLOAD_SHA256,
                                              .sha256 = HELLO_SHA256};

typedef struct plain_case {
    const char *fields[16];
    const ol_sigv4_result *auth;
    const char *body;
    int code;
    const char *s3_code, *message;
} plain_case;

#define LENGTH "Content-Length", "5"

static const plain_case plains[] = {
    {{LENGTH, NULL}, &unsigned_payload, "hello", OL_OK, "", ""},
    {{LENGTH, NULL}, NULL, "hello", OL_OK, "", ""},
    {{"Content-Length", "0", NULL}, &unsigned_payload, "", OL_OK, "", ""},
    {{LENGTH, NULL}, &hello_payload, "hello", OL_OK, "", ""},
    {{LENGTH, NULL}, &hello_payload, "hellp", OL_ESHA256MISMATCH, "XAmzContentSHA256Mismatch",
     "x-amz-content-sha256"},
    {{LENGTH, NULL}, &unsigned_payload, "hell", OL_EINCOMPLETEBODY, "IncompleteBody", ""},
    {{LENGTH, NULL}, &unsigned_payload, "hello!", OL_EINCOMPLETEBODY, "IncompleteBody", ""},
    {{LENGTH, "Content-MD5", HELLO_MD5, NULL}, &unsigned_payload, "hello", OL_OK, "", ""},
    {{LENGTH, "Content-MD5", HELLO_MD5, NULL}, &unsigned_payload, "jello", OL_EBADDIGEST,
     "BadDigest", "Content-MD5"},
    {{LENGTH, "x-amz-checksum-crc32", HELLO_CRC32, NULL}, &unsigned_payload, "hello", OL_OK, "",
     ""},
    {{LENGTH, "x-amz-checksum-crc32", HELLO_CRC32, NULL}, &unsigned_payload, "jello",
     OL_EBADDIGEST, "BadDigest", "The CRC32 you specified did not match"},
    {{LENGTH, "x-amz-checksum-crc32c", "mnG7TA==", NULL}, &unsigned_payload, "hello", OL_OK, "",
     ""},
    {{LENGTH, "x-amz-checksum-crc64nvme", "M3eFcAZSQlc=", NULL}, &unsigned_payload, "hello", OL_OK,
     "", ""},
    {{LENGTH, "x-amz-checksum-sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00=", NULL}, &unsigned_payload,
     "hello", OL_OK, "", ""},
    {{LENGTH, "x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", NULL},
     &hello_payload, "hello", OL_OK, "", ""},
    {{LENGTH, "x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCU=", NULL},
     &hello_payload, "hello", OL_EBADDIGEST, "BadDigest", "The SHA256 you"},
    /* All at once, as botocore does it over http, and its further headers. */
    {{LENGTH, "Content-MD5", HELLO_MD5, "x-amz-checksum-crc32", HELLO_CRC32,
      "x-amz-sdk-checksum-algorithm", "CRC32", NULL},
     &hello_payload, "hello", OL_OK, "", ""},
    {{LENGTH, "x-amz-sdk-checksum-algorithm", "CRC32", "x-amz-checksum-crc32", HELLO_CRC32, NULL},
     &unsigned_payload, "hello", OL_OK, "", ""},
    {{"Transfer-Encoding", "chunked", NULL}, &unsigned_payload, "hello", OL_OK, "", ""},
    {{"Transfer-Encoding", "chunked", "Content-MD5", HELLO_MD5, NULL}, &unsigned_payload, "hell",
     OL_EBADDIGEST, "BadDigest", ""},
};

static void verifies_plain_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof plains / sizeof plains[0]; i++) {
        const plain_case *c = &plains[i];
        ol_slice body = ol_slice_cstr(c->body);
        upload u;
        upload_open(&u, c->fields, c->auth);
        assert_code_of(u.code, OL_OK, &u.err);
        for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
            sent s = send_in_way(&u, body, body, way);
            if (s.code != c->code || (c->code && strcmp(s.err.s3_code, c->s3_code) != 0) ||
                !strstr(s.err.message, c->message))
                fail_msg("case %zu, way %u: %s, %s (%s)", i, way, ol_code_name(s.code),
                         s.err.s3_code, s.err.message);
            assert_int_equal(s.finished, c->code == OL_OK);
        }
        upload_close(&u);
    }
}

static void a_body_without_a_length_is_bounded(void **state)
{
    (void)state;
    const char *const fields[] = {"Transfer-Encoding", "chunked", NULL};
    uint8_t *big = ol_malloc(MAX_BYTES + 1);
    memset(big, 'x', MAX_BYTES + 1);
    for (size_t extra = 0; extra < 2; extra++) {
        upload u;
        upload_open(&u, fields, &unsigned_payload);
        assert_int_equal(u.plan.content_length, -1);
        ol_slice body = ol_slice_of(big, MAX_BYTES + extra);
        sent s = send_in_way(&u, body, body, 0);
        assert_code_of(s.code, extra ? OL_ETOOLARGE : OL_OK, &s.err);
        upload_close(&u);
    }
    ol_free(big);
}

/* ---- what is refused before a byte is read ---- */

typedef struct refusal {
    const char *fields[16];
    enum ol_payload_kind payload;
    int code;
    const char *message;
} refusal;

#define DECODED "x-amz-decoded-content-length", "5"

static const refusal refusals[] = {
    {{NULL}, OL_PAYLOAD_UNSIGNED, OL_EMISSINGLENGTH, ""},
    {{"Content-Length", "1048577", NULL}, OL_PAYLOAD_UNSIGNED, OL_ETOOLARGE, ""},
    {{LENGTH, "Content-MD5", "abc", NULL}, OL_PAYLOAD_UNSIGNED, OL_EINVALIDDIGEST, ""},
    {{LENGTH, "Content-MD5", "", NULL}, OL_PAYLOAD_UNSIGNED, OL_EINVALIDDIGEST, ""},
    {{LENGTH, "Content-MD5", "XUFAKrxLKna5cZ2REBfFkg", NULL}, OL_PAYLOAD_UNSIGNED,
     OL_EINVALIDDIGEST, ""},
    {{LENGTH, "Content-MD5", HELLO_MD5, "Content-MD5", HELLO_MD5, NULL}, OL_PAYLOAD_UNSIGNED,
     OL_EINVALIDDIGEST, ""},
    {{LENGTH, "x-amz-checksum-crc32", "y/Q5", NULL}, OL_PAYLOAD_UNSIGNED, OL_EINVALIDREQUEST,
     "Value for x-amz-checksum-crc32 header is invalid."},
    {{LENGTH, "x-amz-checksum-crc32", HELLO_CRC32, "x-amz-checksum-sha1",
      "qvTGHdzF6KLavt4PO0gs2a6pQ00=", NULL},
     OL_PAYLOAD_UNSIGNED, OL_EINVALIDREQUEST, "Expecting a single x-amz-checksum- header."},
    {{LENGTH, "x-amz-checksum-crc32", HELLO_CRC32, "x-amz-checksum-crc32", HELLO_CRC32, NULL},
     OL_PAYLOAD_UNSIGNED, OL_EINVALIDREQUEST, "Expecting a single x-amz-checksum- header."},
    {{LENGTH, "x-amz-checksum-sha512", "AAAA", NULL}, OL_PAYLOAD_UNSIGNED, OL_ENOTIMPLEMENTED,
     "x-amz-checksum-sha512"},
    {{LENGTH, "x-amz-trailer", "x-amz-checksum-crc32", NULL}, OL_PAYLOAD_UNSIGNED,
     OL_EINVALIDREQUEST, "x-amz-trailer"},
    {{DECODED, "x-amz-trailer", "x-amz-checksum-crc32", NULL}, OL_PAYLOAD_STREAMING_SIGNED,
     OL_EINVALIDREQUEST, "x-amz-trailer"},
    {{DECODED, "x-amz-trailer", "x-amz-checksum-sha10", NULL},
     OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER, OL_EINVALIDREQUEST, "x-amz-trailer"},
    {{DECODED, "x-amz-trailer", "x-amz-checksum-crc32,x-amz-checksum-sha1", NULL},
     OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER, OL_EINVALIDREQUEST, "x-amz-trailer"},
    {{DECODED, "x-amz-trailer", "x-amz-checksum-crc32", "x-amz-checksum-crc32", HELLO_CRC32, NULL},
     OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER, OL_EINVALIDREQUEST, "Expecting a single"},
    {{LENGTH, "x-amz-sdk-checksum-algorithm", "CRC32", NULL}, OL_PAYLOAD_UNSIGNED,
     OL_EINVALIDREQUEST, "no corresponding x-amz-checksum-*"},
    {{LENGTH, NULL}, OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER, OL_EMISSINGLENGTH, ""},
    {{LENGTH, NULL}, OL_PAYLOAD_STREAMING_SIGNED, OL_EMISSINGLENGTH, ""},
    {{"x-amz-decoded-content-length", "five", NULL}, OL_PAYLOAD_STREAMING_SIGNED, OL_EINVAL,
     "x-amz-decoded-content-length"},
    {{"x-amz-decoded-content-length", "-5", NULL}, OL_PAYLOAD_STREAMING_SIGNED, OL_EINVAL, ""},
    {{"x-amz-decoded-content-length", "18446744073709551615", NULL}, OL_PAYLOAD_STREAMING_SIGNED,
     OL_EINVAL, ""},
    {{DECODED, DECODED, NULL}, OL_PAYLOAD_STREAMING_SIGNED, OL_EINVAL, ""},
    {{"x-amz-decoded-content-length", "1048577", NULL}, OL_PAYLOAD_STREAMING_SIGNED, OL_ETOOLARGE,
     ""},
    {{LENGTH, "x-amz-object-lock-mode", "COMPLIANCE", NULL}, OL_PAYLOAD_UNSIGNED,
     OL_ENOTIMPLEMENTED, "x-amz-object-lock-mode"},
};

static void refuses_before_reading(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const ol_sigv4_result auth = {.payload = refusals[i].payload};
        upload u;
        upload_open(&u, refusals[i].fields, &auth);
        if (u.code != refusals[i].code || !strstr(u.err.message, refusals[i].message))
            fail_msg("case %zu: %s (%s)", i, ol_code_name(u.code), u.err.message);
        upload_close(&u);
    }
}

static void keeps_a_checksum(void **state)
{
    (void)state;
    static const struct {
        const char *fields[8];
        bool integrity, make_one;
        const char *name, *text;
    } cases[] = {
        {{LENGTH, NULL}, false, false, "", ""},
        {{LENGTH, NULL}, false, true, "CRC64NVME", HELLO_CRC64NVME},
        {{LENGTH, "Content-MD5", HELLO_MD5, NULL}, true, true, "CRC64NVME", HELLO_CRC64NVME},
        {{LENGTH, "X-Amz-Checksum-CRC32", HELLO_CRC32, NULL}, true, false, "CRC32", HELLO_CRC32},
        {{LENGTH, "X-Amz-Checksum-CRC32", HELLO_CRC32, NULL}, true, true, "CRC32", HELLO_CRC32},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        upload u;
        upload_open(&u, cases[i].fields, &unsigned_payload);
        assert_int_equal(u.plan.has_integrity, cases[i].integrity);
        assert_false(u.plan.aws_chunked);
        assert_int_equal(u.plan.content_length, 5);
        ol_upload_plan_keep_checksum(&u.plan, cases[i].make_one);
        assert_string_equal(u.plan.checksum.name, cases[i].name); /* for those who send it on */
        expect_sent(&u, OL_SLICE_LIT("hello"), OL_SLICE_LIT("hello"), OL_OK, "");
        assert_string_equal(u.plan.checksum.name, cases[i].name);
        assert_string_equal(u.plan.checksum.text, cases[i].text);
        assert_slice(ol_headers_get(&u.plan.store_headers, "content-type"), "binary/octet-stream");
        upload_close(&u);
    }
}

/* ---- aws-chunked ---- */

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

/* The source may read straight into the sink's memory, past the verifying stage. */
static void offers_the_sinks_memory_upwards(void **state)
{
    (void)state;
    const char *const fields[] = {LENGTH, "Content-MD5", HELLO_MD5, NULL};
    ol_test_bench bench;
    ol_test_feed feed = {.body = OL_SLICE_LIT("hello"), .reserves = true};
    ol_test_collect collect = {.offers = true};
    upload u;
    upload_open(&u, fields, &unsigned_payload);
    ol_test_bench_open(&bench);
    ol_test_bench_feed(&bench, &feed);
    assert_code(ol_upload_plan_add(&u.plan, bench.pipeline), OL_OK);
    ol_test_bench_collect(&bench, &collect);
    assert_code_of(ol_test_bench_run(&bench), OL_OK, &bench.err);
    assert_true(collect.offered_used > 0);
    ol_test_collect_fini(&collect);
    ol_test_bench_close(&bench);
    upload_close(&u);
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
        cmocka_unit_test(verifies_plain_bodies),
        cmocka_unit_test(a_body_without_a_length_is_bounded),
        cmocka_unit_test(refuses_before_reading),
        cmocka_unit_test(keeps_a_checksum),
        cmocka_unit_test(decodes_unsigned_chunks_with_a_trailer),
        cmocka_unit_test(every_split_gives_the_same),
        cmocka_unit_test(decodes_signed_chunks),
        cmocka_unit_test(decodes_signed_trailers),
        cmocka_unit_test(verifies_the_decoded_body),
        cmocka_unit_test(source_and_sink_may_fail_anywhere),
        cmocka_unit_test(may_be_closed_at_any_time),
        cmocka_unit_test(offers_the_sinks_memory_upwards),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(wipes_the_key_with_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
