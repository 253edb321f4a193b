/* SPDX-License-Identifier: MIT */
#include "control/config/read.h"

#include <stdio.h>
#include <lauxlib.h>

#include "control/config/read_value.h"

/* ---- tables ---- */

static void say_unknown_key(const ol_config_reader *r, const ol_place *place, const ol_schema *schema,
                            ol_slice key)
{
    if (ol_report_is_full(r->draft->report))
        return;
    ol_suggest suggest;
    ol_suggest_init(&suggest, key);
    for (size_t i = 0; i < schema->field_count; i++)
        ol_suggest_offer(&suggest, ol_slice_cstr(schema->fields[i].key));
    char tail[OL_SUGGEST_TEXT_SIZE], shown[OL_TEXT_SHOW_SIZE];
    ol_read_mistake(r, place, ol_source_line(place->node, key, place->line), "unknown key %s%s",
                    ol_text_show(key, false, shown), ol_suggest_text(&suggest, tail));
}

/* Every key of the table on top must be one of the schema's. */
static void check_keys(const ol_config_reader *r, const ol_place *place, const ol_schema *schema)
{
    lua_State *L = r->L;
    const ol_source_node *item = ol_source_item(place->node ? place->node->first : NULL);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING) {
            ol_slice key;
            ol_value_text(L, -2, &key);
            if (!ol_schema_field(schema, key))
                say_unknown_key(r, place, schema, key);
            continue;
        }
        bool bare = ol_schema_bare_field(schema) && lua_isinteger(L, -2) &&
                    lua_tointeger(L, -2) == 1;
        if (!bare)
            ol_read_mistake(r, place, item ? item->line : place->line,
                            "a value without a key (or with a key that is no word)");
    }
}

static void check_given_once(const ol_config_reader *r, const ol_place *place, const ol_field *field)
{
    const ol_source_node *first = ol_source_child(place->node, ol_slice_cstr(field->key));
    if (!first)
        return;
    ol_source_node rest = {.first = first->next};
    const ol_source_node *again = ol_source_child(&rest, ol_slice_cstr(field->key));
    if (again)
        ol_read_mistake(r, place, again->line, "\"%s\" is given twice", field->key);
}

/* Push the field's value: by its key, or as the first value where that is allowed. */
static int push_field(const ol_config_reader *r, const ol_place *place, const ol_field *field)
{
    lua_State *L = r->L;
    lua_pushstring(L, field->key);
    int type = lua_rawget(L, -2);
    if (!field->bare)
        return type;
    int bare_type = lua_rawgeti(L, -2, 1);
    if (bare_type == LUA_TNIL || type != LUA_TNIL)
        lua_pop(L, 1);
    else
        lua_remove(L, -2);
    if (bare_type != LUA_TNIL && type != LUA_TNIL)
        ol_read_mistake(r, place, place->line, "\"%s\" is given twice", field->key);
    return type == LUA_TNIL ? bare_type : type;
}

static bool has_key(const ol_config_reader *r, const char *key)
{
    lua_pushstring(r->L, key);
    bool has = lua_rawget(r->L, -2) != LUA_TNIL;
    lua_pop(r->L, 1);
    return has;
}

static void read_field(const ol_config_reader *r, const ol_place *place, const ol_field *field, void *out)
{
    check_given_once(r, place, field);
    bool required = field->required && !(field->unless && has_key(r, field->unless));
    int type = push_field(r, place, field);
    if (type == LUA_TNIL) {
        if (required)
            ol_read_mistake(r, place, place->line, "\"%s\" is missing", field->key);
    } else {
        ol_place inner;
        ol_place_enter(&inner, place, field->key);
        ol_read_value(r, &inner, field, (uint8_t *)out + field->offset);
    }
    lua_pop(r->L, 1);
}

void ol_read_table(const ol_config_reader *r, const ol_place *place, const ol_schema *schema, void *out)
{
    luaL_checkstack(r->L, 10, NULL);
    ol_slice text;
    enum ol_value_kind kind = ol_value_text(r->L, -1, &text);
    const ol_field *bare = ol_schema_bare_field(schema);
    bool stands_alone = kind != OL_VALUE_NONE ||
                        (bare && bare->type == OL_FIELD_BOOL && lua_isboolean(r->L, -1));
    if (stands_alone && bare) {
        ol_read_value(r, place, bare, (uint8_t *)out + bare->offset);
        return;
    }
    if (kind == OL_VALUE_UNKNOWN)
        return;
    if (lua_type(r->L, -1) != LUA_TTABLE) {
        ol_read_mistake(r, place, place->line, "must be %s",
                        schema->written ? schema->written : "a table");
        return;
    }
    check_keys(r, place, schema);
    for (size_t i = 0; i < schema->field_count; i++)
        read_field(r, place, &schema->fields[i], out);
}

/* ---- records ---- */

static void read_setting(const ol_config_reader *r, const ol_record *record)
{
    const ol_field *field = record->setting;
    ol_place place = {.line = record->line};
    snprintf(place.label, sizeof(place.label), "%s", field->key);
    lua_rawgeti(r->L, LUA_REGISTRYINDEX, record->value_ref);
    if (lua_type(r->L, -1) != LUA_TNIL)
        ol_read_value(r, &place, field, (uint8_t *)&r->draft->settings + field->offset);
    else
        ol_read_mistake(r, &place, record->line, "has no value (nil)");
    lua_pop(r->L, 1);
}

static void set_place(const ol_config_reader *r, const ol_record *record, ol_place *place)
{
    const ol_schema *schema = record->schema;
    char shown[OL_TEXT_SHOW_SIZE];
    *place = (ol_place){.line = record->line};
    bool named = record->name.bytes.data != NULL;
    snprintf(place->label, sizeof(place->label), "%s%s%s", schema->word, named ? " " : "",
             named ? ol_text_show(record->name.bytes, record->name.hidden, shown) : "");
    place->node = ol_source_block(r->source, record->line, schema->word, record->name.bytes);
}

static void read_block(const ol_config_reader *r, const ol_record *record)
{
    const ol_schema *schema = record->schema;
    ol_draft_list *list = (ol_draft_list *)(void *)((uint8_t *)r->draft + schema->list_offset);
    ol_place place;
    set_place(r, record, &place);
    if (schema->once && list->count > 0) {
        const ol_draft_place *first = list->items;
        ol_read_mistake(r, &place, record->line, "stands on line %d already", first->line);
        return;
    }
    ol_draft_place *item = ol_draft_list_add(r->draft, list, schema->item_size);
    if (!item)
        luaL_error(r->L, "out of memory");
    if (schema->prepare)
        schema->prepare(r->draft, item);
    item->line = record->line;
    item->name = record->name;
    const char *wrong = record->name.bytes.data ? schema->name_wrong(record->name.bytes) : NULL;
    if (wrong)
        ol_read_mistake(r, &place, record->line, "%s", wrong);
    if (record->value_ref == LUA_NOREF) {
        item->mistaken = schema->form == OL_FORM_NAMED; /* its table is missing */
        return;
    }
    lua_rawgeti(r->L, LUA_REGISTRYINDEX, record->value_ref);
    if (lua_type(r->L, -1) == LUA_TBOOLEAN)
        item->off = true;
    else
        ol_read_table(r, &place, schema, item);
    lua_pop(r->L, 1);
}

static void check_set_once(const ol_config_reader *r, const ol_dialect *dialect)
{
    for (size_t i = 0; i < ol_schema_settings.field_count; i++) {
        const ol_field *field = &ol_schema_settings.fields[i];
        int line = 0;
        for (const ol_record *record = dialect->first; record; record = record->next) {
            if (record->setting != field)
                continue;
            if (line)
                ol_report_add(r->draft->report, record->line, "%s: is set on line %d already",
                              field->key, line);
            else
                line = record->line;
        }
    }
}

void ol_read_records(const ol_dialect *dialect, lua_State *L, const ol_source *source)
{
    ol_config_reader reader = {.L = L, .draft = dialect->draft, .source = source};
    luaL_checkstack(L, 20, NULL);
    for (const ol_record *record = dialect->first; record; record = record->next)
        if (record->setting)
            read_setting(&reader, record);
    check_set_once(&reader, dialect);
    for (size_t i = 0; i < ol_schema_block_count; i++)
        for (const ol_record *record = dialect->first; record; record = record->next)
            if (record->schema == ol_schema_blocks[i] && !record->ignored)
                read_block(&reader, record);
}
