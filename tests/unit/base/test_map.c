/* SPDX-License-Identifier: MIT */
/* The map, compared with the plainest thing that could do the same. */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "base/alloc.h"
#include "base/map.h"

#include <stdio.h>

#define KEYS 500u

static ol_slice key_of(unsigned number, char text[16])
{
    /* Lengths 0..11, so that every tail of the hash is met. */
    int len = snprintf(text, 16, "%u-%.*s", number, (int)(number % 8), "xxxxxxxx");
    return number == 0 ? OL_SLICE_NONE : ol_slice_of(text, (size_t)len);
}

static void does_what_an_array_does(void **state)
{
    (void)state;
    static int values[2 * KEYS];
    int *expected[KEYS] = {NULL};
    size_t count = 0;
    ol_test_random random = {.state = 1};
    ol_map *map = ol_map_new();
    for (int i = 0; i < 20000; i++) {
        unsigned n = (unsigned)ol_test_random_below(&random, KEYS);
        char text[16];
        ol_slice key = key_of(n, text);
        assert_ptr_equal(ol_map_get(map, key), expected[n]);
        if (ol_test_random_below(&random, 2)) {
            int *value = &values[ol_test_random_below(&random, 2 * KEYS)];
            void *old = &count;
            assert_code(ol_map_put(map, key, value, &old), OL_OK);
            assert_ptr_equal(old, expected[n]);
            count += !expected[n];
            expected[n] = value;
        } else {
            assert_ptr_equal(ol_map_remove(map, key), expected[n]);
            count -= !!expected[n];
            expected[n] = NULL;
        }
        assert_int_equal(ol_map_count(map), count);
    }
    ol_map_destroy(map, NULL);
}

typedef struct visited {
    unsigned count, stop_at;
    uint64_t sum;
} visited;

static bool visit(void *arg, ol_slice key, void *value)
{
    visited *v = arg;
    char text[16];
    assert_slices(key, key_of(*(unsigned *)value, text));
    v->sum += *(unsigned *)value;
    return ++v->count != v->stop_at;
}

static void visits_everything_once(void **state)
{
    (void)state;
    unsigned numbers[KEYS];
    ol_map *map = ol_map_new();
    visited nothing = {0};
    ol_map_each(map, visit, &nothing);
    assert_int_equal(nothing.count, 0);
    for (unsigned i = 0; i < KEYS; i++) {
        char text[16];
        numbers[i] = i;
        assert_code(ol_map_put(map, key_of(i, text), &numbers[i], NULL), OL_OK);
    }
    visited all = {0}, some = {.stop_at = 7};
    ol_map_each(map, visit, &all);
    ol_map_each(map, visit, &some);
    assert_int_equal(all.count, KEYS);
    assert_int_equal(all.sum, KEYS * (KEYS - 1) / 2);
    assert_int_equal(some.count, 7);
    ol_map_destroy(map, NULL);
}

static void destroy_frees_the_values(void **state)
{
    (void)state;
    long before = ol_alloc_live();
    ol_map *map = ol_map_new();
    assert_code(ol_map_put(map, OL_SLICE_LIT("a"), ol_malloc(1), NULL), OL_OK);
    assert_code(ol_map_put(map, OL_SLICE_LIT("b"), ol_malloc(1), NULL), OL_OK);
    ol_map_destroy(map, ol_free);
    ol_map_destroy(NULL, ol_free);
    assert_no_leak(before);
}

static void growing_is_no_must(void **state)
{
    (void)state;
    ol_map *map = ol_map_new();
    for (unsigned i = 0; i < 200; i++) {
        char text[16];
        ol_slice key = key_of(i, text);
        /* When the table is full, the first allocation is its growing. */
        bool is_full = i >= 16 && (i & (i - 1)) == 0;
        if (is_full)
            ol_alloc_fail_one_after(0);
        assert_code(ol_map_put(map, key, map, NULL), OL_OK);
        assert_int_equal(ol_alloc_failed(), is_full);
        ol_alloc_fail_after(-1);
    }
    for (unsigned i = 0; i < 200; i++) {
        char text[16];
        assert_non_null(ol_map_get(map, key_of(i, text)));
    }
    ol_map_destroy(map, NULL);
}

static int fill(void *arg)
{
    (void)arg;
    int rc = OL_OK, value = 0;
    ol_map *map = ol_map_new();
    if (!map)
        return OL_ENOMEM;
    size_t added = 0;
    for (unsigned i = 0; i < 60; i++) {
        char text[16];
        if (ol_map_put(map, key_of(i, text), &value, NULL) == OL_OK)
            added++;
        else
            rc = OL_ENOMEM;
    }
    assert_int_equal(ol_map_count(map), added);
    for (unsigned i = 0; i < 60; i++) {
        char text[16];
        added -= ol_map_get(map, key_of(i, text)) == &value;
    }
    assert_int_equal(added, 0);
    ol_map_destroy(map, NULL);
    return rc;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_in_range(ol_test_fail_each(fill, NULL), 60, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_what_an_array_does),
        cmocka_unit_test(visits_everything_once),
        cmocka_unit_test(destroy_frees_the_values),
        cmocka_unit_test(growing_is_no_must),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
