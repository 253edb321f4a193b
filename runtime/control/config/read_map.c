/* SPDX-License-Identifier: MIT */
/*
 * Tables whose keys are free: tags, and the conditions of a policy (operator → key → values).
 * Lua hands their keys out in any order; the lists are sorted, so that every process that reads
 * the file makes the same of it.
 */
#include "control/config/read_value.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

#define KEYS_MAX 1000
#define NUMBER_SIZE 32

static void must_be(const ol_config_reader *r, const ol_place *place, const char *wanted)
{
    ol_read_mistake(r, place, place->line, "must be %s", wanted);
}

/* The value on top as a text: numbers and booleans are written as JSON writes them. */
static bool value_text(const ol_config_reader *r, char number[NUMBER_SIZE], ol_slice *bytes,
                       bool *hidden)
{
    lua_State *L = r->L;
    enum ol_value_kind kind = ol_value_text(L, -1, bytes);
    *hidden = kind == OL_VALUE_HIDDEN;
    if (kind == OL_VALUE_PLAIN || kind == OL_VALUE_HIDDEN)
        return true;
    if (lua_type(L, -1) == LUA_TBOOLEAN) {
        *bytes = ol_slice_cstr(lua_toboolean(L, -1) ? "true" : "false");
        return true;
    }
    if (!lua_isinteger(L, -1))
        return false;
    snprintf(number, NUMBER_SIZE, "%lld", (long long)lua_tointeger(L, -1));
    *bytes = ol_slice_cstr(number);
    return true;
}

static void add_value(const ol_config_reader *r, const ol_place *place, ol_draft_list *values)
{
    char number[NUMBER_SIZE];
    ol_slice bytes, unknown;
    bool hidden;
    if (!value_text(r, number, &bytes, &hidden)) {
        if (ol_value_text(r->L, -1, &unknown) != OL_VALUE_UNKNOWN)
            must_be(r, place, "a text, a whole number, true, false, or a list of these");
        return;
    }
    if (memchr(bytes.data, '\0', bytes.len) || !ol_slice_is_utf8(bytes)) {
        must_be(r, place, "UTF-8 text without NUL bytes");
        return;
    }
    ol_text *text = ol_draft_list_add(r->draft, values, sizeof(*text));
    if (!text)
        luaL_error(r->L, "out of memory");
    *text = ol_draft_text(r->draft, bytes, place->line);
    text->hidden = hidden;
    if (!text->bytes.data)
        luaL_error(r->L, "out of memory");
}

static void read_values(const ol_config_reader *r, const ol_place *place, void *item)
{
    ol_draft_list values = {0};
    if (lua_type(r->L, -1) == LUA_TTABLE) {
        lua_Integer count = (lua_Integer)lua_rawlen(r->L, -1);
        for (lua_Integer i = 1; i <= count; i++) {
            lua_rawgeti(r->L, -1, i);
            add_value(r, place, &values);
            lua_pop(r->L, 1);
        }
        lua_pushnil(r->L);
        for (lua_Integer seen = 0; lua_next(r->L, -2); lua_pop(r->L, 1))
            if (++seen > count) {
                lua_pop(r->L, 2);
                must_be(r, place, "a list: values without keys, and none of them nil");
                break;
            }
    } else {
        add_value(r, place, &values);
    }
    ol_draft_pair *pair = item;
    pair->values = (ol_text_list){.items = values.items, .count = values.count};
}

static void read_keys(const ol_config_reader *r, const ol_place *place, void *item)
{
    ol_read_map(r, place, &((ol_draft_condition *)item)->keys, false);
}

static int by_name(const void *left, const void *right)
{
    const ol_draft_place *a = left, *b = right;
    return ol_slice_cmp(a->name.bytes, b->name.bytes);
}

static bool key_is_fine(const ol_config_reader *r, const ol_place *place, ol_slice key)
{
    if (key.len > 0 && key.len <= 256 && ol_slice_is_utf8(key) &&
        !memchr(key.data, '\0', key.len))
        return true;
    ol_read_mistake(r, place, place->line, "a key must have 1 to 256 bytes of UTF-8");
    return false;
}

/* The pair on top of the stack: key below value. */
static void read_pair(const ol_config_reader *r, const ol_place *place, ol_draft_list *out,
                      bool conditions)
{
    ol_slice key;
    ol_place inner;
    if (lua_type(r->L, -2) != LUA_TSTRING) {
        ol_read_mistake(r, place, place->line, "a value without a key");
        return;
    }
    ol_value_text(r->L, -2, &key);
    if (!key_is_fine(r, place, key))
        return;
    ol_place_enter(&inner, place, (const char *)key.data);
    size_t size = conditions ? sizeof(ol_draft_condition) : sizeof(ol_draft_pair);
    ol_draft_place *item = ol_draft_list_add(r->draft, out, size);
    if (!item)
        luaL_error(r->L, "out of memory");
    item->line = inner.line;
    item->name = ol_draft_text(r->draft, key, inner.line);
    if (!item->name.bytes.data)
        luaL_error(r->L, "out of memory");
    if (conditions)
        read_keys(r, &inner, item);
    else
        read_values(r, &inner, item);
}

void ol_read_map(const ol_config_reader *r, const ol_place *place, ol_draft_list *out,
                 bool conditions)
{
    ol_slice text;
    luaL_checkstack(r->L, 10, NULL);
    if (ol_value_text(r->L, -1, &text) == OL_VALUE_UNKNOWN)
        return;
    if (lua_type(r->L, -1) != LUA_TTABLE) {
        must_be(r, place, conditions ? "a table such as { StringEquals = { [\"s3:prefix\"] = \"a/\" } }"
                                     : "a table such as { team = \"blue\" }");
        return;
    }
    for (lua_pushnil(r->L); lua_next(r->L, -2); lua_pop(r->L, 1)) {
        if (out->count >= KEYS_MAX) {
            ol_read_mistake(r, place, place->line, "has more than %d keys", KEYS_MAX);
            lua_pop(r->L, 2);
            break;
        }
        read_pair(r, place, out, conditions);
    }
    if (out->count > 1)
        qsort(out->items, out->count, conditions ? sizeof(ol_draft_condition) : sizeof(ol_draft_pair),
              by_name);
}
