/* SPDX-License-Identifier: MIT */
/*
 * What is said about the response before its first byte, and what the engine itself does with it.
 */
#ifndef OL_TRANSFORM_LUA_RESPONSE_H
#define OL_TRANSFORM_LUA_RESPONSE_H

#include "transform/lua/run.h"

#define OL_LUA_RESPONSE_TYPE "response"

/* The response's userdata; its user values are the objects below. */
typedef struct ol_lua_head {
    int status; /* 0: not set */
    bool has_size;
    lua_Integer size;
} ol_lua_head;

enum { OL_LUA_HEAD_HEADERS = 1, OL_LUA_HEAD_METADATA };

/* Push a new response, still without a metatable. */
void ol_lua_head_push(lua_State *L);
/* Stack: response, key, value. Raise when the value is wrong, or the head has left. */
void ol_lua_head_assign_status(lua_State *L);
void ol_lua_head_assign_size(lua_State *L); /* head only */
/* The value is a table; everything that was set before goes. */
void ol_lua_head_assign(lua_State *L, int part);
/* The head is as it will be; hand it over if the script has set anything. May stop the job. */
void ol_lua_head_send(lua_State *L);

/* The same for list and request, whose scripts set none: one field. */
void ol_lua_head_send_field(lua_State *L, const char *name, const char *value);
/* What request has to say besides the key: whether there is none, and its limits. */
void ol_lua_head_send_request(lua_State *L, bool hidden);
/* response:limit(name, per_second [, burst]) */
int ol_lua_response_limit(lua_State *L);

/* The script has returned: hand over a head that it set without writing anything. OL_OK or the
 * error. */
int ol_lua_response_finish(ol_run *run, ol_error *err);

#endif
