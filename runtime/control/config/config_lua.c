/* SPDX-License-Identifier: MIT */
/*
 * What is left out and why: load and require (other code), pcall (it would swallow the end of
 * a budget), setmetatable and string patterns (unbounded work inside one C call), string.rep
 * (likewise), io, os and debug (the world).
 */
#include "control/config/config_lua.h"

#include <lauxlib.h>
#include <lualib.h>

#include "base/alloc.h"
#include "base/clock.h"

#define HOOK_INSTRUCTIONS 1000

static void *wiped_realloc(void *block, size_t old_size, size_t size)
{
    void *moved = size ? ol_malloc(size) : NULL;
    if (size && !moved)
        return size <= old_size ? block : NULL; /* Lua relies on shrinking to succeed */
    if (moved)
        memcpy(moved, block, size < old_size ? size : old_size);
    ol_wipe(block, old_size);
    ol_free(block);
    return moved;
}

static void *allocate(void *arg, void *block, size_t old_size, size_t size)
{
    ol_config_lua *lua = arg;
    if (!block)
        old_size = 0; /* Lua passes a type tag here */
    if (size > old_size && size - old_size > OL_CONFIG_LUA_BYTES_MAX - lua->bytes)
        return NULL;
    if (!block && size == 0)
        return NULL;
    void *result = block ? wiped_realloc(block, old_size, size) : ol_malloc(size);
    if (size && !result) {
        lua->no_memory = true;
        return NULL;
    }
    lua->bytes = lua->bytes - old_size + size;
    return result;
}

static void on_count(lua_State *L, lua_Debug *debug)
{
    (void)debug;
    ol_config_lua *lua = *(ol_config_lua **)lua_getextraspace(L);
    lua->instructions += HOOK_INSTRUCTIONS;
    uint64_t cpu_ms = (ol_clock_thread_cpu_ns() - lua->cpu_start_ns) / 1000000;
    if (lua->instructions <= OL_CONFIG_LUA_INSTRUCTIONS_MAX && cpu_ms <= OL_CONFIG_LUA_CPU_MS)
        return;
    luaL_where(L, 0); /* inside a hook, level 0 is the script */
    lua_pushliteral(L, "the configuration runs too long; is there a loop without end?");
    lua_concat(L, 2);
    lua_error(L);
}

static int on_panic(lua_State *L)
{
    (void)L;
    return 0; /* Lua aborts: everything that may raise runs in a protected call */
}

int ol_config_lua_open(ol_config_lua *lua)
{
    *lua = (ol_config_lua){0};
    lua->L = lua_newstate(allocate, lua);
    if (!lua->L)
        return OL_ENOMEM;
    *(ol_config_lua **)lua_getextraspace(lua->L) = lua;
    lua_atpanic(lua->L, on_panic);
    return OL_OK;
}

void ol_config_lua_close(ol_config_lua *lua)
{
    if (lua->L)
        lua_close(lua->L);
    lua->L = NULL;
}

void ol_config_lua_start(ol_config_lua *lua)
{
    lua->instructions = 0;
    lua->cpu_start_ns = ol_clock_thread_cpu_ns();
    lua_sethook(lua->L, on_count, LUA_MASKCOUNT, HOOK_INSTRUCTIONS);
}

/* Move `names` (NULL-terminated) from the table on top into a new one, which replaces it. */
static void keep_only(lua_State *L, const char *const *names)
{
    lua_newtable(L);
    for (; *names; names++) {
        lua_getfield(L, -2, *names);
        lua_setfield(L, -2, *names);
    }
    lua_remove(L, -2);
}

static void open_library(lua_State *L, lua_CFunction open, const char *const *names)
{
    lua_pushcfunction(L, open);
    lua_call(L, 0, 1);
    keep_only(L, names);
}

void ol_config_lua_push_library(lua_State *L)
{
    static const char *const base[] = {"ipairs", "pairs", "tonumber", "tostring", "type", NULL};
    static const char *const string[] = {"format", "len", "lower", "sub", "upper", NULL};
    static const char *const table[] = {"concat", "insert", "unpack", NULL};

    lua_pushcfunction(L, luaopen_base);
    lua_call(L, 0, 1); /* also the state's own table of globals, which the chunk never sees */
    keep_only(L, base);
    open_library(L, luaopen_string, string);

    /* ("x"):upper() finds its method through the metatable of strings. */
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 2);

    lua_setfield(L, -2, "string");
    open_library(L, luaopen_table, table);
    lua_setfield(L, -2, "table");
}
