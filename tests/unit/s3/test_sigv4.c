/* SPDX-License-Identifier: MIT */
/*
 * Signature checks: AWS's published examples for S3, requests signed by botocore 1.43, and each
 * way in which a signed request can be wrong.
 */
#include <stdio.h>

#include "unit/s3/request_kit.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "lib/alloc_check.h"
#include "s3/sigv4/sigv4.h"
#include "s3/sigv4/sigv4_keys.h"

#define KEY_ID "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define NOTHING_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define NOW_MS 1369353600000 /* 2013-05-24T00:00:00Z */
#define SCOPE "/20130524/us-east-1/s3/aws4_request"
#define AUTH(headers, signature)                                                                   \
    "AWS4-HMAC-SHA256 Credential=" KEY_ID SCOPE ", SignedHeaders=" headers                         \
    ", Signature=" signature

typedef struct keyring {
    const char *secret; /* of KEY_ID; NULL = unknown */
    int asked;
} keyring;

static int find_key(void *arg, ol_slice access_key, ol_slice token, ol_sigv4_found_key *found,
                    ol_error *err)
{
    keyring *ring = arg;
    ring->asked++;
    if (token.data)
        return ol_error_set(err, OL_EINVALIDTOKEN, "a long-lived key comes without one");
    if (ol_slice_eq_cstr(access_key, KEY_ID))
        found->secret = ol_slice_cstr(ring->secret);
    found->owner = ring;
    return OL_OK;
}

static ol_sigv4_options options_of(int64_t now_ms, const ol_slice *region, keyring *ring)
{
    return (ol_sigv4_options){
        .now_ms = now_ms,
        .regions = region,
        .region_count = 1,
        .services = OL_SIGV4_S3 | OL_SIGV4_OBJECT_LAMBDA,
        .find_key = find_key,
        .arg = ring,
    };
}

typedef struct outcome {
    int code;
    ol_error err;
    ol_sigv4_result result;
} outcome;

static outcome check_at(const test_request *t, int64_t now_ms, const char *region,
                        const char *secret)
{
    ol_sigv4 *sigv4;
    keyring ring = {.secret = secret};
    outcome o = {0};
    assert_code(ol_sigv4_new(&sigv4), OL_OK);
    ol_slice name = ol_slice_cstr(region);
    ol_sigv4_options options = options_of(now_ms, &name, &ring);
    options.arena = t->arena;
    o.code = ol_sigv4_check(sigv4, &t->req, &options, &o.result, &o.err);
    ol_sigv4_destroy(sigv4);
    return o;
}

static outcome check(const test_request *t)
{
    return check_at(t, NOW_MS, "us-east-1", SECRET);
}

/* ---- signatures made by others ---- */

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

/* ---- one thing wrong at a time ---- */

typedef struct bad_case {
    const char *method, *target;
    const char *fields[16];
    int code;
    const char *s3_code;
    const char *message; /* a part of it */
} bad_case;

#define HOST "Host", "localhost:9000"
#define DATE "x-amz-date", "20130524T000000Z"
#define EMPTY "x-amz-content-sha256", NOTHING_SHA256
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define USUAL "host;x-amz-content-sha256;x-amz-date"
#define CREDENTIAL(text)                                                                           \
    "AWS4-HMAC-SHA256 Credential=" text ", SignedHeaders=" USUAL ", Signature=" ZEROS

static const bad_case bad_cases[] = {
    {"GET", "/b/k", {HOST, DATE, EMPTY, NULL}, OL_EMISSINGAUTH, "AccessDenied", "Access Denied"},
    {"GET", "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=1", {HOST, NULL},
     OL_EAUTHQUERY, "AuthorizationQueryParametersError", "requires the X-Amz-Algorithm"},
    {"GET", "/b/k?x%2Damz-signature=1", {HOST, NULL}, OL_EAUTHQUERY,
     "AuthorizationQueryParametersError", "requires the X-Amz-Algorithm"},
    {"GET", "/b/k?AWSAccessKeyId=A&Signature=s&Expires=1", {HOST, NULL}, OL_EINVALIDREQUEST,
     "InvalidRequest", "Please use AWS4-HMAC-SHA256"},
    {"GET", "/b/k?X-Amz-Signature=1",
     {HOST, DATE, EMPTY, "Authorization", AUTH(USUAL, ZEROS), NULL}, OL_EINVAL, "InvalidArgument",
     "Only one auth mechanism"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "Authorization", AUTH(USUAL, ZEROS), "Authorization", "AWS a:b", NULL},
     OL_EINVAL, "InvalidArgument", "Only one auth mechanism"},
    {"GET", "/b/k", {HOST, DATE, EMPTY, "Authorization", "AWS AKID:c2ln", NULL},
     OL_EINVALIDREQUEST, "InvalidRequest", "Please use AWS4-HMAC-SHA256"},
    {"GET", "/b/k", {HOST, DATE, EMPTY, "Authorization", "nospace", NULL}, OL_EINVAL,
     "InvalidArgument", "one and only one ' '"},
    {"GET", "/b/k", {HOST, DATE, EMPTY, "Authorization", "Bearer x", NULL}, OL_EINVAL,
     "InvalidArgument", "Unsupported Authorization Type"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "Authorization", "AWS4-ECDSA-P256-SHA256 Credential=x", NULL},
     OL_ENOTIMPLEMENTED, "NotImplemented", "ECDSA"},
    {"GET", "/b/k", {HOST, DATE, EMPTY, "Authorization", "AWS4-HMAC-SHA256 ", NULL}, OL_EINVAL,
     "InvalidArgument", "space"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "Authorization", "AWS4-HMAC-SHA256 Credential=" KEY_ID SCOPE, NULL},
     OL_EAUTHHEADER, "AuthorizationHeaderMalformed", "three components"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "Authorization", AUTH(USUAL, ZEROS) ", Signature=" ZEROS, NULL},
     OL_EAUTHHEADER, "AuthorizationHeaderMalformed", "once and nothing else"},
    {"GET", "/b/k", {HOST, DATE, EMPTY, "Authorization", AUTH(USUAL, ZEROS) ", Other=1", NULL},
     OL_EAUTHHEADER, "AuthorizationHeaderMalformed", "once and nothing else"},
    {"GET", "/b/k", {HOST, DATE, EMPTY, "Authorization", "AWS4-HMAC-SHA256 Credential=", NULL},
     OL_EAUTHHEADER, "AuthorizationHeaderMalformed", "expecting \"<YOUR-AKID>"},
    {"GET", "/b/k", {HOST, DATE, EMPTY, "Authorization", CREDENTIAL("a/b/c"), NULL},
     OL_EAUTHHEADER, "AuthorizationHeaderMalformed", "expecting \"<YOUR-AKID>"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "Authorization", CREDENTIAL("/20130524/us-east-1/s3/aws4_request"), NULL},
     OL_EAUTHHEADER, "AuthorizationHeaderMalformed", "expecting \"<YOUR-AKID>"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "Authorization", CREDENTIAL(KEY_ID "/20130524/us-east-1/s3/aws9"), NULL},
     OL_EAUTHHEADER, "AuthorizationHeaderMalformed", "terminal"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "Authorization", CREDENTIAL(KEY_ID "/2013/us-east-1/s3/aws4_request"),
      NULL},
     OL_EAUTHHEADER, "AuthorizationHeaderMalformed", "yyyyMMdd"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "Authorization",
      CREDENTIAL(KEY_ID "/20130525/us-east-1/s3/aws4_request"), NULL},
     OL_EAUTHHEADER, "AuthorizationHeaderMalformed", "Invalid credential date"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "Authorization",
      CREDENTIAL(KEY_ID "/20130524/eu-west-1/s3/aws4_request"), NULL},
     OL_EAUTHHEADER, "AuthorizationHeaderMalformed",
     "the region 'eu-west-1' is wrong; expecting 'us-east-1'"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "Authorization",
      CREDENTIAL(KEY_ID "/20130524/us-east-1/sts/aws4_request"), NULL},
     OL_EAUTHHEADER, "AuthorizationHeaderMalformed", "incorrect service"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "Authorization",
      AUTH(USUAL, "F0E8BDB87C964420E857BD35B5D6ED310BD44F0170ABA48DD91039C6036BDB41"), NULL},
     OL_EAUTHHEADER, "AuthorizationHeaderMalformed", "hex digits"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "Authorization", AUTH("x-amz-date;host", ZEROS), NULL}, OL_EAUTHHEADER,
     "AuthorizationHeaderMalformed", "ascending order"},
    {"GET", "/b/k", {HOST, DATE, EMPTY, "Authorization", AUTH("Host;x-amz-date", ZEROS), NULL},
     OL_EAUTHHEADER, "AuthorizationHeaderMalformed", "ascending order"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "Authorization", AUTH("host;host", ZEROS), NULL}, OL_EAUTHHEADER,
     "AuthorizationHeaderMalformed", "ascending order"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "Authorization", AUTH("x-amz-content-sha256;x-amz-date", ZEROS), NULL},
     OL_EAUTHHEADER, "AuthorizationHeaderMalformed", "'host'"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "x-amz-acl", "private", "Authorization", AUTH(USUAL, ZEROS), NULL},
     OL_EACCESS, "AccessDenied",
     "There were headers present in the request which were not signed: x-amz-acl"},
    {"GET", "/b/k", {HOST, DATE, EMPTY, "Authorization", AUTH("host", ZEROS), NULL}, OL_EACCESS,
     "AccessDenied", "not signed: x-amz-date"},
    {"GET", "/b/k", {HOST, DATE, "Authorization", AUTH(USUAL, ZEROS), NULL}, OL_EINVALIDREQUEST,
     "InvalidRequest", "Missing required header for this request: x-amz-content-sha256"},
    {"GET", "/b/k", {HOST, DATE, EMPTY, EMPTY, "Authorization", AUTH(USUAL, ZEROS), NULL},
     OL_EINVALIDREQUEST, "InvalidRequest", "More than one"},
    {"GET", "/b/k",
     {HOST, DATE, "x-amz-content-sha256", "abc", "Authorization", AUTH(USUAL, ZEROS), NULL},
     OL_EINVAL, "InvalidArgument", "valid sha256"},
    {"GET", "/b/k",
     {HOST, DATE, "x-amz-content-sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
      "Authorization", AUTH(USUAL, ZEROS), NULL},
     OL_ENOTIMPLEMENTED, "NotImplemented", "ECDSA"},
    {"GET", "/b/k", {HOST, EMPTY, "Authorization", AUTH(USUAL, ZEROS), NULL}, OL_EACCESS,
     "AccessDenied", "valid Date or x-amz-date"},
    {"GET", "/b/k",
     {HOST, EMPTY, "x-amz-date", "yesterday", "Authorization", AUTH(USUAL, ZEROS), NULL},
     OL_EACCESS, "AccessDenied", "valid Date or x-amz-date"},
    /* x-amz-date wins over Date, even when only Date can be read. */
    {"GET", "/b/k",
     {HOST, EMPTY, "x-amz-date", "", "Date", "Fri, 24 May 2013 00:00:00 GMT", "Authorization",
      AUTH(USUAL, ZEROS), NULL},
     OL_EACCESS, "AccessDenied", "valid Date or x-amz-date"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "x-amz-security-token", "t", "Authorization",
      AUTH(USUAL ";x-amz-security-token", ZEROS), NULL},
     OL_EINVALIDTOKEN, "InvalidToken", "token"},
    {"GET", "/b/k",
     {HOST, DATE, EMPTY, "x-amz-security-token", "t", "x-amz-security-token", "u", "Authorization",
      AUTH(USUAL ";x-amz-security-token", ZEROS), NULL},
     OL_EINVAL, "InvalidArgument", "more than once"},
    {"GET", "/b/%zz", {HOST, DATE, EMPTY, "Authorization", AUTH(USUAL, ZEROS), NULL},
     OL_EINVALIDURI, "InvalidURI", "parse"},
    {"GET", "/b/k?a=%2", {HOST, DATE, EMPTY, "Authorization", AUTH(USUAL, ZEROS), NULL},
     OL_EINVALIDURI, "InvalidURI", "parse"},
    {"GET", "/b/k", {HOST, DATE, EMPTY, "Authorization", AUTH(USUAL, ZEROS), NULL}, OL_ESIGNATURE,
     "SignatureDoesNotMatch", "does not match"},
};

static void names_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_cases / sizeof bad_cases[0]; i++) {
        const bad_case *c = &bad_cases[i];
        test_request t;
        test_request_open(&t, c->method, c->target, c->fields);
        outcome o = check(&t);
        if (o.code != c->code || !strstr(o.err.message, c->message) ||
            strcmp(o.err.s3_code, c->s3_code) != 0)
            fail_msg("case %zu: %s, %s, \"%s\"", i, ol_code_name(o.code), o.err.s3_code,
                     o.err.message);
        assert_null(strstr(o.err.message, SECRET));
        assert_null(strstr(o.err.detail, SECRET));
        test_request_close(&t);
    }
}

static void asks_for_the_secret_only_when_the_rest_is_right(void **state)
{
    (void)state;
    ol_sigv4 *sigv4;
    ol_sigv4_result result;
    assert_code(ol_sigv4_new(&sigv4), OL_OK);
    for (size_t i = 0; i + 1 < sizeof bad_cases / sizeof bad_cases[0]; i++) {
        const bad_case *c = &bad_cases[i];
        if (c->code == OL_EINVALIDURI || c->code == OL_EINVALIDTOKEN)
            continue; /* found when the signature is computed, or by whoever knows keys */
        keyring ring = {.secret = SECRET};
        ol_error err = {0};
        test_request t;
        test_request_open(&t, c->method, c->target, c->fields);
        const ol_slice region = OL_SLICE_LIT("us-east-1");
        const ol_sigv4_options options = options_of(NOW_MS, &region, &ring);
        ol_sigv4_check(sigv4, &t.req, &options, &result, &err);
        assert_int_equal(ring.asked, 0);
        test_request_close(&t);
    }
    ol_sigv4_destroy(sigv4);
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

/* ---- readings of the target ---- */

/* Signs the request as its client would, given the canonical path, a line feed, the query. */
static void sign(test_request *t, const char *signed_target)
{
    static const char zeros[] = AUTH(USUAL, ZEROS);
    char text[1024], canonical[4096], sts[256], hex[OL_SHA256_HEX_SIZE];
    uint8_t digest[OL_SHA256_BYTES], key[32];
    const ol_sigv4_key_of of = {OL_SLICE_LIT(KEY_ID),     OL_SLICE_LIT(SECRET),
                                OL_SLICE_LIT("20130524"), OL_SLICE_LIT("us-east-1"),
                                OL_SLICE_LIT("s3"),       OL_SLICE_NONE};
    snprintf(canonical, sizeof canonical,
             "GET\n%s\nhost:localhost:9000\nx-amz-content-sha256:" NOTHING_SHA256
             "\nx-amz-date:20130524T000000Z\n\n" USUAL "\n" NOTHING_SHA256,
             signed_target);
    ol_sha256_of(ol_slice_cstr(canonical), digest);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    snprintf(sts, sizeof sts,
             "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n%s", hex);
    ol_sigv4_key_derive(&of, key);
    ol_hmac_sha256(ol_slice_of(key, 32), ol_slice_cstr(sts), digest);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    snprintf(text, sizeof text, "%.*s%s", (int)(sizeof zeros - 1 - 64), zeros, hex);
    test_request_header(t, "Authorization", text);
}

static int check_target(const char *sent, const char *signed_target)
{
    const char *const fields[] = {HOST, DATE, EMPTY, NULL};
    test_request t;
    test_request_open(&t, "GET", sent, fields);
    sign(&t, signed_target);
    int code = check(&t).code;
    test_request_close(&t);
    return code;
}

static int check_path(const char *sent, const char *signed_path)
{
    char signed_target[3000];
    snprintf(signed_target, sizeof signed_target, "%s\n", signed_path);
    return check_target(sent, signed_target);
}

static void reads_a_query_as_its_client_meant_it(void **state)
{
    (void)state;
    assert_code(check_target("/b?prefix=a%2Fb", "/b\nprefix=a%2Fb"), OL_OK);
    assert_code(check_target("/b?prefix=a/b", "/b\nprefix=a%2Fb"), OL_OK);
    assert_code(check_target("/b?prefix=a+b", "/b\nprefix=a%20b"), OL_OK);
    assert_code(check_target("/b?b=2&a&b=1&aa=", "/b\na=&aa=&b=1&b=2"), OL_OK);
    assert_code(check_target("/b?a=1&a=1", "/b\na=1"), OL_ESIGNATURE);
    assert_code(check_target("/b?a=1", "/b\n"), OL_ESIGNATURE);
    assert_code(check_target("/b?", "/b\n"), OL_OK);
}

/* Whatever falls on the edges of the block in which the canonical request is staged. */
static void hashes_requests_of_any_length(void **state)
{
    (void)state;
    char path[2100] = "/b/";
    for (size_t len = 3; len < 2050; len++) {
        path[len] = (char)('a' + len % 26);
        path[len + 1] = '\0';
        if (len < 700 || len > 1100 || len % 3 == 0)
            assert_code(check_path(path, path), OL_OK);
    }
}

/* Two fields of one name are signed as one, with a comma between. */
static void joins_repeated_headers(void **state)
{
    (void)state;
    const char *const fields[] = {HOST,    DATE, EMPTY, "x-amz-meta-a", "1 ", "X-Amz-Meta-A",
                                  " 2  3", "Authorization",
                                  AUTH(USUAL ";x-amz-meta-a",
                                       "053bd4d3b1568b4ae3ed237a8455b6aa33b20872b9eb503e9969b0af698aafff"),
                                  NULL};
    test_request t;
    test_request_open(&t, "GET", "/b/k", fields);
    outcome o = check(&t);
    assert_code_of(o.code, OL_OK, &o.err);
    test_request_close(&t);
}

static void reads_a_path_as_its_client_meant_it(void **state)
{
    (void)state;
    assert_code(check_path("/b/k", "/b/k"), OL_OK);
    assert_code(check_path("/", "/"), OL_OK);
    /* Canonical whatever the client sent, … */
    assert_code(check_path("/b/a(1)+", "/b/a%281%29%2B"), OL_OK);
    assert_code(check_path("/b/%7e", "/b/~"), OL_OK);
    assert_code(check_path("/b/%c3%a9", "/b/%C3%A9"), OL_OK);
    /* … or as it stands. */
    assert_code(check_path("/b/a(1)+", "/b/a(1)+"), OL_OK);
    assert_code(check_path("/b/%7e", "/b/%7e"), OL_OK);
    /* Never normalised, and an encoded slash is not a slash. */
    assert_code(check_path("/b//x/../y/.", "/b//x/../y/."), OL_OK);
    assert_code(check_path("/b/x/../y", "/b/y"), OL_ESIGNATURE);
    assert_code(check_path("/b//y", "/b/y"), OL_ESIGNATURE);
    assert_code(check_path("/b/a%2Fb", "/b/a%2Fb"), OL_OK);
    assert_code(check_path("/b/a%2Fb", "/b/a/b"), OL_ESIGNATURE);
    assert_code(check_path("/b/a/b", "/b/a%2Fb"), OL_ESIGNATURE);
    /* Encoded twice is another key. */
    assert_code(check_path("/b/a%2520b", "/b/a%2520b"), OL_OK);
    assert_code(check_path("/b/a%20b", "/b/a%2520b"), OL_ESIGNATURE);
}

/* ---- resources ---- */

static void too_many_parameters_are_refused(void **state)
{
    (void)state;
    char target[2048] = "/b/k?";
    for (int i = 0; i < 300; i++)
        strcat(target, "a&");
    const char *const fields[] = {HOST, DATE, EMPTY, "Authorization", AUTH(USUAL, ZEROS), NULL};
    test_request t;
    test_request_open(&t, "GET", target, fields);
    assert_code(check(&t).code, OL_ELIMIT);
    test_request_close(&t);
}

static void remembers_keys_and_forgets_old_ones(void **state)
{
    (void)state;
    ol_sigv4_keys *keys = ol_sigv4_keys_new();
    ol_sigv4_keys_stats stats;
    uint8_t fresh[32];
    assert_non_null(keys);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2 * OL_SIGV4_KEYS_MAX; i++) {
            char secret[24];
            snprintf(secret, sizeof secret, "secret-%d", i);
            const ol_sigv4_key_of of = {OL_SLICE_LIT("AK"), ol_slice_cstr(secret),
                                        OL_SLICE_LIT("20130524"), OL_SLICE_LIT("us-east-1"),
                                        OL_SLICE_LIT("s3"),
                                        OL_SLICE_LIT("20130524/us-east-1/s3/aws4_request")};
            /* The same key when derived, remembered and derived again. */
            assert_true(ol_sigv4_key_derive(&of, fresh));
            assert_memory_equal(ol_sigv4_keys_get(keys, &of)->bytes, fresh, 32);
            assert_memory_equal(ol_sigv4_keys_get(keys, &of)->bytes, fresh, 32);
        }
    }
    ol_sigv4_keys_read_stats(keys, &stats);
    assert_true(stats.hits >= 4 * OL_SIGV4_KEYS_MAX);
    assert_true(stats.evictions >= OL_SIGV4_KEYS_MAX);
    assert_true(stats.misses - stats.evictions <= OL_SIGV4_KEYS_MAX);
    ol_sigv4_keys_destroy(keys);
}

/* Others come and go; the one that is asked for in between is never derived again. */
static void keeps_the_key_in_use(void **state)
{
    (void)state;
    ol_sigv4_keys *keys = ol_sigv4_keys_new();
    ol_sigv4_keys_stats stats;
    const ol_sigv4_key_of hot = {.access_key = OL_SLICE_LIT("AK"), .secret = OL_SLICE_LIT("hot")};
    const int others = 2000;
    for (int i = 0; i < others; i++) {
        char secret[24];
        snprintf(secret, sizeof secret, "cold-%d", i);
        const ol_sigv4_key_of cold = {.access_key = OL_SLICE_LIT("AK"),
                                      .secret = ol_slice_cstr(secret)};
        ol_sigv4_keys_get(keys, &hot);
        ol_sigv4_keys_get(keys, &cold);
    }
    ol_sigv4_keys_read_stats(keys, &stats);
    assert_int_equal(stats.misses, others + 1);
    assert_int_equal(stats.hits, others - 1);
    ol_sigv4_keys_destroy(keys);
}

static void keeps_secrets_apart(void **state)
{
    (void)state;
    ol_sigv4_keys *keys = ol_sigv4_keys_new();
    uint8_t first[32];
    char long_secret[130];
    ol_sigv4_key_of of = {OL_SLICE_LIT("AKx"),      OL_SLICE_LIT("y"),
                          OL_SLICE_LIT("20130524"), OL_SLICE_LIT("us-east-1"),
                          OL_SLICE_LIT("s3"),       OL_SLICE_LIT("20130524/us-east-1/s3/…")};
    memcpy(first, ol_sigv4_keys_get(keys, &of)->bytes, 32);
    of.access_key = OL_SLICE_LIT("AK");
    of.secret = OL_SLICE_LIT("xy");
    assert_memory_not_equal(ol_sigv4_keys_get(keys, &of)->bytes, first, 32);
    memset(long_secret, 'x', sizeof long_secret);
    of.secret = ol_slice_of(long_secret, sizeof long_secret);
    assert_null(ol_sigv4_keys_get(keys, &of));
    ol_sigv4_keys_destroy(keys);
}

static int check_once(void *arg)
{
    const test_request *t = arg;
    ol_sigv4 *sigv4;
    ol_sigv4_result result;
    ol_error err = {0};
    keyring ring = {.secret = SECRET};
    int rc = ol_sigv4_new(&sigv4);
    if (rc != OL_OK)
        return rc;
    const ol_slice region = OL_SLICE_LIT("us-east-1");
    const ol_sigv4_options options = options_of(NOW_MS, &region, &ring);
    rc = ol_sigv4_check(sigv4, &t->req, &options, &result, &err);
    assert_int_equal(rc, err.code);
    ol_sigv4_destroy(sigv4);
    return rc;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    const signed_case *c = &good_cases[7]; /* a query, which needs scratch memory */
    test_request t;
    test_request_open(&t, c->method, c->target, c->fields);
    assert_int_equal(ol_test_fail_each(check_once, &t), 3);
    test_request_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_others_signed),
        cmocka_unit_test(notices_every_change),
        cmocka_unit_test(a_failed_check_leaves_no_key_behind),
        cmocka_unit_test(fills_the_result),
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(asks_for_the_secret_only_when_the_rest_is_right),
        cmocka_unit_test(refuses_unknown_keys),
        cmocka_unit_test(allows_a_quarter_of_an_hour),
        cmocka_unit_test(reads_a_path_as_its_client_meant_it),
        cmocka_unit_test(reads_a_query_as_its_client_meant_it),
        cmocka_unit_test(hashes_requests_of_any_length),
        cmocka_unit_test(joins_repeated_headers),
        cmocka_unit_test(keeps_the_key_in_use),
        cmocka_unit_test(too_many_parameters_are_refused),
        cmocka_unit_test(remembers_keys_and_forgets_old_ones),
        cmocka_unit_test(keeps_secrets_apart),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
