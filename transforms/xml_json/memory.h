/* SPDX-License-Identifier: MIT */
/*
 * The memory of one request's tree: taken from the host, counted against a limit. What is not
 * given back the host frees after close().
 */
#ifndef XJ_MEMORY_H
#define XJ_MEMORY_H

#include <objlens/transform.h>
#include <stdbool.h>

struct xj_memory {
    const struct objlens_host *host;
    struct objlens_call *call;
    size_t used, max;
    bool over; /* the limit was the reason of a refusal; else the host has none left */
};

/* Zeroed. NULL when refused. */
void *xj_memory_take(struct xj_memory *m, size_t size);
void xj_memory_give(struct xj_memory *m, void *block, size_t size);

/* Make room for `needed` items of `item_size` in the array *items, which has room for *capacity
 * of them. New room is zeroed. False when refused: the array is as it was. */
bool xj_memory_grow(struct xj_memory *m, void *items, size_t *capacity, size_t item_size,
                    size_t needed);

#endif
