/* SPDX-License-Identifier: MIT */
#include "access/match.h"

/* One pattern, of bytes or of units: exactly one of the two is set. */
typedef struct pattern {
    const uint8_t *bytes;
    const uint16_t *units;
    size_t len;
} pattern;

static inline unsigned unit_at(const pattern *p, size_t i)
{
    if (p->units)
        return p->units[i];
    uint8_t byte = p->bytes[i];
    return byte == '*' ? OL_MATCH_ANY_RUN : byte == '?' ? OL_MATCH_ANY_ONE : byte;
}

static inline unsigned fold(unsigned c, bool ignore_case)
{
    return ignore_case && c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Only the last '*' ever needs to be tried again: whatever an earlier one could have taken
 * instead, this one can take too. */
static inline bool match(const pattern *p, ol_slice text, bool ignore_case)
{
    size_t at = 0, t = 0;
    bool starred = false;
    size_t star_at = 0, star_t = 0; /* behind the last '*', and where its run ends */
    while (t < text.len) {
        unsigned unit = at < p->len ? unit_at(p, at) : UINT32_MAX;
        if (unit == OL_MATCH_ANY_RUN) {
            starred = true;
            star_at = ++at;
            star_t = t;
        } else if (unit == OL_MATCH_ANY_ONE ||
                   fold(unit, ignore_case) == fold(text.data[t], ignore_case)) {
            at++;
            t++;
        } else if (starred) {
            at = star_at;
            t = ++star_t;
        } else {
            return false;
        }
    }
    while (at < p->len && unit_at(p, at) == OL_MATCH_ANY_RUN)
        at++;
    return at == p->len;
}

bool ol_access_match(ol_slice pattern_text, ol_slice text, bool ignore_case)
{
    pattern p = {.bytes = pattern_text.data, .len = pattern_text.len};
    return match(&p, text, ignore_case);
}

bool ol_access_match_units(const uint16_t *units, size_t len, ol_slice text)
{
    pattern p = {.units = units, .len = len};
    return len == 0 ? text.len == 0 : match(&p, text, false);
}

/* ---- beginnings ---- */

/* Where in the pattern one can be: behind a '*' as well as before it. */
static void pass_runs(ol_slice pattern_text, bool *at)
{
    for (size_t i = 0; i < pattern_text.len; i++)
        if (at[i] && pattern_text.data[i] == '*')
            at[i + 1] = true;
}

static void step(ol_slice pattern_text, uint8_t byte, bool *at)
{
    bool before = at[0];
    at[0] = before && pattern_text.len > 0 && pattern_text.data[0] == '*';
    for (size_t i = 0; i < pattern_text.len; i++) {
        uint8_t c = pattern_text.data[i];
        bool kept = at[i + 1];
        at[i + 1] = (before && c != '*' && (c == '?' || c == byte)) ||
                    (kept && i + 1 < pattern_text.len && pattern_text.data[i + 1] == '*');
        before = kept;
    }
    pass_runs(pattern_text, at);
}

/* What is left of a pattern can always be matched by something. */
bool ol_access_match_may_begin(ol_slice pattern_text, ol_slice beginning)
{
    bool at[OL_MATCH_PATTERN_BYTES_MAX + 1] = {true};
    if (pattern_text.len > OL_MATCH_PATTERN_BYTES_MAX)
        return false;
    pass_runs(pattern_text, at);
    for (size_t i = 0; i < beginning.len; i++)
        step(pattern_text, beginning.data[i], at);
    return memchr(at, true, pattern_text.len + 1) != NULL;
}
