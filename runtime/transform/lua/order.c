/* SPDX-License-Identifier: MIT */
/*
 * The order of keys; see order.h.
 */
#include "transform/lua/order.h"

#define KEYS_PER_PAUSE 256u

static int sign(bool less, bool greater)
{
    return less ? -1 : greater;
}

int ol_lua_key_compare(const ol_lua_key *a, const ol_lua_key *b)
{
    if (a->rank != b->rank)
        return sign(a->rank < b->rank, true);
    if (a->rank == OL_LUA_RANK_STRING)
        return ol_slice_cmp(a->of.text, b->of.text);
    if (a->rank == OL_LUA_RANK_FLOAT)
        return sign(a->of.number < b->of.number, a->of.number > b->of.number);
    return sign(a->of.integer < b->of.integer, a->of.integer > b->of.integer);
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
