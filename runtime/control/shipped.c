/* SPDX-License-Identifier: MIT */
#include "control/shipped.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/names.h"

static bool is_folder(const char *path)
{
    struct stat st;
    return path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The folder of the running executable, without a slash at its end. */
static const char *executable_folder(ol_arena *arena)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path));
    if (len <= 0 || (size_t)len >= sizeof(path))
        return NULL;
    while (len > 0 && path[len - 1] != '/')
        len--;
    return ol_arena_printf(arena, "%.*s", len > 1 ? (int)len - 1 : 0, path);
}

static const char *transforms_folder(ol_arena *arena)
{
    const char *named = getenv("OBJLENS_TRANSFORMS");
    if (named && named[0] == '/')
        return named;
    const char *beside = executable_folder(arena);
    if (!beside)
        return NULL;
    const char *built = ol_arena_printf(arena, "%s/transforms", beside);
    if (is_folder(built))
        return built;
    return ol_arena_printf(arena, "%s/../lib/objlens/transforms", beside);
}

const char *ol_shipped_find(ol_arena *arena, ol_slice name)
{
    const char *folder = transforms_folder(arena);
    if (!folder || ol_name_transform_wrong(name))
        return NULL;
    char *path = ol_arena_printf(arena, "%s/%.*s.so", folder, OL_SLICE_FMT(name));
    struct stat st;
    return path && stat(path, &st) == 0 && S_ISREG(st.st_mode) ? path : NULL;
}

size_t ol_shipped_list(ol_arena *arena, ol_slice names[OL_SHIPPED_MAX])
{
    const char *folder = transforms_folder(arena);
    DIR *dir = folder ? opendir(folder) : NULL;
    if (!dir)
        return 0;
    size_t count = 0;
    for (struct dirent *entry = readdir(dir); entry && count < OL_SHIPPED_MAX; entry = readdir(dir)) {
        ol_slice file = ol_slice_cstr(entry->d_name);
        if (!ol_slice_ends(file, OL_SLICE_LIT(".so")))
            continue;
        ol_slice name = ol_slice_first(file, file.len - 3);
        if (!ol_name_transform_wrong(name))
            names[count] = ol_arena_copy(arena, name);
        if (names[count].data)
            count++;
    }
    closedir(dir);
    return count;
}

void ol_shipped_suggest(ol_arena *arena, ol_suggest *suggest)
{
    ol_slice names[OL_SHIPPED_MAX] = {0};
    size_t count = ol_shipped_list(arena, names);
    for (size_t i = 0; i < count; i++)
        ol_suggest_offer(suggest, names[i]);
}

static int compare(const void *left, const void *right)
{
    return ol_slice_cmp(*(const ol_slice *)left, *(const ol_slice *)right);
}

const char *ol_shipped_names(ol_arena *arena)
{
    ol_slice names[OL_SHIPPED_MAX] = {0};
    size_t count = ol_shipped_list(arena, names);
    qsort(names, count, sizeof(names[0]), compare);
    const char *all = "";
    for (size_t i = 0; i < count && all; i++)
        all = ol_arena_printf(arena, "%s%s%.*s", all, i ? " " : "", OL_SLICE_FMT(names[i]));
    return all ? all : "";
}
