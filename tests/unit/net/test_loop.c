/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/loop_fixture.h"
#include "net/loop.h"

typedef struct note {
    ol_post post;
    struct notes *all;
    unsigned number;
} note;

typedef struct notes {
    ol_loop *loop;
    unsigned seen[64];
    unsigned count;
    unsigned again; /* how often a note defers itself anew */
    bool done;
} notes;

static void on_note(void *arg)
{
    note *n = arg;
    assert_true(ol_loop_is_current(n->all->loop));
    n->all->seen[n->all->count++] = n->number;
    n->all->done = n->number == 9;
}

static void runs_deferred_calls_in_order_and_later(void **state)
{
    (void)state;
    ol_test_loop t;
    assert_code(ol_test_loop_open(&t), OL_OK);
    notes all = {.loop = t.loop};
    note n[10];
    for (unsigned i = 0; i < 10; i++) {
        n[i] = (note){{.fn = on_note, .arg = &n[i]}, &all, i};
        ol_loop_defer(t.loop, &n[i].post);
    }
    assert_int_equal(all.count, 0);
    ol_test_loop_turns(&t, 1);
    assert_int_equal(all.count, 10);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(all.seen[i], i);
    ol_test_loop_close(&t);
}

static void on_again(void *arg)
{
    note *n = arg;
    n->all->count++;
    if (n->all->again-- > 0)
        ol_loop_defer(n->all->loop, &n->post);
}

/* What is deferred by a deferred call waits for another turn, but never for an event. */
static void never_sleeps_on_a_deferred_call(void **state)
{
    (void)state;
    ol_loop *loop;
    assert_code(ol_loop_new(&loop, 3), OL_OK);
    assert_int_equal(ol_loop_index(loop), 3);
    notes all = {.loop = loop, .again = 1000};
    note n = {{.fn = on_again, .arg = &n}, &all, 0};
    ol_loop_defer(loop, &n.post);
    uint64_t before = ol_clock_mono_ms();
    while (all.again != UINT32_MAX)
        uv_run(ol_loop_uv(loop), UV_RUN_ONCE); /* would block for ever */
    assert_int_equal(all.count, 1001);
    assert_true(ol_clock_mono_ms() - before < OL_TEST_BOUND_MS);
    ol_loop_stop(loop);
    ol_loop_run(loop);
    ol_loop_destroy(loop);
}

typedef struct wall {
    ol_loop *loop;
    ol_post post;
    int64_t first_ms;
    uint64_t at_ms;
    bool done;
} wall;

/* Until the loop's own time has moved on. */
static void on_wall(void *arg)
{
    wall *w = arg;
    int64_t now = ol_loop_wall_ms(w->loop);
    if (ol_loop_now_ms(w->loop) == w->at_ms) {
        assert_int_equal(now, w->first_ms);
        ol_loop_defer(w->loop, &w->post);
        return;
    }
    assert_in_range(now, w->first_ms, ol_clock_wall_ms());
    w->done = true;
}

static void reads_the_wall_clock_once_a_millisecond(void **state)
{
    (void)state;
    ol_test_loop t;
    assert_code(ol_test_loop_open(&t), OL_OK);
    wall w = {.loop = t.loop, .post = {.fn = on_wall, .arg = &w}};
    int64_t before = ol_clock_wall_ms();
    w.first_ms = ol_loop_wall_ms(t.loop);
    w.at_ms = ol_loop_now_ms(t.loop);
    assert_in_range(w.first_ms, before, ol_clock_wall_ms());
    ol_loop_defer(t.loop, &w.post);
    ol_test_loop_until(&t, &w.done, OL_TEST_BOUND_MS);
    ol_test_loop_close(&t);
}

static void on_later(void *arg)
{
    note *n = arg;
    assert_int_equal(n->all->count, n->number);
    n->all->count++;
}

static void on_defers_two(void *arg)
{
    note *n = arg;
    n->all->count++;
    ol_loop_defer(n->all->loop, &n[1].post);
    ol_loop_defer(n->all->loop, &n[2].post);
    assert_int_equal(n->all->count, 1);
}

static void does_not_call_from_inside_defer(void **state)
{
    (void)state;
    ol_test_loop t;
    assert_code(ol_test_loop_open(&t), OL_OK);
    notes all = {.loop = t.loop};
    note n[3];
    n[0] = (note){{.fn = on_defers_two, .arg = &n[0]}, &all, 0};
    n[1] = (note){{.fn = on_later, .arg = &n[1]}, &all, 1};
    n[2] = (note){{.fn = on_later, .arg = &n[2]}, &all, 2};
    ol_loop_defer(t.loop, &n[0].post);
    ol_test_loop_turns(&t, 3);
    assert_int_equal(all.count, 3);
    ol_test_loop_close(&t);
}

/* ---- in line ---- */

enum { HEAP = 40 };

static void does_a_slice_of_a_line_each_turn(void **state)
{
    (void)state;
    ol_test_loop t;
    assert_code(ol_test_loop_open(&t), OL_OK);
    notes all = {.loop = t.loop};
    note n[HEAP];
    for (unsigned i = 0; i < HEAP; i++) {
        n[i] = (note){{.fn = on_note, .arg = &n[i]}, &all, i + 10};
        ol_loop_line_up(t.loop, &n[i].post);
    }
    assert_int_equal(all.count, 0);
    uv_run(ol_loop_uv(t.loop), UV_RUN_NOWAIT);
    assert_int_equal(all.count, 10); /* a quarter of so many */
    uv_run(ol_loop_uv(t.loop), UV_RUN_NOWAIT);
    assert_int_equal(all.count, 18);
    for (unsigned turns = 0; all.count < HEAP && turns < HEAP; turns++)
        uv_run(ol_loop_uv(t.loop), UV_RUN_ONCE); /* would block for ever */
    for (unsigned i = 0; i < HEAP; i++)
        assert_int_equal(all.seen[i], i + 10);
    ol_test_loop_close(&t);
}

/* What comes through the sockets, or from another thread, is not behind the line. */
static void lets_others_pass_the_line(void **state)
{
    (void)state;
    ol_test_loop t;
    assert_code(ol_test_loop_open(&t), OL_OK);
    notes all = {.loop = t.loop};
    note n[HEAP], urgent = {{.fn = on_note, .arg = &urgent}, &all, 99};
    for (unsigned i = 0; i < HEAP; i++) {
        n[i] = (note){{.fn = on_note, .arg = &n[i]}, &all, i + 10};
        ol_loop_line_up(t.loop, &n[i].post);
    }
    uv_run(ol_loop_uv(t.loop), UV_RUN_NOWAIT);
    unsigned before = all.count;
    ol_loop_post(t.loop, &urgent.post);
    uv_run(ol_loop_uv(t.loop), UV_RUN_ONCE);
    assert_int_equal(all.seen[before], 99);
    while (all.count < HEAP + 1)
        uv_run(ol_loop_uv(t.loop), UV_RUN_ONCE);
    ol_test_loop_close(&t);
}

static void goes_ahead_while_the_slice_lasts(void **state)
{
    (void)state;
    ol_test_loop t;
    assert_code(ol_test_loop_open(&t), OL_OK);
    notes all = {.loop = t.loop};
    note n[2];
    for (unsigned i = 0; i < OL_LOOP_SLICE; i++)
        assert_true(ol_loop_may_go(t.loop));
    assert_false(ol_loop_may_go(t.loop));
    for (unsigned i = 0; i < 2; i++) {
        n[i] = (note){{.fn = on_note, .arg = &n[i]}, &all, i};
        ol_loop_line_up(t.loop, &n[i].post);
    }
    uv_run(ol_loop_uv(t.loop), UV_RUN_NOWAIT);
    assert_int_equal(all.count, 0); /* the slice was used up */
    assert_false(ol_loop_may_go(t.loop)); /* nobody passes those who wait */
    uv_run(ol_loop_uv(t.loop), UV_RUN_NOWAIT);
    assert_int_equal(all.count, 2);
    assert_true(ol_loop_may_go(t.loop));
    ol_test_loop_close(&t);
}

/* A loop that is told to end does what is in line first. */
static void ends_after_the_line(void **state)
{
    (void)state;
    ol_loop *loop;
    assert_code(ol_loop_new(&loop, 0), OL_OK);
    notes all = {.loop = loop};
    note n[HEAP];
    for (unsigned i = 0; i < HEAP; i++) {
        n[i] = (note){{.fn = on_note, .arg = &n[i]}, &all, i + 10};
        ol_loop_line_up(loop, &n[i].post);
    }
    ol_loop_stop(loop);
    ol_loop_run(loop);
    assert_int_equal(all.count, HEAP);
    ol_loop_destroy(loop);
}

/* ---- other threads ---- */

enum { THREADS = 4, POSTS = 20000 };

typedef struct poster {
    ol_loop *loop;
    pthread_t thread;
    struct item {
        ol_post post;
        struct poster *owner;
        unsigned number;
    } *items;
    unsigned next;  /* the loop: what must come next */
    atomic_uint *left;
} poster;

static void on_item(void *arg)
{
    struct item *item = arg;
    if (item->number != item->owner->next++)
        abort(); /* out of order */
    if (atomic_fetch_sub(item->owner->left, 1) == 1)
        ol_loop_stop(item->owner->loop);
}

static void *post_all(void *arg)
{
    poster *p = arg;
    for (unsigned i = 0; i < POSTS; i++) {
        p->items[i].post = (ol_post){.fn = on_item, .arg = &p->items[i]};
        p->items[i].owner = p;
        p->items[i].number = i;
        ol_loop_post(p->loop, &p->items[i].post);
    }
    return NULL;
}

static void takes_posts_from_many_threads(void **state)
{
    (void)state;
    ol_loop *loop;
    assert_code(ol_loop_new(&loop, 0), OL_OK);
    atomic_uint left = THREADS * POSTS;
    poster p[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        p[i] = (poster){.loop = loop, .left = &left};
        p[i].items = calloc(POSTS, sizeof(*p[i].items));
        pthread_create(&p[i].thread, NULL, post_all, &p[i]);
    }
    ol_loop_run(loop);
    assert_int_equal(atomic_load(&left), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(p[i].thread, NULL);
        free(p[i].items);
    }
    ol_loop_destroy(loop);
}

static void *stop_it(void *arg)
{
    assert_false(ol_loop_is_current(arg));
    ol_loop_stop(arg);
    return NULL;
}

static void stops_from_another_thread(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        ol_loop *loop;
        assert_code(ol_loop_new(&loop, 0), OL_OK);
        pthread_t thread;
        pthread_create(&thread, NULL, stop_it, loop);
        ol_loop_run(loop);
        pthread_join(thread, NULL);
        ol_loop_destroy(loop);
    }
}

typedef struct held {
    ol_loop *loop;
    ol_post posts[2];
    atomic_uint came;
} held;

static void on_held(void *arg)
{
    held *h = arg;
    atomic_fetch_add(&h->came, 1);
    ol_loop_unhold(h->loop);
}

/* The second comes only after the loop has dealt with the first. */
static void *post_held(void *arg)
{
    held *h = arg;
    ol_loop_post(h->loop, &h->posts[0]);
    while (atomic_load(&h->came) == 0)
        sched_yield();
    ol_loop_post(h->loop, &h->posts[1]);
    return NULL;
}

static void stays_for_what_is_under_way(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        held h = {0};
        assert_code(ol_loop_new(&h.loop, 0), OL_OK);
        for (unsigned j = 0; j < 2; j++) {
            h.posts[j] = (ol_post){.fn = on_held, .arg = &h};
            ol_loop_hold(h.loop);
        }
        ol_loop_stop(h.loop);
        pthread_t thread;
        pthread_create(&thread, NULL, post_held, &h);
        ol_loop_run(h.loop);
        assert_int_equal(atomic_load(&h.came), 2);
        ol_loop_destroy(h.loop); /* while the poster may still be on its way out */
        pthread_join(thread, NULL);
    }
}

static int make(void *arg)
{
    (void)arg;
    ol_loop *loop;
    int rc = ol_loop_new(&loop, 0);
    if (rc == OL_OK)
        ol_loop_destroy(loop);
    return rc;
}

static void survives_allocation_failures(void **state)
{
    (void)state;
    assert_int_equal(ol_test_fail_each(make, NULL), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_deferred_calls_in_order_and_later),
        cmocka_unit_test(never_sleeps_on_a_deferred_call),
        cmocka_unit_test(reads_the_wall_clock_once_a_millisecond),
        cmocka_unit_test(does_not_call_from_inside_defer),
        cmocka_unit_test(does_a_slice_of_a_line_each_turn),
        cmocka_unit_test(lets_others_pass_the_line),
        cmocka_unit_test(goes_ahead_while_the_slice_lasts),
        cmocka_unit_test(ends_after_the_line),
        cmocka_unit_test(takes_posts_from_many_threads),
        cmocka_unit_test(stops_from_another_thread),
        cmocka_unit_test(stays_for_what_is_under_way),
        cmocka_unit_test(survives_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
