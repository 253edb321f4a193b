/* SPDX-License-Identifier: MIT */
#include "cli/program.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "control/config/draft.h"
#include "control/config/files.h"
#include "control/config/shipped.h"

static bool is_path(ol_slice transform)
{
    return ol_slice_find(transform, '/') >= 0 || ol_slice_ends(transform, OL_SLICE_LIT(".lua")) ||
           ol_slice_ends(transform, OL_SLICE_LIT(".so"));
}

/* "some/shout.lua" is called shout. */
static const char *stem_of(ol_arena *arena, ol_slice path)
{
    for (ptrdiff_t slash; (slash = ol_slice_find(path, '/')) >= 0;)
        path = ol_slice_from(path, (size_t)slash + 1);
    ptrdiff_t dot = ol_slice_find(path, '.');
    return ol_arena_printf(arena, "%.*s", dot > 0 ? (int)dot : (int)path.len,
                           (const char *)path.data);
}

static int say_unknown(ol_arena *arena, ol_slice name, ol_error *err)
{
    ol_suggest suggest;
    char tail[OL_SUGGEST_TEXT_SIZE], shown[OL_TEXT_SHOW_SIZE];
    ol_suggest_init(&suggest, name);
    ol_shipped_suggest(arena, &suggest);
    return ol_error_set(err, OL_ENOTRANSFORM,
                        "no transform %s ships with objlens%s (these do: %s; a file of your own "
                        "ends in .lua or .so)",
                        ol_text_show(name, false, shown), ol_suggest_text(&suggest, tail),
                        ol_shipped_names(arena));
}

static int find(ol_arena *arena, const char *given, ol_transform_spec *spec, ol_error *err)
{
    ol_slice text = ol_slice_cstr(given);
    spec->name = given;
    if (!is_path(text)) {
        spec->share = OL_SHARE_ALL;
        spec->vouch.ships = true;
        spec->path = ol_shipped_find(arena, text);
        ol_shipped_needs(spec);
        if (!spec->path)
            return say_unknown(arena, text, err);
        return spec->isolation == OL_ISOLATION_INLINE && ol_shipped_needs_process(given)
                   ? ol_error_set(err, OL_EINVAL, "%s needs a process of its own: not --inline", given)
                   : OL_OK;
    }
    const char *why = ol_file_unreadable(given);
    if (why)
        return ol_error_set(err, OL_ENOTRANSFORM, "%s: %s", given, why);
    spec->name = stem_of(arena, text);
    if (!spec->name)
        return ol_error_set(err, OL_ENOMEM, "starting");
    spec->path = given;
    spec->share = OL_SHARE_IDENTITY;
    return OL_OK;
}

/* Each followed by a newline, as a spec has them. */
static int read_folders(ol_arena *arena, const ol_options *options, ol_transform_spec *spec, ol_error *err)
{
    const char *all = "", *given;
    char path[PATH_MAX];
    struct stat info;
    for (size_t i = 0; all && (given = ol_options_value(options, "preload-folder", i)); i++) {
        if (!realpath(given, path) || stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
            return ol_error_set(err, OL_EINVAL, "--preload-folder: %s is no folder", given);
        all = ol_arena_printf(arena, "%s%s\n", all, path);
    }
    if (!all)
        return ol_error_set(err, OL_ENOMEM, "starting");
    spec->preload_folders = ol_slice_cstr(all);
    return OL_OK;
}

int ol_cli_program_open(ol_cli_program *opened, ol_arena *arena, const ol_cli_program_asked *asked,
                        ol_error *err)
{
    bool no_walls = ol_options_has(asked->options, "inline");
    ol_transform_spec spec = {
        .limits = *asked->limits,
        .isolation = no_walls ? OL_ISOLATION_INLINE : OL_ISOLATION_PROCESS,
    };
    *opened = (ol_cli_program){0};
    int rc = read_folders(arena, asked->options, &spec, err);
    if (rc == OL_OK)
        rc = find(arena, asked->given, &spec, err);
    if (rc == OL_OK)
        rc = ol_registry_new(&opened->registry, &spec, 1, err);
    if (rc != OL_OK)
        return rc;
    opened->program = ol_registry_get(opened->registry, ol_slice_cstr(spec.name));
    return opened->program ? OL_OK : ol_error_set(err, OL_ENOTRANSFORM, "%s", spec.name);
}

void ol_cli_program_close(ol_cli_program *opened)
{
    ol_program_release(opened->program);
    if (opened->registry)
        ol_registry_destroy(opened->registry);
    *opened = (ol_cli_program){0};
}
