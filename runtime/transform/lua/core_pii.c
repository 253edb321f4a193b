/* SPDX-License-Identifier: MIT */
/*
 * objlens.pii: the recognisers of the transform pii, over another output. This file is the other
 * implementation of their output.h: what comes out goes into a buffer of the script's heap, or
 * becomes a list of findings.
 */
#include <jansson.h>
#include <pii/output.h>
#include <pii/stream.h>
#include <stdio.h>

#include "transform/lua/bytes.h"
#include "transform/lua/libs.h"
#include "transform/lua/require.h"
#include "transform/lua/run.h"

#define TYPE "objlens.pii"
#define REASON_BYTES 192

/* What the engine is given for a host: it may only say that a text cannot be read. */
struct objlens_call {
    lua_State *L; /* of the call under way; the reader is at index 1 */
    ol_lua_bytes out;
    bool findings;      /* a list instead of text */
    uint64_t done;      /* bytes of the text behind it */
    lua_Integer count;  /* findings so far */
    bool failed;
    char reason[REASON_BYTES];
};

typedef struct reader {
    struct objlens_call call;
    struct objlens_host host;
    struct pii_config config;
    struct pii_stream stream;
    bool over;
} reader; /* user value 1: the block of `out`, or the list of findings */

enum { READER = 1, TEXT, FINDINGS };

static int on_fail(struct objlens_call *call, int status, const char *code, const char *message)
{
    (void)status, (void)code;
    call->failed = true;
    snprintf(call->reason, sizeof(call->reason), "%s", message);
    return OBJLENS_EFAILED;
}

/* ---- output.h ---- */

void pii_output_init(struct pii_output *out, const struct objlens_host *host,
                     struct objlens_call *call, const struct pii_config *config)
{
    *out = (struct pii_output){.host = host, .call = call, .config = config};
}

void pii_output_flush(struct pii_output *out)
{
    (void)out;
}

static void add(struct pii_output *out, const void *bytes, size_t size)
{
    ol_lua_bytes_add(out->call->L, READER, &out->call->out, bytes, size);
}

void pii_output_copy(struct pii_output *out, const uint8_t *bytes, size_t size)
{
    out->call->done += size;
    if (!out->call->findings)
        add(out, bytes, size);
}

static void set_position(lua_State *L, const char *name, uint64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, name);
}

static void add_finding(struct objlens_call *call, unsigned entity, size_t size)
{
    lua_State *L = call->L;
    lua_createtable(L, 0, 3);
    lua_pushstring(L, pii_entities[entity].name);
    lua_setfield(L, -2, "type");
    set_position(L, "first", call->done + 1);
    set_position(L, "last", call->done + size);
    lua_rawseti(L, FINDINGS, ++call->count);
}

static void mask(struct pii_output *out, size_t size)
{
    for (; size > 0; size--)
        add(out, out->config->mask_character, out->config->mask_size);
}

static void add_marker(struct pii_output *out, const char *name)
{
    add(out, "[", 1);
    add(out, name, strlen(name));
    add(out, "]", 1);
}

void pii_output_match(struct pii_output *out, unsigned entity, size_t size)
{
    if (out->call->findings)
        add_finding(out->call, entity, size);
    else if (out->config->mask)
        mask(out, size);
    else
        add_marker(out, pii_entities[entity].name);
    out->call->done += size;
}

void pii_output_more(struct pii_output *out, size_t size)
{
    struct objlens_call *call = out->call;

    call->done += size;
    if (!call->findings && out->config->mask)
        mask(out, size);
    if (!call->findings || call->count == 0)
        return;
    lua_rawgeti(call->L, FINDINGS, call->count);
    set_position(call->L, "last", call->done);
    lua_pop(call->L, 1);
}

/* ---- the module's part ---- */

/* (payload, findings) */
static int pii_new(lua_State *L)
{
    static bool seeded;
    size_t len;
    const char *payload = luaL_checklstring(L, 1, &len);
    bool findings = lua_toboolean(L, 2), good;
    reader *r = lua_newuserdatauv(L, sizeof(*r), 1);
    char reason[REASON_BYTES] = "";

    if (!seeded) {
        seeded = true;
        /* Options come from the transform's author: a fixed seed, and no device for a random one. */
        json_object_seed(1);
    }
    memset(r, 0, sizeof(*r));
    good = pii_config_read(&r->config, payload, len, reason, sizeof(reason));
    if (!good)
        return ol_lua_module_error(L, "pii: %s", reason);
    r->call.findings = findings;
    r->host.fail = on_fail;
    pii_stream_init(&r->stream, &r->host, &r->call, &r->config);
    luaL_setmetatable(L, TYPE);
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
    rc = last ? pii_stream_finish(&r->stream)
              : pii_stream_write(&r->stream, (const uint8_t *)text, len);
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
    static const luaL_Reg none[] = {{NULL, NULL}};

    ol_lua_make_type(L, TYPE, none);
    luaL_newlib(L, functions);
}
