/* SPDX-License-Identifier: MIT */
/*
 * A Lua state for configuration files: bounded memory (wiped when given back, because
 * secrets pass through it), bounded instructions and CPU time, and of Lua's libraries only
 * what is pure and takes time in proportion to what it is given.
 */
#ifndef OL_CONTROL_CONFIG_LUA_H
#define OL_CONTROL_CONFIG_LUA_H

#include <lua.h>

#include "base/error.h"

#define OL_CONFIG_LUA_BYTES_MAX (16u * 1024 * 1024)
#define OL_CONFIG_LUA_INSTRUCTIONS_MAX 20000000u
#define OL_CONFIG_LUA_CPU_MS 3000u

typedef struct ol_config_lua {
    lua_State *L;
    size_t bytes;          /* held by Lua now */
    bool no_memory;        /* the heap refused; not the sandbox's own limit */
    uint64_t instructions; /* run so far, counted in steps */
    uint64_t cpu_start_ns;
} ol_config_lua;

/* OL_OK or OL_ENOMEM. The struct must not move while the state lives. */
int ol_config_lua_open(ol_config_lua *lua);
void ol_config_lua_close(ol_config_lua *lua);
/* Push a table with the pure functions: ipairs, pairs, tonumber, tostring, type, and parts of
 * string and table. May raise (memory). */
void ol_config_lua_push_library(lua_State *L);
/* Start spending the budgets of instructions and time. */
void ol_config_lua_start(ol_config_lua *lua);

#endif
