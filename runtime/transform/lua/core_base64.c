/* SPDX-License-Identifier: MIT */
/*
 * objlens.base64: both alphabets of RFC 4648. Decoding takes either, with or without padding, and
 * refuses everything else, bits left over included: one text for each value.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "transform/lua/require.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* (bytes, for URLs: then without padding) */
static int encode(lua_State *L)
{
    size_t len, made = 0;
    const uint8_t *in = (const uint8_t *)luaL_checklstring(L, 1, &len);
    bool url = lua_toboolean(L, 2);
    const char *letters = url ? for_urls : standard;
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(L, &buffer, len / 3 * 4 + 4);

    for (; len >= 3; len -= 3, in += 3) {
        uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];

        for (int shift = 18; shift >= 0; shift -= 6)
            out[made++] = letters[bits >> shift & 63];
    }
    if (len) {
        uint32_t bits = (uint32_t)in[0] << 16 | (len == 2 ? (uint32_t)in[1] << 8 : 0);

        out[made++] = letters[bits >> 18];
        out[made++] = letters[bits >> 12 & 63];
        if (len == 2)
            out[made++] = letters[bits >> 6 & 63];
        for (size_t i = len; !url && i < 3; i++)
            out[made++] = '=';
    }
    luaL_pushresultsize(&buffer, made);
    return 1;
}

static int value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

static int refuse(lua_State *L, const char *why)
{
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

/* (text, is the last stretch) bytes; or nil, what is wrong */
static int decode(lua_State *L)
{
    size_t len, made = 0, bits_held = 0, at;
    const uint8_t *in = (const uint8_t *)luaL_checklstring(L, 1, &len);
    bool last = lua_toboolean(L, 2);
    uint32_t bits = 0;
    luaL_Buffer buffer;
    uint8_t *out;

    if (last && len % 4 == 0 && len && in[len - 1] == '=')
        len -= in[len - 2] == '=' ? 2 : 1;
    if (len % 4 == 1)
        return refuse(L, "it ends too early");
    if (!last && len % 4)
        return refuse(L, "a stretch of no whole groups");
    out = (uint8_t *)luaL_buffinitsize(L, &buffer, len / 4 * 3 + 3);
    for (at = 0; at < len; at++) {
        int value = value_of(in[at]);

        if (value < 0)
            break;
        bits = bits << 6 | (uint32_t)value;
        bits_held += 6;
        if (bits_held >= 8) {
            bits_held -= 8;
            out[made++] = (uint8_t)(bits >> bits_held);
        }
    }
    luaL_pushresultsize(&buffer, at < len ? 0 : made);
    if (at < len)
        return refuse(L, "a character that is not of its alphabet");
    if (bits & ((1u << bits_held) - 1))
        return refuse(L, "bits left over at the end");
    return 1;
}

void ol_lua_core_base64(lua_State *L)
{
    static const luaL_Reg functions[] = {{"encode", encode}, {"decode", decode}, {NULL, NULL}};

    luaL_newlib(L, functions);
}
