/* SPDX-License-Identifier: MIT */
#include "control/config/read_value.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>

#include "control/config/files.h"
#include "control/config/quantity.h"

void ol_place_enter(ol_place *inner, const ol_place *outer, const char *key)
{
    *inner = (ol_place){.line = outer->line};
    snprintf(inner->label, sizeof(inner->label), "%.120s: %.36s", outer->label, key);
    inner->node = ol_source_child(outer->node, ol_slice_cstr(key));
    if (inner->node)
        inner->line = inner->node->line;
    else if (outer->node)
        inner->line = outer->node->line;
}

void ol_read_mistake(const ol_config_reader *r, const ol_place *place, int line, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ol_report_add(r->draft->report, line, "%s: %s", place->label, text);
}

static void refuse(const ol_config_reader *r, const ol_place *place, const char *wanted)
{
    ol_read_mistake(r, place, place->line, "must be %s", wanted);
}

/* ---- texts ---- */

static bool text_is_fine(const ol_config_reader *r, const ol_place *place, const ol_field *field,
                         const ol_text *text)
{
    char shown[OL_TEXT_SHOW_SIZE];
    ol_slice bytes = text->bytes;
    if (memchr(bytes.data, '\0', bytes.len) || !ol_slice_is_utf8(bytes)) {
        refuse(r, place, "UTF-8 text without NUL bytes");
        return false;
    }
    if (field->max && bytes.len > field->max) {
        ol_read_mistake(r, place, place->line, "is longer than %llu bytes",
                        (unsigned long long)field->max);
        return false;
    }
    const char *wrong = field->wrong ? field->wrong(bytes) : NULL;
    if (!wrong)
        return true;
    if (field->type == OL_FIELD_SECRET)
        ol_read_mistake(r, place, place->line, "%s", wrong);
    else
        ol_read_mistake(r, place, place->line, "%s %s", ol_text_show(bytes, text->hidden, shown),
                        wrong);
    return false;
}

/* The text on top of the stack. A text that is not fine becomes `unknown`: reported here, and
 * nothing further is said about it. */
static void read_text(const ol_config_reader *r, const ol_place *place, const ol_field *field, ol_text *out)
{
    ol_slice bytes;
    enum ol_value_kind kind = ol_value_text(r->L, -1, &bytes);
    *out = (ol_text){.line = place->line, .unknown = true};
    if (kind == OL_VALUE_UNKNOWN)
        return;
    if (kind == OL_VALUE_NONE) {
        refuse(r, place, "a text");
        return;
    }
    *out = ol_draft_text(r->draft, bytes, place->line);
    if (!out->bytes.data)
        luaL_error(r->L, "out of memory");
    out->hidden = kind == OL_VALUE_HIDDEN || field->type == OL_FIELD_SECRET;
    if (out->hidden && ol_draft_guard_secret(r->draft->arena, out->bytes) != OL_OK)
        luaL_error(r->L, "out of memory");
    out->unknown = !text_is_fine(r, place, field, out);
}

static void read_path(const ol_config_reader *r, const ol_place *place, const ol_field *field, ol_text *out)
{
    read_text(r, place, field, out);
    if (out->unknown)
        return;
    bool standard = field->type == OL_FIELD_LOG && (ol_slice_eq_cstr(out->bytes, "-") ||
                                                    ol_slice_eq_cstr(out->bytes, "--"));
    if (standard)
        return;
    if (out->bytes.len == 0) {
        refuse(r, place, "a path");
        out->unknown = true;
        return;
    }
    char *path = ol_draft_path(r->draft->arena, r->draft->folder, out->bytes);
    if (!path)
        luaL_error(r->L, "out of memory");
    char shown[OL_TEXT_SHOW_SIZE];
    bool is_file = field->type == OL_FIELD_FILE || field->type == OL_FIELD_FILES;
    const char *why = is_file ? ol_file_unreadable(path) : NULL;
    if (why)
        ol_read_mistake(r, place, place->line, "%s %s",
                        ol_text_show(out->bytes, out->hidden, shown), why);
    out->unknown = why != NULL;
    out->bytes = ol_slice_cstr(path);
}

static void read_log(const ol_config_reader *r, const ol_place *place, const ol_field *field, ol_text *out)
{
    if (lua_type(r->L, -1) == LUA_TBOOLEAN && !lua_toboolean(r->L, -1))
        *out = (ol_text){.line = place->line, .off = true};
    else
        read_path(r, place, field, out);
}

/* ---- numbers ---- */

static bool read_number(const ol_config_reader *r, const ol_place *place, const ol_field *field,
                        uint64_t *number)
{
    bool size = field->type == OL_FIELD_SIZE || field->type == OL_FIELD_SIZE64;
    const char *wanted = size ? "a number of bytes, or a size such as \"64 KiB\", \"16 MiB\", \"1 GiB\""
                              : "a whole number";
    ol_slice text;
    enum ol_value_kind kind = ol_value_text(r->L, -1, &text);
    if (kind == OL_VALUE_UNKNOWN)
        return false;
    int whole = 0;
    lua_Integer integer = lua_type(r->L, -1) == LUA_TNUMBER ? lua_tointegerx(r->L, -1, &whole) : 0;
    if (whole && integer >= 0)
        *number = (uint64_t)integer;
    else if (whole || !size || kind == OL_VALUE_NONE || !ol_size_parse(text, number)) {
        refuse(r, place, wanted);
        return false;
    }
    return true;
}

static void show_limit(uint64_t number, bool size, char out[32])
{
    static const char *const units[] = {"", " KiB", " MiB", " GiB", " TiB"};
    size_t unit = 0;
    while (size && unit < 4 && number >= 1024 && number % 1024 == 0) {
        number /= 1024;
        unit++;
    }
    snprintf(out, 32, "%llu%s", (unsigned long long)number, units[unit]);
}

static void read_quantity(const ol_config_reader *r, const ol_place *place, const ol_field *field,
                          void *out)
{
    uint64_t number;
    if (!read_number(r, place, field, &number))
        return;
    if (number < field->min || number > field->max) {
        char least[32], most[32];
        bool size = field->type == OL_FIELD_SIZE || field->type == OL_FIELD_SIZE64;
        show_limit(field->min, size, least);
        show_limit(field->max, size, most);
        ol_read_mistake(r, place, place->line, "must be between %s and %s", least, most);
        return;
    }
    if (field->type == OL_FIELD_NUMBER64 || field->type == OL_FIELD_SIZE64)
        *(uint64_t *)out = number;
    else
        *(uint32_t *)out = (uint32_t)number;
}

static void read_choice(const ol_config_reader *r, const ol_place *place, const ol_field *field,
                        uint32_t *out)
{
    ol_slice text;
    enum ol_value_kind kind = ol_value_text(r->L, -1, &text);
    if (kind == OL_VALUE_UNKNOWN)
        return;
    char all[128];
    size_t len = 0;
    for (uint32_t i = 0; field->choices[i]; i++) {
        if (kind != OL_VALUE_NONE && ol_slice_eq_cstr(text, field->choices[i])) {
            *out = i;
            return;
        }
        len += (size_t)snprintf(all + len, sizeof(all) - len, "%s\"%s\"", i ? " or " : "",
                                field->choices[i]);
    }
    refuse(r, place, all);
}

static void read_bool(const ol_config_reader *r, const ol_place *place, uint32_t *out)
{
    ol_slice text;
    if (lua_type(r->L, -1) == LUA_TBOOLEAN)
        *out = lua_toboolean(r->L, -1) ? OL_DRAFT_YES : OL_DRAFT_NO;
    else if (ol_value_text(r->L, -1, &text) != OL_VALUE_UNKNOWN)
        refuse(r, place, "true or false");
}

/* ---- lists ---- */

/* The number of items of the list on top, or -1 after a mistake: only 1, 2, 3, … may be keys. */
static lua_Integer count_items(const ol_config_reader *r, const ol_place *place)
{
    lua_Integer count = (lua_Integer)lua_rawlen(r->L, -1), seen = 0;
    for (lua_pushnil(r->L); lua_next(r->L, -2); lua_pop(r->L, 1)) {
        bool in_order = lua_isinteger(r->L, -2) && lua_tointeger(r->L, -2) >= 1 &&
                        lua_tointeger(r->L, -2) <= count;
        seen += in_order;
        if (in_order)
            continue;
        lua_pop(r->L, 2);
        refuse(r, place, "a list: values without keys, and none of them nil");
        return -1;
    }
    if (seen == count)
        return count;
    refuse(r, place, "a list: values without keys, and none of them nil");
    return -1;
}

static void place_item(ol_place *inner, const ol_place *outer, lua_Integer number,
                       const ol_source_node *node)
{
    *inner = (ol_place){.line = node ? node->line : outer->line, .node = node};
    snprintf(inner->label, sizeof(inner->label), "%.120s[%lld]", outer->label, (long long)number);
}

typedef void (*item_fn)(const ol_config_reader *r, const ol_place *place, const ol_field *field, void *out);

/* Each item through `read`; something that is no list, alone. */
static void read_items(const ol_config_reader *r, const ol_place *place, const ol_field *field, void *out,
                       bool is_list, item_fn read)
{
    if (!is_list) {
        read(r, place, field, out);
        return;
    }
    lua_Integer count = count_items(r, place);
    if (count == 0)
        refuse(r, place, "a list with at least one item");
    const ol_source_node *node = ol_source_item(place->node ? place->node->first : NULL);
    for (lua_Integer i = 1; i <= count; i++) {
        ol_place inner;
        place_item(&inner, place, i, node);
        node = node ? ol_source_item(node->next) : NULL;
        lua_rawgeti(r->L, -1, i);
        read(r, &inner, field, out);
        lua_pop(r->L, 1);
    }
}

static void read_text_item(const ol_config_reader *r, const ol_place *place, const ol_field *field,
                           void *out)
{
    ol_text *text = ol_draft_list_add(r->draft, out, sizeof(*text));
    if (!text)
        luaL_error(r->L, "out of memory");
    if (field->type == OL_FIELD_TEXTS)
        read_text(r, place, field, text);
    else
        read_path(r, place, field, text);
}

static void read_table_item(const ol_config_reader *r, const ol_place *place, const ol_field *field,
                            void *out)
{
    ol_draft_place *item = ol_draft_list_add(r->draft, out, field->table->item_size);
    if (!item)
        luaL_error(r->L, "out of memory");
    if (field->table->prepare)
        field->table->prepare(r->draft, item);
    size_t before = r->draft->report->count;
    item->line = place->line;
    ol_read_table(r, place, field->table, item);
    item->mistaken = r->draft->report->count != before;
}

static void read_texts(const ol_config_reader *r, const ol_place *place, const ol_field *field,
                       ol_text_list *out)
{
    ol_draft_list list = {0};
    read_items(r, place, field, &list, lua_type(r->L, -1) == LUA_TTABLE, read_text_item);
    *out = (ol_text_list){.items = list.items, .count = list.count};
}

/* { a, b } is a list of items; { effect = … } is one item that stands alone; { "x", payload = … } is
 * a list with a stray key, and is refused as such. */
static bool holds_items(const ol_config_reader *r)
{
    if (lua_type(r->L, -1) != LUA_TTABLE)
        return false;
    lua_pushnil(r->L);
    if (!lua_next(r->L, -2))
        return true;
    lua_pop(r->L, 2);
    bool first = lua_rawgeti(r->L, -1, 1) != LUA_TNIL;
    lua_pop(r->L, 1);
    return first;
}

void ol_read_value(const ol_config_reader *r, const ol_place *place, const ol_field *field, void *out)
{
    luaL_checkstack(r->L, 10, NULL);
    switch (field->type) {
    case OL_FIELD_TEXT:
    case OL_FIELD_SECRET:
        read_text(r, place, field, out);
        return;
    case OL_FIELD_FILE:
    case OL_FIELD_FOLDER:
        read_path(r, place, field, out);
        return;
    case OL_FIELD_LOG:
        read_log(r, place, field, out);
        return;
    case OL_FIELD_NUMBER:
    case OL_FIELD_NUMBER64:
    case OL_FIELD_MS:
    case OL_FIELD_SIZE:
    case OL_FIELD_SIZE64:
        read_quantity(r, place, field, out);
        return;
    case OL_FIELD_CHOICE:
        read_choice(r, place, field, out);
        return;
    case OL_FIELD_TEXTS:
    case OL_FIELD_FILES:
    case OL_FIELD_FOLDERS:
        read_texts(r, place, field, out);
        return;
    case OL_FIELD_TABLE:
        if (field->table->prepare)
            field->table->prepare(r->draft, out);
        ol_read_table(r, place, field->table, out);
        return;
    case OL_FIELD_TABLES:
        read_items(r, place, field, out, holds_items(r), read_table_item);
        return;
    case OL_FIELD_BOOL:
        read_bool(r, place, out);
        return;
    case OL_FIELD_MAP:
        ol_read_map(r, place, out, false);
        return;
    case OL_FIELD_CONDITIONS:
        ol_read_map(r, place, out, true);
        return;
    }
}
