/* SPDX-License-Identifier: MIT */
/*
 * A strict reader of JSON that hands out one token after the other: it can stop anywhere and go on,
 * needs no memory, and knows nothing of Lua. Bounded in depth; whole numbers only, of 64 bits;
 * well-formed UTF-8; no NUL. A name that stands twice in an object is the caller's to notice.
 */
#ifndef OL_TRANSFORM_LUA_JSON_H
#define OL_TRANSFORM_LUA_JSON_H

#include "base/slice.h"

#define OL_LUA_JSON_DEPTH_MAX 8

enum ol_lua_json_token {
    OL_LUA_JSON_WRONG, /* and for ever after: reader.wrong says why */
    OL_LUA_JSON_END,   /* one value was read, and nothing is left */
    OL_LUA_JSON_OBJECT,
    OL_LUA_JSON_OBJECT_END,
    OL_LUA_JSON_LIST,
    OL_LUA_JSON_LIST_END,
    OL_LUA_JSON_NAME, /* of a member: reader.text; its value follows */
    OL_LUA_JSON_STRING,
    OL_LUA_JSON_INTEGER,
    OL_LUA_JSON_TRUE,
    OL_LUA_JSON_FALSE,
    OL_LUA_JSON_NULL
};

typedef struct ol_lua_json {
    /* Of the last token. */
    ol_slice text; /* between the quotes, as it is written */
    bool escaped;  /* base/json_string.h makes of it what it says */
    int64_t integer;
    const char *wrong; /* a literal */
    size_t at;         /* how far the text has been read */
    /* private */
    ol_slice whole;
    unsigned depth;
    bool in_object[OL_LUA_JSON_DEPTH_MAX];
    unsigned expects;
} ol_lua_json;

/* `text` is borrowed while it is read. */
void ol_lua_json_init(ol_lua_json *reader, ol_slice text);
enum ol_lua_json_token ol_lua_json_next(ol_lua_json *reader);

#endif
