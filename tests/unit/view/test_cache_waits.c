/* SPDX-License-Identifier: MIT */
/* Waiting for an entry's head and for its end; and every allocation failing. */
#include "memory_cache_kit.h"

typedef struct waiting {
    ol_view_wait wait;
    unsigned answers;
    ol_error err;
} waiting;

static void on_answer(ol_view_wait *wait, const ol_error *err)
{
    waiting *w = wait->arg;
    w->answers++;
    if (err)
        w->err = *err;
}

static int begin_on(ol_test_loop *t, waiting *w, ol_view_entry *entry, bool whole)
{
    *w = (waiting){.wait = {.entry = entry, .loop = t->loop, .arena = ol_arena_new(1 << 16),
                            .cb = on_answer, .arg = w}};
    if (!w->wait.arena)
        return OL_ENOMEM;
    return ol_view_entry_wait(&w->wait, whole, &w->err);
}

static int begin(waiting *w, ol_view_entry *entry, bool whole)
{
    return begin_on(&loop, w, entry, whole);
}

static void finish(waiting *w)
{
    ol_arena_destroy(w->wait.arena);
}

static void heads_and_ends_are_waited_for(void **state)
{
    (void)state;
    ol_view_entry *entry;
    waiting head, whole, cancelled, late;
    assert_int_equal(ol_view_cache_find(cache, "a", -1, 0, &entry), OL_VIEW_LEAD);
    kit_run fill = {.done = false};
    assert_code(kit_fill_start(&fill, &loop, entry), OL_OK);
    assert_code(begin(&head, entry, false), OL_WAIT);
    assert_code(begin(&whole, entry, true), OL_WAIT);
    assert_code(begin(&cancelled, entry, false), OL_WAIT);
    assert_code(kit_tap_head(&fill.tap, -1), OL_OK);
    assert_code(kit_tap_push(&fill.tap, OL_SLICE_LIT("1")), OL_OK);
    assert_int_equal(head.answers, 0); /* never from inside */
    ol_view_entry_cancel(&cancelled.wait); /* its wake-up is on the way */
    ol_test_loop_turns(&loop, 2);
    assert_int_equal(head.answers, 1);
    assert_int_equal(whole.answers + cancelled.answers, 0);
    assert_int_equal(head.wait.head.status, 200);
    assert_int_equal(head.wait.head.content_length, -1);
    assert_slice(ol_headers_get(&head.wait.head.headers, "content-type"), "text/x");
    assert_code(begin(&late, entry, false), OL_OK);
    finish(&late);
    assert_code(begin(&late, entry, true), OL_WAIT);
    ol_view_entry_cancel(&late.wait);
    finish(&late);
    assert_code(kit_tap_push(&fill.tap, OL_SLICE_LIT("23")), OL_OK);
    assert_code(kit_tap_end(&fill.tap), OL_OK);
    assert_code(kit_run_wait(&fill), OL_OK);
    ol_view_entry_settle(entry, NULL, true);
    ol_test_loop_turns(&loop, 2);
    assert_int_equal(whole.answers, 1);
    assert_int_equal(whole.wait.head.content_length, 3);
    assert_code(begin(&late, entry, true), OL_OK);
    assert_int_equal(late.wait.head.content_length, 3);
    assert_int_equal(head.answers, 1);
    finish(&late);
    finish(&head);
    finish(&whole);
    finish(&cancelled);
    kit_run_close(&fill);
    ol_view_entry_release(entry);
}

static void a_failure_ends_every_wait(void **state)
{
    (void)state;
    ol_view_entry *entry;
    waiting head, whole, late;
    ol_error err = {0};
    ol_error_set(&err, OL_ETRANSFORM, NULL);
    assert_int_equal(ol_view_cache_find(cache, "a", -1, 0, &entry), OL_VIEW_LEAD);
    assert_code(begin(&head, entry, false), OL_WAIT);
    assert_code(begin(&whole, entry, true), OL_WAIT);
    ol_view_entry_settle(entry, &err, true);
    ol_test_loop_turns(&loop, 2);
    assert_int_equal(head.answers + whole.answers, 2);
    assert_code(head.err.code, OL_ETRANSFORM);
    assert_code(whole.err.code, OL_ETRANSFORM);
    assert_code(begin(&late, entry, false), OL_ETRANSFORM);
    finish(&late);
    finish(&head);
    finish(&whole);
    ol_view_entry_release(entry);
}

/* An empty view has a head too. */
static void an_empty_view_is_whole_with_its_head(void **state)
{
    (void)state;
    ol_view_entry *entry;
    waiting head;
    assert_int_equal(ol_view_cache_find(cache, "a", -1, 0, &entry), OL_VIEW_LEAD);
    assert_code(begin(&head, entry, false), OL_WAIT);
    ol_test_feed feed = {.status = 200};
    assert_code(kit_fill_all(&loop, entry, &feed), OL_OK);
    ol_view_entry_settle(entry, NULL, true);
    ol_test_loop_turns(&loop, 2);
    assert_int_equal(head.answers, 1);
    assert_int_equal(head.wait.head.content_length, 0);
    finish(&head);
    ol_view_entry_release(entry);
}

/* ---- without memory ---- */

typedef struct scene {
    ol_view_cache *cache;
    ol_test_loop *loop;
    ol_slice body;
} scene;

/* Fill with a reader and a waiter on it, then read again. Whatever fails, the reader gets the whole
 * body or an error, and everything is given back. */
static int fill_and_read(scene *s)
{
    ol_view_entry *entry;
    enum ol_view_found found = ol_view_cache_find(s->cache, "a", -1, s->body.len, &entry);
    if (found == OL_VIEW_NONE)
        return OL_ENOMEM;
    assert_int_equal(found, OL_VIEW_LEAD);
    ol_view_entry_lead(entry, s->loop->loop, kit_no_abandon, NULL);
    kit_run reader = {.collect = {.wait_every = 2}};
    waiting whole = {.answers = 0};
    int read_rc = kit_read_start(&reader, s->loop, entry, 0, UINT64_MAX);
    int wait_rc = begin_on(s->loop, &whole, entry, true);
    ol_test_feed feed = {.body = s->body, .piece_bytes = 30000, .hide_length = true};
    ol_error err = {0};
    int rc = kit_fill_all(s->loop, entry, &feed);
    if (rc != OL_OK)
        ol_error_set(&err, rc, NULL);
    ol_view_entry_settle(entry, rc == OL_OK ? NULL : &err, true);
    if (read_rc == OL_OK) {
        read_rc = kit_run_wait(&reader);
        assert_int_equal(reader.collect.finished, read_rc == OL_OK);
        if (read_rc == OL_OK)
            assert_slices(ol_test_collect_out(&reader.collect), s->body);
    }
    if (wait_rc == OL_WAIT) {
        ol_test_loop_turns(s->loop, 2);
        assert_int_equal(whole.answers, 1);
        wait_rc = whole.err.code;
    }
    ol_test_collect_fini(&reader.collect);
    kit_run_close(&reader);
    finish(&whole);
    ol_view_entry_release(entry);
    ol_test_loop_turns(s->loop, 2);
    return rc ? rc : read_rc ? read_rc : wait_rc;
}

static int without_memory(void *arg)
{
    scene *s = arg;
    ol_test_loop t;
    ol_view_cache_config config = {.memory_bytes = OL_MIB, .memory_entry_bytes = 600000};
    ol_error err = {0};
    int rc = ol_test_loop_open(&t);
    if (rc != OL_OK)
        return rc;
    rc = ol_view_cache_new(&s->cache, &config, &err);
    s->loop = &t;
    if (rc == OL_OK) {
        rc = fill_and_read(s);
        assert_int_equal(kit_stats(s->cache).running, 0);
        ol_view_cache_purge(s->cache);
        assert_int_equal(kit_stats(s->cache).memory_bytes, 0);
        ol_view_cache_destroy(s->cache);
    }
    ol_test_loop_close(&t);
    return rc;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    scene s = {.body = kit_bytes(500000, 1)};
    assert_true(ol_test_fail_each(without_memory, &s) > 20);
    kit_free(s.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(heads_and_ends_are_waited_for),
        CASE(a_failure_ends_every_wait),
        CASE(an_empty_view_is_whole_with_its_head),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
