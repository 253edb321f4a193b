/* SPDX-License-Identifier: MIT */
#include "cli/test_folder.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static const char *name_of(ol_arena *arena, const char *path)
{
    char real[PATH_MAX];
    const char *slash = realpath(path, real) ? strrchr(real, '/') : NULL;
    return ol_arena_strdup(arena, slash && slash[1] ? slash + 1 : path);
}

static bool is_transform(const char *name)
{
    ol_slice text = ol_slice_cstr(name);
    return name[0] != '.' && (ol_slice_ends(text, OL_SLICE_LIT(".lua")) || ol_slice_ends(text, OL_SLICE_LIT(".so")));
}

/* NULL when no transform has the folder's name, or a .lua and a .so have it. */
static const char *namesake(const ol_test_folder *folder, ol_arena *arena)
{
    static const char *const ends[] = {"lua", "so"};
    const char *found = NULL;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        const char *path = ol_arena_printf(arena, "%s/%s.%s", folder->path, folder->name, ends[i]);
        if (!path || access(path, F_OK) != 0)
            continue;
        if (found)
            return NULL;
        found = path;
    }
    return found;
}

static int find_transform(ol_test_folder *folder, ol_arena *arena, ol_error *err)
{
    DIR *dir = opendir(folder->path);
    size_t count = 0;
    if (!dir)
        return ol_error_set(err, OL_EINVAL, "%s: cannot be read as a folder", folder->path);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (!is_transform(entry->d_name))
            continue;
        folder->transform = ol_arena_printf(arena, "%s/%s", folder->path, entry->d_name);
        count++;
    }
    closedir(dir);
    if (count == 0)
        return ol_error_set(err, OL_EINVAL, "%s: has no .lua or .so (a plugin must be built first); or say --transform",
                            folder->path);
    if (count > 1)
        folder->transform = namesake(folder, arena);
    if (!folder->transform)
        return ol_error_set(err, OL_EINVAL,
                            "%s: has more than one .lua or .so, and not just one with the folder's name; say which "
                            "with --transform",
                            folder->path);
    return OL_OK;
}

int ol_test_folder_look(ol_test_folder *folder, const char *path, const char *transform, ol_arena *arena,
                        ol_error *err)
{
    *folder = (ol_test_folder){.path = path, .transform = transform};
    folder->name = name_of(arena, path);
    folder->cases_in = ol_arena_printf(arena, "%s/tests", path);
    if (!folder->name || !folder->cases_in)
        return ol_error_set(err, OL_ENOMEM, "starting");
    if (!is_folder(folder->cases_in))
        folder->cases_in = path;
    return transform ? OL_OK : find_transform(folder, arena, err);
}
