/* SPDX-License-Identifier: MIT */
/*
 * Readers that wait for more of an entry, each on a loop of its own. A waiter belongs to its loop;
 * while it stands in a list, and while its wake-up is on the way, it also belongs to whoever fills
 * the entry. Being woken is a post: `fn` runs on the waiter's loop, on a later turn, once for each
 * time that it was added.
 */
#ifndef OL_VIEW_WAITING_H
#define OL_VIEW_WAITING_H

#include <pthread.h>

#include "net/loop.h"

typedef struct ol_view_waiter ol_view_waiter;

/* Guarded by `lock`, which may guard other things too. */
typedef struct ol_view_waiters {
    pthread_mutex_t *lock;
    ol_view_waiter *first, *last;
} ol_view_waiters;

#define OL_VIEW_WANTS_END UINT64_MAX

/* On `loop`. NULL: out of memory. */
ol_view_waiter *ol_view_waiter_new(ol_loop *loop, ol_loop_fn fn, void *arg);
/* On its loop; fn will not run any more. NULL is fine. `waiters` is the list it may stand in. */
void ol_view_waiter_drop(ol_view_waiter *waiter, ol_view_waiters *waiters);
/* On its loop: run fn on a later turn of it, without anybody's doing. It stands in no list. */
void ol_view_waiter_defer(ol_view_waiter *waiter);
/* Whether fn is still to come. On its loop, with the lock held. */
bool ol_view_waiter_is_out(const ol_view_waiter *waiter);

/* With the lock held, on the waiter's loop: wake it when there are more than `wants` bytes. */
void ol_view_waiters_add(ol_view_waiters *waiters, ol_view_waiter *waiter, uint64_t wants);
/* With the lock held: take out who wants less than `have`; the result goes to wake. */
ol_view_waiter *ol_view_waiters_take(ol_view_waiters *waiters, uint64_t have);
/* With the lock held: take out the one that has waited longest. */
ol_view_waiter *ol_view_waiters_take_first(ol_view_waiters *waiters);
/* Everybody; for the end, however it came. */
ol_view_waiter *ol_view_waiters_take_all(ol_view_waiters *waiters);
/* Without the lock: a wake-up is a system call. */
void ol_view_waiters_wake(ol_view_waiter *taken);

#endif
