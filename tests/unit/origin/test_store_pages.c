/* SPDX-License-Identifier: MIT */
/* Which bodies of the store's cache stand in pages from which sockets send without a copy. */
#include "store_kit.h"

#include "net/stable_memory.h"
#include "origin/store/store_private.h"

/* Large bodies that the cache keeps stand in pages; smaller ones and all the rest do not. */
static void cached_bodies_stand_in_pages(void **state)
{
    (void)state;
    const size_t lens[] = {100, OL_STABLE_BYTES_MIN - 1, 20000, 200000, 300000};
    for (size_t i = 0; i < 5; i++) {
        store_kit kit;
        kit_open(&kit);
        ol_slice body = kit_bytes(lens[i], i);
        assert_code(kit_put(&kit, "k", body), OL_OK);
        for (int round = 0; round < 3; round++) {
            kit_expect(&kit, "k", body);
            ol_object *object;
            assert_code(kit_open_key(&kit, "k", &object), OL_OK);
            bool stable = ol_stable_memory_has(ol_handle_of(object)->entry->body);
            assert_int_equal(stable, lens[i] == 20000 || lens[i] == 200000);
            kit_close_object(&kit, object);
        }
        kit_free(body);
        kit_fini(&kit);
    }
}

/* More than fits: each is right, whatever place it got. */
static void places_go_round(void **state)
{
    (void)state;
    store_kit kit;
    kit_init(&kit);
    kit.options.cache_bytes_max = 16 * 150000; /* three bodies a shard or so */
    kit_start(&kit);
    assert_code(ol_store_ensure_bucket(kit.origin, OL_SLICE_LIT("b"), NULL), OL_OK);
    char key[16];
    /* Several times what all places together hold. */
    for (int round = 0; round < 12; round++) {
        for (unsigned i = 0; i < 60; i++) {
            snprintf(key, sizeof key, "k%u", i);
            ol_slice body = kit_bytes(20000 + 500 * i, i);
            if (round == 0)
                assert_code(kit_put(&kit, key, body), OL_OK);
            kit_expect(&kit, key, body);
            kit_free(body);
        }
    }
    ol_object *object;
    assert_code(kit_open_key(&kit, key, &object), OL_OK);
    assert_true(ol_stable_memory_has(ol_handle_of(object)->entry->body));
    kit_close_object(&kit, object);
    kit_fini(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cached_bodies_stand_in_pages),
        cmocka_unit_test(places_go_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
