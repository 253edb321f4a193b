/* SPDX-License-Identifier: MIT */
/* A cache in memory, of 16 MiB and 4 MiB an entry, for each case; afterwards nothing of it is left. */
#ifndef OL_TESTS_MEMORY_CACHE_KIT_H
#define OL_TESTS_MEMORY_CACHE_KIT_H

#include "cache_kit.h"

static ol_view_cache *cache;
static ol_test_loop loop;
static long live;

static int open_all(void **state)
{
    (void)state;
    live = ol_alloc_live();
    assert_code(ol_test_loop_open(&loop), OL_OK);
    cache = kit_cache(16 * OL_MIB, 4 * OL_MIB);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    ol_test_loop_close(&loop);
    assert_int_equal(kit_stats(cache).running, 0);
    ol_view_cache_purge(cache);
    assert_int_equal(kit_stats(cache).memory_bytes, 0);
    assert_int_equal(kit_stats(cache).entries, 0);
    ol_view_cache_destroy(cache);
    assert_no_leak(live);
    return 0;
}

static inline ol_view_entry *lead(const char *etag)
{
    ol_view_entry *entry;
    assert_int_equal(ol_view_cache_find(cache, etag, -1, 0, &entry), OL_VIEW_LEAD);
    return entry;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

#endif
