/* SPDX-License-Identifier: MIT */
/* Presigned URLs: AWS's published example, URLs made by botocore, and each thing that can be wrong
 * with one. */
#include "unit/s3/sigv4_kit.h"

#define EXAMPLE_HOST "Host", "examplebucket.s3.amazonaws.com"
#define CREDENTIAL "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
/* "Authenticating Requests: Using Query Parameters" in the S3 API reference. */
#define EXAMPLE                                                                                    \
    "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&" CREDENTIAL                                       \
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"                    \
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"

static int check_url(sigv4_kit *kit, const char *method, const char *target,
                     const char *const *fields)
{
    test_request t;
    test_request_open(&t, method, target, fields);
    int rc = kit_check(kit, &t);
    test_request_close(&t);
    return rc;
}

static const char *const example_fields[] = {EXAMPLE_HOST, NULL};

static void accepts_the_published_example(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    test_request t;
    test_request_open(&t, "GET", EXAMPLE, example_fields);
    assert_code_of(kit_check(kit, &t), OL_OK, &kit->err);
    assert_int_equal(kit->result.type, OL_AUTH_QUERY);
    assert_slice(kit->result.access_key, KEY_ID);
    assert_slice(kit->result.signed_headers, "host");
    assert_int_equal(kit->result.payload, OL_PAYLOAD_UNSIGNED);
    assert_true(kit->result.signed_ms == NOW_MS);
    assert_true(kit->result.expires_ms == NOW_MS + 86400 * 1000ll);
    assert_true(kit->result.age_ms == 0);
    assert_ptr_equal(kit->result.owner, kit);
    assert_null(kit->result.token.data);
    kit->options.now_ms = NOW_MS + 5000;
    assert_code(kit_check(kit, &t), OL_OK);
    assert_true(kit->result.age_ms == 5000);
    test_request_close(&t);
    kit_free(kit);
}

static void notices_every_change(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    char target[600];
    size_t len = strlen(EXAMPLE);
    for (size_t i = 1; i < len; i++) {
        for (int bit = 0; bit < 3; bit++) {
            static const char flips[] = {0x01, 0x02, 0x20};
            strcpy(target, EXAMPLE);
            target[i] = (char)(target[i] ^ flips[bit]);
            if (check_url(kit, "GET", target, example_fields) != OL_OK)
                continue;
            /* Spellings of the same thing: %2F and %2f, and names without case. */
            bool same = strcasecmp(target, EXAMPLE) == 0;
            if (!same)
                fail_msg("byte %zu (%c) is not noticed: %s", i, EXAMPLE[i], target);
        }
    }
    assert_code(check_url(kit, "PUT", EXAMPLE, example_fields), OL_ESIGNATURE);
    assert_code(check_url(kit, "GET", EXAMPLE "&x=1", example_fields), OL_ESIGNATURE);
    assert_code(check_url(kit, "GET", EXAMPLE "&versionId=1", example_fields), OL_ESIGNATURE);
    static const char *const other_host[] = {"Host", "other.s3.amazonaws.com", NULL};
    assert_code(check_url(kit, "GET", EXAMPLE, other_host), OL_ESIGNATURE);
    kit_free(kit);
}

static void ends_when_it_said(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    const int64_t end_ms = NOW_MS + 86400 * 1000ll, quarter_ms = 15 * 60 * 1000;
    kit->options.now_ms = end_ms - 1;
    assert_code(check_url(kit, "GET", EXAMPLE, example_fields), OL_OK);
    kit->options.now_ms = end_ms;
    assert_code(check_url(kit, "GET", EXAMPLE, example_fields), OL_EACCESS);
    assert_string_equal(kit->err.s3_code, "AccessDenied");
    assert_string_equal(kit->err.message, "Request has expired");
    assert_string_equal(kit->noted, "X-Amz-Expires=86400\nExpires=2013-05-25T00:00:00.000Z\n"
                                    "ServerTime=2013-05-25T00:00:00.000Z\n");
    kit->options.now_ms = NOW_MS - quarter_ms;
    assert_code(check_url(kit, "GET", EXAMPLE, example_fields), OL_OK);
    kit->options.now_ms = NOW_MS - quarter_ms - 1;
    assert_code(check_url(kit, "GET", EXAMPLE, example_fields), OL_EACCESS);
    assert_string_equal(kit->err.message, "Request is not valid yet");
    kit_free(kit);
}

/* ---- one thing wrong at a time ---- */

#define URL(algorithm, credential, date, expires, headers, signature)                              \
    "/k?X-Amz-Algorithm=" algorithm "&X-Amz-Credential=" credential "&X-Amz-Date=" date            \
    "&X-Amz-Expires=" expires "&X-Amz-SignedHeaders=" headers "&X-Amz-Signature=" signature
#define ALGORITHM "AWS4-HMAC-SHA256"
#define KEY "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
#define URL_DATE "20130524T000000Z"

static const struct {
    const char *target;
    int code;
    const char *s3_code, *message;
} bad[] = {
    {"/k?X-Amz-Signature=" ZEROS, OL_EAUTHQUERY, "AuthorizationQueryParametersError",
     "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
     "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."},
    {"/k?X-Amz-Algorithm=" ALGORITHM "&X-Amz-Credential=" KEY "&X-Amz-Date=" URL_DATE
     "&X-Amz-SignedHeaders=host&X-Amz-Signature=" ZEROS,
     OL_EAUTHQUERY, "AuthorizationQueryParametersError", "requires"},
    {URL("AWS4-HMAC-SHA1", KEY, URL_DATE, "60", "host", ZEROS), OL_EAUTHQUERY,
     "AuthorizationQueryParametersError",
     "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\""},
    {URL("AWS4-ECDSA-P256-SHA256", KEY, URL_DATE, "60", "host", ZEROS), OL_ENOTIMPLEMENTED,
     "NotImplemented", "ECDSA"},
    {URL(ALGORITHM, "AKID", URL_DATE, "60", "host", ZEROS), OL_EAUTHQUERY,
     "AuthorizationQueryParametersError",
     "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
     "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."},
    {URL(ALGORITHM, "A/20130524/us-east-1/s3/aws3_request", URL_DATE, "60", "host", ZEROS),
     OL_EAUTHQUERY, "AuthorizationQueryParametersError", "incorrect terminal"},
    {URL(ALGORITHM, "A/2013/us-east-1/s3/aws4_request", URL_DATE, "60", "host", ZEROS), OL_EAUTHQUERY,
     "AuthorizationQueryParametersError", "date format"},
    {URL(ALGORITHM, "A/20130524/us-east-1/ec2/aws4_request", URL_DATE, "60", "host", ZEROS),
     OL_EAUTHQUERY, "AuthorizationQueryParametersError", "incorrect service"},
    {URL(ALGORITHM, "A/20130524/us-west-1/s3/aws4_request", URL_DATE, "60", "host", ZEROS),
     OL_EAUTHQUERY, "AuthorizationQueryParametersError",
     "the region 'us-west-1' is wrong; expecting 'us-east-1'"},
    {URL(ALGORITHM, "A/20130525/us-east-1/s3/aws4_request", URL_DATE, "60", "host", ZEROS),
     OL_EAUTHQUERY, "AuthorizationQueryParametersError", "Invalid credential date \"20130525\""},
    {URL(ALGORITHM, KEY, "today", "60", "host", ZEROS), OL_EAUTHQUERY,
     "AuthorizationQueryParametersError", "X-Amz-Date must be in the ISO8601 Long Format"},
    {URL(ALGORITHM, KEY, URL_DATE, "soon", "host", ZEROS), OL_EAUTHQUERY,
     "AuthorizationQueryParametersError", "X-Amz-Expires should be a number"},
    {URL(ALGORITHM, KEY, URL_DATE, "", "host", ZEROS), OL_EAUTHQUERY,
     "AuthorizationQueryParametersError", "X-Amz-Expires should be a number"},
    {URL(ALGORITHM, KEY, URL_DATE, "-1", "host", ZEROS), OL_EAUTHQUERY,
     "AuthorizationQueryParametersError", "X-Amz-Expires must be non-negative"},
    {URL(ALGORITHM, KEY, URL_DATE, "604801", "host", ZEROS), OL_EAUTHQUERY,
     "AuthorizationQueryParametersError",
     "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must "
     "be less than 604800 seconds"},
    {URL(ALGORITHM, KEY, URL_DATE, "99999999999999999999999", "host", ZEROS), OL_EAUTHQUERY,
     "AuthorizationQueryParametersError", "less than a week"},
    {URL(ALGORITHM, KEY, URL_DATE, "0", "host", ZEROS), OL_EACCESS, "AccessDenied",
     "Request has expired"},
    {URL(ALGORITHM, KEY, URL_DATE, "604800", "host", ZEROS), OL_ESIGNATURE, "SignatureDoesNotMatch",
     "does not match"},
    {URL(ALGORITHM, KEY, URL_DATE, "60", "range", ZEROS), OL_EAUTHQUERY,
     "AuthorizationQueryParametersError", "'host' must be one of the SignedHeaders"},
    {URL(ALGORITHM, KEY, URL_DATE, "60", "", ZEROS), OL_EAUTHQUERY,
     "AuthorizationQueryParametersError", "X-Amz-SignedHeaders"},
    {URL(ALGORITHM, KEY, URL_DATE, "60", "host%3bhost", ZEROS), OL_EAUTHQUERY,
     "AuthorizationQueryParametersError", "distinct"},
    {URL(ALGORITHM, KEY, URL_DATE, "60", "host", "abc"), OL_EAUTHQUERY,
     "AuthorizationQueryParametersError", "X-Amz-Signature"},
    {URL(ALGORITHM, KEY, URL_DATE, "60", "host", ZEROS) "&x-amz-expires=600", OL_EAUTHQUERY,
     "AuthorizationQueryParametersError", "more than once"},
    {URL(ALGORITHM, KEY, URL_DATE, "60", "host", ZEROS) "&X-Amz-Content-Sha256=x", OL_EINVAL,
     "InvalidArgument", "valid sha256"},
    {URL(ALGORITHM, KEY, "%zz", "60", "host", ZEROS), OL_EINVALIDURI, "InvalidURI", "parse"},
    {URL(ALGORITHM, KEY, URL_DATE, "60", "host", ZEROS) "&X-Amz-Security-Token=t", OL_EINVALIDTOKEN,
     "InvalidToken", "token"},
    {URL(ALGORITHM, "NOBODY/20130524/us-east-1/s3/aws4_request", URL_DATE, "60", "host", ZEROS),
     OL_EACCESSKEY, "InvalidAccessKeyId", "does not exist"},
    {"/k?AWSAccessKeyId=A&Signature=s&Expires=1", OL_EINVALIDREQUEST, "InvalidRequest",
     "The authorization mechanism you have provided is not supported. Please use "
     "AWS4-HMAC-SHA256."},
};

static void names_what_is_wrong(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int rc = check_url(kit, "GET", bad[i].target, example_fields);
        if (rc != bad[i].code || strcmp(kit->err.s3_code, bad[i].s3_code) != 0 ||
            !strstr(kit->err.message, bad[i].message))
            fail_msg("%s: %s, %s, \"%s\"", bad[i].target, ol_code_name(rc), kit->err.s3_code,
                     kit->err.message);
    }
    kit_free(kit);
}

static void old_urls_are_no_authentication_at_an_olap(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    kit->options.object_lambda = true;
    assert_code(check_url(kit, "GET", "/k?AWSAccessKeyId=A&Signature=s&Expires=1", example_fields),
                OL_EMISSINGAUTH);
    assert_string_equal(kit->err.s3_code, "MissingAuthenticationToken");
    assert_string_equal(kit->err.message, "Missing authentication token.");
    assert_int_equal(kit->err.status, 403);
    kit_free(kit);
}

static void takes_one_mechanism(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    static const char *const both[] = {EXAMPLE_HOST, "Authorization", "AWS4-HMAC-SHA256 x", NULL};
    assert_code(check_url(kit, "GET", EXAMPLE, both), OL_EINVAL);
    assert_non_null(strstr(kit->err.message, "Only one auth mechanism allowed"));
    kit_free(kit);
}

static void refuses_headers_that_nobody_signed(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    static const char *const acl[] = {EXAMPLE_HOST, "X-Amz-Acl", "public-read", NULL};
    assert_code(check_url(kit, "GET", EXAMPLE, acl), OL_EACCESS);
    assert_string_equal(kit->noted, "HeadersNotSigned=x-amz-acl\n");
    static const char *const plain[] = {EXAMPLE_HOST, "Content-Type", "text/plain", NULL};
    assert_code(check_url(kit, "GET", EXAMPLE, plain), OL_OK);
    kit_free(kit);
}

static void anonymous_is_a_choice(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    assert_code(check_url(kit, "GET", "/k", example_fields), OL_EMISSINGAUTH);
    assert_string_equal(kit->err.s3_code, "AccessDenied");
    kit->options.allow_anonymous = true;
    assert_code(check_url(kit, "GET", "/k?x-amz-date=1", example_fields), OL_OK);
    assert_int_equal(kit->result.type, OL_AUTH_ANONYMOUS);
    assert_int_equal(kit->result.payload, OL_PAYLOAD_NONE);
    assert_int_equal(kit->result.access_key.len, 0);
    assert_int_equal(kit->asked, 0);
    static const char *const trailer[] = {EXAMPLE_HOST, "x-amz-content-sha256",
                                          "STREAMING-UNSIGNED-PAYLOAD-TRAILER", NULL};
    assert_code(check_url(kit, "PUT", "/k", trailer), OL_OK);
    assert_int_equal(kit->result.payload, OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER);
    static const char *const chunks[] = {EXAMPLE_HOST, "x-amz-content-sha256",
                                         "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", NULL};
    assert_code(check_url(kit, "PUT", "/k", chunks), OL_EINVALIDREQUEST);
    /* A signature that is wrong does not become anonymous. */
    assert_code(check_url(kit, "GET", "/k?X-Amz-Signature=" ZEROS, example_fields), OL_EAUTHQUERY);
    kit_free(kit);
}

/* ---- what a client is told about a signature that differs ---- */

static void explains_a_mismatch(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    char target[600];
    strcpy(target, EXAMPLE);
    target[1] = 'T';
    assert_code(check_url(kit, "GET", target, example_fields), OL_ESIGNATURE);
    const char *noted = kit->noted;
    assert_non_null(strstr(noted, "AWSAccessKeyId=" KEY_ID "\n"));
    assert_non_null(strstr(noted, "SignatureProvided=aeeed9bb"));
    assert_non_null(strstr(noted, "StringToSign=AWS4-HMAC-SHA256\n20130524T000000Z\n"
                                  "20130524/us-east-1/s3/aws4_request\n"));
    assert_non_null(strstr(noted, "StringToSignBytes=41 57 53 34 2d"));
    assert_non_null(strstr(noted, "CanonicalRequest=GET\n/Test.txt\nX-Amz-Algorithm="));
    assert_non_null(strstr(noted, "host:examplebucket.s3.amazonaws.com\n\nhost\nUNSIGNED-PAYLOAD"));
    assert_non_null(strstr(noted, "CanonicalRequestBytes=47 45 54 0a 2f"));
    assert_null(strstr(noted, SECRET));
    kit_free(kit);
}

static void a_mismatch_gives_no_secret_away(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    static const char *const fields[] = {
        EXAMPLE_HOST, "x-amz-security-token", SESSION_TOKEN,
        "x-amz-server-side-encryption-customer-key", "c2VjcmV0", "x-amz-date", URL_DATE,
        "x-amz-content-sha256", "UNSIGNED-PAYLOAD", "Authorization",
        "AWS4-HMAC-SHA256 Credential=" SESSION_KEY "/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=authorization;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;"
        "x-amz-server-side-encryption-customer-key, Signature=" ZEROS,
        NULL};
    assert_code(check_url(kit, "GET", "/k", fields), OL_ESIGNATURE);
    assert_non_null(strstr(kit->noted, "x-amz-security-token:(hidden)\n"));
    assert_null(strstr(kit->noted, SESSION_TOKEN));
    assert_null(strstr(kit->noted, "c2VjcmV0"));
    assert_non_null(strstr(kit->noted, "authorization:(hidden)\n"));
    assert_code(check_url(kit, "GET",
                          URL(ALGORITHM, SESSION_KEY "/20130524/us-east-1/s3/aws4_request", URL_DATE,
                              "60", "host", ZEROS) "&X-Amz-Security-Token=FwoGZXIvYXdzE%2Bx%2F%3D%3D",
                          example_fields),
                OL_ESIGNATURE);
    assert_non_null(strstr(kit->noted, "X-Amz-Security-Token=(hidden)"));
    assert_null(strstr(kit->noted, "FwoGZXIv"));
    kit_free(kit);
}

static void tells_a_clock_that_is_off(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    static const char *const fields[] = {
        EXAMPLE_HOST, "x-amz-date", "20130524T010000Z", "x-amz-content-sha256", "UNSIGNED-PAYLOAD",
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=" KEY ", SignedHeaders=host, Signature=" ZEROS, NULL};
    assert_code(check_url(kit, "GET", "/k", fields), OL_ESKEW);
    assert_string_equal(kit->noted,
                        "RequestTime=20130524T010000Z\nServerTime=2013-05-24T00:00:00.000Z\n"
                        "MaxAllowedSkewMilliseconds=900000\n");
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_published_example),
        cmocka_unit_test(notices_every_change),
        cmocka_unit_test(ends_when_it_said),
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(old_urls_are_no_authentication_at_an_olap),
        cmocka_unit_test(takes_one_mechanism),
        cmocka_unit_test(refuses_headers_that_nobody_signed),
        cmocka_unit_test(anonymous_is_a_choice),
        cmocka_unit_test(explains_a_mismatch),
        cmocka_unit_test(a_mismatch_gives_no_secret_away),
        cmocka_unit_test(tells_a_clock_that_is_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
