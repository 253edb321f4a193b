/* SPDX-License-Identifier: MIT */
/*
 * Fibers: a second stack on which a plugin's code can stand still in the middle of a call
 * while the thread works on something else. No scheduler: whoever resumes a fiber gets control
 * back when it suspends or ends. One thread only.
 *
 * Stacks are OL_FIBER_STACK_BYTES with an unmapped page on either side (an overflow is a clean
 * crash), kept for reuse and wiped between two uses.
 */
#ifndef OL_TRANSFORM_SHARED_FIBER_H
#define OL_TRANSFORM_SHARED_FIBER_H

#include <stdbool.h>
#include <stddef.h>

#define OL_FIBER_STACK_BYTES (256 * 1024)
#define OL_FIBERS_IDLE_MAX 16 /* kept in a pool; more are unmapped */

typedef struct ol_fiber ol_fiber;

typedef struct ol_fiber_pool {
    ol_fiber *idle;
    size_t idle_count;
} ol_fiber_pool;

void ol_fiber_pool_init(ol_fiber_pool *pool);
/* Unmaps idle stacks. Fibers still in use must have been released before. */
void ol_fiber_pool_fini(ol_fiber_pool *pool);

/* A fiber that will run main(arg) from its first resume on. NULL when out of memory. */
ol_fiber *ol_fiber_acquire(ol_fiber_pool *pool, void (*main)(void *arg), void *arg);
/* Only a fiber that never ran or has ended. Its stack is wiped. */
void ol_fiber_release(ol_fiber_pool *pool, ol_fiber *fiber);

/* Run it until it suspends (true) or its main returns (false). Not from inside a fiber. */
bool ol_fiber_resume(ol_fiber *fiber);
/* From inside this fiber: give control back to whoever resumed it. */
void ol_fiber_suspend(ol_fiber *fiber);
/* It was resumed at least once and has not ended. */
bool ol_fiber_alive(const ol_fiber *fiber);

#endif
