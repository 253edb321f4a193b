/* SPDX-License-Identifier: MIT */
/*
 * sched_setattr(2): since Linux 6.12 an ordinary thread's sched_runtime is the length of its turns;
 * older kernels take no notice of it. SCHED_BATCH is what takes the core from nobody.
 */
#include "base/turns.h"

#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Between vfork and exec a sanitizer would take what the child does for the parent's. */
#define BARE __attribute__((no_sanitize("address", "undefined", "thread")))

/* As the kernel's first version of it; the C library has none. */
typedef struct scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
} scheduling;

typedef struct kind {
    uint32_t policy;
    uint64_t runtime_ns;
} kind;

static const kind kinds[] = {
    [OL_TURNS_FIRST] = {SCHED_OTHER, OL_TURN_NS},
    [OL_TURNS_NEXT] = {SCHED_BATCH, OL_TURN_NS},
    [OL_TURNS_LAST] = {SCHED_BATCH, OL_TURN_LONG_NS},
};

BARE static bool get(pid_t thread, scheduling *now)
{
    *now = (scheduling){0};
    return syscall(SYS_sched_getattr, thread, now, sizeof(*now), 0) == 0;
}

/* Hosts are SCHED_BATCH by us; a server that is was started so. */
BARE static bool may_change(uint32_t policy, ol_turns turns)
{
    return policy == SCHED_OTHER || (policy == SCHED_BATCH && turns != OL_TURNS_FIRST);
}

BARE bool ol_turns_give(pid_t process, ol_turns turns)
{
    scheduling now;
    if (!get(process, &now) || !may_change(now.policy, turns))
        return false;
    now.size = sizeof(now);
    now.policy = kinds[turns].policy;
    now.runtime_ns = kinds[turns].runtime_ns;
    return syscall(SYS_sched_setattr, process, &now, 0) == 0;
}

BARE bool ol_turns_take(ol_turns turns)
{
    return ol_turns_give(0, turns);
}
