/* SPDX-License-Identifier: MIT */
/*
 * International bank account numbers (ISO 13616): a country of the registry, the shape of its
 * accounts, and the check digits right; in one run or in groups of four.
 */
#include "numbers.h"
#include "recognisers.h"

#define LENGTH_MAX 34

/* Country, and what follows the check digits as the registry writes it: so many n digits,
 * a letters, c of either. */
static const struct country {
    char code[3];
    char shape[12];
} registry[] = {
    {"AD", "8n12c"}, {"AE", "19n"}, {"AL", "8n16c"}, {"AT", "16n"}, {"AZ", "4a20c"},
    {"BA", "16n"}, {"BE", "12n"}, {"BG", "4a6n8c"}, {"BH", "4a14c"}, {"BI", "23n"},
    {"BR", "23n1a1c"}, {"BY", "4c4n16c"}, {"CH", "5n12c"}, {"CR", "18n"}, {"CY", "8n16c"},
    {"CZ", "20n"}, {"DE", "18n"}, {"DJ", "23n"}, {"DK", "14n"}, {"DO", "4c20n"}, {"EE", "16n"},
    {"EG", "25n"}, {"ES", "20n"}, {"FI", "14n"}, {"FK", "2a12n"}, {"FO", "14n"},
    {"FR", "10n11c2n"}, {"GB", "4a14n"}, {"GE", "2a16n"}, {"GI", "4a15c"}, {"GL", "14n"},
    {"GR", "7n16c"}, {"GT", "24c"}, {"HN", "4a20n"}, {"HR", "17n"}, {"HU", "24n"},
    {"IE", "4a14n"}, {"IL", "19n"}, {"IQ", "4a15n"}, {"IS", "22n"}, {"IT", "1a10n12c"},
    {"JO", "4a4n18c"}, {"KW", "4a22c"}, {"KZ", "3n13c"}, {"LB", "4n20c"}, {"LC", "4a24c"},
    {"LI", "5n12c"}, {"LT", "16n"}, {"LU", "3n13c"}, {"LV", "4a13c"}, {"LY", "21n"},
    {"MC", "10n11c2n"}, {"MD", "20c"}, {"ME", "18n"}, {"MK", "3n10c2n"}, {"MN", "16n"},
    {"MR", "23n"}, {"MT", "4a5n18c"}, {"MU", "4a19n3a"}, {"NI", "4a20n"}, {"NL", "4a10n"},
    {"NO", "11n"}, {"OM", "3n16c"}, {"PK", "4a16c"}, {"PL", "24n"}, {"PS", "4a21c"},
    {"PT", "21n"}, {"QA", "4a21c"}, {"RO", "4a16c"}, {"RS", "18n"}, {"RU", "14n15c"},
    {"SA", "2n18c"}, {"SC", "4a20n3a"}, {"SD", "14n"}, {"SE", "20n"}, {"SI", "15n"},
    {"SK", "20n"}, {"SM", "1a10n12c"}, {"SO", "19n"}, {"ST", "21n"}, {"SV", "4a20n"},
    {"TL", "19n"}, {"TN", "20n"}, {"TR", "6n16c"}, {"UA", "6n19c"}, {"VA", "18n"},
    {"VG", "4a16n"}, {"XK", "16n"}, {"YE", "4a4n18c"},
};

static const struct country *country_of(int first, int second)
{
    first = pii_lower(first) - 'a' + 'A';
    second = pii_lower(second) - 'a' + 'A';
    for (size_t i = 0; i < sizeof(registry) / sizeof(registry[0]); i++)
        if (registry[i].code[0] == first && registry[i].code[1] == second)
            return &registry[i];
    return NULL;
}

static bool class_fits(char class, int c)
{
    return class == 'n' ? pii_digit(c) : class == 'a' ? pii_letter(c) : pii_alnum(c);
}

struct account {
    uint8_t character[LENGTH_MAX];
    unsigned length;
    size_t end;
    char joint; /* between groups of four; 0 for none */
};

/* The next character, and the separator in front of it. */
static bool take(const struct pii_text *t, struct account *a, char class)
{
    size_t size;
    if (a->joint && a->length > 0 && a->length % 4 == 0) {
        if (pii_joint(t, a->end, &size) != a->joint)
            return false;
        a->end += size;
    }
    int c = pii_at(t, a->end);
    if (!class_fits(class, c))
        return false;
    a->character[a->length++] = (uint8_t)c;
    a->end++;
    return true;
}

static bool take_shape(const struct pii_text *t, struct account *a, const char *shape)
{
    while (*shape) {
        unsigned count = 0;
        for (; pii_digit(*shape); shape++)
            count = count * 10 + (unsigned)(*shape - '0');
        for (; count > 0; count--)
            if (!take(t, a, *shape))
                return false;
        shape++;
    }
    return true;
}

/* The remainder by 97 of the account with its first four characters put last. */
static bool checks(const struct account *a)
{
    unsigned rest = 0;
    for (unsigned i = 0; i < a->length; i++) {
        int c = a->character[(i + 4) % a->length];
        if (pii_digit(c))
            rest = (rest * 10 + (unsigned)(c - '0')) % 97;
        else
            rest = (rest * 100 + (unsigned)(pii_lower(c) - 'a' + 10)) % 97;
    }
    return rest == 1;
}

bool pii_iban_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    if (pii_alnum(pii_at(t, at - 1)) || !pii_letter(pii_at(t, at)) || !pii_letter(pii_at(t, at + 1)))
        return false;
    const struct country *country = country_of(t->p[at], t->p[at + 1]);
    if (!country)
        return false;
    size_t size;
    struct account a = {.end = at, .joint = pii_joint(t, at + 4, &size)};
    if (!take_shape(t, &a, "2a2n") || !take_shape(t, &a, country->shape) ||
        pii_alnum(pii_at(t, a.end)) || !checks(&a))
        return false;
    m->start = at;
    m->end = a.end;
    m->score = 100;
    m->checked = true;
    return true;
}
