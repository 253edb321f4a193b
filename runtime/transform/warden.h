/* SPDX-License-Identifier: MIT */
/*
 * What rules a host's first filter from outside. Opening files, mapping code and starting threads
 * are not allowed to a shared object that is being loaded: they are asked for, of us, call by call.
 * While it loads the answer is yes; from the moment that it says it has loaded, the answer is no,
 * whatever it has done to its own process. (A thread is granted as long as the object runs no more
 * of them than it declared.)
 *
 * The host makes the filter, hands its listener over through the control socket before any foreign
 * code runs, and keeps no copy. No event loop in here: whoever owns the host polls two descriptors.
 * Without a warden's answer a call waits; when the listener is closed it fails for good (ENOSYS).
 */
#ifndef OL_TRANSFORM_WARDEN_H
#define OL_TRANSFORM_WARDEN_H

#include <sys/types.h>

#include "transform/program.h"

typedef struct ol_warden {
    int socket_fd;   /* readable once: the listener lies there; -1 when it was taken */
    int listener_fd; /* readable: somebody asks; -1 before, and when nothing is granted any more */
    pid_t pid;
    bool sealed;
    uint32_t threads_max;
    uint32_t granted;  /* threads, since it was started */
    uint32_t refusals; /* less what was forgiven */
} ol_warden;

/* Each refusal is work for us (some 50 us), so a host that asks without end is killed. (A few in each
 * request are normal: a library that cannot have a thread tries again.) */
#define OL_WARDEN_REFUSALS_MAX 64u
#define OL_WARDEN_REFUSALS_A_JOB 8u

#define OL_WARDEN_NONE ((ol_warden){.socket_fd = -1, .listener_fd = -1})

/* The socket is readable: take what lies there and close it. True when listener_fd is there now. */
bool ol_warden_take(ol_warden *warden);
/* The listener is readable: answer one call. False: everybody who could ask is dead, and from now on
 * it is readable for ever: stop polling and close it. (Milliseconds may pass until the process can be
 * reaped.) */
bool ol_warden_answer(ol_warden *warden);
/* It was refused too often. */
bool ol_warden_is_flooded(const ol_warden *warden);
/* A job of its host is over: so many refusals at most are forgotten. */
void ol_warden_forgive(ol_warden *warden, uint32_t refusals);
/* It has loaded. False when it runs more threads than it may: then it must be killed. Without
 * threads the listener has served its turn; the caller closes it (see ol_warden_is_over). */
bool ol_warden_seal(ol_warden *warden, uint32_t threads_max);
/* Nothing will be granted any more: stop polling, close the listener. */
bool ol_warden_is_over(const ol_warden *warden);
void ol_warden_close_listener(ol_warden *warden);
void ol_warden_fini(ol_warden *warden);

#endif
