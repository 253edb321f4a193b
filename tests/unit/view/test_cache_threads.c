/* SPDX-License-Identifier: MIT */
/*
 * The view cache from several loops at once. Worth most when built with -fsanitize=thread: a
 * hundred readers of one entry that is still running; many threads that ask for the same views at
 * the same time, of which exactly one leads each; abandoning, purging and evicting meanwhile.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "cache_kit.h"
#include "lib/scratch.h"

#define LOOPS 4u
#define READERS 25u /* a loop */
#define BODY_BYTES 1500000u

static ol_view_cache *cache;

/* ---- a hundred readers ---- */

typedef struct crowd {
    pthread_t thread;
    unsigned number;
    ol_view_entry *entry;
    ol_slice body;
    atomic_uint *ready;
} crowd;

static void *read_with_many(void *arg)
{
    crowd *c = arg;
    ol_test_loop loop;
    kit_run runs[READERS] = {{.done = false}};
    assert_code(ol_test_loop_open(&loop), OL_OK);
    for (unsigned i = 0; i < READERS; i++) {
        ol_view_entry *entry;
        assert_int_equal(ol_view_cache_find(cache, "a", -1, 0, &entry), OL_VIEW_RUNNING);
        assert_ptr_equal(entry, c->entry);
        runs[i].collect.wait_every = (c->number + i) % 4;
        uint64_t start = i % 2 ? 50000 * i : 0;
        assert_code(kit_read_start(&runs[i], &loop, entry, start,
                                   i % 2 ? 10000 * i : UINT64_MAX), OL_OK);
    }
    atomic_fetch_add(c->ready, 1);
    for (unsigned i = 0; i < READERS; i++) {
        if (i % 5 != 4) { /* the others leave before they are through, or not */
            assert_code(kit_run_wait(&runs[i]), OL_OK);
            ol_slice want = i % 2 ? ol_slice_of(c->body.data + 50000 * i, 10000 * i) : c->body;
            assert_slices(ol_test_collect_out(&runs[i].collect), want);
        }
        kit_run_close(&runs[i]);
        ol_test_collect_fini(&runs[i].collect);
        ol_view_entry_release(c->entry);
    }
    ol_test_loop_close(&loop);
    return NULL;
}

static bool all_ready(void *arg)
{
    return atomic_load((atomic_uint *)arg) == LOOPS;
}

static void a_hundred_readers_of_a_running_entry(void **state)
{
    (void)state;
    long live = ol_alloc_live();
    cache = kit_cache(16 * OL_MIB, 4 * OL_MIB);
    ol_test_loop loop;
    assert_code(ol_test_loop_open(&loop), OL_OK);
    ol_slice body = kit_bytes(BODY_BYTES, 1);
    atomic_uint ready = 0;
    ol_view_entry *entry;
    assert_int_equal(ol_view_cache_find(cache, "a", -1, 0, &entry), OL_VIEW_LEAD);
    kit_run fill = {.done = false};
    assert_code(kit_fill_start(&fill, &loop, entry), OL_OK);
    crowd crowds[LOOPS];
    for (unsigned i = 0; i < LOOPS; i++) {
        crowds[i] = (crowd){.number = i, .entry = entry, .body = body, .ready = &ready};
        pthread_create(&crowds[i].thread, NULL, read_with_many, &crowds[i]);
    }
    ol_test_wait(all_ready, &ready, OL_TEST_BOUND_MS);
    assert_code(kit_tap_head(&fill.tap, -1), OL_OK);
    ol_test_random random = {3};
    for (size_t at = 0, part; at < body.len; at += part) {
        part = 1 + (size_t)ol_test_random_below(&random, at % 3 ? 60 : 30000);
        part = part < body.len - at ? part : body.len - at;
        assert_code(kit_tap_push(&fill.tap, ol_slice_of(body.data + at, part)), OL_OK);
        ol_test_loop_turns(&loop, 1);
    }
    assert_code(kit_tap_end(&fill.tap), OL_OK);
    assert_code(kit_run_wait(&fill), OL_OK);
    kit_run_close(&fill);
    ol_view_entry_settle(entry, NULL, true);
    for (unsigned i = 0; i < LOOPS; i++)
        pthread_join(crowds[i].thread, NULL);
    assert_int_equal(kit_stats(cache).followers, LOOPS * READERS);
    ol_view_entry_release(entry);
    assert_true(kit_has(cache, "a"));
    ol_test_loop_close(&loop);
    ol_view_cache_destroy(cache);
    kit_free(body);
    assert_no_leak(live);
}

/* ---- many threads, few views, little room ---- */

#define VIEWS 12u
#define ROUNDS 150u

static atomic_uint leaders[VIEWS], told;
static bool purging; /* what was purged while it ran is led anew beside it */

static void on_abandoned(void *arg)
{
    (void)arg;
    atomic_fetch_add(&told, 1);
}

static ol_slice body_of(unsigned view)
{
    return kit_bytes(3000 + 9000 * view, view + 1);
}

/* Fills it, or breaks off in the middle; sometimes without reading on. */
static void lead_one(ol_test_loop *loop, ol_view_entry *entry, unsigned view, uint64_t chance)
{
    atomic_uint *running = &leaders[view];
    assert_true(atomic_fetch_add(running, 1) == 0 || purging);
    ol_slice body = body_of(view);
    ol_view_entry_lead(entry, loop->loop, on_abandoned, NULL);
    if (chance % 4 == 0)
        ol_view_entry_release(entry); /* others may still follow */
    ol_test_feed feed = {.body = body, .piece_bytes = 5000, .hide_length = true,
                         .fails = chance % 5 == 0, .fail_at = body.len / 2};
    int rc = kit_fill_all(loop, entry, &feed);
    assert_true(rc == OL_OK || rc == OL_EORIGIN || rc == OL_EOUTGROWN);
    ol_error err = {0};
    if (rc != OL_OK)
        ol_error_set(&err, rc, NULL);
    atomic_fetch_sub(running, 1);
    ol_view_entry_settle(entry, rc == OL_OK ? NULL : &err, chance % 7 != 0);
    if (chance % 4 != 0)
        ol_view_entry_release(entry);
    kit_free(body);
}

static void read_one(ol_test_loop *loop, ol_view_entry *entry, unsigned view, uint64_t chance)
{
    ol_slice body = body_of(view);
    uint64_t start = chance % 2 ? chance % (body.len / 2) : 0;
    kit_run run = {.collect = {.wait_every = chance % 3}};
    assert_code(kit_read_start(&run, loop, entry, start, UINT64_MAX), OL_OK);
    if (chance % 11 == 0) {
        ol_test_loop_turns(loop, 1);
    } else {
        int rc = kit_run_wait(&run);
        assert_true(rc == OL_OK || rc == OL_EORIGIN || rc == OL_EOUTGROWN);
        if (rc == OL_OK)
            assert_slices(ol_test_collect_out(&run.collect), ol_slice_from(body, start));
    }
    kit_run_close(&run);
    ol_test_collect_fini(&run.collect);
    ol_view_entry_release(entry);
    kit_free(body);
}

static void *ask_again_and_again(void *arg)
{
    ol_test_random random = {(uintptr_t)arg};
    ol_test_loop loop;
    assert_code(ol_test_loop_open(&loop), OL_OK);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned view = (unsigned)ol_test_random_below(&random, VIEWS);
        uint64_t chance = ol_test_random_next(&random);
        char etag[OL_VIEW_ETAG_SIZE];
        snprintf(etag, sizeof etag, "view %u", view);
        ol_view_entry *entry;
        enum ol_view_found found = ol_view_cache_find(cache, etag, -1, 0, &entry);
        if (found == OL_VIEW_LEAD)
            lead_one(&loop, entry, view, chance);
        else if (found != OL_VIEW_NONE)
            read_one(&loop, entry, view, chance);
        if (purging && chance % 40 == 0)
            ol_view_cache_purge(cache);
    }
    ol_test_loop_close(&loop);
    return NULL;
}

static void let_many_ask(uint64_t memory_bytes, const char *folder)
{
    long live = ol_alloc_live();
    ol_view_cache_config config = {.memory_bytes = memory_bytes,
                                   .memory_entry_bytes = 80 * 1024,
                                   .disk_folder = folder,
                                   .disk_bytes = 2 * OL_MIB,
                                   .disk_entry_bytes = 150 * 1024};
    ol_error err = {0};
    if (!folder)
        config.memory_entry_bytes = config.disk_entry_bytes;
    assert_code_of(ol_view_cache_new(&cache, &config, &err), OL_OK, &err);
    pthread_t threads[LOOPS];
    for (unsigned i = 0; i < LOOPS; i++)
        pthread_create(&threads[i], NULL, ask_again_and_again, (void *)(uintptr_t)(i + 1));
    for (unsigned i = 0; i < LOOPS; i++)
        pthread_join(threads[i], NULL);
    ol_view_cache_stats stats = kit_stats(cache);
    assert_true(stats.hits > 0 && stats.misses > 0);
    assert_int_equal(stats.running, 0);
    assert_true(memory_bytes == 0 || stats.memory_bytes <= memory_bytes);
    assert_true(!folder || stats.disk_hits > 0);
    ol_view_cache_purge(cache);
    assert_int_equal(kit_stats(cache).memory_bytes, 0);
    ol_view_cache_destroy(cache);
    assert_no_leak(live);
}

static void exactly_one_leads_each(void **state)
{
    (void)state;
    purging = false;
    let_many_ask(400 * 1024, NULL);
}

static void purging_meanwhile_does_no_harm(void **state)
{
    (void)state;
    purging = true;
    let_many_ask(400 * 1024, NULL);
}

/* Six blocks at a time are on disk, the rest makes way; much is on its way there. */
static void with_a_disk_behind_it_too(void **state)
{
    (void)state;
    ol_test_scratch scratch;
    ol_test_scratch_open(&scratch);
    for (unsigned round = 0; round < 4; round++) {
        purging = round >= 2;
        let_many_ask(round % 2 ? 0 : 800 * 1024, scratch.folder);
    }
    ol_test_scratch_close(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_readers_of_a_running_entry),
        cmocka_unit_test(exactly_one_leads_each),
        cmocka_unit_test(purging_meanwhile_does_no_harm),
        cmocka_unit_test(with_a_disk_behind_it_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
