/* SPDX-License-Identifier: MIT */
/* Paths and queries can be read in more than one way: what counts is how the client read what it signed. */
#include "unit/s3/sigv4_kit.h"

#include "s3/sigv4/hmac.h"
#include "s3/sigv4/sigv4_keys.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_path_as_its_client_meant_it),
        cmocka_unit_test(reads_a_query_as_its_client_meant_it),
        cmocka_unit_test(hashes_requests_of_any_length),
        cmocka_unit_test(joins_repeated_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
