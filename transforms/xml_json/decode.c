/* SPDX-License-Identifier: MIT */
#include "decode.h"

#include <string.h>
#include <strings.h>

#define UNSUPPORTED                                                                               \
    "the document's encoding is not supported (UTF-8, UTF-16, US-ASCII, ISO-8859-1 and "          \
    "windows-1252 are)"
#define CONTRADICTION "the document declares another encoding than it has"
#define BAD_UTF16 "the document is not well-formed UTF-16"
#define NOT_ASCII "the document declares US-ASCII and holds other bytes"
#define NAME_MAX_BYTES 40

const char xj_not_xml[] = "the document does not begin like XML";

static const struct known {
    const char *name;
    enum xj_encoding encoding;
} known[] = {
    {"utf-8", XJ_UTF8},         {"utf8", XJ_UTF8},          {"us-ascii", XJ_ASCII},
    {"ascii", XJ_ASCII},        {"iso-8859-1", XJ_LATIN1},  {"iso_8859-1", XJ_LATIN1},
    {"iso8859-1", XJ_LATIN1},   {"latin1", XJ_LATIN1},      {"latin-1", XJ_LATIN1},
    {"windows-1252", XJ_WINDOWS1252}, {"cp1252", XJ_WINDOWS1252},
    {"utf-16", XJ_UTF16LE},     {"utf-16le", XJ_UTF16LE},   {"utf-16be", XJ_UTF16BE},
};

static bool is_wide(enum xj_encoding e)
{
    return e == XJ_UTF16LE || e == XJ_UTF16BE;
}

static bool space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The value of encoding="…" in an XML declaration; false when there is none. */
static bool declared(const char *text, char name[NAME_MAX_BYTES])
{
    if (strncmp(text, "<?xml", 5) != 0 || !space(text[5]))
        return false;
    const char *end = strstr(text, "?>"), *at = strstr(text, "encoding");
    if (!end || !at || at > end)
        return false;
    at += strlen("encoding");
    while (space(*at))
        at++;
    if (*at++ != '=')
        return false;
    while (space(*at))
        at++;
    char quote = *at++;
    const char *close = quote == '"' || quote == '\'' ? strchr(at, quote) : NULL;
    if (!close || close > end)
        return false;
    size_t size = (size_t)(close - at);
    if (size >= NAME_MAX_BYTES)
        size = NAME_MAX_BYTES - 1; /* no known name is as long */
    memcpy(name, at, size);
    name[size] = '\0';
    return true;
}

/* What the bytes themselves say: NULL and an encoding, or what is wrong. */
static const char *detect(const uint8_t *p, size_t size, enum xj_encoding *encoding, size_t *skip)
{
    static const struct opening {
        uint8_t bytes[4];
        uint8_t size, skip;
        int encoding; /* -1: not supported */
    } openings[] = {
        {{0xff, 0xfe, 0, 0}, 4, 0, -1},    {{0, 0, 0xfe, 0xff}, 4, 0, -1},
        {{0, 0, 0, '<'}, 4, 0, -1},        {{'<', 0, 0, 0}, 4, 0, -1},
        {{0x4c, 0x6f, 0xa7, 0x94}, 4, 0, -1}, /* EBCDIC */
        {{0xef, 0xbb, 0xbf}, 3, 3, XJ_UTF8},
        {{0xff, 0xfe}, 2, 2, XJ_UTF16LE},  {{0xfe, 0xff}, 2, 2, XJ_UTF16BE},
        {{'<', 0}, 2, 0, XJ_UTF16LE},      {{0, '<'}, 2, 0, XJ_UTF16BE},
    };
    *encoding = XJ_UTF8;
    *skip = 0;
    for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
        const struct opening *o = &openings[i];
        if (size < o->size || memcmp(p, o->bytes, o->size) != 0)
            continue;
        if (o->encoding < 0)
            return UNSUPPORTED;
        *encoding = (enum xj_encoding)o->encoding;
        *skip = o->skip;
        break;
    }
    return NULL;
}

/* The beginning as plain characters, enough of it to read a declaration. */
static void plain(const uint8_t *p, size_t size, enum xj_encoding e, char text[XJ_SNIFF_BYTES + 1])
{
    size_t n = 0;
    if (!is_wide(e)) {
        n = size < XJ_SNIFF_BYTES ? size : XJ_SNIFF_BYTES;
        memcpy(text, p, n);
    }
    for (size_t i = 0; is_wide(e) && i + 1 < size && n < XJ_SNIFF_BYTES; i += 2) {
        uint8_t high = p[i + (e == XJ_UTF16LE)], low = p[i + (e == XJ_UTF16BE)];
        text[n++] = high ? '?' : (char)low;
    }
    text[n] = '\0';
}

const char *xj_decoder_begin(struct xj_decoder *d, const uint8_t *bytes, size_t size, size_t *skip)
{
    char text[XJ_SNIFF_BYTES + 1], name[NAME_MAX_BYTES];
    memset(d, 0, sizeof(*d));
    const char *wrong = detect(bytes, size, &d->encoding, skip);
    if (wrong)
        return wrong;
    plain(bytes + *skip, size - *skip, d->encoding, text);
    if (text[0] != '<' && !space(text[0]))
        return xj_not_xml;
    if (!declared(text, name))
        return NULL;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcasecmp(known[i].name, name) != 0)
            continue;
        if (is_wide(known[i].encoding) != is_wide(d->encoding))
            return CONTRADICTION;
        if (*skip == 3 && known[i].encoding != XJ_UTF8)
            return CONTRADICTION;
        if (!is_wide(d->encoding))
            d->encoding = known[i].encoding;
        return NULL;
    }
    return UNSUPPORTED;
}

/* Windows' characters between 0x80 and 0x9f; 0 where it has none. */
static const uint16_t windows1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

static uint8_t *put(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (uint8_t)c;
    } else if (c < 0x800) {
        *out++ = (uint8_t)(0xc0 | c >> 6);
        *out++ = (uint8_t)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *out++ = (uint8_t)(0xe0 | c >> 12);
        *out++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        *out++ = (uint8_t)(0x80 | (c & 0x3f));
    } else {
        *out++ = (uint8_t)(0xf0 | c >> 18);
        *out++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
        *out++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        *out++ = (uint8_t)(0x80 | (c & 0x3f));
    }
    return out;
}

static const char *decode_bytes(enum xj_encoding e, const uint8_t *bytes, size_t size, uint8_t **out)
{
    for (size_t i = 0; i < size; i++) {
        uint32_t c = bytes[i];
        if (c >= 0x80 && e == XJ_ASCII)
            return NOT_ASCII;
        if (c >= 0x80 && c < 0xa0 && e == XJ_WINDOWS1252)
            c = windows1252[c - 0x80];
        if (c == 0)
            return "the document holds bytes that are no characters of its encoding";
        *out = put(*out, c);
    }
    return NULL;
}

static const char *decode_unit(struct xj_decoder *d, uint16_t unit, uint8_t **out)
{
    bool first = unit >= 0xd800 && unit <= 0xdbff, second = unit >= 0xdc00 && unit <= 0xdfff;
    if (second != (d->surrogate != 0) || unit == 0)
        return BAD_UTF16;
    if (first) {
        d->surrogate = unit;
        return NULL;
    }
    uint32_t c = unit;
    if (second)
        c = 0x10000 + (((uint32_t)d->surrogate - 0xd800) << 10) + (unit - 0xdc00u);
    d->surrogate = 0;
    *out = put(*out, c);
    return NULL;
}

static const char *decode_utf16(struct xj_decoder *d, const uint8_t *bytes, size_t size, uint8_t **out)
{
    const char *wrong = NULL;
    for (size_t i = 0; i < size && !wrong; i++) {
        if (!d->has_half) {
            d->half = bytes[i];
            d->has_half = true;
            continue;
        }
        d->has_half = false;
        bool little = d->encoding == XJ_UTF16LE;
        uint16_t unit = little ? (uint16_t)(bytes[i] << 8 | d->half) : (uint16_t)(d->half << 8 | bytes[i]);
        wrong = decode_unit(d, unit, out);
    }
    return wrong;
}

const char *xj_decode(struct xj_decoder *d, const uint8_t *bytes, size_t size, uint8_t *out,
                      size_t *written)
{
    uint8_t *at = out;
    const char *wrong = NULL;
    if (d->encoding == XJ_UTF8) {
        memcpy(out, bytes, size);
        at += size;
    } else if (is_wide(d->encoding)) {
        wrong = decode_utf16(d, bytes, size, &at);
    } else {
        wrong = decode_bytes(d->encoding, bytes, size, &at);
    }
    *written = (size_t)(at - out);
    return wrong;
}

const char *xj_decoder_end(const struct xj_decoder *d)
{
    return d->has_half || d->surrogate ? BAD_UTF16 : NULL;
}
