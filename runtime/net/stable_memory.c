/* SPDX-License-Identifier: MIT */
/* A handful of areas; there is one for each store. Looked up without a lock, changed at start and
 * end. */
#include "net/stable_memory.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct area {
    _Atomic uintptr_t base; /* 0: free; written last when added, first when removed */
    atomic_size_t bytes;
} area;

static area areas[OL_STABLE_AREAS_MAX];
static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;

bool ol_stable_memory_add(const void *base, size_t bytes)
{
    bool added = false;
    pthread_mutex_lock(&changing);
    for (size_t i = 0; !added && i < OL_STABLE_AREAS_MAX; i++) {
        area *a = &areas[i];
        if (atomic_load(&a->base) != 0)
            continue;
        atomic_store(&a->bytes, bytes);
        atomic_store(&a->base, (uintptr_t)base);
        added = true;
    }
    pthread_mutex_unlock(&changing);
    return added;
}

void ol_stable_memory_remove(const void *base)
{
    pthread_mutex_lock(&changing);
    for (size_t i = 0; i < OL_STABLE_AREAS_MAX; i++) {
        if (atomic_load(&areas[i].base) == (uintptr_t)base)
            atomic_store(&areas[i].base, 0);
    }
    pthread_mutex_unlock(&changing);
}

bool ol_stable_memory_has(ol_slice slice)
{
    if (slice.len < OL_STABLE_BYTES_MIN)
        return false;
    uintptr_t at = (uintptr_t)slice.data;
    for (size_t i = 0; i < OL_STABLE_AREAS_MAX; i++) {
        uintptr_t base = atomic_load_explicit(&areas[i].base, memory_order_acquire);
        size_t bytes = atomic_load_explicit(&areas[i].bytes, memory_order_relaxed);
        if (base != 0 && at >= base && at - base < bytes && slice.len <= bytes - (at - base))
            return true;
    }
    return false;
}
