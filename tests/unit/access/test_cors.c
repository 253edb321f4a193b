/* SPDX-License-Identifier: MIT */
/* Which cross-origin requests get which headers: preflights and actual requests. */
#include <stdio.h>

#include "lib/check.h"

#include "access/cors.h"

#define RULE(content) "<CORSRule>" content "</CORSRule>"
#define ORIGIN(o) "<AllowedOrigin>" o "</AllowedOrigin>"
#define METHOD(m) "<AllowedMethod>" m "</AllowedMethod>"
#define HEADER(h) "<AllowedHeader>" h "</AllowedHeader>"

static ol_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = ol_arena_new(1 << 20);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    ol_arena_destroy(arena);
    return 0;
}

static ol_cors *rules(const char *content)
{
    char xml[4096];
    ol_cors *cors;
    ol_error err = {0};
    int len = snprintf(xml, sizeof xml, "<CORSConfiguration>%s</CORSConfiguration>", content);
    assert_code_of(ol_cors_parse(ol_slice_of(xml, (size_t)len), &cors, &err), OL_OK, &err);
    return cors;
}

static ol_headers headers_of(const char *origin, const char *method, const char *headers)
{
    const char *const pairs[][2] = {{"Origin", origin},
                                    {"Access-Control-Request-Method", method},
                                    {"Access-Control-Request-Headers", headers}};
    ol_headers request;
    ol_headers_init(&request, arena);
    for (size_t i = 0; i < 3; i++)
        if (pairs[i][1])
            assert_code(ol_headers_add(&request, ol_slice_cstr(pairs[i][0]),
                                       ol_slice_cstr(pairs[i][1])),
                        OL_OK);
    return request;
}

static int preflight(const ol_cors *cors, const char *origin, const char *method,
                     const char *headers, ol_headers *answer, ol_error *err)
{
    ol_headers request = headers_of(origin, method, headers);
    ol_headers_init(answer, arena);
    ol_error_clear(err);
    return ol_cors_preflight(cors, &request, answer, err);
}

static void actual(const ol_cors *cors, const char *verb, const char *origin, const char *method,
                   const char *headers, ol_headers *answer)
{
    ol_headers request = headers_of(origin, method, headers);
    ol_headers_init(answer, arena);
    assert_code(ol_cors_actual(cors, ol_slice_cstr(verb), &request, answer), OL_OK);
}

static void assert_header(const ol_headers *answer, const char *name, const char *want)
{
    ol_slice value = ol_headers_get(answer, name);
    if ((value.data != NULL) != (want != NULL))
        fail_msg("%s: %s", name, value.data ? "is there" : "is missing");
    if (want)
        assert_slices(value, ol_slice_cstr(want));
}

static void answers_a_preflight_wholly(void **state)
{
    (void)state;
    ol_cors *cors = rules(RULE(ORIGIN("http://a") METHOD("GET") METHOD("PUT") HEADER("X-Amz-*")
                               HEADER("content-type") "<ExposeHeader>ETag</ExposeHeader>"
                               "<ExposeHeader>x-b</ExposeHeader>"
                               "<MaxAgeSeconds>30</MaxAgeSeconds>"));
    ol_headers answer;
    ol_error err = {0};
    assert_code_of(preflight(cors, "http://a", "PUT", "x-amz-Date, Content-Type,", &answer, &err),
                   OL_OK, &err);
    assert_header(&answer, "access-control-allow-origin", "http://a");
    assert_header(&answer, "access-control-allow-credentials", "true");
    assert_header(&answer, "access-control-allow-methods", "GET, PUT");
    assert_header(&answer, "access-control-allow-headers", "x-amz-date, content-type");
    assert_header(&answer, "access-control-expose-headers", "ETag, x-b");
    assert_header(&answer, "access-control-max-age", "30");
    assert_header(&answer, "vary",
                  "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
    assert_int_equal(answer.count, 7);
    ol_cors_release(cors);
}

/* "*" is no invitation to send credentials. */
static void anybody_gets_no_credentials(void **state)
{
    (void)state;
    ol_cors *cors = rules(RULE(ORIGIN("*") METHOD("GET")));
    ol_headers answer;
    ol_error err = {0};
    assert_code(preflight(cors, "http://a", "GET", NULL, &answer, &err), OL_OK);
    assert_header(&answer, "access-control-allow-origin", "*");
    assert_header(&answer, "access-control-allow-credentials", NULL);
    assert_header(&answer, "access-control-allow-headers", NULL);
    assert_header(&answer, "access-control-expose-headers", NULL);
    assert_header(&answer, "access-control-max-age", NULL);
    ol_cors_release(cors);
    /* A pattern that is more than "*" is one origin after all. */
    cors = rules(RULE(ORIGIN("http*") METHOD("GET")));
    actual(cors, "GET", "http://a", NULL, NULL, &answer);
    assert_header(&answer, "access-control-allow-origin", "http://a");
    assert_header(&answer, "access-control-allow-credentials", "true");
    ol_cors_release(cors);
}

static void refuses_preflights(void **state)
{
    (void)state;
    ol_cors *cors = rules(RULE(ORIGIN("http://a") METHOD("GET") HEADER("x-a")));
    static const struct {
        const char *origin, *method, *headers;
        int status;
        const char *message; /* its beginning */
    } cases[] = {
        {NULL, "GET", NULL, 400, "Insufficient information. Origin request header needed."},
        {"", "GET", NULL, 400, "Insufficient information."},
        {"http://a", NULL, NULL, 400, "Invalid Access-Control-Request-Method: null"},
        {"http://a", "BREW", NULL, 400, "Invalid Access-Control-Request-Method: BREW"},
        {"http://a", "PUT", NULL, 403, "CORSResponse: This CORS request is not allowed."},
        {"http://b", "GET", NULL, 403, "CORSResponse: This CORS request is not allowed."},
        {"HTTP://A", "GET", NULL, 403, "CORSResponse: This CORS request is not allowed."},
        {"http://a", "GET", "x-b", 403, "CORSResponse: This CORS request is not allowed."},
        {"http://a", "GET", "x-a, x-b", 403, "CORSResponse: This CORS request is not allowed."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_headers answer;
        ol_error err = {0};
        preflight(cors, cases[i].origin, cases[i].method, cases[i].headers, &answer, &err);
        assert_int_equal(err.status, cases[i].status);
        assert_string_equal(err.s3_code, cases[i].status == 400 ? "BadRequest" : "AccessForbidden");
        if (strncmp(err.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%zu: %s", i, err.message);
        assert_int_equal(answer.count, 0);
    }
    ol_cors_release(cors);
}

static void says_when_there_are_no_rules(void **state)
{
    (void)state;
    ol_headers answer;
    ol_error err = {0};
    assert_code(preflight(NULL, "http://a", "GET", NULL, &answer, &err), OL_EFORBIDDENCORS);
    assert_string_equal(err.message, "CORSResponse: CORS is not enabled for this bucket.");
    /* What is wrong with the request itself is said first. */
    assert_code(preflight(NULL, NULL, "GET", NULL, &answer, &err), OL_EPROTOCOL);
    actual(NULL, "GET", "http://a", NULL, NULL, &answer);
    assert_int_equal(answer.count, 0);
}

static void matches_origins(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *origin;
        bool fits;
    } cases[] = {
        {"*suffix", "foo.suffix", true},  {"*suffix", "suffix", true},
        {"*suffix", "foo.suffix.b", false}, {"start*end", "startend", true},
        {"start*end", "start1end", true}, {"start*end", "0start1end", false},
        {"start*end", "stend", false},    {"aa*aa", "aaa", false},
        {"aa*aa", "aaaa", true},          {"prefix*", "prefix", true},
        {"prefix*", "a.prefix", false},   {"exact", "exact", true},
        {"exact", "exac", false},         {"*", "anything", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char content[200];
        ol_headers answer;
        snprintf(content, sizeof content, RULE(ORIGIN("%s") METHOD("GET")), cases[i].pattern);
        ol_cors *cors = rules(content);
        actual(cors, "GET", cases[i].origin, NULL, NULL, &answer);
        if ((answer.count > 0) != cases[i].fits)
            fail_msg("%s, %s", cases[i].pattern, cases[i].origin);
        ol_cors_release(cors);
    }
}

/* The method that is asked for counts, on every verb; else the verb does. */
static void takes_the_requested_method(void **state)
{
    (void)state;
    ol_cors *cors = rules(RULE(ORIGIN("a") METHOD("GET")) RULE(ORIGIN("b") METHOD("PUT")));
    ol_headers answer;
    actual(cors, "PUT", "a", "GET", NULL, &answer);
    assert_header(&answer, "access-control-allow-origin", "a");
    actual(cors, "PUT", "a", NULL, NULL, &answer);
    assert_int_equal(answer.count, 0);
    actual(cors, "GET", "a", "PUT", NULL, &answer);
    assert_int_equal(answer.count, 0);
    actual(cors, "PUT", "b", NULL, NULL, &answer);
    assert_header(&answer, "access-control-allow-methods", "PUT");
    actual(cors, "HEAD", "a", NULL, NULL, &answer);
    assert_int_equal(answer.count, 0);
    ol_cors_release(cors);
}

static void the_first_rule_that_fits_decides(void **state)
{
    (void)state;
    ol_cors *cors = rules(RULE(ORIGIN("a") METHOD("GET") HEADER("x-1")) RULE(
        ORIGIN("*") METHOD("GET") METHOD("PUT") HEADER("*")) RULE(ORIGIN("a") METHOD("GET")));
    ol_headers answer;
    actual(cors, "GET", "a", NULL, "x-1", &answer);
    assert_header(&answer, "access-control-allow-origin", "a");
    actual(cors, "GET", "a", NULL, "x-2", &answer);
    assert_header(&answer, "access-control-allow-origin", "*");
    assert_header(&answer, "access-control-allow-methods", "GET, PUT");
    ol_cors_release(cors);
}

static void an_origin_cannot_split_the_answer(void **state)
{
    (void)state;
    ol_cors *cors = rules(RULE(ORIGIN("*x") METHOD("GET")));
    ol_headers request, answer;
    ol_headers_init(&request, arena);
    ol_headers_init(&answer, arena);
    assert_code(ol_headers_borrow(&request, OL_SLICE_LIT("Origin"), OL_SLICE_LIT("a\r\nb: x")),
                OL_OK);
    assert_true(ol_cors_actual(cors, OL_SLICE_LIT("GET"), &request, &answer) < 0);
    ol_cors_release(cors);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_a_preflight_wholly),
        TEST(anybody_gets_no_credentials),
        TEST(refuses_preflights),
        TEST(says_when_there_are_no_rules),
        TEST(matches_origins),
        TEST(takes_the_requested_method),
        TEST(the_first_rule_that_fits_decides),
        TEST(an_origin_cannot_split_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
