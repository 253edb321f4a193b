/* SPDX-License-Identifier: MIT */
/*
 * Status, headers and metadata of the response, until they leave.
 *
 * The response is a userdata with the status; its two user values are the userdatas behind
 * response.headers and response.metadata, and theirs the tables that hold what was set, with
 * names in lower case.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "transform/fields.h"
#include "transform/lua/libs.h"
#include "transform/lua/response.h"

#define PART_TYPE "response head"
#define FIELDS_MAX 64
#define HEAD_BYTES_MAX (16 * 1024)
#define NAME_BYTES_MAX 128
#define VALUE_BYTES_MAX 4096

typedef struct head_part {
    const char *prefix; /* "header." or "metadata." */
    const char *what;
} head_part;

/* The server speaks these itself; a script that sets them means something it cannot have. */
static const char *const refused[] = {"connection",        "content-length", "keep-alive",
                                      "proxy-authenticate", "te",            "trailer",
                                      "transfer-encoding", "upgrade",        NULL};

static void check_changeable(lua_State *L, const char *what)
{
    enum ol_transform_entry entry = ol_job_entry(ol_lua_run(L)->now.job);

    if (entry != OL_ENTRY_GET && entry != OL_ENTRY_HEAD)
        luaL_error(L, "response.%s: %s has no head to set", what, ol_lua_entry_name(entry));
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
    const head_part *part = luaL_checkudata(L, 1, PART_TYPE);

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

/* In head, where there is no body to count, the length is told as AWS has it or as response.size. */
static bool is_length(lua_State *L, int index, const head_part *part)
{
    ol_slice name;

    if (part->prefix[0] != 'h' || ol_job_entry(ol_lua_run(L)->now.job) != OL_ENTRY_HEAD ||
        lua_type(L, index) != LUA_TSTRING)
        return false;
    name.data = (const uint8_t *)lua_tolstring(L, index, &name.len);
    return ol_slice_ieq(name, OL_SLICE_LIT("content-length"));
}

static void set_size(lua_State *L, ol_lua_head *head, int index)
{
    head->has_size = !lua_isnil(L, index);
    head->size = head->has_size ? luaL_checkinteger(L, index) : 0;
    if (head->size < 0)
        luaL_error(L, "response.size must not be negative");
}

static void set_length(lua_State *L, int index)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_RESPONSE);
    set_size(L, lua_touserdata(L, -1), index);
    lua_pop(L, 1);
}

static int part_newindex(lua_State *L)
{
    const head_part *part = luaL_checkudata(L, 1, PART_TYPE);

    check_changeable(L, part->what);
    lua_settop(L, 3);
    if (is_length(L, 2, part)) {
        set_length(L, 3);
        return 0;
    }
    lua_getiuservalue(L, 1, 1);
    push_name(L, 2, part);
    push_value(L, 3, part);
    lua_rawset(L, 4);
    return 0;
}

static int part_pairs(lua_State *L)
{
    luaL_checkudata(L, 1, PART_TYPE);
    lua_getiuservalue(L, 1, 1);
    return ol_lua_order_pairs(L);
}

void ol_lua_head_assign(lua_State *L, int value)
{
    const head_part *part;

    luaL_checktype(L, 3, LUA_TTABLE);
    lua_getiuservalue(L, 1, value);
    part = lua_touserdata(L, 4);
    check_changeable(L, part->what);
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, 3)) {
        if (is_length(L, 6, part)) {
            set_length(L, 7);
        } else {
            push_name(L, 6, part);
            push_value(L, 7, part);
            lua_rawset(L, 5);
        }
        lua_settop(L, 6);
    }
    lua_setiuservalue(L, 4, 1);
}

void ol_lua_head_assign_status(lua_State *L)
{
    ol_lua_head *head = lua_touserdata(L, 1);
    lua_Integer status;

    check_changeable(L, "status");
    status = luaL_checkinteger(L, 3);
    if (status < 200 || status > 599)
        luaL_error(L, "response.status must be from 200 to 599");
    if (ol_lua_script_of(ol_lua_run(L))->declared.keeps_positions && status != 200)
        luaL_error(L, "response.status: a transform with positions answers 200");
    head->status = (int)status;
}

void ol_lua_head_assign_size(lua_State *L)
{
    ol_lua_head *head = lua_touserdata(L, 1);

    if (ol_job_entry(ol_lua_run(L)->now.job) != OL_ENTRY_HEAD)
        luaL_error(L, "response.size is for head: get is measured");
    check_changeable(L, "size");
    set_size(L, head, 3);
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
    head_field fields[FIELDS_MAX];
    const head_part *part;
    size_t count = 0;
    int rc = OL_OK;

    lua_getiuservalue(L, -1, value);
    part = lua_touserdata(L, -1);
    lua_getiuservalue(L, -1, 1);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (count < FIELDS_MAX) {
            fields[count].name = lua_tostring(L, -2);
            fields[count].value.data =
                (const uint8_t *)lua_tolstring(L, -1, &fields[count].value.len);
        }
        count++;
        lua_pop(L, 1);
    }
    lua_pop(L, 2);
    if (count > FIELDS_MAX)
        return OL_ELIMIT;
    qsort(fields, count, sizeof(fields[0]), compare_fields);
    for (size_t i = 0; i < count && rc == OL_OK; i++)
        rc = ol_fields_add_under(out, part->prefix, ol_slice_cstr(fields[i].name), fields[i].value);
    return rc;
}

static int add_number(ol_buf *out, const char *name, lua_Integer number)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)number);
    return ol_fields_add(out, name, ol_slice_cstr(text));
}

/* The response is on top. */
static int encode_head(lua_State *L, ol_buf *out)
{
    const ol_lua_head *head = lua_touserdata(L, -1);
    int rc = ol_fields_begin(out);

    if (rc == OL_OK && head->status)
        rc = add_number(out, "status", head->status);
    if (rc == OL_OK && head->has_size)
        rc = add_number(out, "size", head->size);
    if (rc == OL_OK)
        rc = add_part(L, OL_LUA_HEAD_HEADERS, out);
    return rc == OL_OK ? add_part(L, OL_LUA_HEAD_METADATA, out) : rc;
}

/* Nothing between the buffer's init and fini may raise: `rc` is what filling it came to. */
static void hand_over(lua_State *L, ol_buf *out, int rc)
{
    ol_run *run = ol_lua_run(L);
    ol_error error = {0};

    if (rc == OL_OK)
        rc = ol_job_head(run->now.job, ol_buf_slice(out), &error);
    else
        ol_error_set(&error, rc == OL_ENOMEM ? OL_ENOMEM : OL_ETRANSFORMRESPONSE,
                     "the response's headers and metadata are too many or too long");
    ol_buf_fini(out);
    if (rc < 0)
        ol_lua_fail(L, &error);
}

void ol_lua_head_send(lua_State *L)
{
    ol_run *run = ol_lua_run(L);
    ol_buf out;
    int rc;

    if (run->now.head_done)
        return;
    run->now.head_done = true;
    if (!run->now.head_changed)
        return;
    ol_buf_init(&out, HEAD_BYTES_MAX);
    lua_rawgeti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_RESPONSE);
    rc = encode_head(L, &out);
    lua_pop(L, 1);
    hand_over(L, &out, rc);
}

void ol_lua_head_send_field(lua_State *L, const char *name, const char *value)
{
    ol_buf out;
    int rc;

    ol_lua_run(L)->now.head_done = true;
    ol_buf_init(&out, HEAD_BYTES_MAX);
    rc = ol_fields_begin(&out);
    if (rc == OL_OK)
        rc = ol_fields_add(&out, name, ol_slice_cstr(value));
    hand_over(L, &out, rc);
}

void ol_lua_head_send_request(lua_State *L, bool hidden)
{
    const ol_lua_job_state *now = &ol_lua_run(L)->now;
    ol_buf out;
    int rc;

    if (!hidden && now->limits == 0)
        return;
    ol_lua_run(L)->now.head_done = true;
    ol_buf_init(&out, HEAD_BYTES_MAX);
    rc = ol_fields_begin(&out);
    if (rc == OL_OK && hidden)
        rc = ol_fields_add(&out, "status", OL_SLICE_LIT("404"));
    for (unsigned i = 0; rc == OL_OK && i < now->limits; i++)
        rc = ol_fields_add(&out, "limit", ol_slice_cstr(now->limit[i]));
    hand_over(L, &out, rc);
}

static int finish_head(lua_State *L)
{
    ol_lua_head_send(L);
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

/* ---- making it ---- */

static void push_part(lua_State *L, const char *prefix, const char *what)
{
    head_part *part = lua_newuserdatauv(L, sizeof(*part), 1);

    part->prefix = prefix;
    part->what = what;
    lua_newtable(L);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, PART_TYPE);
}

void ol_lua_head_push(lua_State *L)
{
    static const luaL_Reg part_meta[] = {{"__index", part_index},
                                         {"__newindex", part_newindex},
                                         {"__pairs", part_pairs},
                                         {NULL, NULL}};
    ol_lua_head *head;

    luaL_newmetatable(L, PART_TYPE);
    luaL_setfuncs(L, part_meta, 0);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    head = lua_newuserdatauv(L, sizeof(*head), 2);
    *head = (ol_lua_head){0};
    push_part(L, "header.", "headers");
    lua_setiuservalue(L, -2, OL_LUA_HEAD_HEADERS);
    push_part(L, "metadata.", "metadata");
    lua_setiuservalue(L, -2, OL_LUA_HEAD_METADATA);
}
