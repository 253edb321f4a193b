/* SPDX-License-Identifier: MIT */
/*
 * Signatures that others made are accepted: AWS's published examples for S3, requests signed by botocore
 * 1.43. With anything changed, another key or another time they are not.
 */
#include "unit/s3/sigv4_kit.h"

#include "lib/alloc_check.h"
#include "s3/sigv4/sigv4_keys.h"

typedef struct signed_case {
    const char *method, *target, *region;
    const char *fields[32];
} signed_case;

static const signed_case good_cases[] = {
    /* "Examples: Signature Calculations" in the S3 API reference. */
    {"GET", "/test.txt", "us-east-1",
     {"Host", "examplebucket.s3.amazonaws.com", "Range", "bytes=0-9", "x-amz-content-sha256",
      NOTHING_SHA256, "x-amz-date", "20130524T000000Z", "Authorization",
      "AWS4-HMAC-SHA256 Credential=" KEY_ID SCOPE ",SignedHeaders=host;range;"
      "x-amz-content-sha256;x-amz-date,Signature="
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
      NULL}},
    {"PUT", "/test$file.text", "us-east-1",
     {"Host", "examplebucket.s3.amazonaws.com", "Date", "Fri, 24 May 2013 00:00:00 GMT",
      "x-amz-date", "20130524T000000Z", "x-amz-storage-class", "REDUCED_REDUNDANCY",
      "x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      "Authorization",
      AUTH("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
           "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
      NULL}},
    {"GET", "/?lifecycle", "us-east-1",
     {"Host", "examplebucket.s3.amazonaws.com", "x-amz-date", "20130524T000000Z",
      "x-amz-content-sha256", NOTHING_SHA256, "Authorization",
      AUTH("host;x-amz-content-sha256;x-amz-date",
           "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
      NULL}},
    {"GET", "/?max-keys=2&prefix=J", "us-east-1",
     {"Host", "examplebucket.s3.amazonaws.com", "x-amz-date", "20130524T000000Z",
      "x-amz-content-sha256", NOTHING_SHA256, "Authorization",
      AUTH("host;x-amz-content-sha256;x-amz-date",
           "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
      NULL}},
    /* "Signature Calculations … Multiple Chunks": the seed signatures. */
    {"PUT", "/examplebucket/chunkObject.txt", "us-east-1",
     {"Host", "s3.amazonaws.com", "x-amz-date", "20130524T000000Z", "x-amz-storage-class",
      "REDUCED_REDUNDANCY", "x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      "Content-Encoding", "aws-chunked", "x-amz-decoded-content-length", "66560",
      "Content-Length", "66824", "Authorization",
      AUTH("content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
           "x-amz-decoded-content-length;x-amz-storage-class",
           "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
      NULL}},
    {"PUT", "/examplebucket/chunkObject.txt", "us-east-1",
     {"Host", "s3.amazonaws.com", "x-amz-date", "20130524T000000Z", "x-amz-storage-class",
      "REDUCED_REDUNDANCY", "x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
      "Content-Encoding", "aws-chunked", "x-amz-decoded-content-length", "66560", "x-amz-trailer",
      "x-amz-checksum-crc32c", "Authorization",
      AUTH("content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
           "x-amz-storage-class;x-amz-trailer",
           "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"),
      NULL}},
    /* botocore 1.43.11 */
    {"GET", "/bucket/a%20b%2Bc/%C3%A9/%F0%9F%98%80//x~y_z-.txt", "us-east-1",
     {"Host", "localhost:9000", "X-Amz-Date", "20130524T000000Z", "X-Amz-Content-SHA256",
      NOTHING_SHA256, "Authorization",
      AUTH("host;x-amz-content-sha256;x-amz-date",
           "127cf1961407cd78bb33fb69d8e6d9d555b1f17977308a54fe064ae759fd116a"),
      NULL}},
    {"GET",
     "/bucket?list-type=2&prefix=p%2F%20q&delimiter=%2F&encoding-type=url&max-keys=1000&"
     "start-after=&a=2&a=1",
     "us-east-1",
     {"Host", "localhost:9000", "X-Amz-Date", "20130524T000000Z", "X-Amz-Content-SHA256",
      NOTHING_SHA256, "Authorization",
      AUTH("host;x-amz-content-sha256;x-amz-date",
           "2855541f0dde7a61e5fbb677548ed2a00a3bfbf0571274ae604cb8d524906b2d"),
      NULL}},
    {"PUT", "/bucket/k", "us-east-1",
     {"Host", "localhost:9000", "x-amz-meta-note", "  two   spaces\tand tab ", "Content-Type",
      "text/plain", "Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==", "X-Amz-Date", "20130524T000000Z",
      "X-Amz-Content-SHA256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
      "Authorization",
      AUTH("content-md5;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-meta-note",
           "6e275af195adc2d8a780a5d311846d7cd1e236b03a2442b96515e010884733a2"),
      NULL}},
    {"GET", "/key?x=1", "eu-west-1",
     {"Host", "olap-111122223333.localhost:9000", "X-Amz-Date", "20130524T000000Z",
      "X-Amz-Content-SHA256", NOTHING_SHA256, "Authorization",
      "AWS4-HMAC-SHA256 Credential=" KEY_ID
      "/20130524/eu-west-1/s3-object-lambda/aws4_request, SignedHeaders=host;"
      "x-amz-content-sha256;x-amz-date, Signature="
      "37f7be4ad34c159bb3d26fd8ea6de10cf55dc58dcbd3e9ba123a0bd088545837",
      NULL}},
    {"POST", "/bucket?delete", "us-east-1",
     {"Host", "localhost:9000", "Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==", "X-Amz-Date",
      "20130524T000000Z", "X-Amz-Content-SHA256",
      "e2000f6b1fc1db795626ddaf9c13324157e9f56cb7820b40d7c3253a08ee5b91", "Authorization",
      AUTH("content-md5;host;x-amz-content-sha256;x-amz-date",
           "7790bdaccefd461638fd07fa6999cb3fa606ad30f2d0af477206225a174968bc"),
      NULL}},
};
#define GOOD_COUNT (sizeof good_cases / sizeof good_cases[0])

static void accepts_what_others_signed(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOOD_COUNT; i++) {
        const signed_case *c = &good_cases[i];
        test_request t;
        test_request_open(&t, c->method, c->target, c->fields);
        outcome o = check_at(&t, NOW_MS, c->region, SECRET);
        assert_code_of(o.code, OL_OK, &o.err);
        assert_slice(o.result.access_key, KEY_ID);
        assert_string_equal(o.result.region, c->region);
        assert_string_equal(o.result.amz_date, "20130524T000000Z");
        test_request_close(&t);
    }
}

/* Any byte of what is signed, changed, must be noticed. */
static void notices_every_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOOD_COUNT; i++) {
        const signed_case *c = &good_cases[i];
        test_request t;
        test_request_open(&t, c->method, c->target, c->fields);
        t.req.method_text = OL_SLICE_LIT("DELETE");
        assert_code(check_at(&t, NOW_MS, c->region, SECRET).code, OL_ESIGNATURE);
        test_request_close(&t);

        test_request_open(&t, c->method, c->target, c->fields);
        t.req.path = OL_SLICE_LIT("/elsewhere");
        assert_code(check_at(&t, NOW_MS, c->region, SECRET).code, OL_ESIGNATURE);
        test_request_close(&t);

        test_request_open(&t, c->method, c->target, c->fields);
        t.req.query = OL_SLICE_LIT("prefix=K");
        assert_code(check_at(&t, NOW_MS, c->region, SECRET).code, OL_ESIGNATURE);
        test_request_close(&t);

        test_request_open(&t, c->method, c->target, c->fields);
        t.req.host = OL_SLICE_LIT("evil.example");
        assert_code(check_at(&t, NOW_MS, c->region, SECRET).code, OL_ESIGNATURE);
        test_request_close(&t);

        test_request_open(&t, c->method, c->target, c->fields);
        outcome o = check_at(&t, NOW_MS, c->region, SECRET "x");
        assert_code(o.code, OL_ESIGNATURE);
        test_request_close(&t);
    }
}

static void a_failed_check_leaves_no_key_behind(void **state)
{
    (void)state;
    static const ol_sigv4_result nothing;
    test_request t;
    test_request_open(&t, "GET", "/other", good_cases[0].fields);
    outcome o = check(&t);
    assert_code(o.code, OL_ESIGNATURE);
    assert_memory_equal(&o.result, &nothing, sizeof nothing);
    test_request_close(&t);
}

static void fills_the_result(void **state)
{
    (void)state;
    test_request t;
    uint8_t key[32];
    test_request_open(&t, "PUT", good_cases[4].target, good_cases[4].fields);
    outcome o = check(&t);
    assert_code_of(o.code, OL_OK, &o.err);
    assert_int_equal(o.result.payload, OL_PAYLOAD_STREAMING_SIGNED);
    assert_string_equal(o.result.service, "s3");
    assert_string_equal(o.result.scope, "20130524/us-east-1/s3/aws4_request");
    assert_string_equal(o.result.seed_signature,
                        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
    const ol_sigv4_key_of of = {OL_SLICE_LIT(KEY_ID),      OL_SLICE_LIT(SECRET),
                                OL_SLICE_LIT("20130524"),  OL_SLICE_LIT("us-east-1"),
                                OL_SLICE_LIT("s3"),        OL_SLICE_NONE};
    assert_true(ol_sigv4_key_derive(&of, key));
    assert_memory_equal(o.result.signing_key, key, sizeof key);
    test_request_close(&t);
}

static void refuses_unknown_keys(void **state)
{
    (void)state;
    test_request t;
    test_request_open(&t, "GET", "/test.txt", good_cases[0].fields);
    assert_code(check_at(&t, NOW_MS, "us-east-1", NULL).code, OL_EACCESSKEY);
    test_request_close(&t);
}

static void allows_a_quarter_of_an_hour(void **state)
{
    (void)state;
    const int64_t quarter_ms = 15 * 60 * 1000;
    test_request t;
    test_request_open(&t, "GET", "/test.txt", good_cases[0].fields);
    assert_code(check_at(&t, NOW_MS + quarter_ms, "us-east-1", SECRET).code, OL_OK);
    assert_code(check_at(&t, NOW_MS - quarter_ms, "us-east-1", SECRET).code, OL_OK);
    assert_code(check_at(&t, NOW_MS + quarter_ms + 1, "us-east-1", SECRET).code, OL_ESKEW);
    assert_code(check_at(&t, NOW_MS - quarter_ms - 1, "us-east-1", SECRET).code, OL_ESKEW);
    test_request_close(&t);
}

typedef struct trial {
    const test_request *t;
    sigv4_kit *kit;
} trial;

static int check_once(void *arg)
{
    trial *a = arg;
    ol_sigv4 *sigv4;
    ol_error err = {0};
    int rc = ol_sigv4_new(&sigv4);
    if (rc != OL_OK)
        return rc;
    rc = ol_sigv4_check(sigv4, &a->t->req, &a->kit->options, &a->kit->result, &err);
    assert_int_equal(rc, err.code);
    ol_sigv4_destroy(sigv4);
    return rc;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    const signed_case *c = &good_cases[7]; /* a query, which needs scratch memory */
    test_request t;
    trial a = {&t, kit_new()};
    test_request_open(&t, c->method, c->target, c->fields);
    assert_int_equal(ol_test_fail_each(check_once, &a), 3);
    test_request_close(&t);
    kit_free(a.kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_others_signed),
        cmocka_unit_test(notices_every_change),
        cmocka_unit_test(a_failed_check_leaves_no_key_behind),
        cmocka_unit_test(fills_the_result),
        cmocka_unit_test(refuses_unknown_keys),
        cmocka_unit_test(allows_a_quarter_of_an_hour),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
