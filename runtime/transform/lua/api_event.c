/* SPDX-License-Identifier: MIT */
/*
 * `event`, and the views it is made of; see api_fields.h.
 *
 * Every access walks over the encoded fields: there are a few dozen, and most scripts look at
 * one or two, so that nothing is prepared for a request.
 */
#include "base/clock.h"
#include "transform/fields.h"
#include "transform/lua/api_fields.h"
#include "transform/lua/libs.h"

#define VIEW_TYPE "event"
#define PATH_MAX_BYTES 256

typedef struct view {
    enum ol_lua_view kind;
    size_t len;
    char path[];
} view;

static const ol_program_declared *declared_of(lua_State *L)
{
    return &ol_lua_script_of(ol_lua_run(L))->declared;
}

static ol_slice event_of(lua_State *L)
{
    return ol_job_event(ol_lua_run(L)->now.job);
}

bool ol_lua_field(lua_State *L, const char *name, ol_slice *value)
{
    return ol_fields_get(event_of(L), name, value);
}

void ol_lua_push_view(lua_State *L, enum ol_lua_view kind, const char *path)
{
    size_t len = strlen(path);
    view *v = lua_newuserdatauv(L, sizeof(*v) + len + 1, 0);

    v->kind = kind;
    v->len = len;
    memcpy(v->path, path, len + 1);
    luaL_setmetatable(L, VIEW_TYPE);
}

/* ---- lookups ---- */

static void push_slice(lua_State *L, ol_slice value)
{
    lua_pushlstring(L, value.len ? (const char *)value.data : "", value.len);
}

/* What of a field's name follows the view's path; false when it is not under it. */
static bool under(const view *v, ol_slice name, ol_slice *rest)
{
    if (name.len <= v->len || memcmp(name.data, v->path, v->len) != 0)
        return false;
    *rest = ol_slice_from(name, v->len);
    return true;
}

/* Push the value of the field called path + key, or nothing. */
static bool push_exact(lua_State *L, const view *v, ol_slice key)
{
    bool any_case = v->kind == OL_LUA_VIEW_HEADERS || v->kind == OL_LUA_VIEW_ANY_CASE;
    ol_fields_iter it;
    ol_slice name, value, rest;

    ol_fields_iter_init(&it, event_of(L));
    while (ol_fields_next(&it, &name, &value)) {
        if (!under(v, name, &rest))
            continue;
        if (any_case ? !ol_slice_ieq(rest, key) : !ol_slice_eq(rest, key))
            continue;
        push_slice(L, value);
        return true;
    }
    return false;
}

/* Push a view of the fields under path + key + ".", if there are any. */
static bool push_below(lua_State *L, const view *v, ol_slice key)
{
    char path[PATH_MAX_BYTES];
    ol_fields_iter it;
    ol_slice name, value, rest;

    if (v->len + key.len + 2 > sizeof(path))
        return false;
    memcpy(path, v->path, v->len);
    memcpy(path + v->len, key.data, key.len);
    memcpy(path + v->len + key.len, ".", 2);
    ol_fields_iter_init(&it, event_of(L));
    while (ol_fields_next(&it, &name, &value)) {
        if (!under(v, name, &rest) || rest.len <= key.len + 1 || rest.data[key.len] != '.' ||
            memcmp(rest.data, key.data, key.len) != 0)
            continue;
        ol_lua_push_view(L, OL_LUA_VIEW_PATH, path);
        return true;
    }
    return false;
}

static void push_path(lua_State *L, const view *v, ol_slice key)
{
    if (!push_exact(L, v, key) && !push_below(L, v, key))
        lua_pushnil(L);
}

/* Whether the script has declared this request header in depends.headers. */
static bool is_declared(lua_State *L, ol_slice name)
{
    ol_slice rest = declared_of(L)->depends_headers;

    while (rest.len) {
        ptrdiff_t end = ol_slice_find(rest, '\n');

        if (ol_slice_ieq(ol_slice_first(rest, (size_t)end), name))
            return true;
        rest = ol_slice_from(rest, (size_t)end + 1);
    }
    return false;
}

static void push_header(lua_State *L, const view *v, ol_slice key)
{
    if (!is_declared(L, key))
        luaL_error(L, "the request header '%s' is not declared: add it to depends.headers",
                   lua_tostring(L, 2));
    if (!push_exact(L, v, key))
        lua_pushnil(L);
}

static void push_of_request(lua_State *L, const view *v, ol_slice key)
{
    if (ol_slice_eq_cstr(key, "query"))
        ol_lua_push_view(L, OL_LUA_VIEW_EXACT, "userRequest.query.");
    else if (ol_slice_eq_cstr(key, "headers"))
        ol_lua_push_view(L, OL_LUA_VIEW_HEADERS, "userRequest.headers.");
    else if (!push_exact(L, v, key))
        lua_pushnil(L); /* url; method and sourceIp where they are shown */
}

/* ---- the event itself ---- */

/* When the request came in, as "2026-11-20T23:30:47.123Z"; without a server's word for it, when
 * the job began. */
static void push_time(lua_State *L)
{
    char began[OL_ISO8601_SIZE];
    ol_slice text;

    if (!ol_lua_field(L, "time", &text)) {
        ol_clock_iso8601(ol_lua_run(L)->now.opened_ms, began);
        text = ol_slice_cstr(began);
    }
    push_slice(L, text);
}

static int event_query(lua_State *L)
{
    static const char path[] = "userRequest.query.";
    size_t len;
    const char *name;

    luaL_checkudata(L, 1, VIEW_TYPE);
    name = luaL_checklstring(L, 2, &len);
    ol_lua_push_view(L, OL_LUA_VIEW_EXACT, path);
    if (!push_exact(L, lua_touserdata(L, -1), ol_slice_of(name, len)))
        lua_pushnil(L);
    return 1;
}

static void push_of_event(lua_State *L, const view *v, ol_slice key)
{
    const ol_program_declared *declared = declared_of(L);
    bool time = ol_slice_eq_cstr(key, "time");

    if (time || ol_slice_eq_cstr(key, "xAmzRequestId")) {
        if (!declared->depends_request)
            luaL_error(L, "event.%s is not declared: add depends = {request = true}",
                       lua_tostring(L, 2));
        if (time)
            push_time(L);
        else
            push_path(L, v, key);
    } else if (ol_slice_eq_cstr(key, "userIdentity")) {
        if (declared->ignores_identity)
            luaL_error(L, "event.userIdentity is out of reach: depends.identity is false");
        ol_lua_push_view(L, OL_LUA_VIEW_PATH, "userIdentity.");
    } else if (ol_slice_eq_cstr(key, "configuration")) {
        ol_lua_push_view(L, OL_LUA_VIEW_PATH, "configuration.");
    } else if (ol_slice_eq_cstr(key, "userRequest")) {
        ol_lua_push_view(L, OL_LUA_VIEW_REQUEST, "userRequest.");
    } else if (ol_slice_eq_cstr(key, "query")) {
        lua_pushcfunction(L, event_query);
    } else if (ol_slice_eq_cstr(key, "object")) {
        lua_pushnil(L); /* the object is an argument of its own */
    } else {
        push_path(L, v, key);
    }
}

/* ---- metamethods ---- */

static void push_member(lua_State *L, const view *v, ol_slice key)
{
    switch (v->kind) {
    case OL_LUA_VIEW_EVENT: push_of_event(L, v, key); break;
    case OL_LUA_VIEW_REQUEST: push_of_request(L, v, key); break;
    case OL_LUA_VIEW_HEADERS: push_header(L, v, key); break;
    case OL_LUA_VIEW_PATH: push_path(L, v, key); break;
    default:
        if (!push_exact(L, v, key))
            lua_pushnil(L);
    }
}

static int view_index(lua_State *L)
{
    const view *v = luaL_checkudata(L, 1, VIEW_TYPE);
    size_t len;
    const char *key;

    if (lua_type(L, 2) != LUA_TSTRING) {
        lua_pushnil(L);
        return 1;
    }
    key = lua_tolstring(L, 2, &len);
    push_member(L, v, ol_slice_of(key, len));
    return 1;
}

static int view_newindex(lua_State *L)
{
    return luaL_error(L, "event and object are read-only");
}

/* The member's name that a field contributes to the view, and whether pairs shows it. */
static bool member_name(lua_State *L, const view *v, ol_slice *rest)
{
    ptrdiff_t dot;

    if (v->kind == OL_LUA_VIEW_HEADERS)
        return is_declared(L, *rest);
    if (v->kind == OL_LUA_VIEW_EXACT || v->kind == OL_LUA_VIEW_ANY_CASE)
        return true;
    dot = ol_slice_find(*rest, '.');
    if (dot >= 0)
        *rest = ol_slice_first(*rest, (size_t)dot);
    if (v->kind != OL_LUA_VIEW_EVENT)
        return true;
    if (ol_slice_eq_cstr(*rest, "time") || ol_slice_eq_cstr(*rest, "xAmzRequestId"))
        return declared_of(L)->depends_request;
    if (ol_slice_eq_cstr(*rest, "userIdentity"))
        return !declared_of(L)->ignores_identity;
    return !ol_slice_eq_cstr(*rest, "object");
}

/* pairs: the members as a plain table, in its order. */
static int view_pairs(lua_State *L)
{
    const view *v = luaL_checkudata(L, 1, VIEW_TYPE);
    ol_fields_iter it;
    ol_slice name, value, rest;

    lua_settop(L, 1);
    lua_newtable(L);
    ol_fields_iter_init(&it, event_of(L));
    while (ol_fields_next(&it, &name, &value)) {
        if (!under(v, name, &rest) || !member_name(L, v, &rest))
            continue;
        push_slice(L, rest);
        push_member(L, v, rest);
        lua_rawset(L, 2);
    }
    return ol_lua_order_pairs(L);
}

void ol_lua_open_event(lua_State *L)
{
    static const luaL_Reg methods[] = {{"__index", view_index},
                                       {"__newindex", view_newindex},
                                       {"__pairs", view_pairs},
                                       {NULL, NULL}};

    luaL_newmetatable(L, VIEW_TYPE);
    luaL_setfuncs(L, methods, 0);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    ol_lua_push_view(L, OL_LUA_VIEW_EVENT, "");
    lua_rawseti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_EVENT);
}
