/* SPDX-License-Identifier: MIT */
/*
 * No weak tables: what such a table holds depends on when memory was collected. setmetatable refuses
 * a metatable with __mode, but one may get it later, and Lua looks for it whenever it collects. So
 * the state is made to look under a name that no script can give. Where Lua keeps that name is
 * not assumed but found, as the seed is (seed.h).
 */
#ifndef OL_TRANSFORM_LUA_WEAK_H
#define OL_TRANSFORM_LUA_WEAK_H

#include <lua.h>

#include "transform/lua/heap.h"

/* Once, while the state is made; in protected mode. False: not found (another Lua), nothing done. */
bool ol_lua_forbid_weak(lua_State *L, const ol_lua_heap *heap);

#endif
