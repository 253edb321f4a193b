/* SPDX-License-Identifier: MIT */
/*
 * Escaping of text for JSON and XML. Both copy runs of harmless bytes at once and look at the
 * rest one code point at a time; what is not UTF-8 becomes U+FFFD. The result is always valid:
 * whatever a key or a message contains, a document or a log line cannot be broken by it.
 */
#include "base/encode.h"

#include "base/error.h"
#include "base/utf8.h"
#include "base/words.h"

#define REPLACEMENT "\xEF\xBF\xBD"

/* Bytes that stand for themselves: printable ASCII without the two that JSON quotes … */
static const bool json_harmless[256] = {
    [' ' ... '!'] = true,
    ['#' ... '['] = true,
    [']' ... '~'] = true,
};
/* … and without the five that XML does. */
static const bool xml_harmless[256] = {
    [' ' ... '!'] = true, ['#' ... '%'] = true, ['(' ... ';'] = true,
    ['='] = true,         ['?' ... 0x7F] = true,
};

/* The letter of JSON's short escape, or 0. */
static char json_short(uint32_t code_point)
{
    switch (code_point) {
    case '"': return '"';
    case '\\': return '\\';
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    default: return 0;
    }
}

/* DEL and the C1 controls are legal in JSON, but steer terminals that show a log. */
static bool is_control(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
}

static int json_one(ol_buf *out, ol_slice bytes, uint32_t code_point)
{
    static const char hex[] = "0123456789abcdef";
    if (code_point == OL_UTF8_BAD)
        return ol_buf_add(out, OL_SLICE_LIT(REPLACEMENT));
    char letter = json_short(code_point);
    if (letter) {
        char escape[2] = {'\\', letter};
        return ol_buf_add(out, ol_slice_of(escape, sizeof(escape)));
    }
    if (!is_control(code_point))
        return ol_buf_add(out, bytes);
    char escape[6] = {'\\', 'u', '0', '0', hex[code_point >> 4], hex[code_point & 15]};
    return ol_buf_add(out, ol_slice_of(escape, sizeof(escape)));
}

/* NULL when the character stands for itself. Blanks other than the space are written as
 * references, or a parser would normalize them. */
static const char *xml_entity(uint32_t code_point)
{
    switch (code_point) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '\t': return "&#9;";
    case '\n': return "&#10;";
    case '\r': return "&#13;";
    default: break;
    }
    bool forbidden = code_point == OL_UTF8_BAD || code_point < 0x20 || code_point == 0xFFFE ||
                     code_point == 0xFFFF;
    return forbidden ? REPLACEMENT : NULL;
}

static int xml_one(ol_buf *out, ol_slice bytes, uint32_t code_point)
{
    const char *entity = xml_entity(code_point);
    return entity ? ol_buf_add_cstr(out, entity) : ol_buf_add(out, bytes);
}

/* Length of the harmless run that starts `text`. Whole words of what neither format escapes are
 * passed over at once. */
static size_t harmless_run(ol_slice text, const bool harmless[256])
{
    size_t at = 0;
    for (; text.len - at >= OL_WORD_BYTES; at += OL_WORD_BYTES) {
        uint64_t word = ol_word_load(text.data + at);
        if (!ol_word_is_ascii(word) || ol_word_has_below(word, '(') || ol_word_has(word, '<') ||
            ol_word_has(word, '>') || ol_word_has(word, '\\') || ol_word_has(word, 0x7F))
            break;
    }
    while (at < text.len && harmless[text.data[at]])
        at++;
    return at;
}

static int escape(ol_buf *out, ol_slice text, const bool harmless[256],
                  int (*one)(ol_buf *out, ol_slice bytes, uint32_t code_point))
{
    size_t len_before = out->len;
    int rc = OL_OK;
    for (size_t at = 0; at < text.len && rc == OL_OK;) {
        size_t run = harmless_run(ol_slice_from(text, at), harmless);
        if (run) {
            rc = ol_buf_add(out, ol_slice_of(text.data + at, run));
            at += run;
            continue;
        }
        uint32_t code_point;
        size_t step = ol_utf8_next(ol_slice_from(text, at), &code_point);
        rc = one(out, ol_slice_of(text.data + at, step), code_point);
        at += step;
    }
    if (rc != OL_OK)
        out->len = len_before;
    return rc;
}

int ol_json_escape(ol_buf *out, ol_slice text)
{
    return escape(out, text, json_harmless, json_one);
}

int ol_json_string(ol_buf *out, ol_slice text)
{
    size_t len_before = out->len;
    if (harmless_run(text, json_harmless) == text.len && ol_buf_reserve(out, text.len + 2) == 0) {
        ol_buf_add_byte(out, '"');
        ol_buf_add(out, text);
        return ol_buf_add_byte(out, '"');
    }
    int rc = ol_buf_add_byte(out, '"');
    if (rc == OL_OK)
        rc = ol_json_escape(out, text);
    if (rc == OL_OK)
        rc = ol_buf_add_byte(out, '"');
    if (rc != OL_OK)
        out->len = len_before;
    return rc;
}

int ol_xml_escape(ol_buf *out, ol_slice text)
{
    return escape(out, text, xml_harmless, xml_one);
}
