/* SPDX-License-Identifier: MIT */
/*
 * The chunk's _ENV is an empty table whose metatable asks us about every name: words are
 * functions, settings are assignments, and anything else is a mistake on that line. A named
 * block is two calls, `user "x"` and then the table; the record made by the first is filled
 * by the second.
 */
#include "control/config/dialect.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "control/config/files.h"
#include "control/config/suggest.h"
#include "control/config/value.h"

#define ORDINARY_WORD_MAX 24

bool ol_dialect_word_is_ordinary(ol_slice word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.data[i] != '_' && (word.data[i] < 'a' || word.data[i] > 'z'))
            return false;
    return word.len > 0 && word.len <= ORDINARY_WORD_MAX;
}

static ol_dialect *dialect_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static ol_config_report *report_of(lua_State *L)
{
    return dialect_of(L)->draft->report;
}

/* The line of the script that is calling us. */
static int current_line(lua_State *L)
{
    lua_Debug debug;
    for (int level = 1; lua_getstack(L, level, &debug); level++)
        if (lua_getinfo(L, "l", &debug) && debug.currentline > 0)
            return debug.currentline;
    return 0;
}

static ol_record *add_record(lua_State *L, const ol_schema *schema)
{
    ol_dialect *dialect = dialect_of(L);
    ol_record *record = ol_arena_calloc(dialect->draft->arena, sizeof(*record));
    if (!record)
        luaL_error(L, "out of memory");
    *record = (ol_record){.schema = schema, .line = current_line(L), .value_ref = LUA_NOREF};
    *dialect->end = record;
    dialect->end = &record->next;
    return record;
}

static void keep_value(lua_State *L, ol_record *record, int index)
{
    lua_pushvalue(L, index);
    record->value_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

static int swallow(lua_State *L)
{
    ol_value_push_unknown(L);
    return 1;
}

static int say_how(lua_State *L, const ol_schema *schema)
{
    ol_report_add(report_of(L), current_line(L), "%s is written %s", schema->word,
                  schema->written);
    return swallow(L);
}

/* ---- blocks ---- */

static int on_named_table(lua_State *L)
{
    ol_record *record = lua_touserdata(L, lua_upvalueindex(2));
    ol_slice text;
    if (ol_value_text(L, 1, &text) == OL_VALUE_UNKNOWN) {
        record->ignored = true; /* reported where the value was made */
        return 0;
    }
    if (lua_type(L, 1) != LUA_TTABLE || lua_gettop(L) != 1 || record->value_ref != LUA_NOREF)
        return say_how(L, record->schema);
    keep_value(L, record, 1);
    return 0;
}

static int on_named_block(lua_State *L, const ol_schema *schema)
{
    ol_slice name;
    enum ol_value_kind kind = ol_value_text(L, 1, &name);
    if (kind == OL_VALUE_NONE || lua_gettop(L) != 1)
        return say_how(L, schema);
    if (kind == OL_VALUE_UNKNOWN)
        return swallow(L);
    ol_record *record = add_record(L, schema);
    record->name = ol_draft_text(dialect_of(L)->draft, name, record->line);
    record->name.hidden = kind == OL_VALUE_HIDDEN;
    if (!record->name.bytes.data)
        return luaL_error(L, "out of memory");
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushlightuserdata(L, record);
    lua_pushcclosure(L, on_named_table, 2);
    return 1;
}

static int on_plain_block(lua_State *L, const ol_schema *schema)
{
    ol_slice text;
    enum ol_value_kind kind = ol_value_text(L, 1, &text);
    if (kind == OL_VALUE_UNKNOWN)
        return 0;
    bool off = schema->may_be_off && lua_type(L, 1) == LUA_TBOOLEAN && !lua_toboolean(L, 1);
    bool bare = kind != OL_VALUE_NONE && ol_schema_bare_field(schema);
    if (lua_gettop(L) != 1 || (lua_type(L, 1) != LUA_TTABLE && !off && !bare))
        return say_how(L, schema);
    keep_value(L, add_record(L, schema), 1);
    return 0;
}

static int on_block(lua_State *L)
{
    const ol_schema *schema = lua_touserdata(L, lua_upvalueindex(2));
    if (schema->form == OL_FORM_NAMED || schema->form == OL_FORM_NAME_ALONE)
        return on_named_block(L, schema);
    return on_plain_block(L, schema);
}

/* ---- env and file ---- */

static int refuse_value(lua_State *L, const char *why)
{
    ol_report_add(report_of(L), current_line(L), "%s", why);
    return swallow(L);
}

static int on_env(lua_State *L)
{
    ol_slice name;
    if (ol_value_text(L, 1, &name) != OL_VALUE_PLAIN || lua_gettop(L) != 1)
        return refuse_value(L, "env is written env \"NAME\"");
    const char *value = getenv((const char *)name.data);
    if (!value) {
        char shown[OL_TEXT_SHOW_SIZE];
        ol_report_add(report_of(L), current_line(L), "the environment has no variable %s",
                      ol_text_show(name, false, shown));
        return swallow(L);
    }
    ol_value_push(L, ol_slice_cstr(value));
    return 1;
}

static int on_file(lua_State *L)
{
    ol_draft *draft = dialect_of(L)->draft;
    ol_slice name;
    if (ol_value_text(L, 1, &name) != OL_VALUE_PLAIN || lua_gettop(L) != 1)
        return refuse_value(L, "file is written file \"PATH\"");
    const char *path = ol_draft_path(draft->arena, draft->folder, name);
    if (!path)
        return luaL_error(L, "out of memory");
    ol_buf content;
    ol_error err = {0};
    ol_buf_init_secret(&content, OL_SECRET_FILE_BYTES_MAX);
    if (ol_file_read_text(path, &content, &err) != OL_OK) {
        ol_buf_fini(&content);
        return refuse_value(L, err.detail);
    }
    /* The push may raise and would then leave the buffer behind: put it into the arena first. */
    ol_slice kept = ol_arena_copy(draft->arena, ol_buf_slice(&content));
    ol_buf_fini(&content);
    if (!kept.data || ol_draft_guard_secret(draft->arena, kept) != OL_OK)
        return luaL_error(L, "out of memory");
    ol_value_push(L, kept);
    return 1;
}

/* ---- names ---- */

/* Upvalues: the dialect, the table of words, the table of settings' values. */
static int on_read_name(lua_State *L)
{
    for (int table = 2; table <= 3; table++) {
        lua_pushvalue(L, 2);
        if (lua_rawget(L, lua_upvalueindex(table)) != LUA_TNIL)
            return 1;
        lua_pop(L, 1);
    }
    ol_slice name;
    if (ol_value_text(L, 2, &name) != OL_VALUE_PLAIN)
        return swallow(L);
    ol_suggest suggest;
    ol_suggest_init(&suggest, name);
    for (size_t i = 0; i < ol_schema_block_count; i++)
        ol_suggest_offer(&suggest, ol_slice_cstr(ol_schema_blocks[i]->word));
    ol_suggest_offer(&suggest, OL_SLICE_LIT("env"));
    ol_suggest_offer(&suggest, OL_SLICE_LIT("file"));
    char tail[OL_SUGGEST_TEXT_SIZE];
    ol_suggest_text(&suggest, tail);
    if (ol_dialect_word_is_ordinary(name))
        ol_report_add(report_of(L), current_line(L), "unknown name \"%.*s\"%s", OL_SLICE_FMT(name),
                      tail);
    else
        ol_report_add(report_of(L), current_line(L),
                      "unknown name (or a text without its quotes)%s", tail);
    return swallow(L);
}

static int refuse_setting(lua_State *L, ol_slice name)
{
    ol_suggest suggest;
    ol_suggest_init(&suggest, name);
    for (size_t i = 0; i < ol_schema_settings.field_count; i++)
        ol_suggest_offer(&suggest, ol_slice_cstr(ol_schema_settings.fields[i].key));
    char tail[OL_SUGGEST_TEXT_SIZE], shown[OL_TEXT_SHOW_SIZE];
    ol_suggest_text(&suggest, tail);
    ol_report_add(report_of(L), current_line(L),
                  "unknown setting %s%s%s", ol_text_show(name, false, shown), tail,
                  suggest.best.len ? "" : " (a value of your own is written local NAME = …)");
    return 0;
}

static int on_set_name(lua_State *L)
{
    ol_slice name;
    if (ol_value_text(L, 2, &name) != OL_VALUE_PLAIN)
        return refuse_setting(L, OL_SLICE_NONE);
    /* `account` is both: a setting when it is assigned to, a block when it is called. */
    const ol_field *setting = ol_schema_field(&ol_schema_settings, name);
    for (size_t i = 0; !setting && i < ol_schema_block_count; i++)
        if (ol_slice_eq_cstr(name, ol_schema_blocks[i]->word)) {
            say_how(L, ol_schema_blocks[i]);
            return 0;
        }
    if (!setting)
        return refuse_setting(L, name);
    ol_record *record = add_record(L, &ol_schema_settings);
    record->setting = setting;
    keep_value(L, record, 3);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_rawset(L, lua_upvalueindex(3));
    return 0;
}

/* ---- the run ---- */

static void add_function(lua_State *L, ol_dialect *dialect, lua_CFunction function,
                         const char *name, const ol_schema *schema)
{
    lua_pushlightuserdata(L, dialect);
    lua_pushlightuserdata(L, (void *)(uintptr_t)schema);
    lua_pushcclosure(L, function, 2);
    lua_setfield(L, -2, name);
}

static void push_words(lua_State *L, ol_dialect *dialect)
{
    ol_config_lua_push_library(L);
    for (size_t i = 0; i < ol_schema_block_count; i++)
        add_function(L, dialect, on_block, ol_schema_blocks[i]->word, ol_schema_blocks[i]);
    add_function(L, dialect, on_env, "env", NULL);
    add_function(L, dialect, on_file, "file", NULL);
}

static void push_metatable(lua_State *L, ol_dialect *dialect)
{
    int words = lua_gettop(L) - 1, values = lua_gettop(L);
    static const struct {
        const char *event;
        lua_CFunction function;
    } events[] = {{"__index", on_read_name}, {"__newindex", on_set_name}};
    lua_newtable(L);
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        lua_pushlightuserdata(L, dialect);
        lua_pushvalue(L, words);
        lua_pushvalue(L, values);
        lua_pushcclosure(L, events[i].function, 3);
        lua_setfield(L, -2, events[i].event);
    }
}

/* A named block whose table never came. */
static void check_complete(const ol_dialect *dialect)
{
    for (const ol_record *r = dialect->first; r; r = r->next) {
        if (r->ignored || r->schema->form != OL_FORM_NAMED || r->value_ref != LUA_NOREF)
            continue;
        char shown[OL_TEXT_SHOW_SIZE];
        ol_report_add(dialect->draft->report, r->line, "%s %s: its table is missing: %s",
                      r->schema->word, ol_text_show(r->name.bytes, r->name.hidden, shown),
                      r->schema->written);
    }
}

void ol_dialect_run(ol_dialect *dialect, lua_State *L, ol_draft *draft)
{
    *dialect = (ol_dialect){.draft = draft};
    dialect->end = &dialect->first;
    int chunk = lua_gettop(L);
    luaL_checkstack(L, 20, NULL);
    ol_value_setup(L);
    lua_newtable(L); /* _ENV */
    push_words(L, dialect);
    lua_newtable(L); /* what settings were given */
    push_metatable(L, dialect);
    lua_setmetatable(L, chunk + 1);
    lua_pushvalue(L, chunk + 1);
    lua_setupvalue(L, chunk, 1);
    lua_pushvalue(L, chunk);
    lua_call(L, 0, 0);
    lua_settop(L, chunk - 1);
    check_complete(dialect);
}
