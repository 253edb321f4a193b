/* SPDX-License-Identifier: MIT */
/*
 * objlens.utf8: whether a text is UTF-8 (RFC 3629: no surrogates, nothing overlong, nothing past
 * U+10FFFF), making it so, and text of four other encodings.
 */
#include <stdbool.h>
#include <string.h>

#include "base/slice.h"
#include "transform/lua/require.h"

/* How many bytes of `s` are one character; 0 when they are none. *part: it could be the beginning
 * of one that is cut off. */
static size_t character(const uint8_t *s, size_t len, bool *part)
{
    size_t need = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3
                : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
    uint8_t low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;

    *part = false;
    for (size_t i = 1; i < need; i++, low = 0x80, high = 0xbf) {
        if (i == len) {
            *part = true;
            return 0;
        }
        if (s[i] < low || s[i] > high)
            return 0;
    }
    return need;
}

static int valid(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);

    lua_pushboolean(L, ol_slice_is_utf8(ol_slice_of(text, len)));
    return 1;
}

/* (text) how many bytes there are before a character that is cut off at the end */
static int tail(lua_State *L)
{
    size_t len;
    const uint8_t *text = (const uint8_t *)luaL_checklstring(L, 1, &len);
    bool part = false;

    for (size_t back = 1; back <= 3 && back <= len; back++) {
        if ((text[len - back] & 0xc0) == 0x80)
            continue;
        character(text + len - back, back, &part);
        if (part)
            len -= back;
        break;
    }
    lua_pushinteger(L, (lua_Integer)len);
    return 1;
}

/* (text, replacement): each byte that belongs to no character becomes one replacement. */
static int repair(lua_State *L)
{
    size_t len, with_len, from = 0;
    const uint8_t *text = (const uint8_t *)luaL_checklstring(L, 1, &len);
    const char *with = luaL_checklstring(L, 2, &with_len);
    luaL_Buffer out;
    bool part;

    lua_settop(L, 2);
    if (ol_slice_is_utf8(ol_slice_of(text, len))) {
        lua_settop(L, 1);
        return 1;
    }
    luaL_buffinit(L, &out);
    for (size_t at = 0; at < len;) {
        size_t n = character(text + at, len - at, &part);

        if (n) {
            at += n;
            continue;
        }
        luaL_addlstring(&out, (const char *)text + from, at - from);
        luaL_addlstring(&out, with, with_len);
        from = ++at;
    }
    luaL_addlstring(&out, (const char *)text + from, len - from);
    luaL_pushresult(&out);
    return 1;
}

/* ---- other encodings ---- */

/* U+0080 to U+009F of windows-1252; 0: not assigned. */
static const uint16_t western[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

static void add_character(luaL_Buffer *out, uint32_t code)
{
    char text[4];
    size_t n = 0;

    if (code < 0x80) {
        text[n++] = (char)code;
    } else if (code < 0x800) {
        text[n++] = (char)(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        text[n++] = (char)(0xe0 | code >> 12);
        text[n++] = (char)(0x80 | (code >> 6 & 0x3f));
    } else {
        text[n++] = (char)(0xf0 | code >> 18);
        text[n++] = (char)(0x80 | (code >> 12 & 0x3f));
        text[n++] = (char)(0x80 | (code >> 6 & 0x3f));
    }
    if (code >= 0x80)
        text[n++] = (char)(0x80 | (code & 0x3f));
    luaL_addlstring(out, text, n);
}

static const char *recode_bytes(luaL_Buffer *out, ol_slice in, bool windows, size_t *used)
{
    for (size_t i = 0; i < in.len; i++) {
        uint32_t code = in.data[i];

        if (windows && code >= 0x80 && code < 0xa0) {
            code = western[code - 0x80];
            if (!code)
                return "a byte that is not of windows-1252";
        }
        add_character(out, code);
    }
    *used = in.len;
    return NULL;
}

static uint32_t unit_at(ol_slice in, size_t at, bool little)
{
    return little ? (uint32_t)in.data[at + 1] << 8 | in.data[at]
                  : (uint32_t)in.data[at] << 8 | in.data[at + 1];
}

static const char *recode_utf16(luaL_Buffer *out, ol_slice in, bool little, bool last, size_t *used)
{
    size_t at = 0;

    for (; at + 2 <= in.len; at += 2) {
        uint32_t unit = unit_at(in, at, little), low;

        if (unit >= 0xdc00 && unit <= 0xdfff)
            return "half a surrogate pair";
        if (unit >= 0xd800 && unit <= 0xdbff) {
            if (at + 4 > in.len)
                break;
            low = unit_at(in, at + 2, little);
            if (low < 0xdc00 || low > 0xdfff)
                return "half a surrogate pair";
            unit = 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00));
            at += 2;
        }
        add_character(out, unit);
    }
    *used = at;
    return last && at < in.len ? "it ends inside a character" : NULL;
}

/* (text, encoding, is the last) UTF-8, bytes used; or "", 0, what is wrong */
static int recode(lua_State *L)
{
    ol_slice in;
    const char *encoding, *wrong;
    size_t used = 0;
    luaL_Buffer out;
    bool last = lua_toboolean(L, 3);

    in.data = (const uint8_t *)luaL_checklstring(L, 1, &in.len);
    encoding = luaL_checkstring(L, 2);
    luaL_buffinit(L, &out);
    if (strncmp(encoding, "utf-16", 6) == 0)
        wrong = recode_utf16(&out, in, strcmp(encoding, "utf-16le") == 0, last, &used);
    else
        wrong = recode_bytes(&out, in, strcmp(encoding, "windows-1252") == 0, &used);
    luaL_pushresult(&out);
    lua_pushinteger(L, (lua_Integer)used);
    if (!wrong)
        return 2;
    lua_pushstring(L, wrong);
    return 3;
}

void ol_lua_core_utf8(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"valid", valid}, {"tail", tail}, {"repair", repair}, {"recode", recode}, {NULL, NULL}};

    luaL_newlib(L, functions);
}
