/* SPDX-License-Identifier: MIT */
/*
 * Views of the encoded event: tables to look at, without a table being made. A view shows the
 * fields under a path; its kind says how names are compared and what may be seen.
 */
#ifndef OL_TRANSFORM_LUA_API_FIELDS_H
#define OL_TRANSFORM_LUA_API_FIELDS_H

#include "transform/lua/run.h"

enum ol_lua_view {
    OL_LUA_VIEW_EVENT,   /* the whole, with its special rules */
    OL_LUA_VIEW_REQUEST, /* userRequest: url, query, headers */
    OL_LUA_VIEW_PATH,    /* userIdentity, configuration and what lies in them */
    OL_LUA_VIEW_EXACT,   /* names as they are: query parameters */
    OL_LUA_VIEW_HEADERS, /* any case; only declared ones */
    OL_LUA_VIEW_ANY_CASE /* headers and metadata of the object */
};

/* Push a view of the fields whose names begin with `path`. */
void ol_lua_push_view(lua_State *L, enum ol_lua_view kind, const char *path);
/* The value of a field of the event. */
bool ol_lua_field(lua_State *L, const char *name, ol_slice *value);

#endif
