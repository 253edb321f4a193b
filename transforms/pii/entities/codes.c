/* SPDX-License-Identifier: MIT */
/* Codes whose shape is rule enough: UK national insurance, US Medicare, AWS access keys. */
#include <string.h>

#include "numbers.h"
#include "recognisers.h"

static bool one_of(char c, const char *set)
{
    return strchr(set, c) != NULL;
}

static bool has_lower(const struct pii_text *t, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++)
        if (t->p[i] >= 'a' && t->p[i] <= 'z')
            return true;
    return false;
}

static bool nino_prefix(const char *p)
{
    static const char never[][3] = {"BG", "GB", "NK", "KN", "NT", "TN", "ZZ"};
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        if (memcmp(never[i], p, 2) == 0)
            return false;
    return !one_of(p[0], "DFIQUV") && !one_of(p[1], "DFIQUVO");
}

bool pii_nino_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    struct pii_number n;
    if (!pii_letter(pii_at(t, at)) || !pii_code_read(t, at, "AA 99 99 99 A", &n) ||
        !nino_prefix(n.digit) || !one_of(n.digit[8], "ABCD"))
        return false;
    m->start = at;
    m->end = n.end;
    m->score = has_lower(t, at, n.end) ? 40 : 65;
    return true;
}

bool pii_mbi_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    struct pii_number n;
    if (!pii_digit(pii_at(t, at)) || !pii_code_read(t, at, "1AX9 AX9 AA99", &n))
        return false;
    for (unsigned i = 0; i < n.count; i++)
        if (one_of(n.digit[i], "SLOIBZ"))
            return false;
    m->start = at;
    m->end = n.end;
    m->score = has_lower(t, at, n.end) ? 40 : 65;
    return true;
}

#define ACCESS_KEY_SIZE 20

bool pii_aws_access_key_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    if (t->len - at < ACCESS_KEY_SIZE || pii_alnum(pii_at(t, at - 1)) ||
        (memcmp(t->p + at, "AKIA", 4) != 0 && memcmp(t->p + at, "ASIA", 4) != 0) ||
        pii_alnum(pii_at(t, at + ACCESS_KEY_SIZE)))
        return false;
    for (size_t i = at; i < at + ACCESS_KEY_SIZE; i++)
        if (!pii_digit(t->p[i]) && !(t->p[i] >= 'A' && t->p[i] <= 'Z'))
            return false;
    m->start = at;
    m->end = at + ACCESS_KEY_SIZE;
    m->score = 95;
    m->checked = true;
    return true;
}
