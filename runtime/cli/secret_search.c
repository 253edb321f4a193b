/* SPDX-License-Identifier: MIT */
#include "cli/secret_search.h"

#include <ctype.h>
#include <strings.h>

#include "base/utf8.h"

#define GAP_BYTES_MAX 64u /* of one kind, between two letters */
#define REFERENCE_DIGITS_MAX 8u

bool ol_secret_stands_in(ol_slice text, ol_slice form)
{
    return ol_slice_search(text, form) >= 0;
}

/* A transform that changes the case of its letters has still given it away. */
bool ol_secret_stands_in_any_case(ol_slice text, ol_slice form)
{
    const uint8_t *at = text.data;
    for (size_t i = 0; i + form.len <= text.len; i++, at++)
        if (((*at ^ form.data[0]) & ~0x20) == 0 && /* cheaper than a call at each byte */
            strncasecmp((const char *)at, (const char *)form.data, form.len) == 0)
            return true;
    return false;
}

/* ---- gaps ---- */

static size_t count_of(ol_slice text, const char *bytes)
{
    size_t n = 0;
    while (n < text.len && n < GAP_BYTES_MAX && text.data[n] && strchr(bytes, text.data[n]))
        n++;
    return n;
}

static size_t line_ends(ol_slice text)
{
    size_t n = count_of(text, "\r\n");
    while (n + 1 < text.len && n < GAP_BYTES_MAX && text.data[n] == '\\' &&
           (text.data[n + 1] == 'r' || text.data[n + 1] == 'n'))
        n += 2;
    return n;
}

/* How many bytes of line ends, with the blanks around them, the text begins with. A blank alone is none:
 * words of prose are no base64. */
static size_t line_break(ol_slice text)
{
    size_t blank = count_of(text, " \t");
    size_t ends = line_ends(ol_slice_from(text, blank));
    if (ends == 0)
        return 0;
    return blank + ends + count_of(ol_slice_from(text, blank + ends), " \t");
}

static size_t separator(ol_slice text)
{
    size_t n = count_of(text, " \t\r\n:.,;-_|/\"'");
    ol_slice rest = ol_slice_from(text, n);
    bool marked = ol_slice_starts(rest, OL_SLICE_LIT("0x")) || ol_slice_starts(rest, OL_SLICE_LIT("0X")) ||
                  ol_slice_starts(rest, OL_SLICE_LIT("\\x"));
    return marked ? n + 2 : n;
}

bool ol_secret_stands_in_lines(ol_slice text, ol_slice base64)
{
    const uint8_t *first = text.data;
    for (; text.len > 0 && (first = memchr(first, base64.data[0], (size_t)(text.data + text.len - first))); first++) {
        size_t at = (size_t)(first - text.data), i = 0;
        while (i < base64.len && at < text.len && text.data[at] == base64.data[i]) {
            at++;
            if (++i == base64.len)
                return true;
            at += line_break(ol_slice_from(text, at));
        }
    }
    return false;
}

bool ol_secret_stands_in_dump(ol_slice text, ol_slice hex)
{
    for (size_t start = 0; start + hex.len <= text.len; start++) {
        size_t at = start, i = 0;
        while (i < hex.len && at < text.len && tolower(text.data[at]) == hex.data[i]) {
            at++;
            if (++i == hex.len)
                return true;
            if (i % 2 == 0)
                at += separator(ol_slice_from(text, at));
        }
    }
    return false;
}

/* ---- references ---- */

static const struct {
    const char *name;
    uint32_t character;
} named[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};

/* "&#97;" or "&#x61;"; 0 for none. */
static size_t numbered(ol_slice text, uint32_t *character)
{
    if (text.len < 4 || text.data[0] != '&' || text.data[1] != '#')
        return 0;
    bool hex = text.data[2] == 'x' || text.data[2] == 'X';
    size_t at = hex ? 3 : 2, first = at;
    *character = 0;
    for (; at < text.len && at - first < REFERENCE_DIGITS_MAX; at++) {
        uint8_t c = text.data[at];
        if (!(hex ? isxdigit(c) : isdigit(c)))
            break;
        *character = *character * (hex ? 16 : 10) + (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
    }
    return at > first && at < text.len && text.data[at] == ';' ? at + 1 : 0;
}

/* The next character, however it is written. Returns its bytes, at least 1. */
static size_t next_character(ol_slice text, uint32_t *character)
{
    size_t len = text.data[0] == '&' ? numbered(text, character) : 0;
    if (len > 0)
        return len;
    for (size_t i = 0; text.data[0] == '&' && i < sizeof(named) / sizeof(named[0]); i++)
        if (ol_slice_starts(text, ol_slice_cstr(named[i].name))) {
            *character = named[i].character;
            return strlen(named[i].name);
        }
    return ol_utf8_next(text, character);
}

static uint32_t fold(uint32_t character)
{
    return character < 0x80 ? (uint32_t)tolower((int)character) : character;
}

static bool begins_with_references(ol_slice text, ol_slice secret)
{
    while (secret.len > 0) {
        uint32_t wanted, got;
        if (text.len == 0)
            return false;
        secret = ol_slice_from(secret, ol_utf8_next(secret, &wanted));
        text = ol_slice_from(text, next_character(text, &got));
        if (fold(wanted) != fold(got))
            return false;
    }
    return true;
}

bool ol_secret_stands_in_references(ol_slice text, ol_slice secret)
{
    if (!ol_secret_stands_in(text, OL_SLICE_LIT("&#")))
        return false;
    for (size_t start = 0; start < text.len; start++) {
        uint8_t c = text.data[start];
        if (c != '&' && ((c ^ secret.data[0]) & ~0x20) != 0)
            continue;
        if (begins_with_references(ol_slice_from(text, start), secret))
            return true;
    }
    return false;
}
