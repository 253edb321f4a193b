/* SPDX-License-Identifier: MIT */
/*
 * URLs with a scheme (RFC 3986, RFC 3987). The anchor is the colon of "://". Where a URL ends
 * in a sentence, in brackets, in a list or a cell, its punctuation is not part of it.
 */
#include <string.h>

#include "memo.h"

#define SCHEME_MAX 12
#define URL_MAX 2048 /* what is longer is open-ended */

/* Letters outside of ASCII, but no dashes, quotes and brackets of U+2000 to U+206F and of CJK. */
static bool wide(const struct pii_text *t, size_t at)
{
    int c = pii_at(t, at), second = pii_at(t, at + 1);
    if (c < 0xc3)
        return c >= 0x80 && c < 0xc0;
    return !(c == 0xe2 && (second == 0x80 || second == 0x81)) && !(c == 0xe3 && second == 0x80) &&
           !(c == 0xef && (second == 0xbc || second == 0xbd));
}

static bool url_byte(int c)
{
    return pii_alnum(c) || (c > 0 && c < 0x80 && strchr("-._~:/?#[]@!$&()*+=%;", c));
}

bool pii_url_goes_on(uint8_t byte)
{
    return url_byte(byte) || byte >= 0x80;
}

/* ';' as in "&amp;" or in ";jsessionid=…"; elsewhere it ends a cell or a sentence. */
static bool semicolon_belongs(const struct pii_text *t, size_t at)
{
    if (at >= 4 && memcmp(t->p + at - 4, "&amp", 4) == 0)
        return true;
    size_t next = at + 1;
    while (next - at < 16 && pii_letter(pii_at(t, next)))
        next++;
    return next > at + 1 && pii_at(t, next) == '=';
}

static size_t run_on(const struct pii_text *t, size_t at, size_t limit)
{
    while (at < limit && (url_byte(pii_at(t, at)) || wide(t, at)) &&
           (pii_at(t, at) != ';' || semicolon_belongs(t, at)))
        at++;
    return at;
}

/* Where bytes of a URL end that begin at `from`. URLs within one have their end in common. */
static size_t run_end(const struct pii_text *t, size_t from, size_t limit)
{
    struct pii_memo *memo = t->memo;
    if (!memo)
        return run_on(t, from, limit);
    if (from < memo->url_from || from > memo->url_end)
        memo->url_from = memo->url_end = from;
    if (memo->url_end < limit)
        memo->url_end = run_on(t, memo->url_end, limit);
    return memo->url_end < limit ? memo->url_end : limit;
}

/* What is opened and not closed. */
struct depth {
    long round, square;
};

static void count(struct depth *d, int c, long step)
{
    d->round += c == '(' ? step : c == ')' ? -step : 0;
    d->square += c == '[' ? step : c == ']' ? -step : 0;
}

static struct depth depth_of(const struct pii_text *t, size_t start, size_t end)
{
    struct depth d = {0, 0};
    struct pii_memo *memo = t->memo;
    if (memo && memo->count_end == end && memo->count_from <= start) {
        d = (struct depth){memo->round, memo->square};
        for (size_t i = memo->count_from; i < start; i++)
            count(&d, pii_at(t, i), -1);
    } else {
        for (size_t i = start; i < end; i++)
            count(&d, pii_at(t, i), 1);
    }
    if (memo) {
        memo->count_from = start;
        memo->count_end = end;
        memo->round = d.round;
        memo->square = d.square;
    }
    return d;
}

static bool ends_url(int c, const struct depth *d)
{
    return (c == ')' && d->round >= 0) || (c == ']' && d->square >= 0) || !strchr(".,;:!?)]*&", c);
}

static size_t without_punctuation(const struct pii_text *t, size_t start, size_t end)
{
    struct depth none = {-1, -1};
    while (end > start && !ends_url(pii_at(t, end - 1), &none) && t->p[end - 1] != ')' && t->p[end - 1] != ']')
        end--;
    if (end == start || ends_url(pii_at(t, end - 1), &none))
        return end;
    struct depth d = depth_of(t, start, end);
    for (; end > start && !ends_url(pii_at(t, end - 1), &d); end--)
        count(&d, t->p[end - 1], -1);
    return end;
}

static size_t scheme_start(const struct pii_text *t, size_t colon)
{
    size_t at = colon;
    while (colon - at < SCHEME_MAX && (pii_alnum(pii_at(t, at - 1)) || pii_at(t, at - 1) == '+'))
        at--;
    return at;
}

static bool is_file(const struct pii_text *t, size_t start, size_t colon)
{
    return colon - start == 4 && memcmp(t->p + start, "file", 4) == 0;
}

bool pii_url_find(const struct pii_text *t, size_t colon, struct pii_match *m)
{
    size_t start = scheme_start(t, colon), host = colon + 3;
    if (colon - start < 2 || !pii_letter(pii_at(t, start)) || pii_alnum(pii_at(t, start - 1)) ||
        pii_at(t, colon + 1) != '/' || pii_at(t, colon + 2) != '/')
        return false;
    int first = pii_at(t, host);
    if (!pii_alnum(first) && first != '[' && !(first >= 0xc3 && wide(t, host)) &&
        !(first == '/' && is_file(t, start, colon)))
        return false;
    size_t end = run_end(t, host, start + URL_MAX);
    m->open_ended = end == start + URL_MAX && pii_url_goes_on((uint8_t)pii_at(t, end));
    m->start = start;
    m->end = m->open_ended ? end : without_punctuation(t, host, end);
    m->score = 80;
    m->checked = true;
    return m->end > host;
}
