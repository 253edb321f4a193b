/* SPDX-License-Identifier: MIT */
/* Modules as code: compiled once, the same with and without memory to keep it, and tighter in a state's heap. */
#include <lauxlib.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "transform/lua/heap.h"
#include "transform/lua/module_code.h"

#define HEAP_BYTES (1024u * 1024u)

static const char *const modules[] = {"source", "json", "csv", "xml", "re", "pii", "hash", "hmac", "base64", "utf8", "zip", "net"};

#define MODULES (sizeof(modules) / sizeof(modules[0]))

static int append(lua_State *L, const void *bytes, size_t len, void *out)
{
    (void)L;
    return ol_buf_add(out, ol_slice_of(bytes, len));
}

/* What the pushed chunk is, in `out`. */
static void push_and_dump(lua_State *L, ol_lua_module_codes *codes, const char *name, ol_buf *out)
{
    ol_lua_push_module(L, codes, name);
    ol_buf_clear(out);
    assert_int_equal(lua_dump(L, append, out, 0), 0);
    assert_true(out->len > 50);
    lua_settop(L, 0);
}

static const ol_buf *only_one(const ol_lua_module_codes *codes)
{
    const ol_buf *found = NULL;

    for (size_t i = 0; i < OL_LUA_MODULES_MAX; i++) {
        if (!codes->of[i].len)
            continue;
        assert_null(found);
        found = &codes->of[i];
    }
    return found;
}

static void test_compiled_once(void **state)
{
    lua_State *L = luaL_newstate();
    ol_buf dumped;
    long live;

    (void)state;
    ol_buf_init(&dumped, HEAP_BYTES);
    assert_code(ol_buf_reserve(&dumped, HEAP_BYTES / 2), OL_OK);
    live = ol_alloc_live();
    for (size_t i = 0; i < MODULES; i++) {
        ol_lua_module_codes codes = {0};
        const ol_buf *code;
        const uint8_t *at;

        push_and_dump(L, &codes, modules[i], &dumped);
        code = only_one(&codes);
        assert_non_null(code);
        assert_slices(ol_buf_slice(code), ol_buf_slice(&dumped));
        at = code->data;
        push_and_dump(L, &codes, modules[i], &dumped);
        assert_ptr_equal(only_one(&codes)->data, at);
        ol_lua_module_codes_fini(&codes);
        assert_no_leak(live);
    }
    ol_buf_fini(&dumped);
    lua_close(L);
}

/* Whatever allocation fails, alone or with all later ones: the chunk is the same. */
static void test_without_memory_to_keep_it(void **state)
{
    lua_State *L = luaL_newstate();
    ol_buf dumped, right;
    unsigned positions = 0;
    long live;

    (void)state;
    ol_buf_init(&dumped, HEAP_BYTES);
    ol_buf_init(&right, HEAP_BYTES);
    assert_code(ol_buf_reserve(&dumped, HEAP_BYTES / 2), OL_OK);
    assert_code(ol_buf_reserve(&right, HEAP_BYTES / 2), OL_OK);
    live = ol_alloc_live();
    for (unsigned kept = 0; kept < 2; positions++) {
        ol_lua_module_codes codes = {0};

        if (positions % 2)
            ol_alloc_fail_one_after(positions / 2);
        else
            ol_alloc_fail_after(positions / 2);
        push_and_dump(L, &codes, "hash", &dumped);
        ol_alloc_fail_after(-1);
        kept = only_one(&codes) ? kept + 1 : 0;
        push_and_dump(L, &codes, "hash", &right);
        assert_non_null(only_one(&codes));
        assert_slices(ol_buf_slice(&dumped), ol_buf_slice(&right));
        ol_lua_module_codes_fini(&codes);
        assert_no_leak(live);
    }
    assert_true(positions > 50);
    ol_buf_fini(&dumped);
    ol_buf_fini(&right);
    lua_close(L);
}

/* Bytes of a heap of its own that a state with all modules reaches to. */
static size_t reach(bool as_code)
{
    void *region = calloc(1, HEAP_BYTES);
    ol_lua_heap *heap = ol_lua_heap_init(region, HEAP_BYTES, HEAP_BYTES);
    lua_State *L = lua_newstate(ol_lua_heap_realloc, heap);
    ol_lua_module_codes codes = {0};
    size_t used;

    luaL_checkstack(L, MODULES, NULL);
    for (size_t i = 0; i < MODULES; i++) {
        if (!as_code)
            ol_alloc_fail_after(0);
        ol_lua_push_module(L, &codes, modules[i]);
        ol_alloc_fail_after(-1);
    }
    used = ol_lua_heap_used_bytes(heap);
    ol_lua_module_codes_fini(&codes);
    free(region);
    return used;
}

static void test_leaves_fewer_holes(void **state)
{
    (void)state;
    assert_true(reach(true) + 10000 < reach(false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_compiled_once),
                                       cmocka_unit_test(test_without_memory_to_keep_it),
                                       cmocka_unit_test(test_leaves_fewer_holes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
