/* SPDX-License-Identifier: MIT */
/*
 * Memory for a tree: handed out in one direction, given back all at once, counted against a
 * budget that arenas may share.
 */
#ifndef XJ_ARENA_H
#define XJ_ARENA_H

#include <objlens/transform.h>
#include <stdbool.h>

enum xj_memory { XJ_MEMORY_OK, XJ_MEMORY_BUDGET, XJ_MEMORY_NONE };

struct xj_budget {
    const struct objlens_host *host;
    struct objlens_call *call;
    size_t used, max;
    enum xj_memory state; /* why the last allocation failed */
};

struct xj_block;

struct xj_arena {
    struct xj_budget *budget;
    struct xj_block *blocks; /* the one in use first */
    unsigned char *at, *end; /* free space in it */
};

void xj_arena_init(struct xj_arena *arena, struct xj_budget *budget);
void xj_arena_fini(struct xj_arena *arena);
/* Forget everything; keeps one block. */
void xj_arena_reset(struct xj_arena *arena);
/* Aligned for pointers, not zeroed. NULL: see budget->state. */
void *xj_arena_alloc(struct xj_arena *arena, size_t size);
/* Room for at most `more` bytes directly behind `end`, the end of what was allocated last; how
 * many there are. They count as allocated. */
size_t xj_arena_extend(struct xj_arena *arena, const void *end, size_t more);

#endif
