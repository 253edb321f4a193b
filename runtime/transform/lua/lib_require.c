/* SPDX-License-Identifier: MIT */
/*
 * require; see require.h.
 *
 * Libraries of the author's are compiled from the texts that the server read together with the
 * transform's (script->libraries): no file is opened here. A library runs once for each state, with
 * its name for an argument; what it returns is what every require of it gives. It may be
 * preempted, so require can be suspended in the middle; a library that requires itself is told.
 */
#include <stdio.h>

#include "transform/fields.h"
#include "transform/lua/libs.h"
#include "transform/lua/require.h"
#include "transform/lua/run.h"

#define NAME_BYTES_MAX 100

typedef struct module {
    const char *name;
    void (*push_core)(lua_State *L);
    const char *const *uses; /* other modules, handed to its text behind the core */
} module;

static const char *const no_others[] = {NULL};
static const char *const source_only[] = {"source", NULL};
static const char *const source_utf8[] = {"source", "utf8", NULL};
static const char *const source_json[] = {"source", "json", NULL};

static const module modules[] = {
    {"source", ol_lua_core_source, no_others},
    {"json", ol_lua_core_json, source_only},
    {"csv", ol_lua_core_csv, source_only},
    {"xml", ol_lua_core_xml, source_only},
    {"re", ol_lua_core_re, source_utf8},
    {"pii", ol_lua_core_pii, source_json},
    {"hash", ol_lua_core_hash, no_others},
    {"hmac", ol_lua_core_hash, no_others},
    {"base64", ol_lua_core_base64, no_others},
    {"utf8", ol_lua_core_utf8, source_only},
    {"zip", ol_lua_core_zip, source_only},
    {"net", ol_lua_core_net, no_others},
};

static const char prefix[] = "objlens.";
/* What stands for a library while it runs. */
static const char running;

void ol_lua_make_type(lua_State *L, const char *name, const luaL_Reg *metamethods)
{
    if (luaL_newmetatable(L, name)) {
        luaL_setfuncs(L, metamethods, 0);
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
    }
    lua_pop(L, 1);
}

/* ---- errors ---- */

/* Push "shout.lua:3: ", the innermost position in a text of the author's; "" without. */
static void push_position(lua_State *L)
{
    lua_Debug ar;

    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        if (!lua_getinfo(L, "Sl", &ar) || ar.currentline <= 0 || ar.source[0] != '@')
            continue;
        lua_pushfstring(L, "%s:%d: ", ar.source + 1, ar.currentline);
        return;
    }
    lua_pushliteral(L, "");
}

int ol_lua_module_error(lua_State *L, const char *format, ...)
{
    char text[OL_ERROR_TEXT_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    push_position(L);
    lua_pushstring(L, text);
    lua_concat(L, 2);
    return lua_error(L);
}

/* What the modules' texts have for error: the level is that of the author's text. */
static int raise(lua_State *L)
{
    luaL_checkstring(L, 1);
    push_position(L);
    lua_pushvalue(L, 1);
    lua_concat(L, 2);
    return lua_error(L);
}

/* The chunk on top gets the globals with that error. */
static void set_environment(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushglobaltable(L);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_pushcfunction(L, raise);
    lua_setfield(L, -2, "error");
    lua_setupvalue(L, -2, 1);
}

/* ---- the modules that come with objlens ---- */

static const module *find_module(const char *name)
{
    for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
        if (strcmp(modules[i].name, name) == 0)
            return &modules[i];
    return NULL;
}

/* The name it is kept under. What is internal has one that require does not take. */
static void push_key(lua_State *L, const module *m)
{
    if (m->push_core == ol_lua_core_source)
        lua_pushlstring(L, "\0source", 7);
    else
        lua_pushfstring(L, "%s%s", prefix, m->name);
}

/* Push it, made at its first use. `loaded` is the table of what was. */
static void push_module(lua_State *L, int loaded, const module *m)
{
    int arguments = 1;

    push_key(L, m);
    if (lua_rawget(L, loaded) != LUA_TNIL)
        return;
    lua_pop(L, 1);
    luaL_checkstack(L, 12, NULL);
    ol_lua_push_module(L, ol_lua_module_codes_of(ol_lua_run(L)), m->name);
    set_environment(L);
    m->push_core(L);
    for (const char *const *other = m->uses; *other; other++, arguments++)
        push_module(L, loaded, find_module(*other));
    lua_call(L, arguments, 1);
    push_key(L, m);
    lua_pushvalue(L, -2);
    lua_rawset(L, loaded);
}

/* ---- libraries beside the transform ---- */

/* Stack: name, loaded, result of the library. */
static int finish_library(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    if (lua_isnil(L, 3)) {
        lua_pushboolean(L, 1);
        lua_replace(L, 3);
    }
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 3);
    lua_rawset(L, 2);
    return 1;
}

static int run_library(lua_State *L, ol_slice text)
{
    const char *chunk_name = lua_pushfstring(L, "@%s.lua", lua_tostring(L, 1));

    if (luaL_loadbufferx(L, (const char *)text.data, text.len, chunk_name, "t") != LUA_OK)
        return lua_error(L);
    lua_remove(L, 3);
    lua_pushvalue(L, 1);
    lua_pushlightuserdata(L, (void *)(uintptr_t)&running);
    lua_rawset(L, 2);
    lua_pushvalue(L, 1);
    lua_callk(L, 1, 1, 0, finish_library);
    return finish_library(L, LUA_OK, 0);
}

static int require(lua_State *L)
{
    size_t len;
    const char *name = luaL_checklstring(L, 1, &len);
    const module *shipped = NULL;
    ol_slice text;

    luaL_argcheck(L, len < NAME_BYTES_MAX && strlen(name) == len, 1, "not a module's name");
    lua_settop(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_LOADED);
    lua_pushvalue(L, 1);
    if (lua_rawget(L, 2) == LUA_TLIGHTUSERDATA)
        return luaL_error(L, "require: '%s' requires itself, or failed before", name);
    if (!lua_isnil(L, 3))
        return 1;
    lua_settop(L, 2);
    if (strncmp(name, prefix, sizeof(prefix) - 1) == 0)
        shipped = find_module(name + sizeof(prefix) - 1);
    if (shipped && shipped->push_core != ol_lua_core_source) {
        push_module(L, 2, shipped);
        return 1;
    }
    if (ol_lua_script_library(ol_lua_script_of(ol_lua_run(L)), name, &text))
        return run_library(L, text);
    return luaL_error(L, "require: there is no module '%s'", name);
}

void ol_lua_open_require(lua_State *L)
{
    lua_newtable(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_LOADED);
    lua_pushcfunction(L, require);
    lua_setglobal(L, "require");
}
