/* SPDX-License-Identifier: MIT */
#include "stored.h"

#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "../kit/folders.h"

#define PICTURES_MAX 64u
#define PICTURE_BYTES_MAX (32u << 20)

/* ---- all of a kind ---- */

struct gathering {
    const struct image_stored_kind *kind;
    size_t count, bytes;
};

static bool is_wanted(void *arg, const char *name)
{
    const struct gathering *g = arg;
    size_t size = strlen(name);
    if (g->count == g->kind->count_max)
        return false;
    for (const char *const *ending = g->kind->endings; *ending; ending++)
        if (size > strlen(*ending) && strcasecmp(name + size - strlen(*ending), *ending) == 0)
            return true;
    return false;
}

/* What is empty, too large or no such file after all is passed over. */
static bool take(void *arg, const char *name, int fd, size_t size)
{
    struct gathering *g = arg;
    if (size == 0 || size > g->kind->bytes_max - g->bytes)
        return true;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return true;
    if (g->kind->keep(name, bytes, size)) {
        g->bytes += size;
        g->count++;
    } else {
        munmap(bytes, size);
    }
    return true;
}

void image_stored_each(const struct objlens_host *host, const struct image_stored_kind *kind)
{
    struct gathering gathering = {.kind = kind};
    const struct kit_visitor visitor = {.wants = is_wanted, .file = take, .arg = &gathering};
    kit_folders_each(host, &visitor);
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
