/* SPDX-License-Identifier: MIT */
/* IPv4 addresses: four octets; not five, not a version of a program. */
#include "recognisers.h"

/* The length of a number up to 255 at `at`, 0 when there is none. */
static size_t octet(const struct pii_text *t, size_t at, bool leading_zeros)
{
    size_t len = 0;
    unsigned n = 0;
    while (len < 4 && pii_digit(pii_at(t, at + len)))
        n = n * 10 + (unsigned)(t->p[at + len++] - '0');
    if (len > 3 || n > 255 || (!leading_zeros && len > 1 && t->p[at] == '0'))
        return 0;
    return len;
}

size_t pii_ip4_length(const struct pii_text *t, size_t at, bool leading_zeros)
{
    size_t len = 0;
    for (int i = 0; i < 4; i++) {
        if (i > 0 && pii_at(t, at + len++) != '.')
            return 0;
        size_t part = octet(t, at + len, leading_zeros);
        if (part == 0)
            return 0;
        len += part;
    }
    return len;
}

static bool bounded(const struct pii_text *t, size_t start, size_t end)
{
    int left = pii_at(t, start - 1), right = pii_at(t, end);
    if (pii_alnum(left) || pii_alnum(right))
        return false;
    return !(left == '.' && pii_digit(pii_at(t, start - 2))) &&
           !(right == '.' && pii_digit(pii_at(t, end + 1)));
}

/* "Chrome/119.0.0.0": browsers call themselves so, and nobody's address ends like that. */
static bool is_version(const struct pii_text *t, size_t start, size_t end)
{
    static const char zeros[] = ".0.0.0";
    if (pii_at(t, start - 1) != '/' || !pii_letter(pii_at(t, start - 2)))
        return false;
    for (size_t i = 0; i < 6; i++)
        if (t->p[end - 6 + i] != zeros[i])
            return false;
    return true;
}

bool pii_ip4_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    size_t start = at;
    while (at - start < 3 && pii_digit(pii_at(t, start - 1)))
        start--;
    size_t len = pii_ip4_length(t, start, true);
    if (len == 0 || !bounded(t, start, start + len) || is_version(t, start, start + len))
        return false;
    m->start = start;
    m->end = start + len;
    m->score = 60;
    m->checked = true;
    return true;
}
