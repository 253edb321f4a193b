/* SPDX-License-Identifier: MIT */
/*
 * objlens.zip: a stream is given stretches of input and asked for pieces of output, so that a bomb
 * meets a limit before it is memory. Several archives behind each other are one text, as their
 * own tools have it.
 */
#include <string.h>

#include "transform/lua/native.h"
#include "transform/lua/require.h"
#include "transform/lua/zip_codecs.h"

#define TYPE "objlens.zip"
#define PIECE_BYTES (64 * 1024)
#define RATIO_FREE_BYTES (1024 * 1024) /* so much output is fine whatever the input */

typedef struct stream {
    ol_lua_zip_codec codec;
    bool open, between /* two archives */, over;
    ol_slice in; /* of the string in user value 1 */
    uint64_t in_bytes, out_bytes;
    uint64_t out_bytes_max, ratio_max;
} stream;

enum { STREAM = 1, LAST };

static void close_stream(stream *s)
{
    if (s->open)
        s->codec.ops->close(&s->codec);
    s->open = false;
}

static int collect(lua_State *L)
{
    close_stream(luaL_checkudata(L, 1, TYPE));
    return 0;
}

/* (format, compresses, level, most bytes, most ratio) */
static int zip_new(lua_State *L)
{
    const char *format = luaL_checkstring(L, 1);
    bool compresses = lua_toboolean(L, 2);
    const ol_lua_zip_ops *ops = ol_lua_zip_find(format, compresses);
    lua_Integer level;
    stream *s;

    if (!ops)
        return ol_lua_module_error(L, "zip: there is no format '%s'", format);
    level = luaL_optinteger(L, 3, ops->level);
    if (compresses && (level < ops->level_min || level > ops->level_max))
        return ol_lua_module_error(L, "zip: a level of %s is %d to %d", format, ops->level_min,
                          ops->level_max);
    s = lua_newuserdatauv(L, sizeof(*s), 1);
    memset(s, 0, sizeof(*s));
    s->codec.run = ol_lua_run(L);
    s->codec.ops = ops;
    s->out_bytes_max = (uint64_t)luaL_checkinteger(L, 4);
    s->ratio_max = (uint64_t)luaL_checkinteger(L, 5);
    luaL_setmetatable(L, TYPE);
    if (!ops->open(&s->codec, (int)level))
        return ol_lua_native_spent(L);
    s->open = true;
    ol_lua_native_made(L, ops->heap_bytes);
    return 1;
}

/* (stream, stretch) */
static int zip_feed(lua_State *L)
{
    stream *s = luaL_checkudata(L, STREAM, TYPE);

    s->in.data = (const uint8_t *)luaL_checklstring(L, 2, &s->in.len);
    s->in_bytes += s->in.len;
    lua_settop(L, 2);
    lua_setiuservalue(L, STREAM, 1);
    return 0;
}

static int fail(lua_State *L, stream *s, const char *why)
{
    close_stream(s);
    s->over = true;
    return ol_lua_module_error(L, "zip: %s", why);
}

static void check_bounds(lua_State *L, stream *s)
{
    if (s->out_bytes > s->out_bytes_max)
        fail(L, s, "more output than max_bytes");
    if (s->ratio_max && s->out_bytes > RATIO_FREE_BYTES &&
        s->out_bytes / s->ratio_max > s->in_bytes)
        fail(L, s, "more output for its input than max_ratio");
}

/* Behind an archive: another one, or the end. True: there is something to do. */
static bool begin_another(lua_State *L, stream *s, bool last)
{
    if (s->in.len == 0) {
        s->over = last;
        return false;
    }
    if (!s->codec.ops->again(&s->codec))
        ol_lua_native_spent(L);
    s->between = false;
    return true;
}

static void take_step(lua_State *L, stream *s, ol_span *room, bool last)
{
    enum ol_lua_zip_step result = s->codec.ops->step(&s->codec, &s->in, room, last);

    if (result == OL_LUA_ZIP_SPENT)
        ol_lua_native_spent(L);
    if (ol_lua_run(L)->now.stopped)
        ol_lua_raise_stop(L);
    if (result == OL_LUA_ZIP_WRONG)
        fail(L, s, s->codec.wrong);
    if (result != OL_LUA_ZIP_OVER)
        return;
    if (s->codec.ops->compresses)
        s->over = true;
    else
        s->between = true;
}

/* Fill `room` as far as the input goes. */
static void fill(lua_State *L, stream *s, ol_span *room, bool last)
{
    while (!s->over && room->len > 0) {
        size_t in_before = s->in.len, room_before = room->len;

        if (s->between && !begin_another(L, s, last))
            return;
        take_step(L, s, room, last);
        if (s->between || s->over || s->in.len != in_before || room->len != room_before)
            continue;
        if (last)
            fail(L, s, "it ends too early");
        return;
    }
}

/* (stream, is the last) a piece; nil when it wants input; false at the end */
static int zip_take(lua_State *L)
{
    stream *s = luaL_checkudata(L, STREAM, TYPE);
    bool last = lua_toboolean(L, LAST);
    luaL_Buffer buffer;
    ol_span room;
    size_t made;

    room.data = (uint8_t *)luaL_buffinitsize(L, &buffer, PIECE_BYTES);
    room.len = PIECE_BYTES;
    if (s->open)
        fill(L, s, &room, last);
    made = PIECE_BYTES - room.len;
    s->out_bytes += made;
    luaL_pushresultsize(&buffer, made);
    check_bounds(L, s);
    if (made)
        return 1;
    if (s->over) {
        close_stream(s);
        lua_pushboolean(L, 0);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

void ol_lua_core_zip(lua_State *L)
{
    static const luaL_Reg functions[] = {{"new", zip_new}, {"feed", zip_feed}, {"take", zip_take},
                                         {NULL, NULL}};
    static const luaL_Reg methods[] = {{"__gc", collect}, {NULL, NULL}};

    ol_lua_make_type(L, TYPE, methods);
    luaL_newlib(L, functions);
}
