/* SPDX-License-Identifier: MIT */
/*
 * The heap of a Lua state and its arena: blocks keep their bytes, neighbours merge, the limit
 * holds, and an image brings everything back.
 */
#include "lib/check.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "lib/alloc_check.h"
#include "transform/lua/arena.h"

#define REGION_BYTES (4u << 20)
#define BLOCKS 400

typedef struct held {
    uint8_t *data;
    size_t bytes;
    uint8_t fill;
} held;

static void *region_new(void)
{
    void *region = aligned_alloc(16, REGION_BYTES);

    assert_non_null(region);
    memset(region, 0, REGION_BYTES);
    return region;
}

static void assert_filled(const held *h, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        assert_int_equal(h->data[i], h->fill);
}

/* Small sizes mostly, some large, as Lua asks for. */
static size_t random_bytes(ol_test_random *random)
{
    switch (ol_test_random_below(random, 8)) {
    case 0: return 1 + ol_test_random_below(random, 60000);
    case 1: return 1 + ol_test_random_below(random, 3000);
    default: return 1 + ol_test_random_below(random, 300);
    }
}

static void resize(ol_lua_heap *heap, held *h, size_t bytes, uint8_t fill)
{
    size_t kept = h->bytes < bytes ? h->bytes : bytes;
    uint8_t *data = ol_lua_heap_realloc(heap, h->data, h->data ? h->bytes : 5, bytes);

    if (!data && bytes) {
        assert_true(!h->data || bytes > h->bytes);
        return;
    }
    h->data = data;
    if (!bytes) {
        *h = (held){0};
        return;
    }
    assert_int_equal((uintptr_t)data % 16, 0);
    assert_filled(h, kept);
    h->bytes = bytes;
    h->fill = fill;
    memset(data, fill, bytes);
}

static void test_blocks_keep_their_bytes(void **state)
{
    void *region = region_new();
    ol_lua_heap *heap = ol_lua_heap_init(region, REGION_BYTES, 2u << 20);
    ol_test_random random = {7};
    held blocks[BLOCKS] = {0};

    (void)state;
    assert_non_null(heap);
    for (unsigned i = 0; i < 60000; i++) {
        held *h = &blocks[ol_test_random_below(&random, BLOCKS)];

        if (h->data)
            assert_filled(h, h->bytes);
        resize(heap, h, ol_test_random_below(&random, 3) ? random_bytes(&random) : 0, (uint8_t)i);
        assert_true(ol_lua_heap_live_bytes(heap) <= (2u << 20));
        if (i % 256 == 0)
            assert_true(ol_lua_heap_check(heap));
    }
    for (unsigned i = 0; i < BLOCKS; i++)
        resize(heap, &blocks[i], 0, 0);
    assert_int_equal(ol_lua_heap_live_bytes(heap), 0);
    assert_true(ol_lua_heap_check(heap));
    free(region);
}

/* A string that grows by appending frees ever larger blocks: they must merge, or a heap ten
 * times as large would be needed. */
static void test_freed_neighbours_merge(void **state)
{
    void *region = region_new();
    ol_lua_heap *heap = ol_lua_heap_init(region, REGION_BYTES, REGION_BYTES);
    uint8_t *last = NULL;
    size_t last_bytes = 0;

    (void)state;
    for (size_t bytes = 1000; bytes < 1200000; bytes += 1000) {
        uint8_t *grown = ol_lua_heap_realloc(heap, NULL, 4, bytes);

        assert_non_null(grown);
        ol_lua_heap_realloc(heap, last, last_bytes, 0);
        last = grown;
        last_bytes = bytes;
    }
    assert_true(ol_lua_heap_check(heap));
    free(region);
}

static unsigned spent;

static void on_spent(void *arg)
{
    (void)arg;
    spent++;
}

static void test_limit(void **state)
{
    void *region = region_new();
    ol_lua_heap *heap = ol_lua_heap_init(region, REGION_BYTES, 100000);
    void *a = ol_lua_heap_realloc(heap, NULL, 4, 60000), *b;

    (void)state;
    spent = 0;
    ol_lua_heap_on_spent(heap, on_spent, NULL);
    assert_non_null(a);
    assert_null(ol_lua_heap_realloc(heap, NULL, 4, 60000));
    assert_int_equal(spent, 0);
    /* Cured by a collection: not spent. */
    a = ol_lua_heap_realloc(heap, a, 60000, 20);
    b = ol_lua_heap_realloc(heap, NULL, 4, 60000);
    assert_non_null(b);
    assert_int_equal(spent, 0);
    /* Not cured. */
    assert_null(ol_lua_heap_realloc(heap, a, 20, 60000));
    assert_null(ol_lua_heap_realloc(heap, a, 20, 60000));
    assert_int_equal(spent, 1);
    /* Shrinking always works, growing back to the same class too. */
    assert_ptr_equal(ol_lua_heap_realloc(heap, b, 60000, 59999), b);
    assert_null(ol_lua_heap_realloc(heap, NULL, 4, SIZE_MAX / 2));
    free(region);
}

static void test_region_too_small(void **state)
{
    void *region = region_new();

    (void)state;
    assert_null(ol_lua_heap_init(region, 4096, 4096));
    free(region);
}

static bool is_zero(const uint8_t *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (data[i])
            return false;
    return true;
}

/* What a job leaves, small or large, is gone after a restore; what was there before is back. */
static void leave_and_restore(ol_lua_arena *arena, size_t bytes)
{
    uint8_t *left = ol_lua_heap_realloc(arena->heap, NULL, 4, bytes);

    assert_non_null(left);
    memset(left, 0xee, bytes);
    ol_lua_arena_restore(arena);
    assert_memory_equal(arena->region, arena->image, arena->image_bytes);
    assert_true(is_zero(arena->region + arena->image_bytes, bytes + 65536));
}

static void test_restore(void **state)
{
    long live = ol_alloc_live();
    ol_lua_arena arena;
    ol_error err = {0};
    uint8_t *pristine;

    (void)state;
    assert_code_of(ol_lua_arena_init(&arena, 8u << 20, &err), OL_OK, &err);
    /* The same place modulo 4 GiB in every process. */
    assert_int_equal((uintptr_t)arena.region & 0xffffffffu, 0x10000000u);
    pristine = ol_lua_heap_realloc(arena.heap, NULL, 4, 5000);
    memset(pristine, 0xaa, 5000);
    /* Garbage of before the image must not survive either. */
    ol_lua_heap_realloc(arena.heap, ol_lua_heap_realloc(arena.heap, NULL, 4, 50000), 50000, 0);
    assert_code_of(ol_lua_arena_take_image(&arena, &err), OL_OK, &err);
    leave_and_restore(&arena, 100);
    leave_and_restore(&arena, 100000);
    leave_and_restore(&arena, 5u << 20);
    memset(pristine, 0xbb, 5000);
    ol_lua_arena_restore(&arena);
    assert_int_equal(pristine[4999], 0xaa);
    ol_lua_arena_fini(&arena);
    assert_no_leak(live);
}

static void test_arenas_have_places(void **state)
{
    ol_lua_arena arenas[70];
    ol_error err = {0};

    (void)state;
    for (unsigned i = 0; i < 70; i++) {
        assert_code_of(ol_lua_arena_init(&arenas[i], 1u << 20, &err), OL_OK, &err);
        assert_int_equal((uintptr_t)arenas[i].region & 0xffffffffu, 0x10000000u);
    }
    for (unsigned i = 0; i < 70; i++)
        ol_lua_arena_fini(&arenas[i]);
    assert_code(ol_lua_arena_init(&arenas[0], SIZE_MAX / 2, &err), OL_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_keep_their_bytes), cmocka_unit_test(test_freed_neighbours_merge),
        cmocka_unit_test(test_limit),                   cmocka_unit_test(test_region_too_small),
        cmocka_unit_test(test_restore),                 cmocka_unit_test(test_arenas_have_places)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
