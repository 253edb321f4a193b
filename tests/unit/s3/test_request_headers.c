/* SPDX-License-Identifier: MIT */
/* Headers that are refused, tolerated, or kept with the object. */
#include "unit/s3/request_kit.h"

#include "s3/request/request_headers.h"

static int refuse(const char *name, const char *value, ol_error *err)
{
    const char *const fields[] = {"Host", "h", name, value, NULL};
    test_request t;
    ol_error_clear(err);
    test_request_open(&t, "PUT", "/b/k", fields);
    int rc = ol_s3_headers_refuse(&t.req.headers, err);
    test_request_close(&t);
    return rc;
}

static void refuses_what_it_cannot_do(void **state)
{
    (void)state;
    static const char *const asked[][2] = {
        {"x-amz-object-lock-mode", "COMPLIANCE"},
        {"x-amz-object-lock-retain-until-date", "2030-01-01T00:00:00Z"},
        {"x-amz-object-lock-legal-hold", "ON"},
        {"x-amz-bucket-object-lock-enabled", "true"},
        {"x-amz-website-redirect-location", "/x"},
        {"x-amz-write-offset-bytes", "5"},
        {"x-amz-rename-source", "k"},
    };
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        ol_error err = {0};
        if (refuse(asked[i][0], asked[i][1], &err) != OL_ENOTIMPLEMENTED)
            fail_msg("%s: %s is not refused", asked[i][0], asked[i][1]);
        assert_non_null(strcasestr(err.message, asked[i][0]));
    }
}

static void tolerates_what_asks_for_nothing(void **state)
{
    (void)state;
    static const char *const asked[][2] = {
        {"x-amz-acl", "public-read"},
        {"x-amz-grant-full-control", "id=1"},
        {"x-amz-copy-source", "/b/k"},
        {"x-amz-copy-source-if-match", "e"},
        {"x-amz-tagging", "a=b"},
        {"x-amz-bypass-governance-retention", "true"}, /* nothing is retained */
        {"x-amz-object-ownership", "ObjectWriter"},
        {"x-amz-storage-class", "STANDARD"},
        {"x-amz-bucket-object-lock-enabled", "false"},
        {"x-amz-checksum-mode", "ENABLED"},
        {"x-amz-request-payer", "requester"},
        {"x-amz-meta-x-amz-acl", "public-read"},
        {"x-amz-sdk-checksum-algorithm", "CRC32"},
    };
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        ol_error err = {0};
        if (refuse(asked[i][0], asked[i][1], &err) != OL_OK)
            fail_msg("%s: %s is refused", asked[i][0], asked[i][1]);
    }
}

static void checks_the_expected_owner(void **state)
{
    (void)state;
    static const struct {
        const char *fields[6];
        int code;
    } cases[] = {
        {{NULL}, OL_OK},
        {{"x-amz-expected-bucket-owner", "111122223333", NULL}, OL_OK},
        {{"x-amz-expected-bucket-owner", "444455556666", NULL}, OL_EACCESS},
        {{"x-amz-expected-bucket-owner", "", NULL}, OL_EACCESS},
        {{"x-amz-expected-bucket-owner", "111122223333", "x-amz-expected-bucket-owner", "4", NULL},
         OL_EACCESS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_request t;
        ol_error err = {0};
        test_request_open(&t, "GET", "/b/k", cases[i].fields);
        assert_code(ol_s3_headers_check_owner(&t.req.headers, OL_SLICE_LIT("111122223333"), &err),
                    cases[i].code);
        test_request_close(&t);
    }
}

static void checks_the_owner_of_a_source(void **state)
{
    (void)state;
    const char *const fields[] = {"x-amz-expected-bucket-owner", "111122223333",
                                  "x-amz-source-expected-bucket-owner", "444455556666", NULL};
    test_request t;
    ol_error err = {0};
    test_request_open(&t, "PUT", "/b/k", fields);
    assert_code(ol_s3_headers_check_source_owner(&t.req.headers, OL_SLICE_LIT("444455556666"), &err),
                OL_OK);
    assert_code(ol_s3_headers_check_source_owner(&t.req.headers, OL_SLICE_LIT("111122223333"), &err),
                OL_EACCESS);
    test_request_close(&t);
}

/* ---- in the query of a presigned URL ---- */

static int from_query(const char *target, test_request *t)
{
    const char *const fields[] = {"Host", "h", "x-amz-storage-class", "STANDARD", NULL};
    ol_error err = {0};
    test_request_open(t, "PUT", target, fields);
    return ol_s3_headers_from_query(&t->req, t->arena, &err);
}

static void takes_signed_parameters_for_headers(void **state)
{
    (void)state;
    test_request t;
    assert_code(from_query("/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&x-amz-acl=public-read&"
                           "x-amz-meta-a=1%202&X-Amz-Signature=0&x-id=PutObject",
                           &t),
                OL_OK);
    assert_slice(ol_headers_get(&t.req.headers, "x-amz-acl"), "public-read");
    assert_slice(ol_headers_get(&t.req.headers, "x-amz-meta-a"), "1 2");
    assert_slice(ol_headers_get(&t.req.headers, "host"), "h");
    assert_int_equal(t.req.headers.count, 4);
    test_request_close(&t);
    /* Nobody signed these. */
    assert_code(from_query("/b/k?x-amz-acl=public-read", &t), OL_OK);
    assert_int_equal(t.req.headers.count, 2);
    test_request_close(&t);
    assert_code(from_query("/b/k?X-Amz-Signature=0&x-amz-storage-class=GLACIER", &t), OL_EINVAL);
    test_request_close(&t);
    assert_code(from_query("/b/k?X-Amz-Signature=0&x-amz-meta-a=1%0d%0aSet-Cookie:x", &t),
                OL_EINVAL);
    assert_int_equal(t.req.headers.count, 2);
    test_request_close(&t);
    assert_code(from_query("/b/k?X-Amz-Signature=0&x-amz-meta-a=%zz", &t), OL_EINVALIDURI);
    test_request_close(&t);
}

/* ---- keeping ---- */

typedef struct keep_case {
    const char *fields[12];
    const char *kept[12]; /* name, value, …, NULL: all that is kept, in order */
} keep_case;

static const keep_case keeps[] = {
    {{"Host", "h", NULL}, {"content-type", "binary/octet-stream", NULL}},
    {{"Content-Type", "", NULL}, {"content-type", "binary/octet-stream", NULL}},
    {{"Content-Type", "text/plain; charset=utf-8", "Cache-Control", "no-store", "Expires", "0",
      "Content-Language", "de", "Content-Disposition", "attachment", NULL},
     {"content-type", "text/plain; charset=utf-8", "cache-control", "no-store",
      "content-disposition", "attachment", "content-language", "de", "expires", "0", NULL}},
    {{"Content-Encoding", "aws-chunked", NULL}, {"content-type", "binary/octet-stream", NULL}},
    {{"Content-Encoding", "gzip", NULL},
     {"content-type", "binary/octet-stream", "content-encoding", "gzip", NULL}},
    {{"Content-Encoding", "deflate, gzip", NULL},
     {"content-type", "binary/octet-stream", "content-encoding", "deflate, gzip", NULL}},
    {{"Content-Encoding", "gzip, aws-chunked", NULL},
     {"content-type", "binary/octet-stream", "content-encoding", "gzip", NULL}},
    {{"Content-Encoding", "AWS-Chunked,gzip", NULL},
     {"content-type", "binary/octet-stream", "content-encoding", "gzip", NULL}},
    {{"Content-Encoding", "aws-chunked", "Content-Encoding", "gzip", NULL},
     {"content-type", "binary/octet-stream", "content-encoding", "gzip", NULL}},
    {{"Content-Encoding", "aws-chunked, gzip, aws-chunked, br", NULL},
     {"content-type", "binary/octet-stream", "content-encoding", "gzip,br", NULL}},
    {{"X-Amz-Meta-Color", " red ", "x-amz-meta-empty", "", "X-AMZ-META-COLOR", "blue", NULL},
     {"content-type", "binary/octet-stream", "x-amz-meta-color", "red,blue", "x-amz-meta-empty",
      "", NULL}},
    {{"x-amz-date", "1", "Authorization", "secret", "Cookie", "c", "x-amz-metadata", "m", NULL},
     {"content-type", "binary/octet-stream", NULL}},
};

static void keeps_what_belongs_to_the_object(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof keeps / sizeof keeps[0]; i++) {
        test_request t;
        ol_headers kept;
        ol_error err = {0};
        test_request_open(&t, "PUT", "/b/k", keeps[i].fields);
        ol_headers_init(&kept, t.arena);
        assert_code(ol_s3_headers_keep(&t.req.headers, &kept, &err), OL_OK);
        size_t wanted = 0;
        for (; keeps[i].kept[2 * wanted]; wanted++) {
            if (wanted >= kept.count)
                fail_msg("case %zu: %s is missing", i, keeps[i].kept[2 * wanted]);
            assert_slices(kept.items[wanted].name, ol_slice_cstr(keeps[i].kept[2 * wanted]));
            assert_slices(kept.items[wanted].value, ol_slice_cstr(keeps[i].kept[2 * wanted + 1]));
        }
        assert_int_equal(kept.count, wanted);
        test_request_close(&t);
    }
}

static void bounds_user_metadata(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        char value[2048];
        test_request t;
        ol_headers kept;
        ol_error err = {0};
        memset(value, 'v', sizeof value);
        value[2048 - 8 + extra] = '\0'; /* names of 4 bytes each, one value empty */
        const char *const fields[] = {"x-amz-meta-long", value, "x-amz-meta-more", "", NULL};
        test_request_open(&t, "PUT", "/b/k", fields);
        ol_headers_init(&kept, t.arena);
        assert_code(ol_s3_headers_keep(&t.req.headers, &kept, &err),
                    extra ? OL_EMETADATATOOLARGE : OL_OK);
        test_request_close(&t);
    }
    static const char *const nameless[] = {"x-amz-meta-", "v", NULL};
    test_request t;
    ol_headers kept;
    ol_error err = {0};
    test_request_open(&t, "PUT", "/b/k", nameless);
    ol_headers_init(&kept, t.arena);
    assert_code(ol_s3_headers_keep(&t.req.headers, &kept, &err), OL_EINVAL);
    test_request_close(&t);
}

static void a_full_arena_is_an_error(void **state)
{
    (void)state;
    const char *const fields[] = {"Content-Encoding", "aws-chunked, gzip", "x-amz-meta-a", "1",
                                  "x-amz-meta-a",     "2",                 NULL};
    test_request t;
    test_request_open(&t, "PUT", "/b/k", fields);
    bool fitted = false;
    for (size_t max = 1; max < 4096 && !fitted; max += 16) {
        ol_arena *arena = ol_arena_new(max);
        ol_headers kept;
        ol_error err = {0};
        assert_non_null(arena);
        ol_headers_init(&kept, arena);
        int rc = ol_s3_headers_keep(&t.req.headers, &kept, &err);
        fitted = rc == OL_OK;
        if (!fitted)
            assert_code(rc, OL_ENOMEM);
        ol_arena_destroy(arena);
    }
    assert_true(fitted);
    test_request_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_it_cannot_do),
        cmocka_unit_test(tolerates_what_asks_for_nothing),
        cmocka_unit_test(checks_the_expected_owner),
        cmocka_unit_test(checks_the_owner_of_a_source),
        cmocka_unit_test(takes_signed_parameters_for_headers),
        cmocka_unit_test(keeps_what_belongs_to_the_object),
        cmocka_unit_test(bounds_user_metadata),
        cmocka_unit_test(a_full_arena_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
