/* SPDX-License-Identifier: MIT */
/* Europe's rows of the table of identifiers, and the United Kingdom's that are of its kind. */
#include <string.h>

#include "national.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static unsigned code_value(const char *c, unsigned count)
{
    unsigned value = 0;
    for (unsigned i = 0; i < count; i++)
        value = value * 10 + (unsigned)(c[i] - '0');
    return value;
}

static bool varied(const struct pii_number *n)
{
    return !pii_one_digit_only(n->digit, n->count);
}

/* ---- United Kingdom ----------------------------------------------------------------------- */

static bool nhs(const struct pii_number *n)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < 9; i++)
        sum += (10 - i) * (unsigned)n->digit[i];
    return varied(n) && (11 - sum % 11) % 11 == (unsigned)n->digit[9];
}

/* Surname, decade, month (plus 50 for women), day, year, initials, check. */
static bool driving_licence(const struct pii_number *n)
{
    const char *c = n->digit;
    for (unsigned i = 1, filled = 0; i < 5; i++) {
        if (c[i] == '9')
            filled = 1;
        else if (c[i] < 'A' || filled)
            return false;
    }
    unsigned month = code_value(c + 6, 2);
    month -= month > 50 ? 50 : 0;
    return pii_date_exists(2000, month, code_value(c + 8, 2));
}

/* "SW1A 1AA": the areas that exist. */
static bool postcode(const struct pii_number *n)
{
    static const char areas[] =
        " AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC "
        "EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS "
        "LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP "
        "SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE ";
    char area[5] = " ";
    unsigned len = 0;
    while (len < 2 && n->digit[len] >= 'A') {
        area[len + 1] = n->digit[len];
        len++;
    }
    area[len + 1] = ' ';
    for (unsigned i = n->count - 2; i < n->count; i++)
        if (strchr("CIKMOV", n->digit[i]))
            return false;
    return strstr(areas, area) != NULL;
}

/* "AB12 CDE": since 2001; the age is 02 to 29 or 51 to 79. */
static bool plate(const struct pii_number *n)
{
    unsigned age = code_value(n->digit + 2, 2);
    for (unsigned i = 0; i < n->count; i++)
        if (n->digit[i] == 'I' || n->digit[i] == 'Q')
            return false;
    return (age >= 2 && age <= 29) || (age >= 51 && age <= 79);
}

/* ---- Spain -------------------------------------------------------------------------------- */

static bool nif_letter(unsigned value, char letter)
{
    return "TRWAGMYFPDXBNJZSQVHLCKE"[value % 23] == letter;
}

static bool nif(const struct pii_number *n)
{
    return nif_letter(code_value(n->digit, 8), n->digit[8]);
}

static bool nie(const struct pii_number *n)
{
    return n->digit[0] >= 'X' &&
           nif_letter((unsigned)(n->digit[0] - 'X') * 10000000 + code_value(n->digit + 1, 7), n->digit[8]);
}

/* ---- Italy -------------------------------------------------------------------------------- */

static unsigned fiscal_value(char c, bool odd)
{
    static const uint8_t odd_values[26] = {1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18,
                                           20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    unsigned value = (unsigned)(c >= 'A' ? c - 'A' : c - '0');
    return odd ? odd_values[value] : value;
}

/* In the seven places of digits letters stand for them when two people would be the same. */
static bool fiscal_digit(char *c)
{
    static const char instead[] = "LMNPQRSTUV";
    const char *at = *c >= 'A' ? strchr(instead, *c) : NULL;
    if (at)
        *c = (char)('0' + (at - instead));
    return *c <= '9';
}

static bool fiscal_code(const struct pii_number *n)
{
    static const uint8_t digits_at[7] = {6, 7, 9, 10, 12, 13, 14};
    char plain[16];
    unsigned sum = 0;
    memcpy(plain, n->digit, sizeof(plain));
    for (unsigned i = 0; i < 7; i++)
        if (!fiscal_digit(&plain[digits_at[i]]))
            return false;
    const char *month = strchr("ABCDEHLMPRST", plain[8]);
    unsigned day = code_value(plain + 9, 2);
    day -= day > 40 ? 40 : 0;
    for (unsigned i = 0; i < 15; i++)
        sum += fiscal_value(n->digit[i], i % 2 == 0);
    return month && pii_date_exists(2000, (unsigned)(month - "ABCDEHLMPRST") + 1, day) &&
           sum % 26 == (unsigned)(n->digit[15] - 'A');
}

static bool it_vat(const struct pii_number *n)
{
    return varied(n) && pii_luhn(n->digit, 11);
}

/* ---- Poland, Sweden, Finland, Germany ----------------------------------------------------- */

static bool pesel(const struct pii_number *n)
{
    static const uint8_t weights[11] = {1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1};
    unsigned month = pii_value(n->digit + 2, 2) % 20;
    return pii_date_exists(2000, month, pii_value(n->digit + 4, 2)) &&
           pii_weigh(n->digit, weights, 11) % 10 == 0;
}

/* The day plus 60 is a coordination number. */
static bool personnummer(const char *ten)
{
    unsigned day = pii_value(ten + 4, 2);
    day -= day > 60 ? 60 : 0;
    return pii_date_exists(2000, pii_value(ten + 2, 2), day) && pii_luhn(ten, 10);
}

static bool personnummer_any(const struct pii_number *n)
{
    char ten[10];
    for (unsigned i = 0; i < 10; i++)
        ten[i] = (char)(n->digit[n->count - 10 + i] - '0');
    if (n->count == 12) {
        unsigned century = code_value(n->digit, 2);
        if (century < 18 || century > 20)
            return false;
    }
    return personnummer(ten);
}

/* Date, century, serial, and a character by 31. The reader has left out '-' and '+'. */
static bool hetu(const struct pii_number *n)
{
    static const char characters[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    const char *c = n->digit, *serial = c + n->count - 4;
    if (n->count == 11 && !strchr("ABCDEFYXWVU", c[6]))
        return false;
    unsigned value = code_value(c, 6) * 1000 + code_value(serial, 3);
    return pii_date_exists(2000, code_value(c + 2, 2), code_value(c, 2)) && code_value(serial, 3) >= 2 &&
           characters[value % 31] == serial[3];
}

/* Of the first ten digits one comes twice or three times, the others at most once. */
static bool steuer_id(const struct pii_number *n)
{
    unsigned count[10] = {0}, twice = 0, thrice = 0;
    for (unsigned i = 0; i < 10; i++)
        count[(unsigned)n->digit[i]]++;
    for (unsigned i = 0; i < 10; i++) {
        twice += count[i] == 2;
        thrice += count[i] == 3;
        if (count[i] > 3)
            return false;
    }
    return twice + thrice == 1 && n->digit[0] != 0 && pii_mod_11_10(n->digit, 11);
}

const struct pii_national pii_national_europe[] = {
    {PII_UK_NHS, false, "10|3 3 4", nhs, 30, 40, true},
    {PII_UK_DRIVING_LICENCE, true, "AXXXX9 99999 AX9AA|AXXXX999999AX9AA", driving_licence, 65, 65, false},
    {PII_UK_POSTCODE, true, "A9 9AA|A99 9AA|AA9 9AA|AA99 9AA|A9A 9AA|AA9A 9AA", postcode, 30, 55, false},
    {PII_UK_VEHICLE_REGISTRATION, true, "AA99 AAA", plate, 20, 30, false},
    {PII_ES_NIF, true, "99999999 A", nif, 55, 55, true},
    {PII_ES_NIE, true, "A 9999999 A", nie, 60, 60, true},
    {PII_IT_FISCAL_CODE, true, "AAA AAA XXAXX AXXXA", fiscal_code, 80, 80, true},
    {PII_IT_VAT_CODE, false, "11", it_vat, 30, 30, true},
    {PII_PL_PESEL, false, "11", pesel, 45, 45, true},
    {PII_SE_PERSONNUMMER, true, "999999-9999|999999+9999|99999999-9999|999999999999|9999999999",
     personnummer_any, 40, 60, true},
    {PII_FI_PERSONAL_IDENTITY_CODE, true, "999999-999X|999999+999X|999999A999X", hetu, 75, 75, true},
    {PII_DE_TAX_ID, false, "11|2 3 3 3|3 4 4", steuer_id, 40, 50, true},
};
const size_t pii_national_europe_count = COUNT(pii_national_europe);
