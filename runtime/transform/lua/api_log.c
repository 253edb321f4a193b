/* SPDX-License-Identifier: MIT */
/*
 * What log.info and its like come down to: a line for the transform log. The rest is in the
 * prelude.
 */
#include "transform/lua/libs.h"
#include "transform/lua/run.h"

#define LINE_BYTES_MAX 4096

/* Arguments: level, text. While a module loads there is no request to log for. */
static int emit(lua_State *L)
{
    ol_run *run = ol_lua_run(L);
    const char *level = luaL_checkstring(L, 1);
    size_t len;
    const char *text = luaL_checklstring(L, 2, &len);

    if (len > LINE_BYTES_MAX)
        len = LINE_BYTES_MAX;
    if (run->phase == OL_LUA_STARTED)
        ol_job_log(run->now.job, level, ol_slice_of(text, len));
    return 0;
}

void ol_lua_push_log(lua_State *L)
{
    lua_pushcfunction(L, emit);
}
