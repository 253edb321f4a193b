/* SPDX-License-Identifier: MIT */
/*
 * Phone numbers: international ones, which begin with '+', and those of the North American
 * plan with the punctuation that tells them from other numbers.
 */
#include "recognisers.h"
#include "phone_codes.h"

#define DIGITS_MAX 15
#define ONE_RUN_MIN 8

/* What may stand behind the last digit: nothing of a word but an extension. */
static bool ends_well(const struct pii_text *t, size_t end)
{
    int c = pii_lower(pii_at(t, end));
    if (c == 'e')
        return pii_lower(pii_at(t, end + 1)) == 'x' && pii_lower(pii_at(t, end + 2)) == 't';
    return c == 'x' || !pii_alnum(c);
}

/* ---- +49 (0)89 1234-567 ------------------------------------------------------------------- */

struct number {
    uint8_t digits[DIGITS_MAX];
    unsigned count;
    size_t at;
    bool parenthesis; /* one pair was seen */
};

static bool take_digits(const struct pii_text *t, struct number *n)
{
    size_t before = n->at;
    while (pii_digit(pii_at(t, n->at))) {
        if (n->count == DIGITS_MAX)
            return false;
        n->digits[n->count++] = (uint8_t)(t->p[n->at++] - '0');
    }
    return n->at > before;
}

/* A single separator, if one stands there. */
static void take_separator(const struct pii_text *t, struct number *n)
{
    int c = pii_at(t, n->at);
    if (c == ' ' || c == '-' || c == '.')
        n->at++;
}

/* "(0)", which is dialled at home only, or "(415)": 1 to 5 digits. */
static bool take_parenthesis(const struct pii_text *t, struct number *n)
{
    size_t open = n->at, close = open + 1;
    while (close - open <= 5 && pii_digit(pii_at(t, close)))
        close++;
    if (n->parenthesis || pii_at(t, open) != '(' || close == open + 1 || pii_at(t, close) != ')')
        return false;
    n->parenthesis = true;
    n->at++;
    if (close == open + 2 && t->p[n->at] == '0')
        n->at++;
    else if (!take_digits(t, n))
        return false;
    n->at++;
    return true;
}

/* The next group of digits with what stands before it. */
static bool take_group(const struct pii_text *t, struct number *n)
{
    size_t before = n->at;
    take_separator(t, n);
    if (take_parenthesis(t, n))
        take_separator(t, n);
    return n->at > before && take_digits(t, n);
}

bool pii_phone_plus_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    int left = pii_at(t, at - 1);
    struct number n = {.at = at + 1};
    size_t best = 0;
    if (pii_alnum(left) || left == '+' || !take_digits(t, &n))
        return false;
    bool one_run = n.count >= ONE_RUN_MIN; /* then a number behind a space is another one */
    do {
        if (pii_phone_length_ok(n.digits, n.count) && ends_well(t, n.at))
            best = n.at;
    } while (!(one_run && best) && take_group(t, &n));
    m->start = at;
    m->end = best;
    m->score = 75;
    return best != 0;
}

/* ---- (415) 555-2671 ----------------------------------------------------------------------- */

static bool separator(int c)
{
    return c == ' ' || c == '-' || c == '.';
}

/* Area codes and exchanges begin with 2 to 9, and are not one of 211, 311 … 911. */
static bool area_or_exchange(const struct pii_text *t, size_t at)
{
    return pii_digits(t, at, 3) && t->p[at] >= '2' && !(t->p[at + 1] == '1' && t->p[at + 2] == '1');
}

/* Where the number begins whose exchange is at `exchange`; *joint is the separator before the
 * exchange, ')' when there is a parenthesis. False when that is no area code. */
static bool area_start(const struct pii_text *t, size_t exchange, size_t *start, int *joint)
{
    int before = pii_at(t, exchange - 1);
    size_t close = before == ')' ? exchange - 1 : exchange - 2;
    if (pii_at(t, close) == ')') {
        *joint = ')';
        *start = close - 4;
        return pii_at(t, close - 4) == '(' && area_or_exchange(t, close - 3);
    }
    *joint = before;
    *start = exchange - 4;
    return separator(before) && area_or_exchange(t, exchange - 4);
}

/* "1-415-…": the 1 belongs to it. */
static size_t with_trunk(const struct pii_text *t, size_t start)
{
    int before = pii_at(t, start - 3);
    bool trunk = separator(pii_at(t, start - 1)) && pii_at(t, start - 2) == '1' &&
                 !pii_alnum(before) && before != '+';
    return trunk ? start - 2 : start;
}

static bool starts_well(const struct pii_text *t, size_t start)
{
    int left = pii_at(t, start - 1);
    if (pii_at(t, start) == '(')
        return !pii_digit(left);
    if (pii_alnum(left) || left == '+')
        return false;
    return !((left == '-' || left == '.') && pii_digit(pii_at(t, start - 2)));
}

/* Nothing that makes it a part of a longer number follows. */
static bool nothing_follows(const struct pii_text *t, size_t end)
{
    int right = pii_at(t, end);
    return ends_well(t, end) && !((right == '-' || right == '.') && pii_digit(pii_at(t, end + 1)));
}

/* "1 415 555 2671 9": one of a row of numbers. */
static bool in_a_row(const struct pii_text *t, size_t start, size_t end)
{
    return pii_at(t, start - 1) == ' ' && pii_digit(pii_at(t, start - 2)) && pii_at(t, end) == ' ' &&
           pii_digit(pii_at(t, end + 1));
}

bool pii_phone_nanp_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    size_t exchange = at + 1, bare, end = exchange + 8;
    int joint, second = pii_at(t, exchange + 3);
    if (at < 3 || !area_or_exchange(t, exchange) || !separator(second) ||
        !pii_digits(t, exchange + 4, 4) || !area_start(t, exchange, &bare, &joint) ||
        !nothing_follows(t, end))
        return false;
    if (joint != second && joint != ')' && joint != ' ')
        return false;
    bool spaced = joint == ' ' && second == ' ';
    size_t first = with_trunk(t, bare);
    bool trunk_fits = first != bare && starts_well(t, first) && !(spaced && in_a_row(t, first, end));
    bool bare_fits = starts_well(t, bare) && !(spaced && in_a_row(t, bare, end));
    if (!trunk_fits && !bare_fits)
        return false;
    m->start = trunk_fits ? first : bare;
    m->end = end;
    m->sign = trunk_fits && bare_fits ? bare : 0;
    m->score = 60;
    return true;
}

bool pii_phone_trim(const struct pii_text *t, struct pii_match *m, size_t from)
{
    (void)t;
    if (m->sign < from || m->sign == 0)
        return false;
    m->start = m->sign;
    m->sign = 0;
    return true;
}
