/* SPDX-License-Identifier: MIT */
/*
 * E-mail addresses. The '@' is the anchor: the domain is read forwards from it (most '@' fail
 * there), then the local part backwards.
 */
#include "recognisers.h"

#include <string.h>

#define LABEL_MAX 63

/* File endings that are no top-level domains: logo@2x.png is a picture. */
static const char endings[][5] = {
    "bmp", "css", "csv", "gif", "htm", "html", "ico",  "jpeg", "jpg",  "js",   "json", "log",
    "pdf", "php", "png", "svg", "tif", "tiff", "txt",  "webp", "xml",  "yaml", "yml",
};

static bool local_byte(int c)
{
    return pii_alnum(c) || c == '.' || c == '_' || c == '-' || c == '+' || c == '%' || c == '\'';
}

static bool domain_byte(int c)
{
    return pii_alnum(c) || c == '-' || c == '_';
}

bool pii_email_goes_on(uint8_t byte)
{
    return domain_byte(byte) || byte == '.' || byte >= 0x80;
}

/* The length of the letter at `at`: 1, 2 or 0. */
static size_t letter(const struct pii_text *t, size_t at)
{
    int c = pii_at(t, at);
    if (pii_letter(c))
        return 1;
    return pii_wide_letter(c, pii_at(t, at + 1)) ? 2 : 0;
}

static size_t domain_unit(const struct pii_text *t, size_t at)
{
    return domain_byte(pii_at(t, at)) ? 1 : letter(t, at);
}

static bool is_ending(const struct pii_text *t, size_t at, size_t len)
{
    char wanted[5] = "";
    if (len >= sizeof(wanted))
        return false;
    for (size_t i = 0; i < len; i++)
        wanted[i] = (char)pii_lower(t->p[at + i]);
    for (size_t e = 0; e < sizeof(endings) / sizeof(endings[0]); e++)
        if (memcmp(endings[e], wanted, sizeof(wanted)) == 0)
            return true;
    return false;
}

/* How much of the label at [at, end) can be a top-level domain: the letters it begins with, at
 * least two, or all of a label in Punycode. */
static size_t top_level(const struct pii_text *t, size_t at, size_t end)
{
    if (end - at > 4 && pii_lower(t->p[at]) == 'x' && pii_lower(t->p[at + 1]) == 'n' &&
        t->p[at + 2] == '-' && t->p[at + 3] == '-')
        return end - at;
    size_t len = 0, letters = 0, step;
    while (at + len < end && (step = letter(t, at + len)) != 0) {
        len += step;
        letters++;
    }
    return letters >= 2 && !is_ending(t, at, len) ? len : 0;
}

static size_t label_end(const struct pii_text *t, size_t at, size_t limit)
{
    size_t step;
    while ((step = domain_unit(t, at)) != 0 && at + step <= limit)
        at += step;
    return at;
}

/* The domain goes on at `at`, past `limit`. */
static bool goes_past(const struct pii_text *t, size_t at, size_t limit)
{
    size_t step = pii_at(t, at) == '.' ? 1 : domain_unit(t, at);
    return step != 0 && at + step > limit;
}

/* The end of the longest domain at `from`; 0 when there is none. */
static size_t domain_end(const struct pii_text *t, size_t from, bool *open_ended)
{
    size_t limit = from + PII_DOMAIN_MAX, best = 0, at = from;
    for (bool first = true;; first = false) {
        size_t end = label_end(t, at, limit);
        size_t len = end - at;
        if (len == 0 || len > LABEL_MAX)
            break;
        size_t top = first ? 0 : top_level(t, at, end);
        if (top)
            best = at + top;
        at = end;
        if (pii_at(t, end) != '.' || end + 1 > limit)
            break;
        at = end + 1;
    }
    *open_ended = best && goes_past(t, at, limit);
    return *open_ended ? limit : best;
}

/* The earliest place from which everything up to the '@' can be a local part. */
static size_t local_start(const struct pii_text *t, size_t sign)
{
    size_t at = sign;
    for (;;) {
        int before = pii_at(t, at - 1);
        size_t step = local_byte(before) ? 1 : pii_wide_letter(pii_at(t, at - 2), before) ? 2 : 0;
        if (step == 0 || sign - at + step > PII_LOCAL_MAX)
            return at;
        if (before == '.' && pii_at(t, at) == '.')
            return at;
        at -= step;
    }
}

bool pii_email_trim(const struct pii_text *t, struct pii_match *m, size_t from)
{
    for (size_t at = m->start > from ? m->start : from; at < m->sign; at++) {
        int c = pii_at(t, at);
        if (pii_alnum(c) || c == '_' || pii_wide_letter(c, pii_at(t, at + 1))) {
            m->start = at;
            return true;
        }
    }
    return false;
}

bool pii_email_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    bool open_ended;
    size_t end = domain_end(t, at + 1, &open_ended);
    if (end == 0)
        return false;
    m->start = local_start(t, at);
    m->end = end;
    m->sign = at;
    m->open_ended = open_ended;
    m->score = 100;
    m->checked = true;
    return pii_email_trim(t, m, m->start);
}
