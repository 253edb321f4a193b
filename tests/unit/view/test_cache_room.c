/* SPDX-License-Identifier: MIT */
/* What stays in memory and what goes: recency, frequency, scans, and what somebody reads. */
#include "cache_kit.h"

#include "view/cache_private.h"

#define BODY_BYTES 10000u

static ol_view_cache *cache;
static ol_test_loop loop;
static ol_slice body;
static long live;

/* Room for some 75 bodies. */
static int open_all(void **state)
{
    (void)state;
    live = ol_alloc_live();
    assert_code(ol_test_loop_open(&loop), OL_OK);
    cache = kit_cache(1000 * 1024, 200 * 1024);
    /* The sketch may take one entry for another: rarely, but in each of our runs for the same ones. */
    cache->seed = 1;
    body = kit_bytes(BODY_BYTES, 1);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    kit_free(body);
    ol_test_loop_close(&loop);
    ol_view_cache_destroy(cache);
    assert_no_leak(live);
    return 0;
}

static const char *name(const char *kind, unsigned i)
{
    static char etag[OL_VIEW_ETAG_SIZE];
    snprintf(etag, sizeof etag, "%s-%u", kind, i);
    return etag;
}

static void make(const char *kind, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        assert_code(kit_make(cache, &loop, name(kind, i), body), OL_OK);
}

static unsigned count(const char *kind, unsigned from, unsigned to)
{
    unsigned found = 0;
    for (unsigned i = from; i < to; i++)
        found += kit_has(cache, name(kind, i));
    return found;
}

static void a_scan_pushes_out_nothing_hot(void **state)
{
    (void)state;
    make("hot", 0, 40);
    assert_int_equal(count("hot", 0, 40), 40);
    for (unsigned round = 0; round < 10; round++) {
        make("scan", 100 * round, 100 * round + 100);
        assert_int_equal(count("hot", 0, 40), 40);
    }
    ol_view_cache_stats stats = kit_stats(cache);
    assert_true(stats.memory_bytes <= 750 * 1024);
    assert_true(stats.refused > 800);
    assert_int_equal(stats.outgrown, 0);
}

/* A single long scan, during which nobody asks for the hot ones. */
static void even_when_nobody_asks_meanwhile(void **state)
{
    (void)state;
    make("hot", 0, 40);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(count("hot", 0, 40), 40);
    make("scan", 0, 400);
    assert_int_equal(count("hot", 0, 40), 40);
}

/* What becomes hot gets in, and what is not asked for any more goes. */
static void what_is_hot_now_gets_in(void **state)
{
    (void)state;
    make("old", 0, 200);
    unsigned old = count("old", 0, 200);
    assert_in_range(old, 40, 80);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 30; i++) {
            if (!kit_has(cache, name("new", i)))
                assert_code(kit_make(cache, &loop, name("new", i), body), OL_OK);
        }
    }
    assert_int_equal(count("new", 0, 30), 30);
    assert_true(count("old", 0, 200) <= old - 10);
}

static void the_least_recently_used_goes_first(void **state)
{
    (void)state;
    make("a", 0, 60);
    unsigned all = count("a", 0, 60);
    assert_int_equal(all, 60);
    /* The marks of being touched go with the first that are pushed out; then it is by age. */
    for (unsigned i = 30; i < 60; i++)
        assert_true(kit_has(cache, name("a", i)));
    for (unsigned round = 0; round < 6; round++) {
        for (unsigned i = 0; i < 25; i++) {
            if (!kit_has(cache, name("b", i)))
                assert_code(kit_make(cache, &loop, name("b", i), body), OL_OK);
        }
    }
    unsigned old = count("a", 0, 30), young = count("a", 30, 60);
    assert_true(old < young);
    assert_int_equal(count("b", 0, 25), 25);
}

static void what_is_read_stays(void **state)
{
    (void)state;
    ol_view_entry *held[20];
    make("held", 0, 20);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(ol_view_cache_find(cache, name("held", i), -1, 0, &held[i]),
                         OL_VIEW_WHOLE);
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 70; i++) {
            if (!kit_has(cache, name("b", i)))
                assert_code(kit_make(cache, &loop, name("b", i), body), OL_OK);
        }
    }
    for (unsigned i = 0; i < 20; i++) {
        kit_expect(&loop, held[i], body, 0, UINT64_MAX, i % 2);
        ol_view_entry_release(held[i]);
    }
    assert_int_equal(count("held", 0, 20), 20);
    assert_true(kit_stats(cache).memory_bytes <= 750 * 1024);
    assert_true(kit_stats(cache).evicted == 0 || count("b", 0, 70) >= 40);
}

/* One large candidate must be hotter than each of the many that would go for it. */
static void a_large_one_must_be_worth_many(void **state)
{
    (void)state;
    ol_slice large = kit_bytes(190 * 1024, 2);
    make("a", 0, 70);
    assert_int_equal(count("a", 0, 70), 70);
    assert_code(kit_make(cache, &loop, "large", large), OL_OK);
    assert_false(kit_has(cache, "large"));
    assert_int_equal(count("a", 0, 70), 70);
    for (unsigned i = 0; i < 12; i++)
        (void)kit_has(cache, "large");
    ol_view_entry *entry;
    for (unsigned i = 0; i < 12 && !kit_has(cache, "large"); i++)
        assert_code(kit_make(cache, &loop, "large", large), OL_OK);
    assert_int_equal(ol_view_cache_find(cache, "large", -1, 0, &entry), OL_VIEW_WHOLE);
    kit_expect(&loop, entry, large, 0, UINT64_MAX, 0);
    ol_view_entry_release(entry);
    kit_free(large);
}

/* No memory to keep anything: flights are shared all the same. */
static void without_memory_flights_are_shared(void **state)
{
    (void)state;
    ol_view_cache *bare = kit_cache(0, 100 * 1024);
    ol_view_entry *entry, *other;
    assert_int_equal(ol_view_cache_find(bare, "a", -1, BODY_BYTES, &entry), OL_VIEW_LEAD);
    assert_int_equal(ol_view_cache_find(bare, "a", -1, BODY_BYTES, &other), OL_VIEW_RUNNING);
    ol_test_feed feed = {.body = body, .piece_bytes = 100};
    assert_code(kit_fill_all(&loop, entry, &feed), OL_OK);
    ol_view_entry_settle(entry, NULL, true);
    assert_false(kit_has(bare, "a"));
    kit_expect(&loop, other, body, 0, UINT64_MAX, 0);
    ol_view_entry_release(entry);
    ol_view_entry_release(other);
    assert_int_equal(kit_stats(bare).memory_bytes, 0);
    assert_int_equal(ol_view_cache_find(bare, "a", 101 * 1024, 0, &entry), OL_VIEW_NONE);
    ol_view_cache_destroy(bare);
}

/* ---- the sketch ---- */

static void the_sketch_counts_and_forgets(void **state)
{
    (void)state;
    ol_view_sketch *sketch = ol_view_sketch_new(1000);
    ol_test_random random = {7};
    for (unsigned i = 0; i < 100; i++)
        ol_view_sketch_add(sketch, 0x1234567890ABCDEFu);
    assert_int_equal(ol_view_sketch_estimate(sketch, 0x1234567890ABCDEFu), OL_VIEW_SKETCH_MAX);
    unsigned wrong = 0;
    for (unsigned i = 0; i < 1000; i++)
        wrong += ol_view_sketch_estimate(sketch, ol_test_random_next(&random)) > 0;
    assert_true(wrong < 20);
    /* One thing that was hot is forgotten as others come by. */
    for (unsigned i = 0; i < 1024 * 60; i++)
        ol_view_sketch_add(sketch, ol_test_random_next(&random));
    assert_true(ol_view_sketch_estimate(sketch, 0x1234567890ABCDEFu) < OL_VIEW_SKETCH_MAX);
    ol_view_sketch_destroy(sketch);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_scan_pushes_out_nothing_hot),
        CASE(even_when_nobody_asks_meanwhile),
        CASE(what_is_hot_now_gets_in),
        CASE(the_least_recently_used_goes_first),
        CASE(what_is_read_stays),
        CASE(a_large_one_must_be_worth_many),
        CASE(without_memory_flights_are_shared),
        CASE(the_sketch_counts_and_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
