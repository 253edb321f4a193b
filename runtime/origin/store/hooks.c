/* SPDX-License-Identifier: MIT */
/*
 * The one hook of the process. Argument first, function second: whoever sees the function sees
 * its argument.
 */
#include "origin/store/hooks.h"

#include <stdatomic.h>
#include <stddef.h>

static _Atomic(ol_store_hook) current;
static void *_Atomic current_arg;

void ol_store_hook_set(ol_store_hook hook, void *arg)
{
    atomic_store(&current, NULL);
    atomic_store(&current_arg, arg);
    atomic_store(&current, hook);
}

int ol_store_at(enum ol_store_point point, const char *name)
{
    ol_store_hook hook = atomic_load_explicit(&current, memory_order_acquire);
    return __builtin_expect(hook == NULL, 1) ? 0 : hook(atomic_load(&current_arg), point, name);
}
