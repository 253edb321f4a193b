/* SPDX-License-Identifier: MIT */
/*
 * The view cache with a disk: what is too large for memory goes there while it is made, what is
 * pushed out of memory follows; readers notice nothing, unless what comes back is damaged.
 */
#include "cache_kit.h"
#include "disk_kit.h"

#include "view/cache_private.h"

#define BLOCK OL_VIEW_BLOCK_BYTES

static ol_view_cache *cache;
static ol_test_loop loop;
static ol_test_scratch scratch;
static long live;

static ol_view_cache *disk_cache(uint64_t memory, uint64_t entry, uint64_t disk, uint64_t large)
{
    ol_view_cache_config config = {.memory_bytes = memory,
                                   .memory_entry_bytes = entry,
                                   .disk_folder = scratch.folder,
                                   .disk_bytes = disk,
                                   .disk_entry_bytes = large};
    ol_view_cache *made;
    ol_error err = {0};
    assert_code_of(ol_view_cache_new(&made, &config, &err), OL_OK, &err);
    return made;
}

static int open_all(void **state)
{
    (void)state;
    ol_test_scratch_open(&scratch);
    live = ol_alloc_live();
    assert_code(ol_test_loop_open(&loop), OL_OK);
    cache = disk_cache(8 * OL_MIB, OL_MIB, 32 * OL_MIB, 12 * OL_MIB);
    return 0;
}

static bool nothing_is_under_way(void *arg)
{
    (void)arg;
    return atomic_load(&cache->demoting) == 0;
}

static int close_all(void **state)
{
    (void)state;
    ol_test_loop_close(&loop);
    assert_int_equal(kit_stats(cache).running, 0);
    ol_view_cache_purge(cache);
    assert_int_equal(kit_stats(cache).memory_bytes, 0);
    assert_int_equal(kit_stats(cache).disk_bytes, 0);
    ol_view_cache_destroy(cache);
    ol_test_scratch_close(&scratch);
    assert_no_leak(live);
    return 0;
}

static bool is_on_disk_alone(void *arg)
{
    ol_view_entry *entry = arg;
    return entry->spill == NULL;
}

/* Filled, settled, and all of it written. With the reader's reference. */
static ol_view_entry *make(const char *etag, ol_slice body, int64_t length, size_t piece)
{
    ol_view_entry *entry;
    assert_int_equal(ol_view_cache_find(cache, etag, length, body.len, &entry), OL_VIEW_LEAD);
    ol_view_entry_lead(entry, loop.loop, kit_no_abandon, NULL);
    ol_test_feed feed = {.body = body, .piece_bytes = piece, .hide_length = length < 0,
                         .reserves = piece % 2};
    assert_code(kit_fill_all(&loop, entry, &feed), OL_OK);
    ol_view_entry_settle(entry, NULL, true);
    ol_test_loop_until_fn(&loop, is_on_disk_alone, entry, OL_TEST_BOUND_MS);
    return entry;
}

static void large_ones_go_to_disk(void **state)
{
    (void)state;
    const size_t sizes[] = {OL_MIB + 1, 5 * BLOCK, 5 * BLOCK - 1, 5 * BLOCK + 1, 12 * OL_MIB};
    char etag[16];
    for (unsigned i = 0; i < 5; i++) {
        for (unsigned way = 0; way < 3; way++) {
            ol_slice body = kit_bytes(sizes[i], i + 1);
            snprintf(etag, sizeof etag, "%u-%u", i, way);
            ol_view_entry *entry = make(etag, body, way == 1 ? (int64_t)body.len : -1,
                                        way == 2 ? 70001 : 300000);
            assert_true(ol_view_entry_is_on_disk(entry));
            assert_true(kit_stats(cache).memory_bytes < 100000);
            kit_expect(&loop, entry, body, 0, UINT64_MAX, 0);
            kit_expect(&loop, entry, body, 0, UINT64_MAX, 1);
            for (unsigned part = 0; part < 6; part++) {
                uint64_t start = (body.len - 1) * part / 6;
                kit_expect(&loop, entry, body, start, 1 + (body.len - start - 1) * part / 6, part % 2);
            }
            ol_view_entry_release(entry);
            uint64_t hits = kit_stats(cache).disk_hits;
            assert_true(kit_has(cache, etag));
            assert_int_equal(kit_stats(cache).disk_hits, hits + 1);
            kit_free(body);
            ol_view_cache_purge(cache);
            assert_int_equal(kit_stats(cache).disk_bytes, 0);
        }
    }
}

static bool goes_on(void *arg)
{
    kit_run *fill = arg;
    return !fill->tap.waits;
}

/* Readers follow while it spills, slow ones find on disk what has left memory. */
static void readers_follow_what_spills(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(9 * OL_MIB + 77, 1);
    ol_view_entry *entry;
    assert_int_equal(ol_view_cache_find(cache, "a", -1, body.len, &entry), OL_VIEW_LEAD);
    ol_view_entry_lead(entry, loop.loop, kit_no_abandon, NULL);
    kit_run fill = {.done = false}, readers[4] = {{.done = false}};
    assert_code(kit_fill_start(&fill, &loop, entry), OL_OK);
    readers[1].collect.wait_every = 1;
    for (unsigned i = 0; i < 3; i++)
        assert_code(kit_read_start(&readers[i], &loop, entry, i == 2 ? 8 * OL_MIB : 0, UINT64_MAX),
                    OL_OK);
    assert_code(kit_tap_head(&fill.tap, -1), OL_OK);
    unsigned waits = 0;
    uint64_t most = 0;
    for (size_t at = 0; at < body.len; at += 400000) {
        int rc = kit_tap_push(&fill.tap, ol_slice_first(ol_slice_from(body, at), 400000));
        assert_true(rc == OL_OK || rc == OL_WAIT);
        waits += rc == OL_WAIT;
        ol_test_loop_until_fn(&loop, goes_on, &fill, OL_TEST_BOUND_MS);
        uint64_t bytes = kit_stats(cache).memory_bytes;
        most = bytes > most ? bytes : most;
        if (at == 12 * 400000) /* one comes late */
            assert_code(kit_read_start(&readers[3], &loop, entry, 0, UINT64_MAX), OL_OK);
    }
    assert_true(waits > 0);
    assert_true(most < 5 * OL_MIB);
    assert_code(kit_tap_end(&fill.tap), OL_OK);
    assert_code(kit_run_wait(&fill), OL_OK);
    ol_view_entry_settle(entry, NULL, true);
    kit_run_close(&fill);
    for (unsigned i = 0; i < 4; i++) {
        assert_code_of(kit_run_wait(&readers[i]), OL_OK, &readers[i].err);
        assert_slices(ol_test_collect_out(&readers[i].collect),
                      ol_slice_from(body, i == 2 ? 8 * OL_MIB : 0));
        ol_test_collect_fini(&readers[i].collect);
        kit_run_close(&readers[i]);
    }
    ol_test_loop_until_fn(&loop, is_on_disk_alone, entry, OL_TEST_BOUND_MS);
    ol_view_entry_release(entry);
    kit_free(body);
}

static void what_memory_lets_go_is_found_on_disk(void **state)
{
    (void)state;
    ol_slice bodies[16];
    char etag[16];
    for (unsigned i = 0; i < 16; i++) {
        bodies[i] = kit_bytes(900000 + i, i + 1);
        snprintf(etag, sizeof etag, "%u", i);
        ol_view_entry_release(make(etag, bodies[i], -1, 100000));
        ol_test_loop_until_fn(&loop, nothing_is_under_way, NULL, OL_TEST_BOUND_MS);
    }
    assert_true(kit_stats(cache).memory_bytes < 6 * OL_MIB + 100000);
    for (unsigned i = 0; i < 16; i++) {
        ol_view_entry *entry;
        snprintf(etag, sizeof etag, "%u", i);
        assert_int_equal(ol_view_cache_find(cache, etag, -1, 0, &entry), OL_VIEW_WHOLE);
        kit_expect(&loop, entry, bodies[i], 0, UINT64_MAX, i % 2);
        ol_view_entry_release(entry);
        kit_free(bodies[i]);
    }
    assert_true(kit_stats(cache).disk_hits >= 8);
}

/* A hot small one pushes out a cold one, which goes on on disk, also for who reads it then. */
static void no_memory_at_all_is_enough(void **state)
{
    (void)state;
    ol_view_cache *memory = cache;
    cache = disk_cache(0, 100000, 16 * OL_MIB, 4 * OL_MIB);
    const size_t sizes[] = {1, 65535, 65536, 100001, 3 * OL_MIB};
    char etag[16];
    for (unsigned i = 0; i < 5; i++) {
        ol_slice body = kit_bytes(sizes[i], i + 1);
        snprintf(etag, sizeof etag, "%u", i);
        uint64_t before = kit_stats(cache).disk_bytes;
        ol_view_entry *entry = make(etag, body, -1, 100000);
        bool large = sizes[i] >= 65536; /* small ones belong to memory, or nowhere */
        assert_int_equal(ol_view_entry_is_on_disk(entry), large);
        if (large) /* what a view takes of the disk is what it has, in pages */
            assert_true(kit_stats(cache).disk_bytes - before < body.len + 4096);
        kit_expect(&loop, entry, body, 0, UINT64_MAX, 0);
        ol_view_entry_release(entry);
        assert_int_equal(kit_has(cache, etag), large);
        kit_free(body);
    }
    assert_true(kit_stats(cache).memory_bytes < 20000);
    ol_view_cache_destroy(cache);
    cache = memory;
}

/* The disk is full: what is asked for more often stays there, the rest goes without. */
static void a_full_disk_keeps_what_is_hot(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(4 * OL_MIB, 1);
    char etag[16];
    for (unsigned i = 0; i < 8; i++) {
        snprintf(etag, sizeof etag, "hot %u", i);
        ol_view_entry_release(make(etag, body, (int64_t)body.len, 300000));
        for (unsigned n = 0; n < 3; n++)
            assert_true(kit_has(cache, etag));
    }
    ol_view_entry *entry;
    assert_int_equal(ol_view_cache_find(cache, "cold", (int64_t)body.len, 0, &entry), OL_VIEW_NONE);
    assert_int_equal(ol_view_cache_find(cache, "cold 2", -1, body.len, &entry), OL_VIEW_LEAD);
    ol_view_entry_lead(entry, loop.loop, kit_no_abandon, NULL);
    ol_test_feed feed = {.body = body, .hide_length = true};
    assert_code(kit_fill_all(&loop, entry, &feed), OL_EOUTGROWN);
    ol_error err = {0};
    ol_error_set(&err, OL_EOUTGROWN, NULL);
    ol_view_entry_settle(entry, &err, true);
    ol_view_entry_release(entry);
    for (unsigned n = 0; n < 12; n++)
        (void)ol_view_cache_find(cache, "hotter", INT64_MAX, 0, &entry); /* asked for, in vain */
    ol_view_entry_release(make("hotter", body, (int64_t)body.len, 300000));
    assert_true(kit_has(cache, "hotter"));
    kit_free(body);
}

/* ---- damage ---- */

/* Every byte of what the cache has on disk, in files without names. */
static void damage_all(void)
{
    DIR *fds = opendir("/proc/self/fd");
    assert_non_null(fds);
    unsigned damaged = 0;
    for (struct dirent *item; (item = readdir(fds)) != NULL;) {
        char path[300], target[300];
        snprintf(path, sizeof path, "/proc/self/fd/%s", item->d_name);
        ssize_t len = readlink(path, target, sizeof target - 1);
        if (len < 0)
            continue;
        target[len] = '\0';
        struct stat st;
        int fd = atoi(item->d_name);
        if (strncmp(target, scratch.folder, strlen(scratch.folder)) != 0 || fstat(fd, &st) != 0 ||
            !S_ISREG(st.st_mode))
            continue;
        uint8_t junk[4096] = {0xAA};
        for (off_t at = 0; at < st.st_size; at += (off_t)sizeof junk)
            assert_true(pwrite(fd, junk, sizeof junk, at) > 0);
        damaged++;
    }
    closedir(fds);
    assert_true(damaged > 0);
}

static void damage_is_seen_and_the_entry_dropped(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(3 * OL_MIB, 1);
    ol_view_entry *entry = make("a", body, -1, 0);
    damage_all();
    kit_run run = {.done = false};
    assert_code(kit_read_start(&run, &loop, entry, 0, UINT64_MAX), OL_OK);
    assert_code(kit_run_wait(&run), OL_ECORRUPT);
    assert_int_equal(run.collect.len, 0);
    assert_false(run.collect.finished);
    kit_run_close(&run);
    assert_false(kit_has(cache, "a"));
    ol_view_entry_release(entry);
    assert_int_equal(kit_stats(cache).disk_bytes, 0);
    kit_free(body);
}

/* ---- leaving ---- */

static bool all_is_given_back(void *arg)
{
    (void)arg;
    return kit_stats(cache).memory_bytes == 0;
}

static void readers_and_runs_leave_at_any_point(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(4 * OL_MIB, 1);
    ol_error err = {0};
    ol_error_set(&err, OL_ECANCELED, NULL);
    for (unsigned when = 0; when < 24; when++) {
        ol_view_entry *entry;
        assert_int_equal(ol_view_cache_find(cache, "a", -1, body.len, &entry), OL_VIEW_LEAD);
        ol_view_entry_lead(entry, loop.loop, kit_no_abandon, NULL);
        kit_run fill = {.done = false}, reader = {.collect = {.wait_every = when % 2}};
        assert_code(kit_fill_start(&fill, &loop, entry), OL_OK);
        assert_code(kit_tap_head(&fill.tap, -1), OL_OK);
        int rc = kit_tap_push(&fill.tap, ol_slice_first(body, when % 3 ? body.len : 3000000));
        assert_code(rc, OL_WAIT);
        assert_code(kit_read_start(&reader, &loop, entry, 0, UINT64_MAX), OL_OK);
        ol_test_loop_turns(&loop, when / 2);
        if (when % 4 < 2)
            kit_run_close(&reader);
        kit_run_close(&fill);
        ol_view_entry_settle(entry, &err, true);
        if (when % 4 >= 2) {
            assert_code(kit_run_wait(&reader), OL_ECANCELED);
            kit_run_close(&reader);
        }
        ol_test_collect_fini(&reader.collect);
        ol_view_entry_release(entry);
        /* What is being written still has memory, and a next run would find none. */
        ol_test_loop_until_fn(&loop, all_is_given_back, NULL, OL_TEST_BOUND_MS);
    }
    /* And of what is whole. */
    ol_view_entry *entry = make("b", body, -1, 0);
    for (unsigned when = 0; when < 20; when++) {
        kit_run reader = {.collect = {.wait_every = when % 2}};
        assert_code(kit_read_start(&reader, &loop, entry, 0, UINT64_MAX), OL_OK);
        ol_test_loop_turns(&loop, when);
        kit_run_close(&reader);
        ol_test_collect_fini(&reader.collect);
    }
    ol_view_cache_purge(cache);
    kit_expect(&loop, entry, body, 0, UINT64_MAX, 0);
    ol_view_entry_release(entry);
    kit_free(body);
}

/* ---- without memory ---- */

/* Whatever fails: a reader gets the whole body or an error, and everything is given back. */
static int fill_and_read(ol_view_cache *small, ol_test_loop *t, ol_slice body)
{
    ol_view_entry *entry;
    if (ol_view_cache_find(small, "a", -1, body.len, &entry) != OL_VIEW_LEAD)
        return OL_ENOMEM;
    ol_view_entry_lead(entry, t->loop, kit_no_abandon, NULL);
    ol_test_feed feed = {.body = body, .piece_bytes = 100000, .hide_length = true};
    ol_error err = {0};
    int rc = kit_fill_all(t, entry, &feed);
    if (rc != OL_OK)
        ol_error_set(&err, rc, NULL);
    ol_view_entry_settle(entry, rc == OL_OK ? NULL : &err, true);
    kit_run reader = {.collect = {.wait_every = 2}};
    int read_rc = kit_read_start(&reader, t, entry, 1000, UINT64_MAX);
    if (read_rc == OL_OK)
        read_rc = kit_run_wait(&reader);
    assert_int_equal(reader.collect.finished, read_rc == OL_OK);
    if (read_rc == OL_OK)
        assert_slices(ol_test_collect_out(&reader.collect), ol_slice_from(body, 1000));
    ol_test_collect_fini(&reader.collect);
    kit_run_close(&reader);
    ol_view_entry_release(entry);
    return rc ? rc : read_rc;
}

static int without_memory(void *arg)
{
    ol_test_loop t;
    ol_view_cache *small;
    ol_view_cache_config config = {.memory_bytes = 2 * OL_MIB,
                                   .memory_entry_bytes = 100000,
                                   .disk_folder = scratch.folder,
                                   .disk_bytes = 4 * OL_MIB,
                                   .disk_entry_bytes = 2 * OL_MIB};
    ol_error err = {0};
    int rc = ol_test_loop_open(&t);
    if (rc != OL_OK)
        return rc;
    rc = ol_view_cache_new(&small, &config, &err);
    if (rc == OL_OK)
        rc = fill_and_read(small, &t, *(ol_slice *)arg);
    ol_test_loop_close(&t); /* what is being written comes home first */
    if (small) {
        assert_int_equal(kit_stats(small).running, 0);
        ol_view_cache_purge(small);
        assert_int_equal(kit_stats(small).memory_bytes, 0);
        assert_int_equal(kit_stats(small).disk_bytes, 0);
        ol_view_cache_destroy(small);
    }
    return rc;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(5 * BLOCK + 1000, 1);
    ol_test_scratch_open(&scratch);
    assert_true(ol_test_fail_each(without_memory, &body) > 30);
    ol_test_scratch_close(&scratch);
    kit_free(body);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(large_ones_go_to_disk),
        CASE(readers_follow_what_spills),
        CASE(what_memory_lets_go_is_found_on_disk),
        CASE(no_memory_at_all_is_enough),
        CASE(a_full_disk_keeps_what_is_hot),
        CASE(damage_is_seen_and_the_entry_dropped),
        CASE(readers_and_runs_leave_at_any_point),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
