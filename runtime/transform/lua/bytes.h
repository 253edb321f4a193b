/* SPDX-License-Identifier: MIT */
/*
 * Bytes that grow in the Lua heap over several steps of a suspendable function, which a
 * luaL_Buffer cannot. An ol_lua_bytes stands inside a userdata whose first user value keeps
 * the block alive. All functions raise Lua's memory error.
 */
#ifndef OL_TRANSFORM_LUA_BYTES_H
#define OL_TRANSFORM_LUA_BYTES_H

#include <lua.h>

#include "base/slice.h"

typedef struct ol_lua_bytes {
    uint8_t *data;
    size_t len, cap;
} ol_lua_bytes;

/* Push a userdata that is nothing else. */
ol_lua_bytes *ol_lua_bytes_new(lua_State *L);
/* Room for `more` bytes behind the content. `owner` is the userdata's (absolute) index. */
uint8_t *ol_lua_bytes_reserve(lua_State *L, int owner, ol_lua_bytes *bytes, size_t more);
/* For bytes that are still empty: a block of just this size. */
void ol_lua_bytes_reserve_exactly(lua_State *L, int owner, ol_lua_bytes *bytes, size_t total);
void ol_lua_bytes_add(lua_State *L, int owner, ol_lua_bytes *bytes, const void *data, size_t len);
/* Push the content as a string; the block is let go. (Bytes that never outgrew memory of the
 * caller's have no owner.) */
void ol_lua_bytes_finish(lua_State *L, int owner, ol_lua_bytes *bytes);

#endif
