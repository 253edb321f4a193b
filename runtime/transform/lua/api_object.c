/* SPDX-License-Identifier: MIT */
/*
 * `object`: the original. Each way of reading takes from the same place (input.h), so that they
 * can be mixed: read a header, then go through the lines.
 */
#include <stdio.h>

#include "transform/fields.h"
#include "transform/lua/api_fields.h"
#include "transform/lua/bytes.h"
#include "transform/lua/input.h"
#include "transform/lua/libs.h"

#define OBJECT_TYPE "object"
#define LINE_BYTES_MAX 1048576

static void check_object(lua_State *L)
{
    luaL_checkudata(L, 1, OBJECT_TYPE);
}

static const ol_program_declared *declared_of(lua_State *L)
{
    return &ol_lua_script_of(ol_lua_run(L))->declared;
}

/* The same for what reads from beginning to end. */
static void check_body(lua_State *L)
{
    check_object(L);
    if (ol_job_entry(ol_lua_run(L)->now.job) == OL_ENTRY_HEAD)
        luaL_error(L, "head gets no body: only object:read_at reads the original here");
}

static void push_bytes(lua_State *L, ol_slice bytes)
{
    lua_pushlstring(L, bytes.len ? (const char *)bytes.data : "", bytes.len);
}

/* ---- chunks ---- */

static int next_string(lua_State *L, int status, lua_KContext context)
{
    ol_run *run = ol_lua_run(L);

    (void)status;
    if (!ol_lua_input_want(L, context, next_string))
        return 0;
    push_bytes(L, run->now.input.rest);
    ol_lua_input_take(run, run->now.input.rest.len);
    return 1;
}

static int next_buffer(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    if (!ol_lua_input_want(L, context, next_buffer))
        return 0;
    ol_lua_input_push_buffer(L);
    return 1;
}

static int call_next_string(lua_State *L)
{
    lua_settop(L, 0);
    return next_string(L, LUA_OK, 0);
}

static int call_next_buffer(lua_State *L)
{
    lua_settop(L, 0);
    return next_buffer(L, LUA_OK, 0);
}

static int object_chunks(lua_State *L)
{
    static const char *const kinds[] = {"string", "buffer", NULL};

    check_body(L);
    lua_pushcfunction(L, luaL_checkoption(L, 2, "string", kinds) ? call_next_buffer
                                                                 : call_next_string);
    return 1;
}

/* ---- lines ---- */

enum { UP_LINE_MAX = 1, UP_LINE_CARRY };

/* The begun line that is kept while the next piece is awaited. */
static ol_lua_bytes *carry_of(lua_State *L)
{
    if (lua_isnil(L, lua_upvalueindex(UP_LINE_CARRY))) {
        ol_lua_bytes_new(L);
        lua_replace(L, lua_upvalueindex(UP_LINE_CARRY));
    }
    return lua_touserdata(L, lua_upvalueindex(UP_LINE_CARRY));
}

static void check_line(lua_State *L, size_t len)
{
    lua_Integer max = lua_tointeger(L, lua_upvalueindex(UP_LINE_MAX));

    if (len > (lua_Unsigned)max)
        luaL_error(L, "object:lines: a line is longer than max_bytes (%I)", (LUAI_UACINT)max);
}

/* Push the line that ends in this piece (or at the end of the original) behind the carry. */
static int finish_line(lua_State *L, ol_lua_bytes *carry, ol_slice part)
{
    ol_run *run = ol_lua_run(L);

    ol_lua_bytes_add(L, lua_upvalueindex(UP_LINE_CARRY), carry, part.data, part.len);
    ol_lua_bytes_finish(L, lua_upvalueindex(UP_LINE_CARRY), carry);
    if (run->now.input.rest.len)
        ol_lua_input_take(run, part.len + 1);
    return 1;
}

static int next_line(lua_State *L, int status, lua_KContext context)
{
    ol_lua_input *in = &ol_lua_run(L)->now.input;
    ol_lua_bytes *carry = lua_touserdata(L, lua_upvalueindex(UP_LINE_CARRY));
    size_t carried = carry ? carry->len : 0;

    (void)status;
    while (ol_lua_input_want(L, context, next_line)) {
        const uint8_t *newline = memchr(in->rest.data, '\n', in->rest.len);
        ol_slice part = ol_slice_first(in->rest, newline ? (size_t)(newline - in->rest.data)
                                                         : in->rest.len);

        check_line(L, carried + part.len);
        if (newline && carried == 0) {
            push_bytes(L, part);
            ol_lua_input_take(ol_lua_run(L), part.len + 1);
            return 1;
        }
        carry = carry_of(L);
        if (newline)
            return finish_line(L, carry, part);
        ol_lua_bytes_add(L, lua_upvalueindex(UP_LINE_CARRY), carry, part.data, part.len);
        carried = carry->len;
        ol_lua_input_take(ol_lua_run(L), part.len);
    }
    return carried ? finish_line(L, carry, OL_SLICE_NONE) : 0;
}

static int call_next_line(lua_State *L)
{
    lua_settop(L, 0);
    return next_line(L, LUA_OK, 0);
}

static int object_lines(lua_State *L)
{
    lua_Integer max = luaL_optinteger(L, 2, LINE_BYTES_MAX);

    check_body(L);
    luaL_argcheck(L, max > 0, 2, "must be positive");
    lua_pushinteger(L, max);
    lua_pushnil(L);
    lua_pushcclosure(L, call_next_line, 2);
    return 1;
}

/* ---- read ---- */

enum { READ_STATE = 1 };
#define READ_ALL (-1)

/* Stack: bytes. `left` is what is still wanted; READ_ALL for everything. */
static int read_on(lua_State *L, int status, lua_KContext left)
{
    ol_run *run = ol_lua_run(L);
    ol_lua_input *in = &run->now.input;
    ol_lua_bytes *bytes = lua_touserdata(L, READ_STATE);

    (void)status;
    while (left != 0 && ol_lua_input_want(L, left, read_on)) {
        size_t n = in->rest.len;

        if (left != READ_ALL && (lua_KContext)n > left)
            n = (size_t)left;
        ol_lua_bytes_add(L, READ_STATE, bytes, in->rest.data, n);
        ol_lua_input_take(run, n);
        if (left != READ_ALL)
            left -= (lua_KContext)n;
    }
    if (bytes->len == 0 && left != READ_ALL) {
        lua_pushnil(L);
        return 1;
    }
    ol_lua_bytes_finish(L, READ_STATE, bytes);
    return 1;
}

/* Room for the whole original at once, where its size is known; when it cannot fit, the job
 * ends here and not after reading what does. */
static void reserve_for_all(lua_State *L, ol_lua_bytes *bytes)
{
    uint64_t memory = ol_lua_script_of(ol_lua_run(L))->limits.memory_bytes, size;
    ol_slice text;

    /* Where positions are kept, the input may be a piece of it. */
    if (declared_of(L)->keeps_positions || !ol_lua_field(L, "object.size", &text) ||
        !ol_slice_u64(text, &size) || size == 0)
        return;
    if (size >= memory) {
        ol_lua_stop(ol_lua_run(L), OL_ETRANSFORMMEMORY,
                    "object:read('a') of %llu bytes beyond memory_bytes", (unsigned long long)size);
        ol_lua_raise_stop(L);
    }
    ol_lua_bytes_reserve_exactly(L, READ_STATE, bytes, size);
}

int ol_lua_read_all(lua_State *L)
{
    ol_lua_bytes *bytes;

    lua_settop(L, 0);
    bytes = ol_lua_bytes_new(L);
    reserve_for_all(L, bytes);
    return read_on(L, LUA_OK, READ_ALL);
}

static int object_read(lua_State *L)
{
    ol_run *run = ol_lua_run(L);
    ol_lua_input *in = &run->now.input;
    lua_Integer count;

    check_body(L);
    if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "a") == 0)
        return ol_lua_read_all(L);
    count = luaL_checkinteger(L, 2);
    luaL_argcheck(L, count >= 0, 2, "must not be negative");
    if (count == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if ((lua_Unsigned)count <= in->rest.len) {
        push_bytes(L, ol_slice_first(in->rest, (size_t)count));
        ol_lua_input_take(run, (size_t)count);
        return 1;
    }
    lua_settop(L, 0);
    ol_lua_bytes_new(L);
    return read_on(L, LUA_OK, count);
}

/* ---- read_at ---- */

/* A refusal can be caught; if it is not, it keeps its name as the job's error. */
static void raise_read_at(lua_State *L, const ol_error *error)
{
    ol_lua_job_state *now = &ol_lua_run(L)->now;

    if (error->code != OL_EREADAT)
        ol_lua_fail(L, error);
    now->read_at_failed = true;
    now->read_at_error = *error;
    snprintf(now->read_at_text, sizeof(now->read_at_text), "object:read_at: %s",
             error->detail[0] ? error->detail : error->message);
    lua_pushstring(L, now->read_at_text);
    lua_error(L);
}

/* Stack: bytes, offset, length. */
enum { AT_STATE = 1, AT_OFFSET, AT_LENGTH };

static int read_at_on(lua_State *L, int status, lua_KContext context)
{
    ol_run *run = ol_lua_run(L);
    ol_lua_bytes *bytes = lua_touserdata(L, AT_STATE);
    uint64_t offset = (uint64_t)lua_tointeger(L, AT_OFFSET);
    size_t length = (size_t)lua_tointeger(L, AT_LENGTH), piece = ol_job_piece_bytes(run->now.job);

    (void)status;
    while (bytes->len < length) {
        size_t wanted = length - bytes->len < piece ? length - bytes->len : piece;
        ol_error error = {0};
        ol_slice data;

        /* Before it is asked for: an answer that nobody can wait for must not come later. */
        if (!ol_lua_can_suspend(L))
            return luaL_error(L, "read_at cannot wait here");
        int rc = ol_job_read_at(run->now.job, offset + bytes->len, wanted, &data, &error);

        if (rc == OL_WAIT)
            return ol_lua_wait(L, context, read_at_on);
        if (rc < 0)
            raise_read_at(L, &error);
        ol_lua_bytes_add(L, AT_STATE, bytes, data.data, data.len);
        if (data.len < wanted)
            break;
    }
    ol_lua_bytes_finish(L, AT_STATE, bytes);
    return 1;
}

static int object_read_at(lua_State *L)
{
    uint64_t memory = ol_lua_script_of(ol_lua_run(L))->limits.memory_bytes;
    lua_Integer offset, length;

    check_object(L);
    if (declared_of(L)->keeps_positions && ol_job_entry(ol_lua_run(L)->now.job) == OL_ENTRY_GET)
        return luaL_error(L, "object:read_at: a transform with positions reads its input only");
    offset = luaL_checkinteger(L, 2);
    length = luaL_checkinteger(L, 3);
    luaL_argcheck(L, offset >= 0, 2, "must not be negative");
    luaL_argcheck(L, length >= 0, 3, "must not be negative");
    luaL_argcheck(L, offset <= LUA_MAXINTEGER - length, 2, "out of range");
    luaL_argcheck(L, (uint64_t)length < memory, 3, "beyond memory_bytes");
    lua_settop(L, 3);
    ol_lua_bytes_new(L);
    lua_replace(L, AT_STATE);
    return read_at_on(L, LUA_OK, 0);
}

/* ---- fields ---- */

static void push_field(lua_State *L, const char *name)
{
    ol_slice value;

    if (ol_lua_field(L, name, &value))
        push_bytes(L, value);
    else
        lua_pushnil(L);
}

static void push_size(lua_State *L)
{
    ol_slice text;
    uint64_t size;

    if (ol_lua_field(L, "object.size", &text) && ol_slice_u64(text, &size))
        lua_pushinteger(L, (lua_Integer)size);
    else
        lua_pushnil(L);
}

/* Upvalue 1: the methods. */
static int object_index(lua_State *L)
{
    const char *key;

    check_object(L);
    lua_settop(L, 2);
    if (lua_type(L, 2) != LUA_TSTRING) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 1;
    key = lua_tostring(L, 2);
    if (strcmp(key, "size") == 0)
        push_size(L);
    else if (strcmp(key, "etag") == 0)
        push_field(L, "object.etag");
    else if (strcmp(key, "lastModified") == 0)
        push_field(L, "object.lastModified");
    else if (strcmp(key, "headers") == 0)
        ol_lua_push_view(L, OL_LUA_VIEW_ANY_CASE, "object.header.");
    else if (strcmp(key, "metadata") == 0)
        ol_lua_push_view(L, OL_LUA_VIEW_ANY_CASE, "object.metadata.");
    else
        lua_pushnil(L);
    return 1;
}

static int object_newindex(lua_State *L)
{
    return luaL_error(L, "object is read-only");
}

void ol_lua_open_object(lua_State *L)
{
    static const luaL_Reg methods[] = {{"chunks", object_chunks},
                                       {"lines", object_lines},
                                       {"read", object_read},
                                       {"read_at", object_read_at},
                                       {NULL, NULL}};

    ol_lua_open_buffer(L);
    lua_newuserdatauv(L, 0, 0);
    luaL_newmetatable(L, OBJECT_TYPE);
    luaL_newlib(L, methods);
    lua_pushcclosure(L, object_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, object_newindex);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_rawseti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_OBJECT);
}
