/* SPDX-License-Identifier: MIT */
/* A direct-mapped table of names; a newer one takes the place of an older one. */
#include "front/views/view_hints.h"

#include "base/alloc.h"

#define PLACES 16384u /* a power of two */

struct ol_view_hints {
    uint64_t names[PLACES];
};

ol_view_hints *ol_view_hints_new(void)
{
    return ol_calloc(1, sizeof(ol_view_hints));
}

void ol_view_hints_destroy(ol_view_hints *hints)
{
    ol_free(hints);
}

bool ol_view_hints_claim(ol_view_hints *hints, uint64_t name)
{
    return __atomic_exchange_n(&hints->names[name % PLACES], name, __ATOMIC_RELAXED) == name;
}

void ol_view_hints_set(ol_view_hints *hints, uint64_t name, bool cached)
{
    uint64_t *place = &hints->names[name % PLACES];
    if (cached)
        __atomic_store_n(place, name, __ATOMIC_RELAXED);
    else if (__atomic_load_n(place, __ATOMIC_RELAXED) == name)
        __atomic_store_n(place, 0, __ATOMIC_RELAXED);
}
