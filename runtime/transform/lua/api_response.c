/* SPDX-License-Identifier: MIT */
/*
 * `response`: write, error, and access to what response_head.c keeps.
 */
#include <ctype.h>
#include <stdio.h>

#include "transform/lua/input.h"
#include "transform/lua/libs.h"
#include "transform/lua/preempt.h"
#include "transform/lua/response.h"

/* ---- write ---- */

/* What to write for the argument; raises for values that cannot be written. */
static ol_slice argument_bytes(lua_State *L, int index, bool *lent)
{
    ol_slice bytes = OL_SLICE_NONE;

    *lent = ol_lua_input_lent(L, index, &bytes);
    if (*lent)
        return bytes;
    if (!lua_isstring(L, index))
        luaL_typeerror(L, index, "string, number or buffer");
    bytes.data = (const uint8_t *)lua_tolstring(L, index, &bytes.len);
    return bytes;
}

/* Copy as much as there is room for. OL_OK when all is written, OL_WAIT, or an error. */
static int write_copy(ol_run *run, ol_slice bytes, ol_error *error)
{
    ol_lua_write *write = &run->now.write;

    while (write->offset < bytes.len) {
        ol_span space;
        size_t n = bytes.len - write->offset;
        int rc = ol_job_output_space(run->now.job, &space, error);

        if (rc != OL_OK)
            return rc;
        if (n > space.len)
            n = space.len;
        memcpy(space.data, bytes.data + write->offset, n);
        ol_job_output_commit(run->now.job, n);
        write->offset += n;
    }
    return OL_OK;
}

static int write_on(lua_State *L, int status, lua_KContext context)
{
    ol_run *run = ol_lua_run(L);
    ol_lua_write *write = &run->now.write;

    (void)status;
    for (; write->argument <= lua_gettop(L); write->argument++, write->offset = 0) {
        ol_error error = {0};
        bool lent;
        ol_slice bytes;
        int rc;

        if (ol_lua_preempt_due())
            ol_lua_pause(L, context, write_on);
        bytes = argument_bytes(L, write->argument, &lent);
        if (lent && bytes.len)
            rc = ol_job_output_forward(run->now.job, bytes, true, &error);
        else
            rc = write_copy(run, bytes, &error);
        if (rc == OL_WAIT)
            return ol_lua_wait(L, context, write_on);
        if (rc < 0)
            return ol_lua_fail(L, &error);
        if (lent)
            ol_lua_input_forwarded(run);
    }
    return 0;
}

int ol_lua_output(lua_State *L)
{
    ol_lua_run(L)->now.write = (ol_lua_write){.argument = 1};
    return write_on(L, LUA_OK, 0);
}

static int response_write(lua_State *L)
{
    enum ol_transform_entry entry = ol_job_entry(ol_lua_run(L)->now.job);
    bool lent;

    luaL_checkudata(L, 1, OL_LUA_RESPONSE_TYPE);
    if (entry != OL_ENTRY_GET)
        return luaL_error(L, "response:write: %s has no body to write", ol_lua_entry_name(entry));
    /* All or nothing: a wrong argument is found before the first is written. */
    for (int i = 2; i <= lua_gettop(L); i++)
        argument_bytes(L, i, &lent);
    ol_lua_head_send(L);
    lua_remove(L, 1);
    return ol_lua_output(L);
}

/* ---- error ---- */

static bool is_error_code(ol_slice code)
{
    for (size_t i = 0; i < code.len; i++)
        if (!isalnum(code.data[i]) && !strchr("._-", code.data[i] ? code.data[i] : ' '))
            return false;
    return code.len > 0 && code.len < OL_ERROR_S3_CODE_SIZE;
}

static int response_error(lua_State *L)
{
    ol_run *run = ol_lua_run(L);
    ol_error error = {0};
    char position[96];
    lua_Integer status;
    ol_slice code, message;

    luaL_checkudata(L, 1, OL_LUA_RESPONSE_TYPE);
    status = luaL_checkinteger(L, 2);
    luaL_argcheck(L, status >= 400 && status <= 599, 2, "status must be from 400 to 599");
    code.data = (const uint8_t *)luaL_checklstring(L, 3, &code.len);
    luaL_argcheck(L, is_error_code(code), 3, "code must be a short word like NoSuchKey");
    message.data = (const uint8_t *)luaL_optlstring(L, 4, "", &message.len);
    luaL_argcheck(L, ol_slice_is_utf8(message), 4, "message must be UTF-8");
    ol_error_custom(&error, OL_ETRANSFORM, (int)status, code, message);
    ol_lua_position(run, L, position, sizeof(position));
    snprintf(error.detail, sizeof(error.detail), "%s: response:error", position);
    return ol_lua_fail(L, &error);
}

/* ---- the response itself ---- */

/* Upvalue 1: the methods. */
static int response_index(lua_State *L)
{
    const ol_lua_head *head = luaL_checkudata(L, 1, OL_LUA_RESPONSE_TYPE);
    const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";

    lua_settop(L, 2);
    if (strcmp(key, "status") == 0) {
        lua_pushinteger(L, head->status ? head->status : 200);
    } else if (strcmp(key, "size") == 0) {
        if (head->has_size)
            lua_pushinteger(L, head->size);
        else
            lua_pushnil(L);
    } else if (strcmp(key, "headers") == 0) {
        lua_getiuservalue(L, 1, OL_LUA_HEAD_HEADERS);
    } else if (strcmp(key, "metadata") == 0) {
        lua_getiuservalue(L, 1, OL_LUA_HEAD_METADATA);
    } else {
        lua_rawget(L, lua_upvalueindex(1));
    }
    return 1;
}

static int response_newindex(lua_State *L)
{
    const char *key;

    luaL_checkudata(L, 1, OL_LUA_RESPONSE_TYPE);
    key = luaL_checkstring(L, 2);
    lua_settop(L, 3);
    if (strcmp(key, "status") == 0)
        ol_lua_head_assign_status(L);
    else if (strcmp(key, "size") == 0)
        ol_lua_head_assign_size(L);
    else if (strcmp(key, "headers") == 0)
        ol_lua_head_assign(L, OL_LUA_HEAD_HEADERS);
    else if (strcmp(key, "metadata") == 0)
        ol_lua_head_assign(L, OL_LUA_HEAD_METADATA);
    else
        luaL_error(L, "response has no field '%s'", key);
    return 0;
}

void ol_lua_open_response(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"write", response_write}, {"error", response_error}, {"limit", ol_lua_response_limit}, {NULL, NULL}};

    ol_lua_head_push(L);
    luaL_newmetatable(L, OL_LUA_RESPONSE_TYPE);
    luaL_newlib(L, methods);
    lua_pushcclosure(L, response_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, response_newindex);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_rawseti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_RESPONSE);
}
