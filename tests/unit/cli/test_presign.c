/* SPDX-License-Identifier: MIT */
/* objlens presign: what stands in a link, where its parts come from, and what is refused. */
#include "process.h"

#include "base/clock.h"
#include "s3/sigv4/sigv4.h"

static void forget_environment(void)
{
    static const char *const names[] = {
        "OBJLENS_ACCESS_KEY", "OBJLENS_SECRET_KEY", "OBJLENS_SESSION_TOKEN", "OBJLENS_ENDPOINT",
        "OBJLENS_REGION",     "AWS_ACCESS_KEY_ID",  "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        "AWS_ENDPOINT_URL",   "AWS_ENDPOINT_URL_S3", "AWS_REGION",           "AWS_DEFAULT_REGION",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
}

static int setup(void **state)
{
    (void)state;
    forget_environment();
    setenv("OBJLENS_ACCESS_KEY", "AKIAEXAMPLE", 1);
    setenv("OBJLENS_SECRET_KEY", "very-secret", 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    forget_environment();
    return 0;
}

static int find_key(void *arg, ol_slice access_key, ol_slice token, ol_sigv4_found_key *found,
                    ol_error *err)
{
    const char *wanted = arg;
    (void)err;
    assert_slice(access_key, "AKIAEXAMPLE");
    assert_slices(token, ol_slice_cstr(wanted));
    found->secret = OL_SLICE_LIT("very-secret");
    return OL_OK;
}

/* The link is what a server of that region and host accepts for that method, for so long. */
static void assert_link_works(ol_slice link, const char *host, const char *method,
                              const char *region, const char *token, int64_t seconds)
{
    ol_arena *arena = ol_arena_new(64 * 1024);
    ol_http_request req = {.method_text = ol_slice_cstr(method), .host = ol_slice_cstr(host)};
    ol_headers_init(&req.headers, arena);
    ol_slice rest = ol_slice_from(link, (size_t)((const uint8_t *)strstr((const char *)link.data,
                                                                        host) -
                                                 link.data) + strlen(host));
    ptrdiff_t mark = ol_slice_find(rest, '?');
    assert_true(mark > 0);
    req.target = rest;
    req.path = ol_slice_first(rest, (size_t)mark);
    req.query = ol_slice_from(rest, (size_t)mark + 1);
    const ol_slice name = ol_slice_cstr(region);
    ol_sigv4_options options = {.now_ms = ol_clock_wall_ms(),
                                .regions = &name,
                                .region_count = 1,
                                .services = OL_SIGV4_S3,
                                .find_key = find_key,
                                .arg = (void *)(uintptr_t)token,
                                .arena = arena};
    ol_sigv4 *sigv4;
    ol_sigv4_result result;
    ol_error err = {0};
    assert_code(ol_sigv4_new(&sigv4), OL_OK);
    assert_code_of(ol_sigv4_check(sigv4, &req, &options, &result, &err), OL_OK, &err);
    assert_true(result.expires_ms - result.signed_ms == 1000 * seconds);
    req.method_text = OL_SLICE_LIT("PATCH");
    assert_code(ol_sigv4_check(sigv4, &req, &options, &result, &err), OL_ESIGNATURE);
    ol_sigv4_destroy(sigv4);
    ol_arena_destroy(arena);
}

static ol_slice line_of(process *p)
{
    assert_ended(p, 0);
    assert_int_equal(p->err.len, 0);
    (void)ol_buf_cstr(&p->out);
    ol_slice text = ol_buf_slice(&p->out);
    assert_true(text.len > 0 && text.data[text.len - 1] == '\n');
    assert_null(strstr((const char *)text.data, "very-secret"));
    return ol_slice_first(text, text.len - 1);
}

static void makes_a_link(void **state)
{
    (void)state;
    process p = PROCESS_INIT;
    process_run(&p, "presign", "get", "s3://orders--ol-s3/a b/+%2F/\xc3\xa9//x");
    ol_slice link = line_of(&p);
    assert_true(ol_slice_starts(link, OL_SLICE_LIT("http://127.0.0.1:9000/orders--ol-s3/a%20b/"
                                                   "%2B%252F/%C3%A9//x?")));
    assert_link_works(link, "127.0.0.1:9000", "GET", "us-east-1", "", 3600);
    process_fini(&p);
}

static void takes_options(void **state)
{
    (void)state;
    process p = PROCESS_INIT;
    process_run(&p, "presign", "PUT", "s3://b/k", "--expires-in", "604800", "--region",
                "eu-west-1", "--endpoint", "https://s3.example.test:443/base/");
    ol_slice link = line_of(&p);
    assert_true(ol_slice_starts(link, OL_SLICE_LIT("https://s3.example.test/base/b/k?")));
    assert_link_works(link, "s3.example.test", "PUT", "eu-west-1", "", 604800);
    process_fini(&p);
}

static void takes_the_environment(void **state)
{
    (void)state;
    forget_environment();
    setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "very-secret", 1);
    setenv("AWS_SESSION_TOKEN", "to/ken=", 1);
    setenv("AWS_ENDPOINT_URL", "http://localhost:9001", 1);
    setenv("AWS_DEFAULT_REGION", "eu-central-1", 1);
    process p = PROCESS_INIT;
    process_run(&p, "presign", "GET", "s3://b");
    ol_slice link = line_of(&p);
    assert_true(ol_slice_starts(link, OL_SLICE_LIT("http://localhost:9001/b?")));
    assert_link_works(link, "localhost:9001", "GET", "eu-central-1", "to/ken=", 3600);
    process_fini(&p);
}

static void refuse(char *const *argv, const char *says)
{
    process p = PROCESS_INIT;
    process_run_argv(&p, argv);
    assert_ended(&p, 2);
    assert_says(&p, says);
    assert_int_equal(p.out.len, 0);
    assert_null(strstr(ol_buf_cstr(&p.err), "very-secret"));
    process_fini(&p);
}

#define REFUSE(says, ...) refuse((char *const[]){"objlens", "presign", ##__VA_ARGS__, NULL}, says)

static void refuses_what_makes_no_link(void **state)
{
    (void)state;
    REFUSE("METHOD", "GET");
    REFUSE("must be GET, HEAD", "FETCH", "s3://b/k");
    REFUSE("must be s3://BUCKET-OR-ALIAS/KEY", "GET", "http://b/k");
    REFUSE("must be s3://BUCKET-OR-ALIAS/KEY", "GET", "s3:///k");
    REFUSE("--expires-in", "GET", "s3://b/k", "--expires-in", "0");
    REFUSE("--expires-in", "GET", "s3://b/k", "--expires-in=604801");
    REFUSE("must begin with http://", "GET", "s3://b/k", "--endpoint", "localhost:9000");
    REFUSE("SCHEME://HOST", "GET", "s3://b/k", "--endpoint", "http://u:p@h/");
    unsetenv("OBJLENS_SECRET_KEY");
    REFUSE("OBJLENS_ACCESS_KEY is set, but OBJLENS_SECRET_KEY is not", "GET", "s3://b/k");
    unsetenv("OBJLENS_ACCESS_KEY");
    REFUSE("no credentials", "GET", "s3://b/k");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_a_link, setup, teardown),
        cmocka_unit_test_setup_teardown(takes_options, setup, teardown),
        cmocka_unit_test_setup_teardown(takes_the_environment, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_makes_no_link, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
