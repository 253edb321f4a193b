/* SPDX-License-Identifier: MIT */
/*
 * Payment cards: 13 to 19 digits with an issuer's prefix and length and a valid check digit,
 * in one run or in the groups that cards are printed in.
 */
#include "recognisers.h"

#define DIGITS_MIN 13
#define DIGITS_MAX 19
#define LENGTHS(from, to) (((1u << ((to) - (from) + 1)) - 1) << (from))

/* First six digits from..to (shorter prefixes are filled up), and lengths as a bit set. */
static const struct issuer {
    uint32_t from, to, lengths;
} issuers[] = {
    {100000, 199999, LENGTHS(15, 15)},                                      /* UATP */
    {220000, 220499, LENGTHS(16, 19)},                                      /* Mir */
    {222100, 272099, LENGTHS(16, 16)},                                      /* Mastercard */
    {300000, 305999, LENGTHS(14, 19)},                                      /* Diners Club */
    {309500, 309599, LENGTHS(14, 19)},
    {360000, 369999, LENGTHS(14, 19)},
    {380000, 399999, LENGTHS(14, 19)},
    {340000, 349999, LENGTHS(15, 15)},                                      /* American Express */
    {370000, 379999, LENGTHS(15, 15)},
    {352800, 358999, LENGTHS(16, 19)},                                      /* JCB */
    {400000, 499999, LENGTHS(13, 13) | LENGTHS(16, 16) | LENGTHS(19, 19)},  /* Visa */
    {500000, 509999, LENGTHS(13, 19)},                                      /* Maestro, RuPay */
    {510000, 559999, LENGTHS(16, 16)},                                      /* Mastercard */
    {560000, 589999, LENGTHS(13, 19)},                                      /* Maestro */
    {600000, 600999, LENGTHS(13, 19)},                                      /* Maestro, RuPay */
    {601100, 601199, LENGTHS(16, 19)},                                      /* Discover */
    {620000, 629999, LENGTHS(16, 19)},                                      /* UnionPay */
    {630000, 639999, LENGTHS(13, 19)},                                      /* Maestro */
    {644000, 659999, LENGTHS(16, 19)},                                      /* Discover */
    {670000, 679999, LENGTHS(13, 19)},                                      /* Maestro */
    {810000, 829999, LENGTHS(16, 19)},                                      /* UnionPay, RuPay */
};

static bool issued(const uint8_t *digits, unsigned count)
{
    uint32_t prefix = 0;
    for (unsigned i = 0; i < 6; i++)
        prefix = prefix * 10 + digits[i];
    for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++)
        if (prefix >= issuers[i].from && prefix <= issuers[i].to)
            return issuers[i].lengths >> count & 1;
    return false;
}

static bool luhn(const uint8_t *digits, unsigned count)
{
    static const uint8_t doubled[10] = {0, 2, 4, 6, 8, 1, 3, 5, 7, 9};
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += (count - i) % 2 ? digits[i] : doubled[digits[i]];
    return sum % 10 == 0;
}

/* Not the inside of a word, of a longer number, or of a decimal fraction. */
static bool bounded(const struct pii_text *t, size_t start, size_t end)
{
    int left = pii_at(t, start - 1), right = pii_at(t, end);
    if (pii_alnum(left) || pii_alnum(right))
        return false;
    return !(left == '.' && pii_digit(pii_at(t, start - 2))) &&
           !(right == '.' && pii_digit(pii_at(t, end + 1)));
}

struct reading {
    uint8_t digits[DIGITS_MAX + 1];
    unsigned count;
    size_t at;
};

/* Append the digits at r->at, at most one more than a card has; how many there were. */
static unsigned read_group(const struct pii_text *t, struct reading *r)
{
    unsigned before = r->count;
    while (r->count <= DIGITS_MAX && pii_digit(pii_at(t, r->at)))
        r->digits[r->count++] = (uint8_t)(t->p[r->at++] - '0');
    return r->count - before;
}

static bool is_card(const struct pii_text *t, size_t start, const struct reading *r)
{
    return r->count >= DIGITS_MIN && r->count <= DIGITS_MAX && issued(r->digits, r->count) &&
           bounded(t, start, r->at) && luhn(r->digits, r->count);
}

/* 4-4-4-4 and its shorter and longer kin, 4-6-4 (Diners), 4-6-5 (American Express). */
static bool ends_layout(const unsigned *groups, unsigned n)
{
    if (n == 3 && groups[1] == 6)
        return groups[2] == 4 || groups[2] == 5;
    for (unsigned i = 0; i + 1 < n; i++)
        if (groups[i] != 4)
            return false;
    return groups[n - 1] <= 4;
}

bool pii_card_find(const struct pii_text *t, size_t start, struct pii_match *m)
{
    struct reading r = {.at = start};
    unsigned groups[5], n = 0;
    size_t best = 0;
    if (pii_alnum(pii_at(t, start - 1)))
        return false;
    for (;;) {
        groups[n++] = read_group(t, &r);
        if ((n == 1 || ends_layout(groups, n)) && is_card(t, start, &r))
            best = r.at;
        int separator = pii_at(t, r.at);
        if (groups[0] != 4 || n == 5 || (separator != ' ' && separator != '-') ||
            !pii_digit(pii_at(t, r.at + 1)))
            break;
        r.at++;
    }
    m->start = start;
    m->end = best;
    m->score = 100;
    m->checked = true;
    return best != 0;
}
