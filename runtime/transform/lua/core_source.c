/* SPDX-License-Identifier: MIT */
/* What modules/source.lua stands on. */
#include "transform/lua/input.h"
#include "transform/lua/require.h"

/* A string of a buffer; other values are no text. */
static int text_of(lua_State *L)
{
    ol_slice lent;

    if (!ol_lua_input_lent(L, 1, &lent))
        return ol_lua_module_error(L, "a source gave a %s instead of a string", luaL_typename(L, 1));
    lua_pushlstring(L, (const char *)lent.data, lent.len);
    return 1;
}

static int is_integer(lua_State *L)
{
    lua_pushboolean(L, lua_isinteger(L, 1));
    return 1;
}

void ol_lua_core_source(lua_State *L)
{
    static const luaL_Reg functions[] = {{"text", text_of}, {"is_integer", is_integer}, {NULL, NULL}};

    luaL_newlib(L, functions);
    lua_pushinteger(L, OL_LUA_STRETCH_BYTES);
    lua_setfield(L, -2, "stretch");
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "sub");
    lua_setfield(L, -3, "sub");
    lua_pop(L, 1);
    lua_getglobal(L, "pairs");
    lua_setfield(L, -2, "pairs");
    lua_getglobal(L, "tostring");
    lua_setfield(L, -2, "tostring");
}
