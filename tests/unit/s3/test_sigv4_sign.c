/* SPDX-License-Identifier: MIT */
/* Signatures made here: AWS's published examples, and whatever is signed is accepted by the check,
 * unless a byte of it is changed. */
#include "unit/s3/sigv4_kit.h"

#include "lib/alloc_check.h"
#include "s3/sigv4/sigv4_sign.h"
#include "s3/upload/aws_chunked.h"

static const ol_sigv4_credentials example = {OL_SLICE_LIT(KEY_ID), OL_SLICE_LIT(SECRET),
                                             {NULL, 0}};

static ol_sigv4_signing signing_of(const ol_sigv4_credentials *who, const char *method,
                                   const char *path, const char *query)
{
    return (ol_sigv4_signing){
        .credentials = who,
        .region = OL_SLICE_LIT("us-east-1"),
        .now_ms = NOW_MS,
        .method = ol_slice_cstr(method),
        .host = OL_SLICE_LIT("examplebucket.s3.amazonaws.com"),
        .path = ol_slice_cstr(path),
        .query = ol_slice_cstr(query),
        .payload = OL_SLICE_LIT(OL_SIGV4_EMPTY_SHA256),
    };
}

static void makes_the_published_header(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    test_request t;
    const char *const fields[] = {"Range", "bytes=0-9", "User-Agent", "x", NULL};
    test_request_open(&t, "GET", "/test.txt", fields);
    ol_sigv4_signing signing = signing_of(&example, "GET", "/test.txt", "");
    assert_code(ol_sigv4_sign(kit->sigv4, &signing, &t.req.headers, NULL, &kit->err), OL_OK);
    assert_slice(ol_headers_get(&t.req.headers, "authorization"),
                 "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
                 "aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
                 "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    assert_slice(ol_headers_get(&t.req.headers, "x-amz-date"), "20130524T000000Z");
    assert_slice(ol_headers_get(&t.req.headers, "host"), "examplebucket.s3.amazonaws.com");
    test_request_close(&t);
    kit_free(kit);
}

static void makes_the_published_url(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    ol_buf out;
    ol_buf_init(&out, 1000);
    ol_sigv4_signing signing = signing_of(&example, "GET", "/test.txt", "");
    assert_code(ol_sigv4_presign(kit->sigv4, &signing, 86400, &out, &kit->err), OL_OK);
    assert_string_equal(
        ol_buf_cstr(&out),
        "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE"
        "%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&"
        "X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    ol_buf_fini(&out);
    kit_free(kit);
}

/* Seed, chunks and trailer of AWS's example: 65 KiB of 'a' in chunks of 64 KiB, 1 KiB and 0. */
static void makes_the_published_chunks(void **state)
{
    (void)state;
    static const size_t sizes[] = {65536, 1024, 0};
    static const char *const plain[] = {
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"};
    static uint8_t data[65536];
    sigv4_kit *kit = kit_new();
    test_request t;
    ol_sigv4_result chunks;
    char previous[65];
    uint8_t sha[32];
    const char *const fields[] = {"x-amz-storage-class", "REDUCED_REDUNDANCY",
                                  "x-amz-decoded-content-length", "66560", NULL};
    memset(data, 'a', sizeof data);
    test_request_open(&t, "PUT", "/k", fields);
    ol_sigv4_signing signing = signing_of(&example, "PUT", "/examplebucket/chunkObject.txt", "");
    signing.payload = OL_SLICE_LIT(OL_SIGV4_STREAMING_PAYLOAD);
    assert_code(ol_sigv4_sign(kit->sigv4, &signing, &t.req.headers, &chunks, &kit->err), OL_OK);
    /* The published seed covers content-encoding too, which this signer leaves out. */
    strcpy(previous, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
    for (size_t i = 0; i < 3; i++) {
        ol_sha256_of(ol_slice_of(data, sizes[i]), sha);
        ol_sigv4_sign_chunk(&chunks, previous, sha);
        assert_string_equal(previous, plain[i]);
    }
    strcpy(previous, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992");
    ol_sha256_of(OL_SLICE_LIT("x-amz-checksum-crc32c:sOO8/Q==\n"), sha);
    ol_sigv4_sign_trailer(&chunks, previous, sha);
    assert_string_equal(previous,
                        "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435");
    assert_int_equal(chunks.payload, OL_PAYLOAD_STREAMING_SIGNED);
    ol_sigv4_result_fini(&chunks);
    test_request_close(&t);
    kit_free(kit);
}

/* ---- what is signed is accepted ---- */

typedef struct signed_case {
    const char *method, *path, *query, *service, *payload;
    bool session;
    const char *fields[8];
} signed_case;

static const signed_case cases[] = {
    {"GET", "/b/k", "", "", OL_SIGV4_EMPTY_SHA256, false, {NULL}},
    {"PUT", "/b/a%20b%2Bc//%C3%A9/..", "", "s3", OL_SIGV4_UNSIGNED_PAYLOAD, false,
     {"Content-Type", "text/plain", "x-amz-meta-A", " two  words ", "X-Amz-Meta-b", "1", NULL}},
    {"GET", "/b", "list-type=2&prefix=a%2Fb%20c&delimiter=%2F&start-after=", "s3",
     OL_SIGV4_EMPTY_SHA256, true, {NULL}},
    {"GET", "/k", "versionId=3", "s3-object-lambda", OL_SIGV4_EMPTY_SHA256, true,
     {"Range", "bytes=0-3", NULL}},
    {"PUT", "/b/k", "partNumber=1&uploadId=u", "s3", OL_SIGV4_STREAMING_PAYLOAD, false,
     {"content-encoding", "aws-chunked", "x-amz-decoded-content-length", "1", NULL}},
};

static const ol_sigv4_credentials session = {
    OL_SLICE_LIT(SESSION_KEY), OL_SLICE_LIT(SESSION_SECRET), OL_SLICE_LIT(SESSION_TOKEN)};

static void sign_case(sigv4_kit *kit, const signed_case *c, test_request *t)
{
    char target[500];
    snprintf(target, sizeof target, "%s%s%s", c->path, c->query[0] ? "?" : "", c->query);
    test_request_open(t, c->method, target, c->fields);
    ol_sigv4_signing signing =
        signing_of(c->session ? &session : &example, c->method, c->path, c->query);
    signing.service = ol_slice_cstr(c->service);
    signing.payload = ol_slice_cstr(c->payload);
    ol_error err = {0};
    assert_code_of(ol_sigv4_sign(kit->sigv4, &signing, &t->req.headers, NULL, &err), OL_OK, &err);
    t->req.host = ol_headers_get(&t->req.headers, "host");
}

static void is_accepted(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_request t;
        sign_case(kit, &cases[i], &t);
        assert_code_of(kit_check(kit, &t), OL_OK, &kit->err);
        assert_int_equal(kit->result.type, OL_AUTH_HEADER);
        assert_string_equal(kit->result.service, cases[i].service[0] ? cases[i].service : "s3");
        if (cases[i].session)
            assert_slice(kit->result.token, SESSION_TOKEN);
        test_request_close(&t);
    }
    kit_free(kit);
}

static void flip(ol_slice bytes, size_t at)
{
    ((uint8_t *)bytes.data)[at] ^= 0x01;
}

/* Blanks at the ends do not count, and a run of them counts once. */
static bool is_blank_beside_blank(ol_slice value, size_t i)
{
    return value.data[i] == ' ' || (value.data[i] ^ 1) == ' ';
}

static void expect_refusals(sigv4_kit *kit, const test_request *t, ol_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (is_blank_beside_blank(bytes, i))
            continue;
        flip(bytes, i);
        if (kit_check(kit, t) == OL_OK)
            fail_msg("byte %zu of \"%.*s\" may be changed", i, OL_SLICE_FMT(bytes));
        flip(bytes, i);
    }
}

static void no_byte_may_change(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_request t;
        sign_case(kit, &cases[i], &t);
        expect_refusals(kit, &t, t.req.method_text);
        expect_refusals(kit, &t, t.req.path);
        expect_refusals(kit, &t, t.req.query);
        for (size_t h = 0; h < t.req.headers.count; h++) {
            const ol_header *header = &t.req.headers.items[h];
            if (ol_header_name_is(header, "content-encoding"))
                continue; /* not signed */
            expect_refusals(kit, &t, header->value);
        }
        assert_code(kit_check(kit, &t), OL_OK);
        test_request_close(&t);
    }
    kit_free(kit);
}

static void presigned_urls_are_accepted(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const signed_case *c = &cases[i];
        const char *const host[] = {"Host", "examplebucket.s3.amazonaws.com", NULL};
        ol_buf out;
        ol_sigv4_signing signing =
            signing_of(c->session ? &session : &example, c->method, c->path, c->query);
        signing.service = ol_slice_cstr(c->service);
        ol_buf_init(&out, 4000);
        assert_code(ol_sigv4_presign(kit->sigv4, &signing, 60, &out, &kit->err), OL_OK);
        test_request t;
        test_request_open(&t, c->method, ol_buf_cstr(&out), host);
        assert_code_of(kit_check(kit, &t), OL_OK, &kit->err);
        assert_int_equal(kit->result.type, OL_AUTH_QUERY);
        if (c->session)
            assert_slice(kit->result.token, SESSION_TOKEN);
        expect_refusals(kit, &t, t.req.path);
        test_request_close(&t);
        ol_buf_fini(&out);
    }
    kit_free(kit);
}

/* Services other than S3 sign over the digest of the body, which is not in a header. */
static void knows_the_body_of_sts(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    uint8_t sha[32];
    char hex[65];
    test_request t;
    ol_sha256_of(OL_SLICE_LIT("Action=GetCallerIdentity&Version=2011-06-15"), sha);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", sha[i]);
    const signed_case c = {"POST", "/", "", "sts", hex, false, {NULL}};
    sign_case(kit, &c, &t);
    kit->options.services = OL_SIGV4_STS;
    kit->options.body_sha256 = sha;
    assert_code_of(kit_check(kit, &t), OL_OK, &kit->err);
    assert_string_equal(kit->result.service, "sts");
    sha[0] ^= 1;
    assert_code(kit_check(kit, &t), OL_ESHA256MISMATCH);
    sha[0] ^= 1;
    kit->options.services = OL_SIGV4_S3;
    assert_code(kit_check(kit, &t), OL_EAUTHHEADER);
    test_request_close(&t);
    kit_free(kit);
}

/* Without x-amz-content-sha256, as botocore signs for STS. */
static void takes_what_botocore_sends_to_sts(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    uint8_t sha[32];
    test_request t;
    const char *const fields[] = {
        "Host", "localhost:9000", "Content-Type",
        "application/x-www-form-urlencoded; charset=utf-8", "X-Amz-Date", "20130524T000000Z",
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=" KEY_ID "/20130524/us-east-1/sts/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, Signature=244ec2b74676659fe2508b94d0d1e6e569d739754d0dae91a1c644bfef9d65e3",
        NULL};
    ol_sha256_of(OL_SLICE_LIT("Action=GetCallerIdentity&Version=2011-06-15"), sha);
    test_request_open(&t, "POST", "/", fields);
    kit->options.services = OL_SIGV4_STS;
    kit->options.body_sha256 = sha;
    assert_code_of(kit_check(kit, &t), OL_OK, &kit->err);
    test_request_close(&t);
    kit_free(kit);
}

static void session_tokens_go_to_whoever_knows_keys(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    const ol_sigv4_credentials stale = {OL_SLICE_LIT(SESSION_KEY), OL_SLICE_LIT(SESSION_SECRET),
                                        OL_SLICE_LIT("other")};
    const ol_sigv4_credentials bare = {OL_SLICE_LIT(SESSION_KEY), OL_SLICE_LIT(SESSION_SECRET),
                                       {NULL, 0}};
    const ol_sigv4_credentials *const wrong[] = {&stale, &bare};
    for (size_t i = 0; i < 2; i++) {
        test_request t;
        test_request_open(&t, "GET", "/k", NULL);
        ol_sigv4_signing signing = signing_of(wrong[i], "GET", "/k", "");
        assert_code(ol_sigv4_sign(kit->sigv4, &signing, &t.req.headers, NULL, &kit->err), OL_OK);
        t.req.host = ol_headers_get(&t.req.headers, "host");
        assert_code(kit_check(kit, &t), OL_EINVALIDTOKEN);
        assert_string_equal(kit->err.s3_code, "InvalidToken");
        test_request_close(&t);
    }
    kit_free(kit);
}

static void refuses_what_cannot_be_signed(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    ol_buf out;
    ol_buf_init(&out, 100);
    ol_sigv4_signing signing = signing_of(&example, "GET", "/k", "");
    assert_code(ol_sigv4_presign(kit->sigv4, &signing, 0, &out, NULL), OL_EINVAL);
    assert_code(ol_sigv4_presign(kit->sigv4, &signing, 604801, &out, NULL), OL_EINVAL);
    assert_code(ol_sigv4_presign(kit->sigv4, &signing, 604800, &out, NULL), OL_ELIMIT);
    ol_buf_fini(&out);
    ol_buf_init(&out, 1000);
    signing.region = OL_SLICE_LIT("a/b");
    assert_code(ol_sigv4_presign(kit->sigv4, &signing, 60, &out, NULL), OL_EINVAL);
    signing.region = OL_SLICE_NONE;
    assert_code(ol_sigv4_presign(kit->sigv4, &signing, 60, &out, NULL), OL_EINVAL);
    const ol_sigv4_credentials nobody = {{NULL, 0}, OL_SLICE_LIT("s"), {NULL, 0}};
    signing = signing_of(&nobody, "GET", "/k", "");
    assert_code(ol_sigv4_presign(kit->sigv4, &signing, 60, &out, NULL), OL_EINVAL);
    signing = signing_of(&example, "GET", "/%zz", "");
    assert_code(ol_sigv4_presign(kit->sigv4, &signing, 60, &out, NULL), OL_EINVALIDURI);
    ol_buf_fini(&out);
    kit_free(kit);
}

static int sign_and_presign(void *arg)
{
    (void)arg;
    ol_sigv4 *sigv4;
    ol_buf out;
    ol_error err = {0};
    int rc = ol_sigv4_new(&sigv4);
    if (rc != OL_OK)
        return rc;
    ol_buf_init(&out, 2000);
    ol_sigv4_signing signing = signing_of(&session, "GET", "/a%28", "prefix=1");
    rc = ol_sigv4_presign(sigv4, &signing, 60, &out, &err);
    assert_int_equal(rc, err.code);
    ol_buf_fini(&out);
    ol_sigv4_destroy(sigv4);
    return rc;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(sign_and_presign, NULL) >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_the_published_header),
        cmocka_unit_test(makes_the_published_url),
        cmocka_unit_test(makes_the_published_chunks),
        cmocka_unit_test(is_accepted),
        cmocka_unit_test(no_byte_may_change),
        cmocka_unit_test(presigned_urls_are_accepted),
        cmocka_unit_test(knows_the_body_of_sts),
        cmocka_unit_test(takes_what_botocore_sends_to_sts),
        cmocka_unit_test(session_tokens_go_to_whoever_knows_keys),
        cmocka_unit_test(refuses_what_cannot_be_signed),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
