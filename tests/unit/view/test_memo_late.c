/* SPDX-License-Identifier: MIT */
/*
 * A database that hangs keeps nobody waiting: who asked is told in time that nothing is known, who
 * asks next does not wait at all, and when the answer comes after all everything is as before. The
 * database is played by this test.
 */
#include <pthread.h>
#include <string.h>

#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/loop_fixture.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "view/memo_keeper.h"

static struct {
    pthread_mutex_t lock;
    pthread_cond_t turn;
    bool hangs;
} disk = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};

static void hang(bool hangs)
{
    pthread_mutex_lock(&disk.lock);
    disk.hangs = hangs;
    pthread_cond_broadcast(&disk.turn);
    pthread_mutex_unlock(&disk.lock);
}

/* ---- the database ---- */

int ol_memo_db_get(ol_memo_db *db, const char *etag, ol_memo_db_row *row, ol_error *err)
{
    (void)db, (void)etag, (void)row, (void)err;
    pthread_mutex_lock(&disk.lock);
    while (disk.hangs)
        pthread_cond_wait(&disk.turn, &disk.lock);
    pthread_mutex_unlock(&disk.lock);
    return OL_SKIP;
}

void ol_memo_db_close(ol_memo_db *db)
{
    (void)db;
}

int ol_memo_db_renew(ol_memo_db *db, bool keep, ol_error *err)
{
    (void)db, (void)keep, (void)err;
    return OL_OK;
}

uint64_t ol_memo_db_clock(const ol_memo_db *db)
{
    (void)db;
    return 1;
}

int ol_memo_db_begin(ol_memo_db *db, ol_error *err)
{
    (void)db, (void)err;
    return OL_OK;
}

int ol_memo_db_merge(ol_memo_db *db, const char *etag, ol_slice row, enum ol_memo_arrived *arrived,
                     ol_error *err)
{
    (void)db, (void)etag, (void)row, (void)err;
    *arrived = OL_MEMO_ARRIVED_NEW;
    return OL_OK;
}

int ol_memo_db_touch(ol_memo_db *db, const char *etag, ol_error *err)
{
    (void)db, (void)etag, (void)err;
    return OL_OK;
}

int ol_memo_db_commit(ol_memo_db *db, ol_error *err)
{
    (void)db, (void)err;
    return OL_OK;
}

void ol_memo_db_roll_back(ol_memo_db *db)
{
    (void)db;
}

int ol_memo_db_purge(ol_memo_db *db, ol_error *err)
{
    (void)db, (void)err;
    return OL_OK;
}

/* ---- asking ---- */

typedef struct rig {
    ol_test_loop loop;
    ol_arena *arena;
    ol_memo_table *table;
    ol_memo_keeper *keeper;
} rig;

typedef struct question {
    ol_view_ask ask;
    unsigned answers;
    bool answered;
} question;

static void on_answer(ol_view_ask *ask, bool known)
{
    question *q = ask->arg;
    assert_false(known);
    q->answers++;
    q->answered = true;
}

static int ask(rig *r, question *q)
{
    *q = (question){.ask = {.loop = r->loop.loop, .arena = r->arena, .cb = on_answer, .arg = q}};
    memset(q->ask.etag, 'a', sizeof(q->ask.etag) - 1);
    return ol_memo_keeper_ask(r->keeper, &q->ask);
}

static void open_rig(rig *r)
{
    static int database; /* nobody looks into it */
    ol_error err = {0};
    assert_code(ol_test_loop_open(&r->loop), OL_OK);
    r->arena = ol_arena_new(1 << 16);
    r->table = ol_memo_table_new(16);
    assert_true(r->arena && r->table);
    assert_code(ol_memo_keeper_new(&r->keeper, (ol_memo_db *)(void *)&database, r->table,
                                   OL_VIEW_MEMO_ASK_MS, &err),
                OL_OK);
}

static void close_rig(rig *r)
{
    ol_memo_keeper_destroy(r->keeper);
    ol_memo_table_destroy(r->table);
    ol_arena_destroy(r->arena);
    ol_test_loop_close(&r->loop);
}

static bool is_asked_again(void *arg)
{
    static question again;
    return ask(arg, &again) == OL_WAIT;
}

static void nobody_waits_for_a_disk_that_hangs(void **state)
{
    (void)state;
    long live = ol_alloc_live();
    rig r;
    question first, second, third;
    open_rig(&r);
    hang(true);
    uint64_t since = ol_clock_mono_ms();
    assert_code(ask(&r, &first), OL_WAIT);
    assert_code(ask(&r, &second), OL_WAIT);
    ol_test_loop_until(&r.loop, &second.answered, OL_TEST_BOUND_MS);
    ol_test_loop_until(&r.loop, &first.answered, OL_TEST_BOUND_MS);
    assert_true(ol_clock_mono_ms() - since + 100 >= OL_VIEW_MEMO_ASK_MS);
    assert_code(ask(&r, &third), OL_SKIP);

    hang(false);
    ol_test_loop_until_fn(&r.loop, is_asked_again, &r, OL_TEST_BOUND_MS);
    assert_int_equal(first.answers, 1);
    assert_int_equal(second.answers, 1);
    ol_memo_keeper_stats stats;
    ol_memo_keeper_read_stats(r.keeper, &stats);
    assert_int_equal(stats.hits, 0);
    assert_true(stats.misses >= 2);
    assert_code(ask(&r, &third), OL_WAIT);
    ol_test_loop_until(&r.loop, &third.answered, OL_TEST_BOUND_MS);
    close_rig(&r);
    assert_no_leak(live);
}

static void who_cannot_be_asked_for_want_of_memory_is_not(void **state)
{
    (void)state;
    rig r;
    question q;
    open_rig(&r);
    ol_alloc_fail_after(0);
    int rc = ask(&r, &q);
    ol_alloc_fail_after(-1);
    assert_code(rc, OL_SKIP);
    assert_code(ask(&r, &q), OL_WAIT);
    ol_test_loop_until(&r.loop, &q.answered, OL_TEST_BOUND_MS);
    close_rig(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_waits_for_a_disk_that_hangs),
        cmocka_unit_test(who_cannot_be_asked_for_want_of_memory_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
