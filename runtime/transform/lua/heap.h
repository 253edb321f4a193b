/* SPDX-License-Identifier: MIT */
/*
 * The heap of one Lua state, living wholly inside one region of memory, its bookkeeping too:
 * whoever copies the region's used part away and back again has the heap as it was. Not
 * thread-safe, no system calls.
 *
 * Small blocks come from free lists by size, without headers (Lua tells the old size). Larger
 * ones from bins of free blocks with headers, split and merged with their neighbours, so that
 * a string that grows by and by does not eat the region up.
 */
#ifndef OL_TRANSFORM_LUA_HEAP_H
#define OL_TRANSFORM_LUA_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ol_lua_heap ol_lua_heap;

/* Make a heap at the start of a zeroed region, 16-aligned. At most `limit` bytes will be live
 * at a time. NULL when the region is too small. There is nothing to give back. */
ol_lua_heap *ol_lua_heap_init(void *region, size_t region_bytes, size_t limit);

/* A lua_Alloc; `ud` is the heap. NULL past the limit; a block that shrinks always fits. */
void *ol_lua_heap_realloc(void *ud, void *block, size_t old_bytes, size_t new_bytes);

/* Called when a block was refused although a full collection had just been tried: the
 * memory is spent. May be NULL. */
void ol_lua_heap_on_spent(ol_lua_heap *heap, void (*spent)(void *arg), void *arg);

/* Write `value` at `offset` of the heap's first block as soon as its second block is asked
 * for: see seed.h. */
void ol_lua_heap_patch_first(ol_lua_heap *heap, size_t offset, uint32_t value);
/* The first block and its length. */
void *ol_lua_heap_first(const ol_lua_heap *heap, size_t *bytes);

size_t ol_lua_heap_live_bytes(const ol_lua_heap *heap);
/* Bytes from the region's start that are in use, and that were ever touched. */
size_t ol_lua_heap_used_bytes(const ol_lua_heap *heap);
size_t ol_lua_heap_touched_bytes(const ol_lua_heap *heap);
/* Take what is in use now as all that was touched: the rest is zero again. */
void ol_lua_heap_forget_touched(ol_lua_heap *heap);

/* For tests: every list and neighbour is consistent. */
bool ol_lua_heap_check(const ol_lua_heap *heap);

#endif
