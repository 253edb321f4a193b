/* SPDX-License-Identifier: MIT */
/*
 * Memory and time for libraries in C that know nothing of Lua (PCRE2, zlib, expat, …).
 *
 * Memory: their blocks come from the script's own heap. So they count against memory_bytes, and
 * putting a run back gives back whatever a stopped script left open: such a library must hold
 * nothing else (no descriptors, no locks, no memory of malloc).
 *
 * Time: a call into such a library cannot be preempted. A guarded one can be abandoned instead:
 *
 *     if (sigsetjmp(ol_lua_guard.back, 0) == 0) { ol_lua_guard_begin(); call; ol_lua_guard_end(); }
 *     else { ol_lua_guard_abandoned(); …what the call worked on must not be used any more… }
 *
 * The jump comes when the slice has been over for unyieldable_ms of CPU time.
 */
#ifndef OL_TRANSFORM_LUA_NATIVE_H
#define OL_TRANSFORM_LUA_NATIVE_H

#include <setjmp.h>
#include <signal.h>

#include "transform/lua/run.h"

/* As malloc & co.; NULL when the limit is reached: then the job has been stopped, and the caller
 * gets out and raises that. 16-aligned. */
void *ol_lua_native_alloc(ol_run *run, size_t bytes);
void *ol_lua_native_realloc(ol_run *run, void *block, size_t bytes);
void ol_lua_native_free(ol_run *run, void *block);
/* As the above in zlib's and bzip2's form. `opaque` is the run. */
void *ol_lua_native_calloc(void *opaque, unsigned items, unsigned size);
/* In the form of PCRE2 and zstd. */
void *ol_lua_native_malloc_cb(size_t bytes, void *run);
void ol_lua_native_free_cb(void *block, void *run);

/* An object that holds blocks was made: let the collector know how much there is to gain. */
void ol_lua_native_made(lua_State *L, size_t bytes);
/* A library ran out of memory, or says so: ends the job. Does not return. */
int ol_lua_native_spent(lua_State *L);

typedef struct ol_lua_guard_state {
    sigjmp_buf back;
    volatile sig_atomic_t on, allocating;
} ol_lua_guard_state;

extern _Thread_local ol_lua_guard_state ol_lua_guard; /* a host is a thread */

void ol_lua_guard_begin(void);
void ol_lua_guard_end(void);
/* Behind the jump. */
void ol_lua_guard_abandoned(void);

#endif
