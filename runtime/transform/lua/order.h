/* SPDX-License-Identifier: MIT */
/*
 * The order of a table's keys: integers ascending, other numbers ascending, strings by their
 * bytes, false, true. Keys are sorted by a merge sort that can stop and go on.
 *
 * Knows nothing of Lua states; the keys' strings are borrowed.
 */
#ifndef OL_TRANSFORM_LUA_ORDER_H
#define OL_TRANSFORM_LUA_ORDER_H

#include <lua.h>

#include "base/slice.h"

enum ol_lua_rank {
    OL_LUA_RANK_INTEGER,
    OL_LUA_RANK_FLOAT,
    OL_LUA_RANK_STRING,
    OL_LUA_RANK_BOOLEAN
};

/* `prefix` orders keys of one rank, all but strings with the same first eight bytes. */
typedef struct ol_lua_key {
    uint32_t rank;
    uint32_t index; /* the caller's */
    uint64_t prefix;
    ol_slice text; /* of a string */
} ol_lua_key;

typedef struct ol_lua_sort {
    ol_lua_key *from, *to; /* `count` each; sorted keys end up in `from` */
    size_t count;
    size_t width, low, left, right, out; /* of the merge under way */
    bool merging;
} ol_lua_sort;

/* Fill rank and prefix; numbers and booleans are nothing else. */
void ol_lua_key_set_integer(ol_lua_key *key, lua_Integer value);
void ol_lua_key_set_float(ol_lua_key *key, lua_Number value);
void ol_lua_key_set_string(ol_lua_key *key, ol_slice text);
void ol_lua_key_set_boolean(ol_lua_key *key, bool value);

/* <0, 0, >0 */
int ol_lua_key_compare(const ol_lua_key *a, const ol_lua_key *b);

void ol_lua_sort_init(ol_lua_sort *sort, ol_lua_key *keys, ol_lua_key *spare, size_t count);
/* True when sorted; false when pause() said so before. */
bool ol_lua_sort_run(ol_lua_sort *sort, bool (*pause)(void));
/* Index of the first key above `key` among sorted ones. */
size_t ol_lua_sort_above(const ol_lua_sort *sort, const ol_lua_key *key);

#endif
