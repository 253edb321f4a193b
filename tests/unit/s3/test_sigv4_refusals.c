/* SPDX-License-Identifier: MIT */
/* Signed requests with one thing wrong at a time: each is refused, in words of its own and without the secret. */
#include "unit/s3/sigv4_kit.h"

typedef struct bad_case {
    const char *method, *target;
    const char *fields[16];
    int code;
    const char *s3_code;
    const char *message; /* a part of it */
} bad_case;

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
    sigv4_kit *kit = kit_new();
    for (size_t i = 0; i + 1 < sizeof bad_cases / sizeof bad_cases[0]; i++) {
        const bad_case *c = &bad_cases[i];
        if (c->code == OL_EINVALIDURI || c->code == OL_EINVALIDTOKEN)
            continue; /* found when the signature is computed, or by whoever knows keys */
        test_request t;
        test_request_open(&t, c->method, c->target, c->fields);
        assert_int_not_equal(kit_check(kit, &t), OL_OK);
        assert_int_equal(kit->asked, 0);
        test_request_close(&t);
    }
    kit_free(kit);
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(asks_for_the_secret_only_when_the_rest_is_right),
        cmocka_unit_test(too_many_parameters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
