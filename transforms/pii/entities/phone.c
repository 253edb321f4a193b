/* SPDX-License-Identifier: MIT */
/*
 * Telephone numbers that show what they are: international ones, which begin with '+', and those
 * of the North American plan with its punctuation. National forms: phone_national.c.
 */
#include "phone.h"

#include <string.h>

#include "context.h"
#include "numbers.h"
#include "phone_codes.h"

#define ONE_RUN_MIN 8
#define EXTENSION_MAX 6

static size_t extension_word(const struct pii_text *t, size_t at)
{
    static const char *const words[] = {"extension", "ext", "x", "#"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t n = 0;
        while (words[i][n] && pii_lower(pii_at(t, at + n)) == words[i][n])
            n++;
        if (words[i][n] == '\0')
            return n;
    }
    return 0;
}

static size_t extension_end(const struct pii_text *t, size_t end)
{
    size_t at = end + (pii_at(t, end) == ' '), word = extension_word(t, at), digits = 0;
    if (word == 0 && pii_at(t, end) == ',' && pii_at(t, end + 1) == ' ')
        word = extension_word(t, at = end + 2);
    at += word;
    at += pii_at(t, at) == '.' || pii_at(t, at) == ':';
    at += pii_at(t, at) == ' ';
    while (word > 0 && digits <= EXTENSION_MAX && pii_digit(pii_at(t, at + digits)))
        digits++;
    return digits > 0 && digits <= EXTENSION_MAX && !pii_alnum(pii_at(t, at + digits)) ? at + digits : end;
}

bool pii_phone_ends(const struct pii_text *t, size_t *end)
{
    int right = pii_at(t, *end), after = pii_at(t, *end + 1);
    if ((right == '-' || right == '.' || right == '/' || right == ':') && pii_digit(after))
        return false;
    size_t extended = extension_end(t, *end);
    if (extended == *end)
        return !pii_alnum(right) && right != '%';
    *end = extended;
    return true;
}

/* ---- +49 (0)89 1234-567 ------------------------------------------------------------------- */

struct number {
    uint8_t digits[PII_PHONE_DIGITS_MAX];
    unsigned count, groups, short_groups, dots, hyphens;
    size_t at;
    bool parenthesis; /* one pair was seen */
    bool complete;    /* so far it is a number already */
};

static bool take_digits(const struct pii_text *t, struct number *n)
{
    size_t before = n->at;
    while (pii_digit(pii_at(t, n->at))) {
        if (n->count == PII_PHONE_DIGITS_MAX)
            return false;
        n->digits[n->count++] = (uint8_t)(t->p[n->at++] - '0');
    }
    n->groups++;
    n->short_groups += n->at - before == 1;
    return n->at > before;
}

/* " / " and " - " between two groups. */
static bool take_wide_separator(const struct pii_text *t, struct number *n)
{
    int sign = pii_at(t, n->at + 1);
    if (pii_at(t, n->at) != ' ' || (sign != '/' && sign != '-') || pii_at(t, n->at + 2) != ' ')
        return false;
    n->at += 3;
    return true;
}

/* A separator, if one stands there. */
static void take_separator(const struct pii_text *t, struct number *n)
{
    size_t size;
    if (!n->complete && take_wide_separator(t, n))
        return;
    char kind = pii_joint(t, n->at, &size);
    n->dots += kind == '.';
    n->hyphens += kind == '-';
    if (kind || (size = pii_at(t, n->at) == '/') != 0)
        n->at += size;
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

/* The next group of digits with what stands before it. Behind a number that is complete a single
 * digit and a blank before it are something else: "+49 30 901820 2 times". */
static bool take_group(const struct pii_text *t, struct number *n)
{
    size_t before = n->at;
    take_separator(t, n);
    if (take_parenthesis(t, n))
        take_separator(t, n);
    size_t from = n->at;
    if (n->at == before || !take_digits(t, n))
        return false;
    return !(n->complete && n->at - from == 1 && pii_at(t, from - 1) == ' ');
}

/* "+51.50735100" is a latitude, "+3.4655-50.9405" a place (ISO 6709); registries of domains write
 * "+49.3012345678". */
static bool is_fraction(const struct pii_text *t, size_t start, const struct number *n)
{
    if (n->dots > 0 && n->hyphens > 0)
        return true;
    return n->groups == 2 && n->count < 11 && (pii_at(t, start + 2) == '.' || pii_at(t, start + 3) == '.');
}

bool pii_phone_plus_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    int left = pii_at(t, at - 1);
    struct number n = {.at = at + 1};
    if (pii_alnum(left) || left == '+' || left == '-' || (left == '.' && pii_alnum(pii_at(t, at - 2))) ||
        !take_digits(t, &n))
        return false;
    bool one_run = n.count >= ONE_RUN_MIN; /* then a number behind a space is another one */
    do {
        size_t end = n.at;
        if (pii_phone_length_ok(n.digits, n.count) && n.short_groups <= 2 &&
            !is_fraction(t, at, &n) && pii_phone_ends(t, &end)) {
            m->end = end;
            n.complete = true;
        }
    } while (!(one_run && m->end) && take_group(t, &n));
    m->start = at;
    m->score = 75;
    return m->end != 0;
}

/* ---- (415) 555-2671 ----------------------------------------------------------------------- */

/* Area codes and exchanges begin with 2 to 9, and are not one of 211, 311 … 911. */
static bool area_or_exchange(const struct pii_text *t, size_t at)
{
    return pii_digits(t, at, 3) && t->p[at] >= '2' && !(t->p[at + 1] == '1' && t->p[at + 2] == '1');
}

/* Where the number begins whose exchange is at `exchange`; *joint is the separator before the
 * exchange, ')' when there is a parenthesis. False when that is no area code. */
static bool area_start(const struct pii_text *t, size_t exchange, size_t *start, char *joint)
{
    size_t size;
    char kind = pii_joint_before(t, exchange, &size);
    size_t close = kind ? exchange - size - 1 : exchange - 1;
    if (pii_at(t, close) == ')') {
        *joint = ')';
        *start = close - 4;
        return pii_at(t, close - 4) == '(' && area_or_exchange(t, close - 3);
    }
    *joint = kind;
    *start = close - 2;
    return kind && area_or_exchange(t, close - 2);
}

/* "1-415-…", "+1" without its plus, "001-…": that belongs to it. */
static size_t with_trunk(const struct pii_text *t, size_t start)
{
    size_t size;
    if (!pii_joint_before(t, start, &size) || pii_at(t, start - size - 1) != '1')
        return start;
    size_t one = start - size - 1;
    if (pii_at(t, one - 1) == '0' && pii_at(t, one - 2) == '0')
        one -= 2;
    int before = pii_at(t, one - 1);
    return !pii_alnum(before) && before != '+' ? one : start;
}

static bool starts_well(const struct pii_text *t, size_t start)
{
    int left = pii_at(t, start - 1);
    if (pii_at(t, start) == '(')
        return !pii_digit(left);
    if (pii_alnum(left) || left == '+' || left == '$')
        return false;
    int before = pii_at(t, start - 2);
    return !((left == '-' || left == '.' || left == '/') && pii_alnum(before)) && !(left == ':' && pii_digit(before));
}

/* "1 415 555 2671 9": one of a row of numbers, or at an end of one. */
static bool number_in_front(const struct pii_text *t, size_t start)
{
    return pii_at(t, start - 1) == ' ' && pii_digit(pii_at(t, start - 2));
}

static bool number_behind(const struct pii_text *t, size_t end)
{
    return pii_at(t, end) == ' ' && pii_digit(pii_at(t, end + 1));
}

static bool in_a_row(const struct pii_text *t, size_t start, size_t end)
{
    return number_in_front(t, start) && number_behind(t, end);
}

bool pii_phone_nanp_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    size_t exchange = at + 1, bare, size, end;
    char joint, second = pii_joint(t, exchange + 3, &size);
    if (at < 3 || !area_or_exchange(t, exchange) || !second ||
        !pii_digits(t, exchange + 3 + size, 4) || !area_start(t, exchange, &bare, &joint))
        return false;
    end = exchange + 7 + size;
    if (!pii_phone_ends(t, &end) || (joint != second && joint != ')' && joint != ' '))
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
    bool other = pii_context_before(t, m->start, 3, PII_PHONE_NOT) ||
                 (spaced && (number_behind(t, end) || (number_in_front(t, m->start) && pii_digit(pii_at(t, m->start - 3)))));
    m->score = other ? 15 : spaced ? 50 : joint == ')' ? 75 : 60;
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
