/* SPDX-License-Identifier: MIT */
/*
 * require: the modules that come with objlens ("objlens.json", …), and the libraries in Lua that
 * stand beside a transform. A module is a part in C, `core`, under a text in Lua that makes of it
 * what the script sees; loops over the script's data are in Lua, or short, or suspend
 * themselves, so that they are preempted like the script.
 *
 * Nothing is loaded before it is required. What the main chunk requires is part of the image.
 */
#ifndef OL_TRANSFORM_LUA_REQUIRE_H
#define OL_TRANSFORM_LUA_REQUIRE_H

#include <lauxlib.h>
#include <lua.h>

/* The largest stretch of a text that a core function works on in one go. */
#define OL_LUA_STRETCH_BYTES (64 * 1024)

/* Each pushes its core, a table. */
void ol_lua_core_source(lua_State *L);
void ol_lua_core_json(lua_State *L);
void ol_lua_core_csv(lua_State *L);
void ol_lua_core_xml(lua_State *L);
void ol_lua_core_re(lua_State *L);
void ol_lua_core_pii(lua_State *L);
void ol_lua_core_hash(lua_State *L);
void ol_lua_core_base64(lua_State *L);
void ol_lua_core_utf8(lua_State *L);
void ol_lua_core_zip(lua_State *L);
void ol_lua_core_net(lua_State *L);

/* As luaL_error, with the position in the author's own text. */
int ol_lua_module_error(lua_State *L, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Make a type of userdata whose metatable the script cannot see. Leaves nothing. */
void ol_lua_make_type(lua_State *L, const char *name, const luaL_Reg *metamethods);

#endif
