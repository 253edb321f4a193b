/* SPDX-License-Identifier: MIT */
/*
 * What a module may return: a function, or a table of functions and of what they declare.
 */
#ifndef OL_TRANSFORM_LUA_MODULE_H
#define OL_TRANSFORM_LUA_MODULE_H

#include <lua.h>

#include "base/error.h"
#include "transform/program.h"

enum { OL_LUA_MODULE_RESULTS = 1 + OL_ENTRIES + 1 };

/* A lua_CFunction. Arguments: the module's value, and an ol_program_declared (light userdata), which
 * it fills but for depends_headers. Results: these as one string (names in lower case, sorted, each
 * with '\n' behind), the function of each entry, or nil, and that of response, or nil. Raises a message
 * for everything that is not allowed. */
int ol_lua_module_check(lua_State *L);

/* OL_OK, or OL_ETRANSFORM for a text that is not a module's source at all. */
int ol_lua_module_check_source(ol_slice source, ol_error *err);

#endif
