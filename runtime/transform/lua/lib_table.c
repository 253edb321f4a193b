/* SPDX-License-Identifier: MIT */
/*
 * What of the table library is worth being in C: concat, unpack, and insert and remove at the
 * end, for tables without a metatable. The rest, and tables whose accesses may call the script,
 * go to the prelude's functions, written in Lua and so able to be suspended anywhere; each
 * function here has its counterpart there as first upvalue.
 */
#include <limits.h>

#include "transform/lua/bytes.h"
#include "transform/lua/libs.h"
#include "transform/lua/preempt.h"

#define STEPS_PER_PAUSE 256
#define CONCAT_AT_ONCE 64

static int return_all(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    return lua_gettop(L);
}

/* Call the prelude's function with the same arguments. */
static int go_slow(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, return_all);
    return lua_gettop(L);
}

/* Whether argument 1 is a table that no metatable listens to; raises for what is not a table and
 * cannot behave like one. */
static bool is_plain(lua_State *L)
{
    if (lua_getmetatable(L, 1)) {
        lua_pop(L, 1);
        return false;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    return true;
}

/* ---- concat ---- */

enum { CONCAT_TABLE = 1, CONCAT_SEPARATOR, CONCAT_STATE };
enum { CONCAT_MEASURE, CONCAT_COPY };

typedef struct concat {
    ol_lua_bytes out; /* first: its block is user value 1 */
    lua_Integer first, last, at;
    size_t total;
} concat;

/* Push element `at` as text. */
static const char *push_element(lua_State *L, lua_Integer at, size_t *len)
{
    lua_rawgeti(L, CONCAT_TABLE, at);
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid value (%s) at index %I in table for 'concat'",
                   luaL_typename(L, -1), (LUAI_UACINT)at);
    return lua_tolstring(L, -1, len);
}

static int concat_few(lua_State *L, lua_Integer first, lua_Integer last)
{
    luaL_Buffer buffer;
    size_t gap_len;
    const char *gap = lua_tolstring(L, CONCAT_SEPARATOR, &gap_len);

    luaL_buffinit(L, &buffer);
    for (lua_Integer at = first; at <= last; at++) {
        size_t len;

        if (at > first)
            luaL_addlstring(&buffer, gap, gap_len);
        push_element(L, at, &len);
        luaL_addvalue(&buffer);
    }
    luaL_pushresult(&buffer);
    return 1;
}

/* One walk over the elements: to add their lengths up, or to copy them. */
static void concat_walk(lua_State *L, concat *c, lua_KContext stage, lua_KFunction k)
{
    size_t gap_len, len;
    const char *gap = lua_tolstring(L, CONCAT_SEPARATOR, &gap_len), *text;

    for (; c->at <= c->last; c->at++) {
        if (c->at % STEPS_PER_PAUSE == 0 && ol_lua_preempt_due())
            ol_lua_pause(L, stage, k);
        text = push_element(L, c->at, &len);
        if (stage == CONCAT_MEASURE) {
            c->total += len + (c->at > c->first ? gap_len : 0);
        } else {
            if (c->at > c->first)
                ol_lua_bytes_add(L, CONCAT_STATE, &c->out, gap, gap_len);
            ol_lua_bytes_add(L, CONCAT_STATE, &c->out, text, len);
        }
        lua_pop(L, 1);
    }
}

static int concat_on(lua_State *L, int status, lua_KContext stage)
{
    concat *c = lua_touserdata(L, CONCAT_STATE);

    (void)status;
    if (stage == CONCAT_MEASURE) {
        concat_walk(L, c, stage, concat_on);
        ol_lua_bytes_reserve_exactly(L, CONCAT_STATE, &c->out, c->total);
        c->at = c->first;
    }
    concat_walk(L, c, CONCAT_COPY, concat_on);
    ol_lua_bytes_finish(L, CONCAT_STATE, &c->out);
    return 1;
}

static int table_concat(lua_State *L)
{
    lua_Integer first, last;
    concat *c;

    if (!is_plain(L))
        return go_slow(L);
    luaL_optstring(L, 2, "");
    first = luaL_optinteger(L, 3, 1);
    last = lua_isnoneornil(L, 4) ? (lua_Integer)lua_rawlen(L, 1) : luaL_checkinteger(L, 4);
    luaL_argcheck(L, last < LUA_MAXINTEGER, 4, "too many elements");
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_pushliteral(L, "");
        lua_replace(L, 2);
    }
    if (last < first || (lua_Unsigned)last - (lua_Unsigned)first < CONCAT_AT_ONCE)
        return concat_few(L, first, last);
    c = lua_newuserdatauv(L, sizeof(*c), 1);
    *c = (concat){.first = first, .last = last, .at = first};
    return concat_on(L, LUA_OK, CONCAT_MEASURE);
}

/* ---- unpack, insert, remove ---- */

static int table_unpack(lua_State *L)
{
    lua_Integer first, last;
    lua_Unsigned count;

    if (!is_plain(L))
        return go_slow(L);
    first = luaL_optinteger(L, 2, 1);
    last = lua_isnoneornil(L, 3) ? (lua_Integer)lua_rawlen(L, 1) : luaL_checkinteger(L, 3);
    if (first > last)
        return 0;
    count = (lua_Unsigned)last - (lua_Unsigned)first;
    if (count >= INT_MAX || !lua_checkstack(L, (int)++count))
        return luaL_error(L, "too many results to unpack");
    for (lua_Unsigned i = 0; i < count; i++)
        lua_rawgeti(L, 1, first + (lua_Integer)i);
    return (int)count;
}

static int table_insert(lua_State *L)
{
    if (!is_plain(L) || lua_gettop(L) != 2)
        return go_slow(L);
    lua_rawseti(L, 1, (lua_Integer)lua_rawlen(L, 1) + 1);
    return 0;
}

static int table_remove(lua_State *L)
{
    lua_Integer length;

    if (!is_plain(L) || lua_gettop(L) != 1)
        return go_slow(L);
    length = (lua_Integer)lua_rawlen(L, 1);
    lua_rawgeti(L, 1, length);
    lua_pushnil(L);
    lua_rawseti(L, 1, length);
    return 1;
}

void ol_lua_push_plain_table_functions(lua_State *L)
{
    lua_pushcfunction(L, table_concat);
    lua_pushcfunction(L, table_unpack);
}

/* ---- only for what they say when something is wrong ---- */

/* Errors name the line of the script also where it ends in `return table.sort(…)`: such a call
 * leaves no trace of the caller for a function in Lua, but does for one in C. */
static int table_move(lua_State *L)
{
    is_plain(L);
    return go_slow(L);
}

static int table_sort(lua_State *L)
{
    is_plain(L);
    return go_slow(L);
}

/* Upvalue 1: the prelude's iterator, which indexes the table in the VM. */
static int base_ipairs(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_isnil(L, 1))
        luaL_typeerror(L, 1, "table");
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 0);
    return 3;
}

/* After the prelude: its functions of these names go behind ours. */
void ol_lua_open_table(lua_State *L)
{
    static const luaL_Reg functions[] = {{"concat", table_concat},
                                         {"unpack", table_unpack},
                                         {"insert", table_insert},
                                         {"remove", table_remove},
                                         {"move", table_move},
                                         {"sort", table_sort},
                                         {NULL, NULL}};

    lua_getglobal(L, "ipairs");
    lua_pushcclosure(L, base_ipairs, 1);
    lua_setglobal(L, "ipairs");
    lua_getglobal(L, "table");
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_getfield(L, -1, f->name);
        lua_pushcclosure(L, f->func, 1);
        lua_setfield(L, -2, f->name);
    }
    lua_pop(L, 1);
}
