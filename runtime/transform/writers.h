/* SPDX-License-Identifier: MIT */
/*
 * Who may write to a transform's file, or to the folder that it lies in.
 *
 * Many systems give each user a group of his own, and files that the group may write to (a umask of 002): that is the
 * owner himself. A group counts as the owner's own when it has his name, is his first group, and nobody else is in it, of
 * all users that the system lists. Root has none: what root's group may write to, other users may on some systems.
 *
 * Where there is an access control list, the mode's bits for the group are no longer about the group alone.
 */
#ifndef OL_TRANSFORM_WRITERS_H
#define OL_TRANSFORM_WRITERS_H

#include <stdbool.h>
#include <sys/stat.h>

/* Whether others than its owner, and root, may write to it. What cannot be found out is a yes. Both look users and groups
 * up, and block: never on a loop. */
bool ol_others_may_write(int fd, const struct stat *info);
bool ol_others_may_write_at(const char *path, const struct stat *info);

#endif
