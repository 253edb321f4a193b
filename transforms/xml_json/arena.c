/* SPDX-License-Identifier: MIT */
#include "arena.h"

#define BLOCK_BYTES (64 * 1024)
#define ALIGN sizeof(void *)

struct xj_block {
    struct xj_block *next;
    size_t size; /* of the data */
    unsigned char data[];
};

void xj_arena_init(struct xj_arena *arena, struct xj_budget *budget)
{
    *arena = (struct xj_arena){.budget = budget};
}

static void free_block(struct xj_arena *arena, struct xj_block *block)
{
    struct xj_budget *budget = arena->budget;
    budget->used -= sizeof(*block) + block->size;
    budget->host->free(budget->call, block);
}

static void free_blocks(struct xj_arena *arena, struct xj_block *block)
{
    while (block) {
        struct xj_block *next = block->next;
        free_block(arena, block);
        block = next;
    }
}

void xj_arena_fini(struct xj_arena *arena)
{
    free_blocks(arena, arena->blocks);
    arena->blocks = NULL;
    arena->at = arena->end = NULL;
}

void xj_arena_reset(struct xj_arena *arena)
{
    struct xj_block *kept = arena->blocks;
    if (!kept)
        return;
    free_blocks(arena, kept->next);
    kept->next = NULL;
    arena->at = kept->data;
    arena->end = kept->data + kept->size;
}

static struct xj_block *new_block(struct xj_arena *arena, size_t size)
{
    struct xj_budget *budget = arena->budget;
    struct xj_block *block;
    size_t whole = sizeof(*block) + size;
    budget->state = XJ_MEMORY_BUDGET;
    if (whole < size || whole > budget->max || budget->used > budget->max - whole)
        return NULL;
    budget->state = XJ_MEMORY_NONE;
    block = budget->host->alloc(budget->call, whole);
    if (!block)
        return NULL;
    budget->state = XJ_MEMORY_OK;
    budget->used += whole;
    block->size = size;
    return block;
}

/* The last part of a budget can be used too. */
static struct xj_block *new_block_for(struct xj_arena *arena, size_t size)
{
    struct xj_block *block = size < BLOCK_BYTES ? new_block(arena, BLOCK_BYTES) : NULL;
    if (!block)
        block = new_block(arena, size);
    return block;
}

void *xj_arena_alloc(struct xj_arena *arena, size_t size)
{
    size_t gap = (ALIGN - (size_t)arena->at % ALIGN) % ALIGN;
    if (!arena->blocks || (size_t)(arena->end - arena->at) < gap ||
        (size_t)(arena->end - arena->at) - gap < size) {
        struct xj_block *block = new_block_for(arena, size);
        if (!block)
            return NULL;
        block->next = arena->blocks;
        arena->blocks = block;
        arena->at = block->data;
        arena->end = block->data + block->size;
        gap = 0;
    }
    void *start = arena->at + gap;
    arena->at += gap + size;
    return start;
}

size_t xj_arena_extend(struct xj_arena *arena, const void *end, size_t more)
{
    if (end != arena->at)
        return 0;
    size_t room = (size_t)(arena->end - arena->at);
    room = room < more ? room : more;
    arena->at += room;
    return room;
}
