/* SPDX-License-Identifier: MIT */
/*
 * Growing bytes in the Lua heap; see bytes.h.
 */
#include "transform/lua/bytes.h"

#include <lauxlib.h>

#define FIRST_BYTES 256u

ol_lua_bytes *ol_lua_bytes_new(lua_State *L)
{
    ol_lua_bytes *bytes = lua_newuserdatauv(L, sizeof(*bytes), 1);

    *bytes = (ol_lua_bytes){0};
    return bytes;
}

uint8_t *ol_lua_bytes_reserve(lua_State *L, int owner, ol_lua_bytes *bytes, size_t more)
{
    size_t cap = bytes->cap ? bytes->cap : FIRST_BYTES;
    uint8_t *data;

    if (bytes->cap - bytes->len >= more)
        return bytes->data + bytes->len;
    if (more > SIZE_MAX / 4 || bytes->len > SIZE_MAX / 4)
        luaL_error(L, "string too long");
    while (cap - bytes->len < more)
        cap *= 2;
    data = lua_newuserdatauv(L, cap, 0);
    if (bytes->len)
        memcpy(data, bytes->data, bytes->len);
    lua_setiuservalue(L, owner, 1);
    bytes->data = data;
    bytes->cap = cap;
    return data + bytes->len;
}

void ol_lua_bytes_reserve_exactly(lua_State *L, int owner, ol_lua_bytes *bytes, size_t total)
{
    bytes->data = lua_newuserdatauv(L, total, 0);
    bytes->cap = total;
    lua_setiuservalue(L, owner, 1);
}

void ol_lua_bytes_add(lua_State *L, int owner, ol_lua_bytes *bytes, const void *data, size_t len)
{
    if (len == 0)
        return;
    memcpy(ol_lua_bytes_reserve(L, owner, bytes, len), data, len);
    bytes->len += len;
}

void ol_lua_bytes_finish(lua_State *L, int owner, ol_lua_bytes *bytes)
{
    lua_pushlstring(L, bytes->len ? (const char *)bytes->data : "", bytes->len);
    if (lua_isuserdata(L, owner)) {
        lua_pushnil(L);
        lua_setiuservalue(L, owner, 1);
    }
    *bytes = (ol_lua_bytes){0};
}
