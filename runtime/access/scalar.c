/* SPDX-License-Identifier: MIT */
#include "access/scalar.h"

#include "base/clock.h"

#define WHOLE_DIGITS_MAX 12
#define FRACTION_DIGITS 6

static bool read_digits(ol_slice text, int64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        *value = *value * 10 + (text.data[i] - '0');
    }
    return text.len > 0;
}

bool ol_scalar_number(ol_slice text, int64_t *millionths)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    ol_slice digits = negative ? ol_slice_from(text, 1) : text;
    ptrdiff_t point = ol_slice_find(digits, '.');
    ol_slice whole = point < 0 ? digits : ol_slice_first(digits, (size_t)point);
    ol_slice fraction = point < 0 ? OL_SLICE_NONE : ol_slice_from(digits, (size_t)point + 1);
    int64_t a, b = 0;
    if (whole.len > WHOLE_DIGITS_MAX || fraction.len > FRACTION_DIGITS || !read_digits(whole, &a))
        return false;
    if (point >= 0 && !read_digits(fraction, &b))
        return false;
    for (size_t i = fraction.len; i < FRACTION_DIGITS; i++)
        b *= 10;
    *millionths = a * 1000000 + b;
    if (negative)
        *millionths = -*millionths;
    return true;
}

/* ---- dates ---- */

#define DATE_CHARS 10   /* 2026-11-20 */
#define MINUTE_CHARS 16 /* 2026-11-20T10:00 */

/* "Z", "+hh:mm" or "-hh:mm" at the end: cut off, and how much it is. */
static bool take_zone(ol_slice *text, int64_t *offset_ms)
{
    ol_slice t = *text;
    *offset_ms = 0;
    if (t.len > 0 && t.data[t.len - 1] == 'Z') {
        *text = ol_slice_first(t, t.len - 1);
        return true;
    }
    if (t.len < MINUTE_CHARS + 6 || t.data[t.len - 3] != ':')
        return false;
    uint8_t sign = t.data[t.len - 6];
    int64_t hours, minutes;
    if ((sign != '+' && sign != '-') || !read_digits(ol_slice_of(t.data + t.len - 5, 2), &hours) ||
        !read_digits(ol_slice_of(t.data + t.len - 2, 2), &minutes) || hours > 14 || minutes > 59)
        return false;
    *offset_ms = (hours * 60 + minutes) * (sign == '+' ? 60000 : -60000);
    *text = ol_slice_first(t, t.len - 6);
    return true;
}

static bool iso_date(ol_slice text, int64_t *wall_ms)
{
    char full[40];
    int64_t offset_ms = 0;
    if (text.len > DATE_CHARS && !take_zone(&text, &offset_ms))
        return false;
    if (text.len + sizeof("T00:00:00Z") > sizeof(full))
        return false;
    memcpy(full, text.data, text.len);
    const char *rest = text.len == DATE_CHARS     ? "T00:00:00Z"
                       : text.len == MINUTE_CHARS ? ":00Z"
                                                  : "Z";
    memcpy(full + text.len, rest, strlen(rest) + 1);
    if (!ol_clock_parse_iso8601(ol_slice_cstr(full), wall_ms))
        return false;
    *wall_ms -= offset_ms;
    return true;
}

bool ol_scalar_date(ol_slice text, int64_t *wall_ms)
{
    int64_t millionths;
    if (ol_scalar_number(text, &millionths)) {
        *wall_ms = millionths / 1000;
        return true;
    }
    return text.len >= DATE_CHARS && iso_date(text, wall_ms);
}

bool ol_scalar_bool(ol_slice text, bool *value)
{
    *value = ol_slice_ieq(text, OL_SLICE_LIT("true"));
    return *value || ol_slice_ieq(text, OL_SLICE_LIT("false"));
}
