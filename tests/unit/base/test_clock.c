/* SPDX-License-Identifier: MIT */
/* Dates, against the C library's own calendar, and against the examples of the RFCs. */
#include "lib/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define EXAMPLE_MS 784111777000 /* Sun, 06 Nov 1994 08:49:37 GMT */

static void agrees_with_the_library(void **state)
{
    (void)state;
    ol_test_random random = {.state = 3};
    for (int i = 0; i < 50000; i++) {
        /* Years 0000 to 9999. */
        time_t second = (time_t)ol_test_random_below(&random, 315569520000ull) - 62167219200;
        struct tm tm;
        char want[64], got[OL_ISO8601_SIZE], http[OL_HTTP_DATE_SIZE], amz[OL_AMZ_DATE_SIZE];
        assert_non_null(gmtime_r(&second, &tm));
        ol_clock_iso8601(second * 1000 + 7, got);
        snprintf(want, sizeof(want), "%04d-%02d-%02dT%02d:%02d:%02d.007Z", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        assert_string_equal(got, want);
        ol_clock_amz_date(second * 1000, amz);
        snprintf(want, sizeof(want), "%04d%02d%02dT%02d%02d%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        assert_string_equal(amz, want);
        ol_clock_http_date(second * 1000, http);
        char days[32];
        strftime(days, sizeof(days), "%a, %d %b ", &tm);
        snprintf(want, sizeof(want), "%s%04d %02d:%02d:%02d GMT", days, tm.tm_year + 1900,
                 tm.tm_hour, tm.tm_min, tm.tm_sec);
        assert_string_equal(http, want);
        int64_t back;
        assert_true(ol_clock_parse_http_date(ol_slice_cstr(http), &back));
        assert_int_equal(back, (int64_t)second * 1000);
        assert_true(ol_clock_parse_amz_date(ol_slice_cstr(amz), &back));
        assert_int_equal(back, (int64_t)second * 1000);
    }
}

static void fractions_and_bounds(void **state)
{
    (void)state;
    char text[OL_ISO8601_SIZE];
    ol_clock_iso8601(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    ol_clock_iso8601(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    ol_clock_iso8601(EXAMPLE_MS + 123, text);
    assert_string_equal(text, "1994-11-06T08:49:37.123Z");
    ol_clock_iso8601(INT64_MAX, text);
    assert_int_equal(strlen(text), OL_ISO8601_SIZE - 1);
    ol_clock_iso8601(INT64_MIN, text);
    assert_int_equal(strlen(text), OL_ISO8601_SIZE - 1);
    char http[OL_HTTP_DATE_SIZE];
    for (int i = 0; i < 3; i++) {
        ol_clock_http_date(EXAMPLE_MS + i * 999, http);
        assert_string_equal(http, i < 2 ? "Sun, 06 Nov 1994 08:49:37 GMT"
                                        : "Sun, 06 Nov 1994 08:49:38 GMT");
    }
}

static void three_forms_are_read(void **state)
{
    (void)state;
    const char *forms[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"};
    for (size_t i = 0; i < 3; i++) {
        int64_t ms = 0;
        assert_true(ol_clock_parse_http_date(ol_slice_cstr(forms[i]), &ms));
        assert_int_equal(ms, EXAMPLE_MS);
    }
    int64_t ms;
    assert_true(ol_clock_parse_http_date(OL_SLICE_LIT("Wed Nov 16 08:49:37 1994"), &ms));
    assert_true(ol_clock_parse_http_date(OL_SLICE_LIT("Sat, 31 Dec 2016 23:59:60 GMT"), &ms));
    assert_int_equal(ms, 1483228800000);
    assert_true(ol_clock_parse_http_date(OL_SLICE_LIT("Tue, 29 Feb 2000 00:00:00 GMT"), &ms));
}

static void iso_dates_are_read(void **state)
{
    (void)state;
    const char *good[] = {"1994-11-06T08:49:37Z", "1994-11-06T08:49:37.1Z",
                          "1994-11-06T08:49:37.123Z", "1994-11-06T08:49:37.123999999Z"};
    const int fraction[] = {0, 100, 123, 123};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t ms = 0;
        assert_true(ol_clock_parse_iso8601(ol_slice_cstr(good[i]), &ms));
        assert_int_equal(ms, EXAMPLE_MS + fraction[i]);
    }
    const char *bad[] = {"", "1994-11-06", "1994-11-06T08:49:37", "1994-11-06T08:49:37.Z",
                         "1994-11-06T08:49:37.1234567890Z", "1994-11-06T08:49:37+00:00",
                         "1994-11-06 08:49:37Z", "1994-13-06T08:49:37Z", "1994-11-06T08:49:37ZZ"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t ms;
        if (ol_clock_parse_iso8601(ol_slice_cstr(bad[i]), &ms))
            fail_msg("read: %s", bad[i]);
    }
}

static void two_digit_years_lie_near(void **state)
{
    (void)state;
    time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    for (int ahead = 49; ahead <= 51; ahead += 2) {
        int year = tm.tm_year + 1900 + ahead;
        char text[64];
        snprintf(text, sizeof(text), "Sunday, 06-Nov-%02d 08:49:37 GMT", year % 100);
        int64_t ms;
        assert_true(ol_clock_parse_http_date(ol_slice_cstr(text), &ms));
        char iso[OL_ISO8601_SIZE];
        ol_clock_iso8601(ms, iso);
        iso[4] = '\0';
        snprintf(text, sizeof(text), "%d", ahead == 49 ? year : year - 100);
        assert_string_equal(iso, text);
    }
}

static void malformed_dates_are_refused(void **state)
{
    (void)state;
    const char *bad[] = {"",
                         "Sun",
                         "Sun, 06 Nov 1994 08:49:37",
                         "Sun, 06 Nov 1994 08:49:37 GMT ",
                         " Sun, 06 Nov 1994 08:49:37 GMT",
                         "Sun, 06 Nov 1994 08:49:37 CET",
                         "Xun, 06 Nov 1994 08:49:37 GMT",
                         "Sun, 6 Nov 1994 08:49:37 GMT",
                         "Sun, 00 Nov 1994 08:49:37 GMT",
                         "Sun, 31 Nov 1994 08:49:37 GMT",
                         "Wed, 29 Feb 1900 08:49:37 GMT",
                         "Sun, 06 nov 1994 08:49:37 GMT",
                         "Sun, 06 Nov 94 08:49:37 GMT",
                         "Sun, 06 Nov 1994 24:00:00 GMT",
                         "Sun, 06 Nov 1994 08:60:00 GMT",
                         "Sun, 06 Nov 1994 08:49:61 GMT",
                         "Sun, +6 Nov 1994 08:49:37 GMT",
                         "Sunday, 06 Nov 1994 08:49:37 GMT",
                         "Sun Nov 6 08:49:37 1994",
                         "1994-11-06T08:49:37Z"};
    int64_t ms = 5;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (ol_clock_parse_http_date(ol_slice_cstr(bad[i]), &ms))
            fail_msg("read: %s", bad[i]);
    }
    const char *bad_amz[] = {"",
                             "20261120T233047",
                             "20261120t233047Z",
                             "20261320T233047Z",
                             "20261120T243047Z",
                             "2026112OT233047Z",
                             "20261120T233047ZZ",
                             "2026-11-20T23:30:47Z"};
    for (size_t i = 0; i < sizeof(bad_amz) / sizeof(bad_amz[0]); i++) {
        if (ol_clock_parse_amz_date(ol_slice_cstr(bad_amz[i]), &ms))
            fail_msg("read: %s", bad_amz[i]);
    }
    assert_int_equal(ms, 5);
}

static void clocks_run(void **state)
{
    (void)state;
    uint64_t first_ns = ol_clock_mono_ns(), cpu_ns = ol_clock_thread_cpu_ns();
    while (ol_clock_mono_ns() < first_ns + 3000000)
        continue;
    assert_true(ol_clock_mono_ms() >= first_ns / 1000000 + 2);
    assert_true(ol_clock_thread_cpu_ns() > cpu_ns);
    assert_true(llabs((long long)(ol_clock_wall_ms() / 1000 - time(NULL))) <= 1);
}

/* Ticks a nanosecond, over a stretch of 3 ms. */
static double pace(void)
{
    uint64_t ns = ol_clock_mono_ns(), ticks = ol_clock_ticks();
    while (ol_clock_mono_ns() - ns < 3000000)
        assert_true(ol_clock_ticks() >= ticks);
    return (double)(ol_clock_ticks() - ticks) / (double)(ol_clock_mono_ns() - ns);
}

/* The machine may take us off between reading the one and the other: not every time. */
static void ticks_keep_pace_with_the_clock(void **state)
{
    (void)state;
    double ratio = 0;
    for (unsigned tries = 0; tries < 50 && !(ratio > 0.98 && ratio < 1.02); tries++)
        ratio = pace() / pace();
    assert_true(ratio > 0.98 && ratio < 1.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_library), cmocka_unit_test(fractions_and_bounds),
        cmocka_unit_test(three_forms_are_read),    cmocka_unit_test(iso_dates_are_read),
        cmocka_unit_test(two_digit_years_lie_near),
        cmocka_unit_test(malformed_dates_are_refused), cmocka_unit_test(clocks_run),
        cmocka_unit_test(ticks_keep_pace_with_the_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
