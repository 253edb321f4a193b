/* SPDX-License-Identifier: MIT */
/*
 * What `env` and `file` return to a configuration: a text that the script can hand on and
 * join with `..`, but neither look at nor print. Also the value of what could not be had,
 * which swallows whatever is done with it, so that one mistake is reported once.
 */
#ifndef OL_CONTROL_VALUE_H
#define OL_CONTROL_VALUE_H

#include <lua.h>

#include "base/slice.h"

/* Once a state; may raise, like the two below. */
void ol_value_setup(lua_State *L);
void ol_value_push(lua_State *L, ol_slice text);
void ol_value_push_unknown(lua_State *L);

enum ol_value_kind { OL_VALUE_NONE, OL_VALUE_PLAIN, OL_VALUE_HIDDEN, OL_VALUE_UNKNOWN };
/* Is the value at `index` a text? PLAIN is a Lua string, HIDDEN came from env or file; *text is
 * valid while the value is on the stack. Numbers are no texts. Needs two free stack slots. */
enum ol_value_kind ol_value_text(lua_State *L, int index, ol_slice *text);

#endif
