/* SPDX-License-Identifier: MIT */
/*
 * `response`: status, headers and metadata until the first write, write, and error.
 *
 * The response is a userdata with the status; its two user values are the userdatas behind
 * response.headers and response.metadata, and theirs the tables that hold what was set, with
 * names in lower case.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "transform/fields.h"
#include "transform/lua/input.h"
#include "transform/lua/libs.h"
#include "transform/lua/preempt.h"
#include "transform/lua/response.h"

#define RESPONSE_TYPE "response"
#define HEAD_TYPE "response head"
#define HEAD_FIELDS_MAX 64
#define HEAD_BYTES_MAX (16 * 1024)
#define NAME_BYTES_MAX 128
#define VALUE_BYTES_MAX 4096

enum { VALUE_HEADERS = 1, VALUE_METADATA };

typedef struct response {
    int status; /* 0: not set */
} response;

typedef struct head_part {
    const char *prefix; /* "header." or "metadata." */
    const char *what;
} head_part;

/* ---- headers and metadata ---- */

/* The server speaks these itself; a script that sets them means something it cannot have. */
static const char *const refused[] = {"connection",        "content-length", "keep-alive",
                                      "proxy-authenticate", "te",            "trailer",
                                      "transfer-encoding", "upgrade",        NULL};

static void check_changeable(lua_State *L, const char *what)
{
    if (ol_lua_run(L)->now.head_done)
        luaL_error(L, "response.%s cannot change after the first write", what);
    ol_lua_run(L)->now.head_changed = true;
}

static bool is_token(ol_slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum(name.data[i]) && !strchr("!#$%&'*+-.^_`|~", name.data[i] ? name.data[i] : ' '))
            return false;
    return name.len > 0 && name.len <= NAME_BYTES_MAX;
}

static bool is_value(ol_slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((value.data[i] < ' ' && value.data[i] != '\t') || value.data[i] == 0x7f)
            return false;
    return value.len <= VALUE_BYTES_MAX;
}

/* Push the name at `index` in lower case; raises when no header can be called that. */
static void push_name(lua_State *L, int index, const head_part *part)
{
    char lower[NAME_BYTES_MAX];
    ol_slice name;

    if (lua_type(L, index) != LUA_TSTRING)
        luaL_error(L, "response.%s: a name must be a string", part->what);
    name.data = (const uint8_t *)lua_tolstring(L, index, &name.len);
    if (!is_token(name))
        luaL_error(L, "response.%s: not a valid name", part->what);
    for (size_t i = 0; i < name.len; i++)
        lower[i] = (char)tolower(name.data[i]);
    lua_pushlstring(L, lower, name.len);
    for (const char *const *r = refused; part->prefix[0] == 'h' && *r; r++)
        if (strcmp(*r, lua_tostring(L, -1)) == 0)
            luaL_error(L, "response.headers: '%s' is the server's to set", *r);
}

/* Push the value at `index` as text, or nil. */
static void push_value(lua_State *L, int index, const head_part *part)
{
    ol_slice value;

    if (lua_isnil(L, index)) {
        lua_pushnil(L);
        return;
    }
    if (!lua_isstring(L, index))
        luaL_error(L, "response.%s: a value must be a string or a number", part->what);
    lua_pushvalue(L, index);
    value.data = (const uint8_t *)lua_tolstring(L, -1, &value.len);
    if (!is_value(value))
        luaL_error(L, "response.%s: a value has control characters or is too long", part->what);
}

static int part_index(lua_State *L)
{
    const head_part *part = luaL_checkudata(L, 1, HEAD_TYPE);

    lua_settop(L, 2);
    lua_getiuservalue(L, 1, 1);
    if (lua_type(L, 2) != LUA_TSTRING) {
        lua_pushnil(L);
        return 1;
    }
    push_name(L, 2, part);
    lua_rawget(L, 3);
    return 1;
}

static int part_newindex(lua_State *L)
{
    const head_part *part = luaL_checkudata(L, 1, HEAD_TYPE);

    check_changeable(L, part->what);
    lua_settop(L, 3);
    lua_getiuservalue(L, 1, 1);
    push_name(L, 2, part);
    push_value(L, 3, part);
    lua_rawset(L, 4);
    return 0;
}

static int part_pairs(lua_State *L)
{
    luaL_checkudata(L, 1, HEAD_TYPE);
    lua_getiuservalue(L, 1, 1);
    return ol_lua_order_pairs(L);
}

/* Stack: response, key, table. Everything that was set before goes. */
static void assign_part(lua_State *L, int value)
{
    const head_part *part;

    luaL_checktype(L, 3, LUA_TTABLE);
    lua_getiuservalue(L, 1, value);
    part = lua_touserdata(L, 4);
    check_changeable(L, part->what);
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, 3)) {
        push_name(L, 6, part);
        push_value(L, 7, part);
        lua_rawset(L, 5);
        lua_settop(L, 6);
    }
    lua_setiuservalue(L, 4, 1);
}

/* ---- handing the head over ---- */

typedef struct head_field {
    const char *name;
    ol_slice value;
} head_field;

static int compare_fields(const void *a, const void *b)
{
    return strcmp(((const head_field *)a)->name, ((const head_field *)b)->name);
}

/* Add the fields of the part at user value `value` of the response on top, sorted by name.
 * Raises nothing. OL_OK or an error. */
static int add_part(lua_State *L, int value, ol_buf *out)
{
    head_field fields[HEAD_FIELDS_MAX];
    const head_part *part;
    size_t count = 0;
    int rc = OL_OK;

    lua_getiuservalue(L, -1, value);
    part = lua_touserdata(L, -1);
    lua_getiuservalue(L, -1, 1);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (count < HEAD_FIELDS_MAX) {
            fields[count].name = lua_tostring(L, -2);
            fields[count].value.data =
                (const uint8_t *)lua_tolstring(L, -1, &fields[count].value.len);
        }
        count++;
        lua_pop(L, 1);
    }
    lua_pop(L, 2);
    if (count > HEAD_FIELDS_MAX)
        return OL_ELIMIT;
    qsort(fields, count, sizeof(fields[0]), compare_fields);
    for (size_t i = 0; i < count && rc == OL_OK; i++)
        rc = ol_fields_add_under(out, part->prefix, ol_slice_cstr(fields[i].name), fields[i].value);
    return rc;
}

/* The response is on top. */
static int encode_head(lua_State *L, ol_buf *out)
{
    const response *r = lua_touserdata(L, -1);
    char status[12];
    int rc = ol_fields_begin(out);

    if (rc == OL_OK && r->status) {
        snprintf(status, sizeof(status), "%d", r->status);
        rc = ol_fields_add(out, "status", ol_slice_cstr(status));
    }
    if (rc == OL_OK)
        rc = add_part(L, VALUE_HEADERS, out);
    return rc == OL_OK ? add_part(L, VALUE_METADATA, out) : rc;
}

/* The head is as it will be; hand it over if the script has set anything. May stop the job. */
static void send_head(lua_State *L)
{
    ol_run *run = ol_lua_run(L);
    ol_error error = {0};
    ol_buf out;
    int rc;

    if (run->now.head_done)
        return;
    run->now.head_done = true;
    if (!run->now.head_changed)
        return;
    /* Nothing between init and fini raises. */
    ol_buf_init(&out, HEAD_BYTES_MAX);
    lua_rawgeti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_RESPONSE);
    rc = encode_head(L, &out);
    lua_pop(L, 1);
    if (rc == OL_OK)
        rc = ol_job_head(run->now.job, ol_buf_slice(&out), &error);
    else
        ol_error_set(&error, rc == OL_ENOMEM ? OL_ENOMEM : OL_ETRANSFORMRESPONSE,
                     "the response's headers and metadata are too many or too long");
    ol_buf_fini(&out);
    if (rc < 0)
        ol_lua_fail(L, &error);
}

static int finish_head(lua_State *L)
{
    send_head(L);
    return 0;
}

int ol_lua_response_finish(ol_run *run, ol_error *err)
{
    int status;

    if (run->now.head_done || !run->now.head_changed)
        return OL_OK;
    lua_pushcfunction(run->L, finish_head);
    status = lua_pcall(run->L, 0, 0, 0);
    if (status == LUA_OK)
        return OL_OK;
    lua_pop(run->L, 1);
    if (!run->now.stopped)
        return ol_error_set(err, OL_ETRANSFORMMEMORY, "no memory for the response's head");
    *err = run->now.stop;
    return err->code;
}

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

static int response_write(lua_State *L)
{
    ol_run *run = ol_lua_run(L);
    bool lent;

    luaL_checkudata(L, 1, RESPONSE_TYPE);
    /* All or nothing: a wrong argument is found before the first is written. */
    for (int i = 2; i <= lua_gettop(L); i++)
        argument_bytes(L, i, &lent);
    send_head(L);
    run->now.write = (ol_lua_write){.argument = 2};
    return write_on(L, LUA_OK, 0);
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

    luaL_checkudata(L, 1, RESPONSE_TYPE);
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
    const response *r = luaL_checkudata(L, 1, RESPONSE_TYPE);
    const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";

    lua_settop(L, 2);
    if (strcmp(key, "status") == 0) {
        lua_pushinteger(L, r->status ? r->status : 200);
    } else if (strcmp(key, "headers") == 0) {
        lua_getiuservalue(L, 1, VALUE_HEADERS);
    } else if (strcmp(key, "metadata") == 0) {
        lua_getiuservalue(L, 1, VALUE_METADATA);
    } else {
        lua_rawget(L, lua_upvalueindex(1));
    }
    return 1;
}

static int response_newindex(lua_State *L)
{
    response *r = luaL_checkudata(L, 1, RESPONSE_TYPE);
    const char *key = luaL_checkstring(L, 2);
    lua_Integer status;

    lua_settop(L, 3);
    if (strcmp(key, "status") == 0) {
        check_changeable(L, key);
        status = luaL_checkinteger(L, 3);
        if (status < 200 || status > 599)
            return luaL_error(L, "response.status must be from 200 to 599");
        r->status = (int)status;
    } else if (strcmp(key, "headers") == 0) {
        assign_part(L, VALUE_HEADERS);
    } else if (strcmp(key, "metadata") == 0) {
        assign_part(L, VALUE_METADATA);
    } else {
        return luaL_error(L, "response has no field '%s'", key);
    }
    return 0;
}

static void push_part(lua_State *L, const char *prefix, const char *what)
{
    head_part *part = lua_newuserdatauv(L, sizeof(*part), 1);

    part->prefix = prefix;
    part->what = what;
    lua_newtable(L);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, HEAD_TYPE);
}

static void protect(lua_State *L)
{
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
}

void ol_lua_open_response(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"write", response_write}, {"error", response_error}, {NULL, NULL}};
    static const luaL_Reg part_meta[] = {{"__index", part_index},
                                         {"__newindex", part_newindex},
                                         {"__pairs", part_pairs},
                                         {NULL, NULL}};
    response *r;

    luaL_newmetatable(L, HEAD_TYPE);
    luaL_setfuncs(L, part_meta, 0);
    protect(L);
    r = lua_newuserdatauv(L, sizeof(*r), 2);
    r->status = 0;
    push_part(L, "header.", "headers");
    lua_setiuservalue(L, -2, VALUE_HEADERS);
    push_part(L, "metadata.", "metadata");
    lua_setiuservalue(L, -2, VALUE_METADATA);
    luaL_newmetatable(L, RESPONSE_TYPE);
    luaL_newlib(L, methods);
    lua_pushcclosure(L, response_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, response_newindex);
    lua_setfield(L, -2, "__newindex");
    protect(L);
    lua_setmetatable(L, -2);
    lua_rawseti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_RESPONSE);
    lua_pop(L, 1);
}
