/* SPDX-License-Identifier: MIT */
/*
 * Traps at the store's points: from the n-th arrival on a point fails with an errno, or at the
 * n-th arrival the thread stops there until it is let go. Set and cleared while the store rests.
 */
#ifndef OL_TESTS_ORIGIN_STORE_TRAP_H
#define OL_TESTS_ORIGIN_STORE_TRAP_H

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "lib/check.h"
#include "lib/loop_fixture.h"
#include "origin/store/hooks.h"

#define TRAP_POINTS (OL_STORE_ROW_READ + 1)

typedef struct trap_point {
    int fault;
    bool stop;
    int from;
    atomic_int arrived;
} trap_point;

typedef struct trap {
    trap_point at[TRAP_POINTS];
    atomic_bool stopped;
    sem_t go;
} trap;

static inline int trap_on_point(void *arg, enum ol_store_point point, const char *name)
{
    (void)name;
    trap *t = arg;
    trap_point *p = &t->at[point];
    int count = atomic_fetch_add(&p->arrived, 1);
    if (p->fault)
        return count >= p->from ? p->fault : 0;
    if (p->stop && count == p->from) {
        atomic_store(&t->stopped, true);
        while (sem_wait(&t->go) != 0)
            continue; /* a signal */
    }
    return 0;
}

static inline void trap_open(trap *t)
{
    memset(t, 0, sizeof *t);
    sem_init(&t->go, 0, 0);
    ol_store_hook_set(trap_on_point, t);
}

static inline void trap_fail(trap *t, enum ol_store_point point, int fault, int from)
{
    t->at[point].from = from;
    t->at[point].fault = fault;
}

static inline void trap_stop(trap *t, enum ol_store_point point, int from)
{
    t->at[point].from = from;
    t->at[point].stop = true;
}

static inline int trap_arrived(trap *t, enum ol_store_point point)
{
    return atomic_load(&t->at[point].arrived);
}

/* Turn the loop until a thread has stopped; fail the test after a minute. */
static inline void trap_wait(trap *t, ol_test_loop *loop)
{
    for (uint64_t end = ol_clock_mono_ms() + 60000; !atomic_load(&t->stopped);) {
        if (ol_clock_mono_ms() > end)
            fail_msg("no thread has stopped");
        ol_test_loop_turns(loop, 1);
    }
}

static inline void trap_let_go(trap *t)
{
    sem_post(&t->go);
}

static inline void trap_close(trap *t)
{
    ol_store_hook_set(NULL, NULL);
    sem_destroy(&t->go);
}

#endif
