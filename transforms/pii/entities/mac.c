/* SPDX-License-Identifier: MIT */
/* Hardware addresses: six pairs with ':' or '-', three fours with '.'. */
#include "recognisers.h"

struct pairs {
    int separator;
    unsigned digits, letters, zeros, ones; /* hexadecimal digits: all of them, A-F, 0, F */
    size_t end;
};

static bool take_hex(const struct pii_text *t, struct pairs *p)
{
    int c = pii_at(t, p->end);
    if (!pii_hex(c))
        return false;
    p->digits++;
    p->letters += pii_letter(c);
    p->zeros += c == '0';
    p->ones += pii_lower(c) == 'f';
    p->end++;
    return true;
}

static bool take_all(const struct pii_text *t, struct pairs *p, unsigned group)
{
    while (p->digits < 12) {
        if (p->digits > 0 && p->digits % group == 0 && pii_at(t, p->end++) != p->separator)
            return false;
        if (!take_hex(t, p))
            return false;
    }
    return p->zeros < 12 && p->ones < 12;
}

/* Five or seven pairs, fingerprints: no address. */
/* "device:", "mac:": more than hexadecimal digits stand in front of the colon. */
static bool behind_word(const struct pii_text *t, size_t colon)
{
    size_t at = colon;
    while (colon - at < 16 && pii_hex(pii_at(t, at - 1)))
        at--;
    return pii_letter(pii_at(t, at - 1));
}

static bool bounded(const struct pii_text *t, size_t start, size_t end)
{
    int left = pii_at(t, start - 1), right = pii_at(t, end);
    if (pii_alnum(left) || pii_alnum(right))
        return false;
    bool before = (left == ':' || left == '-' || left == '.') && pii_hex(pii_at(t, start - 2)) &&
                  (left != ':' || pii_hex(pii_at(t, start - 3)) || pii_at(t, start - 3) == ':') &&
                  !(left == ':' && behind_word(t, start - 1));
    bool behind = (right == ':' || right == '-' || right == '.') && pii_hex(pii_at(t, end + 1)) &&
                  pii_hex(pii_at(t, end + 2));
    return !before && !behind;
}

bool pii_mac_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    int separator = pii_at(t, at);
    unsigned group = separator == '.' ? 4 : 2;
    size_t start = at - group;
    struct pairs p = {.end = start, .separator = separator};
    if (at < group || !take_all(t, &p, group) || !bounded(t, start, p.end))
        return false;
    m->start = start;
    m->end = p.end;
    m->checked = true;
    /* Six pairs of decimal digits may be many things, unless colons stand between them. */
    m->score = p.letters > 0 || p.separator == ':' ? 70 : 40;
    return true;
}
