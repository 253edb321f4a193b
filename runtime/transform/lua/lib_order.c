/* SPDX-License-Identifier: MIT */
/*
 * pairs and next in the order of order.h.
 *
 * pairs looks at all keys once: when they turn out to be 1, 2, … n, which is the usual case for
 * large tables, nothing is sorted. Otherwise it takes the keys down, sorts them, and walks that
 * list, leaving out keys that have gone meanwhile. next(t) looks for the smallest key; next(t, k)
 * sorts the keys once for a traversal and keeps the list until another table is asked.
 *
 * Everything here can be suspended: a table may be as large as the memory limit.
 */
#include "transform/lua/bytes.h"
#include "transform/lua/libs.h"
#include "transform/lua/order.h"
#include "transform/lua/preempt.h"

#define KEYS_PER_PAUSE 256u

/* The sorted keys of a table; a userdata whose user values are its blocks and the keys. */
typedef struct listing {
    ol_lua_bytes block; /* ol_lua_key[]; user value 1 */
    ol_lua_sort sort;
    size_t at; /* the next one to hand out */
} listing;

enum { VALUE_BLOCK = 1, VALUE_KEYS, VALUE_SPARE, VALUE_TABLE, LISTING_VALUES = VALUE_TABLE };

/* Classify the key at `index`; false when it has no place in the order. */
static bool read_key(lua_State *L, int index, ol_lua_key *key)
{
    size_t len;
    const char *text;

    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        if (lua_isinteger(L, index))
            ol_lua_key_set_integer(key, lua_tointeger(L, index));
        else
            ol_lua_key_set_float(key, lua_tonumber(L, index));
        return true;
    case LUA_TSTRING:
        text = lua_tolstring(L, index, &len);
        ol_lua_key_set_string(key, ol_slice_of(text, len));
        return true;
    case LUA_TBOOLEAN:
        ol_lua_key_set_boolean(key, lua_toboolean(L, index));
        return true;
    default:
        return false;
    }
}

static void check_key(lua_State *L, int index, ol_lua_key *key)
{
    if (!read_key(L, index, key))
        luaL_error(L, "a key of type '%s' has no place in the order of pairs and next",
                   luaL_typename(L, index));
}

/* ---- taking the keys down ----
 * Stack while a listing is made: table, …, listing, keys, [key]. `table` is index 1, LISTING and
 * KEYS are fixed: one argument may lie in between. */

enum { TABLE = 1, ARGUMENT, LISTING, KEYS };
enum { STAGE_COLLECT, STAGE_SORT };

static int list_for_pairs(lua_State *L, int status, lua_KContext stage);
static int list_for_next(lua_State *L, int status, lua_KContext stage);

static void begin_listing(lua_State *L)
{
    listing *list;

    lua_settop(L, ARGUMENT);
    list = lua_newuserdatauv(L, sizeof(*list), LISTING_VALUES);
    *list = (listing){0};
    lua_newtable(L);
    lua_pushvalue(L, KEYS);
    lua_setiuservalue(L, LISTING, VALUE_KEYS);
    lua_pushvalue(L, TABLE);
    lua_setiuservalue(L, LISTING, VALUE_TABLE);
    lua_pushnil(L);
}

static void collect(lua_State *L, listing *list, lua_KFunction k)
{
    while (lua_next(L, TABLE)) {
        size_t count = list->block.len / sizeof(ol_lua_key);
        ol_lua_key key = {.index = (uint32_t)(count + 1)};

        lua_pop(L, 1);
        check_key(L, -1, &key);
        lua_pushvalue(L, -1);
        lua_rawseti(L, KEYS, (lua_Integer)count + 1);
        ol_lua_bytes_add(L, LISTING, &list->block, &key, sizeof(key));
        if (count % KEYS_PER_PAUSE == 0 && ol_lua_preempt_due())
            ol_lua_pause(L, STAGE_COLLECT, k);
    }
}

static void begin_sort(lua_State *L, listing *list)
{
    void *spare = NULL;

    if (list->block.len) {
        spare = lua_newuserdatauv(L, list->block.len, 0);
        lua_setiuservalue(L, LISTING, VALUE_SPARE);
    }
    ol_lua_sort_init(&list->sort, (ol_lua_key *)list->block.data, spare,
                     list->block.len / sizeof(ol_lua_key));
}

/* Go on with the listing; it is complete when this returns. */
static listing *make_listing(lua_State *L, lua_KContext stage, lua_KFunction k)
{
    listing *list = lua_touserdata(L, LISTING);

    if (stage == STAGE_COLLECT) {
        collect(L, list, k);
        begin_sort(L, list);
    }
    while (!ol_lua_sort_run(&list->sort, ol_lua_preempt_due))
        ol_lua_pause(L, STAGE_SORT, k);
    return list;
}

/* Push the key that comes next and its value, leaving out keys without one; false at the end. */
static bool hand_out(lua_State *L, listing *list, int table, int keys, lua_KFunction k)
{
    while (list->at < list->sort.count) {
        lua_rawgeti(L, keys, list->sort.from[list->at++].index);
        lua_pushvalue(L, -1);
        lua_rawget(L, table);
        if (!lua_isnil(L, -1))
            return true;
        lua_pop(L, 2);
        if (ol_lua_preempt_due())
            ol_lua_pause(L, 0, k);
    }
    return false;
}

/* ---- pairs ---- */

static int walk_listing(lua_State *L, int status, lua_KContext context)
{
    listing *list = lua_touserdata(L, lua_upvalueindex(3));

    (void)status;
    (void)context;
    if (hand_out(L, list, lua_upvalueindex(1), lua_upvalueindex(2), walk_listing))
        return 2;
    lua_pushnil(L);
    return 1;
}

static int next_listed(lua_State *L)
{
    return walk_listing(L, LUA_OK, 0);
}

/* Upvalue 1: how long the sequence was. Argument 1: the table. */
static int walk_sequence(lua_State *L, int status, lua_KContext index)
{
    lua_Integer count = lua_tointeger(L, lua_upvalueindex(1));

    (void)status;
    while (index < count) {
        index++;
        if (lua_rawgeti(L, 1, index) != LUA_TNIL) {
            lua_pushinteger(L, index);
            lua_insert(L, -2);
            return 2;
        }
        lua_pop(L, 1);
        if (ol_lua_preempt_due())
            ol_lua_pause(L, index, walk_sequence);
    }
    lua_pushnil(L);
    return 1;
}

/* Arguments: the table and the last index. */
static int next_in_sequence(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    return walk_sequence(L, LUA_OK, lua_tointeger(L, 2));
}

static int list_for_pairs(lua_State *L, int status, lua_KContext stage)
{
    (void)status;
    make_listing(L, stage, list_for_pairs);
    lua_pushvalue(L, TABLE);
    lua_pushvalue(L, KEYS);
    lua_pushvalue(L, LISTING);
    lua_pushcclosure(L, next_listed, 3);
    lua_pushvalue(L, TABLE);
    lua_pushnil(L);
    return 3;
}

/* Stack: table, nil, key. `seen` keys were 1 to `seen`. */
static int scan_sequence(lua_State *L, int status, lua_KContext seen)
{
    (void)status;
    while (lua_next(L, TABLE)) {
        lua_pop(L, 1);
        if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) != seen + 1) {
            begin_listing(L);
            return list_for_pairs(L, LUA_OK, STAGE_COLLECT);
        }
        seen++;
        if (seen % KEYS_PER_PAUSE == 0 && ol_lua_preempt_due())
            ol_lua_pause(L, seen, scan_sequence);
    }
    lua_pushinteger(L, seen);
    lua_pushcclosure(L, next_in_sequence, 1);
    lua_pushvalue(L, TABLE);
    lua_pushnil(L);
    return 3;
}

int ol_lua_order_pairs(lua_State *L)
{
    if (lua_gettop(L) > TABLE)
        lua_replace(L, TABLE);
    lua_settop(L, TABLE);
    lua_pushnil(L);
    lua_pushnil(L);
    return scan_sequence(L, LUA_OK, 0);
}

static int finish_pairs(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 3;
}

static int base_pairs(lua_State *L)
{
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_callk(L, 1, 3, 0, finish_pairs);
        return 3;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    return ol_lua_order_pairs(L);
}

/* ---- next ---- */

/* Stack: table, the smallest key so far or nil, key. */
static int scan_smallest(lua_State *L, int status, lua_KContext seen)
{
    (void)status;
    while (lua_next(L, TABLE)) {
        ol_lua_key key, smallest;

        lua_pop(L, 1);
        check_key(L, -1, &key);
        if (!read_key(L, ARGUMENT, &smallest) || ol_lua_key_compare(&key, &smallest) < 0)
            lua_copy(L, -1, ARGUMENT);
        if (++seen % KEYS_PER_PAUSE == 0 && ol_lua_preempt_due())
            ol_lua_pause(L, seen, scan_smallest);
    }
    if (seen == 0)
        return 1; /* the nil */
    lua_pushvalue(L, ARGUMENT);
    lua_rawget(L, TABLE);
    return 2;
}

/* Whether the listing kept by the last call is about this table; it is pushed then. */
static listing *kept_listing(lua_State *L)
{
    bool same;

    if (lua_rawgeti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_SORTED) != LUA_TUSERDATA) {
        lua_pop(L, 1);
        return NULL;
    }
    lua_getiuservalue(L, -1, VALUE_TABLE);
    same = lua_rawequal(L, -1, TABLE);
    lua_pop(L, same ? 1 : 2);
    return same ? lua_touserdata(L, -1) : NULL;
}

static void forget_listing(lua_State *L)
{
    lua_pushnil(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_SORTED);
}

/* Stack: table, key, listing, keys. */
static int walk_from_argument(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    if (hand_out(L, lua_touserdata(L, LISTING), TABLE, KEYS, walk_from_argument))
        return 2;
    lua_pushnil(L);
    return 1;
}

static int list_for_next(lua_State *L, int status, lua_KContext stage)
{
    listing *list = make_listing(L, stage, list_for_next);
    ol_lua_key key;

    (void)status;
    check_key(L, ARGUMENT, &key);
    list->at = ol_lua_sort_above(&list->sort, &key);
    lua_pushvalue(L, LISTING);
    lua_rawseti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_SORTED);
    return walk_from_argument(L, LUA_OK, 0);
}

static int base_next(lua_State *L)
{
    listing *list;
    ol_lua_key key;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    list = kept_listing(L);
    if (lua_isnil(L, ARGUMENT)) {
        if (list)
            forget_listing(L);
        lua_settop(L, 2);
        lua_pushnil(L);
        return scan_smallest(L, LUA_OK, 0);
    }
    check_key(L, ARGUMENT, &key);
    if (list) {
        lua_getiuservalue(L, LISTING, VALUE_KEYS);
        if (list->at == 0 || ol_lua_key_compare(&list->sort.from[list->at - 1], &key) != 0)
            list->at = ol_lua_sort_above(&list->sort, &key);
        return walk_from_argument(L, LUA_OK, 0);
    }
    begin_listing(L);
    return list_for_next(L, LUA_OK, STAGE_COLLECT);
}

void ol_lua_open_order(lua_State *L)
{
    static const luaL_Reg functions[] = {{"pairs", base_pairs}, {"next", base_next}, {NULL, NULL}};

    lua_pushglobaltable(L);
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
}
