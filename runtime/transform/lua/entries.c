/* SPDX-License-Identifier: MIT */
/*
 * What stands around a module's functions for list and request: a job calls it as it calls get.
 * It turns the input into the function's arguments, and what the function returns into the output.
 *
 *   list     JSON in, tables to the function; its answer is checked member by member, and only
 *            then written
 *   request  the key to the function; a key, or nothing, from it
 *   response runs in front of get and head; without get, the original's bytes go through
 *
 * The loops are written in Lua, so that they are preempted like the script; it cannot reach them.
 */
#include "base/limits.h"
#include "transform/lua/api_fields.h"
#include "transform/lua/libs.h"
#include "transform/lua/response.h"

/* clang-format off */
static const char source[] =
    "local read, parse, unwrap, count, encode, start, write, asked, checked, answer = ...\n"
    "\n"
    "local function add_names(names, list, member)\n"
    "  for i = 1, list and #list or 0 do\n"
    "    local name = list[i][member]\n"
    "    if name then names[name] = true end\n"
    "  end\n"
    "end\n"
    "\n"
    "local function encode_list(parts, answer, name, originals)\n"
    "  local list = answer[name]\n"
    "  for i = 1, count(list, name) do\n"
    "    parts[#parts + 1] = i > 1 and ',' or ''\n"
    "    parts[#parts + 1] = encode(list[i], name, i, originals)\n"
    "  end\n"
    "end\n"
    "\n"
    "local function around_list(list)\n"
    "  return function(event, object, response)\n"
    "    local listing, originals = parse(read()), {}\n"
    "    add_names(originals, listing.contents, 'originalKey')\n"
    "    add_names(originals, listing.commonPrefixes, 'originalPrefix')\n"
    "    local answer, document = unwrap(list(event, listing, response))\n"
    "    if document then\n"
    "      start('header.content-type', 'application/xml')\n"
    "      write(document)\n"
    "      return\n"
    "    end\n"
    "    local parts = {encode(answer), '\"contents\":['}\n"
    "    encode_list(parts, answer, 'contents', originals)\n"
    "    parts[#parts + 1] = '],\"commonPrefixes\":['\n"
    "    encode_list(parts, answer, 'commonPrefixes', originals)\n"
    "    parts[#parts + 1] = ']}'\n"
    "    start('header.content-type', 'application/json')\n"
    "    for i = 1, #parts do write(parts[i]) end\n"
    "  end\n"
    "end\n"
    "\n"
    "local function around_request(request)\n"
    "  return function(event, object, response)\n"
    "    local key = checked(request(event, asked(), response))\n"
    "    answer(key == nil)\n"
    "    if key then write(key) end\n"
    "  end\n"
    "end\n"
    "\n"
    "local function around_body(body, before)\n"
    "  return function(event, object, response)\n"
    "    before(event, object, response)\n"
    "    return body(event, object, response)\n"
    "  end\n"
    "end\n"
    "\n"
    "local function pass(event, object, response)\n"
    "  for piece in object:chunks('buffer') do response:write(piece) end\n"
    "end\n"
    "\n"
    "local function pass_head(event, object, response)\n"
    "  response.size = object.size\n"
    "end\n"
    "\n"
    "return around_list, around_request, around_body, pass, pass_head\n";
/* clang-format on */

/* Arguments: a field of the head and its value. */
static int start(lua_State *L)
{
    ol_lua_head_send_field(L, luaL_checkstring(L, 1), luaL_checkstring(L, 2));
    return 0;
}

static int asked_key(lua_State *L)
{
    ol_slice key = OL_SLICE_NONE;

    ol_lua_field(L, "object.key", &key);
    lua_pushlstring(L, key.len ? (const char *)key.data : "", key.len);
    return 1;
}

/* What request returned: a key, or nil. */
static int checked_key(lua_State *L)
{
    ol_run *run = ol_lua_run(L);
    const char *wrong = NULL;
    ol_slice key;

    lua_settop(L, 1);
    if (lua_isnil(L, 1))
        return 1;
    if (lua_type(L, 1) != LUA_TSTRING) {
        ol_lua_stop(run, OL_ETRANSFORMRESPONSE, "request returned a %s", luaL_typename(L, 1));
        return ol_lua_raise_stop(L);
    }
    key.data = (const uint8_t *)lua_tolstring(L, 1, &key.len);
    if (key.len == 0)
        wrong = "is empty (nil hides it)";
    else if (key.len > OL_KEY_BYTES_MAX)
        wrong = "is longer than 1024 bytes";
    else if (!ol_slice_is_utf8(key) || memchr(key.data, 0, key.len))
        wrong = "is not UTF-8";
    if (!wrong)
        return 1;
    ol_lua_stop(run, OL_ETRANSFORMRESPONSE, "request returned a key that %s", wrong);
    return ol_lua_raise_stop(L);
}

/* Argument: whether the key is hidden. */
static int answer_request(lua_State *L)
{
    ol_lua_head_send_request(L, lua_toboolean(L, 1));
    return 0;
}

/* Push what is around the module's functions. */
static void push_around(lua_State *L)
{
    static const lua_CFunction functions[] = {ol_lua_read_all,      ol_lua_listing_parse,
                                              ol_lua_listing_unwrap, ol_lua_listing_count,
                                              ol_lua_listing_encode, start,
                                              ol_lua_output,        asked_key,
                                              checked_key, answer_request};
    int count = (int)(sizeof(functions) / sizeof(functions[0]));

    if (luaL_loadbufferx(L, source, sizeof(source) - 1, "=objlens", "t") != LUA_OK)
        lua_error(L);
    for (int i = 0; i < count; i++)
        lua_pushcfunction(L, functions[i]);
    lua_call(L, count, 5);
}

/* What ol_lua_open_entries has on its stack. */
enum {
    RESPONSE = OL_ENTRIES + 1,
    AROUND_LIST,
    AROUND_REQUEST,
    AROUND_BODY,
    PASS,
    PASS_HEAD
};

/* The function at index 1 + entry, or what the function at `around` makes of it. */
static void keep(lua_State *L, enum ol_transform_entry entry, int around)
{
    if (lua_isnil(L, 1 + (int)entry))
        return;
    if (around)
        lua_pushvalue(L, around);
    lua_pushvalue(L, 1 + (int)entry);
    if (around)
        lua_call(L, 1, 1);
    lua_rawseti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_ENTRY + (int)entry);
}

/* The function at index 1 + entry runs behind that of response. */
static void put_behind_response(lua_State *L, enum ol_transform_entry entry)
{
    if (lua_isnil(L, RESPONSE) || lua_isnil(L, 1 + (int)entry))
        return;
    lua_pushvalue(L, AROUND_BODY);
    lua_pushvalue(L, 1 + (int)entry);
    lua_pushvalue(L, RESPONSE);
    lua_call(L, 2, 1);
    lua_replace(L, 1 + (int)entry);
}

static bool is_plain(lua_State *L)
{
    return !lua_isnil(L, 1 + OL_ENTRY_GET) && lua_isnil(L, RESPONSE) &&
           lua_isnil(L, 1 + OL_ENTRY_LIST) && lua_isnil(L, 1 + OL_ENTRY_REQUEST);
}

void ol_lua_open_entries(lua_State *L)
{
    lua_settop(L, RESPONSE);
    if (is_plain(L)) {
        keep(L, OL_ENTRY_HEAD, 0);
        return;
    }
    push_around(L);
    if (lua_isnil(L, 1 + OL_ENTRY_GET)) {
        lua_copy(L, PASS, 1 + OL_ENTRY_GET);
        lua_copy(L, PASS_HEAD, 1 + OL_ENTRY_HEAD);
    }
    put_behind_response(L, OL_ENTRY_GET);
    put_behind_response(L, OL_ENTRY_HEAD);
    keep(L, OL_ENTRY_HEAD, 0);
    keep(L, OL_ENTRY_LIST, AROUND_LIST);
    keep(L, OL_ENTRY_REQUEST, AROUND_REQUEST);
}
