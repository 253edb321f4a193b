/* SPDX-License-Identifier: MIT */
/*
 * Building a run, and putting it back.
 *
 * new → compile (state, libraries, the module's text) → load (its main chunk, in slices like any
 * other script) → settle (collect garbage, lay get and its arguments out on the coroutine) →
 * image. From then on a job costs no preparation: it resumes the coroutine.
 *
 * Putting a run back is right after every kind of end, also when the script was stopped in the
 * middle of a C function, ran out of memory, or overflowed its stack: lua_resume has returned by
 * then, so nothing on the C stack refers to the state, and all that Lua knows (stacks, call
 * records, hooks, error status, collector, free lists) lies in the arena and is overwritten by
 * the image. Outside of it there are only the fields of ol_run, cleared here, and the piece of
 * input, given back by close.
 */
#include "base/alloc.h"
#include "transform/lua/engine.h"
#include "transform/lua/libs.h"
#include "transform/lua/module.h"
#include "transform/lua/preempt.h"
#include "transform/lua/seed.h"
#include "transform/lua/weak.h"

static void on_spent(void *arg)
{
    ol_run *run = arg;

    ol_lua_stop(run, OL_ETRANSFORMMEMORY, "more than %llu bytes (memory_bytes)",
                (unsigned long long)ol_lua_script_of(run)->limits.memory_bytes);
}

int ol_lua_run_new(ol_run **out, ol_engine *engine, const ol_lua_script *script, ol_error *err)
{
    ol_run *run = ol_calloc(1, sizeof(*run));
    int rc;

    if (!run)
        return ol_error_set(err, OL_ENOMEM, "a Lua state");
    run->engine = engine;
    rc = ol_lua_arena_init(&run->arena, script->limits.memory_bytes, err);
    if (rc != OL_OK) {
        ol_free(run);
        return rc;
    }
    *out = run;
    return OL_OK;
}

void ol_lua_run_destroy(ol_run *run)
{
    if (!run)
        return;
    /* No lua_close: the state owns nothing outside of its arena. */
    ol_lua_arena_fini(&run->arena);
    ol_free(run);
}

/* ---- compile ---- */

/* luaL_Buffer registers a metatable when it first grows: let that be part of the image. */
static void grow_a_buffer(lua_State *L)
{
    luaL_Buffer buffer;

    luaL_buffinitsize(L, &buffer, LUAL_BUFFERSIZE + 1);
    luaL_pushresultsize(&buffer, 0);
    lua_pop(L, 1);
}

static int set_up(lua_State *L)
{
    ol_run *run = ol_lua_run(L);
    const ol_lua_script *script = ol_lua_script_of(run);

    ol_lua_forbid_weak(L, run->arena.heap);
    ol_lua_open_libs(L);
    grow_a_buffer(L);
    run->co = lua_newthread(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_CO);
    if (luaL_loadbufferx(L, script->source, script->source_bytes, script->chunk_name, "t") !=
        LUA_OK)
        return lua_error(L);
    lua_xmove(L, run->co, 1);
    return 0;
}

int ol_lua_run_compile(ol_run *run, ol_error *err)
{
    const ol_lua_script *script = ol_lua_script_of(run);
    int status;

    if (script->seed_offset >= 0)
        ol_lua_heap_patch_first(run->arena.heap, (size_t)script->seed_offset, script->seed);
    run->L = lua_newstate(ol_lua_heap_realloc, run->arena.heap);
    if (!run->L)
        return ol_error_set(err, OL_ETRANSFORMMEMORY, "memory_bytes cannot hold a Lua state");
    *(ol_run **)lua_getextraspace(run->L) = run;
    ol_lua_heap_on_spent(run->arena.heap, on_spent, run);
    lua_pushcfunction(run->L, set_up);
    status = lua_pcall(run->L, 0, 0, 0);
    if (status != LUA_OK)
        return ol_lua_load_failed(run, run->L, status, err);
    run->phase = OL_LUA_LOADING;
    return OL_OK;
}

/* ---- load ---- */

/* Arguments: the function of each entry, and that of response. Lay out what a job's first resume
 * needs, and collect what is left over. */
static int settle(lua_State *L)
{
    lua_State *co = ol_lua_run(L)->co;

    ol_lua_open_entries(L);
    lua_settop(L, 1 + OL_ENTRY_GET);
    luaL_checkstack(co, 5, NULL);
    lua_rawgeti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_EVENT);
    lua_rawgeti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_OBJECT);
    lua_rawgeti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_RESPONSE);
    lua_xmove(L, co, 4);
    lua_gc(L, LUA_GCCOLLECT, 0);
    lua_gc(L, LUA_GCCOLLECT, 0);
    return 0;
}

/* Remember what the module declares; its headers are at `index`. */
static int store_declared(ol_run *run, ol_lua_script *script, const ol_program_declared *declared,
                          int index, ol_error *err)
{
    size_t len;
    const char *headers = lua_tolstring(run->L, index, &len);

    if (script->declared_known)
        return OL_OK;
    script->depends_headers = ol_strndup(headers, len);
    if (!script->depends_headers)
        return ol_error_set(err, OL_ENOMEM, "what a transform declares");
    script->declared = *declared;
    script->declared.depends_headers = ol_slice_of(script->depends_headers, len);
    script->declared_known = true;
    return OL_OK;
}

/* The main chunk's `results` lie on co. Leaves the check's results on L. */
static int check_module(ol_run *run, ol_lua_script *script, int results, ol_error *err)
{
    lua_State *L = run->L;
    ol_program_declared declared;
    int status;

    lua_settop(L, 0);
    lua_pushcfunction(L, ol_lua_module_check);
    if (results > 0) {
        lua_pop(run->co, results - 1);
        lua_xmove(run->co, L, 1);
    } else {
        lua_pushnil(L);
    }
    lua_pushlightuserdata(L, &declared);
    status = lua_pcall(L, 2, OL_LUA_MODULE_RESULTS, 0);
    if (status != LUA_OK)
        return ol_lua_load_failed(run, L, status, err);
    return store_declared(run, script, &declared, 1, err);
}

static int finish_load(ol_run *run, ol_lua_script *script, int results, ol_error *err)
{
    lua_State *L = run->L;
    int status, rc = check_module(run, script, results, err);

    if (rc != OL_OK)
        return rc;
    lua_pushcfunction(L, settle);
    lua_replace(L, 1);
    status = lua_pcall(L, OL_ENTRIES + 1, 0, 0);
    if (status != LUA_OK)
        return ol_lua_load_failed(run, L, status, err);
    lua_sethook(L, NULL, 0, 0);
    lua_sethook(run->co, NULL, 0, 0);
    rc = ol_lua_arena_take_image(&run->arena, err);
    if (rc != OL_OK)
        return rc;
    run->phase = OL_LUA_READY;
    return OL_DONE;
}

int ol_lua_run_load(ol_run *run, ol_lua_script *script, uint32_t slice_ms, ol_error *err)
{
    int status, results = 0;

    run->now.chain_yieldable = true;
    ol_lua_preempt_begin(run, run->co, slice_ms);
    status = lua_resume(run->co, NULL, 0, &results);
    ol_lua_preempt_end(run);
    if (status == LUA_YIELD)
        return OL_OK;
    if (status != LUA_OK)
        return ol_lua_load_failed(run, run->co, status, err);
    return finish_load(run, script, results, err);
}

void ol_lua_run_reset(ol_run *run)
{
    ol_lua_arena_restore(&run->arena);
    ol_wipe(&run->now, sizeof(run->now));
    run->current = NULL;
    run->phase = OL_LUA_READY;
}
