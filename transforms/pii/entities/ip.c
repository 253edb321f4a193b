/* SPDX-License-Identifier: MIT */
/* IPv4 addresses: four octets; not five, not a version of a program, not a numbered heading. */
#include <string.h>

#include "context.h"
#include "recognisers.h"

/* What stands directly in front of a number of four parts that is no address. */
#define NO_ADDRESS "version|ver|v|release|rel|build|rev|revision|firmware|oid|section|sec|chapter|" \
                   "clause|paragraph|para|figure|fig|upgrade|upgraded|patch|" \
                   "assemblyversion|fileversion|productversion|edition|driver|sdk|api|bios|step|item|" \
                   "net|framework|msie|netscape|appendix|annex|table|rule|art|article"
#define ADDRESS "ip|address|addr|host|server|client|peer|gateway|dns|inet|localhost|from|remote|subnet"

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
    int left = pii_at(t, start - 1), right = pii_at(t, end), after = pii_at(t, end + 1);
    if (pii_alnum(left) || pii_alnum(right) || left == '_' || right == '_')
        return false;
    if ((left == '.' && pii_alnum(pii_at(t, start - 2))) || (right == '.' && pii_digit(after)))
        return false;
    /* "foo==1.2.3.4", "foo>=1.2.3.4" */
    if (left == '=' && pii_at(t, start - 2) > 0 && strchr("=<>~!", pii_at(t, start - 2)))
        return false;
    /* "libssl-1.0.2.4", "1.2.3.4-rc1", "1.2.3.4+build" */
    if (left == '-' && pii_letter(pii_at(t, start - 2)))
        return false;
    /* "§ 7.2.8.3" */
    size_t sign = start - (left == ' ');
    if (sign >= 2 && pii_at(t, sign - 2) == 0xc2 && pii_at(t, sign - 1) == 0xa7)
        return false;
    return !((right == '-' || right == '+') && pii_letter(after)) && left != '+';
}

/* "Chrome/119.0.0.0" and other names of programs; "localhost/127.0.0.1" is a host's. */
static bool is_version(const struct pii_text *t, size_t start)
{
    size_t end = start - 1, at = end;
    if (pii_at(t, end) != '/' || !pii_letter(pii_at(t, end - 1)))
        return false;
    while (end - at < 32 && (pii_alnum(pii_at(t, at - 1)) || pii_at(t, at - 1) == '_'))
        at--;
    int before = pii_at(t, at - 1);
    if (before == '.' || before == '-' || before == '/')
        return false; /* a host's full name, or a path */
    struct pii_text word = {.p = t->p + at, .len = end - at};
    return !pii_context_has(&word, word.len, ADDRESS);
}

/* "version 1.2.3.4", "version is 1.2.3.4", or a field of that name; "build server 10.0.0.1" is an
 * address. */
static bool called_version(const struct pii_text *t, size_t start)
{
    struct pii_text name = {.field = t->field, .field_size = t->field_size};
    if (pii_context_has(&name, 0, "version|firmware|release|revision|build"))
        return true;
    return pii_context_before(t, start, 1, NO_ADDRESS) ||
           (pii_context_before(t, start, 2, NO_ADDRESS) &&
            pii_context_before(t, start, 1, "is|was|to|no|number|num|of|now|notes|for"));
}

bool pii_ip4_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    size_t start = at;
    while (at - start < 3 && pii_digit(pii_at(t, start - 1)))
        start--;
    size_t len = pii_ip4_length(t, start, false);
    if (len == 0 && pii_ip4_length(t, start, true) == 15)
        len = 15; /* padded: 010.001.000.007 */
    if (len == 0 || !bounded(t, start, start + len) || is_version(t, start) || called_version(t, start))
        return false;
    m->start = start;
    m->end = start + len;
    m->score = 60;
    m->checked = true;
    return true;
}
