/* SPDX-License-Identifier: MIT */
/*
 * Who waits for whom on a core. Left to itself the kernel lets a host that is woken push a loop aside in
 * the middle of its turn, and lets one that computes keep the core for milliseconds while others wait
 * to answer. Needs no privilege. Nothing depends on it but waiting times: what a kernel does not know,
 * or forbids to ask for, is left as it is.
 */
#ifndef OL_BASE_TURNS_H
#define OL_BASE_TURNS_H

#include <stdbool.h>
#include <sys/types.h>

/* How long a thread may have a core that others want (since Linux 6.12), and whether it takes the core from
 * them when it is woken. The shares stay the same: who has shorter turns has more of them. */
typedef enum ol_turns {
    OL_TURNS_FIRST, /* OL_TURN_NS, takes it: loops */
    OL_TURNS_NEXT,  /* OL_TURN_NS, waits for it: hosts, which answer soon */
    OL_TURNS_LAST   /* OL_TURN_LONG_NS, waits for it: hosts that load, or compute for long */
} ol_turns;

#define OL_TURN_NS 100000ull /* the least that Linux grants */
/* Longer ones would let those who waited catch up for longer, too: they may be owed two turns. */
#define OL_TURN_LONG_NS 3000000ull

/* The calling thread, and what it starts from now on. False: it was left as it is. So is a thread
 * that has another policy than the ordinary one or, for turns that wait, SCHED_BATCH. Makes system calls only: fit for the time
 * between vfork and exec. */
bool ol_turns_take(ol_turns turns);
/* The first thread of a process of the same user. */
bool ol_turns_give(pid_t process, ol_turns turns);

#endif
