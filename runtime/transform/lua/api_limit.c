/* SPDX-License-Identifier: MIT */
/*
 * response:limit: what a request entry says about how often its caller may come. Only said here:
 * the server counts, when the entry has returned. What is counted is known to it by a digest.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <stdio.h>

#include "transform/lua/response.h"

#define NAME_BYTES_MAX 1024
#define PER_SECOND_MAX 1000000
#define BURST_MAX 1000000
#define DIGEST_BYTES 16 /* of the name, as it is sent */

static void write_limit(char *out, lua_Integer per_1000_s, lua_Integer burst, const char *name,
                        size_t len)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    int at = snprintf(out, OL_LUA_LIMIT_BYTES, "%lld %lld ", (long long)per_1000_s,
                      (long long)burst);

    SHA256((const unsigned char *)name, len, digest);
    for (int i = 0; i < DIGEST_BYTES; i++)
        at += snprintf(out + at, OL_LUA_LIMIT_BYTES - (size_t)at, "%02x", digest[i]);
}

int ol_lua_response_limit(lua_State *L)
{
    ol_lua_job_state *now = &ol_lua_run(L)->now;
    size_t len;
    const char *name;
    lua_Number per_second;
    lua_Integer burst;

    luaL_checkudata(L, 1, OL_LUA_RESPONSE_TYPE);
    if (ol_job_entry(now->job) != OL_ENTRY_REQUEST)
        return luaL_error(L, "response:limit is for request only");
    name = luaL_checklstring(L, 2, &len);
    luaL_argcheck(L, len > 0 && len <= NAME_BYTES_MAX, 2, "a name has 1 to 1024 bytes");
    per_second = luaL_checknumber(L, 3);
    luaL_argcheck(L, per_second >= 0.001 && per_second <= PER_SECOND_MAX, 3,
                  "0.001 to 1000000 a second");
    burst = luaL_optinteger(L, 4, per_second < 1 ? 1 : (lua_Integer)per_second);
    luaL_argcheck(L, burst >= 1 && burst <= BURST_MAX, 4, "a burst is 1 to 1000000");
    if (now->limits == OL_LUA_LIMITS_MAX)
        return luaL_error(L, "response:limit: more than %d limits", OL_LUA_LIMITS_MAX);
    write_limit(now->limit[now->limits++], (lua_Integer)(per_second * 1000 + 0.5), burst, name, len);
    return 0;
}
