/* SPDX-License-Identifier: MIT */
/*
 * Blocks that came back from disk: decrypted once for all who read them, kept in a bounded share of
 * memory, never taken from under a reader; who finds no room waits for it, in order and not for
 * ever. From several loops at once too: worth most with -fsanitize=thread.
 */
#include <stdatomic.h>

#include "cache_kit.h"
#include "lib/scratch.h"
#include "net/stable_memory.h"

#include "view/cache_private.h"

#define BLOCK OL_VIEW_BLOCK_BYTES
#define READERS 24u

static ol_view_cache *cache;
static ol_test_loop loop;
static ol_test_scratch scratch;
static long live;

static void open_cache(uint64_t memory_bytes)
{
    ol_view_cache_config config = {.memory_bytes = memory_bytes,
                                   .memory_entry_bytes = 100000,
                                   .disk_folder = scratch.folder,
                                   .disk_bytes = 64 * OL_MIB,
                                   .disk_entry_bytes = 16 * OL_MIB};
    ol_error err = {0};
    assert_code_of(ol_view_cache_new(&cache, &config, &err), OL_OK, &err);
}

static void close_cache(void)
{
    assert_int_equal(cache->blocks.waiting, 0);
    assert_int_equal(cache->blocks.reading, 0);
    ol_view_cache_purge(cache);
    assert_int_equal(kit_stats(cache).memory_bytes, 0);
    assert_int_equal(kit_stats(cache).disk_bytes, 0);
    ol_view_cache_destroy(cache);
}

static int open_all(void **state)
{
    (void)state;
    ol_test_scratch_open(&scratch);
    live = ol_alloc_live();
    assert_code(ol_test_loop_open(&loop), OL_OK);
    open_cache(8 * OL_MIB);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    ol_test_loop_close(&loop); /* what is under way comes home first */
    close_cache();
    ol_test_scratch_close(&scratch);
    assert_no_leak(live);
    return 0;
}

static void reopen(uint64_t memory_bytes)
{
    close_cache();
    open_cache(memory_bytes);
}

static bool is_on_disk_alone(void *arg)
{
    return ((ol_view_entry *)arg)->spill == NULL;
}

static ol_view_entry *make(const char *etag, ol_slice body)
{
    ol_view_entry *entry;
    assert_int_equal(ol_view_cache_find(cache, etag, (int64_t)body.len, 0, &entry), OL_VIEW_LEAD);
    ol_view_entry_lead(entry, loop.loop, kit_no_abandon, NULL);
    ol_test_feed feed = {.body = body, .piece_bytes = 300000};
    assert_code(kit_fill_all(&loop, entry, &feed), OL_OK);
    ol_view_entry_settle(entry, NULL, true);
    ol_test_loop_until_fn(&loop, is_on_disk_alone, entry, OL_TEST_BOUND_MS);
    return entry;
}

/* How many blocks were decrypted for reading all of it. */
static unsigned reads_of(ol_view_entry *entry, ol_slice body)
{
    uint64_t before = kit_stats(cache).blocks_read;
    kit_expect(&loop, entry, body, 0, UINT64_MAX, 0);
    return (unsigned)(kit_stats(cache).blocks_read - before);
}

/* ---- what stays ---- */

static void only_the_first_reader_decrypts(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(11 * BLOCK + 20000, 1);
    ol_view_entry *entry = make("a", body);
    assert_int_equal(reads_of(entry, body), 12);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(reads_of(entry, body), 0);
    kit_expect(&loop, entry, body, 5 * BLOCK + 7, BLOCK, 1);
    assert_int_equal(kit_stats(cache).blocks_read, 12);
    ol_view_entry_release(entry);
    assert_true(kit_stats(cache).memory_bytes > body.len);
    kit_free(body);
}

static ol_view_hot *pin(ol_view_entry *entry, uint64_t index)
{
    ol_view_hot *hot;
    ol_view_hot_ask ask = {.entry = entry, .loop = loop.loop, .index = index, .len = BLOCK};
    return ol_view_blocks_take(&ask, &hot) == OL_OK ? hot : NULL;
}

static bool nothing_is_read(void *arg)
{
    (void)arg;
    return cache->blocks.reading == 0;
}

static void sockets_send_them_without_a_copy(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(5 * BLOCK, 1);
    ol_view_entry *entry = make("a", body);
    ol_view_hot *hot = pin(entry, 1);
    ol_test_loop_until_fn(&loop, nothing_is_read, NULL, OL_TEST_BOUND_MS);
    assert_code(ol_view_hot_check(hot, NULL, NULL), OL_OK);
    assert_slices(ol_view_hot_bytes(hot), ol_slice_of(body.data + BLOCK, BLOCK));
    if (cache->pages)
        assert_true(ol_stable_memory_has(ol_view_hot_bytes(hot)));
    ol_view_hot_unpin(hot);
    ol_view_entry_release(entry);
    kit_free(body);
}

/* Twice as much as there is room for: a part stays, whatever else is read once. */
static void a_part_of_what_is_too_large_stays(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(12 * OL_MIB, 1), once = kit_bytes(12 * OL_MIB, 2);
    ol_view_entry *entry = make("a", body), *other = make("b", once);
    assert_int_equal(reads_of(entry, body), 48);
    for (unsigned i = 0; i < 4; i++) {
        unsigned reads = reads_of(entry, body);
        assert_true(reads > 0 && reads <= 34);
    }
    assert_int_equal(reads_of(other, once), 48);
    assert_true(reads_of(entry, body) <= 34);
    assert_true(kit_stats(cache).memory_bytes <= 6 * OL_MIB + 100000);
    ol_view_entry_release(entry);
    ol_view_entry_release(other);
    kit_free(body);
    kit_free(once);
}

static void without_memory_nothing_stays(void **state)
{
    (void)state;
    reopen(0);
    ol_slice body = kit_bytes(5 * BLOCK + 1, 1);
    ol_view_entry *entry = make("a", body);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(reads_of(entry, body), 6);
        assert_true(kit_stats(cache).memory_bytes < 20000);
    }
    ol_view_entry_release(entry);
    kit_free(body);
}

/* Views that stay in memory as a whole take it from blocks, down to a quarter. */
static void whole_views_push_blocks_out(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(6 * OL_MIB - 2 * BLOCK, 1), small = kit_bytes(90000, 2);
    ol_view_entry *entry = make("a", body);
    (void)reads_of(entry, body);
    assert_true(cache->blocks.recent.bytes + cache->blocks.kept.bytes > 5 * OL_MIB);
    for (unsigned i = 0; i < 60; i++) {
        char etag[16];
        snprintf(etag, sizeof etag, "small %u", i);
        assert_code(kit_make(cache, &loop, etag, small), OL_OK);
    }
    uint64_t blocks = cache->blocks.recent.bytes + cache->blocks.kept.bytes;
    assert_true(blocks >= OL_MIB && blocks + cache->memory_shelf.bytes <= 6 * OL_MIB);
    assert_true(cache->memory_shelf.bytes > 3 * OL_MIB);
    assert_true(kit_stats(cache).memory_bytes <= 8 * OL_MIB);
    ol_view_entry_release(entry);
    kit_free(body);
    kit_free(small);
}

/* ---- readers side by side ---- */

static void readers_side_by_side_share(void **state)
{
    (void)state;
    ol_slice body = kit_bytes(12 * OL_MIB, 1);
    ol_view_entry *entry = make("a", body);
    kit_run runs[4] = {{.done = false}};
    for (unsigned i = 0; i < 4; i++)
        assert_code(kit_read_start(&runs[i], &loop, entry, 0, UINT64_MAX), OL_OK);
    for (unsigned i = 0; i < 4; i++) {
        assert_code_of(kit_run_wait(&runs[i]), OL_OK, &runs[i].err);
        assert_slices(ol_test_collect_out(&runs[i].collect), body);
        ol_test_collect_fini(&runs[i].collect);
        kit_run_close(&runs[i]);
    }
    assert_true(kit_stats(cache).blocks_read < 48 + 12);
    ol_view_entry_release(entry);
    kit_free(body);
}

/* Many at different places, in little memory: they wait for each other, and all come through. */
static void more_readers_than_room_wait(void **state)
{
    (void)state;
    reopen(OL_MIB);
    ol_slice body = kit_bytes(8 * OL_MIB, 1);
    ol_view_entry *entry = make("a", body);
    kit_run runs[READERS] = {{.done = false}};
    bool waited = false;
    uint64_t most = 0;
    for (unsigned i = 0; i < READERS; i++) {
        runs[i].collect.wait_every = 1;
        assert_code(kit_read_start(&runs[i], &loop, entry, i * BLOCK, UINT64_MAX), OL_OK);
        waited |= cache->blocks.waiting > 0;
    }
    assert_true(waited);
    for (unsigned i = 0; i < READERS; i++) {
        if (i % 6 == 5) { /* some leave the queue */
            kit_run_close(&runs[i]);
            ol_test_collect_fini(&runs[i].collect);
        }
    }
    for (unsigned i = 0; i < READERS; i++) {
        if (i % 6 == 5)
            continue;
        assert_code_of(kit_run_wait(&runs[i]), OL_OK, &runs[i].err);
        assert_slices(ol_test_collect_out(&runs[i].collect), ol_slice_from(body, i * BLOCK));
        uint64_t bytes = kit_stats(cache).memory_bytes;
        most = bytes > most ? bytes : most;
        ol_test_collect_fini(&runs[i].collect);
        kit_run_close(&runs[i]);
    }
    assert_true(most <= OL_MIB + 100000);
    ol_view_entry_release(entry);
    kit_free(body);
}

/* All that there is room for. */
static unsigned pin_all(ol_view_entry *entry, ol_view_hot **pins)
{
    unsigned count = 0;
    while ((pins[count] = pin(entry, count)) != NULL)
        count++;
    ol_test_loop_until_fn(&loop, nothing_is_read, NULL, OL_TEST_BOUND_MS);
    return count;
}

static void who_waits_too_long_runs_for_itself(void **state)
{
    (void)state;
    reopen(OL_MIB);
    cache->room_wait_ms = 30;
    ol_slice body = kit_bytes(8 * OL_MIB, 1);
    ol_view_entry *entry = make("a", body);
    ol_view_hot *pins[40];
    unsigned count = pin_all(entry, pins);
    assert_true(count >= 3 && count <= 4);
    kit_run late = {.done = false};
    assert_code(kit_read_start(&late, &loop, entry, 7 * OL_MIB, UINT64_MAX), OL_OK);
    assert_code(kit_run_wait(&late), OL_EOUTGROWN);
    assert_int_equal(late.collect.len, 0);
    kit_run_close(&late);
    /* What readers have stays as it is, and is theirs to the end. */
    for (unsigned i = 0; i < count; i++) {
        assert_slices(ol_view_hot_bytes(pins[i]), ol_slice_of(body.data + i * BLOCK, BLOCK));
        ol_view_hot_unpin(pins[i]);
    }
    kit_expect(&loop, entry, body, 7 * OL_MIB, UINT64_MAX, 0);
    ol_view_entry_release(entry);
    kit_free(body);
}

static void they_leave_at_any_point(void **state)
{
    (void)state;
    reopen(OL_MIB);
    ol_slice body = kit_bytes(8 * OL_MIB, 1);
    ol_view_entry *entry = make("a", body);
    for (unsigned when = 0; when < 40; when++) {
        ol_view_hot *pins[40];
        unsigned count = when % 3 ? pin_all(entry, pins) : 0;
        kit_run runs[4] = {{.done = false}};
        for (unsigned i = 0; i < 4; i++)
            assert_code(kit_read_start(&runs[i], &loop, entry, (4 + 2 * i) * BLOCK, 3 * BLOCK), OL_OK);
        ol_test_loop_turns(&loop, when / 4);
        kit_run_close(&runs[when % 4]);
        for (unsigned i = 0; i < count; i++)
            ol_view_hot_unpin(pins[i]);
        ol_test_loop_turns(&loop, when % 3);
        kit_run_close(&runs[(when + 1) % 4]);
        for (unsigned i = 0; i < 4; i++) {
            if (runs[i].pipeline) {
                assert_code_of(kit_run_wait(&runs[i]), OL_OK, &runs[i].err);
                assert_slices(ol_test_collect_out(&runs[i].collect),
                              ol_slice_of(body.data + (4 + 2 * i) * BLOCK, 3 * BLOCK));
            }
            ol_test_collect_fini(&runs[i].collect);
            kit_run_close(&runs[i]);
        }
    }
    ol_view_entry_release(entry);
    kit_free(body);
}

/* ---- many loops ---- */

#define THREADS 4u
#define VIEWS 3u

static ol_slice bodies[VIEWS];

static void *read_again_and_again(void *arg)
{
    ol_test_random random = {(uintptr_t)arg};
    ol_test_loop own;
    assert_code(ol_test_loop_open(&own), OL_OK);
    for (unsigned round = 0; round < 60; round++) {
        unsigned view = (unsigned)ol_test_random_below(&random, VIEWS);
        uint64_t start = ol_test_random_below(&random, bodies[view].len);
        char etag[16];
        snprintf(etag, sizeof etag, "%u", view);
        ol_view_entry *entry;
        if (ol_view_cache_peek(cache, etag, &entry) != OL_VIEW_WHOLE)
            continue; /* purged */
        kit_run run = {.collect = {.wait_every = round % 3}};
        assert_code(kit_read_start(&run, &own, entry, start, UINT64_MAX), OL_OK);
        if (round % 7 == 6) {
            ol_test_loop_turns(&own, 1);
        } else {
            assert_code_of(kit_run_wait(&run), OL_OK, &run.err);
            assert_slices(ol_test_collect_out(&run.collect), ol_slice_from(bodies[view], start));
        }
        kit_run_close(&run);
        ol_test_collect_fini(&run.collect);
        ol_view_entry_release(entry);
        if (round == 50 && (uintptr_t)arg == 1)
            ol_view_cache_purge(cache);
    }
    ol_test_loop_close(&own);
    return NULL;
}

static void many_loops_share_them(void **state)
{
    (void)state;
    reopen(3 * OL_MIB);
    for (unsigned i = 0; i < VIEWS; i++) {
        char etag[16];
        snprintf(etag, sizeof etag, "%u", i);
        bodies[i] = kit_bytes((2 + i) * OL_MIB + 1000 * i, i + 1);
        ol_view_entry_release(make(etag, bodies[i]));
    }
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, read_again_and_again, (void *)(i + 1));
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < VIEWS; i++)
        kit_free(bodies[i]);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(only_the_first_reader_decrypts),
        CASE(sockets_send_them_without_a_copy),
        CASE(a_part_of_what_is_too_large_stays),
        CASE(without_memory_nothing_stays),
        CASE(whole_views_push_blocks_out),
        CASE(readers_side_by_side_share),
        CASE(more_readers_than_room_wait),
        CASE(who_waits_too_long_runs_for_itself),
        CASE(they_leave_at_any_point),
        CASE(many_loops_share_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
