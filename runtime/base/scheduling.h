/* SPDX-License-Identifier: MIT */
/*
 * How the kernel schedules a thread, as sched_getattr(2) tells of it; the C library has neither the
 * call nor its struct. What may be changed is turns.h's to say.
 */
#ifndef OL_BASE_SCHEDULING_H
#define OL_BASE_SCHEDULING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel's first version of it. */
typedef struct ol_scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    /* Of an ordinary thread: how long a turn is; 0 before Linux 6.12. */
    uint64_t runtime_ns;
    uint64_t deadline_ns, period_ns;
} ol_scheduling;

/* Of a process's first thread, or of the calling one (0). False: there is none, or it may not be asked. Makes
 * system calls only: fit for the time between vfork and exec. */
bool ol_scheduling_get(pid_t thread, ol_scheduling *now);
/* Likewise; now->size is filled in. */
bool ol_scheduling_set(pid_t thread, ol_scheduling *now);

#endif
