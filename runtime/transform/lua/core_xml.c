/* SPDX-License-Identifier: MIT */
/*
 * objlens.xml: expat, with its memory in the script's heap. A parser is fed stretches and gives the
 * events of each as one list: "start", name, attributes; "end", name; "text", text; … Comments and
 * processing instructions are left out; a document type is accepted, a declaration of an entity
 * is not, and nothing outside of the document is ever read.
 *
 * Where Lua raises inside a handler (out of memory, which ends the job) expat is left where it
 * stands: it holds nothing but blocks of the heap, which go with the job.
 */
#include <expat.h>
#include <string.h>

#include "transform/lua/native.h"
#include "transform/lua/require.h"

#define TYPE "objlens.xml"
#define DEPTH_MAX 1000
#define NAME_BYTES_MAX 1000
#define ATTRIBUTES_MAX 1000

typedef struct reader {
    ol_run *run;
    XML_Parser parser;
    lua_State *L; /* of the feed under way: the list is at index 4 */
    lua_Integer count;
    unsigned depth;
    bool over;
    const char *wrong;
} reader;

enum { READER = 1, STRETCH, LAST, EVENTS };

/* Expat's own form has no room for whose memory it is: one call at a time, on one thread. */
static _Thread_local ol_run *feeding;

static void *take(size_t bytes)
{
    return ol_lua_native_alloc(feeding, bytes);
}

static void *take_again(void *block, size_t bytes)
{
    return ol_lua_native_realloc(feeding, block, bytes);
}

static void give_back(void *block)
{
    ol_lua_native_free(feeding, block);
}

static void refuse(reader *r, const char *why)
{
    if (!r->wrong)
        r->wrong = why;
    XML_StopParser(r->parser, XML_FALSE);
}

/* ---- events ---- */

static void begin_event(reader *r, const char *kind)
{
    luaL_checkstack(r->L, 8, NULL);
    lua_createtable(r->L, 3, 0);
    lua_pushstring(r->L, kind);
    lua_rawseti(r->L, -2, 1);
}

static void end_event(reader *r)
{
    lua_rawseti(r->L, EVENTS, ++r->count);
}

static void on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    reader *r = user;
    size_t count = 0;

    while (attributes[2 * count])
        count++;
    if (++r->depth > DEPTH_MAX || count > ATTRIBUTES_MAX || strlen(name) > NAME_BYTES_MAX) {
        refuse(r, r->depth > DEPTH_MAX ? "elements nested too deep"
                  : count > ATTRIBUTES_MAX ? "too many attributes" : "a name that is too long");
        return;
    }
    begin_event(r, "start");
    lua_pushstring(r->L, name);
    lua_rawseti(r->L, -2, 2);
    lua_createtable(r->L, 0, (int)count);
    for (; *attributes; attributes += 2) {
        lua_pushstring(r->L, attributes[0]);
        lua_pushstring(r->L, attributes[1]);
        lua_rawset(r->L, -3);
    }
    lua_rawseti(r->L, -2, 3);
    end_event(r);
}

/* Expat copies it to each attribute that has its prefix, out of reach of the script's budget. */
static void on_namespace(void *user, const XML_Char *prefix, const XML_Char *uri)
{
    (void)prefix;
    if (uri && strlen(uri) > NAME_BYTES_MAX)
        refuse(user, "a name that is too long");
}

static void on_end(void *user, const XML_Char *name)
{
    reader *r = user;

    r->depth--;
    begin_event(r, "end");
    lua_pushstring(r->L, name);
    lua_rawseti(r->L, -2, 2);
    end_event(r);
}

/* Pieces of one text are put together by the module. */
static void on_text(void *user, const XML_Char *text, int len)
{
    reader *r = user;

    begin_event(r, "text");
    lua_pushlstring(r->L, text, (size_t)len);
    lua_rawseti(r->L, -2, 2);
    end_event(r);
}

static void on_entity(void *user, const XML_Char *name, int parameter, const XML_Char *value,
                      int len, const XML_Char *base, const XML_Char *system_id,
                      const XML_Char *public_id, const XML_Char *notation)
{
    (void)name, (void)parameter, (void)value, (void)len, (void)base;
    (void)system_id, (void)public_id, (void)notation;
    refuse(user, "a declaration of an entity");
}

static void on_skipped(void *user, const XML_Char *name, int parameter)
{
    (void)name, (void)parameter;
    refuse(user, "an entity that is not declared");
}

/* ---- life ---- */

static int collect(lua_State *L)
{
    reader *r = luaL_checkudata(L, 1, TYPE);
    ol_run *before = feeding;

    feeding = r->run;
    if (r->parser)
        XML_ParserFree(r->parser);
    r->parser = NULL;
    feeding = before;
    return 0;
}

static void set_up(reader *r)
{
    XML_SetUserData(r->parser, r);
    XML_SetHashSalt(r->parser, 1); /* the names' order is not shown; no random numbers either */
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetStartNamespaceDeclHandler(r->parser, on_namespace);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetEntityDeclHandler(r->parser, on_entity);
    XML_SetSkippedEntityHandler(r->parser, on_skipped);
    XML_SetParamEntityParsing(r->parser, XML_PARAM_ENTITY_PARSING_NEVER);
}

/* (namespaces) "{uri}name" for names then */
static int xml_new(lua_State *L)
{
    static const XML_Memory_Handling_Suite memory = {take, take_again, give_back};
    static const XML_Char separator[] = "}";
    bool namespaces = lua_toboolean(L, 1);
    reader *r = lua_newuserdatauv(L, sizeof(*r), 0);

    *r = (reader){.run = ol_lua_run(L)};
    luaL_setmetatable(L, TYPE);
    feeding = r->run;
    r->parser = XML_ParserCreate_MM(NULL, &memory, namespaces ? separator : NULL);
    if (!r->parser)
        return ol_lua_native_spent(L);
    set_up(r);
    ol_lua_native_made(L, 16384);
    return 1;
}

static const char *explain(lua_State *L, reader *r)
{
    enum XML_Error code = XML_GetErrorCode(r->parser);

    if (ol_lua_run(L)->now.stopped)
        ol_lua_raise_stop(L);
    if (code == XML_ERROR_NO_MEMORY)
        ol_lua_native_spent(L);
    return r->wrong ? r->wrong : XML_ErrorString(code);
}

/* (reader, stretch, is the last) events; or nil, what is wrong, line, column */
static int xml_feed(lua_State *L)
{
    reader *r = luaL_checkudata(L, READER, TYPE);
    size_t len;
    const char *text = luaL_checklstring(L, STRETCH, &len);

    lua_settop(L, LAST);
    lua_newtable(L);
    if (r->over)
        return ol_lua_module_error(L, "xml: the document is over");
    r->L = L;
    r->count = 0;
    feeding = r->run;
    r->over = lua_toboolean(L, LAST);
    if (XML_Parse(r->parser, text, (int)len, r->over) == XML_STATUS_OK)
        return 1;
    r->over = true;
    lua_pushnil(L);
    lua_pushstring(L, explain(L, r));
    lua_pushinteger(L, (lua_Integer)XML_GetCurrentLineNumber(r->parser));
    lua_pushinteger(L, (lua_Integer)XML_GetCurrentColumnNumber(r->parser) + 1);
    return 4;
}

/* (text) with what XML gives a meaning written as references; raises for what XML cannot hold */
static int xml_escape(lua_State *L)
{
    size_t len, from = 0;
    const char *text = luaL_checklstring(L, 1, &len);
    luaL_Buffer out;

    if (!ol_slice_is_utf8(ol_slice_of(text, len)))
        return ol_lua_module_error(L, "xml.escape: the text is not UTF-8");
    luaL_buffinit(L, &out);
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)text[i];
        const char *with = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;"
                           : c == '"' ? "&quot;" : c == '\r' ? "&#13;" : NULL;

        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
            return ol_lua_module_error(L, "xml.escape: a control character has no XML");
        if (!with)
            continue;
        luaL_addlstring(&out, text + from, i - from);
        luaL_addstring(&out, with);
        from = i + 1;
    }
    luaL_addlstring(&out, text + from, len - from);
    luaL_pushresult(&out);
    return 1;
}

void ol_lua_core_xml(lua_State *L)
{
    static const luaL_Reg functions[] = {{"new", xml_new}, {"feed", xml_feed},
                                         {"escape", xml_escape}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"__gc", collect}, {NULL, NULL}};

    ol_lua_make_type(L, TYPE, methods);
    luaL_newlib(L, functions);
}
