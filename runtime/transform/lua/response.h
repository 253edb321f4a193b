/* SPDX-License-Identifier: MIT */
/*
 * What the engine itself does with the response.
 */
#ifndef OL_TRANSFORM_LUA_RESPONSE_H
#define OL_TRANSFORM_LUA_RESPONSE_H

#include "transform/lua/run.h"

/* The script has returned: hand over a head that it set without writing anything. OL_OK or the
 * error. */
int ol_lua_response_finish(ol_run *run, ol_error *err);

#endif
