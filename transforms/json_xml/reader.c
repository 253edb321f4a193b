/* SPDX-License-Identifier: MIT */
#include "reader.h"

#include <string.h>

#include "name.h"

void jx_reader_init(struct jx_reader *r, struct jx_build *build, struct jx_failure *failure)
{
    r->build = build;
    r->failure = failure;
}

static bool malformed(struct jx_reader *r, const char *text)
{
    return jx_fail(r->failure, JX_MALFORMED, text);
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* ---- nesting ---- */

static bool innermost_is_object(const struct jx_reader *r)
{
    size_t level = r->nesting - 1;
    return r->is_object[level / 8] >> level % 8 & 1;
}

static bool enter(struct jx_reader *r, bool object)
{
    size_t level = r->nesting;
    if (level == JX_FRAMES_MAX)
        return jx_fail(r->failure, JX_TOO_LARGE, "too many objects and arrays inside each other");
    r->nesting++;
    r->is_object[level / 8] &= (uint8_t)~(1u << level % 8);
    r->is_object[level / 8] |= (uint8_t)(object << level % 8);
    r->state = object ? JX_FIRST_KEY : JX_FIRST_ELEMENT;
    return object ? jx_build_object(r->build) : jx_build_array(r->build);
}

/* A value is whole. */
static bool behind_value(struct jx_reader *r)
{
    r->state = r->nesting > 0 ? JX_BEHIND : JX_VALUE;
    return true;
}

static bool leave(struct jx_reader *r, bool object)
{
    if (innermost_is_object(r) != object)
        return malformed(r, "a ']' where a '}' belongs, or the other way round");
    r->nesting--;
    return (object ? jx_build_object_end(r->build) : jx_build_array_end(r->build)) && behind_value(r);
}

/* ---- strings ---- */

static bool begin_string(struct jx_reader *r, bool is_key)
{
    r->state = JX_STRING;
    r->is_key = is_key;
    r->gathers = is_key || jx_build_wants_name(r->build);
    r->gathered_size = 0;
    return r->gathers || jx_build_string(r->build);
}

static bool end_string(struct jx_reader *r)
{
    if (r->high)
        return malformed(r, "half of a surrogate pair");
    if (r->is_key) {
        r->state = JX_COLON;
        return jx_build_key(r->build, r->gathered, r->gathered_size);
    }
    behind_value(r);
    return r->gathers ? jx_build_name(r->build, r->gathered, r->gathered_size)
                      : jx_build_string_end(r->build);
}

static bool add(struct jx_reader *r, const uint8_t *bytes, size_t size)
{
    if (r->high)
        return malformed(r, "half of a surrogate pair");
    if (!r->gathers)
        return jx_build_string_part(r->build, bytes, size);
    if (size > sizeof(r->gathered) - r->gathered_size)
        return jx_fail(r->failure, JX_TOO_LARGE, "a name of more than 1024 bytes");
    memcpy(r->gathered + r->gathered_size, bytes, size);
    r->gathered_size += size;
    return true;
}

static bool add_char(struct jx_reader *r, uint32_t c)
{
    uint8_t utf8[4];
    size_t n = 0;
    if (!jx_is_char(c))
        return jx_fail(r->failure, JX_UNSUPPORTED, "a character that XML does not allow");
    if (c < 0x80) {
        utf8[n++] = (uint8_t)c;
    } else if (c < 0x800) {
        utf8[n++] = (uint8_t)(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        utf8[n++] = (uint8_t)(0xe0 | c >> 12);
        utf8[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    } else {
        utf8[n++] = (uint8_t)(0xf0 | c >> 18);
        utf8[n++] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
        utf8[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    }
    if (c >= 0x80)
        utf8[n++] = (uint8_t)(0x80 | (c & 0x3f));
    return add(r, utf8, n);
}

static bool take_escape(struct jx_reader *r, uint8_t c)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found = c ? strchr(from, c) : NULL;
    r->state = JX_STRING;
    if (c == 'u') {
        r->state = JX_HEX;
        r->hex = r->hex_count = 0;
        return true;
    }
    return found ? add_char(r, (uint8_t)to[found - from]) : malformed(r, "an escape that JSON does not have");
}

static bool take_unit(struct jx_reader *r, uint32_t unit)
{
    uint32_t high = r->high;
    bool is_low = unit >= 0xdc00 && unit < 0xe000;
    if (is_low != (high != 0))
        return malformed(r, "half of a surrogate pair");
    r->high = 0;
    if (is_low)
        return add_char(r, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
    if (unit < 0xd800 || unit > 0xdbff)
        return add_char(r, unit);
    r->high = unit;
    return true;
}

static bool take_hex(struct jx_reader *r, uint8_t c)
{
    uint8_t letter = c | 0x20;
    bool is_digit = c >= '0' && c <= '9', is_letter = letter >= 'a' && letter <= 'f';
    if (!is_digit && !is_letter)
        return malformed(r, "an escape that is not four hexadecimal digits");
    r->hex = r->hex << 4 | (uint32_t)(is_digit ? c - '0' : letter - 'a' + 10);
    if (++r->hex_count < 4)
        return true;
    r->state = JX_STRING;
    return take_unit(r, r->hex);
}

/* How long the character is that begins so; 0: none does. */
static unsigned sequence_size_of(uint8_t first)
{
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* Overlong forms, surrogates and what is beyond U+10FFFF show in the second byte. */
static bool may_be_second(uint8_t first, uint8_t second)
{
    uint8_t least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return second >= least && second <= most;
}

static bool take_sequence(struct jx_reader *r, uint8_t c)
{
    uint8_t *s = r->sequence;
    if (r->sequence_size == 0)
        r->sequence_wanted = sequence_size_of(c);
    else if (r->sequence_size == 1 ? !may_be_second(s[0], c) : (c & 0xc0) != 0x80)
        r->sequence_wanted = 0;
    if (r->sequence_wanted == 0)
        return malformed(r, "text that is not UTF-8");
    s[r->sequence_size++] = c;
    if (r->sequence_size < r->sequence_wanted)
        return true;
    r->sequence_size = 0;
    if (s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe)
        return jx_fail(r->failure, JX_UNSUPPORTED, "a character that XML does not allow");
    return add(r, s, r->sequence_wanted);
}

static bool take_in_string(struct jx_reader *r, uint8_t c)
{
    if (r->sequence_size > 0 || c >= 0x80)
        return take_sequence(r, c);
    if (c == '"')
        return end_string(r);
    if (c == '\\') {
        r->state = JX_ESCAPE;
        return true;
    }
    if (c < 0x20)
        return malformed(r, "a control character in a string");
    return add(r, &c, 1);
}

/* How many bytes at the beginning are plain ASCII. */
static size_t plain_run(const uint8_t *bytes, size_t size)
{
    size_t i = 0;
    while (i < size && bytes[i] >= 0x20 && bytes[i] < 0x80 && bytes[i] != '"' && bytes[i] != '\\')
        i++;
    return i;
}

/* ---- numbers and words ---- */

static size_t digits(const char *text, size_t size)
{
    size_t n = 0;
    while (n < size && text[n] >= '0' && text[n] <= '9')
        n++;
    return n;
}

static bool is_number(const char *text, size_t size)
{
    size_t at = size > 0 && text[0] == '-', whole = digits(text + at, size - at), n;
    if (whole == 0 || (whole > 1 && text[at] == '0'))
        return false;
    at += whole;
    if (at < size && text[at] == '.') {
        n = digits(text + at + 1, size - at - 1);
        if (n == 0)
            return false;
        at += 1 + n;
    }
    if (at == size)
        return true;
    if (text[at] != 'e' && text[at] != 'E')
        return false;
    at++;
    at += at < size && (text[at] == '+' || text[at] == '-');
    n = digits(text + at, size - at);
    return n > 0 && at + n == size;
}

static bool end_literal(struct jx_reader *r)
{
    static const char *const words[] = {"true", "false"};
    const char *text = r->gathered;
    size_t size = r->gathered_size;
    behind_value(r);
    if (size == 4 && memcmp(text, "null", 4) == 0)
        return jx_build_null(r->build);
    bool ok = is_number(text, size);
    for (size_t i = 0; i < 2 && !ok; i++)
        ok = size == strlen(words[i]) && memcmp(text, words[i], size) == 0;
    return ok ? jx_build_scalar(r->build, text, size) : malformed(r, "neither a value nor an end");
}

static bool ends_literal(uint8_t c)
{
    return is_space(c) || c == ',' || c == ']' || c == '}' || c == '"' || c == '[' || c == '{' || c == ':';
}

static bool add_to_literal(struct jx_reader *r, uint8_t c)
{
    if (r->gathered_size == JX_NUMBER_BYTES_MAX)
        return jx_fail(r->failure, JX_TOO_LARGE, "a number of more than 1024 bytes");
    r->gathered[r->gathered_size++] = (char)c;
    return true;
}

/* ---- between ---- */

static bool begin_value(struct jx_reader *r, uint8_t c)
{
    if (r->nesting == 0 && !jx_build_top(r->build, r->values++))
        return false;
    if (c == '{' || c == '[')
        return enter(r, c == '{');
    if (c == '"')
        return begin_string(r, false);
    if (c != '-' && (c < '0' || c > '9') && c != 't' && c != 'f' && c != 'n')
        return malformed(r, "a value is missing");
    r->state = JX_LITERAL;
    r->gathered_size = 0;
    return add_to_literal(r, c);
}

static bool take_behind(struct jx_reader *r, uint8_t c)
{
    if (c == ']' || c == '}')
        return leave(r, c == '}');
    if (c != ',')
        return malformed(r, "a ',' or an end is missing");
    r->state = innermost_is_object(r) ? JX_KEY : JX_VALUE;
    return true;
}

static bool take_key(struct jx_reader *r, uint8_t c)
{
    if (c == '}' && r->state == JX_FIRST_KEY)
        return leave(r, true);
    return c == '"' ? begin_string(r, true) : malformed(r, "a key is missing");
}

static bool take_between(struct jx_reader *r, uint8_t c)
{
    switch (r->state) {
    case JX_FIRST_ELEMENT:
        if (c == ']')
            return leave(r, false);
        return begin_value(r, c);
    case JX_FIRST_KEY:
    case JX_KEY: return take_key(r, c);
    case JX_COLON:
        r->state = JX_VALUE;
        return c == ':' || malformed(r, "a ':' is missing");
    case JX_BEHIND: return take_behind(r, c);
    default: return begin_value(r, c);
    }
}

/* At the very beginning, and there only. */
static bool is_mark(struct jx_reader *r, uint8_t c)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    if (r->mark != r->at - 1 || r->mark == sizeof(mark) || mark[r->mark] != c)
        return false;
    r->mark++;
    return true;
}

static bool take(struct jx_reader *r, uint8_t c)
{
    switch (r->state) {
    case JX_STRING: return take_in_string(r, c);
    case JX_ESCAPE: return take_escape(r, c);
    case JX_HEX: return take_hex(r, c);
    case JX_LITERAL:
        if (!ends_literal(c))
            return add_to_literal(r, c);
        if (!end_literal(r))
            return false;
        break;
    default: break;
    }
    return is_space(c) || is_mark(r, c) || take_between(r, c);
}

static bool can_go_on(const struct jx_reader *r)
{
    return r->failure->reason == JX_NONE && r->build->xml.out->result == OBJLENS_OK;
}

/* Only of a string that nothing stands open in. */
static size_t take_plain(struct jx_reader *r, const uint8_t *bytes, size_t size)
{
    if (r->state != JX_STRING || r->sequence_size > 0 || r->high || r->gathers)
        return 0;
    size_t n = plain_run(bytes, size);
    r->at += n;
    if (n > 0)
        jx_build_string_part(r->build, bytes, n);
    return n;
}

void jx_reader_write(struct jx_reader *r, const uint8_t *bytes, size_t size)
{
    const uint8_t *end = bytes + size;
    while (bytes < end && can_go_on(r)) {
        size_t n = take_plain(r, bytes, (size_t)(end - bytes));
        bytes += n;
        if (n > 0)
            continue;
        r->at++;
        take(r, *bytes++);
    }
    if (r->failure->reason != JX_NONE && r->failure->at == 0)
        r->failure->at = r->at;
}

void jx_reader_finish(struct jx_reader *r)
{
    if (can_go_on(r) && r->state == JX_LITERAL)
        end_literal(r);
    if (can_go_on(r) && (r->nesting > 0 || r->state != JX_VALUE || (r->mark > 0 && r->mark < 3)))
        malformed(r, "the document ends too early");
    if (can_go_on(r))
        jx_build_finish(r->build, r->values);
    if (r->failure->reason != JX_NONE && r->failure->at == 0)
        r->failure->at = r->at;
}
