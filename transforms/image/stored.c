/* SPDX-License-Identifier: MIT */
#include "stored.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 5u
#define PATH_BYTES_MAX 1024u
#define PICTURES_MAX 64u
#define PICTURE_BYTES_MAX (32u << 20)

/* ---- walking ---- */

struct walk {
    const struct image_stored_kind *kind;
    size_t top; /* where names begin in paths */
    size_t count, bytes;
};

static bool has_ending(const char *name, const char *const *endings)
{
    size_t size = strlen(name);
    for (; *endings; endings++) {
        size_t ending = strlen(*endings);
        if (size > ending && strcasecmp(name + size - ending, *endings) == 0)
            return true;
    }
    return false;
}

static void add_file(struct walk *w, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    size_t size = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (size_t)st.st_size : 0;
    void *bytes = size > 0 && size <= w->kind->bytes_max - w->bytes
                      ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0)
                      : MAP_FAILED;
    close(fd);
    if (bytes == MAP_FAILED)
        return;
    if (w->kind->keep(path + w->top, bytes, size)) {
        w->bytes += size;
        w->count++;
    } else {
        munmap(bytes, size);
    }
}

static void add_folder(struct walk *w, const char *folder, unsigned depth)
{
    struct dirent **entries;
    char path[PATH_BYTES_MAX];
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        struct stat st;
        int length = snprintf(path, sizeof(path), "%s/%s", folder, name);
        bool good = name[0] != '.' && length > 0 && length < (int)sizeof(path) &&
                    w->count < w->kind->count_max && stat(path, &st) == 0;
        if (good && S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
            add_folder(w, path, depth + 1);
        else if (good && S_ISREG(st.st_mode) && has_ending(name, w->kind->endings))
            add_file(w, path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

void image_stored_each(const struct objlens_host *host, const struct image_stored_kind *kind)
{
    struct walk walk = {.kind = kind};
    const char *folder;
    if (!OBJLENS_HOST_HAS(host, preload_folder))
        return;
    for (uint32_t i = 0; host->preload_folder(i, &folder) == OBJLENS_OK; i++) {
        walk.top = strlen(folder) + 1;
        add_folder(&walk, folder, 0);
    }
}

/* ---- pictures ---- */

static struct {
    char *name;
    const void *bytes;
    size_t size;
} pictures[PICTURES_MAX];
static size_t picture_count;

static bool keep_picture(const char *name, const void *bytes, size_t size)
{
    char *copy = strdup(name);
    if (!copy)
        return false;
    pictures[picture_count].name = copy;
    pictures[picture_count].bytes = bytes;
    pictures[picture_count].size = size;
    picture_count++;
    return true;
}

void image_stored_load(const struct objlens_host *host)
{
    static const char *const endings[] = {".jpg", ".jpeg", ".png", ".webp", NULL};
    static const struct image_stored_kind kind = {endings, keep_picture, PICTURES_MAX, PICTURE_BYTES_MAX};
    image_stored_each(host, &kind);
}

bool image_stored_find(const char *name, const void **bytes, size_t *size)
{
    for (size_t i = 0; i < picture_count; i++)
        if (strcmp(pictures[i].name, name) == 0) {
            *bytes = pictures[i].bytes;
            *size = pictures[i].size;
            return true;
        }
    return false;
}
