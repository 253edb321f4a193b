/* SPDX-License-Identifier: MIT */
/* The cache by itself: bounds, eviction, and which tickets are worth something. */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "base/alloc.h"
#include "origin/store/cache.h"

static ol_slice bucket = {(const uint8_t *)"b", 1};

static ol_entry *make(ol_cache *cache, const char *key, size_t size, int64_t modified_ms)
{
    ol_entry_spec spec = {.bucket = bucket, .key = ol_slice_cstr(key), .etag = OL_SLICE_LIT("e"),
                          .size = size, .modified_ms = modified_ms, .in_memory = true};
    ol_entry *entry;
    assert_code(ol_entry_new(&entry, &spec, NULL), OL_OK);
    memset(entry->body_space, 'x', size);
    entry->hash = ol_cache_hash(cache, bucket, spec.key);
    return entry;
}

static uint64_t hash_of(ol_cache *cache, const char *key)
{
    return ol_cache_hash(cache, bucket, ol_slice_cstr(key));
}

static void fill(ol_cache *cache, const char *key, size_t size, int64_t modified_ms)
{
    ol_cache_ticket ticket = ol_cache_ticket_take(cache, hash_of(cache, key));
    ol_entry *entry = make(cache, key, size, modified_ms);
    ol_cache_offer(cache, ticket, entry);
    ol_entry_release(entry);
}

/* When it was modified; -1: not there. */
static int64_t look(ol_cache *cache, const char *key)
{
    ol_entry *entry = ol_cache_find(cache, hash_of(cache, key), bucket, ol_slice_cstr(key));
    int64_t modified_ms = entry ? entry->info.last_modified_ms : -1;
    ol_entry_release(entry);
    return modified_ms;
}

static ol_cache *open_cache(size_t bytes_max)
{
    ol_cache *cache;
    assert_code(ol_cache_new(&cache, bytes_max, 64), OL_OK);
    return cache;
}

static void what_was_filled_is_found(void **state)
{
    (void)state;
    long live = ol_alloc_live();
    ol_cache *cache = open_cache(64 << 20);
    char key[16];
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "%d", i);
        assert_int_equal(look(cache, key), -1);
        fill(cache, key, 10, i * 1000);
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "%d", i);
        assert_int_equal(look(cache, key), i * 1000);
    }
    /* Same key, another bucket. */
    ol_slice other = OL_SLICE_LIT("c");
    assert_null(ol_cache_find(cache, ol_cache_hash(cache, other, OL_SLICE_LIT("1")), other,
                              OL_SLICE_LIT("1")));
    uint64_t hits, misses, bytes;
    ol_cache_stats(cache, &hits, &misses, &bytes);
    assert_int_equal(hits, 5000);
    assert_int_equal(misses, 5001);
    assert_true(bytes > 5000 * 100);
    ol_cache_destroy(cache);
    assert_no_leak(live);
}

static void the_bound_holds_and_the_hot_stay(void **state)
{
    (void)state;
    long live = ol_alloc_live();
    ol_cache *cache = open_cache(16 * 100000);
    char key[16];
    uint64_t hits, misses, bytes;
    for (int i = 0; i < 20000; i++) {
        snprintf(key, sizeof key, "%d", i);
        fill(cache, key, (size_t)(i % 5000), 1000);
        if (i == 0)
            continue;
        /* The first is asked for all the time. */
        assert_int_equal(look(cache, "0"), 1000);
        ol_cache_stats(cache, &hits, &misses, &bytes);
        assert_true(bytes <= 16 * 100000);
    }
    assert_true(bytes > 16 * 50000);
    assert_int_equal(look(cache, "1"), -1);
    /* Half a shard is too much for one. */
    fill(cache, "large", 60000, 1000);
    assert_int_equal(look(cache, "large"), -1);
    ol_cache_destroy(cache);
    assert_no_leak(live);
}

static void no_cache_keeps_nothing(void **state)
{
    (void)state;
    ol_cache *cache = open_cache(0);
    fill(cache, "k", 0, 1000);
    assert_int_equal(look(cache, "k"), -1);
    ol_cache_destroy(cache);
}

static void begin(ol_cache *cache, const char *key)
{
    ol_cache_begin(cache, hash_of(cache, key), bucket, ol_slice_cstr(key));
}

static void change(ol_cache *cache, const char *key, ol_entry *entry)
{
    begin(cache, key);
    ol_cache_end(cache, hash_of(cache, key), entry);
}

static void a_ticket_ends_with_a_change(void **state)
{
    (void)state;
    ol_cache *cache = open_cache(64 << 20);
    uint64_t hash = hash_of(cache, "k");
    ol_entry *old = make(cache, "k", 1, 1000), *new = make(cache, "k", 1, 2000);

    /* Read before, offered after. */
    ol_cache_ticket ticket = ol_cache_ticket_take(cache, hash);
    change(cache, "k", NULL);
    ol_cache_offer(cache, ticket, old);
    assert_int_equal(look(cache, "k"), -1);

    /* Read before, offered between. */
    ticket = ol_cache_ticket_take(cache, hash);
    begin(cache, "k");
    ol_cache_offer(cache, ticket, old);
    assert_int_equal(look(cache, "k"), -1);
    /* Read and offered between. */
    ticket = ol_cache_ticket_take(cache, hash);
    ol_cache_offer(cache, ticket, old);
    assert_int_equal(look(cache, "k"), -1);
    /* Read between, offered after. */
    ol_cache_end(cache, hash, NULL);
    ol_cache_offer(cache, ticket, old);
    assert_int_equal(look(cache, "k"), -1);

    /* What was kept is gone before the commit: it may already be old. */
    fill(cache, "k", 1, 1000);
    ticket = ol_cache_ticket_take(cache, hash);
    begin(cache, "k");
    assert_int_equal(look(cache, "k"), -1);
    ol_cache_end(cache, hash, NULL);
    ol_cache_offer(cache, ticket, new);
    assert_int_equal(look(cache, "k"), -1);

    change(cache, "k", new);
    assert_int_equal(look(cache, "k"), 2000);
    change(cache, "k", NULL);
    assert_int_equal(look(cache, "k"), -1);
    ol_entry_release(old);
    ol_entry_release(new);
    ol_cache_destroy(cache);
}

/* Two changes of a key in one commit: the first one's version was never to be seen. */
static void only_the_last_change_fills(void **state)
{
    (void)state;
    ol_cache *cache = open_cache(64 << 20);
    uint64_t hash = hash_of(cache, "k");
    ol_entry *first = make(cache, "k", 1, 1000), *second = make(cache, "k", 1, 2000);
    begin(cache, "k");
    begin(cache, "k");
    ol_cache_end(cache, hash, first);
    assert_int_equal(look(cache, "k"), -1);
    ol_cache_end(cache, hash, second);
    assert_int_equal(look(cache, "k"), 2000);
    ol_entry_release(first);
    ol_entry_release(second);
    ol_cache_destroy(cache);
}

static void a_reader_keeps_what_it_found(void **state)
{
    (void)state;
    ol_cache *cache = open_cache(64 << 20);
    fill(cache, "k", 100, 1000);
    ol_entry *mine = ol_cache_find(cache, hash_of(cache, "k"), bucket, OL_SLICE_LIT("k"));
    assert_non_null(mine);
    change(cache, "k", NULL);
    ol_cache_destroy(cache);
    assert_int_equal(mine->body.len, 100);
    assert_int_equal(mine->body.data[99], 'x');
    ol_entry_release(mine);
}

static int fill_some(void *arg)
{
    (void)arg;
    ol_cache *cache;
    int rc = ol_cache_new(&cache, 1 << 20, 64);
    char key[16];
    for (int i = 0; i < 40 && rc == OL_OK; i++) {
        ol_entry_spec spec = {.bucket = bucket, .etag = OL_SLICE_LIT("e"), .in_memory = true};
        snprintf(key, sizeof key, "%d", i);
        spec.key = ol_slice_cstr(key);
        ol_entry *entry;
        rc = ol_entry_new(&entry, &spec, NULL);
        if (rc != OL_OK)
            break;
        entry->hash = hash_of(cache, key);
        ol_cache_offer(cache, ol_cache_ticket_take(cache, entry->hash), entry);
        ol_entry_release(entry);
        look(cache, key); /* without memory for the table it is not kept, no more */
    }
    ol_cache_destroy(cache);
    /* A table that cannot grow is no error, so a run may pass although one failed. */
    return rc == OL_OK && ol_alloc_failed() > 0 ? OL_ENOMEM : rc;
}

static void allocations_may_fail(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(fill_some, NULL) > 40);
}

static void blobs_are_checked(void **state)
{
    (void)state;
    const struct {
        const char *bytes;
        size_t len;
        int code;
        size_t count;
    } cases[] = {{"", 0, OL_OK, 0},
                 {"\1\0\2\0\0\0nvv", 9, OL_OK, 1},
                 {"\1\0\2\0\0\0nvv\0\0\0\0\0\0", 15, OL_OK, 2},
                 {"\1\0\2\0\0\0nv", 8, OL_EORIGIN, 0},
                 {"\1\0\2\0\0", 5, OL_EORIGIN, 0},
                 {"\1\0\377\377\377\377nvv", 9, OL_EORIGIN, 0},
                 {"\377\377\0\0\0\0n", 7, OL_EORIGIN, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ol_entry_spec spec = {.bucket = bucket, .key = OL_SLICE_LIT("k"), .etag = OL_SLICE_LIT("e"),
                              .headers_blob = ol_slice_of(cases[i].bytes, cases[i].len)};
        ol_entry *entry;
        assert_code(ol_entry_new(&entry, &spec, NULL), cases[i].code);
        if (entry)
            assert_int_equal(entry->info.header_count, cases[i].count);
        ol_entry_release(entry);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_filled_is_found),
        cmocka_unit_test(the_bound_holds_and_the_hot_stay),
        cmocka_unit_test(no_cache_keeps_nothing),
        cmocka_unit_test(a_ticket_ends_with_a_change),
        cmocka_unit_test(only_the_last_change_fills),
        cmocka_unit_test(a_reader_keeps_what_it_found),
        cmocka_unit_test(allocations_may_fail),
        cmocka_unit_test(blobs_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
