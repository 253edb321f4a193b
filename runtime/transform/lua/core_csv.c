/* SPDX-License-Identifier: MIT */
/*
 * objlens.csv: one record of a text, and one field as it is written. RFC 4180, any one byte for
 * separator and quote; a field that does not begin with a quote may hold quotes.
 */
#include <string.h>

#include "base/slice.h"
#include "transform/lua/require.h"

typedef struct reading {
    const uint8_t *text;
    size_t len, at;
    uint8_t separator, quote;
    bool last;    /* nothing comes behind the text */
    bool more;    /* the record goes on behind it */
    bool ended;   /* the field was the record's last */
    const char *wrong;
} reading;

enum { TEXT = 1, AT, SEPARATOR, QUOTE, LAST, MOST, FIELDS };

/* Behind a field: a separator, the record's end, or the text's. */
static void end_field(reading *r)
{
    if (r->at == r->len) {
        r->more = !r->last;
        r->ended = true;
        return;
    }
    if (r->text[r->at] == r->separator) {
        r->at++;
        return;
    }
    r->ended = true;
    if (r->text[r->at] == '\r') {
        /* Whether a newline follows is not known yet. */
        if (r->at + 1 == r->len && !r->last) {
            r->more = true;
            return;
        }
        r->at += r->at + 1 < r->len && r->text[r->at + 1] == '\n';
    }
    r->at++;
}

static void read_plain(lua_State *L, reading *r)
{
    size_t from = r->at;

    while (r->at < r->len && r->text[r->at] != r->separator && r->text[r->at] != '\n' &&
           r->text[r->at] != '\r')
        r->at++;
    lua_pushlstring(L, (const char *)r->text + from, r->at - from);
    end_field(r);
}

static void read_quoted(lua_State *L, reading *r)
{
    luaL_Buffer out;

    luaL_buffinit(L, &out);
    for (r->at++;;) {
        const uint8_t *from = r->text + r->at;
        const uint8_t *end = memchr(from, r->quote, r->len - r->at);

        if (!end) {
            r->more = true;
            r->wrong = r->last ? "a quote without an end" : NULL;
            break;
        }
        luaL_addlstring(&out, (const char *)from, (size_t)(end - from));
        r->at = (size_t)(end - r->text) + 1;
        if (r->at == r->len || r->text[r->at] != r->quote)
            break;
        luaL_addchar(&out, (char)r->quote);
        r->at++;
    }
    luaL_pushresult(&out);
    if (r->more)
        return;
    /* At the end of what is there, a second quote may still come. */
    if (r->at == r->len && !r->last) {
        r->more = true;
        return;
    }
    if (r->at < r->len && r->text[r->at] != r->separator && r->text[r->at] != '\r' &&
        r->text[r->at] != '\n') {
        r->wrong = "text behind a closing quote";
        return;
    }
    end_field(r);
}

/* Blank lines are no records. */
static void skip_blank(reading *r)
{
    while (r->at < r->len && (r->text[r->at] == '\n' || r->text[r->at] == '\r'))
        r->at++;
}

static int give(lua_State *L, const reading *r, size_t from, lua_Integer most)
{
    if (!r->wrong && r->at - from > (size_t)most)
        lua_pushliteral(L, "longer than max_row_bytes");
    else if (r->wrong)
        lua_pushstring(L, r->wrong);
    else if (r->more)
        return 0;
    else {
        lua_settop(L, FIELDS);
        lua_pushinteger(L, (lua_Integer)r->at + 1);
        return 2;
    }
    lua_pushnil(L);
    lua_pushnil(L);
    lua_rotate(L, -3, 2);
    return 3;
}

/* (text, from, separator, quote, last, most) fields, the place behind; nothing: more is needed;
 * nil, nil, what is wrong */
static int csv_row(lua_State *L)
{
    size_t len, from;
    const char *text = luaL_checklstring(L, TEXT, &len);
    lua_Integer most = luaL_checkinteger(L, MOST);
    reading r = {.text = (const uint8_t *)text, .len = len, .at = (size_t)luaL_checkinteger(L, AT) - 1,
                 .separator = (uint8_t)*luaL_checkstring(L, SEPARATOR),
                 .quote = (uint8_t)*luaL_checkstring(L, QUOTE), .last = lua_toboolean(L, LAST)};
    lua_Integer count = 0;

    lua_settop(L, MOST);
    skip_blank(&r);
    if (r.at >= r.len)
        return 0;
    from = r.at;
    if (r.len - from > (size_t)most + 2) {
        r.len = from + (size_t)most + 2; /* no further than a record may reach */
        r.last = false;
    }
    lua_createtable(L, 8, 0);
    while (!r.ended && !r.more && !r.wrong) {
        if (r.at < r.len && r.text[r.at] == r.quote)
            read_quoted(L, &r);
        else
            read_plain(L, &r);
        lua_rawseti(L, FIELDS, ++count);
    }
    if (r.more && r.len < len)
        r.wrong = "longer than max_row_bytes";
    return give(L, &r, from, most);
}

/* (field, separator, quote) as it is written */
static int csv_field(lua_State *L)
{
    size_t len, from = 0;
    const char *text = luaL_checklstring(L, 1, &len);
    char special[] = {*luaL_checkstring(L, 2), *luaL_checkstring(L, 3), '\r', '\n'};
    bool quoted = false;
    luaL_Buffer out;

    for (size_t i = 0; i < sizeof(special) && !quoted; i++)
        quoted = memchr(text, special[i], len) != NULL;
    lua_settop(L, 3);
    if (!quoted) {
        lua_settop(L, 1);
        return 1;
    }
    luaL_buffinit(L, &out);
    luaL_addchar(&out, special[1]);
    for (size_t i = 0; i < len; i++) {
        if (text[i] != special[1])
            continue;
        luaL_addlstring(&out, text + from, i + 1 - from);
        from = i;
    }
    luaL_addlstring(&out, text + from, len - from);
    luaL_addchar(&out, special[1]);
    luaL_pushresult(&out);
    return 1;
}

void ol_lua_core_csv(lua_State *L)
{
    static const luaL_Reg functions[] = {{"row", csv_row}, {"field", csv_field}, {NULL, NULL}};

    luaL_newlib(L, functions);
}
