/* SPDX-License-Identifier: MIT */
#include "transform/writers.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <string.h>
#include <sys/xattr.h>

#define ACL "system.posix_acl_access"
#define ENTRY_BYTES 16384u /* of a group: what does not fit is nobody's own */

static bool lists_others(const struct group *group, const char *owner)
{
    for (char **member = group->gr_mem; *member; member++)
        if (strcmp(*member, owner) != 0)
            return true;
    return false;
}

/* There is one list for the whole process to be walked. */
static pthread_mutex_t users_lock = PTHREAD_MUTEX_INITIALIZER;

/* Whether it is the first group of a user of the group's name, whose number that is, and of nobody else. */
static bool is_first_of_one(uid_t uid, const struct group *group)
{
    bool found = false, others = false;
    const struct passwd *user;

    pthread_mutex_lock(&users_lock);
    setpwent();
    while ((user = getpwent()) != NULL) {
        if (user->pw_gid != group->gr_gid)
            continue;
        if (user->pw_uid == uid && strcmp(user->pw_name, group->gr_name) == 0)
            found = true;
        else
            others = true;
    }
    endpwent();
    pthread_mutex_unlock(&users_lock);
    return found && !others;
}

static bool is_own_group(uid_t uid, gid_t gid)
{
    char bytes[ENTRY_BYTES];
    struct group group, *found = NULL;

    if (uid == 0 || getgrgid_r(gid, &group, bytes, sizeof(bytes), &found) != 0 || !found)
        return false;
    return !lists_others(&group, group.gr_name) && is_first_of_one(uid, &group);
}

/* `acl_bytes`: what was answered when the list was asked for. */
static bool may_others(const struct stat *info, ssize_t acl_bytes, int error)
{
    if (!(info->st_mode & (S_IWGRP | S_IWOTH)))
        return false;
    if ((info->st_mode & S_IWOTH) || acl_bytes >= 0 || (error != ENODATA && error != EOPNOTSUPP))
        return true;
    return !is_own_group(info->st_uid, info->st_gid);
}

bool ol_others_may_write(int fd, const struct stat *info)
{
    ssize_t acl_bytes = fgetxattr(fd, ACL, NULL, 0);
    return may_others(info, acl_bytes, errno);
}

bool ol_others_may_write_at(const char *path, const struct stat *info)
{
    ssize_t acl_bytes = lgetxattr(path, ACL, NULL, 0);
    return may_others(info, acl_bytes, errno);
}
