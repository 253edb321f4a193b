/* SPDX-License-Identifier: MIT */
/*
 * objlens.net: addresses, and sets of networks that hold them. A set is a userdata with its ranges in
 * it. Texts are read strictly and never looked up: what is no address raises, so that a rule about
 * addresses never passes over one that it cannot read.
 */
#include "base/ip_range.h"
#include "transform/lua/require.h"

#define SET_TYPE "objlens.net.networks"
#define NETWORKS_MAX 10000
#define TEXT_SHOWN 64 /* of what is refused */

typedef struct networks {
    size_t count;
    ol_ip_range ranges[];
} networks;

static ol_slice check_text(lua_State *L, int index, const char *what)
{
    size_t len;
    const char *text;

    if (lua_type(L, index) != LUA_TSTRING)
        ol_lua_module_error(L, "net: %s must be a string, not a %s", what, luaL_typename(L, index));
    text = lua_tolstring(L, index, &len);
    return ol_slice_of(text, len);
}

static int refuse(lua_State *L, ol_slice text, const char *why)
{
    return ol_lua_module_error(L, "net: '%.*s' %s", OL_SLICE_FMT(ol_slice_first(text, TEXT_SHOWN)), why);
}

static void check_address(lua_State *L, int index, ol_ip_range *out)
{
    ol_slice text = check_text(L, index, "an address");

    if (!ol_ip_address_parse(text, out))
        refuse(L, text, "is no address");
}

/* ---- networks ---- */

/* "10.0.0.0/08" may mean one thing here and another elsewhere. */
static bool has_leading_zero(ol_slice text)
{
    ptrdiff_t slash = ol_slice_find(text, '/');
    ol_slice digits = slash < 0 ? OL_SLICE_NONE : ol_slice_from(text, (size_t)slash + 1);

    return digits.len > 1 && digits.data[0] == '0';
}

static void check_network(lua_State *L, int index, ol_ip_range *out)
{
    ol_slice text = check_text(L, index, "a network");

    if (!ol_ip_range_parse(text, out) || has_leading_zero(text))
        refuse(L, text, "is no network");
    if (!ol_ip_range_is_exact(out))
        refuse(L, text, "has bits set behind its prefix");
}

/* Nothing but a list of that length: a rule must not lose entries to a hole or a name. */
static bool is_list(lua_State *L, int index, lua_Unsigned length)
{
    lua_Unsigned members = 0;

    lua_pushnil(L);
    while (members <= length && lua_next(L, index)) {
        lua_pop(L, 1);
        members++;
    }
    lua_settop(L, index);
    return members == length;
}

/* (network, or a list of them) */
static int cidr(lua_State *L)
{
    bool list = lua_type(L, 1) == LUA_TTABLE;
    lua_Unsigned count = list ? lua_rawlen(L, 1) : 1;
    networks *set;

    lua_settop(L, 1);
    if (count > NETWORKS_MAX)
        return ol_lua_module_error(L, "net: more than %d networks", NETWORKS_MAX);
    if (list && !is_list(L, 1, count))
        return ol_lua_module_error(L, "net: a table that is no list of networks");
    set = lua_newuserdatauv(L, sizeof(*set) + count * sizeof(set->ranges[0]), 0);
    set->count = 0;
    luaL_setmetatable(L, SET_TYPE);
    for (lua_Unsigned i = 0; i < count; i++) {
        if (list)
            lua_rawgeti(L, 1, (lua_Integer)i + 1);
        else
            lua_pushvalue(L, 1);
        check_network(L, -1, &set->ranges[set->count++]);
        lua_pop(L, 1);
    }
    return 1;
}

static int set_contains(lua_State *L)
{
    const networks *set = luaL_checkudata(L, 1, SET_TYPE);
    ol_ip_range address;
    bool found = false;

    check_address(L, 2, &address);
    for (size_t i = 0; i < set->count && !found; i++)
        found = ol_ip_range_covers(&set->ranges[i], &address);
    lua_pushboolean(L, found);
    return 1;
}

/* ---- the network of an address ---- */

static unsigned check_bits(lua_State *L, int index, int most)
{
    lua_Integer bits = luaL_optinteger(L, index, most);

    luaL_argcheck(L, bits >= 0 && bits <= most, index, most == 32 ? "0 to 32 bits of IPv4" : "0 to 128 bits of IPv6");
    return (unsigned)bits;
}

/* (address [, bits of IPv4 [, bits of IPv6]]) */
static int network(lua_State *L)
{
    char text[OL_IP_RANGE_TEXT_SIZE];
    unsigned bits4 = check_bits(L, 2, 32), bits6 = check_bits(L, 3, 128);
    ol_ip_range address;

    check_address(L, 1, &address);
    ol_ip_range_widen(&address, address.v4 ? address.bits - 32 + bits4 : bits6);
    ol_ip_range_text(&address, text);
    lua_pushstring(L, text);
    return 1;
}

void ol_lua_core_net(lua_State *L)
{
    static const luaL_Reg functions[] = {{"cidr", cidr}, {"network", network}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"contains", set_contains}, {NULL, NULL}};
    static const luaL_Reg none[] = {{NULL, NULL}};

    ol_lua_make_type(L, SET_TYPE, none);
    luaL_getmetatable(L, SET_TYPE);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
}
