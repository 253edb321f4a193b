/* SPDX-License-Identifier: MIT */
/* The memo from several threads, each with a loop of its own: learning, asking, purging at once. */
#include "memo_kit.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 4u
#define VIEWS 300u
#define ROUNDS 3000u

typedef struct player {
    ol_view_memo *memo;
    unsigned index;
    bool purges;
    pthread_t thread;
    unsigned known;
} player;

static void play_once(player *p, memo_kit *kit, ol_test_random *random)
{
    ol_view_facts facts;
    unsigned number = (unsigned)ol_test_random_below(random, VIEWS);
    switch (ol_test_random_below(random, 4)) {
    case 0: assert_code(memo_learn(kit, number), OL_OK); break;
    case 1:
        if (memo_peek(kit, number, &facts))
            memo_assert_facts(&facts, number);
        break;
    default:
        if (memo_find(kit, number, &facts)) {
            memo_assert_facts(&facts, number);
            p->known++;
        }
    }
    if (p->purges && ol_test_random_below(random, 100) == 0)
        ol_view_memo_purge(p->memo);
}

static void *play(void *arg)
{
    player *p = arg;
    ol_test_random random = {.state = p->index + 1};
    memo_kit kit = {.memo = p->memo, .arena = ol_arena_new(1 << 16)};
    assert_code(ol_test_loop_open(&kit.loop), OL_OK);
    for (unsigned i = 0; i < ROUNDS; i++)
        play_once(p, &kit, &random);
    ol_arena_destroy(kit.arena);
    ol_test_loop_close(&kit.loop);
    return NULL;
}

static unsigned play_together(ol_view_memo *memo, bool purges)
{
    player players[THREADS];
    unsigned known = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        players[i] = (player){.memo = memo, .index = i, .purges = purges && i == 0};
        assert_int_equal(pthread_create(&players[i].thread, NULL, play, &players[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(players[i].thread, NULL);
        known += players[i].known;
    }
    return known;
}

static void threads_share_it(void **state)
{
    (void)state;
    static const size_t memory_rows[] = {2048, 50, 0};
    for (unsigned i = 0; i < 6; i++) {
        ol_test_scratch scratch;
        ol_view_memo *memo;
        ol_test_scratch_open(&scratch);
        const ol_view_memo_config config = {.folder = scratch.folder,
                                            .memory_rows_max = memory_rows[i % 3],
                                            .rows_max = i < 3 ? 100000 : 100};
        assert_code(ol_view_memo_open(&memo, &config, NULL), OL_OK);
        assert_true(play_together(memo, i % 2 == 1) > 0);
        ol_view_memo_stats stats;
        ol_view_memo_read_stats(memo, &stats);
        assert_int_equal(stats.unstable, 0);
        assert_true(stats.rows_in_memory <= memory_rows[i % 3]);
        ol_view_memo_close(memo);
        ol_test_scratch_close(&scratch);
    }
}

/* A purge in one thread, and no answer of before it in any other after it. */
typedef struct witness {
    ol_view_memo *memo;
    atomic_uint generation; /* what may be known: facts of this one or a later */
    atomic_bool over;
} witness;

static void *watch(void *arg)
{
    witness *w = arg;
    memo_kit kit = {.memo = w->memo, .arena = ol_arena_new(1 << 16)};
    assert_code(ol_test_loop_open(&kit.loop), OL_OK);
    while (!atomic_load(&w->over)) {
        memo_answer answer = {0};
        ol_view_ask ask = {
            .loop = kit.loop.loop, .arena = kit.arena, .cb = memo_on_answer, .arg = &answer};
        memo_etag(1, ask.etag);
        ol_arena_reset(kit.arena);
        unsigned least = atomic_load(&w->generation);
        int rc = ol_view_memo_find(w->memo, &ask);
        if (rc == OL_WAIT)
            ol_test_loop_until(&kit.loop, &answer.arrived, OL_TEST_BOUND_MS);
        if (rc == OL_OK || answer.known) {
            assert_false(ask.facts.unstable); /* by what was known before a purge */
            assert_true((unsigned)ask.facts.head.content_length >= least);
        }
    }
    ol_arena_destroy(kit.arena);
    ol_test_loop_close(&kit.loop);
    return NULL;
}

/* Purge, then learn something else about view 1, and enough beside it that all is written. */
static void next_generation(witness *w, unsigned generation, ol_arena *arena)
{
    char etag[OL_VIEW_ETAG_SIZE];
    ol_view_facts facts = memo_facts(arena, 1);
    facts.head.content_length = generation;
    ol_view_memo_purge(w->memo);
    atomic_store(&w->generation, generation);
    for (unsigned i = 1; i < 600; i++) {
        memo_etag(i, etag);
        assert_code(ol_view_memo_learn(w->memo, etag, &facts), OL_OK);
    }
    ol_arena_reset(arena);
}

static void a_purge_is_complete(void **state)
{
    (void)state;
    for (unsigned rows = 0; rows <= 10; rows += 10) {
        ol_test_scratch scratch;
        witness w = {0};
        pthread_t watchers[2];
        ol_test_scratch_open(&scratch);
        const ol_view_memo_config config = {
            .folder = scratch.folder, .memory_rows_max = rows, .rows_max = 1000};
        assert_code(ol_view_memo_open(&w.memo, &config, NULL), OL_OK);
        for (int i = 0; i < 2; i++)
            pthread_create(&watchers[i], NULL, watch, &w);
        ol_arena *arena = ol_arena_new(1 << 16);
        for (unsigned generation = 1; generation < 60; generation++)
            next_generation(&w, generation, arena);
        atomic_store(&w.over, true);
        for (int i = 0; i < 2; i++)
            pthread_join(watchers[i], NULL);
        ol_arena_destroy(arena);
        ol_view_memo_close(w.memo);
        ol_test_scratch_close(&scratch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_share_it),
        cmocka_unit_test(a_purge_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
