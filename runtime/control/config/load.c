/* SPDX-License-Identifier: MIT */
/*
 * From a file to a snapshot: read the text, run it in a sandbox, read what it recorded into
 * a draft, build. Only an error of the Lua text itself ends this early; everything else is
 * reported together.
 */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/config/build.h"
#include "control/config/dialect.h"
#include "control/config/files.h"
#include "control/config/read.h"

#define SOURCE_BYTES_MAX (1 * OL_MIB)
#define FOLDER_BYTES_MAX 4096
#define CHUNK_NAME "config" /* short, so that Lua's messages begin with "config:LINE: " */

typedef struct loading {
    ol_draft draft;
    ol_config_lua lua;
    ol_dialect dialect;
    ol_source source;
    ol_buf text;
} loading;

/* The absolute folder of the file. */
static bool folder_of(const char *path, char folder[FOLDER_BYTES_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    size_t start = 0;
    if (path[0] != '/') {
        if (!getcwd(folder, FOLDER_BYTES_MAX))
            return false;
        start = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
        if (len > 0 && start + 1 < FOLDER_BYTES_MAX)
            folder[start++] = '/';
    }
    if (start + len >= FOLDER_BYTES_MAX)
        return false;
    if (len)
        memcpy(folder + start, path, len);
    folder[start + len] = '\0';
    if (folder[0] == '\0')
        memcpy(folder, "/", 2);
    return true;
}

/* ---- Lua's own errors ---- */

/* A piece of the text that may be repeated: a symbol, or an ordinary word. */
static bool may_be_shown(ol_slice quoted)
{
    if (ol_dialect_word_is_ordinary(quoted) || ol_slice_eq_cstr(quoted, "<eof>"))
        return true;
    for (size_t i = 0; i < quoted.len; i++)
        if (!memchr("=~<>(){}[].,;:+-*/%^#&|", quoted.data[i], 23))
            return false;
    return quoted.len > 0 && quoted.len <= 2;
}

/* Lua quotes pieces of the text in its messages, and a piece may be (part of) a secret. One
 * that may not be shown is cut out up to the last quote, because it may hold quotes itself. */
static void clean_message(const char *message, char *out, size_t size)
{
    size_t len = 0;
    while (*message && len + 1 < size) {
        const char *end = *message == '\'' ? strchr(message + 1, '\'') : NULL;
        ol_slice quoted = end ? ol_slice_of(message + 1, (size_t)(end - message) - 1) : OL_SLICE_NONE;
        if (*message != '\'' || (end && may_be_shown(quoted))) {
            size_t run = end ? (size_t)(end - message) + 1 : 1;
            for (; run > 0 && len + 1 < size; run--, message++)
                out[len++] = *message >= ' ' && *message < 0x7f ? *message : '?';
            continue;
        }
        end = strrchr(message + 1, '\'');
        len += (size_t)snprintf(out + len, size - len, "(...)");
        len = len < size ? len : size - 1;
        message = end ? end + 1 : "";
    }
    out[len] = '\0';
}

static void report_lua_error(loading *l, int status)
{
    lua_State *L = l->lua.L;
    ol_config_report *report = l->draft.report;
    if (status == LUA_ERRMEM) {
        report->no_memory |= l->lua.no_memory;
        ol_report_add(report, 0, "the configuration needs more than %u MiB of memory",
                      OL_CONFIG_LUA_BYTES_MAX / OL_MIB);
        return;
    }
    const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "unknown error";
    char clean[300];
    int line = 0;
    if (strncmp(message, CHUNK_NAME ":", sizeof(CHUNK_NAME)) == 0) {
        char *end;
        line = (int)strtol(message + sizeof(CHUNK_NAME), &end, 10);
        message = *end == ':' ? end + 1 : end;
        message += *message == ' ';
    }
    clean_message(message, clean, sizeof(clean));
    ol_report_add(report, line, "%s", clean);
}

/* ---- the steps; both run in a protected call ---- */

static int run_protected(lua_State *L)
{
    loading *l = lua_touserdata(L, 1);
    const char *text = ol_buf_cstr(&l->text);
    size_t len = l->text.len;
    /* Lua skips a first line that begins with '#' in files only. The line stays, so that lines
     * keep their numbers. */
    const char *first_line_end = len && text[0] == '#' ? memchr(text, '\n', len) : NULL;
    if (len && text[0] == '#') {
        len = first_line_end ? len - (size_t)(first_line_end - text) : 0;
        text = first_line_end ? first_line_end : "";
    }
    if (luaL_loadbufferx(L, text, len, "=" CHUNK_NAME, "t") != LUA_OK)
        return lua_error(L);
    ol_config_lua_start(&l->lua);
    ol_dialect_run(&l->dialect, L, &l->draft);
    return 0;
}

static int read_protected(lua_State *L)
{
    loading *l = lua_touserdata(L, 1);
    ol_read_records(&l->dialect, L, &l->source);
    return 0;
}

static bool protected(loading *l, lua_CFunction step)
{
    lua_State *L = l->lua.L;
    lua_pushcfunction(L, step);
    lua_pushlightuserdata(L, l);
    int status = lua_pcall(L, 1, 0, 0);
    if (status != LUA_OK)
        report_lua_error(l, status);
    lua_settop(L, 0);
    return status == LUA_OK;
}

/* True when the draft says all that the file says. */
static bool fill_draft(loading *l)
{
    return protected(l, run_protected) && protected(l, read_protected);
}

static int load_text(loading *l, const char *path, ol_config **config)
{
    ol_config_report *report = l->draft.report;
    if (ol_source_init(&l->source, ol_buf_slice(&l->text), l->draft.arena) != OL_OK ||
        ol_config_lua_open(&l->lua) != OL_OK)
        return OL_ENOMEM;
    bool filled = fill_draft(l);
    ol_config_lua_close(&l->lua);
    if (filled)
        return ol_draft_build(&l->draft, path, config);
    return ol_report_result(report);
}

int ol_config_load(ol_config **config, const char *path, ol_config_report *report)
{
    loading l = {0};
    char folder[FOLDER_BYTES_MAX];
    ol_error err = {0};
    *config = NULL;
    ol_report_init(report, path);
    ol_buf_init_secret(&l.text, SOURCE_BYTES_MAX);
    int rc = OL_ECONFIG;
    if (!folder_of(path, folder))
        ol_report_add(report, 0, "the path of its folder is too long or cannot be had");
    else if ((rc = ol_file_read(path, &l.text, &err)) == OL_ECONFIG)
        ol_report_add(report, 0, "%s", err.detail + strlen(path) + 2);
    else if (rc == OL_OK)
        rc = ol_draft_init(&l.draft, report, folder);
    if (rc == OL_OK)
        rc = load_text(&l, path, config);
    ol_draft_fini(&l.draft);
    ol_buf_fini(&l.text);
    report->no_memory |= rc == OL_ENOMEM;
    ol_report_sort(report);
    return rc;
}
