/* SPDX-License-Identifier: MIT */
/*
 * International bank account numbers: a country of the registry, its length, and the check
 * digits right; in one run or in groups of four.
 */
#include "recognisers.h"

#define LENGTH_MAX 34

/* Country and length, as the registry (ISO 13616) lists them. */
static const char registry[][5] = {
    "AD24", "AE23", "AL28", "AT20", "AZ28", "BA20", "BE16", "BG22", "BH22", "BI27", "BR29", "BY28",
    "CH21", "CR22", "CY28", "CZ24", "DE22", "DJ27", "DK18", "DO28", "EE20", "EG29", "ES24", "FI18",
    "FK18", "FO18", "FR27", "GB22", "GE22", "GI23", "GL18", "GR27", "GT28", "HN28", "HR21", "HU28",
    "IE22", "IL23", "IQ23", "IS26", "IT27", "JO30", "KW30", "KZ20", "LB28", "LC32", "LI21", "LT20",
    "LU20", "LV21", "LY25", "MC27", "MD24", "ME22", "MK19", "MN20", "MR27", "MT31", "MU30", "NI28",
    "NL18", "NO15", "OM23", "PK24", "PL28", "PS29", "PT25", "QA29", "RO24", "RS22", "RU33", "SA24",
    "SC31", "SD18", "SE24", "SI19", "SK24", "SM27", "SO23", "ST25", "SV28", "TL23", "TN24", "TR26",
    "UA29", "VA22", "VG24", "XK20", "YE30",
};

static unsigned length_of(int first, int second)
{
    first = pii_lower(first) - 'a' + 'A';
    second = pii_lower(second) - 'a' + 'A';
    for (size_t i = 0; i < sizeof(registry) / sizeof(registry[0]); i++)
        if (registry[i][0] == first && registry[i][1] == second)
            return (unsigned)(registry[i][2] - '0') * 10 + (unsigned)(registry[i][3] - '0');
    return 0;
}

/* The remainder by 97 of the account with its first four characters put last. */
static bool checks(const uint8_t *account, unsigned length)
{
    unsigned rest = 0;
    for (unsigned i = 0; i < length; i++) {
        int c = account[(i + 4) % length];
        if (pii_digit(c))
            rest = (rest * 10 + (unsigned)(c - '0')) % 97;
        else
            rest = (rest * 100 + (unsigned)(pii_lower(c) - 'a' + 10)) % 97;
    }
    return rest == 1;
}

bool pii_iban_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    uint8_t account[LENGTH_MAX];
    if (pii_alnum(pii_at(t, at - 1)) || !pii_letter(pii_at(t, at)) || !pii_letter(pii_at(t, at + 1)) ||
        !pii_digits(t, at + 2, 2))
        return false;
    unsigned length = length_of(t->p[at], t->p[at + 1]);
    int separator = pii_at(t, at + 4);
    bool grouped = separator == ' ' || separator == '-';
    size_t pos = at;
    for (unsigned i = 0; i < length; i++) {
        if (grouped && i > 0 && i % 4 == 0 && pii_at(t, pos++) != separator)
            return false;
        int c = pii_at(t, pos++);
        if (!pii_alnum(c))
            return false;
        account[i] = (uint8_t)c;
    }
    if (length == 0 || pii_alnum(pii_at(t, pos)) || !checks(account, length))
        return false;
    m->start = at;
    m->end = pos;
    m->score = 100;
    m->checked = true;
    return true;
}
