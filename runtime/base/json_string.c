/* SPDX-License-Identifier: MIT */
#include "base/json_string.h"

bool ol_json_string_end(ol_slice text, size_t start, size_t *end, bool *escaped)
{
    size_t at = start;
    *escaped = false;
    while (at < text.len && text.data[at] >= 0x20 && text.data[at] != '"') {
        bool escape = text.data[at] == '\\';
        *escaped |= escape;
        at += escape && at + 1 < text.len && text.data[at + 1] >= 0x20 ? 2 : 1;
    }
    *end = at;
    return at < text.len && text.data[at] == '"';
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind "\u", which is cut off with the digits. */
static bool take_hex4(ol_slice *rest, uint32_t *out)
{
    uint32_t value = 0;
    if (rest->len < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(rest->data[i]);
        if (digit < 0)
            return false;
        value = value << 4 | (uint32_t)digit;
    }
    *rest = ol_slice_from(*rest, 4);
    *out = value;
    return true;
}

static size_t put_utf8(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        out[i] = (uint8_t)(0x80 | (c & 0x3F));
    out[0] = (uint8_t)(0xF00 >> len | c);
    return len;
}

/* Surrogates come in pairs or not at all. */
static bool take_unicode(ol_slice *rest, uint32_t *c)
{
    uint32_t low;
    if (!take_hex4(rest, c) || *c == 0 || (*c >= 0xDC00 && *c <= 0xDFFF))
        return false;
    if (*c < 0xD800 || *c > 0xDBFF)
        return true;
    if (!ol_slice_starts(*rest, OL_SLICE_LIT("\\u")))
        return false;
    *rest = ol_slice_from(*rest, 2);
    if (!take_hex4(rest, &low) || low < 0xDC00 || low > 0xDFFF)
        return false;
    *c = 0x10000 + ((*c - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

/* `rest` begins behind the backslash. */
static bool take_escape(ol_slice *rest, uint8_t *out, size_t *len)
{
    static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    uint32_t c;
    if (rest->len == 0)
        return false;
    uint8_t letter = rest->data[0];
    const char *found = letter > 0 ? strchr(names, letter) : NULL;
    *rest = ol_slice_from(*rest, 1);
    if (found) {
        out[(*len)++] = (uint8_t)means[found - names];
        return true;
    }
    if (letter != 'u' || !take_unicode(rest, &c))
        return false;
    *len += put_utf8(out + *len, c);
    return true;
}

bool ol_json_unescape(ol_slice raw, uint8_t *out, size_t *len, size_t *wrong)
{
    ol_slice rest = raw;
    *len = 0;
    while (rest.len > 0) {
        size_t at = raw.len - rest.len;
        uint8_t c = rest.data[0];
        rest = ol_slice_from(rest, 1);
        if (c != '\\') {
            out[(*len)++] = c;
        } else if (!take_escape(&rest, out, len)) {
            *wrong = at;
            return false;
        }
    }
    return true;
}
