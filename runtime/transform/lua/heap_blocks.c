/* SPDX-License-Identifier: MIT */
/*
 * Blocks of a region; see heap_blocks.h.
 *
 * Free blocks lie in bins by size, eight between two powers of two, with bitmaps over the bins
 * that are filled. A block knows the size of the one before it, so that both neighbours of a
 * block that is given back are found without a search.
 */
#include "transform/lua/heap_blocks.h"

#include <string.h>

#define GRAIN 16u
#define SPLIT_MIN 288u /* a rest smaller than this stays with its block */
#define BIN_SHIFT_MIN 8u

#define BIN_POWERS OL_LUA_BIN_POWERS
#define BIN_PARTS OL_LUA_BIN_PARTS
#define FREE_FLAG 1u

static uint64_t size_of(const ol_lua_block *b)
{
    return b->size & ~(uint64_t)FREE_FLAG;
}

static bool is_free(const ol_lua_block *b)
{
    return (b->size & FREE_FLAG) != 0;
}

static ol_lua_block *next_of(const ol_lua_block *b)
{
    return (ol_lua_block *)((uint8_t *)(uintptr_t)b + size_of(b));
}

/* ---- bins ---- */

/* The bin in which a block of this size lies. */
static void bin_of(uint64_t size, unsigned *power, unsigned *part)
{
    unsigned log = 63u - (unsigned)__builtin_clzll(size);

    if (log < BIN_SHIFT_MIN) {
        *power = 0;
        *part = 0;
        return;
    }
    *power = log - BIN_SHIFT_MIN;
    *part = (unsigned)(size >> (log - 3)) & (BIN_PARTS - 1);
    if (*power >= BIN_POWERS) {
        *power = BIN_POWERS - 1;
        *part = BIN_PARTS - 1;
    }
}

static void bin_insert(ol_lua_blocks *blocks, ol_lua_block *b)
{
    ol_lua_free_block *f = (ol_lua_free_block *)b;
    unsigned power, part;

    bin_of(size_of(b), &power, &part);
    b->size |= FREE_FLAG;
    f->prev = NULL;
    f->next = blocks->bins[power][part];
    if (f->next)
        f->next->prev = f;
    blocks->bins[power][part] = f;
    blocks->parts[power] |= (uint8_t)(1u << part);
    blocks->powers |= 1ull << power;
}

static void bin_remove(ol_lua_blocks *blocks, ol_lua_block *b)
{
    ol_lua_free_block *f = (ol_lua_free_block *)b;
    unsigned power, part;

    bin_of(size_of(b), &power, &part);
    if (f->next)
        f->next->prev = f->prev;
    if (f->prev)
        f->prev->next = f->next;
    else
        blocks->bins[power][part] = f->next;
    if (!blocks->bins[power][part]) {
        blocks->parts[power] &= (uint8_t) ~(1u << part);
        if (!blocks->parts[power])
            blocks->powers &= ~(1ull << power);
    }
    b->size &= ~(uint64_t)FREE_FLAG;
}

/* A free block of at least `size`, out of its bin; NULL when there is none. */
static ol_lua_block *bin_take(ol_lua_blocks *blocks, uint64_t size)
{
    unsigned power, part, parts;
    uint64_t powers;
    ol_lua_free_block *f;

    /* Blocks of the size's own bin may be too small; look at its first few all the same, so
     * that a block freed is found again by a request of the same size. */
    bin_of(size, &power, &part);
    f = blocks->bins[power][part];
    for (unsigned i = 0; f && i < 4; i++, f = f->next) {
        if (size_of(&f->head) < size)
            continue;
        bin_remove(blocks, &f->head);
        return &f->head;
    }
    parts = part + 1 < BIN_PARTS ? blocks->parts[power] & (0xffu << (part + 1)) & 0xffu : 0;
    if (!parts) {
        powers = power + 1 < 64 ? blocks->powers & (~0ull << (power + 1)) : 0;
        if (!powers)
            return NULL;
        power = (unsigned)__builtin_ctzll(powers);
        parts = blocks->parts[power];
    }
    f = blocks->bins[power][__builtin_ctz(parts)];
    bin_remove(blocks, &f->head);
    return &f->head;
}

/* ---- blocks ---- */

static void set_prev_size(ol_lua_blocks *blocks, ol_lua_block *b)
{
    ol_lua_block *next = next_of(b);

    if ((uint8_t *)next == blocks->top)
        blocks->last_size = size_of(b);
    else
        next->prev_size = size_of(b);
}

/* Room for a block at the top; the part never used shrinks. */
static ol_lua_block *top_take(ol_lua_blocks *blocks, uint64_t size)
{
    ol_lua_block *b = (ol_lua_block *)blocks->top;

    if ((uint64_t)(blocks->end - blocks->top) < size)
        return NULL;
    blocks->top += size;
    if ((size_t)(blocks->top - blocks->base) > blocks->touched)
        blocks->touched = (size_t)(blocks->top - blocks->base);
    b->size = size;
    b->prev_size = blocks->last_size;
    blocks->last_size = size;
    return b;
}

void ol_lua_block_release(ol_lua_blocks *blocks, ol_lua_block *b)
{
    ol_lua_block *next = next_of(b);

    if ((uint8_t *)next != blocks->top && is_free(next)) {
        bin_remove(blocks, next);
        b->size += size_of(next);
    }
    if (b->prev_size) {
        ol_lua_block *prev = (ol_lua_block *)((uint8_t *)b - b->prev_size);

        if (is_free(prev)) {
            bin_remove(blocks, prev);
            prev->size += size_of(b);
            b = prev;
        }
    }
    if ((uint8_t *)next_of(b) == blocks->top) {
        blocks->top = (uint8_t *)b;
        blocks->last_size = b->prev_size;
        return;
    }
    bin_insert(blocks, b);
    set_prev_size(blocks, b);
}

void ol_lua_block_trim(ol_lua_blocks *blocks, ol_lua_block *b, uint64_t size)
{
    uint64_t rest_size = size_of(b) - size;
    ol_lua_block *rest;

    if (rest_size < SPLIT_MIN)
        return;
    rest = (ol_lua_block *)((uint8_t *)b + size);
    rest->size = rest_size;
    rest->prev_size = size;
    b->size = size;
    set_prev_size(blocks, rest);
    ol_lua_block_release(blocks, rest);
}

ol_lua_block *ol_lua_block_take(ol_lua_blocks *blocks, uint64_t size)
{
    ol_lua_block *b = bin_take(blocks, size);

    if (!b)
        return top_take(blocks, size);
    ol_lua_block_trim(blocks, b, size);
    return b;
}

bool ol_lua_block_extend(ol_lua_blocks *blocks, ol_lua_block *b, uint64_t size)
{
    ol_lua_block *next = next_of(b);

    if (size_of(b) >= size)
        return true;
    if ((uint8_t *)next == blocks->top) {
        if (!top_take(blocks, size - size_of(b)))
            return false;
        b->size = size;
        blocks->last_size = size;
        return true;
    }
    if (!is_free(next) || size_of(b) + size_of(next) < size)
        return false;
    bin_remove(blocks, next);
    b->size += size_of(next);
    set_prev_size(blocks, b);
    ol_lua_block_trim(blocks, b, size);
    return true;
}

void ol_lua_blocks_init(ol_lua_blocks *blocks, uint8_t *base, uint8_t *first, uint8_t *end)
{
    memset(blocks, 0, sizeof(*blocks));
    blocks->base = base;
    blocks->end = end;
    blocks->top = first;
    blocks->first = (ol_lua_block *)first;
    blocks->touched = (size_t)(first - base);
}

bool ol_lua_blocks_check(const ol_lua_blocks *blocks)
{
    uint64_t prev_size = 0;
    size_t free_seen = 0, free_listed = 0;
    bool prev_free = false;

    for (const ol_lua_block *b = blocks->first; (const uint8_t *)b < blocks->top; b = next_of(b)) {
        if (size_of(b) < sizeof(ol_lua_free_block) || size_of(b) % GRAIN ||
            b->prev_size != prev_size)
            return false;
        if (is_free(b) && prev_free)
            return false;
        free_seen += is_free(b);
        prev_free = is_free(b);
        prev_size = size_of(b);
    }
    for (unsigned power = 0; power < BIN_POWERS; power++)
        for (unsigned part = 0; part < BIN_PARTS; part++) {
            const ol_lua_free_block *f = blocks->bins[power][part];

            if (!f != !(blocks->parts[power] & (1u << part)))
                return false;
            for (; f; f = f->next, free_listed++)
                if (!is_free(&f->head))
                    return false;
        }
    return !prev_free && prev_size == blocks->last_size && free_seen == free_listed;
}
