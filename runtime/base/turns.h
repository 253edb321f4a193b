/* SPDX-License-Identifier: MIT */
/*
 * Who waits for whom on a core. Loops and hosts work in pieces of microseconds, side by side; left to
 * itself the kernel lets a host that is woken push a loop aside in the middle of its turn, and keep
 * the core for milliseconds. Needs no privilege. Nothing depends on it but waiting times: what a
 * kernel does not know, or forbids to ask for, is left as it is.
 */
#ifndef OL_BASE_TURNS_H
#define OL_BASE_TURNS_H

#include <stdbool.h>

#define OL_TURN_NS 100000ull /* the least that Linux grants */

/* The calling thread, and what it starts from now on, takes turns of OL_TURN_NS (Linux 6.12). False:
 * it was left as it is. A thread that has another policy than the ordinary one always is. */
bool ol_turns_short(void);

/* And does not push others aside when it is woken (SCHED_BATCH): for threads that run a transform's
 * code. Their share of the core stays the same. */
bool ol_turns_patient(void);

#endif
