/* SPDX-License-Identifier: MIT */
/*
 * What a module may return; see module.h.
 */
#include "transform/lua/module.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdlib.h>

#include "base/limits.h"
#include "transform/lua/run.h"
#include "transform/secret_headers.h"

#define HEADERS_MAX 64
#define HEADER_NAME_MAX 128

int ol_lua_module_check_source(ol_slice source, ol_error *err)
{
    if (source.len && source.data[0] == '\x1b')
        return ol_error_set(err, OL_ETRANSFORM, "bytecode is not accepted, only source text");
    return OL_OK;
}

/* ---- depends.headers ---- */

/* Replace the name on top by its lower case. */
static const char *check_header(lua_State *L)
{
    char lower[HEADER_NAME_MAX];
    size_t len;
    const char *name;

    if (lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "depends.headers must be a list of names");
    name = lua_tolstring(L, -1, &len);
    if (len == 0 || len >= sizeof(lower))
        luaL_error(L, "depends.headers: a name is empty or too long");
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i] ? name[i] : ' '))
            luaL_error(L, "depends.headers: '%s' is not a header's name", name);
        lower[i] = (char)tolower((unsigned char)name[i]);
    }
    lower[len] = '\0';
    lua_pop(L, 1);
    lua_pushlstring(L, lower, len);
    if (ol_header_is_secret(ol_slice_of(lower, len)))
        luaL_error(L, "depends.headers: '%s' is never shown to a transform", lower);
    return lua_tostring(L, -1);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The list of names at `list` becomes one string on top. */
static void push_headers(lua_State *L, int list)
{
    const char *names[HEADERS_MAX];
    lua_Unsigned count = lua_rawlen(L, list);
    lua_Unsigned keys = 0;
    luaL_Buffer out;

    if (count > HEADERS_MAX)
        luaL_error(L, "depends.headers: more than %d names", HEADERS_MAX);
    for (lua_pushnil(L); lua_next(L, list); lua_pop(L, 1))
        keys++;
    if (keys != count)
        luaL_error(L, "depends.headers must be a list of names");
    luaL_checkstack(L, HEADERS_MAX + 8, NULL);
    for (lua_Unsigned i = 0; i < count; i++) {
        lua_rawgeti(L, list, (lua_Integer)i + 1);
        names[i] = check_header(L); /* stays on the stack */
    }
    qsort(names, count, sizeof(names[0]), compare_names);
    luaL_buffinit(L, &out);
    for (lua_Unsigned i = 0; i < count; i++) {
        if (i && strcmp(names[i], names[i - 1]) == 0)
            continue;
        luaL_addstring(&out, names[i]);
        luaL_addchar(&out, '\n');
    }
    luaL_pushresult(&out);
}

/* ---- the table ---- */

/* Stack while reading. Behind these the key and the value under way. */
enum {
    MODULE = 1,
    DECLARED,
    HEADERS, /* from here on the results */
    FUNCTIONS,
    RESPONSE = FUNCTIONS + OL_ENTRIES,
    DEPENDS,
    POSITIONS,
    KEY,
    VALUE
};

static ol_program_declared *declared_of(lua_State *L)
{
    return lua_touserdata(L, DECLARED);
}

static const char *key_of(lua_State *L, const char *where)
{
    if (lua_type(L, KEY) != LUA_TSTRING)
        luaL_error(L, "%s has a key of type %s", where, luaL_typename(L, KEY));
    return lua_tostring(L, KEY);
}

static bool boolean_of(lua_State *L, const char *what)
{
    if (!lua_isboolean(L, VALUE))
        luaL_error(L, "%s must be true or false", what);
    return lua_toboolean(L, VALUE);
}

static void read_depends_member(lua_State *L, const char *key)
{
    if (strcmp(key, "request") == 0) {
        declared_of(L)->depends_request = boolean_of(L, "depends.request");
    } else if (strcmp(key, "identity") == 0) {
        declared_of(L)->ignores_identity = !boolean_of(L, "depends.identity");
    } else if (strcmp(key, "headers") == 0) {
        if (!lua_istable(L, VALUE))
            luaL_error(L, "depends.headers must be a list of names");
        push_headers(L, VALUE);
        lua_copy(L, -1, HEADERS);
    } else {
        luaL_error(L, "depends has an unknown key '%s'", key);
    }
}

static uint32_t read_context(lua_State *L, const char *key)
{
    int is_integer = lua_isinteger(L, VALUE);
    lua_Integer bytes = lua_tointeger(L, VALUE);

    if (!is_integer || bytes < 0 || bytes > (lua_Integer)OL_TRANSFORM_CONTEXT_BYTES_MAX)
        luaL_error(L, "positions.%s must be a whole number from 0 to %d", key,
                   (int)OL_TRANSFORM_CONTEXT_BYTES_MAX);
    return (uint32_t)bytes;
}

static void read_positions_member(lua_State *L, const char *key)
{
    if (strcmp(key, "before") == 0)
        declared_of(L)->positions_before = read_context(L, key);
    else if (strcmp(key, "after") == 0)
        declared_of(L)->positions_after = read_context(L, key);
    else
        luaL_error(L, "positions has an unknown key '%s'", key);
}

static void check_function(lua_State *L, const char *key)
{
    if (!lua_isfunction(L, VALUE))
        luaL_error(L, "%s must be a function", key);
}

static bool read_function(lua_State *L, const char *key)
{
    if (strcmp(key, "response") == 0) {
        check_function(L, key);
        lua_copy(L, VALUE, RESPONSE);
        return true;
    }
    for (int entry = 0; entry < OL_ENTRIES; entry++) {
        if (strcmp(key, ol_lua_entry_name((enum ol_transform_entry)entry)) != 0)
            continue;
        check_function(L, key);
        lua_copy(L, VALUE, FUNCTIONS + entry);
        return true;
    }
    return false;
}

static void read_member(lua_State *L, const char *key)
{
    if (strcmp(key, "depends") == 0)
        lua_copy(L, VALUE, DEPENDS);
    else if (strcmp(key, "positions") == 0)
        lua_copy(L, VALUE, POSITIONS);
    else if (!read_function(L, key))
        luaL_error(L, "the module's table has an unknown key '%s'", key);
}

static void read_table(lua_State *L, int table, const char *where,
                       void (*read)(lua_State *L, const char *key))
{
    if (!lua_istable(L, table))
        luaL_error(L, "%s must be a table", where);
    for (lua_pushnil(L); lua_next(L, table); lua_settop(L, KEY))
        read(L, key_of(L, where));
}

/* A module without get lets the bytes pass as they are; then it must have something else to say. */
static void read_passing(lua_State *L)
{
    if (lua_isnil(L, FUNCTIONS + OL_ENTRY_REQUEST) && lua_isnil(L, FUNCTIONS + OL_ENTRY_LIST) &&
        lua_isnil(L, RESPONSE))
        luaL_error(L, "the module's table has no get");
    if (!lua_isnil(L, FUNCTIONS + OL_ENTRY_HEAD))
        luaL_error(L, "a module without get has no head of its own");
    declared_of(L)->keeps_positions = true;
}

static void read_module(lua_State *L)
{
    int type = lua_type(L, MODULE);

    if (type == LUA_TFUNCTION)
        lua_copy(L, MODULE, FUNCTIONS + OL_ENTRY_GET);
    else if (type == LUA_TTABLE)
        read_table(L, MODULE, "the module's table", read_member);
    else
        luaL_error(L, "the module must return a function, or a table with get; it returns %s",
                   type == LUA_TNIL ? "nothing" : lua_typename(L, type));
    if (lua_isnil(L, FUNCTIONS + OL_ENTRY_GET))
        read_passing(L);
}

static void declare_functions(lua_State *L)
{
    ol_program_declared *declared = declared_of(L);

    declared->reentrant = true;
    declared->has_get = true;
    declared->has_head = !lua_isnil(L, FUNCTIONS + OL_ENTRY_HEAD) ||
                         lua_isnil(L, FUNCTIONS + OL_ENTRY_GET);
    declared->has_list = !lua_isnil(L, FUNCTIONS + OL_ENTRY_LIST);
    declared->has_request = !lua_isnil(L, FUNCTIONS + OL_ENTRY_REQUEST);
}

int ol_lua_module_check(lua_State *L)
{
    *declared_of(L) = (ol_program_declared){0};
    lua_settop(L, DECLARED);
    lua_pushliteral(L, "");
    lua_settop(L, POSITIONS);
    read_module(L);
    if (!lua_isnil(L, DEPENDS))
        read_table(L, DEPENDS, "depends", read_depends_member);
    if (!lua_isnil(L, POSITIONS)) {
        read_table(L, POSITIONS, "positions", read_positions_member);
        declared_of(L)->keeps_positions = true;
    }
    declare_functions(L);
    lua_settop(L, DEPENDS - 1);
    return OL_LUA_MODULE_RESULTS;
}
