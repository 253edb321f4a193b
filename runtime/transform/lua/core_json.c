/* SPDX-License-Identifier: MIT */
/*
 * objlens.json: where a value ends, what a text says, and how strings and numbers are written.
 * modules/json.lua makes the module of it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/slice.h"
#include "transform/lua/json_value.h"
#include "transform/lua/require.h"

/* ---- frame: where a value ends, however the text is cut ---- */

enum { IN_STRING = 1, ESCAPED = 2, IN_WORD = 4, DEPTH = 8 /* and above: how deep, times this */ };

static bool ends_word(uint8_t c)
{
    return c == ',' || c == ']' || c == '}' || c == ':' || c == ' ' || c == '\t' || c == '\r' ||
           c == '\n' || c == '"' || c == '[' || c == '{';
}

/* One byte, outside of strings. True: the value ends behind it. */
static bool frame_byte(uint8_t c, lua_Unsigned *state)
{
    switch (c) {
    case '"': *state |= IN_STRING; return false;
    case '{':
    case '[': *state += DEPTH; return false;
    case '}':
    case ']':
        *state -= *state >= DEPTH ? DEPTH : 0;
        return *state < DEPTH;
    default:
        if (*state == 0)
            *state = IN_WORD;
        return false;
    }
}

/* (text, from, state) the place behind the value, or nil, state */
static int json_frame(lua_State *L)
{
    size_t len;
    const uint8_t *text = (const uint8_t *)luaL_checklstring(L, 1, &len);
    size_t at = (size_t)luaL_checkinteger(L, 2) - 1;
    lua_Unsigned state = (lua_Unsigned)luaL_checkinteger(L, 3);
    bool over = false;

    while (!over && at < len) {
        uint8_t c = text[at];

        if (state == IN_WORD && ends_word(c))
            break;
        at++;
        if (state & ESCAPED) {
            state &= ~(lua_Unsigned)ESCAPED;
        } else if (state & IN_STRING) {
            if (c == '\\')
                state |= ESCAPED;
            else if (c == '"')
                state &= ~(lua_Unsigned)IN_STRING;
            over = state == 0;
        } else if (state != IN_WORD) {
            over = frame_byte(c, &state);
        }
    }
    if (over || (state == IN_WORD && at < len))
        lua_pushinteger(L, (lua_Integer)at + 1);
    else
        lua_pushnil(L);
    lua_pushinteger(L, (lua_Integer)state);
    return 2;
}

/* ---- writing ---- */

static void add_escaped(luaL_Buffer *out, uint8_t c)
{
    static const char letters[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
                                   ['"'] = '"', ['\\'] = '\\'};
    static const char hex[] = "0123456789abcdef";

    if (c < sizeof(letters) && letters[c]) {
        luaL_addchar(out, '\\');
        luaL_addchar(out, letters[c]);
    } else {
        char text[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

        luaL_addlstring(out, text, sizeof(text));
    }
}

static int json_quote(lua_State *L)
{
    size_t len, from = 0;
    const char *text = luaL_checklstring(L, 1, &len);
    luaL_Buffer out;

    if (!ol_slice_is_utf8(ol_slice_of(text, len)))
        return ol_lua_module_error(L, "json: a string is not UTF-8");
    luaL_buffinit(L, &out);
    luaL_addchar(&out, '"');
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)text[i];

        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
            continue;
        luaL_addlstring(&out, text + from, i - from);
        add_escaped(&out, c);
        from = i + 1;
    }
    luaL_addlstring(&out, text + from, len - from);
    luaL_addchar(&out, '"');
    luaL_pushresult(&out);
    return 1;
}

/* The shortest text that says the same number; a whole float keeps its point. */
static int json_number(lua_State *L)
{
    char text[48];
    lua_Number number = luaL_checknumber(L, 1);

    if (lua_isinteger(L, 1)) {
        snprintf(text, sizeof(text), "%lld", (long long)lua_tointeger(L, 1));
    } else {
        if (!isfinite(number))
            return ol_lua_module_error(L, "json: %s has no JSON", isnan(number) ? "nan" : "inf");
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(text, sizeof(text), "%.*g", digits, number);
            if (strtod(text, NULL) == number)
                break;
        }
        if (!strpbrk(text, ".e"))
            strcat(text, ".0");
    }
    lua_pushstring(L, text);
    return 1;
}

/* (text) a value's text without the white space around its parts */
static int json_compact(lua_State *L)
{
    size_t len, from = 0;
    const char *text = luaL_checklstring(L, 1, &len);
    bool in_string = false;
    luaL_Buffer out;

    luaL_buffinit(L, &out);
    for (size_t i = 0; i < len; i++) {
        if (in_string) {
            if (text[i] == '\\')
                i++; /* what is escaped ends nothing */
            else
                in_string = text[i] != '"';
            continue;
        }
        in_string = text[i] == '"';
        if (in_string || !strchr(" \t\r\n", text[i]) || !text[i])
            continue;
        luaL_addlstring(&out, text + from, i - from);
        from = i + 1;
    }
    if (from < len)
        luaL_addlstring(&out, text + from, len - from);
    luaL_pushresult(&out);
    return 1;
}

/* ---- lists ---- */

static int set_list(lua_State *L)
{
    lua_settop(L, 1);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_setmetatable(L, OL_LUA_JSON_LIST);
    return 1;
}

static bool is_marked(lua_State *L, int index)
{
    bool marked;

    if (!lua_getmetatable(L, index))
        return false;
    luaL_getmetatable(L, OL_LUA_JSON_LIST);
    marked = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return marked;
}

static int is_list(lua_State *L)
{
    lua_pushboolean(L, is_marked(L, 1));
    return 1;
}

/* (table) how many elements, or nil when it is an object */
static int list_length(lua_State *L)
{
    lua_Unsigned length, keys = 0;
    bool marked = is_marked(L, 1);

    lua_settop(L, 1);
    if (!marked && lua_rawgeti(L, 1, 1) == LUA_TNIL)
        return 1;
    lua_settop(L, 1);
    length = lua_rawlen(L, 1);
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1))
        keys++;
    if (keys != length)
        return ol_lua_module_error(L, "json.encode: a list has holes, or other keys");
    lua_pushinteger(L, (lua_Integer)length);
    return 1;
}

static int null_text(lua_State *L)
{
    lua_pushliteral(L, "null");
    return 1;
}

static int refuse_change(lua_State *L)
{
    return ol_lua_module_error(L, "json.null cannot be changed");
}

static void push_null(lua_State *L)
{
    static const luaL_Reg methods[] = {{"__tostring", null_text}, {"__newindex", refuse_change},
                                       {NULL, NULL}};

    lua_newuserdatauv(L, 0, 0);
    ol_lua_make_type(L, "objlens.json.null", methods);
    luaL_setmetatable(L, "objlens.json.null");
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, OL_LUA_JSON_NULL_KEY);
}

void ol_lua_core_json(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"frame", json_frame},       {"quote", json_quote},
        {"number", json_number},     {"set_list", set_list},     {"compact", json_compact},
        {"is_list", is_list},        {"list_length", list_length},
        {"decode", ol_lua_json_decode}, {"check", ol_lua_json_check},
        {NULL, NULL}};
    static const luaL_Reg none[] = {{NULL, NULL}};

    ol_lua_make_type(L, OL_LUA_JSON_LIST, none);
    luaL_newlib(L, functions);
    push_null(L);
    lua_setfield(L, -2, "null");
    lua_pushinteger(L, IN_WORD);
    lua_setfield(L, -2, "in_word");
}
