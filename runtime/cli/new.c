/* SPDX-License-Identifier: MIT */
/*
 * objlens new: a folder with a small transform that works, its cases and its README. Nothing that
 * is there is overwritten: the folder must not exist.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/starter.h"
#include "control/config/names.h"

#define TEXT_BYTES_MAX (256u * OL_KIB)
#define NAME_MARK "@NAME@"

static const ol_starter *const starters[] = {&ol_starter_lua, &ol_starter_c};

static const ol_starter *find_starter(const char *language)
{
    for (size_t i = 0; i < sizeof(starters) / sizeof(starters[0]); i++)
        if (strcmp(starters[i]->language, language) == 0)
            return starters[i];
    return NULL;
}

/* Every mark becomes the name. */
static int fill_in(ol_buf *out, const char *text, const char *name)
{
    int rc = OL_OK;
    for (const char *mark; rc == OL_OK && (mark = strstr(text, NAME_MARK)) != NULL;
         text = mark + strlen(NAME_MARK)) {
        rc = ol_buf_add(out, ol_slice_of(text, (size_t)(mark - text)));
        if (rc == OL_OK)
            rc = ol_buf_add_cstr(out, name);
    }
    return rc == OL_OK ? ol_buf_add_cstr(out, text) : rc;
}

static int failed(ol_error *err, const char *path)
{
    return ol_error_set(err, OL_EINVAL, "%s: %s", path, strerror(errno));
}

/* The folders on the way to it. */
static int make_folders(char *path, ol_error *err)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = mkdir(path, 0777) == 0 || errno == EEXIST;
        if (!made)
            return failed(err, path);
        *slash = '/';
    }
    return OL_OK;
}

static int write_file(const char *path, ol_slice text, ol_error *err)
{
    FILE *file = fopen(path, "wxe");
    if (!file)
        return failed(err, path);
    bool written = fwrite(text.data, 1, text.len, file) == text.len;
    return fclose(file) == 0 && written ? OL_OK : failed(err, path);
}

static int write_one(const ol_starter_file *file, const char *name, ol_error *err)
{
    ol_buf path, text;
    ol_buf_init(&path, 4096);
    ol_buf_init(&text, TEXT_BYTES_MAX);
    int rc = ol_buf_addf(&path, "%s/", name);
    if (rc == OL_OK)
        rc = fill_in(&path, file->path, name);
    if (rc == OL_OK)
        rc = fill_in(&text, file->text, name);
    if (rc != OL_OK)
        ol_error_set(err, rc, "%s", file->path);
    if (rc == OL_OK)
        rc = make_folders((char *)(uintptr_t)ol_buf_cstr(&path), err);
    if (rc == OL_OK)
        rc = write_file(ol_buf_cstr(&path), text.len ? ol_buf_slice(&text) : OL_SLICE_LIT(""), err);
    ol_buf_fini(&path);
    ol_buf_fini(&text);
    return rc;
}

static void say_next(const ol_starter *starter, const char *name)
{
    ol_buf next;
    ol_buf_init(&next, 256);
    if (fill_in(&next, starter->next, name) == OL_OK)
        printf("%s/ is there. Try: %s\n", name, ol_buf_cstr(&next));
    ol_buf_fini(&next);
}

static int run(const ol_options *options)
{
    const ol_starter *starter = find_starter(options->operands[0]);
    const char *name = options->operands[1];
    ol_error err = {0};
    if (!starter)
        return ol_cli_usage(options->command, "\"%.20s\" is neither lua nor c",
                            options->operands[0]);
    const char *wrong = ol_name_transform_wrong(ol_slice_cstr(name));
    if (wrong)
        return ol_cli_usage(options->command, "\"%.80s\" %s", name, wrong);
    int rc = mkdir(name, 0777) == 0 ? OL_OK : failed(&err, name);
    for (size_t i = 0; rc == OL_OK && i < starter->count; i++)
        rc = write_one(&starter->files[i], name, &err);
    if (rc != OL_OK) {
        ol_cli_complain("%s", ol_cli_reason(&err));
        return OL_EXIT_FAILED;
    }
    say_next(starter, name);
    return OL_EXIT_OK;
}

const ol_command ol_command_new = {
    .name = "new",
    .operands = "LANGUAGE NAME",
    .operands_min = 2,
    .operands_max = 2,
    .summary = "Begin a transform: a folder with one that works, and its cases.",
    .about = "LANGUAGE is lua or c. The folder NAME is made in the current one; nothing is overwritten.\n"
             "In C, the header that it is compiled with comes along.",
    .run = run,
};
