/* SPDX-License-Identifier: MIT */
/*
 * Suspending and stopping a run; see run.h.
 */
#include <stdio.h>

#include "transform/lua/preempt.h"

/* What a stop raises; scripts never see it, whatever they catch. */
static const char stop_mark;

bool ol_lua_can_suspend(lua_State *L)
{
    return ol_lua_run(L)->now.chain_yieldable && lua_isyieldable(L);
}

int ol_lua_wait(lua_State *L, lua_KContext context, lua_KFunction k)
{
    ol_run *run = ol_lua_run(L);

    if (!ol_lua_can_suspend(L))
        return luaL_error(L, "cannot wait for input or output here: a library function or a "
                             "closing coroutine is in between");
    run->now.yield = OL_LUA_YIELD_WAIT;
    return lua_yieldk(L, 0, context, k);
}

void ol_lua_position(ol_run *run, lua_State *L, char *out, size_t size)
{
    const char *chunk = ol_lua_script_of(run)->chunk_name;
    lua_Debug ar;

    /* Chunks whose names begin with '@' are the author's: the module and its libraries. */
    for (int level = 0; L && lua_getstack(L, level, &ar); level++) {
        if (!lua_getinfo(L, "Sl", &ar) || ar.currentline <= 0 || ar.source[0] != '@')
            continue;
        snprintf(out, size, "%s:%d", ar.source + 1, ar.currentline);
        return;
    }
    snprintf(out, size, "%s", chunk + 1);
}

static void latch(ol_run *run)
{
    lua_State *L = run->current;

    run->now.stopped = true;
    if (L)
        ol_lua_preempt_poke(L);
}

void ol_lua_stop(ol_run *run, int code, const char *detail, ...)
{
    char position[96], text[OL_ERROR_TEXT_SIZE];
    va_list args;

    if (run->now.stopped)
        return;
    va_start(args, detail);
    vsnprintf(text, sizeof(text), detail, args);
    va_end(args);
    ol_lua_position(run, run->current ? run->current : run->co, position, sizeof(position));
    ol_error_clear(&run->now.stop);
    ol_error_set(&run->now.stop, code, "%s: %s", position, text);
    latch(run);
}

void ol_lua_stop_error(ol_run *run, const ol_error *error)
{
    if (run->now.stopped)
        return;
    run->now.stop = *error;
    ol_error_set(&run->now.stop, OL_EINTERNAL, "a job failed without saying why");
    latch(run);
}

int ol_lua_raise_stop(lua_State *L)
{
    /* Closing variables on the way out may run code of the script: the hook ends that. */
    ol_lua_preempt_poke(L);
    lua_pushlightuserdata(L, (void *)(uintptr_t)&stop_mark);
    return lua_error(L);
}

int ol_lua_fail(lua_State *L, const ol_error *error)
{
    ol_lua_stop_error(ol_lua_run(L), error);
    return ol_lua_raise_stop(L);
}

void ol_lua_caught(lua_State *L, int status)
{
    ol_run *run = ol_lua_run(L);

    /* The heap has stopped the job before it lets Lua raise this; to be sure. */
    if (status == LUA_ERRMEM)
        ol_lua_stop(run, OL_ETRANSFORMMEMORY, "out of memory");
    if (run->now.stopped)
        ol_lua_raise_stop(L);
}
