/* SPDX-License-Identifier: MIT */
/*
 * without WALL… -- PROGRAM ARGUMENTS…: runs a program as on a machine or in a container that lacks
 * those walls: Landlock as an older kernel answers (its call as an older container does), namespaces as an
 * unprivileged container does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <unistd.h>

static int forbid_namespaces(scmp_filter_ctx filter)
{
    static const unsigned flags[] = {CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC,
                                     CLONE_NEWNS};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof(flags) / sizeof(flags[0]); i++)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
    return rc;
}

static int forbid(scmp_filter_ctx filter, const char *wall)
{
    if (strcmp(wall, "landlock") == 0)
        return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset),
                                0);
    if (strcmp(wall, "landlock-call") == 0)
        return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(landlock_create_ruleset),
                                0);
    if (strcmp(wall, "namespaces") == 0)
        return forbid_namespaces(filter);
    if (strcmp(wall, "mounts") == 0)
        return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(fsopen), 0);
    return -1;
}

int main(int argc, char **argv)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int i = 1;
    for (; filter && i < argc && strcmp(argv[i], "--") != 0; i++)
        if (forbid(filter, argv[i]) != 0)
            return 125;
    if (!filter || i + 1 >= argc || seccomp_load(filter) != 0)
        return 125;
    execv(argv[i + 1], argv + i + 1);
    return 126;
}
