/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <string.h>

#define ITEMS_MIN 64

void *xj_memory_take(struct xj_memory *m, size_t size)
{
    if (size > m->max - m->used) {
        m->over = true;
        return NULL;
    }
    void *block = m->host->alloc(m->call, size);
    if (block)
        m->used += size;
    return block;
}

void xj_memory_give(struct xj_memory *m, void *block, size_t size)
{
    if (!block)
        return;
    m->host->free(m->call, block);
    m->used -= size;
}

bool xj_memory_grow(struct xj_memory *m, void *items, size_t *capacity, size_t item_size,
                    size_t needed)
{
    if (needed <= *capacity)
        return true;
    size_t wanted = *capacity ? 2 * *capacity : ITEMS_MIN;
    while (wanted < needed)
        wanted *= 2;
    void *before, *now = xj_memory_take(m, wanted * item_size);
    if (!now)
        return false;
    memcpy(&before, items, sizeof(before));
    if (before)
        memcpy(now, before, *capacity * item_size);
    xj_memory_give(m, before, *capacity * item_size);
    memcpy(items, &now, sizeof(now));
    *capacity = wanted;
    return true;
}
