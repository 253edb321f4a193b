/* SPDX-License-Identifier: MIT */
/*
 * Who may write to a transform's file, or to the folder that it lies in.
 *
 * Many systems give each user a group of his own, and files that the group may write to (a umask of 002): that is the
 * owner himself. It is such a group when it has the owner's name, is the owner's first one, and lists nobody else.
 * (Whose first group it is as well, nobody can ask; the name is what says that it is meant for one. Debian's OpenSSH
 * decides in the same way.)
 */
#ifndef OL_TRANSFORM_WRITERS_H
#define OL_TRANSFORM_WRITERS_H

#include <stdbool.h>
#include <sys/stat.h>

/* Whether others than its owner, and root, may. Looks users and groups up, and blocks: never on a loop. */
bool ol_others_may_write(const struct stat *info);

#endif
