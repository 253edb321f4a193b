/* SPDX-License-Identifier: MIT */
/*
 * How long a thread may run before the kernel looks whether another one should. Loops and hosts work
 * in pieces of microseconds, side by side on a core: with short turns each waits for a piece of the
 * others and not for the kernel's own measure, which is milliseconds.
 */
#ifndef OL_BASE_TURNS_H
#define OL_BASE_TURNS_H

#include <stdbool.h>

#define OL_TURN_NS 100000ull /* the least that Linux grants */

/* The calling thread, and what it starts from now on, takes turns of OL_TURN_NS. Needs no privilege;
 * false: this kernel knows no such turns (Linux before 6.12) or forbids to ask. Nothing depends on
 * it but waiting times. */
bool ol_turns_short(void);

#endif
