/* SPDX-License-Identifier: MIT */
/*
 * objlens.pii: the transform pii for a script. This file is its host: what comes out goes into a
 * buffer of the script's heap, or findings become a list. Memory comes from the script's
 * allocator and is counted there; it is freed when the reader is collected.
 */
#include <jansson.h>
#include <pii/structure/front.h>
#include <stdio.h>

#include "transform/lua/bytes.h"
#include "transform/lua/libs.h"
#include "transform/lua/require.h"
#include "transform/lua/run.h"

#define TYPE "objlens.pii"
#define REASON_BYTES 192
#define ROOM_BYTES 2048

/* What the transform is given for a request. */
struct objlens_call {
    lua_State *L; /* of the call under way; the reader is at index 1 */
    ol_lua_bytes out;
    uint8_t room[ROOM_BYTES];
    bool findings;     /* a list instead of text */
    lua_Integer count; /* findings so far */
    bool failed;
    char reason[REASON_BYTES];
};

typedef struct reader {
    struct objlens_call call;
    struct objlens_host host;
    struct pii_config *config; /* owned */
    struct pii_front front;
    bool begun, over;
} reader; /* user value 1: the block of `out`, or the list of findings */

/* In front of each block: the script's allocator wants to know its size. */
typedef union block {
    size_t size;
    max_align_t align;
} block;

enum { READER = 1, TEXT, FINDINGS };

/* ---- the host ---- */

static int on_fail(struct objlens_call *call, int status, const char *code, const char *message)
{
    (void)status, (void)code;
    call->failed = true;
    snprintf(call->reason, sizeof(call->reason), "%s", message);
    return OBJLENS_EFAILED;
}

static int on_emit(struct objlens_call *call, const void *bytes, size_t size)
{
    ol_lua_bytes_add(call->L, READER, &call->out, bytes, size);
    return OBJLENS_OK;
}

static int on_out_span(struct objlens_call *call, void **data, size_t *size)
{
    *data = call->room;
    *size = sizeof(call->room);
    return OBJLENS_OK;
}

static int on_out_commit(struct objlens_call *call, size_t size)
{
    return on_emit(call, call->room, size);
}

static void *on_alloc(struct objlens_call *call, size_t size)
{
    void *state;
    lua_Alloc allocate = lua_getallocf(call->L, &state);
    block *made = allocate(state, NULL, LUA_TUSERDATA, sizeof(*made) + size);

    if (!made)
        return NULL;
    memset(made, 0, sizeof(*made) + size);
    made->size = sizeof(*made) + size;
    return made + 1;
}

static void on_free(struct objlens_call *call, void *pointer)
{
    block *made = pointer;
    void *state;
    lua_Alloc allocate = lua_getallocf(call->L, &state);

    if (made)
        allocate(state, made - 1, made[-1].size, 0);
}

static void *allocate(void *call, size_t size)
{
    return on_alloc(call, size);
}

static void release(void *call, void *pointer)
{
    on_free(call, pointer);
}

/* A text has no headers, and no name. */
static int on_object_header(struct objlens_call *call, const char *name, struct objlens_bytes *value)
{
    (void)call, (void)name, (void)value;
    return OBJLENS_ENOTFOUND;
}

static const struct objlens_host text_host = {.emit = on_emit,
                                              .out_span = on_out_span,
                                              .out_commit = on_out_commit,
                                              .fail = on_fail,
                                              .event_get = on_object_header,
                                              .object_header = on_object_header,
                                              .alloc = on_alloc,
                                              .free = on_free};

/* ---- findings ---- */

static void set_position(lua_State *L, const char *name, uint64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, name);
}

static void on_found(void *arg, const struct pii_found *found)
{
    struct objlens_call *call = arg;
    lua_State *L = call->L;

    lua_createtable(L, 0, 4);
    lua_pushstring(L, found->type);
    lua_setfield(L, -2, "type");
    set_position(L, "first", found->start + 1);
    set_position(L, "last", found->end);
    lua_pushnumber(L, found->score / 100.0);
    lua_setfield(L, -2, "score");
    lua_rawseti(L, FINDINGS, ++call->count);
}

static void on_more(void *arg, uint64_t end)
{
    struct objlens_call *call = arg;

    if (!call->findings || call->count == 0)
        return;
    lua_rawgeti(call->L, FINDINGS, call->count);
    set_position(call->L, "last", end);
    lua_pop(call->L, 1);
}

/* ---- the module's part ---- */

static int pii_collect(lua_State *L)
{
    reader *r = luaL_checkudata(L, READER, TYPE);

    r->call.L = L;
    if (r->begun)
        pii_front_fini(&r->front);
    pii_config_destroy(r->config);
    r->begun = false;
    r->over = true;
    r->config = NULL;
    return 0;
}

static void begin(lua_State *L, reader *r, bool findings)
{
    r->call.findings = findings;
    r->host = text_host;
    if (findings)
        r->config->mode = PII_MODE_REPORT;
    else if (r->config->mode == PII_MODE_DENY || r->config->mode == PII_MODE_REPORT)
        ol_lua_module_error(L, "%s", "pii: a text can be redacted or restored; use find for reports");
    r->begun = true;
    if (pii_front_init(&r->front, &r->host, &r->call, r->config) != OBJLENS_OK)
        luaL_error(L, "not enough memory");
    r->front.decision.found = findings ? on_found : NULL;
    r->front.decision.more = findings ? on_more : NULL;
    r->front.decision.arg = &r->call;
}

/* (payload, findings) */
static int pii_new(lua_State *L)
{
    size_t len;
    const char *payload = luaL_checklstring(L, 1, &len);
    bool findings = lua_toboolean(L, 2);
    reader *r = lua_newuserdatauv(L, sizeof(*r), 1);

    /* Options come from the transform's author: a fixed seed, and no device for a random one. (Only the
     * first seed of a process counts: the server has its own.) */
    json_object_seed(1);
    memset(r, 0, sizeof(*r));
    luaL_setmetatable(L, TYPE);
    r->call.L = L;
    if (pii_config_new((struct pii_memory){allocate, release, &r->call}, payload, len, &r->config) !=
        OBJLENS_OK)
        return luaL_error(L, "not enough memory");
    if (r->config->kit.reason[0] != '\0')
        return ol_lua_module_error(L, "pii: %s", r->config->kit.reason);
    begin(L, r, findings);
    if (findings) {
        lua_newtable(L);
        lua_setiuservalue(L, -2, 1);
    }
    return 1;
}

/* (reader, text or nil for the end) the text as it became, or the list of all findings so far */
static int pii_feed(lua_State *L)
{
    reader *r = luaL_checkudata(L, READER, TYPE);
    bool last = lua_isnoneornil(L, TEXT);
    size_t len = 0;
    const char *text = last ? NULL : luaL_checklstring(L, TEXT, &len);
    int rc;

    lua_settop(L, TEXT);
    if (r->over)
        return ol_lua_module_error(L, "pii: the text is over");
    if (r->call.findings)
        lua_getiuservalue(L, READER, 1);
    r->call.L = L;
    r->over = true; /* also when memory runs out in the middle */
    rc = last ? pii_front_finish(&r->front)
              : pii_front_write(&r->front, (const uint8_t *)text, len);
    r->over = last || rc != OBJLENS_OK;
    if (rc != OBJLENS_OK)
        return ol_lua_module_error(L, "%s", r->call.failed ? r->call.reason : "pii: failed");
    if (!r->call.findings)
        ol_lua_bytes_finish(L, READER, &r->call.out);
    return 1;
}

void ol_lua_core_pii(lua_State *L)
{
    static const luaL_Reg functions[] = {{"new", pii_new}, {"feed", pii_feed}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"__gc", pii_collect}, {NULL, NULL}};

    ol_lua_make_type(L, TYPE, methods);
    luaL_newlib(L, functions);
}
