/* SPDX-License-Identifier: MIT */
/*
 * E-mail addresses. The '@' is the anchor: the domain is read forwards from it (most '@' fail
 * there), then the local part backwards.
 */
#include "recognisers.h"

#include <string.h>

#define LABEL_MAX 63
#define LOCAL_QUOTED_MAX 66

/* File endings and kinds of units that are no top-level domains: logo@2x.png is a picture. */
static const char endings[] =
    " apk avi avif bak bmp cfg class conf css csv device dll doc docx eot exe gif gz heic htm html ico "
    "ini ipa jar jpeg jpg js json jsx less lock log mkv mount mp3 mp4 pdf php png ppt pptx psd scope "
    "scss service slice socket sql svg swap tar tgz tif tiff timer tmp toml tsx ttf txt war wav webm "
    "webp woff woff2 xls xlsx xml yaml yml ";

static bool local_byte(int c)
{
    return pii_alnum(c) || (c > 0 && strchr("._-+%'!#$*^~", c));
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

/* Letters of three bytes in UTF-8: from U+0900 on, but no punctuation and no full-width forms. */
static bool far_letter(const struct pii_text *t, size_t at)
{
    int first = pii_at(t, at), second = pii_at(t, at + 1), third = pii_at(t, at + 2);
    if (first < 0xe0 || first > 0xed || second < 0x80 || second > 0xbf || third < 0x80 || third > 0xbf)
        return false;
    return first != 0xe2 && !(first == 0xe3 && second == 0x80) && !(first == 0xe0 && second < 0xa4);
}

/* One character of a label; letters of three bytes only in a domain that begins with one. */
static size_t domain_unit(const struct pii_text *t, size_t at, bool far)
{
    if (domain_byte(pii_at(t, at)))
        return 1;
    size_t size = letter(t, at);
    return size ? size : far && far_letter(t, at) ? 3 : 0;
}

static bool is_ending(const struct pii_text *t, size_t at, size_t len)
{
    char wanted[10] = " ";
    if (len + 2 >= sizeof(wanted))
        return false;
    for (size_t i = 0; i < len; i++)
        wanted[i + 1] = (char)pii_lower(t->p[at + i]);
    wanted[len + 1] = ' ';
    return strstr(endings, wanted) != NULL;
}

/* How much of the label at [at, end) can be a top-level domain: the letters it begins with, at
 * least two, or all of a label in Punycode. */
static size_t top_level(const struct pii_text *t, size_t at, size_t end)
{
    bool far = far_letter(t, at);
    if (end - at > 4 && pii_lower(t->p[at]) == 'x' && pii_lower(t->p[at + 1]) == 'n' &&
        t->p[at + 2] == '-' && t->p[at + 3] == '-')
        return end - at;
    size_t len = 0, letters = 0, step;
    while (at + len < end &&
           (step = far ? (far_letter(t, at + len) ? 3 : 0) : letter(t, at + len)) != 0) {
        len += step;
        letters++;
    }
    return letters >= 2 && !is_ending(t, at, len) ? len : 0;
}

static size_t label_end(const struct pii_text *t, size_t at, size_t limit, bool far)
{
    size_t step;
    while ((step = domain_unit(t, at, far)) != 0 && at + step <= limit)
        at += step;
    return at;
}

/* The domain goes on at `at`, past `limit`. */
static bool goes_past(const struct pii_text *t, size_t at, size_t limit)
{
    size_t step = pii_at(t, at) == '.' ? 1 : domain_unit(t, at, false);
    return step != 0 && at + step > limit;
}

/* "1.2.3.rc", "v4.1.0": numbers before the second dot. */
static bool is_version(const struct pii_text *t, size_t from)
{
    size_t at = from + (pii_lower(pii_at(t, from)) == 'v');
    size_t first = at;
    while (at - first < 6 && pii_digit(pii_at(t, at)))
        at++;
    return at > first && pii_at(t, at) == '.' && pii_digit(pii_at(t, at + 1));
}

/* The end of the longest domain at `from`; 0 when there is none. */
static size_t domain_end(const struct pii_text *t, size_t from, bool *open_ended)
{
    size_t limit = from + PII_DOMAIN_MAX, best = 0, at = from;
    bool far = far_letter(t, from);
    for (bool first = true;; first = false) {
        size_t end = label_end(t, at, limit, far);
        size_t len = end - at;
        if (len == 0 || len > LABEL_MAX || t->p[at] == '-' || (first && t->p[end - 1] == '-'))
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

/* The size of the character that ends in front of `at` and may stand in a local part. */
static size_t local_unit(const struct pii_text *t, size_t at)
{
    int before = pii_at(t, at - 1);
    if (local_byte(before))
        return 1;
    if (before < 0x80 || before > 0xbf)
        return 0;
    if (pii_wide_letter(pii_at(t, at - 2), before))
        return 2;
    return at >= 3 && far_letter(t, at - 3) ? 3 : 0;
}

/* "r&d@example.com", but not "?n=1&bob@example.com": an '&' between letters or digits belongs to
 * the local part, unless a '=' or '?' makes it one of an URL. */
static bool joins_words(const struct pii_text *t, size_t ampersand)
{
    return pii_at(t, ampersand) == '&' && pii_alnum(pii_at(t, ampersand + 1)) &&
           pii_alnum(pii_at(t, ampersand - 1));
}

/* The earliest place from which everything up to the '@' can be a local part. */
static size_t local_start(const struct pii_text *t, size_t sign)
{
    size_t at = sign, behind_ampersand = 0;
    for (;;) {
        size_t step = local_unit(t, at);
        if (step == 0 && joins_words(t, at - 1)) {
            behind_ampersand = at;
            step = 1;
        }
        if (step == 0 || sign - at + step > PII_LOCAL_MAX) {
            bool query = pii_at(t, at - 1) == '=' || pii_at(t, at - 1) == '?';
            return behind_ampersand && query ? behind_ampersand : at;
        }
        if (pii_at(t, at - 1) == '.' && pii_at(t, at) == '.')
            return at;
        at -= step;
    }
}

/* The opening quote of a quoted local part that ends in front of `sign`; `sign` for none. It
 * holds at least a letter or digit, and no comma or colon: those stand between quoted texts. */
static size_t quoted_start(const struct pii_text *t, size_t sign)
{
    bool any = false;
    for (size_t at = sign - 1; at > 0 && sign - at < LOCAL_QUOTED_MAX; at--) {
        int c = pii_at(t, at - 1);
        if (c == '"' && pii_at(t, at - 2) != '\\')
            return any && !pii_alnum(pii_at(t, at - 2)) ? at - 1 : sign;
        any |= pii_alnum(c);
        if (c < 0x20 || c == ',' || c == ':' || c == '<' || c == '>' || c == '{' || c == '[')
            return sign;
    }
    return sign;
}

bool pii_email_trim(const struct pii_text *t, struct pii_match *m, size_t from)
{
    for (size_t at = m->start > from ? m->start : from; at < m->sign; at++) {
        int c = pii_at(t, at);
        if (pii_alnum(c) || c == '_' || (c == '"' && at == m->start) ||
            pii_wide_letter(c, pii_at(t, at + 1)) || far_letter(t, at)) {
            m->start = at;
            return true;
        }
    }
    return false;
}

/* "git@host:group/name": what ssh and scp take. */
static bool is_remote_path(const struct pii_text *t, size_t end)
{
    int next = pii_at(t, end + 1);
    if (pii_at(t, end) != ':' || !(pii_alnum(next) || next == '/' || next == '~' || next == '_'))
        return false;
    for (size_t at = end + 1; at - end < 128; at++) {
        int c = pii_at(t, at);
        if (c == '/')
            return true;
        if (!pii_alnum(c) && c != '.' && c != '_' && c != '-' && c != '~')
            return false;
    }
    return false;
}

bool pii_email_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    bool open_ended, quoted = pii_at(t, at - 1) == '"';
    if (!quoted && local_unit(t, at) == 0)
        return false;
    size_t end = domain_end(t, at + 1, &open_ended);
    if (end == 0 || is_version(t, at + 1) || is_remote_path(t, end))
        return false;
    m->start = quoted ? quoted_start(t, at) : local_start(t, at);
    m->end = end;
    m->sign = at;
    m->open_ended = open_ended;
    m->score = 100;
    m->checked = true;
    return pii_email_trim(t, m, m->start);
}
