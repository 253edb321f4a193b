/* SPDX-License-Identifier: MIT */
/*
 * sched_setattr(2): since Linux 6.12 an ordinary thread's sched_runtime is the length of its turns;
 * older kernels take no notice of it. SCHED_BATCH is what takes the core from nobody.
 */
#include "base/turns.h"

#include <sched.h>

#include "base/bare.h"
#include "base/scheduling.h"

typedef struct kind {
    uint32_t policy;
    uint64_t runtime_ns;
} kind;

static const kind kinds[] = {
    [OL_TURNS_FIRST] = {SCHED_OTHER, OL_TURN_NS},
    [OL_TURNS_NEXT] = {SCHED_BATCH, OL_TURN_NS},
    [OL_TURNS_LAST] = {SCHED_BATCH, OL_TURN_LONG_NS},
};

/* Hosts are SCHED_BATCH by us; a server that is was started so. */
OL_BARE static bool may_change(uint32_t policy, ol_turns turns)
{
    return policy == SCHED_OTHER || (policy == SCHED_BATCH && turns != OL_TURNS_FIRST);
}

OL_BARE bool ol_turns_give(pid_t process, ol_turns turns)
{
    ol_scheduling now;
    if (!ol_scheduling_get(process, &now) || !may_change(now.policy, turns))
        return false;
    now.policy = kinds[turns].policy;
    now.runtime_ns = kinds[turns].runtime_ns;
    return ol_scheduling_set(process, &now);
}

OL_BARE bool ol_turns_take(ol_turns turns)
{
    return ol_turns_give(0, turns);
}
