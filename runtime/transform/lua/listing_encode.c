/* SPDX-License-Identifier: MIT */
/*
 * What a list function may return, and its JSON. Members are AWS's; each is checked, in a fixed
 * order, so that the same listing is the same bytes. Tables are looked at raw: nothing of the
 * script runs here, and none may have a metatable, which would promise members that are not there.
 *
 * Every mistake ends the job with a path to it (contents[3].size), and never with a value, which
 * may be a name that not everybody may read.
 */
#include <stdio.h>

#include "base/limits.h"
#include "transform/lua/bytes.h"
#include "transform/lua/libs.h"
#include "transform/lua/run.h"

#define PATH_BYTES 96
#define TOKEN_BYTES_MAX 4096u

enum kind {
    TEXT,
    NAME,     /* 1 to 1024 bytes: a key or a prefix */
    ORIGINAL, /* one that came in */
    NUMBER,
    BOOLEAN,
    OWNER,
    LIST /* encoded apart */
};

typedef struct member {
    const char *name;
    enum kind kind;
} member;

static const member listing_members[] = {
    {"name", TEXT},          {"prefix", TEXT},
    {"marker", TEXT},        {"nextMarker", TEXT},
    {"startAfter", TEXT},    {"continuationToken", TEXT},
    {"nextContinuationToken", TEXT},
    {"keyCount", NUMBER},    {"maxKeys", NUMBER},
    {"delimiter", TEXT},     {"encodingType", TEXT},
    {"isTruncated", BOOLEAN}, {"contents", LIST},
    {"commonPrefixes", LIST}, {NULL, TEXT},
};
static const member entry_members[] = {
    {"key", NAME},          {"originalKey", ORIGINAL},
    {"lastModified", TEXT}, {"eTag", TEXT},
    {"checksumAlgorithm", TEXT}, {"checksumType", TEXT},
    {"size", NUMBER},       {"owner", OWNER},
    {"storageClass", TEXT}, {NULL, TEXT},
};
static const member prefix_members[] = {
    {"prefix", NAME}, {"originalPrefix", ORIGINAL}, {NULL, TEXT}};
static const member owner_members[] = {{"displayName", TEXT}, {"id", TEXT}, {NULL, TEXT}};

static int refuse(lua_State *L, const char *path, const char *what)
{
    ol_lua_stop(ol_lua_run(L), OL_ETRANSFORMRESPONSE, "list: %s %s", path, what);
    return ol_lua_raise_stop(L);
}

static void check_plain(lua_State *L, int index, const char *path)
{
    if (!lua_istable(L, index))
        refuse(L, path, "is not a table");
    if (lua_getmetatable(L, index))
        refuse(L, path, "has a metatable: a listing is made of plain tables");
}

/* Whether a name is one of ours. Others are mistakes, misspelt mostly. */
static void check_names(lua_State *L, int index, const member *members, const char *path)
{
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        const member *m = members;

        while (m->name && strcmp(m->name, name) != 0)
            m++;
        if (!m->name)
            refuse(L, path, "has a member that a listing does not have");
    }
}

/* ---- values ---- */

static void add_cstr(lua_State *L, int out, const char *text)
{
    ol_lua_bytes_add(L, out, lua_touserdata(L, out), text, strlen(text));
}

static void add_quoted(lua_State *L, int out, ol_slice text)
{
    ol_lua_bytes *bytes = lua_touserdata(L, out);
    size_t plain = 0;

    add_cstr(L, out, "\"");
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        char escaped[8];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        ol_lua_bytes_add(L, out, bytes, text.data + plain, i - plain);
        plain = i + 1;
        snprintf(escaped, sizeof(escaped), "\\u%04x", c);
        add_cstr(L, out, escaped);
    }
    ol_lua_bytes_add(L, out, bytes, text.data + plain, text.len - plain);
    add_cstr(L, out, "\"");
}

/* The value on top. */
static void add_text(lua_State *L, int out, size_t max, const char *path)
{
    ol_slice text;

    if (lua_type(L, -1) != LUA_TSTRING)
        refuse(L, path, "is not a string");
    text.data = (const uint8_t *)lua_tolstring(L, -1, &text.len);
    if (text.len > max)
        refuse(L, path, max == OL_KEY_BYTES_MAX ? "is longer than 1024 bytes" : "is too long");
    if (!ol_slice_is_utf8(text) || memchr(text.data, 0, text.len))
        refuse(L, path, "is not UTF-8");
    add_quoted(L, out, text);
}

static void add_name(lua_State *L, int out, const char *path)
{
    if (lua_type(L, -1) == LUA_TSTRING && lua_rawlen(L, -1) == 0)
        refuse(L, path, "is empty");
    add_text(L, out, OL_KEY_BYTES_MAX, path);
}

static void add_original(lua_State *L, int out, int originals, const char *path)
{
    add_name(L, out, path);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, originals) == LUA_TNIL)
        refuse(L, path, "is not one that came in: it stays as it is, or goes");
    lua_pop(L, 1);
}

/* Whole and not negative; as a string too, and as a float without a fraction. */
static bool read_number(lua_State *L, lua_Integer *number)
{
    uint64_t digits;
    ol_slice text;

    if (lua_type(L, -1) == LUA_TNUMBER) {
        int whole;

        *number = lua_tointegerx(L, -1, &whole);
        return whole && *number >= 0;
    }
    if (lua_type(L, -1) != LUA_TSTRING)
        return false;
    text.data = (const uint8_t *)lua_tolstring(L, -1, &text.len);
    if (!ol_slice_u64(text, &digits) || digits > LUA_MAXINTEGER)
        return false;
    *number = (lua_Integer)digits;
    return true;
}

static void add_number(lua_State *L, int out, const char *path)
{
    lua_Integer number;
    char text[24];

    if (!read_number(L, &number))
        refuse(L, path, "is not a whole number from 0 on");
    snprintf(text, sizeof(text), "%lld", (long long)number);
    add_cstr(L, out, text);
}

static void add_boolean(lua_State *L, int out, const char *path)
{
    const char *word = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    bool yes = strcmp(word, "true") == 0;

    if (lua_isboolean(L, -1))
        yes = lua_toboolean(L, -1);
    else if (!yes && strcmp(word, "false") != 0)
        refuse(L, path, "is not true or false");
    add_cstr(L, out, yes ? "true" : "false");
}

/* ---- tables ---- */

/* Where things lie while a table is encoded. */
typedef struct places {
    int out, originals;
} places;

static void add_members(lua_State *L, int index, const member *members, places at,
                        const char *path);

static void add_value(lua_State *L, const member *m, places at, const char *path)
{
    switch (m->kind) {
    case NAME: add_name(L, at.out, path); break;
    case ORIGINAL: add_original(L, at.out, at.originals, path); break;
    case NUMBER: add_number(L, at.out, path); break;
    case BOOLEAN: add_boolean(L, at.out, path); break;
    case OWNER:
        add_cstr(L, at.out, "{");
        add_members(L, lua_gettop(L), owner_members, at, path);
        add_cstr(L, at.out, "}");
        break;
    default: add_text(L, at.out, TOKEN_BYTES_MAX, path);
    }
}

/* Without the braces. A name must be there, everything else may be. */
static void add_members(lua_State *L, int index, const member *members, places at, const char *path)
{
    const char *comma = "";

    luaL_checkstack(L, 6, NULL);
    check_plain(L, index, path);
    check_names(L, index, members, path);
    for (const member *m = members; m->name; m++, lua_pop(L, 1)) {
        char below[PATH_BYTES];

        snprintf(below, sizeof(below), "%s.%s", path, m->name);
        lua_pushstring(L, m->name);
        if (lua_rawget(L, index) == LUA_TNIL && m->kind == NAME)
            refuse(L, below, "is missing");
        if (lua_isnil(L, -1) || m->kind == LIST)
            continue;
        add_cstr(L, at.out, comma);
        add_quoted(L, at.out, ol_slice_cstr(m->name));
        add_cstr(L, at.out, ":");
        add_value(L, m, at, below);
        comma = ",";
    }
}

static const member *members_of(const char *list)
{
    return strcmp(list, "contents") == 0 ? entry_members : prefix_members;
}

/* The whole listing is left open: its lists follow. */
int ol_lua_listing_encode(lua_State *L)
{
    enum { TABLE = 1, LIST_NAME, INDEX, ORIGINALS, OUT };
    places at = {.out = OUT, .originals = ORIGINALS};
    ol_lua_bytes *bytes;
    const char *list;
    char path[PATH_BYTES];

    lua_settop(L, ORIGINALS);
    bytes = ol_lua_bytes_new(L);
    add_cstr(L, OUT, "{");
    list = lua_tostring(L, LIST_NAME);
    if (list) {
        snprintf(path, sizeof(path), "%s[%lld]", list, (long long)lua_tointeger(L, INDEX));
        add_members(L, TABLE, members_of(list), at, path);
        add_cstr(L, OUT, "}");
    } else {
        add_members(L, TABLE, listing_members, at, "listing");
        if (bytes->len > 1)
            add_cstr(L, OUT, ",");
    }
    ol_lua_bytes_finish(L, OUT, bytes);
    return 1;
}

/* An empty table is a list, and so is none at all. */
int ol_lua_listing_count(lua_State *L)
{
    const char *name = luaL_checkstring(L, 2);
    lua_Integer keys = 0, length;

    if (lua_isnil(L, 1)) {
        lua_pushinteger(L, 0);
        return 1;
    }
    check_plain(L, 1, name);
    length = (lua_Integer)lua_rawlen(L, 1);
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1), keys++) {
        lua_Integer at = lua_isinteger(L, -2) ? lua_tointeger(L, -2) : 0;

        if (keys == OL_LIST_KEYS_MAX)
            return refuse(L, name, "has more than 1000 entries");
        if (at < 1 || at > length)
            return refuse(L, name, "is not a list: it has holes or names (table.remove closes up)");
    }
    if (keys != length)
        return refuse(L, name, "is not a list: it has holes or names (table.remove closes up)");
    lua_pushinteger(L, length);
    return 1;
}

/* ---- AWS's whole answer ---- */

/* Push a member of the table at 1; its type. */
static int push_member(lua_State *L, const char *name)
{
    lua_pushstring(L, name);
    return lua_rawget(L, 1);
}

static int take_document(lua_State *L)
{
    size_t len = lua_rawlen(L, -1);

    if (len == 0)
        return refuse(L, "the document", "is empty");
    if (len > OL_TRANSFORM_LISTING_BYTES_MAX)
        return refuse(L, "the document", "is too long");
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

static bool is_answer(lua_State *L)
{
    static const char *const names[] = {"statusCode", "errorCode", "listResultXml",
                                        "listBucketResult", NULL};
    bool found = false;

    for (const char *const *name = names; *name && !found; name++) {
        found = push_member(L, *name) != LUA_TNIL;
        lua_pop(L, 1);
    }
    return found;
}

/* A status that is an error ends the job, as response:error does. */
static void check_status(lua_State *L)
{
    lua_Integer status = 200;
    ol_error error = {0};
    ol_slice code, message;

    if (push_member(L, "statusCode") != LUA_TNIL && !read_number(L, &status))
        refuse(L, "statusCode", "is not a number");
    if (status < 400 || status > 599)
        return;
    push_member(L, "errorCode");
    push_member(L, "errorMessage");
    code = ol_slice_cstr(lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "");
    message = ol_slice_cstr(lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "");
    if (code.len == 0)
        code = ol_slice_cstr(ol_code_s3(status == 403 ? OL_EACCESS : OL_ETRANSFORM));
    if (!ol_slice_is_utf8(message))
        refuse(L, "errorMessage", "is not UTF-8");
    ol_error_custom(&error, OL_ETRANSFORM, (int)status, code, message);
    ol_lua_fail(L, &error);
}

int ol_lua_listing_unwrap(lua_State *L)
{
    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING)
        return take_document(L);
    check_plain(L, 1, "what it returned");
    if (!is_answer(L))
        return 1;
    check_status(L);
    bool document = push_member(L, "listResultXml") != LUA_TNIL;
    if (document == (push_member(L, "listBucketResult") != LUA_TNIL))
        return refuse(L, "what it returned", "has not one of listResultXml and listBucketResult");
    if (!document)
        return 1;
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING)
        return refuse(L, "listResultXml", "is not a string");
    return take_document(L);
}
