/* SPDX-License-Identifier: MIT */
/*
 * Reading the original; see input.h.
 *
 * A buffer is a number: it is valid as long as that is the number of the loan under way. So
 * nothing has to be found and told when the piece goes.
 */
#include "transform/lua/input.h"

#include "transform/lua/libs.h"

#define BUFFER_TYPE "buffer"

typedef struct buffer {
    uint32_t generation;
} buffer;

void ol_lua_input_close(ol_run *run)
{
    ol_lua_input *in = &run->now.input;

    if (in->held)
        ol_job_input_release(run->now.job);
    in->held = false;
    in->rest = in->lent = OL_SLICE_NONE;
    in->generation++;
}

bool ol_lua_input_want(lua_State *L, lua_KContext context, lua_KFunction k)
{
    ol_run *run = ol_lua_run(L);
    ol_lua_input *in = &run->now.input;
    int rc;

    while (in->rest.len == 0) {
        if (in->held)
            ol_lua_input_close(run);
        if (in->ended)
            return false;
        rc = ol_job_input(run->now.job, &in->rest);
        if (rc == OL_WAIT)
            ol_lua_wait(L, context, k);
        if (rc < 0) {
            ol_lua_stop(run, OL_EORIGIN, "the original could not be read further");
            ol_lua_raise_stop(L);
        }
        in->held = rc == OL_OK;
        in->ended = rc == OL_DONE;
        if (in->ended)
            in->rest = OL_SLICE_NONE;
    }
    return true;
}

void ol_lua_input_take(ol_run *run, size_t n)
{
    ol_lua_input *in = &run->now.input;

    in->rest = ol_slice_from(in->rest, n);
    if (in->rest.len == 0)
        ol_lua_input_close(run);
}

void ol_lua_input_forwarded(ol_run *run)
{
    run->now.input.held = false;
    ol_lua_input_close(run);
}

/* ---- buffers ---- */

void ol_lua_input_push_buffer(lua_State *L)
{
    ol_lua_input *in = &ol_lua_run(L)->now.input;
    buffer *b = lua_newuserdatauv(L, sizeof(*b), 0);

    luaL_setmetatable(L, BUFFER_TYPE);
    b->generation = in->generation;
    in->lent = in->rest;
    in->rest = OL_SLICE_NONE;
}

bool ol_lua_input_lent(lua_State *L, int index, ol_slice *bytes)
{
    const ol_lua_input *in = &ol_lua_run(L)->now.input;
    const buffer *b = luaL_testudata(L, index, BUFFER_TYPE);

    if (!b)
        return false;
    if (b->generation != in->generation)
        luaL_error(L, "the buffer is no longer valid: it was written, or the input went on");
    *bytes = in->lent;
    return true;
}

static ol_slice check_buffer(lua_State *L)
{
    ol_slice bytes = OL_SLICE_NONE;

    luaL_checkudata(L, 1, BUFFER_TYPE);
    ol_lua_input_lent(L, 1, &bytes);
    return bytes;
}

/* Positions as string.sub takes them, to an offset range; empty when it is. */
static ol_slice range_of(ol_slice bytes, lua_Integer first, lua_Integer last)
{
    lua_Integer len = (lua_Integer)bytes.len;

    if (first < 0)
        first = first < -len ? 1 : len + first + 1;
    else if (first == 0)
        first = 1;
    if (last > len)
        last = len;
    else if (last < 0)
        last = last < -len ? 0 : len + last + 1;
    if (first > last)
        return OL_SLICE_NONE;
    return ol_slice_of(bytes.data + first - 1, (size_t)(last - first + 1));
}

static void push_slice(lua_State *L, ol_slice bytes)
{
    lua_pushlstring(L, bytes.len ? (const char *)bytes.data : "", bytes.len);
}

static int buffer_len(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_buffer(L).len);
    return 1;
}

static int buffer_tostring(lua_State *L)
{
    push_slice(L, check_buffer(L));
    return 1;
}

static int buffer_sub(lua_State *L)
{
    ol_slice bytes = check_buffer(L);

    push_slice(L, range_of(bytes, luaL_checkinteger(L, 2), luaL_optinteger(L, 3, -1)));
    return 1;
}

static int buffer_byte(lua_State *L)
{
    ol_slice bytes = check_buffer(L);
    lua_Integer first = luaL_optinteger(L, 2, 1);
    ol_slice range = range_of(bytes, first, luaL_optinteger(L, 3, first));

    if (range.len > INT32_MAX || !lua_checkstack(L, (int)range.len))
        return luaL_error(L, "buffer slice too long");
    for (size_t i = 0; i < range.len; i++)
        lua_pushinteger(L, range.data[i]);
    return (int)range.len;
}

/* Plain text only: where it begins and ends. */
static int buffer_find(lua_State *L)
{
    ol_slice bytes = check_buffer(L);
    size_t wanted_len;
    const char *wanted = luaL_checklstring(L, 2, &wanted_len);
    size_t offset = ol_lua_offset(luaL_optinteger(L, 3, 1), bytes.len);
    const uint8_t *found = NULL;

    if (offset <= bytes.len)
        found = wanted_len ? memmem(bytes.data + offset, bytes.len - offset, wanted, wanted_len)
                           : bytes.data + offset;
    if (!found) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, found - bytes.data + 1);
    lua_pushinteger(L, found - bytes.data + (lua_Integer)wanted_len);
    return 2;
}

void ol_lua_open_buffer(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"sub", buffer_sub}, {"byte", buffer_byte}, {"find", buffer_find}, {NULL, NULL}};
    static const luaL_Reg meta[] = {
        {"__len", buffer_len}, {"__tostring", buffer_tostring}, {NULL, NULL}};

    luaL_newmetatable(L, BUFFER_TYPE);
    luaL_setfuncs(L, meta, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}
