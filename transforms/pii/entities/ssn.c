/* SPDX-License-Identifier: MIT */
/*
 * US social security numbers, written 3-2-4 with hyphens or spaces, of areas, groups and
 * serials that exist. Nine bare digits are not taken for one.
 */
#include "recognisers.h"

#define LENGTH 11

/* Next to it stands no letter or digit. A hyphen and one more digit on either side make it part
 * of another number, spaces and digits on both sides one of a row of numbers. */
static bool bounded(const struct pii_text *t, size_t start, int separator)
{
    int left = pii_at(t, start - 1), right = pii_at(t, start + LENGTH);
    if (pii_alnum(left) || pii_alnum(right))
        return false;
    bool before = left == separator && pii_digit(pii_at(t, start - 2));
    bool behind = right == separator && pii_digit(pii_at(t, start + LENGTH + 1));
    return separator == ' ' ? !(before && behind) : !(before || behind);
}

bool pii_ssn_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    int separator = pii_at(t, at + 3);
    if (!pii_digits(t, at, 3) || !pii_digits(t, at + 4, 2) || !pii_digits(t, at + 7, 4) ||
        (separator != '-' && separator != ' ') || pii_at(t, at + 6) != separator)
        return false;
    unsigned area = pii_number(t, at, 3);
    if (area == 0 || area == 666 || area >= 900 || pii_number(t, at + 4, 2) == 0 ||
        pii_number(t, at + 7, 4) == 0 || !bounded(t, at, separator))
        return false;
    m->start = at;
    m->end = at + LENGTH;
    m->score = 50;
    return true;
}
