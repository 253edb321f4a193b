/* SPDX-License-Identifier: MIT */
/*
 * A Lua state hashes strings with a seed made of addresses and the time. It shows: a table
 * that loses and gains keys grows at other moments, and `#t` of a table with holes may name
 * another border. So that every state answers alike, the seed is set to a value of ours: the
 * state's first block is patched between the moment when Lua has stored its seed there and the
 * first string. Where the seed lies is not assumed but found, by looking for the word that
 * explains the hashes of known strings, and every state is checked afterwards.
 */
#ifndef OL_TRANSFORM_LUA_SEED_H
#define OL_TRANSFORM_LUA_SEED_H

#include <lua.h>

#include "transform/lua/heap.h"

/* Where, in the first block of a heap, a new state keeps its seed. -1 when it was not found
 * (another Lua): then states keep the seed that Lua chooses. `scratch` is zeroed memory. */
long ol_lua_seed_find(void *scratch, size_t scratch_bytes);
/* Whether the state hashes with this seed. */
bool ol_lua_seed_is(lua_State *L, uint32_t seed);

#endif
