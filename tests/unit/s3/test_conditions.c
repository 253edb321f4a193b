/* SPDX-License-Identifier: MIT */
/* Conditional requests: each header alone, then which of two decides. */
#include "unit/s3/request_kit.h"

#include "s3/request/conditions.h"

#define ETAG "9b2cf535f27731c974343645a3985328"
#define MODIFIED_MS 1700000000000 /* Tue, 14 Nov 2023 22:13:20 GMT */
#define MODIFIED "Tue, 14 Nov 2023 22:13:20 GMT"
#define BEFORE "Tue, 14 Nov 2023 22:13:19 GMT"
#define AFTER "Tue, 14 Nov 2023 22:13:21 GMT"

typedef struct read_case {
    const char *fields[8];
    int code;
} read_case;

static const read_case reads[] = {
    {{NULL}, OL_OK},
    {{"If-Match", "\"" ETAG "\"", NULL}, OL_OK},
    {{"If-Match", ETAG, NULL}, OL_OK},
    {{"If-Match", "*", NULL}, OL_OK},
    {{"If-Match", "\"x\", \"" ETAG "\"", NULL}, OL_OK},
    {{"If-Match", "\"x\"", "If-Match", "\"" ETAG "\"", NULL}, OL_OK},
    {{"If-Match", "\"x\"", NULL}, OL_EPRECONDITION},
    {{"If-Match", "W/\"" ETAG "\"", NULL}, OL_EPRECONDITION},
    {{"If-Match", "", NULL}, OL_EPRECONDITION},
    {{"If-Match", "\"\"", NULL}, OL_EPRECONDITION},
    {{"If-None-Match", "\"" ETAG "\"", NULL}, OL_ENOTMODIFIED},
    {{"If-None-Match", ETAG, NULL}, OL_ENOTMODIFIED},
    {{"If-None-Match", "W/\"" ETAG "\"", NULL}, OL_ENOTMODIFIED},
    {{"If-None-Match", "*", NULL}, OL_ENOTMODIFIED},
    {{"If-None-Match", "\"a\" , \"" ETAG "\"", NULL}, OL_ENOTMODIFIED},
    {{"If-None-Match", "\"x\"", NULL}, OL_OK},
    {{"If-Modified-Since", BEFORE, NULL}, OL_OK},
    {{"If-Modified-Since", MODIFIED, NULL}, OL_ENOTMODIFIED},
    {{"If-Modified-Since", AFTER, NULL}, OL_ENOTMODIFIED},
    {{"If-Modified-Since", "soon", NULL}, OL_OK},
    {{"If-Unmodified-Since", BEFORE, NULL}, OL_EPRECONDITION},
    {{"If-Unmodified-Since", MODIFIED, NULL}, OL_OK},
    {{"If-Unmodified-Since", AFTER, NULL}, OL_OK},
    {{"If-Unmodified-Since", "soon", NULL}, OL_OK},
    /* If-Match decides alone, and so does If-None-Match. */
    {{"If-Match", ETAG, "If-Unmodified-Since", BEFORE, NULL}, OL_OK},
    {{"If-Match", "x", "If-Unmodified-Since", AFTER, NULL}, OL_EPRECONDITION},
    {{"If-None-Match", ETAG, "If-Modified-Since", BEFORE, NULL}, OL_ENOTMODIFIED},
    {{"If-None-Match", "x", "If-Modified-Since", AFTER, NULL}, OL_OK},
    /* 412 before 304. */
    {{"If-Match", "x", "If-None-Match", ETAG, NULL}, OL_EPRECONDITION},
    {{"If-Unmodified-Since", BEFORE, "If-Modified-Since", AFTER, NULL}, OL_EPRECONDITION},
    {{"If-Match", ETAG, "If-None-Match", ETAG, NULL}, OL_ENOTMODIFIED},
};

static void decides_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
        /* A fraction of a second does not make an object newer than its own date. */
        for (int fraction_ms = 0; fraction_ms < 1000; fraction_ms += 999) {
            test_request t;
            ol_error err = {0};
            test_request_open(&t, "GET", "/b/k", reads[i].fields);
            int rc = ol_s3_conditions_read(&t.req.headers, OL_SLICE_LIT(ETAG),
                                           MODIFIED_MS + fraction_ms, &err);
            if (rc != reads[i].code || err.code != rc)
                fail_msg("case %zu: %s", i, ol_code_name(rc));
            test_request_close(&t);
        }
    }
}

/* The same rules for a copy's source, but that "it has not changed" is no 304. */
static void decides_copies(void **state)
{
    (void)state;
    static const struct {
        const char *fields[8];
        int code;
    } cases[] = {
        {{NULL}, OL_OK},
        {{"If-Match", "other", NULL}, OL_OK}, /* speaks of the destination */
        {{"x-amz-copy-source-if-match", "\"" ETAG "\"", NULL}, OL_OK},
        {{"x-amz-copy-source-if-match", "\"other\"", NULL}, OL_EPRECONDITION},
        {{"x-amz-copy-source-if-none-match", ETAG, NULL}, OL_EPRECONDITION},
        {{"x-amz-copy-source-if-none-match", "other", NULL}, OL_OK},
        {{"x-amz-copy-source-if-modified-since", AFTER, NULL}, OL_EPRECONDITION},
        {{"x-amz-copy-source-if-modified-since", BEFORE, NULL}, OL_OK},
        {{"x-amz-copy-source-if-unmodified-since", BEFORE, NULL}, OL_EPRECONDITION},
        {{"x-amz-copy-source-if-unmodified-since", BEFORE, "x-amz-copy-source-if-match", ETAG,
          NULL},
         OL_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_request t;
        ol_error err = {0};
        test_request_open(&t, "PUT", "/b/k", cases[i].fields);
        int rc = ol_s3_conditions_copy(&t.req.headers, OL_SLICE_LIT(ETAG), MODIFIED_MS, &err);
        if (rc != cases[i].code || err.code != rc)
            fail_msg("case %zu: %s", i, ol_code_name(rc));
        test_request_close(&t);
    }
}

typedef struct write_case {
    const char *fields[8];
    int code;
    bool none_match_any;
    const char *none_match, *match;
} write_case;

static const write_case writes[] = {
    {{NULL}, OL_OK, false, "", ""},
    {{"If-None-Match", "*", NULL}, OL_OK, true, "", ""},
    {{"If-None-Match", "\"" ETAG "\"", NULL}, OL_OK, false, ETAG, ""},
    {{"If-Match", "\"" ETAG "\"", NULL}, OL_OK, false, "", ETAG},
    {{"If-Match", ETAG, NULL}, OL_OK, false, "", ETAG},
    {{"If-Match", "*", NULL}, OL_OK, false, "", "*"},
    {{"If-Match", "\"*\"", NULL}, OL_ENOTIMPLEMENTED, false, "", ""},
    {{"If-None-Match", "*", "If-None-Match", "*", NULL}, OL_ENOTIMPLEMENTED, false, "", ""},
    {{"If-None-Match", "\"*\"", NULL}, OL_ENOTIMPLEMENTED, false, "", ""},
    {{"If-Match", "\"a\", \"b\"", NULL}, OL_ENOTIMPLEMENTED, false, "", ""},
    {{"If-Match", "a, b", NULL}, OL_ENOTIMPLEMENTED, false, "", ""},
    {{"If-Match", "W/\"a\"", NULL}, OL_ENOTIMPLEMENTED, false, "", ""},
    {{"If-Match", "", NULL}, OL_ENOTIMPLEMENTED, false, "", ""},
    {{"If-Match", ETAG, "If-None-Match", "*", NULL}, OL_ENOTIMPLEMENTED, false, "", ""},
    {{"If-Modified-Since", BEFORE, NULL}, OL_ENOTIMPLEMENTED, false, "", ""},
    {{"If-Unmodified-Since", BEFORE, NULL}, OL_ENOTIMPLEMENTED, false, "", ""},
};

static void decides_writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        test_request t;
        ol_error err = {0};
        ol_s3_write_conditions out;
        test_request_open(&t, "PUT", "/b/k", writes[i].fields);
        int rc = ol_s3_conditions_write(&t.req.headers, &out, &err);
        if (rc != writes[i].code)
            fail_msg("case %zu: %s", i, ol_code_name(rc));
        if (rc == OL_OK) {
            assert_int_equal(out.if_none_match_any, writes[i].none_match_any);
            assert_slices(out.if_none_match, ol_slice_cstr(writes[i].none_match));
            assert_slices(out.if_match, ol_slice_cstr(writes[i].match));
        }
        test_request_close(&t);
    }
}

static void decides_removals(void **state)
{
    (void)state;
    static const char modified[] = "x-amz-if-match-last-modified-time";
    static const struct {
        const char *fields[8];
        int code;
        const char *match;
        int64_t modified_ms, size;
    } cases[] = {
        {{NULL}, OL_OK, "", -1, -1},
        {{"If-Match", "\"" ETAG "\"", NULL}, OL_OK, ETAG, -1, -1},
        {{"If-Match", "*", NULL}, OL_OK, "*", -1, -1},
        {{modified, "Thu, 01 Jan 1970 00:00:07 GMT", NULL}, OL_OK, "", 7000, -1},
        {{modified, "yesterday", NULL}, OL_EINVAL, "", 0, 0},
        {{"x-amz-if-match-size", "0", NULL}, OL_OK, "", -1, 0},
        {{"x-amz-if-match-size", "-1", NULL}, OL_EINVAL, "", 0, 0},
        {{"x-amz-if-match-size", "9223372036854775808", NULL}, OL_EINVAL, "", 0, 0},
        {{"If-None-Match", "*", NULL}, OL_ENOTIMPLEMENTED, "", 0, 0},
        {{"If-Modified-Since", BEFORE, NULL}, OL_ENOTIMPLEMENTED, "", 0, 0},
        {{"If-Unmodified-Since", BEFORE, NULL}, OL_ENOTIMPLEMENTED, "", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_request t;
        ol_error err = {0};
        ol_s3_remove_conditions out;
        test_request_open(&t, "DELETE", "/b/k", cases[i].fields);
        int rc = ol_s3_conditions_remove(&t.req.headers, &out, &err);
        if (rc != cases[i].code)
            fail_msg("case %zu: %s", i, ol_code_name(rc));
        if (rc == OL_OK) {
            assert_slices(out.if_match, ol_slice_cstr(cases[i].match));
            assert_int_equal(out.if_modified_ms, cases[i].modified_ms);
            assert_int_equal(out.if_size, cases[i].size);
        }
        test_request_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_reads),
        cmocka_unit_test(decides_copies),
        cmocka_unit_test(decides_writes),
        cmocka_unit_test(decides_removals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
