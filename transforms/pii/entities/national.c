/* SPDX-License-Identifier: MIT */
#include "national.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static unsigned weighed(const struct pii_number *n, const char *weights)
{
    unsigned sum = 0;
    for (unsigned i = 0; weights[i]; i++)
        sum += (unsigned)n->digit[i] * (unsigned)(weights[i] - 'a');
    return sum;
}

static bool varied(const struct pii_number *n)
{
    return !pii_one_digit_only(n->digit, n->count);
}

/* ---- United States, Canada ---------------------------------------------------------------- */

/* Routing numbers: a Federal Reserve district (and its kin) first, weights 3-7-1. */
static bool aba(const struct pii_number *n)
{
    unsigned district = pii_value(n->digit, 2);
    bool known = district <= 12 || (district >= 21 && district <= 32) ||
                 (district >= 61 && district <= 72) || district == 80;
    return known && varied(n) && weighed(n, "dhbdhbdhb") % 10 == 0;
}

/* National provider identifiers: Luhn behind the prefix of the health industry, 80840. */
static bool npi(const struct pii_number *n)
{
    char digit[15] = {8, 0, 8, 4, 0};
    memcpy(digit + 5, n->digit, 10);
    return (n->digit[0] == 1 || n->digit[0] == 2) && pii_luhn(digit, 15);
}

/* DEA registrations: kind of registrant, initial, six digits and a check digit. */
static bool dea(const struct pii_number *n)
{
    if (!strchr("ABCDEFGHJKLMPRSTUX", n->digit[0]))
        return false;
    unsigned d[7];
    for (unsigned i = 0; i < 7; i++)
        d[i] = (unsigned)(n->digit[i + 2] - '0');
    return (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 == d[6];
}

static bool insurance(const struct pii_number *n)
{
    return n->digit[0] != 0 && n->digit[0] != 8 && varied(n) && pii_luhn(n->digit, 9);
}

/* ---- Asia --------------------------------------------------------------------------------- */

static bool aadhaar(const struct pii_number *n)
{
    return n->digit[0] >= 2 && varied(n) && pii_verhoeff(n->digit, 12);
}

/* The fourth letter is the kind of taxpayer. */
static bool pan(const struct pii_number *n)
{
    return strchr("ABCFGHJLPT", n->digit[3]) != NULL;
}

/* A date, sex and century, and until 2020 a check digit. */
static bool rrn(const struct pii_number *n)
{
    static const uint16_t centuries[10] = {1800, 1900, 1900, 2000, 2000, 1900, 1900, 2000, 2000, 1800};
    unsigned year = centuries[(unsigned)n->digit[6]] + pii_value(n->digit, 2);
    if (!pii_date_exists(year, pii_value(n->digit + 2, 2), pii_value(n->digit + 4, 2)))
        return false;
    bool checks = (11 - weighed(n, "cdefghijcdef") % 11) % 10 == (unsigned)n->digit[12];
    return checks || (n->grouped && year * 100 + pii_value(n->digit + 2, 2) >= 202010);
}

static bool tnin(const struct pii_number *n)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < 12; i++)
        sum += (13 - i) * (unsigned)n->digit[i];
    return n->digit[0] >= 1 && n->digit[0] <= 8 && (11 - sum % 11) % 10 == (unsigned)n->digit[12];
}

static bool tckn(const struct pii_number *n)
{
    unsigned odd = 0, even = 0, sum = 0;
    for (unsigned i = 0; i < 9; i++)
        *(i % 2 ? &even : &odd) += (unsigned)n->digit[i];
    for (unsigned i = 0; i < 10; i++)
        sum += (unsigned)n->digit[i];
    return n->digit[0] != 0 && (odd * 7 + 100 - even) % 10 == (unsigned)n->digit[9] &&
           sum % 10 == (unsigned)n->digit[10];
}

/* NRIC and FIN: S, T (citizens), F, G, M (foreigners); seven digits by weights; a letter. */
static bool nric(const struct pii_number *n)
{
    static const char citizens[] = "JZIHGFEDCBA", foreigners[] = "XWUTRQPNMLK", since_2022[] = "KLJNPQRTUWX";
    static const uint8_t weights[7] = {2, 7, 6, 5, 4, 3, 2};
    unsigned sum = 0;
    for (unsigned i = 0; i < 7; i++)
        sum += (unsigned)(n->digit[i + 1] - '0') * weights[i];
    switch (n->digit[0]) {
    case 'S': return citizens[sum % 11] == n->digit[8];
    case 'T': return citizens[(sum + 4) % 11] == n->digit[8];
    case 'F': return foreigners[sum % 11] == n->digit[8];
    case 'G': return foreigners[(sum + 4) % 11] == n->digit[8];
    case 'M': return since_2022[10 - (sum + 3) % 11] == n->digit[8];
    default: return false;
    }
}

static unsigned uen_sum(const struct pii_number *n, const uint8_t *weights, unsigned count)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += (unsigned)(n->digit[i] - '0') * weights[i];
    return sum;
}

/* Businesses: eight digits and a letter; local companies: a year, five digits, a letter. */
static bool uen(const struct pii_number *n)
{
    static const uint8_t business[8] = {10, 4, 9, 3, 8, 2, 7, 1}, company[9] = {10, 8, 6, 4, 9, 7, 5, 3, 1};
    static const char business_letters[] = "XMKECAWLJDB", company_letters[] = "ZKCMDNERGWH";
    if (n->count == 9)
        return business_letters[uen_sum(n, business, 8) % 11] == n->digit[8];
    unsigned year = (unsigned)(n->digit[0] - '0') * 10 + (unsigned)(n->digit[1] - '0');
    return (year == 19 || year == 20 || year == 18) &&
           company_letters[uen_sum(n, company, 9) % 11] == n->digit[9];
}

/* Other entities: T and the year, kind, four digits, and a letter by the code's own alphabet. */
static bool uen_other(const struct pii_number *n)
{
    static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWX0123456789";
    static const uint8_t weights[9] = {4, 3, 5, 3, 10, 2, 2, 5, 7};
    unsigned sum = 0;
    if (!strchr("RST", n->digit[0]))
        return false;
    for (unsigned i = 0; i < 9; i++) {
        const char *at = strchr(alphabet, n->digit[i]);
        if (!at)
            return false;
        sum += (unsigned)(at - alphabet) * weights[i];
    }
    return alphabet[(sum + 11 - 5) % 11] == n->digit[9];
}

/* ---- Australia, South Africa -------------------------------------------------------------- */

static bool tfn(const struct pii_number *n)
{
    return varied(n) && weighed(n, "bedhfigjk") % 11 == 0;
}

static bool abn(const struct pii_number *n)
{
    struct pii_number less = *n;
    if (less.digit[0] == 0)
        return false;
    less.digit[0]--;
    unsigned sum = 10u * (unsigned)less.digit[0];
    for (unsigned i = 1; i < 11; i++)
        sum += (unsigned)less.digit[i] * (2 * i - 1);
    return sum % 89 == 0;
}

static bool acn(const struct pii_number *n)
{
    return varied(n) && (10 - weighed(n, "ihgfedcb") % 10) % 10 == (unsigned)n->digit[8];
}

static bool medicare(const struct pii_number *n)
{
    return n->digit[0] >= 2 && n->digit[0] <= 6 && n->digit[9] != 0 &&
           weighed(n, "bdhjbdhj") % 10 == (unsigned)n->digit[8];
}

/* Birth date, sex, citizen or resident, Luhn. */
static bool za_id(const struct pii_number *n)
{
    return pii_date_exists(2000, pii_value(n->digit + 2, 2), pii_value(n->digit + 4, 2)) &&
           n->digit[10] <= 2 && varied(n) && pii_luhn(n->digit, 13);
}

const struct pii_national pii_national_world[] = {
    {PII_ABA_ROUTING_NUMBER, false, "9|4 4 1", aba, 30, 35, true},
    {PII_US_NPI, false, "10", npi, 30, 30, true},
    {PII_MEDICAL_LICENSE, true, "AA9999999|A99999999", dea, 40, 40, true},
    {PII_CA_SIN, false, "9|3 3 3", insurance, 25, 40, true},
    {PII_IN_AADHAAR, false, "12|4 4 4", aadhaar, 42, 45, true},
    {PII_IN_PAN, true, "AAAAA9999A", pan, 55, 55, false},
    {PII_KR_RRN, false, "13|6 7", rrn, 40, 60, true},
    {PII_TH_TNIN, false, "13|1 4 5 2 1", tnin, 42, 60, true},
    {PII_TR_NATIONAL_ID, false, "11", tckn, 45, 45, true},
    {PII_SG_NRIC_FIN, true, "A9999999A", nric, 60, 60, true},
    {PII_SG_UEN, true, "99999999A|999999999A", uen, 40, 40, true},
    {PII_SG_UEN, true, "A99AA9999A", uen_other, 50, 50, true},
    {PII_AU_TFN, false, "9|3 3 3", tfn, 25, 40, true},
    {PII_AU_ABN, false, "11|2 3 3 3", abn, 40, 60, true},
    {PII_AU_ACN, false, "9|3 3 3", acn, 25, 40, true},
    {PII_AU_MEDICARE, false, "10|4 5 1", medicare, 30, 45, true},
    {PII_ZA_ID_NUMBER, false, "13|6 4 2 1|6 4 3", za_id, 45, 45, true},
};
const size_t pii_national_world_count = COUNT(pii_national_world);

/* ---- the recogniser of all rows ----------------------------------------------------------- */

static bool try_rule(const struct pii_national *rule, const struct pii_text *t, size_t at, struct pii_match *m)
{
    struct pii_number n;
    bool read = rule->code ? pii_code_read(t, at, rule->layouts, &n)
                           : pii_number_read(t, at, rule->layouts, &n);
    if (!read || (rule->check && !rule->check(&n)))
        return false;
    m->start = at;
    m->end = n.end;
    m->score = n.grouped ? rule->score_grouped : rule->score;
    m->checked = rule->checked;
    return true;
}

static bool try_rules(const struct pii_national *rules, size_t count, const struct pii_text *t, size_t at,
                      struct pii_match *m)
{
    for (size_t i = 0; i < count; i++)
        if (rules[i].entity == m->entity && try_rule(&rules[i], t, at, m))
            return true;
    return false;
}

bool pii_national_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    return try_rules(pii_national_world, pii_national_world_count, t, at, m) ||
           try_rules(pii_national_europe, pii_national_europe_count, t, at, m);
}
