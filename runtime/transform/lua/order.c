/* SPDX-License-Identifier: MIT */
/*
 * The order of keys; see order.h.
 */
#include "transform/lua/order.h"

#define KEYS_PER_PAUSE 256u

#define SIGN_BIT (1ull << 63)

void ol_lua_key_set_integer(ol_lua_key *key, lua_Integer value)
{
    key->rank = OL_LUA_RANK_INTEGER;
    key->prefix = (uint64_t)value ^ SIGN_BIT;
}

void ol_lua_key_set_float(ol_lua_key *key, lua_Number value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    key->rank = OL_LUA_RANK_FLOAT;
    /* Positive numbers order by their bits, negative ones the other way round. */
    key->prefix = bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

void ol_lua_key_set_string(ol_lua_key *key, ol_slice text)
{
    uint64_t bytes = 0;

    if (text.len)
        memcpy(&bytes, text.data, text.len < 8 ? text.len : 8);
    key->rank = OL_LUA_RANK_STRING;
    key->prefix = __builtin_bswap64(bytes);
    key->text = text;
}

void ol_lua_key_set_boolean(ol_lua_key *key, bool value)
{
    key->rank = OL_LUA_RANK_BOOLEAN;
    key->prefix = value;
}

int ol_lua_key_compare(const ol_lua_key *a, const ol_lua_key *b)
{
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    return a->rank == OL_LUA_RANK_STRING ? ol_slice_cmp(a->text, b->text) : 0;
}

void ol_lua_sort_init(ol_lua_sort *sort, ol_lua_key *keys, ol_lua_key *spare, size_t count)
{
    *sort = (ol_lua_sort){.from = keys, .to = spare, .count = count, .width = 1};
}

/* Merge two neighbouring runs; false when paused. */
static bool merge(ol_lua_sort *sort, bool (*pause)(void))
{
    size_t middle = sort->low + sort->width, end = middle + sort->width;

    if (middle > sort->count)
        middle = sort->count;
    if (end > sort->count)
        end = sort->count;
    if (!sort->merging) {
        sort->left = sort->out = sort->low;
        sort->right = middle;
        sort->merging = true;
    }
    while (sort->out < end) {
        bool take_left =
            sort->left < middle &&
            (sort->right == end ||
             ol_lua_key_compare(&sort->from[sort->left], &sort->from[sort->right]) <= 0);

        sort->to[sort->out++] = sort->from[take_left ? sort->left++ : sort->right++];
        if (sort->out % KEYS_PER_PAUSE == 0 && pause())
            return false;
    }
    sort->merging = false;
    sort->low = end;
    return true;
}

bool ol_lua_sort_run(ol_lua_sort *sort, bool (*pause)(void))
{
    for (; sort->width < sort->count; sort->width *= 2) {
        ol_lua_key *keys;

        while (sort->low < sort->count)
            if (!merge(sort, pause))
                return false;
        keys = sort->from;
        sort->from = sort->to;
        sort->to = keys;
        sort->low = 0;
    }
    return true;
}

size_t ol_lua_sort_above(const ol_lua_sort *sort, const ol_lua_key *key)
{
    size_t low = 0, high = sort->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (ol_lua_key_compare(&sort->from[middle], key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
