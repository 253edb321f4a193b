/* SPDX-License-Identifier: MIT */
/*
 * Numbers and codes without a check digit, or with a weak one: of bank accounts, passports,
 * driving licences, vehicles, banks, and what stands on a card. The words in front decide.
 */
#include <string.h>

#include "context.h"
#include "numbers.h"
#include "recognisers.h"

static bool found(struct pii_match *m, size_t start, size_t end, uint8_t score)
{
    m->start = start;
    m->end = end;
    m->score = score;
    return true;
}

/* One of the last two words, or the field's name. */
static bool close_by(const struct pii_text *t, size_t start, const char *words)
{
    return pii_context_near(t, start, words) >= PII_CONTEXT_WORDS - 1;
}

static bool all_upper(const struct pii_text *t, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++)
        if (t->p[i] >= 'a' && t->p[i] <= 'z')
            return false;
    return true;
}

/* "SKU-4411": part of a longer code. */
static bool glued(const struct pii_text *t, size_t at)
{
    return (pii_at(t, at - 1) == '-' || pii_at(t, at - 1) == '.') && pii_alnum(pii_at(t, at - 2));
}

bool pii_bank_number_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    size_t end = at, digits = 0;
    while (digits <= 17 && pii_digit(pii_at(t, end))) {
        digits++;
        end++;
    }
    if (digits < 8 || digits > 17 || !pii_stands_alone(t, at, end) || glued(t, at))
        return false;
    return found(m, at, end, 15);
}

bool pii_passport_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    struct pii_number n;
    return !glued(t, at) && pii_code_read(t, at, "999999999|A99999999", &n) && found(m, at, n.end, 15);
}

bool pii_uk_passport_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    struct pii_number n;
    if (!pii_code_read(t, at, "999999999|AA9999999", &n))
        return false;
    /* Nine digits are a US passport's as well: the country decides. */
    bool british = pii_context_has(t, at, "uk|british|united kingdom|hmpo|gb|gbr|england");
    return found(m, at, n.end, british ? 20 : 14);
}

bool pii_driver_license_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    /* What the states issue, the longest first. */
    static const char shapes[] =
        "A9999 99999 99999|A999 9999 9999|A999 999 99 999 9|A999 999 999 999|A99999999999999|"
        "A9999999999999|A999999999999|AA999999999999|99AAA99999|999AA9999|AAA999999|9999999999A|AA9999999|"
        "AA999999|AA99999A|A99999999999|A999999999|A99999999|A9999999|A999999|A99999|99 999 9999|"
        "99 999 999|999 99 9999|999 999 999|999999999999|99999999999|9999999999|999999999|99999999|9999999";
    struct pii_number n;
    return !glued(t, at) && pii_code_read(t, at, shapes, &n) && found(m, at, n.end, 15);
}

/* ISO 3166 countries at the fifth letter. */
static bool country_at(const char *two)
{
    static const char countries[] =
        " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT "
        "BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH "
        "ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT "
        "HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS "
        "LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI "
        "NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG "
        "SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG "
        "UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW ";
    const char wanted[5] = {' ', two[0], two[1], ' ', 0};
    return strstr(countries, wanted) != NULL;
}

bool pii_swift_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    struct pii_number n;
    if (!pii_code_read(t, at, "AAAAAAXXXXX|AAAAAAXX", &n) || !all_upper(t, at, n.end) ||
        !country_at(n.digit + 4))
        return false;
    return found(m, at, n.end, 20);
}

/* Vehicle identification numbers: transliterated, weighted, mod 11 (North America only). */
bool pii_vin_checks(const char *vin)
{
    static const char values[] = "12345678\0" "12345\0" "7\0" "923456789"; /* A to Z */
    static const uint8_t weights[17] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    unsigned sum = 0;
    for (unsigned i = 0; i < 17; i++) {
        int c = vin[i] >= 'A' ? values[vin[i] - 'A'] : vin[i];
        sum += (unsigned)(c - '0') * weights[i];
    }
    return vin[8] == (sum % 11 == 10 ? 'X' : (char)('0' + sum % 11));
}

bool pii_vin_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    struct pii_number n;
    unsigned digits = 0;
    if (!pii_code_read(t, at, "XXXXXXXXXXXXX9999", &n) || !all_upper(t, at, n.end))
        return false;
    for (unsigned i = 0; i < n.count; i++) {
        if (strchr("IOQ", n.digit[i]))
            return false;
        digits += pii_digit(n.digit[i]);
    }
    if (digits == n.count)
        return false;
    m->checked = pii_vin_checks(n.digit);
    return found(m, at, n.end, m->checked ? 50 : 20);
}

bool pii_plate_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    static const char shapes[] =
        "AA 999 AA|AA99 AAA|AAA 9A99|AAA 9999|AAA 999|9AAA999|AA 99 AA 9999|AA 9999|A AA 9999|AA AA 9999|"
        "AA A 9999|A 999 AAA|9999 AAA|999 AAA|AAA 99|AA 999 A|AA 99 AA|99 AAA 9|99 AA 99|9 AAA 999|A99 AAA";
    struct pii_number n;
    return pii_code_read(t, at, shapes, &n) && all_upper(t, at, n.end) && found(m, at, n.end, 15);
}

/* ---- what stands on a card ---------------------------------------------------------------- */

bool pii_cvv_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    struct pii_number n;
    return pii_code_read(t, at, "999|9999", &n) && !n.grouped &&
           close_by(t, at, "cvv|cvc|cvv2|cvc2|cv2|csc|cid|security code|card code|verification code") &&
           found(m, at, n.end, 30);
}

bool pii_pin_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    struct pii_number n;
    return pii_code_read(t, at, "9999|99999|999999", &n) && !n.grouped &&
           close_by(t, at, "pin|pins|pin code|pin number|passcode") && found(m, at, n.end, 30);
}

bool pii_expiry_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    size_t month_end = at + 2, year = at + 3, end = year;
    int separator = pii_at(t, month_end);
    if (!pii_digits(t, at, 2) || pii_alnum(pii_at(t, at - 1)) || (separator != '/' && separator != '-'))
        return false;
    while (end - year < 5 && pii_digit(pii_at(t, end)))
        end++;
    unsigned month = pii_number(t, at, 2);
    if ((end - year != 2 && end - year != 4) || month < 1 || month > 12 || !pii_stands_alone(t, at, end) ||
        !close_by(t, at, "exp|expiry|expires|expiration|exp date|expiry date|valid thru|valid through|"
                         "valid until|good thru|vence|gültig bis|expire|expiring"))
        return false;
    return found(m, at, end, 30);
}
