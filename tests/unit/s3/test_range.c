/* SPDX-License-Identifier: MIT */
/* The Range header: what is served in part, what wholly, what not at all. */
#include "unit/s3/request_kit.h"

#include "s3/request/range.h"

#define ETAG "abc"
#define MODIFIED_MS 1700000000000 /* Tue, 14 Nov 2023 22:13:20 GMT */

typedef struct range_case {
    const char *header;
    uint64_t total;
    int code;
    uint64_t start, length;
} range_case;

static const range_case cases[] = {
    {"bytes=0-9", 100, OL_OK, 0, 10},
    {"bytes=0-0", 100, OL_OK, 0, 1},
    {"bytes=90-", 100, OL_OK, 90, 10},
    {"bytes=99-99", 100, OL_OK, 99, 1},
    {"bytes=90-200", 100, OL_OK, 90, 10},
    {"bytes=0-", 100, OL_OK, 0, 100},
    {"bytes=-10", 100, OL_OK, 90, 10},
    {"bytes=-200", 100, OL_OK, 0, 100},
    {"BYTES=0-9", 100, OL_OK, 0, 10},
    {" bytes= 0-9 ", 100, OL_OK, 0, 10},
    {"bytes=5-99999999999999999999999999", 100, OL_OK, 5, 95},
    {"bytes=-99999999999999999999999999", 100, OL_OK, 0, 100},
    {"bytes=0-18446744073709551615", 100, OL_OK, 0, 100},
    /* Behind the end. */
    {"bytes=100-", 100, OL_ERANGE, 0, 0},
    {"bytes=100-200", 100, OL_ERANGE, 0, 0},
    {"bytes=99999999999999999999999999-", 100, OL_ERANGE, 0, 0},
    {"bytes=18446744073709551615-", 100, OL_ERANGE, 0, 0},
    {"bytes=-0", 100, OL_ERANGE, 0, 0},
    {"bytes=0-", 0, OL_ERANGE, 0, 0},
    {"bytes=-5", 0, OL_ERANGE, 0, 0},
    {"bytes=0-0", 0, OL_ERANGE, 0, 0},
    /* Ignored. */
    {"bytes=9-0", 100, OL_SKIP, 0, 100},
    {"bytes=0-1,5-6", 100, OL_SKIP, 0, 100},
    {"bytes=0-1, -5", 100, OL_SKIP, 0, 100},
    {"bytes=", 100, OL_SKIP, 0, 100},
    {"bytes=-", 100, OL_SKIP, 0, 100},
    {"bytes=5", 100, OL_SKIP, 0, 100},
    {"bytes=a-b", 100, OL_SKIP, 0, 100},
    {"bytes=0-b", 100, OL_SKIP, 0, 100},
    {"bytes=+1-2", 100, OL_SKIP, 0, 100},
    {"bytes=0--5", 100, OL_SKIP, 0, 100},
    {"bytes 0-5", 100, OL_SKIP, 0, 100},
    {"items=0-5", 100, OL_SKIP, 0, 100},
    {"", 100, OL_SKIP, 0, 100},
};

static void reads_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const range_case *c = &cases[i];
        const char *const fields[] = {"Range", c->header, NULL};
        test_request t;
        ol_byte_range range;
        ol_error err = {0};
        test_request_open(&t, "GET", "/b/k", fields);
        int rc = ol_s3_range_of(&t.req.headers, OL_SLICE_LIT(ETAG), MODIFIED_MS, c->total, &range,
                                &err);
        if (rc != c->code ||
            (rc >= 0 && (range.start != c->start || range.length != c->length)))
            fail_msg("\"%s\" of %llu: %d, %llu+%llu", c->header, (unsigned long long)c->total, rc,
                     (unsigned long long)range.start, (unsigned long long)range.length);
        test_request_close(&t);
    }
}

typedef struct if_range_case {
    const char *fields[8];
    int code;
} if_range_case;

static const if_range_case if_ranges[] = {
    {{"Range", "bytes=0-1", "If-Range", "\"abc\"", NULL}, OL_OK},
    {{"Range", "bytes=0-1", "If-Range", "abc", NULL}, OL_OK},
    {{"Range", "bytes=0-1", "If-Range", "\"x\"", NULL}, OL_SKIP},
    {{"Range", "bytes=0-1", "If-Range", "W/\"abc\"", NULL}, OL_SKIP},
    {{"Range", "bytes=0-1", "If-Range", "*", NULL}, OL_SKIP},
    {{"Range", "bytes=0-1", "If-Range", "\"x\", \"abc\"", NULL}, OL_SKIP},
    {{"Range", "bytes=0-1", "If-Range", "Tue, 14 Nov 2023 22:13:20 GMT", NULL}, OL_OK},
    {{"Range", "bytes=0-1", "If-Range", "Tue, 14 Nov 2023 22:13:21 GMT", NULL}, OL_SKIP},
    {{"Range", "bytes=200-", "If-Range", "\"x\"", NULL}, OL_SKIP},
    {{"Range", "bytes=200-", "If-Range", "\"abc\"", NULL}, OL_ERANGE},
    {{"If-Range", "\"abc\"", NULL}, OL_SKIP},
    {{"Range", "bytes=0-1", "Range", "bytes=2-3", NULL}, OL_SKIP},
    {{NULL}, OL_SKIP},
};

static void honours_if_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof if_ranges / sizeof if_ranges[0]; i++) {
        test_request t;
        ol_byte_range range;
        ol_error err = {0};
        test_request_open(&t, "GET", "/b/k", if_ranges[i].fields);
        int rc = ol_s3_range_of(&t.req.headers, OL_SLICE_LIT(ETAG), MODIFIED_MS + 500, 100, &range,
                                &err);
        if (rc != if_ranges[i].code)
            fail_msg("case %zu: %d", i, rc);
        if (rc == OL_SKIP)
            assert_int_equal(range.length, 100);
        test_request_close(&t);
    }
}

static void writes_content_range(void **state)
{
    (void)state;
    char text[OL_CONTENT_RANGE_SIZE];
    ol_byte_range range = {.start = 90, .length = 10};
    ol_s3_content_range(&range, 100, text);
    assert_string_equal(text, "bytes 90-99/100");
    ol_s3_content_range_unsatisfied(100, text);
    assert_string_equal(text, "bytes */100");
    range = (ol_byte_range){.start = 0, .length = UINT64_MAX};
    ol_s3_content_range(&range, UINT64_MAX, text);
    assert_string_equal(text, "bytes 0-18446744073709551614/18446744073709551615");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_ranges),
        cmocka_unit_test(honours_if_range),
        cmocka_unit_test(writes_content_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
