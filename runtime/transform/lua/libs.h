/* SPDX-License-Identifier: MIT */
/*
 * The libraries a script sees: a chosen part of Lua's own, and replacements where Lua's could
 * not be suspended, are not bounded, or show what differs from one state to the next. Each
 * function here runs once, while a state is made, in protected mode.
 */
#ifndef OL_TRANSFORM_LUA_LIBS_H
#define OL_TRANSFORM_LUA_LIBS_H

#include <lauxlib.h>
#include <lua.h>

/* All of the below, in order. */
void ol_lua_open_libs(lua_State *L);

void ol_lua_open_base(lua_State *L);      /* pcall, xpcall, tostring, setmetatable, … */
void ol_lua_open_order(lua_State *L);     /* pairs, next */
void ol_lua_open_coroutine(lua_State *L);
void ol_lua_open_string(lua_State *L);    /* format, rep, upper, lower */
void ol_lua_open_pattern(lua_State *L);   /* find, match, gmatch, gsub */
void ol_lua_open_table(lua_State *L);
void ol_lua_open_prelude(lua_State *L);   /* what is written in Lua: sort, ipairs, … */
void ol_lua_open_require(lua_State *L);   /* the modules: require.h */
/* event, object and response, kept in the registry for get. */
void ol_lua_open_event(lua_State *L);
void ol_lua_open_object(lua_State *L);
void ol_lua_open_response(lua_State *L);

/* Once the module is checked. Arguments 1 to OL_ENTRIES: the function of each entry, or nil; behind
 * them that of response. Makes argument 1 what is called for get, and keeps what is called in its
 * place in the registry (entries.c). */
void ol_lua_open_entries(lua_State *L);

/* For the prelude: push concat and unpack as they are for plain tables; and what log uses. */
void ol_lua_push_plain_table_functions(lua_State *L);
void ol_lua_push_log(lua_State *L); /* api_log.c */

/* Push the text for the value at `index` as tostring() does, for values without a
 * metamethod: never an address. */
const char *ol_lua_push_text(lua_State *L, int index, size_t *len);
/* A start position as Lua's string functions count it, to an offset; past the end: len + 1. */
static inline size_t ol_lua_offset(lua_Integer position, size_t len)
{
    if (position > 0)
        return (lua_Unsigned)position - 1 > len ? len + 1 : (size_t)position - 1;
    if (position == 0 || position < -(lua_Integer)len)
        return 0;
    return len + (size_t)position;
}
/* pairs() of the plain table on top, replacing it by the three results. */
int ol_lua_order_pairs(lua_State *L);

/* ---- functions for what is around list and request; the script cannot reach them ---- */

int ol_lua_read_all(lua_State *L);      /* () the whole input as a string; waits */
int ol_lua_output(lua_State *L);        /* (strings…) into the output; waits */
int ol_lua_listing_parse(lua_State *L); /* (text) tables; a stop when it is not JSON */
/* (answer of list) a listing, or nil and a document; a stop when it is neither. */
int ol_lua_listing_unwrap(lua_State *L);
/* (value, name) how long the list is; a stop when it is none. */
int ol_lua_listing_count(lua_State *L);
/* (table, name of its list or nil, index, originals) its JSON; a stop when a member is wrong. */
int ol_lua_listing_encode(lua_State *L);

#endif
