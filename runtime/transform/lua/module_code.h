/* SPDX-License-Identifier: MIT */
/*
 * The texts of the modules that come with objlens, as Lua's code: an engine compiles each once, not once for each of its
 * states. Compiling leaves holes in the heap of the state that does it, and a state's heap is put back after every job,
 * holes and all; what is loaded from code lies without.
 *
 * Lua does not check code. Only that made here, of texts that are part of this program, is ever loaded.
 */
#ifndef OL_TRANSFORM_LUA_MODULE_CODE_H
#define OL_TRANSFORM_LUA_MODULE_CODE_H

#include <lua.h>

#include "base/buf.h"

#define OL_LUA_MODULES_MAX 16

/* An engine's; zeroed at first. */
typedef struct ol_lua_module_codes {
    ol_buf of[OL_LUA_MODULES_MAX]; /* empty until the module was required */
} ol_lua_module_codes;

void ol_lua_module_codes_fini(ol_lua_module_codes *codes);

/* Push the chunk of the module of this name, which must be one of those there are. Without memory to keep code in, of its
 * text; raises what Lua does when there is none to load it. */
void ol_lua_push_module(lua_State *L, ol_lua_module_codes *codes, const char *name);

#endif
