/* SPDX-License-Identifier: MIT */
/*
 * The basic functions that differ from Lua's own.
 *
 * pcall and xpcall can be suspended and never swallow a stop. xpcall calls its handler after
 * the stack is unwound, as an ordinary function: without the debug library nothing can tell, and
 * so a handler can be preempted like any other code. tostring shows no addresses.
 * setmetatable refuses what would make results depend on when the collector runs.
 */
#include <stdlib.h>

#include "transform/lua/libs.h"
#include "transform/lua/preempt.h"

/* ---- pcall, xpcall ---- */

static bool is_error(int status)
{
    return status != LUA_OK && status != LUA_YIELD;
}

/* Leave false and the error value on top; both are the results. */
static int push_failure(lua_State *L, int status)
{
    ol_lua_caught(L, status);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

/* Stack: true, results… or …, error value. */
static int finish_pcall(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    return is_error(status) ? push_failure(L, status) : lua_gettop(L);
}

static int base_pcall(lua_State *L)
{
    int status;

    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_pcall);
    return finish_pcall(L, status, 0);
}

/* Stack: handler, false, results of the handler… or …, its error value. */
static int finish_handler(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    return is_error(status) ? push_failure(L, status) : lua_gettop(L) - 1;
}

/* Stack: handler, true, results… or …, error value. */
static int finish_xpcall(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    if (!is_error(status))
        return lua_gettop(L) - 1;
    ol_lua_caught(L, status);
    lua_replace(L, 2);
    lua_settop(L, 2);
    lua_pushboolean(L, 0);
    lua_pushvalue(L, 1);
    lua_rotate(L, 2, -1); /* handler, false, handler, error value */
    status = lua_pcallk(L, 1, LUA_MULTRET, 0, 0, finish_handler);
    return finish_handler(L, status, 0);
}

static int base_xpcall(lua_State *L)
{
    int status;

    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushboolean(L, 1);
    lua_insert(L, 1); /* true, f, handler, arguments… */
    lua_pushvalue(L, 1);
    lua_copy(L, 3, 1);
    lua_copy(L, 2, 3);
    lua_replace(L, 2); /* handler, true, f, arguments… */
    status = lua_pcallk(L, lua_gettop(L) - 3, LUA_MULTRET, 0, 0, finish_xpcall);
    return finish_xpcall(L, status, 0);
}

/* ---- tostring ---- */

const char *ol_lua_push_text(lua_State *L, int index, size_t *len)
{
    switch (lua_type(L, index)) {
    case LUA_TSTRING:
    case LUA_TNUMBER:
        lua_pushvalue(L, index);
        break;
    case LUA_TBOOLEAN:
        lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false");
        break;
    default: {
        int named = luaL_getmetafield(L, index, "__name");

        if (named != LUA_TSTRING) {
            if (named != LUA_TNIL)
                lua_pop(L, 1);
            lua_pushstring(L, luaL_typename(L, index));
        }
    }
    }
    return lua_tolstring(L, -1, len);
}

static int finish_tostring(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    if (!lua_isstring(L, -1))
        return luaL_error(L, "'__tostring' must return a string");
    return 1;
}

static int base_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__tostring") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_callk(L, 1, 1, 0, finish_tostring);
        return finish_tostring(L, LUA_OK, 0);
    }
    ol_lua_push_text(L, 1, NULL);
    return 1;
}

/* ---- metatables, collector, random numbers ---- */

static void refuse_field(lua_State *L, const char *name, const char *why)
{
    lua_pushstring(L, name);
    lua_rawget(L, 2);
    if (!lua_isnil(L, -1))
        luaL_error(L, "setmetatable: %s is not available (%s)", name, why);
    lua_pop(L, 1);
}

static int base_setmetatable(lua_State *L)
{
    int type = lua_type(L, 2);

    luaL_checktype(L, 1, LUA_TTABLE);
    if (type != LUA_TNIL && type != LUA_TTABLE)
        return luaL_typeerror(L, 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    if (type == LUA_TTABLE) {
        refuse_field(L, "__gc", "nothing may depend on when memory is collected");
        refuse_field(L, "__mode", "nothing may depend on when memory is collected");
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

/* The collector is not the script's: its state differs between runs. What only asks it to do
 * something is accepted and does nothing. */
static int base_collectgarbage(lua_State *L)
{
    static const char *const options[] = {"collect", "step",        "stop", "restart",
                                          "incremental", "generational", "isrunning", "count",
                                          "setpause", "setstepmul", NULL};
    const char *option = options[luaL_checkoption(L, 1, "collect", options)];

    if (strcmp(option, "count") == 0)
        return luaL_error(L, "collectgarbage(\"count\") is not available: memory use differs "
                             "between runs");
    if (strcmp(option, "isrunning") == 0)
        lua_pushboolean(L, 1);
    else
        lua_pushinteger(L, 0);
    return 1;
}

/* Upvalue 1: Lua's own. Without an argument it would take time and address for a seed. */
static int math_randomseed(lua_State *L)
{
    luaL_checknumber(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static void fix_random(lua_State *L)
{
    lua_getglobal(L, "math");
    lua_getfield(L, -1, "randomseed");
    lua_pushvalue(L, -1);
    lua_pushinteger(L, 42);
    lua_pushinteger(L, 0);
    lua_call(L, 2, 0);
    lua_pushcclosure(L, math_randomseed, 1);
    lua_setfield(L, -2, "randomseed");
    lua_pop(L, 1);
}

void ol_lua_open_base(lua_State *L)
{
    static const luaL_Reg functions[] = {{"pcall", base_pcall},
                                         {"xpcall", base_xpcall},
                                         {"tostring", base_tostring},
                                         {"setmetatable", base_setmetatable},
                                         {"collectgarbage", base_collectgarbage},
                                         {NULL, NULL}};

    lua_pushglobaltable(L);
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
    fix_random(L);
}
