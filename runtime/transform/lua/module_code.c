/* SPDX-License-Identifier: MIT */
/*
 * The modules' texts, compiled once; see module_code.h.
 */
#include "transform/lua/module_code.h"

#include <assert.h>
#include <lauxlib.h>
#include <string.h>

#include "base/alloc.h"

#define CODE_BYTES_MAX (256u * 1024u)

typedef struct module_text {
    const char *name, *text;
    size_t len;
} module_text;

#include "lua_modules.inc"

#define MODULES (sizeof(module_texts) / sizeof(module_texts[0]))

_Static_assert(MODULES <= OL_LUA_MODULES_MAX, "OL_LUA_MODULES_MAX is too small");

/* What tells of a position in a module: authors have no use for more. */
static const char chunk_name[] = "=objlens";

void ol_lua_module_codes_fini(ol_lua_module_codes *codes)
{
    for (size_t i = 0; i < MODULES; i++)
        ol_buf_fini(&codes->of[i]);
}

static size_t index_of(const char *name)
{
    size_t i = 0;

    while (i < MODULES && strcmp(module_texts[i].name, name) != 0)
        i++;
    assert(i < MODULES);
    return i;
}

static int load(lua_State *L, const char *bytes, size_t len, const char *mode)
{
    return luaL_loadbufferx(L, bytes, len, chunk_name, mode);
}

static void *resize(void *ud, void *block, size_t old_bytes, size_t new_bytes)
{
    (void)ud;
    (void)old_bytes;
    if (new_bytes)
        return ol_realloc(block, new_bytes);
    ol_free(block);
    return NULL;
}

static int append(lua_State *L, const void *bytes, size_t len, void *code)
{
    (void)L;
    return ol_buf_add(code, ol_slice_of(bytes, len));
}

/* In a state of its own, where holes do not matter. What fails leaves the code empty. */
static void compile(ol_buf *code, const module_text *text)
{
    lua_State *L = lua_newstate(resize, NULL);

    if (!L)
        return;
    ol_buf_init(code, CODE_BYTES_MAX);
    if (load(L, text->text, text->len, "t") != LUA_OK || lua_dump(L, append, code, 0) != 0)
        ol_buf_fini(code);
    lua_close(L);
}

void ol_lua_push_module(lua_State *L, ol_lua_module_codes *codes, const char *name)
{
    const module_text *text = &module_texts[index_of(name)];
    ol_buf *code = &codes->of[text - module_texts];
    int status;

    if (!code->len)
        compile(code, text);
    status = code->len ? load(L, (const char *)code->data, code->len, "b") : load(L, text->text, text->len, "t");
    if (status != LUA_OK)
        lua_error(L);
}
