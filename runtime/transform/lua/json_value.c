/* SPDX-License-Identifier: MIT */
/*
 * A parser without recursion; see json_value.h. Its state is a userdata, what it builds lies above
 * on the Lua stack: for each container under way the table, and for an object also the name that
 * waits for its value. Checking a text builds nothing and keeps one bit a level.
 */
#include "transform/lua/json_value.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "transform/lua/preempt.h"

#define DEPTH_MAX 1000
#define NUMBER_BYTES_MAX 400
#define TOKENS_A_LOOK 64 /* between looks at the clock */

enum expects { VALUE, VALUE_OR_END, NAME, NAME_OR_END, COMMA_OR_END, NOTHING };

typedef struct parser {
    const uint8_t *text;
    size_t len, at;
    unsigned depth, depth_max;
    bool build, keep_null;
    enum expects expects;
    const char *wrong;
    lua_Integer counts[DEPTH_MAX]; /* of a list: elements so far; -1: an object */
} parser;

enum { TEXT = 1, STATE, NULL_VALUE, FIRST };

static bool fail(parser *p, const char *wrong)
{
    p->wrong = wrong;
    return false;
}

static int byte_at(const parser *p, size_t at)
{
    return at < p->len ? p->text[at] : -1;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* ---- strings ---- */

static int hex4(const parser *p, size_t at)
{
    int value = 0;

    for (size_t i = at; i < at + 4; i++) {
        int c = byte_at(p, i), digit;

        if (is_digit(c))
            digit = c - '0';
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (c | 0x20) - 'a' + 10;
        else
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static size_t put_utf8(uint8_t *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (uint8_t)(0xc0 | code >> 6);
        out[1] = (uint8_t)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (uint8_t)(0xe0 | code >> 12);
        out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | code >> 18);
    out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (code & 0x3f));
    return 4;
}

/* \uXXXX at `at` (of the u), pairs of surrogates together. How many bytes of the text, 0: wrong. */
static size_t read_unicode(const parser *p, size_t at, uint32_t *code)
{
    int high = hex4(p, at + 1), low;

    if (high < 0 || (high >= 0xdc00 && high <= 0xdfff))
        return 0;
    *code = (uint32_t)high;
    if (high < 0xd800 || high > 0xdbff)
        return 5;
    if (byte_at(p, at + 5) != '\\' || byte_at(p, at + 6) != 'u')
        return 0;
    low = hex4(p, at + 7);
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    *code = 0x10000 + (((uint32_t)high - 0xd800) << 10 | ((uint32_t)low - 0xdc00));
    return 11;
}

/* The escape behind a backslash, into `out`. How many bytes of the text; 0: wrong. */
static size_t read_escape(const parser *p, size_t at, uint8_t out[4], size_t *made)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = byte_at(p, at);
    const char *found = c > 0 ? strchr(from, c) : NULL;
    uint32_t code = 0;
    size_t used;

    if (found) {
        out[0] = (uint8_t)to[found - from];
        *made = 1;
        return 1;
    }
    used = c == 'u' ? read_unicode(p, at, &code) : 0;
    *made = used ? put_utf8(out, code) : 0;
    return used;
}

/* The end of the string whose content begins at p->at; false when it has none or is wrong. */
static bool find_end(parser *p, size_t *end, bool *escaped)
{
    size_t at = p->at;

    *escaped = false;
    for (;; at++) {
        int c = byte_at(p, at);

        if (c == '"')
            break;
        if (c < 0x20) {
            p->at = at;
            return fail(p, c < 0 ? "a string without an end" : "a control character in a string");
        }
        if (c == '\\') {
            *escaped = true;
            at++;
        }
    }
    *end = at;
    return ol_slice_is_utf8(ol_slice_of(p->text + p->at, at - p->at)) ||
           fail(p, "a string that is not UTF-8");
}

/* Into memory as long as the text between the quotes: escapes only get shorter. */
static bool unescape(parser *p, size_t end, uint8_t *out, size_t *len)
{
    size_t n = 0, made, used;
    uint8_t scratch[4];

    for (size_t at = p->at; at < end;) {
        if (p->text[at] != '\\') {
            if (out)
                out[n] = p->text[at];
            n++;
            at++;
            continue;
        }
        used = read_escape(p, at + 1, scratch, &made);
        if (!used) {
            p->at = at;
            return fail(p, "an escape that is none");
        }
        if (out)
            memcpy(out + n, scratch, made);
        n += made;
        at += 1 + used;
    }
    *len = n;
    return true;
}

/* p->at is behind the opening quote. Pushes the string if it is to be built. */
static bool read_string(lua_State *L, parser *p)
{
    size_t end, len;
    bool escaped, good = true;

    if (!find_end(p, &end, &escaped))
        return false;
    if (!escaped) {
        if (p->build)
            lua_pushlstring(L, (const char *)p->text + p->at, end - p->at);
    } else if (p->build) {
        luaL_Buffer out;
        uint8_t *memory = (uint8_t *)luaL_buffinitsize(L, &out, end - p->at);

        good = unescape(p, end, memory, &len);
        luaL_pushresultsize(&out, good ? len : 0);
    } else {
        good = unescape(p, end, NULL, &len);
    }
    if (good)
        p->at = end + 1;
    return good;
}

/* ---- numbers ---- */

static size_t skip_digits(const parser *p, size_t at)
{
    while (is_digit(byte_at(p, at)))
        at++;
    return at;
}

/* Where the number ends, 0 when it is none; *whole: no fraction, no exponent. */
static size_t scan_number(const parser *p, bool *whole)
{
    size_t at = p->at + (byte_at(p, p->at) == '-'), from = at;

    *whole = true;
    at = skip_digits(p, at);
    if (at == from || (byte_at(p, from) == '0' && at > from + 1))
        return 0;
    if (byte_at(p, at) == '.') {
        *whole = false;
        from = ++at;
        at = skip_digits(p, at);
        if (at == from)
            return 0;
    }
    if ((byte_at(p, at) | 0x20) == 'e') {
        *whole = false;
        at++;
        at += byte_at(p, at) == '+' || byte_at(p, at) == '-';
        from = at;
        at = skip_digits(p, at);
        if (at == from)
            return 0;
    }
    return at;
}

static bool read_number(lua_State *L, parser *p)
{
    char text[NUMBER_BYTES_MAX + 1];
    bool whole;
    size_t end = scan_number(p, &whole), len = end - p->at;

    if (!end)
        return fail(p, "a number that is none");
    if (len > NUMBER_BYTES_MAX)
        return fail(p, "a number that is too long");
    memcpy(text, p->text + p->at, len);
    text[len] = '\0';
    double number = strtod(text, NULL);
    if (isinf(number)) /* JSON has no infinity: written again, it would be something else */
        return fail(p, "a number that is too large");
    /* What does not fit into an integer becomes a float, as in Lua itself. */
    if (p->build && whole)
        lua_stringtonumber(L, text);
    else if (p->build)
        lua_pushnumber(L, number);
    p->at = end;
    return true;
}

/* ---- values ---- */

static bool read_word(parser *p, const char *word)
{
    size_t len = strlen(word);

    if (p->len - p->at < len || memcmp(p->text + p->at, word, len) != 0)
        return fail(p, "a value expected");
    p->at += len;
    return true;
}

static bool in_object(const parser *p)
{
    return p->depth > 0 && p->counts[p->depth - 1] < 0;
}

/* A value was read; when building it is on top: put it where it belongs. */
static void place_value(lua_State *L, parser *p)
{
    p->expects = p->depth == 0 ? NOTHING : COMMA_OR_END;
    if (p->depth == 0)
        return;
    if (!in_object(p))
        p->counts[p->depth - 1]++;
    if (!p->build)
        return;
    if (in_object(p))
        lua_rawset(L, -3); /* table, name, value; nil takes a name away */
    else
        lua_rawseti(L, -2, p->counts[p->depth - 1]);
}

static bool open_container(lua_State *L, parser *p, bool object)
{
    if (p->depth == p->depth_max)
        return fail(p, "nested too deep");
    if (p->build) {
        luaL_checkstack(L, 6, NULL);
        lua_newtable(L);
        if (!object)
            luaL_setmetatable(L, OL_LUA_JSON_LIST);
    }
    p->counts[p->depth++] = object ? -1 : 0;
    p->expects = object ? NAME_OR_END : VALUE_OR_END;
    p->at++;
    return true;
}

static bool close_container(lua_State *L, parser *p, int c)
{
    if (p->depth == 0 || in_object(p) != (c == '}'))
        return fail(p, "a bracket that was not opened");
    p->depth--;
    p->at++;
    place_value(L, p);
    return true;
}

static bool read_value(lua_State *L, parser *p, int c)
{
    switch (c) {
    case '{':
    case '[': return open_container(L, p, c == '{');
    case '"':
        p->at++;
        if (!read_string(L, p))
            return false;
        break;
    case 't':
    case 'f':
        if (!read_word(p, c == 't' ? "true" : "false"))
            return false;
        if (p->build)
            lua_pushboolean(L, c == 't');
        break;
    case 'n':
        if (!read_word(p, "null"))
            return false;
        if (p->build && p->keep_null)
            lua_pushvalue(L, NULL_VALUE);
        else if (p->build)
            lua_pushnil(L);
        break;
    default:
        if (!is_digit(c) && c != '-')
            return fail(p, "a value expected");
        if (!read_number(L, p))
            return false;
    }
    place_value(L, p);
    return true;
}

static bool read_name(lua_State *L, parser *p, int c)
{
    if (c != '"')
        return fail(p, "a name expected");
    p->at++;
    if (!read_string(L, p))
        return false;
    while (p->at < p->len && strchr(" \t\r\n", p->text[p->at]) && p->text[p->at])
        p->at++;
    if (byte_at(p, p->at) != ':')
        return fail(p, "':' expected");
    p->at++;
    p->expects = VALUE;
    return true;
}

static bool read_token(lua_State *L, parser *p, int c)
{
    switch (p->expects) {
    case VALUE_OR_END:
        if (c == ']')
            return close_container(L, p, c);
        return read_value(L, p, c);
    case VALUE: return read_value(L, p, c);
    case NAME_OR_END:
        if (c == '}')
            return close_container(L, p, c);
        return read_name(L, p, c);
    case NAME: return read_name(L, p, c);
    case COMMA_OR_END:
        if (c == '}' || c == ']')
            return close_container(L, p, c);
        if (c != ',')
            return fail(p, "',' or an end expected");
        p->at++;
        p->expects = in_object(p) ? NAME : VALUE;
        return true;
    default: return fail(p, "more behind the value");
    }
}

/* ---- the loop ---- */

static int give_result(lua_State *L, parser *p)
{
    if (!p->wrong && p->expects != NOTHING)
        p->wrong = "it ends too early";
    if (!p->wrong)
        return p->build ? 1 : 0;
    if (p->build)
        lua_pushnil(L);
    lua_pushstring(L, p->wrong);
    lua_pushinteger(L, (lua_Integer)p->at + 1);
    return p->build ? 3 : 2;
}

static int parse_on(lua_State *L, int status, lua_KContext context)
{
    parser *p = lua_touserdata(L, STATE);
    unsigned tokens = 0;

    (void)status;
    while (!p->wrong) {
        while (p->at < p->len && (p->text[p->at] == ' ' || p->text[p->at] == '\n' ||
                                  p->text[p->at] == '\r' || p->text[p->at] == '\t'))
            p->at++;
        if (p->at == p->len)
            break;
        read_token(L, p, p->text[p->at]);
        if (++tokens % TOKENS_A_LOOK == 0 && ol_lua_preempt_due())
            ol_lua_pause(L, context, parse_on);
    }
    return give_result(L, p);
}

static int parse(lua_State *L, bool build)
{
    size_t len;
    const char *text = luaL_checklstring(L, TEXT, &len);
    lua_Integer depth = luaL_checkinteger(L, 2);
    bool keep_null = lua_toboolean(L, 3);
    parser *p;

    depth = depth < 0 ? 0 : depth > DEPTH_MAX ? DEPTH_MAX : depth;
    lua_settop(L, TEXT);
    p = lua_newuserdatauv(L, offsetof(parser, counts) + (size_t)depth * sizeof(p->counts[0]), 0);
    memset(p, 0, offsetof(parser, counts));
    p->text = (const uint8_t *)text;
    p->len = len;
    p->depth_max = (unsigned)depth;
    p->build = build;
    p->keep_null = keep_null;
    lua_getfield(L, LUA_REGISTRYINDEX, OL_LUA_JSON_NULL_KEY);
    return parse_on(L, LUA_OK, 0);
}

int ol_lua_json_decode(lua_State *L)
{
    return parse(L, true);
}

int ol_lua_json_check(lua_State *L)
{
    return parse(L, false);
}
