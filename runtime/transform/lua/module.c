/* SPDX-License-Identifier: MIT */
/*
 * What a module may return; see module.h.
 */
#include "transform/lua/module.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdlib.h>

#define HEADERS_MAX 64
#define HEADER_NAME_MAX 128

/* Nobody gets to see these: they are or hold credentials. */
static const char *const secret_headers[] = {"authorization", "cookie", "proxy-authorization",
                                             "x-amz-security-token", NULL};
static const char secret_prefix[] = "x-amz-server-side-encryption-customer-";
static const char secret_copy_prefix[] = "x-amz-copy-source-server-side-encryption-customer-";

int ol_lua_module_check_source(ol_slice source, ol_error *err)
{
    if (source.len && source.data[0] == '\x1b')
        return ol_error_set(err, OL_ETRANSFORM, "bytecode is not accepted, only source text");
    return OL_OK;
}

/* ---- depends.headers ---- */

static void check_secret(lua_State *L, const char *name)
{
    bool secret = strncmp(name, secret_prefix, sizeof(secret_prefix) - 1) == 0 ||
                  strncmp(name, secret_copy_prefix, sizeof(secret_copy_prefix) - 1) == 0;

    for (const char *const *s = secret_headers; *s && !secret; s++)
        secret = strcmp(name, *s) == 0;
    if (secret)
        luaL_error(L, "depends.headers: '%s' is never shown to a transform", name);
}

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
    lua_pop(L, 1);
    lua_pushlstring(L, lower, len);
    check_secret(L, lua_tostring(L, -1));
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

static const char *key_of(lua_State *L, int index, const char *where)
{
    if (lua_type(L, index) != LUA_TSTRING)
        luaL_error(L, "%s has a key of type %s", where, luaL_typename(L, index));
    return lua_tostring(L, index);
}

/* depends at index 3; fills results 5 (request) and 6 (headers). */
static void read_depends(lua_State *L)
{
    if (!lua_istable(L, 3))
        luaL_error(L, "depends must be a table");
    for (lua_pushnil(L); lua_next(L, 3); lua_settop(L, 7)) {
        const char *key = key_of(L, 7, "depends");

        if (strcmp(key, "request") == 0) {
            if (!lua_isboolean(L, 8))
                luaL_error(L, "depends.request must be true or false");
            lua_copy(L, 8, 5);
        } else if (strcmp(key, "headers") == 0) {
            if (!lua_istable(L, 8))
                luaL_error(L, "depends.headers must be a list of names");
            push_headers(L, 8);
            lua_copy(L, -1, 6);
        } else {
            luaL_error(L, "depends has an unknown key '%s'", key);
        }
    }
}

/* The module's table at index 1: get goes to index 2, depends to 3. */
static void read_table(lua_State *L)
{
    for (lua_pushnil(L); lua_next(L, 1); lua_settop(L, 7)) {
        const char *key = key_of(L, 7, "the module's table");

        if (strcmp(key, "get") == 0)
            lua_copy(L, 8, 2);
        else if (strcmp(key, "depends") == 0)
            lua_copy(L, 8, 3);
        else if (strcmp(key, "head") == 0 || strcmp(key, "list") == 0 ||
                 strcmp(key, "request") == 0)
            luaL_error(L, "'%s' is reserved for a later version and not supported yet", key);
        else
            luaL_error(L, "the module's table has an unknown key '%s'", key);
    }
}

/* Stack while reading: 1 value, 2 get, 3 depends, 4 unused, 5 request, 6 headers, then the
 * key and value under way. */
int ol_lua_module_check(lua_State *L)
{
    int type = lua_type(L, 1);

    lua_settop(L, 4);
    lua_pushboolean(L, 0);
    lua_pushliteral(L, "");
    if (type == LUA_TFUNCTION)
        lua_copy(L, 1, 2);
    else if (type == LUA_TTABLE)
        read_table(L);
    else
        return luaL_error(L, "the module must return a function, or a table with get; it "
                             "returns %s", type == LUA_TNONE ? "nothing" : lua_typename(L, type));
    if (lua_isnil(L, 2))
        return luaL_error(L, "the module's table has no get");
    if (!lua_isfunction(L, 2))
        return luaL_error(L, "get must be a function");
    lua_settop(L, 6);
    if (!lua_isnil(L, 3))
        read_depends(L);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 5);
    lua_pushvalue(L, 6);
    return 3;
}
