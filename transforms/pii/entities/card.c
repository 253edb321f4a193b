/* SPDX-License-Identifier: MIT */
/*
 * Payment cards: 12 to 19 digits with an issuer's prefix and length (ISO/IEC 7812) and a valid
 * check digit, in one run or in the groups that cards are printed in.
 */
#include <string.h>

#include "context.h"
#include "numbers.h"
#include "recognisers.h"

#define DIGITS_MIN 12
#define DIGITS_MAX 19
#define SHORT_MAX 13 /* so short are also national identifiers: a word can decide for them */
#define WAIVED_SCORE 15
#define LENGTHS(from, to) (((1u << ((to) - (from) + 1)) - 1) << (from))

/* First six digits from..to (shorter prefixes are filled up), and lengths as a bit set. */
static const struct issuer {
    uint32_t from, to, lengths;
} issuers[] = {
    {100000, 199999, LENGTHS(15, 15)},                                     /* UATP */
    {213100, 213199, LENGTHS(15, 15)},                                     /* JCB */
    {220000, 220499, LENGTHS(16, 19)},                                     /* Mir */
    {222100, 272099, LENGTHS(16, 16)},                                     /* Mastercard */
    {300000, 305999, LENGTHS(14, 14)},                                     /* Diners Club */
    {309500, 309599, LENGTHS(14, 14)},
    {340000, 349999, LENGTHS(15, 15)},                                     /* American Express */
    {352800, 358999, LENGTHS(16, 16)},                                     /* JCB */
    {360000, 369999, LENGTHS(14, 14)},                                     /* Diners Club */
    {370000, 379999, LENGTHS(15, 15)},                                     /* American Express */
    {380000, 399999, LENGTHS(14, 14)},                                     /* Diners Club */
    {400000, 499999, LENGTHS(13, 13) | LENGTHS(16, 16) | LENGTHS(19, 19)}, /* Visa */
    {500000, 509999, LENGTHS(12, 19)},                                     /* Maestro */
    {510000, 559999, LENGTHS(16, 16)},                                     /* Mastercard */
    {560000, 589999, LENGTHS(12, 19)},                                     /* Maestro */
    {601100, 601199, LENGTHS(16, 19)},                                     /* Discover */
    {620000, 629999, LENGTHS(16, 19)},                                     /* UnionPay */
    {630000, 639999, LENGTHS(12, 19)},                                     /* Maestro */
    {644000, 659999, LENGTHS(16, 19)},                                     /* Discover */
    {670000, 679999, LENGTHS(12, 19)},                                     /* Maestro */
};

static bool issued(const char *digit, unsigned count)
{
    uint32_t prefix = pii_value(digit, 6);
    for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++)
        if (prefix >= issuers[i].from && prefix <= issuers[i].to)
            return issuers[i].lengths >> count & 1;
    return false;
}

/* The end of a UUID or of another hexadecimal number in groups: "a716-446655440000". */
static bool behind_hex(const struct pii_text *t, size_t start)
{
    size_t at = start - 1, len = 0;
    if (pii_at(t, at) != '-')
        return false;
    while (len < 9 && pii_hex(pii_at(t, at - 1))) {
        at--;
        len++;
    }
    return len == 4 || len == 8;
}

/* ".0", ".00": how programs write whole numbers of a column with gaps. */
static bool is_whole(const struct pii_text *t, size_t dot)
{
    size_t at = dot + 1;
    while (at - dot <= 2 && pii_at(t, at) == '0')
        at++;
    return at > dot + 1 && !pii_alnum(pii_at(t, at)) && !(pii_at(t, at) == '.' && pii_alnum(pii_at(t, at + 1)));
}

/* The first track of a magnetic stripe begins so: "%B4111…". */
static bool behind_track_sign(const struct pii_text *t, size_t start)
{
    return pii_at(t, start - 1) == 'B' && pii_at(t, start - 2) == '%';
}

/* Not the inside of a word, of a longer number, or of a decimal fraction. */
static bool bounded(const struct pii_text *t, size_t start, size_t end)
{
    int left = pii_at(t, start - 1), right = pii_at(t, end), after = pii_at(t, end + 1);
    if ((pii_alnum(left) && !behind_track_sign(t, start)) || pii_alnum(right) || left == '+')
        return false;
    if (right == '.' && is_whole(t, end))
        right = ' ';
    if ((left == '.' || left == '-') && pii_digit(pii_at(t, start - 2)))
        return false;
    if ((right == '.' || right == '-') && pii_digit(after))
        return false;
    return !(right == '-' && pii_hex(after)) && !behind_hex(t, start);
}

struct reading {
    char digit[DIGITS_MAX + 1];
    unsigned count;
    size_t at;
    unsigned group[6], groups;
};

/* Append the digits at r->at, at most one more than a card has. */
static void read_group(const struct pii_text *t, struct reading *r)
{
    unsigned before = r->count;
    while (r->count <= DIGITS_MAX && pii_digit(pii_at(t, r->at)))
        r->digit[r->count++] = (char)(t->p[r->at++] - '0');
    r->group[r->groups++] = r->count - before;
}

/* 4-4-4-4 and its shorter and longer kin, 4-6-4 (Diners), 4-6-5 (American Express). */
static bool ends_layout(const struct reading *r)
{
    unsigned n = r->groups;
    if (n == 1)
        return true;
    if (n == 3 && r->group[1] == 6)
        return r->group[2] == 4 || r->group[2] == 5;
    for (unsigned i = 0; i + 1 < n; i++)
        if (r->group[i] != 4)
            return false;
    return n >= 3 && r->group[n - 1] <= 4;
}

static bool has_shape(const struct pii_text *t, size_t start, const struct reading *r)
{
    return r->count >= DIGITS_MIN && r->count <= DIGITS_MAX && ends_layout(r) && bounded(t, start, r->at);
}

static bool checks(const struct reading *r)
{
    return issued(r->digit, r->count) && pii_luhn(r->digit, r->count);
}

/* Whether what was read so far is a card, and how sure that is. `waived`: the shape is enough where
 * a word in front says so. The longest counts, but what checks goes before what does not. */
static void judge(const struct pii_text *t, size_t start, const struct reading *r, bool waived, struct pii_match *m)
{
    if (!has_shape(t, start, r))
        return;
    bool checked = checks(r);
    if (!checked && (m->checked || !waived))
        return;
    m->end = r->at;
    m->checked = checked;
    m->score = !checked ? WAIVED_SCORE : r->count <= SHORT_MAX ? 75 : 100;
}

/* Four digits and the same separator: one of a row of such groups. */
static bool group_in_front(const struct pii_text *t, size_t start, char joint)
{
    size_t size;
    if (pii_joint_before(t, start, &size) != joint)
        return false;
    return start >= size + 4 && pii_digits(t, start - size - 4, 4) &&
           !pii_alnum(pii_at(t, start - size - 5));
}

static bool find(const struct pii_text *t, size_t start, bool waived, struct pii_match *m)
{
    struct reading r = {.at = start};
    char joint = 0;
    size_t size;
    if (pii_alnum(pii_at(t, start - 1)) && !behind_track_sign(t, start))
        return false;
    for (;;) {
        read_group(t, &r);
        judge(t, start, &r, waived, m);
        char kind = pii_joint(t, r.at, &size);
        if (r.group[0] != 4 || r.groups == 5 || kind == 0 || (joint && kind != joint) ||
            !pii_digit(pii_at(t, r.at + size)))
            break;
        joint = kind;
        r.at += size;
    }
    m->start = start;
    return m->end != 0 && !(r.groups > 1 && group_in_front(t, start, joint)) &&
           !pii_context_before(t, start, 2, "imei|gtin|ean|upc|isbn|barcode|tracking|iccid|imsi");
}

bool pii_card_find(const struct pii_text *t, size_t start, struct pii_match *m)
{
    return find(t, start, false, m);
}

bool pii_card_find_waived(const struct pii_text *t, size_t start, struct pii_match *m)
{
    return find(t, start, true, m);
}
