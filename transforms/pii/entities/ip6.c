/* SPDX-License-Identifier: MIT */
/*
 * IPv6 addresses in every form of RFC 4291, with a zone. What looks like one and is none:
 * times, hardware addresses, fingerprints, and the :: of programming languages.
 */
#include "recognisers.h"

#define ADDRESS_MAX 45
#define ZONE_MAX 16

struct parse {
    unsigned groups;      /* an IPv4 tail counts as two */
    unsigned groups_of_2; /* of two digits */
    bool gap, digit;      /* "::" was seen; a decimal digit was */
    size_t start;
    size_t end;
};

static size_t hex_group(const struct pii_text *t, size_t at, bool *digit)
{
    size_t len = 0;
    while (len < 5 && pii_hex(pii_at(t, at + len)))
        *digit |= pii_digit(t->p[at + len++]);
    return len <= 4 ? len : 0;
}

/* The group at p->end, IPv4 tails included; false when there is none. *last: nothing follows. */
static bool take_group(const struct pii_text *t, struct parse *p, bool *last)
{
    size_t tail = p->groups <= 6 ? pii_ip4_length(t, p->end, false) : 0;
    *last = tail != 0;
    size_t len = tail ? tail : hex_group(t, p->end, &p->digit);
    if (len == 0)
        return false;
    p->groups += tail ? 2 : 1;
    p->groups_of_2 += len == 2;
    p->digit |= tail != 0;
    p->end += len;
    return true;
}

/* As much of an address as stands at p->end; false when it is malformed. */
static bool take_address(const struct pii_text *t, struct parse *p)
{
    bool last = false;
    while (!last && p->groups < 8) {
        bool colon = pii_at(t, p->end) == ':', two = colon && pii_at(t, p->end + 1) == ':';
        if (two) {
            if (p->gap)
                return false;
            p->gap = true;
            p->end += 2;
            if (!pii_hex(pii_at(t, p->end)))
                break;
        } else if (p->groups > 0 && !(p->gap && pii_at(t, p->end - 1) == ':')) {
            if (!colon || !pii_hex(pii_at(t, p->end + 1)))
                break;
            p->end++;
        }
        if (!take_group(t, p, &last))
            return false;
    }
    return p->gap ? p->groups < 8 : p->groups == 8;
}

/* Neither part of a word nor of a longer run of groups. */
static bool bounded(const struct pii_text *t, size_t start, size_t end, bool labelled)
{
    int left = pii_at(t, start - 1), right = pii_at(t, end);
    if (pii_alnum(left) || pii_alnum(right))
        return false;
    if (left == '[' && (pii_alnum(pii_at(t, start - 2)) || pii_at(t, start - 2) == ']'))
        return false; /* "list[::2]" */
    if (left == ':' && !labelled) {
        int before = pii_at(t, start - 2);
        if (before == ':' || pii_hex(before))
            return false;
    }
    int after = pii_at(t, end + 1);
    return !(right == ':' && (after == ':' || pii_hex(after))) &&
           !(right == '.' && pii_digit(after)) && !(left == '.' && pii_digit(pii_at(t, start - 2)));
}

/* "a::b" is an address, and more often something of a programming language. Of few groups are
 * taken those that begin like addresses in use: four digits from 2, 3 or f, "64:", "::". */
static bool likely(const struct pii_text *t, const struct parse *p)
{
    int first = pii_lower(t->p[p->start]);
    if (p->groups == 0 || p->groups_of_2 == 8 || (!p->digit && p->groups < 4))
        return false;
    if (p->groups > 3 || first == ':' || (first == '6' && t->p[p->start + 1] == '4'))
        return true;
    return (first == 'f' || first == '2' || first == '3') && pii_at(t, p->start + 4) == ':';
}

static size_t zone_length(const struct pii_text *t, size_t at)
{
    if (pii_at(t, at) != '%' || !pii_alnum(pii_at(t, at + 1)))
        return 0;
    size_t len = 1;
    while (len <= ZONE_MAX && pii_alnum(pii_at(t, at + len)))
        len++;
    return len;
}

static bool run_byte(int c)
{
    return c == ':' || pii_hex(c);
}

static size_t behind_label(const struct pii_text *t, size_t start)
{
    size_t at = start;
    if (!pii_letter(pii_at(t, start - 1)))
        return start;
    while (pii_hex(pii_at(t, at)))
        at++;
    return pii_at(t, at) == ':' && pii_hex(pii_at(t, at + 1)) ? at + 1 : start;
}

bool pii_ip6_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    size_t start = at, end = at;
    while (at - start <= ADDRESS_MAX && run_byte(pii_at(t, start - 1)))
        start--;
    while (run_byte(pii_at(t, end)))
        end++;
    m->seen = end;
    if (at - start > ADDRESS_MAX)
        return false;
    /* A label whose end could be part of it ("see:2001:…"), or a colon that belongs to the text
     * before: "from:fe80::1". */
    size_t labelled = behind_label(t, start);
    bool moved = labelled != start;
    start = labelled;
    if (pii_at(t, start) == ':' && (pii_at(t, start + 1) != ':' || pii_at(t, start + 2) == ':'))
        start++;
    struct parse p = {.end = start, .start = start};
    if (!take_address(t, &p) || !likely(t, &p) || !bounded(t, start, p.end, moved))
        return false;
    m->start = start;
    m->end = p.end + zone_length(t, p.end);
    m->score = 60;
    m->checked = true;
    return true;
}
