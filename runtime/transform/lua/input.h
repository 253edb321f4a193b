/* SPDX-License-Identifier: MIT */
/*
 * The original as the script reads it: one held piece of the job, taken bit by bit by whichever
 * function asks, and lent as a whole to a buffer.
 */
#ifndef OL_TRANSFORM_LUA_INPUT_H
#define OL_TRANSFORM_LUA_INPUT_H

#include "transform/lua/run.h"

/* True when run->now.input.rest holds bytes, false at the end. When there are none yet, does
 * not return: k goes on with `context`, and is to call this again. Ends a loan. */
bool ol_lua_input_want(lua_State *L, lua_KContext context, lua_KFunction k);
/* The first n bytes of the rest were taken; the piece goes back when nothing is left of it. */
void ol_lua_input_take(ol_run *run, size_t n);
/* Push a buffer that lends all of the rest. */
void ol_lua_input_push_buffer(lua_State *L);
/* The bytes a buffer lends. Raises when the loan is over. False when it is no buffer. */
bool ol_lua_input_lent(lua_State *L, int index, ol_slice *bytes);
/* The lent bytes were forwarded, and the piece went with them. */
void ol_lua_input_forwarded(ol_run *run);
/* Give a held piece back. */
void ol_lua_input_close(ol_run *run);

/* Make the buffers' type known. */
void ol_lua_open_buffer(lua_State *L);

#endif
