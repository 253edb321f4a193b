/* SPDX-License-Identifier: MIT */
/*
 * By polling, not by inotify: a transform's folder holds a handful of small files, and network and
 * container mounts do not report changes.
 */
#include "cli/folder_stamp.h"

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fnv.h"

#define POLL_MS 150

typedef struct walk {
    uint64_t sum; /* of each file's hash, so that their order does not matter */
    unsigned files;
} walk;

static uint64_t hash_of(const char *path, const struct stat *st)
{
    uint64_t hash = ol_fnv_cstr(path);
    hash = ol_fnv_more(hash, &st->st_ino, sizeof(st->st_ino));
    hash = ol_fnv_more(hash, &st->st_size, sizeof(st->st_size));
    hash = ol_fnv_more(hash, &st->st_mode, sizeof(st->st_mode));
    return ol_fnv_more(hash, &st->st_mtim, sizeof(st->st_mtim));
}

static void look_at(walk *self, const char *path, unsigned depth)
{
    struct stat st;
    char below[PATH_MAX];
    if (self->files == OL_FOLDER_STAMP_FILES_MAX || stat(path, &st) != 0)
        return;
    self->files++;
    bool folder = S_ISDIR(st.st_mode);
    self->sum += hash_of(path, &st);
    DIR *dir = folder && depth > 0 ? opendir(path) : NULL;
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int len = snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        if (len > 0 && (size_t)len < sizeof(below))
            look_at(self, below, depth - 1);
    }
    closedir(dir);
}

uint64_t ol_folder_stamp(const char *const *paths)
{
    walk self = {0};
    for (; *paths; paths++)
        look_at(&self, *paths, OL_FOLDER_STAMP_DEPTH);
    return self.sum;
}

uint64_t ol_folder_stamp_wait(const char *const *paths, uint64_t stamp)
{
    uint64_t before, now = stamp;
    do {
        before = now;
        poll(NULL, 0, POLL_MS);
        now = ol_folder_stamp(paths);
    } while (now == stamp || now != before);
    return now;
}
