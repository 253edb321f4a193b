/* SPDX-License-Identifier: MIT */
/*
 * The hash seed of a Lua state; see seed.h.
 */
#include "transform/lua/seed.h"

#include <string.h>

/* In every Lua 5.4 a short string's hash stands 12 bytes before its first character. */
#define HASH_BEFORE_TEXT 12

static const char *const probes[] = {"objlens", "seed", "of", "a", "state", "hashes", "strings"};
#define PROBES (sizeof(probes) / sizeof(probes[0]))

/* The hash of Lua 5.4 for short strings. */
static uint32_t hash_of(const char *text, size_t len, uint32_t seed)
{
    uint32_t hash = seed ^ (uint32_t)len;

    while (len > 0)
        hash ^= (hash << 5) + (hash >> 2) + (uint8_t)text[--len];
    return hash;
}

/* The hash that the state has stored with its copy of the text. May raise. */
static uint32_t stored_hash(lua_State *L, const char *text)
{
    const char *copy = lua_pushstring(L, text);
    uint32_t hash;

    memcpy(&hash, copy - HASH_BEFORE_TEXT, sizeof(hash));
    lua_pop(L, 1);
    return hash;
}

static int read_hashes(lua_State *L)
{
    uint32_t *hashes = lua_touserdata(L, 1);

    for (size_t i = 0; i < PROBES; i++)
        hashes[i] = stored_hash(L, probes[i]);
    return 0;
}

static bool get_hashes(lua_State *L, uint32_t hashes[PROBES])
{
    bool ok;

    lua_pushcfunction(L, read_hashes);
    lua_pushlightuserdata(L, hashes);
    ok = lua_pcall(L, 1, 0, 0) == LUA_OK;
    if (!ok)
        lua_pop(L, 1);
    return ok;
}

static bool explains(uint32_t seed, const uint32_t hashes[PROBES])
{
    for (size_t i = 0; i < PROBES; i++)
        if (hash_of(probes[i], strlen(probes[i]), seed) != hashes[i])
            return false;
    return true;
}

bool ol_lua_seed_is(lua_State *L, uint32_t seed)
{
    uint32_t hashes[PROBES];

    return get_hashes(L, hashes) && explains(seed, hashes);
}

long ol_lua_seed_find(void *scratch, size_t scratch_bytes)
{
    ol_lua_heap *heap = ol_lua_heap_init(scratch, scratch_bytes, scratch_bytes);
    lua_State *L = heap ? lua_newstate(ol_lua_heap_realloc, heap) : NULL;
    uint32_t hashes[PROBES], word;
    const uint8_t *first;
    size_t bytes;
    long found = -1;

    /* The state is not closed: it owns nothing but this scratch memory. */
    if (!L || !get_hashes(L, hashes))
        return -1;
    first = ol_lua_heap_first(heap, &bytes);
    for (size_t at = 0; at + sizeof(word) <= bytes; at += sizeof(word)) {
        memcpy(&word, first + at, sizeof(word));
        if (!explains(word, hashes))
            continue;
        if (found >= 0)
            return -1;
        found = (long)at;
    }
    return found;
}
