/* SPDX-License-Identifier: MIT */
/*
 * Uploads through their stages: what the headers promise holds, or the sink is never told to finish. Bodies
 * in chunks stand in test_upload_chunked.c.
 */
#include "unit/s3/upload_kit.h"

#include "base/alloc.h"

/* ---- plain bodies ---- */

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

/* ---- what is refused before a byte is read ---- */

typedef struct refusal {
    const char *fields[16];
    enum ol_payload_kind payload;
    int code;
    const char *message;
} refusal;

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verifies_plain_bodies),
        cmocka_unit_test(a_body_without_a_length_is_bounded),
        cmocka_unit_test(refuses_before_reading),
        cmocka_unit_test(keeps_a_checksum),
        cmocka_unit_test(offers_the_sinks_memory_upwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
