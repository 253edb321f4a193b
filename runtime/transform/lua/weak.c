/* SPDX-License-Identifier: MIT */
/*
 * The name of the field that makes a table weak; see weak.h.
 *
 * Lua 5.4 keeps the names of the metamethods in a row, in the state's first block; "__gc", "__mode"
 * and "__len" follow each other there. The name that takes the place of the second is a long string:
 * Lua compares this field with short ones only, so nothing is ever equal to it.
 */
#include "transform/lua/weak.h"

#include <lauxlib.h>
#include <string.h>

static const char nothing[] = "the field of this name does not make a table weak";
static const char key;

static const void *address_of(lua_State *L, const char *name)
{
    const void *address;

    lua_pushstring(L, name);
    address = lua_topointer(L, -1);
    lua_pop(L, 1);
    return address;
}

static uint8_t *find_row(uint8_t *block, size_t bytes, const void *const row[3])
{
    uint8_t *found = NULL;

    for (size_t at = 0; at + 3 * sizeof(row[0]) <= bytes; at += sizeof(row[0])) {
        if (memcmp(block + at, row, 3 * sizeof(row[0])) != 0)
            continue;
        if (found)
            return NULL;
        found = block + at;
    }
    return found;
}

bool ol_lua_forbid_weak(lua_State *L, const ol_lua_heap *heap)
{
    const void *row[3] = {address_of(L, "__gc"), address_of(L, "__mode"), address_of(L, "__len")};
    const void *instead;
    size_t bytes;
    uint8_t *block = ol_lua_heap_first(heap, &bytes), *found = find_row(block, bytes, row);

    if (!found)
        return false;
    lua_pushstring(L, nothing);
    instead = lua_topointer(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key); /* it stays alive */
    memcpy(found + sizeof(row[0]), &instead, sizeof(instead));
    return true;
}
