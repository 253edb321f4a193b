/* SPDX-License-Identifier: MIT */
/*
 * How a script's failure becomes an ol_error.
 *
 * The text of an error that a script raises may hold bytes of the object. So the error's detail,
 * which goes to the server's log, has only the position and the kind; the text goes to the
 * transform log, which is meant for it.
 */
#include <stdio.h>

#include "transform/lua/engine.h"

#define TEXT_BYTES_MAX 2048

/* The stop that was latched, handed out. */
static int stopped(const ol_run *run, ol_error *err)
{
    if (err && !err->code)
        *err = run->now.stop;
    return run->now.stop.code;
}

/* The error value on top of co, as text for the log. Runs nothing of the script: an object's
 * __tostring is not called any more. */
static ol_slice error_text(lua_State *co, char *scratch, size_t size)
{
    size_t len;
    const char *text;

    if (lua_type(co, -1) == LUA_TSTRING) {
        text = lua_tolstring(co, -1, &len);
        return ol_slice_of(text, len < TEXT_BYTES_MAX ? len : TEXT_BYTES_MAX);
    }
    if (lua_isinteger(co, -1))
        snprintf(scratch, size, "error value %lld", (long long)lua_tointeger(co, -1));
    else
        snprintf(scratch, size, "error value of type %s", luaL_typename(co, -1));
    return ol_slice_cstr(scratch);
}

/* Where the script stood, innermost first: positions and the names of functions as the script's own
 * text has them, never a value. */
static void log_stack(const ol_run *run)
{
    char text[TEXT_BYTES_MAX];
    size_t len = (size_t)snprintf(text, sizeof(text), "stack:"), frames = 0;
    lua_Debug ar;

    for (int level = 0; lua_getstack(run->co, level, &ar); level++) {
        char line[160];
        int need;

        if (!lua_getinfo(run->co, "Sln", &ar) || ar.currentline <= 0)
            continue;
        need = snprintf(line, sizeof(line), "%s %.60s:%d%s%.60s", frames ? "," : "", ar.short_src,
                        ar.currentline, ar.name ? " in " : "", ar.name ? ar.name : "");
        if (need < 0 || (size_t)need >= sizeof(line) || len + (size_t)need >= sizeof(text))
            break;
        memcpy(text + len, line, (size_t)need);
        len += (size_t)need;
        frames++;
    }
    if (frames > 1) /* of one the error itself says all */
        ol_job_log(run->now.job, "error", ol_slice_of(text, len));
}

/* Whether the uncaught error is the refusal of a read_at, perhaps with a position in front. */
static bool is_read_at(const ol_run *run, ol_slice text)
{
    return run->now.read_at_failed && ol_slice_ends(text, ol_slice_cstr(run->now.read_at_text));
}

int ol_lua_run_failed(ol_run *run, int status, ol_error *err)
{
    char position[96], scratch[64];
    ol_slice text;

    if (run->now.stopped)
        return stopped(run, err);
    ol_lua_position(run, run->co, position, sizeof(position));
    if (status == LUA_ERRMEM)
        return ol_error_set(err, OL_ETRANSFORMMEMORY, "%s: out of memory", position);
    text = error_text(run->co, scratch, sizeof(scratch));
    ol_job_log(run->now.job, "error", text);
    log_stack(run);
    if (is_read_at(run, text)) {
        if (err && !err->code)
            *err = run->now.read_at_error;
        return run->now.read_at_error.code;
    }
    return ol_error_set(err, OL_ETRANSFORM,
                        "%s: uncaught error (%s); the transform log has its text", position,
                        luaL_typename(run->co, -1));
}

int ol_lua_load_failed(ol_run *run, lua_State *L, int status, ol_error *err)
{
    const char *chunk = ol_lua_script_of(run)->chunk_name + 1;
    char scratch[64];
    ol_slice text;

    if (run->now.stopped)
        return stopped(run, err);
    if (status == LUA_ERRMEM)
        return ol_error_set(err, OL_ETRANSFORMMEMORY, "%s: out of memory while loading", chunk);
    text = error_text(L, scratch, sizeof(scratch));
    if (ol_slice_starts(text, ol_slice_cstr(chunk)))
        return ol_error_set(err, OL_ETRANSFORM, "%.*s", OL_SLICE_FMT(text));
    return ol_error_set(err, OL_ETRANSFORM, "%s: %.*s", chunk, OL_SLICE_FMT(text));
}
