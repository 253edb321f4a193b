/* SPDX-License-Identifier: MIT */
/*
 * sched_setattr(2): since Linux 6.12 an ordinary thread's sched_runtime is the length of its turns.
 */
#include "base/turns.h"

#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the kernel's first version of it; the C library has none. */
typedef struct scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
} scheduling;

/* Older kernels take the value and forget it: so it is read again. */
bool ol_turns_short(void)
{
    scheduling now = {0};
    if (syscall(SYS_sched_getattr, 0, &now, sizeof(now), 0) != 0 || now.policy != SCHED_OTHER)
        return false;
    now.size = sizeof(now);
    now.runtime_ns = OL_TURN_NS;
    if (syscall(SYS_sched_setattr, 0, &now, 0) != 0)
        return false;
    scheduling then = {0};
    return syscall(SYS_sched_getattr, 0, &then, sizeof(then), 0) == 0 && then.runtime_ns == OL_TURN_NS;
}
