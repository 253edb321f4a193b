/* SPDX-License-Identifier: MIT */
/*
 * The walls around a host, by name: what the host says it has, what an operator can require, what
 * `objlens check --sandbox` prints. For both sides of the process boundary; no code but the table.
 */
#ifndef OL_TRANSFORM_HOST_WALLS_H
#define OL_TRANSFORM_HOST_WALLS_H

#include "base/slice.h"

enum ol_wall {
    OL_WALL_SECCOMP = 1u << 0,      /* a filter that kills, under no_new_privs */
    OL_WALL_LIMITS = 1u << 1,       /* memory, files, processes, core files */
    OL_WALL_CAPABILITIES = 1u << 2, /* it has none */
    OL_WALL_LANDLOCK = 1u << 3,
    OL_WALL_USER_NAMESPACE = 1u << 4,
    OL_WALL_PID_NAMESPACE = 1u << 5,
    OL_WALL_NETWORK_NAMESPACE = 1u << 6,
    OL_WALL_IPC_NAMESPACE = 1u << 7,
    OL_WALL_MOUNT_NAMESPACE = 1u << 8, /* with a root that holds the listed folders alone */
    OL_WALL_CGROUP = 1u << 9 /* a control group that limits memory, processes and cores */
};

#define OL_WALLS_ALL ((1u << 10) - 1)
#define OL_WALLS_NAMESPACES                                                                        \
    (OL_WALL_USER_NAMESPACE | OL_WALL_PID_NAMESPACE | OL_WALL_NETWORK_NAMESPACE |                  \
     OL_WALL_IPC_NAMESPACE | OL_WALL_MOUNT_NAMESPACE)

typedef struct ol_wall_row {
    enum ol_wall wall;
    const char *name; /* as in the configuration */
    const char *what; /* for people */
} ol_wall_row;

/* In the order in which they are printed; ends with a row without a name. */
extern const ol_wall_row ol_wall_rows[];

/* 0 when there is no such wall. */
uint32_t ol_wall_of(ol_slice name);
/* "seccomp, limits, landlock", or "none"; cut where `size` ends. */
void ol_walls_text(uint32_t walls, char *out, size_t size);

#endif
