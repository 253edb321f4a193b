/* SPDX-License-Identifier: MIT */
/*
 * Opening the data folder: making it, locking it, emptying tmp/. Every shelf is made and synced
 * before the first upload, so that publishing a file needs the sync of one directory only.
 */
#include "origin/store/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)

static int fail(ol_error *err, const char *what, const char *path)
{
    int number = errno;
    int code = number == ENOSPC || number == EDQUOT ? OL_ENOSPACE : OL_EINTERNAL;
    return ol_error_set(err, code, "store: cannot %s %s: %s", what, path, strerror(number));
}

/* A new folder must survive a power loss like what will be put into it. */
static int sync_parent(const char *path, ol_error *err)
{
    char parent[PATH_MAX + 4];
    if (snprintf(parent, sizeof parent, "%s/..", path) >= (int)sizeof parent)
        return ol_error_set(err, OL_EINVAL, "store: the path of the data folder is too long");
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail(err, "open", parent);
    int result = fsync(fd) == 0 ? OL_OK : fail(err, "sync", parent);
    close(fd);
    return result;
}

static int open_root(ol_folder *folder, const char *path, ol_error *err)
{
    bool made = mkdir(path, 0700) == 0;
    if (!made && errno != EEXIST)
        return fail(err, "make", path);
    char absolute[PATH_MAX];
    if (!realpath(path, absolute))
        return fail(err, "resolve", path);
    folder->path = ol_strdup(absolute);
    if (!folder->path)
        return ol_error_set(err, OL_ENOMEM, "store: no memory");
    folder->root_fd = open(absolute, DIRECTORY_FLAGS);
    if (folder->root_fd < 0)
        return fail(err, "open", absolute);
    return made ? sync_parent(absolute, err) : OL_OK;
}

/* Whoever may write here decides what the store serves. */
static int check_owner(const ol_folder *folder, ol_error *err)
{
    struct stat st;
    if (fstat(folder->root_fd, &st) != 0)
        return fail(err, "inspect", folder->path);
    if (st.st_uid != geteuid() && geteuid() != 0)
        return ol_error_say(err, OL_ECONFIG, "the data folder %s belongs to another user",
                            folder->path);
    if (st.st_mode & S_IWOTH)
        return ol_error_say(err, OL_ECONFIG, "the data folder %s may be written by everybody",
                            folder->path);
    return OL_OK;
}

static int take_lock(ol_folder *folder, ol_error *err)
{
    int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    folder->lock_fd = openat(folder->root_fd, "lock", flags, 0600);
    if (folder->lock_fd < 0)
        return fail(err, "open the lock in", folder->path);
    char text[24] = "";
    if (flock(folder->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return fail(err, "lock", folder->path);
        ssize_t got = pread(folder->lock_fd, text, sizeof text - 1, 0);
        text[got > 0 ? strcspn(text, "\n") : 0] = '\0';
        return ol_error_say(err, OL_EUNAVAILABLE,
                            "the data folder %s is in use by another process (pid %s)",
                            folder->path, *text ? text : "unknown");
    }
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    /* The number only helps people; the lock itself is the kernel's. */
    if (ftruncate(folder->lock_fd, 0) != 0 || pwrite(folder->lock_fd, text, (size_t)len, 0) != len)
        return fail(err, "write the lock in", folder->path);
    return OL_OK;
}

/* -1 on failure (errno); *made is set when it was not there. */
static int open_directory(int parent, const char *name, bool *made)
{
    if (mkdirat(parent, name, 0700) == 0)
        *made = true;
    else if (errno != EEXIST)
        return -1;
    return openat(parent, name, DIRECTORY_FLAGS);
}

static int make_shelves(const ol_folder *folder, bool *made, ol_error *err)
{
    for (unsigned shelf = 0; shelf < OL_FILE_SHELVES; shelf++) {
        char name[3];
        snprintf(name, sizeof name, "%02x", shelf);
        if (mkdirat(folder->objects_fd, name, 0700) == 0)
            *made = true;
        else if (errno != EEXIST)
            return fail(err, "make a shelf in", folder->path);
    }
    return OL_OK;
}

static int open_rooms(ol_folder *folder, ol_error *err)
{
    bool made = false;
    folder->tmp_fd = open_directory(folder->root_fd, "tmp", &made);
    if (folder->tmp_fd < 0)
        return fail(err, "open tmp in", folder->path);
    folder->objects_fd = open_directory(folder->root_fd, "objects", &made);
    if (folder->objects_fd < 0)
        return fail(err, "open objects in", folder->path);
    int result = make_shelves(folder, &made, err);
    if (result != OL_OK || !made)
        return result;
    if (fsync(folder->objects_fd) != 0 || fsync(folder->root_fd) != 0)
        return fail(err, "sync", folder->path);
    return OL_OK;
}

static int sweep_temp(const ol_folder *folder, ol_error *err)
{
    int fd = openat(folder->root_fd, "tmp", DIRECTORY_FLAGS);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        int result = fail(err, "read tmp in", folder->path);
        if (fd >= 0)
            close(fd);
        return result;
    }
    int result = OL_OK;
    for (struct dirent *item; result == OL_OK && (item = readdir(dir)) != NULL;) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
            continue;
        if (unlinkat(folder->tmp_fd, item->d_name, 0) != 0 && errno != ENOENT)
            result = fail(err, "clean tmp in", folder->path);
    }
    closedir(dir);
    return result;
}

int ol_folder_open(ol_folder *folder, const char *path, ol_error *err)
{
    *folder = (ol_folder){.root_fd = -1, .tmp_fd = -1, .objects_fd = -1, .lock_fd = -1};
    int result = open_root(folder, path, err);
    if (result == OL_OK)
        result = check_owner(folder, err);
    if (result == OL_OK)
        result = take_lock(folder, err);
    if (result == OL_OK)
        result = open_rooms(folder, err);
    if (result == OL_OK)
        result = sweep_temp(folder, err);
    if (result != OL_OK)
        ol_folder_close(folder);
    return result;
}

void ol_folder_close(ol_folder *folder)
{
    int *fds[] = {&folder->tmp_fd, &folder->objects_fd, &folder->root_fd, &folder->lock_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
    ol_free(folder->path);
    folder->path = NULL;
}
