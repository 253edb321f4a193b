/* SPDX-License-Identifier: MIT */
/*
 * The set of libraries; see libs.h. An allow-list: what Lua's own libraries bring and is not named
 * here is taken away again.
 */
#include "transform/lua/libs.h"

#include <lualib.h>
#include <stdbool.h>
#include <string.h>

static const char *const base_kept[] = {"_G",     "_VERSION", "assert", "error", "getmetatable",
                                        "rawequal", "rawget", "rawlen", "rawset", "select",
                                        "tonumber", "type",   NULL};
static const char *const math_kept[] = {
    "abs",  "acos", "asin", "atan",       "ceil", "cos", "deg",       "exp",  "floor",
    "fmod", "huge", "log",  "max",        "maxinteger", "min", "mininteger", "modf", "pi",
    "rad",  "random", "randomseed", "sin", "sqrt", "tan", "tointeger", "type", "ult", NULL};
static const char *const string_kept[] = {"byte", "char", "format", "len", "pack", "packsize",
                                          "reverse", "sub", "unpack", NULL};
static const char *const table_kept[] = {"pack", "unpack", NULL};
static const char *const utf8_kept[] = {"char", "charpattern", "codepoint", "codes", "len",
                                        "offset", NULL};

static bool listed(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* Remove every key of the table on top that is not listed. */
static void keep_only(lua_State *L, const char *const *names)
{
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING && listed(names, lua_tostring(L, -1)))
            continue;
        lua_pushvalue(L, -1);
        lua_pushnil(L);
        lua_rawset(L, -4);
    }
}

static void open_kept(lua_State *L, const char *name, lua_CFunction open, const char *const *names)
{
    luaL_requiref(L, name, open, 1);
    keep_only(L, names);
    lua_pop(L, 1);
}

/* The strings' metatable must not be a way for a script to reach and change it. */
static void protect_strings(lua_State *L)
{
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

void ol_lua_open_libs(lua_State *L)
{
    open_kept(L, LUA_GNAME, luaopen_base, base_kept);
    open_kept(L, LUA_MATHLIBNAME, luaopen_math, math_kept);
    open_kept(L, LUA_STRLIBNAME, luaopen_string, string_kept);
    open_kept(L, LUA_TABLIBNAME, luaopen_table, table_kept);
    open_kept(L, LUA_UTF8LIBNAME, luaopen_utf8, utf8_kept);
    /* Libraries in the globals come after: keep_only has seen them only as ours. */
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    protect_strings(L);
    ol_lua_open_base(L);
    ol_lua_open_order(L);
    ol_lua_open_coroutine(L);
    ol_lua_open_string(L);
    ol_lua_open_pattern(L);
    ol_lua_open_prelude(L);
    ol_lua_open_table(L);
    ol_lua_open_require(L);
    ol_lua_open_event(L);
    ol_lua_open_object(L);
    ol_lua_open_response(L);
}
