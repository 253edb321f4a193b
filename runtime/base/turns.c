/* SPDX-License-Identifier: MIT */
/*
 * sched_setattr(2): since Linux 6.12 an ordinary thread's sched_runtime is the length of its turns;
 * older kernels take no notice of it.
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

static bool get(scheduling *now)
{
    *now = (scheduling){0};
    return syscall(SYS_sched_getattr, 0, now, sizeof(*now), 0) == 0;
}

/* Read again, since a kernel may have taken a part of it. */
static bool take(uint32_t policy)
{
    scheduling now;
    if (!get(&now) || now.policy != SCHED_OTHER)
        return false;
    now.size = sizeof(now);
    now.policy = policy;
    now.runtime_ns = OL_TURN_NS;
    return syscall(SYS_sched_setattr, 0, &now, 0) == 0 && get(&now) && now.policy == policy &&
           (now.runtime_ns == OL_TURN_NS || policy == SCHED_BATCH);
}

bool ol_turns_short(void)
{
    return take(SCHED_OTHER);
}

bool ol_turns_patient(void)
{
    return take(SCHED_BATCH);
}
