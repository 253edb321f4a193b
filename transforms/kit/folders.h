/* SPDX-License-Identifier: MIT */
/*
 * The files of the preload folders, one after the other, while files can still be read: folder by folder, each in
 * the order of its names, with what lies below it. A name is the path within its folder. What begins with a dot,
 * what is no regular file, and what lies more than KIT_FOLDERS_DEPTH_MAX folders deep is left out. Header only.
 */
#ifndef KIT_FOLDERS_H
#define KIT_FOLDERS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <objlens/transform.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KIT_FOLDERS_DEPTH_MAX 5u

/* Whoever answers false ends the walk. */
struct kit_visitor {
    bool (*wants)(void *arg, const char *name); /* whether to open it; NULL: every file */
    bool (*file)(void *arg, const char *name, int fd, size_t size); /* the descriptor is borrowed */
    bool (*fault)(void *arg, const char *name, const char *why);    /* NULL: what cannot be read is passed over */
    void *arg;
};

struct kit_walk {
    const struct kit_visitor *visitor;
    size_t top; /* where names begin in paths */
};

static inline bool kit_walk_fault(const struct kit_walk *w, const char *name, const char *why)
{
    return !w->visitor->fault || w->visitor->fault(w->visitor->arg, name, why);
}

static inline bool kit_walk_file(const struct kit_walk *w, const char *path)
{
    const struct kit_visitor *v = w->visitor;
    const char *name = path + w->top;
    struct stat st;
    if (v->wants && !v->wants(v->arg, name))
        return true;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* never wait: it may have become a pipe */
    bool go_on = true;
    if (fd < 0 || fstat(fd, &st) != 0)
        go_on = kit_walk_fault(w, name, strerror(errno));
    else if (S_ISREG(st.st_mode))
        go_on = v->file(v->arg, name, fd, (size_t)st.st_size);
    if (fd >= 0)
        close(fd);
    return go_on;
}

static inline bool kit_walk_folder(const struct kit_walk *w, const char *folder, unsigned depth);

static inline bool kit_walk_entry(const struct kit_walk *w, const char *folder, const char *name, unsigned depth)
{
    char path[PATH_MAX];
    struct stat st;
    int size = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (name[0] == '.')
        return true;
    if (size < 0 || (size_t)size >= sizeof(path) || stat(path, &st) != 0)
        return kit_walk_fault(w, name, "cannot be read");
    if (S_ISREG(st.st_mode))
        return kit_walk_file(w, path);
    return !S_ISDIR(st.st_mode) || depth == KIT_FOLDERS_DEPTH_MAX || kit_walk_folder(w, path, depth + 1);
}

static inline bool kit_walk_folder(const struct kit_walk *w, const char *folder, unsigned depth)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0)
        return kit_walk_fault(w, folder, strerror(errno));
    bool go_on = true;
    for (int i = 0; i < count; i++) {
        go_on = go_on && kit_walk_entry(w, folder, entries[i]->d_name, depth);
        free(entries[i]);
    }
    free(entries);
    return go_on;
}

/* False: the visitor ended it. */
static inline bool kit_folders_each(const struct objlens_host *host, const struct kit_visitor *visitor)
{
    const char *folder;
    if (!OBJLENS_HOST_HAS(host, preload_folder))
        return true;
    for (uint32_t i = 0; host->preload_folder(i, &folder) == OBJLENS_OK; i++) {
        const struct kit_walk walk = {visitor, strlen(folder) + 1};
        if (!kit_walk_folder(&walk, folder, 0))
            return false;
    }
    return true;
}

#endif
