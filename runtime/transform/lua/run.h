/* SPDX-License-Identifier: MIT */
/*
 * One Lua state and the job it works on: what the engine (engine.c), the libraries (lib_*.c) and
 * the bindings (api_*.c) of this room share. Private to the room.
 *
 * An ol_run is pooled: it is built once (libraries, module loaded, image taken) and then
 * serves one job after the other, its memory put back to the image in between. Everything of
 * one job that is not in the arena stands in `job_` fields below, which are cleared as one.
 *
 * Who may suspend: the script runs in the coroutine `co`, and in coroutines that it makes
 * itself. Either side of the wall may want to suspend the whole chain of them (input is
 * missing, the slice is over): the innermost yields with `yield` set to what it is about, and
 * every resume in between (lib_coroutine.c) hands that on outwards without the script seeing it.
 *
 * Who may stop a job: ol_lua_stop() remembers the first reason, and from then on nothing of the
 * script runs: the hook raises at its next instruction, and pcall, xpcall, resume, wrap and close
 * raise again what they would otherwise catch.
 */
#ifndef OL_TRANSFORM_LUA_RUN_H
#define OL_TRANSFORM_LUA_RUN_H

#include <lauxlib.h>
#include <lua.h>

#include "transform/host/engine.h"
#include "transform/lua/arena.h"
#include "transform/lua/module_code.h"

enum ol_lua_yield {
    OL_LUA_YIELD_SCRIPT, /* coroutine.yield of the script */
    OL_LUA_YIELD_WAIT,   /* for input, output space, or a read_at */
    OL_LUA_YIELD_PREEMPT /* the slice is over */
};

enum ol_lua_phase {
    OL_LUA_EMPTY,   /* no state yet */
    OL_LUA_LOADING, /* the main chunk is running in co */
    OL_LUA_READY,   /* the image is taken; get and its arguments lie on co */
    OL_LUA_STARTED, /* get, or the entry in its place, is running */
    OL_LUA_OVER     /* done or failed */
};

/* The piece of the original that is held, and how much of it has been taken. */
typedef struct ol_lua_input {
    ol_slice rest; /* not yet taken */
    ol_slice lent; /* to a buffer */
    bool held;
    bool ended;
    uint32_t generation; /* grows whenever lent bytes become invalid */
} ol_lua_input;

/* Where a write that had to wait goes on. One write at a time: who waits, suspends all. */
typedef struct ol_lua_write {
    int argument;
    size_t offset;
} ol_lua_write;

#define OL_LUA_LIMITS_MAX 8
#define OL_LUA_LIMIT_BYTES 64

typedef struct ol_lua_job_state {
    ol_job *job;
    bool stopped;
    ol_error stop;
    unsigned yield; /* enum ol_lua_yield of the yield now under way */
    bool chain_yieldable; /* everything outside of `current` could be suspended */
    unsigned close_depth;
    bool head_changed, head_done;
    int64_t opened_ms;
    ol_lua_input input;
    ol_lua_write write;
    unsigned limits; /* what request has asked for */
    char limit[OL_LUA_LIMITS_MAX][OL_LUA_LIMIT_BYTES];
    bool read_at_failed; /* once at least; the last time with this error and this text */
    ol_error read_at_error;
    char read_at_text[OL_ERROR_TEXT_SIZE + 16];
} ol_lua_job_state;

struct ol_run {
    ol_engine *engine;
    ol_lua_arena arena;
    lua_State *L;  /* the main state; never runs a script */
    lua_State *co; /* where main chunk and get run */
    enum ol_lua_phase phase;
    lua_State *volatile current; /* what the VM is executing now; the timer's handler reads it */
    ol_lua_job_state now;
    ol_run *next_free;
};

/* The program's fixed part, shared by all runs of an engine. */
typedef struct ol_lua_script {
    char *chunk_name; /* "@shout.lua" */
    char *source;
    size_t source_bytes;
    uint8_t *libraries; /* encoded fields, text by name; NULL without */
    size_t libraries_bytes;
    ol_transform_limits limits;
    uint32_t seed;
    long seed_offset; /* -1: states keep Lua's own seed */
    bool declared_known;
    ol_program_declared declared; /* its headers are the next field */
    char *depends_headers;
} ol_lua_script;

const ol_lua_script *ol_lua_script_of(const ol_run *run);
ol_lua_module_codes *ol_lua_module_codes_of(ol_run *run);
/* The text of a library beside the transform; false when there is none of this name. */
bool ol_lua_script_library(const ol_lua_script *script, const char *name, ol_slice *text);
/* "get", "head", "list", "request". */
const char *ol_lua_entry_name(enum ol_transform_entry entry);

static inline ol_run *ol_lua_run(lua_State *L)
{
    return *(ol_run **)lua_getextraspace(L);
}

/* ---- stopping (suspend.c) ---- */

/* End the job with this error; the first reason counts. Raises nothing by itself: may be
 * called from the allocator. The detail gets the script's position in front. */
void ol_lua_stop(ol_run *run, int code, const char *detail, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with an error made elsewhere. */
void ol_lua_stop_error(ol_run *run, const ol_error *error);
/* Raise the stop in L: cannot be caught by the script. Does not return. */
int ol_lua_raise_stop(lua_State *L);
/* A protected call has ended with this error status: raises again what a script must not catch. */
void ol_lua_caught(lua_State *L, int status);
/* Both at once, for a binding that met an error of the job. */
int ol_lua_fail(lua_State *L, const ol_error *error);
/* "shout.lua:3", the innermost position inside the script's own file; "shout.lua" without. */
void ol_lua_position(ol_run *run, lua_State *L, char *out, size_t size);

/* ---- suspending (suspend.c) ---- */

/* Whether a yield from L would reach the scheduler. */
bool ol_lua_can_suspend(lua_State *L);
/* For a binding that got OL_WAIT: `return ol_lua_wait(L, context, k)`. Raises when nothing
 * can be suspended here. */
int ol_lua_wait(lua_State *L, lua_KContext context, lua_KFunction k);

/* ---- keys of the registry (integers) ---- */
enum {
    OL_LUA_KEY_EVENT = 100,
    OL_LUA_KEY_OBJECT,
    OL_LUA_KEY_RESPONSE,
    OL_LUA_KEY_CO,
    OL_LUA_KEY_ENTRY, /* and the OL_ENTRIES - 1 behind: functions called as get is; get lies on co */
    OL_LUA_KEY_ENTRY_LAST_ = OL_LUA_KEY_ENTRY + OL_ENTRIES - 1,
    OL_LUA_KEY_INDEX, /* function(t, k) return t[k] end, for lookups that may suspend */
    OL_LUA_KEY_SORTED, /* what next() looked at last */
    OL_LUA_KEY_LOADED  /* what was required, by name */
};

#endif
