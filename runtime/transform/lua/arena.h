/* SPDX-License-Identifier: MIT */
/*
 * The memory of one Lua state: a region at one address for its life between two guard pages,
 * and the pristine image of its used part. Pointers inside the region stay right because the
 * region never moves.
 *
 * The low 32 bits of the address are the same for every arena of every process where the
 * kernel has room for it: Lua hashes a table's object keys by the low half of their address.
 */
#ifndef OL_TRANSFORM_LUA_ARENA_H
#define OL_TRANSFORM_LUA_ARENA_H

#include "base/error.h"
#include "transform/lua/heap.h"

typedef struct ol_lua_arena {
    uint8_t *mapping; /* with guard pages */
    size_t mapping_bytes;
    uint8_t *region;
    size_t region_bytes;
    ol_lua_heap *heap;
    uint8_t *image; /* NULL until taken */
    size_t image_bytes;
} ol_lua_arena;

/* Address space an arena takes for a heap limited to `limit` bytes. */
size_t ol_lua_arena_bytes(size_t limit);

/* Zeroed, with an empty heap. OL_OK, OL_ENOMEM, or OL_ELIMIT when the limit is too small to
 * hold anything. */
int ol_lua_arena_init(ol_lua_arena *arena, size_t limit, ol_error *err);
void ol_lua_arena_fini(ol_lua_arena *arena);

/* Remember the heap as it is now. Once. OL_OK or OL_ENOMEM. */
int ol_lua_arena_take_image(ol_lua_arena *arena, ol_error *err);
/* The heap is again, byte for byte, what it was; all that was touched above is zero. */
void ol_lua_arena_restore(ol_lua_arena *arena);

#endif
