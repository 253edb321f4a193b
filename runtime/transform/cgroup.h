/* SPDX-License-Identifier: MIT */
/*
 * A control group (cgroup v2) for each host: what its memory, its processes and its CPU time cannot
 * exceed whatever it maps, starts or shares. Only where a group was delegated to this process: to a
 * container, or by a service manager (Delegate=yes). Elsewhere hosts have resource limits alone.
 *
 * The host joins its group itself, before anything foreign runs in it: the kernel can take
 * milliseconds for that, which no event loop has.
 */
#ifndef OL_TRANSFORM_CGROUP_H
#define OL_TRANSFORM_CGROUP_H

#include "base/error.h"

enum { OL_CGROUP_MEMORY = 1, OL_CGROUP_PIDS = 2, OL_CGROUP_CPU = 4 };

#define OL_CGROUP_PATH_SIZE 512

/* Use the group in `folder`, or the one that was delegated to us (NULL). Returns the controllers that
 * hosts get; 0: none, and no groups are made. Removes what an earlier process left there, unless another
 * one uses the folder at this time. May move this process into a group below, because the kernel wants no
 * processes in a group that is divided. Blocking, for two seconds at most. Applies to all threads; call it
 * before the first host starts. */
uint32_t ol_cgroups_use(const char *folder);
uint32_t ol_cgroups_controllers(void);
/* Why hosts do not get all three controllers, as a sentence for people; "" when they do. */
const char *ol_cgroups_reason(void);

typedef struct ol_cgroup {
    char path[OL_CGROUP_PATH_SIZE]; /* "": none */
    int join_fd; /* "0" written to it moves the writer there; -1: none */
} ol_cgroup;

#define OL_CGROUP_NONE ((ol_cgroup){.join_fd = -1})

/* A new group with limits; an empty *group where no groups are made. `threads_max`: how many threads
 * it may have beside the first while it loads. OL_OK or OL_EUNAVAILABLE. */
int ol_cgroup_make(ol_cgroup *group, uint64_t memory_bytes, uint32_t threads_max, ol_error *err);
/* Close join_fd: the process that is to join has a copy of it. */
void ol_cgroup_close(ol_cgroup *group);
/* The program has loaded: from now on no more than `threads_max` threads beside the first, and as many
 * cores. */
void ol_cgroup_narrow(const ol_cgroup *group, uint32_t threads_max);
/* Once no process is left in it. */
void ol_cgroup_remove(ol_cgroup *group);

#endif
