/* SPDX-License-Identifier: MIT */
/*
 * Clocks and dates. The calendar is computed here: the C library's conversions take a lock,
 * look at the time zone and follow the locale. Dates of the current second are kept a thread.
 */
#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#define SECONDS_A_DAY 86400
#define ISO8601_SECOND_BYTES 20 /* "2026-11-20T23:30:47." */
/* The range in which a year has four digits. */
#define SECOND_MIN (-62167219200ll) /* 0000-01-01T00:00:00 */
#define SECOND_MAX 253402300799ll   /* 9999-12-31T23:59:59 */

static const char weekday_names[7][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};
static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

typedef struct date {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second;
    int weekday; /* 0 = Sunday */
} date;

static uint64_t read_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t ol_clock_mono_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

uint64_t ol_clock_mono_ms(void)
{
    return read_ns(CLOCK_MONOTONIC) / 1000000u;
}

int64_t ol_clock_wall_ms(void)
{
    return (int64_t)(read_ns(CLOCK_REALTIME) / 1000000u);
}

#ifdef __x86_64__

/* Whether the counter runs at one rate whatever the processor's frequency is, and never stops. */
static bool counter_is_steady(void)
{
    static atomic_int known; /* 0: nobody looked yet; 1: no; 2: yes */
    int answer = atomic_load_explicit(&known, memory_order_relaxed);
    if (answer == 0) {
        unsigned a, b, c, d = 0;
        bool told = __get_cpuid(0x80000007, &a, &b, &c, &d) != 0;
        answer = told && (d & 1u << 8) ? 2 : 1;
        atomic_store_explicit(&known, answer, memory_order_relaxed);
    }
    return answer == 2;
}

uint64_t ol_clock_ticks(void)
{
    return counter_is_steady() ? __builtin_ia32_rdtsc() : ol_clock_mono_ns();
}

#else

uint64_t ol_clock_ticks(void)
{
    return ol_clock_mono_ns();
}

#endif

uint64_t ol_clock_thread_cpu_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days since 1970-01-01. A year that begins in March has its leap day at its end, which leaves
 * one formula for the days before each month. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static date date_of(int64_t second)
{
    if (second < SECOND_MIN)
        second = SECOND_MIN;
    if (second > SECOND_MAX)
        second = SECOND_MAX;
    int64_t days = second / SECONDS_A_DAY;
    int rest = (int)(second % SECONDS_A_DAY);
    if (rest < 0) {
        rest += SECONDS_A_DAY;
        days--;
    }
    int64_t shifted = days + 719468; /* since 0000-03-01 */
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int march_month = (int)((5 * day_of_year + 2) / 153);
    date d = {.hour = rest / 3600, .minute = rest / 60 % 60, .second = rest % 60};
    d.day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    d.month = march_month < 10 ? march_month + 3 : march_month - 9;
    d.year = (int)(year_of_era + era * 400 + (d.month <= 2));
    d.weekday = (int)(((days + 4) % 7 + 7) % 7);
    return d;
}

static int64_t floor_second(int64_t wall_ms)
{
    return wall_ms / 1000 - (wall_ms % 1000 < 0);
}

static char *put_digits(char *out, int number, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + number % 10);
        number /= 10;
    }
    return out + width;
}

static char *put_text(char *out, const char *text, size_t len)
{
    memcpy(out, text, len);
    return out + len;
}

static char *put_time(char *out, const date *d)
{
    out = put_digits(out, d->hour, 2);
    *out++ = ':';
    out = put_digits(out, d->minute, 2);
    *out++ = ':';
    return put_digits(out, d->second, 2);
}

void ol_clock_iso8601(int64_t wall_ms, char out[OL_ISO8601_SIZE])
{
    static _Thread_local int64_t kept_second = INT64_MIN;
    static _Thread_local char kept[ISO8601_SECOND_BYTES];
    int64_t second = floor_second(wall_ms);
    if (second != kept_second) {
        date d = date_of(second);
        char *at = put_digits(kept, d.year, 4);
        *at++ = '-';
        at = put_digits(at, d.month, 2);
        *at++ = '-';
        at = put_digits(at, d.day, 2);
        *at++ = 'T';
        at = put_time(at, &d);
        *at = '.';
        kept_second = second;
    }
    out = put_text(out, kept, ISO8601_SECOND_BYTES);
    int fraction = (int)(wall_ms % 1000);
    out = put_digits(out, fraction < 0 ? fraction + 1000 : fraction, 3);
    put_text(out, "Z", 2);
}

void ol_clock_http_date(int64_t wall_ms, char out[OL_HTTP_DATE_SIZE])
{
    static _Thread_local int64_t kept_second = INT64_MIN;
    static _Thread_local char kept[OL_HTTP_DATE_SIZE];
    int64_t second = floor_second(wall_ms);
    if (second != kept_second) {
        date d = date_of(second);
        char *at = put_text(kept, weekday_names[d.weekday], 3);
        at = put_text(at, ", ", 2);
        at = put_digits(at, d.day, 2);
        *at++ = ' ';
        at = put_text(at, month_names[d.month - 1], 3);
        *at++ = ' ';
        at = put_digits(at, d.year, 4);
        *at++ = ' ';
        at = put_time(at, &d);
        put_text(at, " GMT", 5);
        kept_second = second;
    }
    memcpy(out, kept, OL_HTTP_DATE_SIZE);
}

void ol_clock_amz_date(int64_t wall_ms, char out[OL_AMZ_DATE_SIZE])
{
    date d = date_of(floor_second(wall_ms));
    out = put_digits(out, d.year, 4);
    out = put_digits(out, d.month, 2);
    out = put_digits(out, d.day, 2);
    *out++ = 'T';
    out = put_digits(out, d.hour, 2);
    out = put_digits(out, d.minute, 2);
    out = put_digits(out, d.second, 2);
    put_text(out, "Z", 2);
}

/* ---- reading: each take_… cuts from the front of the rest; a mismatch makes it bad ---- */

typedef struct reader {
    ol_slice rest;
    bool bad;
} reader;

/* Part of whoever calls it: the texts are literals, whose lengths are known there. */
__attribute__((always_inline)) static inline void take_text(reader *r, const char *text)
{
    ol_slice want = ol_slice_cstr(text);
    if (!ol_slice_starts(r->rest, want))
        r->bad = true;
    r->rest = ol_slice_from(r->rest, want.len);
}

static int take_digits(reader *r, size_t width)
{
    uint64_t number = 0;
    if (r->rest.len < width || !ol_slice_u64(ol_slice_first(r->rest, width), &number))
        r->bad = true;
    r->rest = ol_slice_from(r->rest, width);
    return (int)number;
}

/* asctime pads the day of the month with a blank. */
static int take_padded_day(reader *r)
{
    if (r->rest.len && r->rest.data[0] == ' ') {
        take_text(r, " ");
        return take_digits(r, 1);
    }
    return take_digits(r, 2);
}

static int take_month(reader *r)
{
    int month = 0;
    for (int i = 0; i < 12 && month == 0; i++) {
        if (ol_slice_starts(r->rest, ol_slice_of(month_names[i], 3)))
            month = i + 1;
    }
    if (month == 0)
        r->bad = true;
    r->rest = ol_slice_from(r->rest, 3);
    return month;
}

/* True when a weekday (whole name, or its first three letters) stood there. */
static bool take_weekday(reader *r, bool whole)
{
    for (int i = 0; i < 7; i++) {
        ol_slice name = ol_slice_of(weekday_names[i], 3);
        if (!ol_slice_starts(r->rest, name))
            continue;
        if (whole) {
            name = ol_slice_cstr(weekday_names[i]);
            if (!ol_slice_starts(r->rest, name))
                return false;
        }
        r->rest = ol_slice_from(r->rest, name.len);
        return true;
    }
    return false;
}

static void take_time(reader *r, date *d)
{
    d->hour = take_digits(r, 2);
    take_text(r, ":");
    d->minute = take_digits(r, 2);
    take_text(r, ":");
    d->second = take_digits(r, 2);
}

/* A leap second reads as the first second of the next minute. */
static bool finish(const reader *r, const date *d, int64_t *wall_ms)
{
    if (r->bad || r->rest.len || d->month < 1 || d->month > 12)
        return false;
    if (d->day < 1 || d->day > days_in_month(d->year, d->month))
        return false;
    if (d->hour > 23 || d->minute > 59 || d->second > 60)
        return false;
    int64_t days = days_of(d->year, d->month, d->day);
    *wall_ms = (days * SECONDS_A_DAY + d->hour * 3600 + d->minute * 60 + d->second) * 1000;
    return true;
}

/* RFC 7231: a two-digit year more than 50 years ahead means the century before. */
static int full_year(int two_digits)
{
    int now = date_of(floor_second(ol_clock_wall_ms())).year;
    int year = now - now % 100 + two_digits;
    return year > now + 50 ? year - 100 : year;
}

static void take_imf_date(reader *r, date *d)
{
    take_text(r, ", ");
    d->day = take_digits(r, 2);
    take_text(r, " ");
    d->month = take_month(r);
    take_text(r, " ");
    d->year = take_digits(r, 4);
    take_text(r, " ");
    take_time(r, d);
    take_text(r, " GMT");
}

static void take_rfc850_date(reader *r, date *d)
{
    take_text(r, ", ");
    d->day = take_digits(r, 2);
    take_text(r, "-");
    d->month = take_month(r);
    take_text(r, "-");
    d->year = full_year(take_digits(r, 2));
    take_text(r, " ");
    take_time(r, d);
    take_text(r, " GMT");
}

static void take_asctime_date(reader *r, date *d)
{
    take_text(r, " ");
    d->month = take_month(r);
    take_text(r, " ");
    d->day = take_padded_day(r);
    take_text(r, " ");
    take_time(r, d);
    take_text(r, " ");
    d->year = take_digits(r, 4);
}

bool ol_clock_parse_http_date(ol_slice text, int64_t *wall_ms)
{
    reader r = {.rest = text};
    date d = {0};
    if (take_weekday(&r, true))
        take_rfc850_date(&r, &d);
    else if (!take_weekday(&r, false))
        return false;
    else if (r.rest.len && r.rest.data[0] == ',')
        take_imf_date(&r, &d);
    else
        take_asctime_date(&r, &d);
    return finish(&r, &d, wall_ms);
}

bool ol_clock_parse_amz_date(ol_slice text, int64_t *wall_ms)
{
    reader r = {.rest = text};
    date d = {0};
    d.year = take_digits(&r, 4);
    d.month = take_digits(&r, 2);
    d.day = take_digits(&r, 2);
    take_text(&r, "T");
    d.hour = take_digits(&r, 2);
    d.minute = take_digits(&r, 2);
    d.second = take_digits(&r, 2);
    take_text(&r, "Z");
    return finish(&r, &d, wall_ms);
}

/* Milliseconds of ".123456"; digits behind them are dropped. */
static int take_fraction(reader *r)
{
    int ms = 0, scale = 100;
    size_t digits = 0;
    if (r->rest.len == 0 || r->rest.data[0] != '.')
        return 0;
    r->rest = ol_slice_from(r->rest, 1);
    for (; r->rest.len && r->rest.data[0] >= '0' && r->rest.data[0] <= '9'; digits++) {
        ms += (r->rest.data[0] - '0') * scale;
        scale /= 10;
        r->rest = ol_slice_from(r->rest, 1);
    }
    if (digits < 1 || digits > 9)
        r->bad = true;
    return ms;
}

bool ol_clock_parse_iso8601(ol_slice text, int64_t *wall_ms)
{
    reader r = {.rest = text};
    date d = {0};
    d.year = take_digits(&r, 4);
    take_text(&r, "-");
    d.month = take_digits(&r, 2);
    take_text(&r, "-");
    d.day = take_digits(&r, 2);
    take_text(&r, "T");
    take_time(&r, &d);
    int ms = take_fraction(&r);
    take_text(&r, "Z");
    if (!finish(&r, &d, wall_ms))
        return false;
    *wall_ms += ms;
    return true;
}
