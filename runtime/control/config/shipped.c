/* SPDX-License-Identifier: MIT */
#include "control/config/shipped.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "control/config/names.h"

/* Where in the folder, and how the files end. */
typedef struct shelf {
    const char *below, *ending;
} shelf;

static const shelf shelves[] = {{"", ".so"}, {"/lua", ".lua"}};
#define SHELVES (sizeof(shelves) / sizeof(shelves[0]))

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
    for (size_t i = 0; i < SHELVES; i++) {
        char *path = ol_arena_printf(arena, "%s%s/%.*s%s", folder, shelves[i].below,
                                     OL_SLICE_FMT(name), shelves[i].ending);
        struct stat st;
        if (path && stat(path, &st) == 0 && S_ISREG(st.st_mode))
            return path;
    }
    return NULL;
}

static const struct need {
    const char *name;
    uint64_t memory_bytes;
    const char *folders; /* "": none */
    bool process;
} needs[] = {
    /* The libraries of codecs alone take half of it. What they and GLib set up is of the whole process,
     * and can be done once in its life. */
    {"image", 384 * OL_MIB, "/usr/share/fonts/truetype/dejavu\n", true},
    /* It gives libxml2 functions of its own, for good: each host would add a copy of them. */
    {"xml_json", 0, "", true},
};

static const struct need *find_need(const char *name)
{
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
        if (strcmp(name, needs[i].name) == 0)
            return &needs[i];
    return NULL;
}

void ol_shipped_needs(ol_transform_spec *spec)
{
    const struct need *need = find_need(spec->name);
    if (!need)
        return;
    if (spec->limits.memory_bytes < need->memory_bytes)
        spec->limits.memory_bytes = need->memory_bytes;
    if (spec->preload_folders.len == 0)
        spec->preload_folders = ol_slice_cstr(need->folders);
}

bool ol_shipped_needs_process(const char *name)
{
    const struct need *need = find_need(name);
    return need && need->process;
}

static size_t list_shelf(ol_arena *arena, const char *folder, const shelf *of,
                         ol_slice names[OL_SHIPPED_MAX], size_t count)
{
    const char *path = ol_arena_printf(arena, "%s%s", folder, of->below);
    DIR *dir = path ? opendir(path) : NULL;
    ol_slice ending = ol_slice_cstr(of->ending);
    if (!dir)
        return count;
    for (struct dirent *entry = readdir(dir); entry && count < OL_SHIPPED_MAX; entry = readdir(dir)) {
        ol_slice file = ol_slice_cstr(entry->d_name);
        if (!ol_slice_ends(file, ending))
            continue;
        ol_slice name = ol_slice_first(file, file.len - ending.len);
        if (!ol_name_transform_wrong(name))
            names[count] = ol_arena_copy(arena, name);
        if (names[count].data)
            count++;
    }
    closedir(dir);
    return count;
}

size_t ol_shipped_list(ol_arena *arena, ol_slice names[OL_SHIPPED_MAX])
{
    const char *folder = transforms_folder(arena);
    size_t count = 0;
    for (size_t i = 0; folder && i < SHELVES; i++)
        count = list_shelf(arena, folder, &shelves[i], names, count);
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
