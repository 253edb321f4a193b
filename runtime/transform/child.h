/* SPDX-License-Identifier: MIT */
/*
 * A host as its owner holds it: a process (or, for an inline program, a thread), the memory shared
 * with it, the eventfd that it wakes us by. No event loop in here; no protocol either (link.h). Any
 * thread, one at a time; start, stop and fini block.
 *
 * Life: start → (kill) → reaped → fini. The memory stays mapped until fini, so that what lies in
 * it can still be sent after the process died.
 */
#ifndef OL_TRANSFORM_CHILD_H
#define OL_TRANSFORM_CHILD_H

#include <sys/types.h>
#include <time.h>

#include "transform/host/wire.h"
#include "transform/cgroup.h"
#include "transform/inline_host.h"
#include "transform/program.h"
#include "transform/warden.h"

typedef struct ol_child {
    pid_t pid; /* 0: none, or reaped */
    ol_inline_host *thread; /* instead of a process; owns the descriptors and the memory */
    bool thread_lives;      /* not reaped */
    int pidfd;   /* readable when it has ended */
    int wake_fd; /* eventfd, readable when it has messages */
    uint8_t *base;
    ol_wire_layout layout;
    clockid_t cpu_clock;
    ol_warden warden; /* a shared object's; the owner polls its descriptors */
    ol_cgroup cgroup;
} ol_child;

#define OL_CHILD_NONE                                                                              \
    ((ol_child){                                                                                   \
        .pidfd = -1, .wake_fd = -1, .warden = OL_WARDEN_NONE, .cgroup = OL_CGROUP_NONE})

typedef struct ol_child_options {
    uint32_t slot_bytes, slots, jobs_max, spin_us;
} ol_child_options;

/* How a child ended. */
typedef struct ol_child_end {
    bool signaled;
    int value; /* signal or exit status */
} ol_child_end;

/* Without these walls (of OL_WALLS_ALL) no host of this process loads anything. For all threads;
 * call it before the first start. */
void ol_child_require_walls(uint32_t walls);

/* Make the memory, put the program into it, start the process. Blocks for the length of a vfork and
 * exec: a millisecond, on a busy machine several. The child is killed when the calling thread ends. On
 * failure nothing is left. OL_ENOMEM, OL_EUNAVAILABLE (no process or descriptor to be had), or
 * OL_ELIMIT (the program is larger than the memory). */
int ol_child_start(ol_child *child, const ol_child_options *options, const ol_program *program,
                   ol_error *err);
/* As start, but without a process: the memory alone, for tests and the fuzzer. */
int ol_child_start_memory(ol_child *child, const ol_child_options *options,
                          const ol_program *program, ol_error *err);
/* A thread is only told to stop, and counts as ended from then on. */
void ol_child_kill(ol_child *child);
/* False while it runs. True once, with *end filled; then pid is 0. */
bool ol_child_reap(ol_child *child, ol_child_end *end);
/* CPU time that the process has used, ns; 0 when it is gone. */
uint64_t ol_child_cpu_ns(const ol_child *child);
/* Only after it was reaped (or never started). Gives back memory and descriptors; those of a thread
 * that still runs, when it has ended. To leave the memory mapped for good, set `base` to NULL before. */
void ol_child_fini(ol_child *child);
/* Kill it, wait for its end, and fini, whatever state it is in. A process that has not ended after
 * OL_CHILD_STOP_MS is left to itself (child_left.h). */
void ol_child_stop(ol_child *child);
/* "was killed by signal 11 (Segmentation fault)", for logs. */
void ol_child_end_text(const ol_child_end *end, char *out, size_t size);

#endif
