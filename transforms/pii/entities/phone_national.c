/* SPDX-License-Identifier: MIT */
/*
 * Telephone numbers as they are written at home: "020 7946 0958", "(030) 1234-567",
 * "06 12 34 56 78", "98765 43210", "4155552671", "0049 30 1234567". Dates, amounts and
 * identifiers look the same, so only a word in front of them makes them one.
 */
#include <string.h>

#include "context.h"
#include "numbers.h"
#include "phone.h"
#include "phone_codes.h"
#include "registry.h"

#define DIGITS_MIN 7
#define GROUPS_MAX 6

struct number {
    uint8_t digits[PII_PHONE_DIGITS_MAX];
    unsigned count, groups;
    unsigned group[GROUPS_MAX];
    size_t at;
    bool slash, dot, parenthesis;
};

static bool take_group(const struct pii_text *t, struct number *n)
{
    unsigned before = n->count;
    if (n->groups == GROUPS_MAX)
        return false;
    while (pii_digit(pii_at(t, n->at))) {
        if (n->count == PII_PHONE_DIGITS_MAX)
            return false;
        n->digits[n->count++] = (uint8_t)(t->p[n->at++] - '0');
    }
    n->group[n->groups++] = n->count - before;
    return n->count > before;
}

/* ") ", " ", "-", ".", "/" and " - ", before a digit. */
static bool take_joint(const struct pii_text *t, struct number *n, bool *open)
{
    size_t at = n->at, size;
    if (*open && pii_at(t, at) == ')') {
        at++;
        *open = false;
    }
    char kind = pii_joint(t, at, &size);
    if (kind == ' ' && (pii_at(t, at + 1) == '-' || pii_at(t, at + 1) == '/') && pii_at(t, at + 2) == ' ' && n->groups <= 2) {
        size = 3;
    } else if (!kind && pii_at(t, at) == '/' && n->groups == 1) {
        n->slash = true;
        size = 1;
    } else if (!kind && at == n->at && pii_at(t, at) != '(') {
        return false;
    }
    if (kind || n->slash)
        at += size;
    if (n->groups == 1 && !n->parenthesis && pii_at(t, at) == '(') {
        at++; /* "8 (495) 123-45-67" */
        n->parenthesis = *open = true;
    }
    n->dot |= kind == '.';
    if (!pii_digit(pii_at(t, at)))
        return false;
    n->at = at;
    return true;
}

/* ISO, d.m.y and y.m.d: three groups that are a date. */
static bool is_date(const struct number *n)
{
    if (n->groups == 1 && n->count == 8) /* 20240131 */
        return n->digits[0] <= 2 && (n->digits[0] == 2 || n->digits[1] == 9) && n->digits[0] != 0 &&
               n->digits[4] <= 1 && n->digits[6] <= 3;
    if (n->groups < 3)
        return false;
    return (n->group[0] == 4 && n->group[1] <= 2 && n->group[2] <= 2) ||
           (n->group[0] <= 2 && n->group[1] <= 2 && n->group[2] == 4 && n->count <= 8 && n->groups == 3);
}

/* Groups of three behind one to three digits: an amount, unless it begins with a 0. */
static bool is_amount(const struct number *n)
{
    for (unsigned i = 1; i < n->groups; i++)
        if (n->group[i] != 3)
            return false;
    return n->groups > 1 && n->dot && n->digits[0] != 0;
}

/* Shapes that others look after: of social security numbers, and of cards. */
static bool is_of_others(const struct number *n)
{
    const unsigned *g = n->group;
    if (n->groups != 3 || n->parenthesis)
        return false;
    return (g[0] == 3 && g[1] == 2 && g[2] == 4) || (g[0] == 4 && g[1] == 4 && g[2] == 4 && n->digits[0] != 0);
}

static bool plausible(const struct number *n)
{
    if (n->count < DIGITS_MIN || is_date(n) || is_amount(n))
        return false;
    if (n->digits[0] == 0 && n->digits[1] == 0)
        return n->count > 9 && pii_phone_length_ok(n->digits + 2, n->count - 2);
    if (n->groups == 4 && n->dot && n->digits[0] != 0)
        return false; /* more like an address of four parts */
    for (unsigned i = 0; i + 1 < n->groups; i++)
        if (n->group[i] == 1 && i > 0)
            return false;
    /* In one run, 13 digits are milliseconds since 1970. */
    return n->count <= (n->groups == 1 ? 12u : 13u) && n->group[n->groups - 1] >= 2;
}

static bool starts_well(const struct pii_text *t, size_t start)
{
    int left = pii_at(t, start - 1);
    if (pii_alnum(left) || left == '+' || left == '$' || left == '_')
        return false;
    if (left == ' ' && pii_digits(t, start - 5, 4) && pii_digits(t, start, 4) && start >= 5)
        return false; /* groups of four: inside of a longer number */
    int before = pii_at(t, start - 2);
    return !((left == '-' || left == '.' || left == '/' || left == ')') && pii_alnum(before)) &&
           !(left == ':' && pii_digit(before));
}

/* 415 555 2671: nothing behind it belongs to it. */
static bool is_north_american(const struct number *n)
{
    const unsigned *g = n->group;
    return n->groups == 3 && g[0] == 3 && g[1] == 3 && g[2] == 4 && pii_phone_nanp_ok(n->digits);
}

/* A blank and a single digit behind what is a number already. */
static bool is_another(const struct pii_text *t, const struct number *n)
{
    return n->group[n->groups - 1] == 1 && pii_at(t, n->at - 2) == ' ';
}

/* The end of the longest plausible number from n->at, 0 for none. */
static size_t longest(const struct pii_text *t, struct number *n, bool open)
{
    size_t best = 0;
    do {
        if (!take_group(t, n))
            break;
        if (is_of_others(n))
            return 0;
        size_t end = n->at;
        if (!open && plausible(n) && !(best && is_another(t, n)) && pii_phone_ends(t, &end))
            best = end;
    } while (!(best && is_north_american(n)) && take_joint(t, n, &open));
    return best;
}

/* A word that says so only directly in front, or with one of those between. */
static bool weakly_said(const struct pii_text *t, size_t start)
{
    if (t->field_size == 0 && !pii_context_before(t, start, 2, PII_PHONE_WEAK))
        return false;
    unsigned weak = pii_context_near(t, start, PII_PHONE_WEAK);
    return weak == PII_CONTEXT_WORDS ||
           (weak == PII_CONTEXT_WORDS - 1 && pii_context_before(t, start, 1, "is|at|on|me|us|no|number"));
}

/* "T: 020 7946 0018", "M 07700 900123": so signatures of letters and mails write it. */
static bool behind_initial(const struct pii_text *t, size_t start, const struct number *n)
{
    size_t at = start - (pii_at(t, start - 1) == ' ');
    at -= pii_at(t, at - 1) == ':' || pii_at(t, at - 1) == '.';
    int initial = pii_at(t, at - 1);
    return n->groups > 1 && n->count >= 9 && n->count <= 11 && (n->digits[0] == 0 || n->parenthesis) && at != start && at > 0 &&
           initial > 0 && strchr("TMFPtmfpCHW", initial) && !pii_alnum(pii_at(t, at - 2)) && pii_at(t, at - 2) < 0x80;
}

/* "call John at", "reach the office on": the word is three or four words away, and one of these between. */
static bool called_at(const struct pii_text *t, size_t start, const struct number *n)
{
    return n->groups > 1 && n->count >= 9 && pii_context_before(t, start, 1, "at|on") &&
           pii_context_before(t, start, 4, "call|ring|reach|dial|text|contact|phone");
}

/* "0044 20 7946 0018": the country's code by itself behind "00" is as good as a '+'. */
static bool dialled_abroad(const struct pii_text *t, size_t start, const struct number *n)
{
    size_t size;
    if (n->groups < 3 || n->digits[0] != 0 || n->digits[1] != 0)
        return false;
    if (pii_joint_before(t, start, &size) && pii_digit(pii_at(t, start - size - 1)))
        return false; /* one of a row of numbers */
    if (n->group[1] == 4 && n->group[2] == 4)
        return false; /* groups of four are most often something else */
    return n->group[0] == 2 + pii_phone_code_size(n->digits + 2);
}

bool pii_phone_national_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    /* The anchor is the parenthesis, or the first digit; one behind it has been seen then. */
    bool open = pii_at(t, at) == '(';
    size_t start = at;
    at += open;
    if (!open && pii_at(t, at - 1) == '(')
        return false;
    /* Most numbers are too short, and this is asked of each: so that first. */
    size_t run = at;
    while (run - at < DIGITS_MIN && pii_digit(pii_at(t, run)))
        run++;
    size_t size;
    if (run - at < DIGITS_MIN && !(open && pii_at(t, run) == ')') && pii_at(t, run) != '/' &&
        !(pii_joint(t, run, &size) && (pii_digit(pii_at(t, run + size)) || pii_at(t, run + size) == '(')))
        return false;
    if (!starts_well(t, start))
        return false;
    struct number n = {.at = at, .parenthesis = open};
    size_t end = longest(t, &n, open);
    if (end == 0)
        return false;
    /* Few have the words: so those first. One run of digits may be much: it needs them near. */
    unsigned needed = n.groups > 1 ? 1 : n.count >= 9 ? PII_CONTEXT_WORDS - 2 : PII_CONTEXT_WORDS - 1;
    unsigned near = pii_context_near(t, start, PII_PHONE_CONTEXT);
    bool plain = n.groups == 1 && n.count < 9, said = near >= needed;
    bool alone = !plain && near < PII_CONTEXT_WORDS && (dialled_abroad(t, start, &n) || weakly_said(t, start) ||
                                                            behind_initial(t, start, &n) || called_at(t, start, &n));
    if ((!said && !alone) || pii_context_before(t, start, 2, PII_PHONE_NOT))
        return false;
    m->start = start;
    m->end = end;
    m->score = alone ? PII_SCORE_THRESHOLD : 15;
    return true;
}
