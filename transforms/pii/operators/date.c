/* SPDX-License-Identifier: MIT */
/*
 * Dates moved by some days, and written as they were. The number of days follows from the key
 * and the value (so that a date gives the same one everywhere) or the object (so that the time
 * between two dates of an object stays what it was). Known forms: 2026-11-20 with '-', '/' or
 * '.'; 20.11.2026, 20/11/2026 and 11/20/2026 likewise; 20 Nov 2026, November 20, 2026. A time
 * behind it stays.
 */
#include <stdio.h>
#include <string.h>

#include "engine/text.h"
#include "operators/operator.h"

struct date {
    unsigned year, month, day;
    size_t year_at, year_size, month_at, month_size, day_at, day_size;
    bool named; /* the month is a word */
};

static const char *const months[] = {"january", "february", "march",     "april",   "may",      "june",
                                     "july",    "august",   "september", "october", "november", "december"};

/* ---- the calendar: days since 1 March of year 0 ------------------------------------------- */

static long to_days(unsigned year, unsigned month, unsigned day)
{
    long y = (long)year - (month <= 2), m = (long)(month + 9) % 12;
    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + (long)day - 1;
}

static void from_days(long days, struct date *d)
{
    long y = days * 400 / 146097 + 1;
    while (to_days((unsigned)y, 3, 1) > days)
        y--;
    long rest = days - to_days((unsigned)y, 3, 1), m = (rest * 5 + 2) / 153;
    d->day = (unsigned)(rest - (m * 153 + 2) / 5 + 1);
    d->month = (unsigned)(m < 10 ? m + 3 : m - 9);
    d->year = (unsigned)(y + (d->month <= 2));
}

static bool in_calendar(const struct date *d)
{
    if (d->year < 1 || d->year > 9998 || d->month < 1 || d->month > 12 || d->day < 1 || d->day > 31)
        return false;
    struct date same = *d;
    from_days(to_days(d->year, d->month, d->day), &same);
    return same.month == d->month && same.day == d->day;
}

/* ---- reading ------------------------------------------------------------------------------ */

static size_t digits_at(const struct pii_text *t, size_t at, unsigned *number)
{
    size_t n = 0;
    while (n < 5 && pii_digit(pii_at(t, at + n)))
        n++;
    *number = n > 0 && n < 5 ? pii_number(t, at, n) : 0;
    return n;
}

static bool three_numbers(const struct pii_text *t, size_t at, bool day_first, struct date *d)
{
    unsigned a, b, c;
    size_t an = digits_at(t, at, &a), b_at = at + an + 1, bn = digits_at(t, b_at, &b),
           c_at = b_at + bn + 1, cn = digits_at(t, c_at, &c);
    int sign = pii_at(t, at + an);
    if (an == 0 || bn == 0 || bn > 2 || cn == 0 || (sign != '-' && sign != '/' && sign != '.') ||
        pii_at(t, b_at + bn) != sign)
        return false;
    if (an == 4 && cn <= 2) {
        *d = (struct date){a, b, c, at, an, b_at, bn, c_at, cn, false};
        return in_calendar(d);
    }
    if (an > 2 || cn != 4)
        return false;
    bool day = sign == '.' || a > 12 || (day_first && b <= 12);
    *d = day ? (struct date){c, b, a, c_at, cn, b_at, bn, at, an, false}
             : (struct date){c, a, b, c_at, cn, at, an, b_at, bn, false};
    return in_calendar(d);
}

/* A month's name, whole or its first three letters. */
static size_t month_at(const struct pii_text *t, size_t at, unsigned *month)
{
    size_t n = 0;
    while (pii_letter(pii_at(t, at + n)))
        n++;
    for (unsigned m = 0; m < 12 && n >= 3; m++) {
        size_t same = 0;
        while (same < n && pii_lower(t->p[at + same]) == months[m][same])
            same++;
        if (same == n && (n == 3 || n == strlen(months[m]))) {
            *month = m + 1;
            return n;
        }
    }
    return 0;
}

static size_t blanks_at(const struct pii_text *t, size_t at)
{
    size_t n = 0;
    while (pii_at(t, at + n) == ' ' || pii_at(t, at + n) == ',' || pii_at(t, at + n) == '-' ||
           pii_at(t, at + n) == '.')
        n++;
    return n;
}

static bool named_month(const struct pii_text *t, size_t at, struct date *d)
{
    unsigned month = 0, number = 0;
    bool day_first = pii_digit(pii_at(t, at));
    *d = (struct date){.named = true};
    for (int part = 0; part < 3; part++) {
        bool word = part == (day_first ? 1 : 0), year = part == 2;
        size_t n = word ? month_at(t, at, &month) : digits_at(t, at, &number);
        if (n == 0 || (!word && (year ? n != 4 : n > 2)))
            return false;
        if (word)
            d->month = month, d->month_at = at, d->month_size = n;
        else if (year)
            d->year = number, d->year_at = at, d->year_size = n;
        else
            d->day = number, d->day_at = at, d->day_size = n;
        at += n;
        at += blanks_at(t, at);
    }
    return in_calendar(d);
}

static size_t two_digits(const struct pii_text *t, size_t at)
{
    return pii_digit(pii_at(t, at)) && pii_digit(pii_at(t, at + 1)) ? 2 : 0;
}

/* "Z", "am", "+02:00" */
static size_t zone_at(const struct pii_text *t, size_t at)
{
    int c = pii_lower(pii_at(t, at));
    if (c == 'z')
        return 1;
    if ((c == 'a' || c == 'p') && pii_lower(pii_at(t, at + 1)) == 'm')
        return 2;
    size_t hours = c == '+' || c == '-' ? two_digits(t, at + 1) : 0;
    size_t colon = hours > 0 && pii_at(t, at + 3) == ':';
    return hours > 0 ? 1 + hours + colon + two_digits(t, at + 3 + colon) : 0;
}

/* Whether nothing but a time of day stands there, if that. */
static bool only_time(const struct pii_text *t, size_t at)
{
    at += pii_lower(pii_at(t, at)) == 't';
    at += blanks_at(t, at);
    for (int part = 0; part < 3 && two_digits(t, at); part++) {
        at += 2;
        if (pii_at(t, at) != ':')
            break;
        at++;
    }
    if (pii_at(t, at) == '.' && at++)
        for (int digits = 0; digits < 9 && pii_digit(pii_at(t, at)); digits++)
            at++;
    at += pii_at(t, at) == ' ';
    at += zone_at(t, at);
    while (at < t->len && pii_at(t, at) == ' ')
        at++;
    return at == t->len;
}

static size_t end_of(const struct date *d)
{
    size_t year = d->year_at + d->year_size, day = d->day_at + d->day_size;
    return year > day ? year : day; /* a month is never the last */
}

/* What stands beside the date stays; so that may be a time behind it, and no letter or digit before. */
static bool read_date(const struct pii_text *t, bool day_first, struct date *d)
{
    for (size_t at = 0; at < t->len; at++) {
        if (three_numbers(t, at, day_first, d) || named_month(t, at, d))
            return only_time(t, end_of(d));
        if (pii_alnum(t->p[at]) || t->p[at] >= 0x80)
            return false;
    }
    return false;
}

/* ---- writing ------------------------------------------------------------------------------ */

static void put_number(struct pii_replacement *out, unsigned number, size_t width)
{
    char text[16];
    int size = snprintf(text, sizeof(text), "%0*u", (int)width, number);
    pii_put(out, text, (size_t)size);
}

/* As the original's was: its length, and its letters small or capital. */
static void put_month(struct pii_replacement *out, const struct pii_text *t, const struct date *was,
                      unsigned month)
{
    if (!was->named) {
        put_number(out, month, was->month_size);
        return;
    }
    const char *name = months[month - 1];
    bool whole = was->month_size > 3 || was->month == 5;
    const uint8_t *p = t->p + was->month_at;
    for (size_t i = 0; i < (whole ? strlen(name) : 3); i++) {
        bool capital = p[i == 0 ? 0 : 1] < 'a';
        char c = (char)(capital ? name[i] - 'a' + 'A' : name[i]);
        pii_put(out, &c, 1);
    }
}

static void write_date(const struct pii_text *t, const struct date *was, const struct date *is,
                       struct pii_replacement *out)
{
    for (size_t at = 0; at < t->len;) {
        if (at == was->year_at) {
            put_number(out, is->year, was->year_size);
            at += was->year_size;
        } else if (at == was->month_at) {
            put_month(out, t, was, is->month);
            at += was->month_size;
        } else if (at == was->day_at) {
            put_number(out, is->day, was->day_size);
            at += was->day_size;
        } else {
            pii_put(out, t->p + at++, 1);
        }
    }
}

/* 1 to days_max days, back or forth. */
static bool days_of(const struct pii_operator *op, const struct pii_circumstances *c,
                    const struct date *d, long *days)
{
    char value[32];
    int size = snprintf(value, sizeof(value), "%04u-%02u-%02u", d->year, d->month, d->day);
    uint8_t digest[PII_DIGEST_SIZE];
    bool file = op->per_file;
    if (!pii_hmac(op->keys.date, sizeof(op->keys.date), file ? c->object : (const uint8_t *)value,
                  file ? c->object_size : (size_t)size, digest))
        return false;
    uint64_t drawn = 0;
    for (size_t i = 0; i < 7; i++)
        drawn = drawn << 8 | digest[i];
    *days = (long)(drawn / 2 % op->days_max) + 1;
    *days = drawn % 2 ? *days : -*days;
    return true;
}

bool pii_date_shift(const struct pii_operator *op, const struct pii_circumstances *c,
                    const uint8_t *text, size_t size, struct pii_replacement *out)
{
    struct pii_text t = {.p = text, .len = size};
    struct date was, is;
    long days;
    if (!read_date(&t, op->day_first, &was) || !days_of(op, c, &was, &days))
        return false;
    long moved = to_days(was.year, was.month, was.day) + days;
    is = was;
    if (moved < 1)
        return false;
    from_days(moved, &is);
    if (!in_calendar(&is))
        return false;
    write_date(&t, &was, &is, out);
    return true;
}
