/* SPDX-License-Identifier: MIT */
/*
 * Making the process of a host: this very executable, started as `objlens host`, with an empty
 * environment, default signals, a session of its own, the descriptors that it is given, and the
 * namespaces that the kernel permits. What it then does to itself stands in host/sandbox.h.
 */
#ifndef OL_TRANSFORM_SPAWN_H
#define OL_TRANSFORM_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Descriptors that the host is given have numbers from here on, so that putting one in its place
 * never hits another. */
#define OL_SPAWN_FD_FLOOR 16

typedef struct ol_spawn_options {
    int memory_fd, wake_fd, control_fd; /* >= OL_SPAWN_FD_FLOOR */
    int image_fd, cgroup_fd;            /* the same, or -1 */
    uint32_t namespaces;                /* of OL_WALLS_NAMESPACES, out of ol_spawn_namespaces() */
} ol_spawn_options;

/* Which namespaces a host can be given here. Tried out at the first call (some milliseconds), then
 * remembered: later hosts get these or do not start. Any thread. */
uint32_t ol_spawn_namespaces(void);

/* OL_OK, or OL_EUNAVAILABLE and what could not be done; *pid and *pidfd mean nothing then. Blocks until
 * the process has become another program: well under a millisecond, some more with namespaces. The
 * child dies with the calling thread. */
int ol_spawn(const ol_spawn_options *options, pid_t *pid, int *pidfd, ol_error *err);

#endif
