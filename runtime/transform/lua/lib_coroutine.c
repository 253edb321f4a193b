/* SPDX-License-Identifier: MIT */
/*
 * The coroutine library.
 *
 * It does what Lua's does, and two things more: it keeps the timer informed of the coroutine that
 * runs (preempt.h), and when the innermost coroutine yields because the scheduler wants it or
 * because I/O is awaited, every resume on the way yields on, and resumes again later, so that
 * the script sees nothing of it. The job's own coroutine looks like the main thread.
 */
#include "transform/lua/libs.h"
#include "transform/lua/preempt.h"

#define CLOSE_DEPTH_MAX 8 /* Lua 5.4.4 begins to count C calls anew there */

enum resumed { RESUMED_OK, RESUMED_ERROR, RESUMED_ONWARDS };

static lua_State *check_coroutine(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);

    if (!co)
        luaL_typeerror(L, 1, "thread");
    return co;
}

static const char *status_of(lua_State *L, lua_State *co)
{
    lua_Debug ar;

    if (L == co)
        return "running";
    switch (lua_status(co)) {
    case LUA_YIELD:
        return "suspended";
    case LUA_OK:
        if (lua_getstack(co, 0, &ar))
            return "normal"; /* it has resumed another one */
        return lua_gettop(co) == 0 ? "dead" : "suspended";
    default:
        return "dead"; /* by an error */
    }
}

/* Run `co` with the `count` arguments on its stack. Leaves *count results on it. */
static int run_coroutine(lua_State *L, lua_State *co, int *count)
{
    ol_run *run = ol_lua_run(L);
    bool outer = run->now.chain_yieldable;
    int status;

    run->now.chain_yieldable = ol_lua_can_suspend(L);
    ol_lua_preempt_switch(run, co);
    status = lua_resume(co, L, *count, count);
    run->now.chain_yieldable = outer;
    ol_lua_preempt_switch(run, L);
    return status;
}

/* Resume `co` with the topmost `arguments` of L; results or the error value end up on L. */
static enum resumed resume(lua_State *L, lua_State *co, int arguments, int *results)
{
    int status;

    if (!lua_checkstack(co, arguments)) {
        lua_pushliteral(L, "too many arguments to resume");
        return RESUMED_ERROR;
    }
    lua_xmove(L, co, arguments);
    *results = arguments;
    status = run_coroutine(L, co, results);
    if (status == LUA_YIELD && ol_lua_run(L)->now.yield != OL_LUA_YIELD_SCRIPT)
        return RESUMED_ONWARDS;
    if (status != LUA_OK && status != LUA_YIELD) {
        ol_lua_caught(L, status);
        lua_xmove(co, L, 1);
        return RESUMED_ERROR;
    }
    if (!lua_checkstack(L, *results + 1)) {
        lua_pop(co, *results);
        lua_pushliteral(L, "too many results to resume");
        return RESUMED_ERROR;
    }
    lua_xmove(co, L, *results);
    return RESUMED_OK;
}

/* A resume from outside would go wrong: push the reason and return false. */
static bool check_resumable(lua_State *L, lua_State *co)
{
    const char *status = status_of(L, co);

    if (strcmp(status, "suspended") == 0)
        return true;
    lua_pushfstring(L, "cannot resume %s coroutine",
                    strcmp(status, "dead") == 0 ? "dead" : "non-suspended");
    return false;
}

static int resume_on(lua_State *L, int status, lua_KContext arguments)
{
    int results;

    (void)status;
    switch (resume(L, lua_tothread(L, 1), (int)arguments, &results)) {
    case RESUMED_OK:
        lua_pushboolean(L, 1);
        lua_insert(L, -(results + 1));
        return results + 1;
    case RESUMED_ONWARDS:
        return lua_yieldk(L, 0, 0, resume_on);
    default:
        lua_pushboolean(L, 0);
        lua_insert(L, -2);
        return 2;
    }
}

static int coroutine_resume(lua_State *L)
{
    lua_State *co = check_coroutine(L);

    if (check_resumable(L, co))
        return resume_on(L, LUA_OK, lua_gettop(L) - 1);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

/* ---- closing ---- */

/* Close `co`, which is suspended or dead; handlers of its variables run and cannot be suspended.
 * True when all went well, else the error value is on its stack. */
static bool close_coroutine(lua_State *L, lua_State *co)
{
    ol_run *run = ol_lua_run(L);
    int status;

    if (run->now.close_depth >= CLOSE_DEPTH_MAX)
        luaL_error(L, "C stack overflow (coroutines closing coroutines)");
    run->now.close_depth++;
    ol_lua_preempt_switch(run, co);
    status = lua_resetthread(co);
    ol_lua_preempt_switch(run, L);
    run->now.close_depth--;
    if (status != LUA_OK)
        ol_lua_caught(L, status);
    return status == LUA_OK;
}

static int coroutine_close(lua_State *L)
{
    lua_State *co = check_coroutine(L);
    const char *status = status_of(L, co);

    if (strcmp(status, "suspended") != 0 && strcmp(status, "dead") != 0)
        return luaL_error(L, "cannot close a %s coroutine", status);
    if (close_coroutine(L, co)) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushboolean(L, 0);
    lua_xmove(co, L, 1);
    return 2;
}

/* ---- wrap ---- */

/* The error value is on top: close the coroutine that died of it, say where it came through. */
static int wrap_error(lua_State *L, lua_State *co)
{
    int status = lua_status(co);

    if (status != LUA_OK && status != LUA_YIELD && !close_coroutine(L, co)) {
        lua_pop(L, 1);
        lua_xmove(co, L, 1);
    }
    if (lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int wrap_on(lua_State *L, int status, lua_KContext arguments)
{
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    int results;

    (void)status;
    switch (resume(L, co, (int)arguments, &results)) {
    case RESUMED_OK:
        return results;
    case RESUMED_ONWARDS:
        return lua_yieldk(L, 0, 0, wrap_on);
    default:
        return wrap_error(L, co);
    }
}

static int call_wrapped(lua_State *L)
{
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));

    if (!check_resumable(L, co))
        return wrap_error(L, co);
    return wrap_on(L, LUA_OK, lua_gettop(L));
}

/* ---- the rest ---- */

static int coroutine_create(lua_State *L)
{
    lua_State *co;

    luaL_checktype(L, 1, LUA_TFUNCTION);
    co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    return 1;
}

static int coroutine_wrap(lua_State *L)
{
    coroutine_create(L);
    lua_pushcclosure(L, call_wrapped, 1);
    return 1;
}

static int coroutine_yield(lua_State *L)
{
    ol_run *run = ol_lua_run(L);

    if (L == run->co)
        return luaL_error(L, "attempt to yield from outside a coroutine");
    run->now.yield = OL_LUA_YIELD_SCRIPT;
    return lua_yield(L, lua_gettop(L));
}

static int coroutine_status(lua_State *L)
{
    lua_pushstring(L, status_of(L, check_coroutine(L)));
    return 1;
}

static int coroutine_running(lua_State *L)
{
    lua_pushthread(L);
    lua_pushboolean(L, L == ol_lua_run(L)->co);
    return 2;
}

static int coroutine_isyieldable(lua_State *L)
{
    lua_State *co = lua_isthread(L, 1) ? lua_tothread(L, 1) : L;

    lua_pushboolean(L, co != ol_lua_run(L)->co && lua_isyieldable(co));
    return 1;
}

void ol_lua_open_coroutine(lua_State *L)
{
    static const luaL_Reg functions[] = {{"create", coroutine_create},
                                         {"resume", coroutine_resume},
                                         {"yield", coroutine_yield},
                                         {"wrap", coroutine_wrap},
                                         {"status", coroutine_status},
                                         {"isyieldable", coroutine_isyieldable},
                                         {"running", coroutine_running},
                                         {"close", coroutine_close},
                                         {NULL, NULL}};

    luaL_newlib(L, functions);
    lua_setglobal(L, "coroutine");
}
