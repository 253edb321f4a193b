/* SPDX-License-Identifier: MIT */
/*
 * JSON texts to Lua values: strict (RFC 8259), bounded in depth, preempted between tokens. Objects
 * and lists under way lie on the Lua stack, so that nothing recurses.
 */
#ifndef OL_TRANSFORM_LUA_JSON_VALUE_H
#define OL_TRANSFORM_LUA_JSON_VALUE_H

#include <lua.h>

#define OL_LUA_JSON_LIST "objlens.json.list" /* the metatable of lists */
#define OL_LUA_JSON_NULL_KEY "objlens.json.null value"

/* (text, depth, keep null) value; or nil, what is wrong, where. Null is json.null, or nothing. */
int ol_lua_json_decode(lua_State *L);
/* (text, depth) nothing; or what is wrong, where. */
int ol_lua_json_check(lua_State *L);

#endif
