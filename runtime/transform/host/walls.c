/* SPDX-License-Identifier: MIT */
/*
 * The table of walls, and texts made of it.
 */
#include "transform/host/walls.h"

#include <stdio.h>

const ol_wall_row ol_wall_rows[] = {
    {OL_WALL_SECCOMP, "seccomp", "system-call filter that kills, no new privileges"},
    {OL_WALL_LIMITS, "limits", "memory, files, processes and core files limited"},
    {OL_WALL_CAPABILITIES, "capabilities", "all capabilities dropped"},
    {OL_WALL_LANDLOCK, "landlock", "nothing can be opened but the listed folders, while loading"},
    {OL_WALL_USER_NAMESPACE, "user_namespace", "its own user namespace"},
    {OL_WALL_PID_NAMESPACE, "pid_namespace", "sees no other process"},
    {OL_WALL_NETWORK_NAMESPACE, "network_namespace", "a network without interfaces"},
    {OL_WALL_IPC_NAMESPACE, "ipc_namespace", "no System V objects or message queues of others"},
    {OL_WALL_MOUNT_NAMESPACE, "mount_namespace", "a root that holds the listed folders alone"},
    {OL_WALL_CGROUP, "cgroup", "its own control group limits memory, processes and cores"},
    {0, NULL, NULL},
};

uint32_t ol_wall_of(ol_slice name)
{
    for (const ol_wall_row *row = ol_wall_rows; row->name; row++)
        if (ol_slice_eq(ol_slice_cstr(row->name), name))
            return row->wall;
    return 0;
}

void ol_walls_text(uint32_t walls, char *out, size_t size)
{
    size_t used = 0;
    snprintf(out, size, "none");
    for (const ol_wall_row *row = ol_wall_rows; row->name; row++) {
        if (!(walls & row->wall))
            continue;
        int n = snprintf(out + used, size - used, "%s%s", used ? ", " : "", row->name);
        if (n < 0 || (size_t)n >= size - used)
            return;
        used += (size_t)n;
    }
}
