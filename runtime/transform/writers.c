/* SPDX-License-Identifier: MIT */
#include "transform/writers.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#define ENTRY_BYTES 16384u /* of the user, and of the group: what does not fit is not his own */

static bool lists_others(const struct group *group, const char *owner)
{
    for (char **member = group->gr_mem; *member; member++)
        if (strcmp(*member, owner) != 0)
            return true;
    return false;
}

static bool is_own_group(uid_t uid, gid_t gid)
{
    char user_bytes[ENTRY_BYTES], group_bytes[ENTRY_BYTES];
    struct passwd user, *found_user = NULL;
    struct group group, *found_group = NULL;

    if (getpwuid_r(uid, &user, user_bytes, sizeof(user_bytes), &found_user) != 0 || !found_user ||
        user.pw_gid != gid)
        return false;
    if (getgrgid_r(gid, &group, group_bytes, sizeof(group_bytes), &found_group) != 0 || !found_group)
        return false;
    return strcmp(user.pw_name, group.gr_name) == 0 && !lists_others(&group, user.pw_name);
}

bool ol_others_may_write(const struct stat *info)
{
    if (info->st_mode & S_IWOTH)
        return true;
    return (info->st_mode & S_IWGRP) && !is_own_group(info->st_uid, info->st_gid);
}
