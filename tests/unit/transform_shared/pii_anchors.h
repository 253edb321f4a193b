/* SPDX-License-Identifier: MIT */
/* The anchors of the pii transform one place at a time, as engine/anchor.h puts them in words. */
#ifndef TESTS_PII_ANCHORS_H
#define TESTS_PII_ANCHORS_H

#include <string.h>

#include "engine/anchor.h"
#include "engine/text.h"

/* The class of a byte as the letters of the patterns below have it. */
static bool is(int c, char class)
{
    switch (class) {
    case 'd': return pii_digit(c);
    case 'l': return pii_letter(c);
    case 'w': return pii_alnum(c);
    case 's': return c == ' ' || c == '-';
    case '3': return c == ' ' || c == '-' || c == '.';
    case 'H': return c >= 0x80;
    case 'C': return pii_digit(c) || (c >= 'A' && c <= 'Z');
    case 'p': return pii_digit(c) || c >= 0x80 || (c > 0 && strchr(" -./()", c));
    case '?': return c >= 0;
    default: return c == (unsigned char)class;
    }
}

static bool fits(const struct pii_text *t, size_t at, const char *pattern)
{
    for (size_t i = 0; pattern[i]; i++)
        if (!is(pii_at(t, at + i), pattern[i]))
            return false;
    return true;
}

static bool has_digit(const struct pii_text *t, size_t at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (pii_digit(pii_at(t, at + i)))
            return true;
    return false;
}

static bool dotted_near(const struct pii_text *t, size_t at, unsigned more)
{
    if (!fits(t, at, "d.d"))
        return false;
    for (size_t gap = 2; gap <= 4 && more; gap++)
        if (dotted_near(t, at + gap, more - 1))
            return true;
    return more == 0;
}

static bool colons_near(const struct pii_text *t, size_t at, unsigned more)
{
    if (!fits(t, at, ":"))
        return false;
    for (size_t gap = 2; gap <= 5 && more; gap++)
        if (colons_near(t, at + gap, more - 1))
            return true;
    return more == 0;
}

static bool dials(const struct pii_text *t, size_t at)
{
    for (size_t i = 0; i < 6; i++)
        if (pii_at(t, at + i) > 0 && pii_at(t, at + i + 1) > 0 && strchr(" -./", pii_at(t, at + i)) &&
            strchr(" -./", pii_at(t, at + i + 1)))
            return false;
    return fits(t, at, "dpppppp") && !fits(t, at, "d.") && !fits(t, at, "dddd-dd-dd");
}

static bool parenthesis(const struct pii_text *t, size_t at)
{
    size_t n = 0;
    while (n < 6 && pii_digit(pii_at(t, at + 1 + n)))
        n++;
    return fits(t, at, "(") && n >= 1 && n <= 5 && (fits(t, at + 1 + n, ")d") || fits(t, at + 1 + n, ")3d"));
}

static bool any_fits(const struct pii_text *t, size_t at, const char *const *patterns)
{
    for (; *patterns; patterns++)
        if (fits(t, at, *patterns))
            return true;
    return false;
}

#define ANY(...) any_fits(t, at, (const char *const[]){__VA_ARGS__, NULL})

static bool is_anchor(const struct pii_text *t, size_t at, unsigned kind)
{
    int left = pii_at(t, at - 1);
    bool first_d = !pii_digit(left), first_w = !pii_alnum(left);
    bool run16 = first_w && fits(t, at, "wwwwwwwwwwwwwwww");
    bool capitals = run16 && fits(t, at, "CCCCCCCCCCCCCCCC") && fits(t, at, "l");
    size_t run = 0;
    while (run < 12 && pii_digit(pii_at(t, at + run)))
        run++;
    switch (kind) {
    case PII_ANCHOR_AT: return fits(t, at, "@");
    case PII_ANCHOR_RUN9: return first_d && run == 9;
    case PII_ANCHOR_RUN10: return first_d && (run == 10 || run == 11);
    case PII_ANCHOR_RUN12: return first_d && run == 12;
    case PII_ANCHOR_GROUPS: return first_d && ANY("dddd3dddd3d", "dddd3dddddd3d", "ddddHHdddd", "ddddHHHdddd");
    case PII_ANCHOR_SSN:
        return first_d && (fits(t, at, "ddd3dd3dddd") || fits(t, at, "dddHHdd") || fits(t, at, "dddHHHdd"));
    case PII_ANCHOR_NANP: return ANY("3ddd3dddd", ")ddd3dddd");
    case PII_ANCHOR_PLUS: return ANY("+d", "+(d");
    case PII_ANCHOR_PAREN: return parenthesis(t, at);
    case PII_ANCHOR_DIAL: return first_w && dials(t, at);
    case PII_ANCHOR_IP4: return dotted_near(t, at, 2);
    case PII_ANCHOR_COLONS: return fits(t, at, "::") || colons_near(t, at, 3);
    case PII_ANCHOR_SCHEME: return fits(t, at, "://");
    case PII_ANCHOR_IBAN: return first_w && ANY("llddwwwwwwwwwww", "llddswwwwswwww", "llddHHwwww", "llddHHHwwww");
    case PII_ANCHOR_NINO: return first_w && ANY("lldddddd", "llsdddddd", "llddsddsdd", "llsddsddsdd");
    case PII_ANCHOR_MBI: return first_w && ANY("dlwdlwd", "dlwdslwd");
    case PII_ANCHOR_LONG: return run16 && has_digit(t, at, 16) && !fits(t, at, "dddddddddddddddd");
    case PII_ANCHOR_UPPER: return capitals && has_digit(t, at, 16);
    case PII_ANCHOR_IA: return capitals && fits(t, at, "??IA");
    case PII_ANCHOR_NUMBER: return first_w && fits(t, at, "d");
    case PII_ANCHOR_WORD: return first_w && left < 0x80 && ANY("w", "H");
    default: return false;
    }
}

static bool is_mac(const struct pii_text *t, size_t at)
{
    bool pairs = true;
    for (size_t i = 0; i <= 12; i += 3)
        pairs = pairs && (fits(t, at + i, "-") || fits(t, at + i, ":"));
    return (pairs || fits(t, at, ".wwww.wwww")) && has_digit(t, at, 16);
}

static bool is_code(const struct pii_text *t, size_t at)
{
    size_t n = 0;
    while (n < 10 && pii_alnum(pii_at(t, at + n)))
        n++;
    return !pii_alnum(pii_at(t, at - 1)) && fits(t, at, "l") && has_digit(t, at, n);
}

/* Whether an anchor of this kind is at `at`. */
static bool wanted(const struct pii_text *t, size_t at, unsigned kind)
{
    if (kind == PII_ANCHOR_MAC)
        return is_mac(t, at);
    return kind == PII_ANCHOR_CODE ? is_code(t, at) : is_anchor(t, at, kind);
}

#endif
