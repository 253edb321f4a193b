/* SPDX-License-Identifier: MIT */
/*
 * JSON to tables. The containers that are open lie on the Lua stack, each object's with the name
 * whose value is being read behind it; so reading can be suspended between any two tokens. The text
 * is the server's: what is wrong with it is not the script's doing.
 */
#include "base/json_string.h"
#include "transform/lua/json.h"
#include "transform/lua/libs.h"
#include "transform/lua/preempt.h"

#define TOKENS_PER_PAUSE 64u

enum { TEXT = 1, STATE };

typedef struct parsing {
    ol_lua_json reader;
    unsigned tokens;
    unsigned depth;
    bool is_list[OL_LUA_JSON_DEPTH_MAX];
    lua_Integer items[OL_LUA_JSON_DEPTH_MAX]; /* of a list so far */
} parsing;

static int refuse(lua_State *L, const parsing *p, const char *what)
{
    ol_lua_stop(ol_lua_run(L), OL_ETRANSFORM, "the listing at byte %zu: %s", p->reader.at, what);
    return ol_lua_raise_stop(L);
}

static void push_text(lua_State *L, const parsing *p)
{
    ol_slice raw = p->reader.text;
    size_t len, wrong;
    uint8_t *out;

    if (!p->reader.escaped) {
        lua_pushlstring(L, (const char *)raw.data, raw.len);
        return;
    }
    out = lua_newuserdatauv(L, raw.len, 0);
    if (!ol_json_unescape(raw, out, &len, &wrong))
        refuse(L, p, "a string has a malformed escape");
    lua_pushlstring(L, (const char *)out, len);
    lua_remove(L, -2);
}

/* A name is on top; behind it stays room for its value. */
static void check_name(lua_State *L, const parsing *p)
{
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) != LUA_TNIL)
        refuse(L, p, "a name stands twice in an object");
    lua_pop(L, 1);
}

/* The value on top goes where it belongs. */
static void store(lua_State *L, parsing *p)
{
    if (p->depth == 0)
        return;
    if (p->is_list[p->depth - 1])
        lua_rawseti(L, -2, ++p->items[p->depth - 1]);
    else
        lua_rawset(L, -3);
}

static void open_container(lua_State *L, parsing *p, bool list)
{
    luaL_checkstack(L, 4, NULL);
    lua_newtable(L);
    p->is_list[p->depth] = list;
    p->items[p->depth++] = 0;
}

static void close_container(lua_State *L, parsing *p)
{
    p->depth--;
    store(L, p);
}

/* False at the end. */
static bool take_token(lua_State *L, parsing *p)
{
    switch (ol_lua_json_next(&p->reader)) {
    case OL_LUA_JSON_OBJECT: open_container(L, p, false); return true;
    case OL_LUA_JSON_LIST: open_container(L, p, true); return true;
    case OL_LUA_JSON_OBJECT_END:
    case OL_LUA_JSON_LIST_END: close_container(L, p); return true;
    case OL_LUA_JSON_NAME:
        push_text(L, p);
        check_name(L, p);
        return true;
    case OL_LUA_JSON_STRING: push_text(L, p); break;
    case OL_LUA_JSON_INTEGER: lua_pushinteger(L, p->reader.integer); break;
    case OL_LUA_JSON_TRUE: lua_pushboolean(L, 1); break;
    case OL_LUA_JSON_FALSE: lua_pushboolean(L, 0); break;
    case OL_LUA_JSON_NULL: lua_pushnil(L); break;
    case OL_LUA_JSON_END: return false;
    default: refuse(L, p, p->reader.wrong);
    }
    store(L, p);
    return true;
}

static int parse_on(lua_State *L, int status, lua_KContext context)
{
    parsing *p = lua_touserdata(L, STATE);

    (void)status;
    do {
        if (++p->tokens % TOKENS_PER_PAUSE == 0 && ol_lua_preempt_due())
            ol_lua_pause(L, context, parse_on);
    } while (take_token(L, p));
    if (!lua_istable(L, -1))
        return refuse(L, p, "it is not an object");
    return 1;
}

int ol_lua_listing_parse(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, TEXT, &len);
    parsing *p;

    lua_settop(L, TEXT);
    p = lua_newuserdatauv(L, sizeof(*p), 0);
    *p = (parsing){0};
    ol_lua_json_init(&p->reader, ol_slice_of(text, len));
    return parse_on(L, LUA_OK, 0);
}
