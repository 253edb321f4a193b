/* SPDX-License-Identifier: MIT */
/*
 * What a module may return: a function, or a table of get and depends.
 */
#ifndef OL_TRANSFORM_LUA_MODULE_H
#define OL_TRANSFORM_LUA_MODULE_H

#include <lua.h>

#include "base/error.h"

/* A lua_CFunction: the module's value is argument 1. Returns get, whether it depends on the
 * request, and its headers as one string (names in lower case, sorted, each with '\n' behind).
 * Raises a message for everything else. */
int ol_lua_module_check(lua_State *L);

/* OL_OK, or OL_ETRANSFORM for a text that is not a module's source at all. */
int ol_lua_module_check_source(ol_slice source, ol_error *err);

#endif
