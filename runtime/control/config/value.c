/* SPDX-License-Identifier: MIT */
#include "control/config/value.h"

#include <lauxlib.h>

/* Lua's own messages call values by these names: "attempt to index a hidden text value". */
#define HIDDEN_TYPE "hidden text"
#define UNKNOWN_TYPE "unknown"

void ol_value_push(lua_State *L, ol_slice text)
{
    void *data = lua_newuserdatauv(L, text.len, 0);
    if (text.len)
        memcpy(data, text.data, text.len);
    luaL_setmetatable(L, HIDDEN_TYPE);
}

void ol_value_push_unknown(lua_State *L)
{
    lua_newuserdatauv(L, 1, 0);
    luaL_setmetatable(L, UNKNOWN_TYPE);
}

static bool has_type(lua_State *L, int index, const char *type)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index))
        return false;
    luaL_getmetatable(L, type);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

enum ol_value_kind ol_value_text(lua_State *L, int index, ol_slice *text)
{
    *text = OL_SLICE_NONE;
    if (lua_type(L, index) == LUA_TSTRING) {
        size_t len;
        const char *data = lua_tolstring(L, index, &len);
        *text = ol_slice_of(data, len);
        return OL_VALUE_PLAIN;
    }
    if (has_type(L, index, HIDDEN_TYPE)) {
        *text = ol_slice_of(lua_touserdata(L, index), lua_rawlen(L, index));
        return OL_VALUE_HIDDEN;
    }
    return has_type(L, index, UNKNOWN_TYPE) ? OL_VALUE_UNKNOWN : OL_VALUE_NONE;
}

static int on_concat(lua_State *L)
{
    ol_slice left, right;
    enum ol_value_kind kind_left = ol_value_text(L, 1, &left);
    enum ol_value_kind kind_right = ol_value_text(L, 2, &right);
    if (kind_left == OL_VALUE_NONE || kind_right == OL_VALUE_NONE)
        return luaL_error(L, "only texts can be joined with a value from env or file");
    if (kind_left == OL_VALUE_UNKNOWN || kind_right == OL_VALUE_UNKNOWN) {
        ol_value_push_unknown(L);
        return 1;
    }
    uint8_t *joined = lua_newuserdatauv(L, left.len + right.len, 0);
    if (left.len)
        memcpy(joined, left.data, left.len);
    if (right.len)
        memcpy(joined + left.len, right.data, right.len);
    luaL_setmetatable(L, HIDDEN_TYPE);
    return 1;
}

static int on_swallow(lua_State *L)
{
    ol_value_push_unknown(L);
    return 1;
}

static int on_tostring(lua_State *L)
{
    lua_pushliteral(L, "(hidden)");
    return 1;
}

void ol_value_setup(lua_State *L)
{
    static const luaL_Reg hidden[] = {
        {"__concat", on_concat}, {"__tostring", on_tostring}, {NULL, NULL}};
    /* Arithmetic too: a secret whose quotes were forgotten may hold '+' and '/'. */
    static const luaL_Reg unknown[] = {
        {"__concat", on_swallow}, {"__call", on_swallow}, {"__index", on_swallow},
        {"__add", on_swallow},    {"__sub", on_swallow},  {"__mul", on_swallow},
        {"__div", on_swallow},    {"__idiv", on_swallow}, {"__mod", on_swallow},
        {"__pow", on_swallow},    {"__unm", on_swallow},  {"__tostring", on_tostring},
        {NULL, NULL}};
    luaL_newmetatable(L, HIDDEN_TYPE);
    luaL_setfuncs(L, hidden, 0);
    luaL_newmetatable(L, UNKNOWN_TYPE);
    luaL_setfuncs(L, unknown, 0);
    lua_pop(L, 2);
}
