/* SPDX-License-Identifier: MIT */
#include "base/scheduling.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "base/bare.h"

OL_BARE bool ol_scheduling_get(pid_t thread, ol_scheduling *now)
{
    *now = (ol_scheduling){0};
    return syscall(SYS_sched_getattr, thread, now, sizeof(*now), 0) == 0;
}

OL_BARE bool ol_scheduling_set(pid_t thread, ol_scheduling *now)
{
    now->size = sizeof(*now);
    return syscall(SYS_sched_setattr, thread, now, 0) == 0;
}
