/* SPDX-License-Identifier: MIT */
/* The memo: what it remembers, forgets and notices, in memory and across restarts. */
#include "memo_kit.h"

#include <sys/stat.h>

static const ol_view_memo_config in_memory = {.memory_rows_max = 4096};

static void remembers_in_memory(void **state)
{
    (void)state;
    memo_kit kit;
    ol_view_facts facts;
    memo_kit_open(&kit, &in_memory);
    assert_false(memo_find(&kit, 1, &facts));
    for (unsigned i = 0; i < 3000; i++)
        assert_code(memo_learn(&kit, i), OL_OK);
    for (unsigned i = 0; i < 3000; i++) {
        assert_true(memo_find(&kit, i, &facts));
        memo_assert_facts(&facts, i);
    }
    assert_false(memo_peek(&kit, 3000, &facts));
    ol_view_memo_stats stats = memo_stats(&kit);
    assert_int_equal(stats.hits, 3000);
    assert_int_equal(stats.misses, 2);
    assert_int_equal(stats.learned, 3000);
    assert_int_equal(stats.rows_in_memory, 3000);
    memo_kit_close(&kit);
}

/* Those that are asked for stay. */
static void memory_is_bounded_and_keeps_what_is_used(void **state)
{
    (void)state;
    const ol_view_memo_config small = {.memory_rows_max = 100};
    memo_kit kit;
    ol_view_facts facts;
    memo_kit_open(&kit, &small);
    for (unsigned i = 0; i < 1000; i++) {
        assert_code(memo_learn(&kit, i), OL_OK);
        assert_true(memo_peek(&kit, 0, &facts));
        assert_true(memo_stats(&kit).rows_in_memory <= 100);
    }
    assert_int_equal(memo_stats(&kit).rows_in_memory, 100);
    memo_assert_facts(&facts, 0);
    assert_true(memo_peek(&kit, 999, &facts));
    assert_false(memo_peek(&kit, 500, &facts));
    memo_kit_close(&kit);
}

static void memory_is_bounded_in_bytes(void **state)
{
    (void)state;
    const ol_view_memo_config small = {.memory_rows_max = 64};
    static char value[3900];
    memo_kit kit;
    memo_kit_open(&kit, &small);
    memset(value, 'v', sizeof(value));
    long before = ol_alloc_live();
    for (unsigned i = 0; i < 200; i++) {
        char etag[OL_VIEW_ETAG_SIZE];
        ol_arena_reset(kit.arena);
        ol_view_facts facts = memo_facts(kit.arena, i);
        assert_code(ol_headers_add(&facts.head.headers, OL_SLICE_LIT("x-amz-meta-large"),
                                   ol_slice_of(value, sizeof(value))),
                    OL_OK);
        memo_etag(i, etag);
        assert_code(ol_view_memo_learn(kit.memo, etag, &facts), OL_OK);
    }
    size_t rows = memo_stats(&kit).rows_in_memory;
    assert_in_range(rows, 5, 10); /* (64 * 512 + 4096) / 3990 */
    assert_in_range(ol_alloc_live() - before, rows, rows + 1); /* one is the arena's */
    memo_kit_close(&kit);
}

static void keeps_nothing_when_told_so(void **state)
{
    (void)state;
    const ol_view_memo_config none = {.memory_rows_max = 0};
    memo_kit kit;
    ol_view_facts facts;
    memo_kit_open(&kit, &none);
    assert_code(memo_learn(&kit, 1), OL_OK);
    assert_false(memo_find(&kit, 1, &facts));
    memo_kit_close(&kit);
}

static int learn_changed(memo_kit *kit, unsigned number, bool checksums, int64_t longer)
{
    char etag[OL_VIEW_ETAG_SIZE];
    ol_arena_reset(kit->arena);
    ol_view_facts facts = memo_facts(kit->arena, number);
    facts.has_checksums = checksums;
    facts.head.content_length += longer;
    memo_etag(number, etag);
    return ol_view_memo_learn(kit->memo, etag, &facts);
}

static void learns_more(void **state)
{
    (void)state;
    memo_kit kit;
    ol_view_facts facts;
    memo_kit_open(&kit, &in_memory);
    assert_code(learn_changed(&kit, 7, false, 0), OL_OK);
    assert_true(memo_find(&kit, 7, &facts));
    assert_false(facts.has_checksums);
    assert_int_equal(facts.head.content_length, 1007);
    assert_code(memo_learn(&kit, 7), OL_OK);
    assert_code(learn_changed(&kit, 7, false, 0), OL_OK);
    assert_true(memo_find(&kit, 7, &facts));
    memo_assert_facts(&facts, 7);
    memo_kit_close(&kit);
}

static void notices_what_diverges(void **state)
{
    (void)state;
    memo_kit kit;
    ol_view_facts facts;
    memo_kit_open(&kit, &in_memory);
    assert_code(memo_learn(&kit, 7), OL_OK);
    assert_code(memo_learn(&kit, 8), OL_OK);
    assert_code(memo_learn(&kit, 7), OL_OK);
    assert_code(learn_changed(&kit, 7, true, 1), OL_EDIVERGED);
    assert_true(memo_find(&kit, 7, &facts));
    assert_true(facts.unstable);
    assert_code(memo_learn(&kit, 7), OL_EDIVERGED);
    assert_true(memo_find(&kit, 8, &facts));
    memo_assert_facts(&facts, 8);
    assert_int_equal(memo_stats(&kit).unstable, 1);
    memo_kit_close(&kit);
}

static void does_not_remember_what_is_too_large(void **state)
{
    (void)state;
    static char value[5000];
    memo_kit kit;
    ol_view_facts found;
    char etag[OL_VIEW_ETAG_SIZE];
    memo_kit_open(&kit, &in_memory);
    memset(value, 'v', sizeof(value));
    ol_view_facts facts = memo_facts(kit.arena, 1);
    ol_headers_borrow(&facts.head.headers, OL_SLICE_LIT("x"), ol_slice_of(value, sizeof(value)));
    memo_etag(1, etag);
    assert_code(ol_view_memo_learn(kit.memo, etag, &facts), OL_SKIP);
    assert_false(memo_find(&kit, 1, &found));
    memo_kit_close(&kit);
}

static void purges_memory(void **state)
{
    (void)state;
    memo_kit kit;
    ol_view_facts facts;
    memo_kit_open(&kit, &in_memory);
    memo_learn(&kit, 1);
    ol_view_memo_purge(kit.memo);
    assert_int_equal(memo_stats(&kit).rows_in_memory, 0);
    assert_false(memo_find(&kit, 1, &facts));
    memo_learn(&kit, 1);
    assert_true(memo_find(&kit, 1, &facts));
    memo_kit_close(&kit);
}

/* ---- with a database ---- */

typedef struct durable {
    ol_test_scratch scratch;
    ol_view_memo_config config;
    memo_kit kit;
} durable;

static void durable_open(durable *d, size_t memory_rows, uint64_t rows)
{
    ol_test_scratch_open(&d->scratch);
    d->config = (ol_view_memo_config){
        .folder = d->scratch.folder, .memory_rows_max = memory_rows, .rows_max = rows};
    memo_kit_open(&d->kit, &d->config);
}

static void durable_restart(durable *d)
{
    memo_kit_close(&d->kit);
    memo_kit_open(&d->kit, &d->config);
}

static void durable_close(durable *d)
{
    memo_kit_close(&d->kit);
    ol_test_scratch_close(&d->scratch);
}

static void survives_a_restart(void **state)
{
    (void)state;
    durable d;
    ol_view_facts facts;
    durable_open(&d, 4096, 100000);
    for (unsigned i = 0; i < 2000; i++)
        assert_code(memo_learn(&d.kit, i), OL_OK);
    assert_code(learn_changed(&d.kit, 3, true, 1), OL_EDIVERGED);
    durable_restart(&d);
    assert_int_equal(memo_stats(&d.kit).rows_in_memory, 0);
    for (unsigned i = 0; i < 2000; i++) {
        assert_true(memo_find(&d.kit, i, &facts));
        if (i == 3)
            assert_true(facts.unstable);
        else
            memo_assert_facts(&facts, i);
    }
    assert_false(memo_find(&d.kit, 2000, &facts));
    ol_view_memo_stats stats = memo_stats(&d.kit);
    assert_int_equal(stats.rows_in_memory, 2000);
    assert_int_equal(stats.hits, 2000);
    assert_int_equal(stats.misses, 1);
    assert_true(memo_peek(&d.kit, 1999, &facts));
    struct stat st;
    assert_int_equal(stat(ol_test_scratch_path(&d.scratch, "views.db"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    durable_close(&d);
}

/* Without room in memory, everything comes from the database, and is learned more there too. */
static void works_without_memory(void **state)
{
    (void)state;
    durable d;
    ol_view_facts facts;
    durable_open(&d, 0, 1000);
    assert_code(learn_changed(&d.kit, 1, false, 0), OL_OK);
    durable_restart(&d);
    assert_true(memo_find(&d.kit, 1, &facts));
    assert_false(facts.has_checksums);
    assert_code(memo_learn(&d.kit, 1), OL_OK);
    durable_restart(&d);
    assert_true(memo_find(&d.kit, 1, &facts));
    memo_assert_facts(&facts, 1);
    durable_close(&d);
}

/* A contradiction across a restart, which only the database can notice. */
static bool is_unstable_now(void *arg)
{
    ol_view_facts facts;
    return memo_peek(arg, 5, &facts) && facts.unstable;
}

static bool is_counted(void *arg)
{
    return memo_stats(arg).unstable > 0;
}

static void notices_what_diverges_after_a_restart(void **state)
{
    (void)state;
    durable d;
    ol_view_facts facts;
    durable_open(&d, 4096, 1000);
    assert_code(memo_learn(&d.kit, 5), OL_OK);
    assert_code(memo_learn(&d.kit, 6), OL_OK);
    durable_restart(&d);
    assert_code(learn_changed(&d.kit, 5, true, 1), OL_OK); /* nobody asked before */
    ol_test_wait(is_unstable_now, &d.kit, OL_TEST_BOUND_MS);
    ol_test_wait(is_counted, &d.kit, OL_TEST_BOUND_MS); /* after it is told */
    assert_int_equal(memo_stats(&d.kit).unstable, 1);
    assert_true(memo_find(&d.kit, 6, &facts));
    assert_code(learn_changed(&d.kit, 6, true, 1), OL_EDIVERGED);
    assert_int_equal(memo_stats(&d.kit).unstable, 2);
    durable_restart(&d);
    assert_true(memo_find(&d.kit, 5, &facts));
    assert_true(facts.unstable);
    assert_true(memo_find(&d.kit, 6, &facts));
    assert_true(facts.unstable);
    assert_code(memo_learn(&d.kit, 5), OL_EDIVERGED);
    durable_close(&d);
}

static unsigned count_known(durable *d, unsigned first, unsigned end)
{
    unsigned known = 0;
    ol_view_facts facts;
    for (unsigned i = first; i < end; i++)
        known += memo_find(&d->kit, i, &facts);
    return known;
}

static void prunes_those_used_least_recently(void **state)
{
    (void)state;
    durable d;
    durable_open(&d, 0, 100);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 20; i++)
            memo_learn(&d.kit, 20 * round + i);
        memo_learn(&d.kit, 0); /* used in every round */
        durable_restart(&d);
    }
    assert_true(count_known(&d, 0, 1) == 1);
    unsigned newest = count_known(&d, 320, 400), old = count_known(&d, 1, 300);
    assert_int_equal(newest, 80);
    assert_int_equal(old, 0);
    assert_in_range(count_known(&d, 0, 400), 90, 100);
    durable_close(&d);
}

/* Rows read from memory only do not look unused to the database. */
static void use_in_memory_is_use(void **state)
{
    (void)state;
    durable d;
    ol_view_facts facts;
    durable_open(&d, 4096, 100);
    memo_learn(&d.kit, 0);
    durable_restart(&d);
    assert_true(memo_find(&d.kit, 0, &facts));
    for (unsigned round = 1; round < 30; round++) {
        for (unsigned i = 0; i < 20; i++)
            memo_learn(&d.kit, 20 * round + i);
        durable_restart(&d);
        assert_true(memo_find(&d.kit, 0, &facts)); /* into memory; and then from there: */
        assert_true(memo_peek(&d.kit, 0, &facts));
    }
    durable_close(&d);
}

static void purges_the_database(void **state)
{
    (void)state;
    durable d;
    ol_view_facts facts;
    durable_open(&d, 4096, 1000);
    for (unsigned i = 0; i < 500; i++)
        memo_learn(&d.kit, i);
    durable_restart(&d);
    assert_true(memo_find(&d.kit, 1, &facts));
    memo_learn(&d.kit, 501); /* waits to be written when the purge comes */
    ol_view_memo_purge(d.kit.memo);
    assert_int_equal(count_known(&d, 0, 502), 0);
    memo_learn(&d.kit, 502);
    durable_restart(&d);
    assert_int_equal(count_known(&d, 0, 502), 0);
    assert_int_equal(count_known(&d, 502, 503), 1);
    durable_close(&d);
}

static bool has_a_row(void *arg)
{
    return memo_stats(arg).rows_in_memory == 1;
}

/* An answer that was on its way when the purge came is none. */
static void a_purge_overtakes_answers(void **state)
{
    (void)state;
    durable d;
    durable_open(&d, 4096, 1000);
    memo_learn(&d.kit, 1);
    durable_restart(&d);
    memo_answer answer = {0};
    ol_view_ask ask = {.loop = d.kit.loop.loop,
                       .arena = d.kit.arena,
                       .cb = memo_on_answer,
                       .arg = &answer};
    memo_etag(1, ask.etag);
    assert_code(ol_view_memo_find(d.kit.memo, &ask), OL_WAIT);
    ol_test_wait(has_a_row, &d.kit, OL_TEST_BOUND_MS); /* it has been read, and waits for the loop */
    ol_view_memo_purge(d.kit.memo);
    ol_test_loop_until(&d.kit.loop, &answer.arrived, OL_TEST_BOUND_MS);
    assert_false(answer.known);
    ol_view_facts facts;
    assert_false(memo_find(&d.kit, 1, &facts));
    durable_close(&d);
}

static bool all_answered(void *arg)
{
    const memo_answer *answers = arg;
    for (unsigned i = 0; i < 2000; i++)
        if (!answers[i].arrived)
            return false;
    return true;
}

/* More than the queue takes, all at once: some are turned away, each is answered. */
static void many_ask_at_once(void **state)
{
    (void)state;
    durable d;
    durable_open(&d, 4096, 100000);
    for (unsigned i = 0; i < 2000; i++)
        memo_learn(&d.kit, i);
    durable_restart(&d);
    ol_view_ask *asks = ol_calloc(2000, sizeof(*asks));
    memo_answer *answers = ol_calloc(2000, sizeof(*answers));
    unsigned turned_away = 0;
    for (unsigned i = 0; i < 2000; i++) {
        asks[i] = (ol_view_ask){.loop = d.kit.loop.loop,
                                .arena = d.kit.arena,
                                .cb = memo_on_answer,
                                .arg = &answers[i]};
        memo_etag(i, asks[i].etag);
        int rc = ol_view_memo_find(d.kit.memo, &asks[i]);
        assert_true(rc == OL_WAIT || rc == OL_SKIP);
        answers[i].arrived = rc == OL_SKIP;
        turned_away += rc == OL_SKIP;
    }
    ol_test_loop_until_fn(&d.kit.loop, all_answered, answers, OL_TEST_BOUND_MS);
    assert_in_range(turned_away, 0, 2000 - 1024);
    for (unsigned i = 0; i < 2000; i++)
        if (answers[i].known)
            memo_assert_facts(&asks[i].facts, i);
    ol_free(asks);
    ol_free(answers);
    durable_close(&d);
}

/* ---- a lack of memory ---- */

static int use_without_memory(void *arg)
{
    const ol_view_memo_config *config = arg;
    ol_view_memo *memo;
    ol_error err = {0};
    int rc = ol_view_memo_open(&memo, config, &err);
    if (rc != OL_OK)
        return rc;
    char etag[OL_VIEW_ETAG_SIZE];
    ol_arena *arena = ol_arena_new(1 << 16);
    rc = arena ? OL_OK : OL_ENOMEM;
    for (unsigned i = 0; arena && i < 4; i++) {
        ol_view_facts facts = memo_facts(arena, i), found;
        memo_etag(i, etag);
        int learned = ol_view_memo_learn(memo, etag, &facts);
        assert_true(learned == OL_OK || learned == OL_EDIVERGED);
        if (ol_view_memo_peek(memo, etag, arena, &found) != OL_OK)
            rc = OL_ENOMEM;
        else if (learned == OL_OK && facts.head.headers.count == 2)
            memo_assert_facts(&found, i);
    }
    ol_arena_destroy(arena);
    ol_view_memo_close(memo);
    return rc;
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    ol_test_scratch scratch;
    assert_true(ol_test_fail_each(use_without_memory, (void *)(uintptr_t)&in_memory) > 5);
    ol_test_scratch_open(&scratch);
    ol_view_memo_config config = {
        .folder = scratch.folder, .memory_rows_max = 64, .rows_max = 100};
    assert_true(ol_test_fail_each(use_without_memory, &config) > 5);
    ol_test_scratch_close(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembers_in_memory),
        cmocka_unit_test(memory_is_bounded_and_keeps_what_is_used),
        cmocka_unit_test(memory_is_bounded_in_bytes),
        cmocka_unit_test(keeps_nothing_when_told_so),
        cmocka_unit_test(learns_more),
        cmocka_unit_test(notices_what_diverges),
        cmocka_unit_test(does_not_remember_what_is_too_large),
        cmocka_unit_test(purges_memory),
        cmocka_unit_test(survives_a_restart),
        cmocka_unit_test(works_without_memory),
        cmocka_unit_test(notices_what_diverges_after_a_restart),
        cmocka_unit_test(prunes_those_used_least_recently),
        cmocka_unit_test(use_in_memory_is_use),
        cmocka_unit_test(purges_the_database),
        cmocka_unit_test(a_purge_overtakes_answers),
        cmocka_unit_test(many_ask_at_once),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
