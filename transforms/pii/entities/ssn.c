/* SPDX-License-Identifier: MIT */
/*
 * US social security numbers and taxpayer identification numbers of individuals, of areas,
 * groups and serials that exist. With hyphens the shape speaks for itself; otherwise the words
 * around must.
 */
#include "numbers.h"
#include "recognisers.h"

#define LENGTH 11

/* Numbers printed on samples and in advertisements: no person's. */
static bool is_sample(unsigned area, unsigned group, unsigned serial)
{
    return (area == 78 && group == 5 && serial == 1120) || (area == 219 && group == 9 && serial == 9999) ||
           (area == 123 && group == 45 && serial == 6789);
}

static bool is_ssn(unsigned area, unsigned group, unsigned serial)
{
    return area != 0 && area != 666 && area < 900 && group != 0 && serial != 0 &&
           !is_sample(area, group, serial);
}

static bool is_itin(unsigned area, unsigned group, unsigned serial)
{
    (void)serial;
    return area >= 900 && group >= 50 && group != 89 && group != 93 && (group <= 65 || group >= 70);
}

static bool valid(const struct pii_match *m, const struct pii_number *n)
{
    unsigned area = pii_value(n->digit, 3), group = pii_value(n->digit + 3, 2),
             serial = pii_value(n->digit + 5, 4);
    if (pii_one_digit_only(n->digit, 9))
        return false;
    return m->entity == PII_US_SSN ? is_ssn(area, group, serial) : is_itin(area, group, serial);
}

/* Spaces and digits on both sides make it one of a row of numbers. */
static bool in_a_row(const struct pii_text *t, size_t start, size_t end)
{
    return pii_at(t, start - 1) == ' ' && pii_digit(pii_at(t, start - 2)) && pii_at(t, end) == ' ' &&
           pii_digit(pii_at(t, end + 1));
}

bool pii_ssn_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    struct pii_number n;
    if (!pii_number_read(t, at, "3 2 4", &n) || !valid(m, &n))
        return false;
    size_t size;
    bool hyphens = pii_joint(t, at + 3, &size) == '-';
    if (!hyphens && in_a_row(t, at, n.end))
        return false;
    m->start = at;
    m->end = n.end;
    m->score = hyphens ? 60 : 45;
    return true;
}

bool pii_ssn_bare_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    struct pii_number n;
    if (!pii_number_read(t, at, "9", &n) || !valid(m, &n))
        return false;
    m->start = at;
    m->end = n.end;
    m->score = 20;
    return true;
}
