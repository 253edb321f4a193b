/* SPDX-License-Identifier: MIT */
/*
 * The larger blocks of a Lua heap: a region cut into blocks with headers, which are split, merged
 * with free neighbours, and grow where they stand when there is room. Everything lies in the
 * region itself. Sizes here are whole blocks, multiples of 16, header included.
 */
#ifndef OL_TRANSFORM_LUA_HEAP_BLOCKS_H
#define OL_TRANSFORM_LUA_HEAP_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OL_LUA_BIN_POWERS 40u
#define OL_LUA_BIN_PARTS 8u

typedef struct ol_lua_block {
    uint64_t size;      /* lowest bit: free */
    uint64_t prev_size; /* of the block before; 0 for the first */
} ol_lua_block;

typedef struct ol_lua_free_block {
    ol_lua_block head;
    struct ol_lua_free_block *next, *prev;
} ol_lua_free_block;

typedef struct ol_lua_blocks {
    uint8_t *base, *end;
    ol_lua_block *first;
    uint8_t *top;       /* where the never used part begins */
    uint64_t last_size; /* of the block that ends at top */
    size_t touched;     /* bytes from base that were ever used */
    uint64_t powers;    /* bit n: some bin of power n is filled */
    uint8_t parts[OL_LUA_BIN_POWERS];
    ol_lua_free_block *bins[OL_LUA_BIN_POWERS][OL_LUA_BIN_PARTS];
} ol_lua_blocks;

/* Blocks begin at `first` and end before `end`. */
void ol_lua_blocks_init(ol_lua_blocks *blocks, uint8_t *base, uint8_t *first, uint8_t *end);

/* NULL when there is no room. The block may be a little larger. */
ol_lua_block *ol_lua_block_take(ol_lua_blocks *blocks, uint64_t size);
/* Merged with free neighbours; the last one returns to the part never used. */
void ol_lua_block_release(ol_lua_blocks *blocks, ol_lua_block *b);
/* Cut the block down to `size` and give the rest back, if it is worth it. */
void ol_lua_block_trim(ol_lua_blocks *blocks, ol_lua_block *b, uint64_t size);
/* Make the block longer where it stands; false when there is no room behind it. */
bool ol_lua_block_extend(ol_lua_blocks *blocks, ol_lua_block *b, uint64_t size);

/* For tests: every list and neighbour is consistent. */
bool ol_lua_blocks_check(const ol_lua_blocks *blocks);

#endif
