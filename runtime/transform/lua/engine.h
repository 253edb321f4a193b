/* SPDX-License-Identifier: MIT */
/*
 * The Lua engine beyond engine.h of the host: what its tests need, and the parts it is made of.
 */
#ifndef OL_TRANSFORM_LUA_ENGINE_H
#define OL_TRANSFORM_LUA_ENGINE_H

#include "transform/lua/run.h"

#define OL_LUA_RUNS_MAX 64 /* jobs at a time */

/* A host keeps its engine until it ends; tests give it back. No run may be open. */
void ol_lua_engine_destroy(ol_engine *engine);

/* ---- building a run (build.c) ---- */

/* An empty run for this engine. OL_OK or OL_ENOMEM. */
int ol_lua_run_new(ol_run **run, ol_engine *engine, const ol_lua_script *script, ol_error *err);
void ol_lua_run_destroy(ol_run *run);
/* Make the state and compile the module: OL_LUA_EMPTY becomes OL_LUA_LOADING. */
int ol_lua_run_compile(ol_run *run, ol_error *err);
/* Run the main chunk for a slice: OL_OK to be called again, OL_DONE when the run is ready. What the
 * module declares is stored in *script the first time. */
int ol_lua_run_load(ol_run *run, ol_lua_script *script, uint32_t slice_ms, ol_error *err);
/* Everything as it was when the run became ready; nothing of the job is left. */
void ol_lua_run_reset(ol_run *run);

/* ---- failures (failure.c) ---- */

/* co has ended with this error status: fill err. */
int ol_lua_run_failed(ol_run *run, int status, ol_error *err);
/* The same for L while the module loads: the message is the author's, and goes to the detail. */
int ol_lua_load_failed(ol_run *run, lua_State *L, int status, ol_error *err);

#endif
