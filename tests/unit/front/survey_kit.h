/* SPDX-License-Identifier: MIT */
/*
 * A survey whose surroundings a test plays: originals, the memo, names and runs answer by a plan for each
 * item, and as late as it says. What the survey calls is defined here, so one file of a program includes this.
 */
#ifndef OL_TESTS_SURVEY_KIT_H
#define OL_TESTS_SURVEY_KIT_H

#include "lib/check.h"
#include "lib/later.h"
#include "lib/loop_fixture.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "front/views/view_name.h"
#include "front/views/view_survey.h"

#define ITEMS_MAX 200
#define ARENA_BYTES (256 * OL_KIB)

typedef struct plan {
    char key[24];
    int open_code; /* of an original that cannot be opened */
    bool no_etag;
    enum { UNKNOWN, KNOWN, UNSTABLE } memo;
    int run_code;
    unsigned refusals; /* the queue is full so many times */
    unsigned open_turns, memo_turns, run_turns, name_turns; /* 0 = at once */
    bool hidden;
    int name_code;
    /* what happened */
    unsigned names;
    unsigned opens, finis, runs;
} plan;

typedef struct rig {
    ol_test_loop loop;
    ol_worker worker;
    ol_shared shared;
    ol_config config;
    ol_generation generation;
    ol_realm_olap olap;
    bool mapped; /* an item's original is called "of " and its key */
    ol_request request;
    ol_arena *arena;
    ol_view_survey survey;
    ol_view_survey_item items[ITEMS_MAX];
    plan plans[ITEMS_MAX];
    ol_object_info infos[ITEMS_MAX];
    bool done;
    ol_error err;
    unsigned open_now, open_most, running, running_most, arenas, begun, aborted;
    size_t order[ITEMS_MAX]; /* of the runs */
    size_t ordered;
} rig;

static rig *the; /* what the players below belong to */

/* ---- the players ---- */

static plan *plan_of(const ol_view_subject *subject)
{
    size_t i = (size_t)(subject->original - the->infos);
    return &the->plans[i];
}

ol_arena *ol_worker_arena_take(ol_worker *worker)
{
    (void)worker;
    ol_arena *arena = ol_arena_new(ARENA_BYTES);
    the->arenas += arena != NULL;
    return arena;
}

void ol_worker_arena_give(ol_worker *worker, ol_arena *arena)
{
    (void)worker;
    the->arenas--;
    ol_arena_destroy(arena);
}

bool ol_view_name_is_mapped(ol_request *request, const ol_realm_view *view)
{
    (void)request;
    (void)view;
    return the->mapped;
}

static plan *plan_called(ol_slice key)
{
    size_t i = 0;
    while (!ol_slice_eq_cstr(key, the->plans[i].key))
        i++;
    return &the->plans[i];
}

static void finish_name(void *arg)
{
    ol_view_name *name = arg;
    plan *p = plan_called(name->asked->key);
    ol_error err = {0};
    the->running--;
    if (name->left) /* given up */
        ol_error_set(&err, OL_ECANCELED, NULL);
    else if (p->refusals > 0 && p->refusals--)
        ol_error_set(&err, OL_ESLOWDOWN, NULL);
    else if (p->name_code)
        ol_error_set(&err, p->name_code, NULL);
    else if (p->hidden)
        ol_error_set(&err, OL_ENOSUCHKEY, NULL);
    char *text = ol_arena_printf(name->arena, "of %s", p->key);
    if (!text)
        ol_error_set(&err, OL_ENOMEM, NULL);
    name->original = ol_slice_cstr(text);
    name->cb(name->arg, err.code ? &err : NULL);
}

int ol_view_name_find(ol_view_name *name, ol_request *request, const ol_realm_view *view,
                      const ol_s3_address *address, ol_done_cb cb, void *arg, ol_error *err)
{
    plan *p = plan_called(address->key);
    (void)request;
    (void)view;
    assert_true(name->not_read && the->mapped);
    p->names++;
    if (++the->running > the->running_most)
        the->running_most = the->running;
    name->asked = address;
    name->cb = cb;
    name->arg = arg;
    if (p->name_turns > 0) {
        ol_test_later_start(the->loop.loop, p->name_turns, finish_name, name);
        return OL_WAIT;
    }
    /* At once: refused, or failed. */
    the->running--;
    if (p->refusals > 0 && p->refusals--)
        return ol_error_set(err, OL_ESLOWDOWN, NULL);
    if (p->hidden)
        return ol_error_set(err, OL_ENOSUCHKEY, NULL);
    name->original = ol_slice_cstr(ol_arena_printf(name->arena, "of %s", p->key));
    return name->original.data ? OL_OK : ol_error_set(err, OL_ENOMEM, NULL);
}

void ol_view_name_abort(ol_view_name *name, const ol_error *err)
{
    (void)err;
    name->left = 1;
    the->aborted++;
}

typedef struct opening {
    ol_view_subject *subject;
    size_t item;
} opening;

static void finish_open(void *arg)
{
    opening *o = arg;
    ol_view_subject *subject = o->subject;
    const plan *p = &the->plans[o->item];
    ol_error err = {0};
    test_free(o);
    if (p->open_code) {
        ol_error_set(&err, p->open_code, NULL);
        subject->on_open_(subject->arg_, &err);
        return;
    }
    subject->original = &the->infos[p - the->plans];
    subject->has_etag = !p->no_etag;
    snprintf(subject->etag, sizeof(subject->etag), "etag of %s", p->key);
    subject->on_open_(subject->arg_, NULL);
}

static void begin(unsigned turns, ol_loop_fn fn, void *arg)
{
    if (turns == 0)
        fn(arg);
    else
        ol_test_later_start(the->loop.loop, turns, fn, arg);
}

void ol_view_subject_open(ol_view_subject *subject, ol_request *request, const ol_view_open *how,
                          ol_done_cb cb, void *arg)
{
    opening *o = test_malloc(sizeof(*o));
    size_t i = 0;
    while (strcmp(the->plans[i].key, (const char *)how->address->key.data) != 0)
        i++;
    assert_true(how->open_for == OL_OPEN_FOR_INFO);
    assert_true(ol_slice_starts(how->key, OL_SLICE_LIT("of ")) == (the->mapped && the->plans[i].names));
    *o = (opening){.subject = subject, .item = i};
    subject->request = request;
    subject->arena = how->arena;
    subject->on_open_ = cb;
    subject->arg_ = arg;
    the->plans[i].opens++;
    the->begun++;
    if (++the->open_now > the->open_most)
        the->open_most = the->open_now;
    begin(the->plans[i].open_turns, finish_open, o);
}

void ol_view_subject_fini(ol_view_subject *subject)
{
    if (!subject->request) /* never opened: harmless */
        return;
    the->open_now--;
    if (subject->original)
        plan_of(subject)->finis++;
}

static void finish_ask(void *arg)
{
    ol_view_ask *ask = arg;
    ask->cb(ask, ask->private_[0] != NULL);
}

int ol_view_memo_find(ol_view_memo *memo, ol_view_ask *ask)
{
    const plan *p = NULL;
    (void)memo;
    for (size_t i = 0; !p; i++)
        if (strcmp(ask->etag + strlen("etag of "), the->plans[i].key) == 0)
            p = &the->plans[i];
    ask->facts = (ol_view_facts){.unstable = p->memo == UNSTABLE};
    ask->facts.head.content_length = 1000 + (p - the->plans);
    if (p->memo_turns == 0)
        return p->memo == UNKNOWN ? OL_SKIP : OL_OK;
    ask->private_[0] = p->memo == UNKNOWN ? NULL : ask;
    ol_test_later_start(the->loop.loop, p->memo_turns, finish_ask, ask);
    return OL_WAIT;
}

static void finish_measure(void *arg)
{
    ol_view_measure *m = arg;
    plan *p = plan_of(m->subject);
    ol_error err = {0};
    the->running--;
    if (m->aborted)
        err = m->abort_err;
    else if (p->refusals > 0 && p->refusals--)
        ol_error_set(&err, OL_ESLOWDOWN, NULL);
    else if (p->run_code)
        ol_error_set(&err, p->run_code, NULL);
    m->counted = 5000 + (uint64_t)(p - the->plans);
    m->head.content_length = p->no_etag || p->memo == UNSTABLE ? -1 : (int64_t)m->counted;
    m->cb(m->arg, err.code ? &err : NULL);
}

void ol_view_measure_start(ol_view_measure *m, ol_view_subject *subject,
                           void (*cb)(void *arg, const ol_error *err), void *arg)
{
    plan *p = plan_of(subject);
    /* As a run does: each needs some memory of the arena that it was given. */
    if (!ol_arena_alloc(subject->arena, ARENA_BYTES / 4))
        p->run_code = OL_ENOMEM;
    m->subject = subject;
    m->cb = cb;
    m->arg = arg;
    p->runs++;
    if (the->ordered < ITEMS_MAX)
        the->order[the->ordered++] = (size_t)(p - the->plans);
    if (++the->running > the->running_most)
        the->running_most = the->running;
    begin(p->run_turns, finish_measure, m);
}

void ol_view_measure_abort(ol_view_measure *m, const ol_error *err)
{
    if (!m->subject || m->aborted)
        return;
    m->aborted = true;
    m->abort_err = *err;
    the->aborted++;
}

/* ---- the rig ---- */

static void on_done(void *arg, const ol_error *err)
{
    rig *r = arg;
    assert_false(r->done);
    r->done = true;
    if (err)
        r->err = *err;
}

static int open_rig(rig *r, size_t count, uint64_t seed)
{
    ol_test_random random = {seed};
    the = r;
    for (size_t i = 0; i < count; i++) {
        plan *p = &r->plans[i];
        snprintf(p->key, sizeof(p->key), "k%03zu", i);
        p->open_turns = (unsigned)ol_test_random_below(&random, 4);
        p->memo_turns = (unsigned)ol_test_random_below(&random, 3);
        p->run_turns = (unsigned)ol_test_random_below(&random, 6);
        p->name_turns = (unsigned)ol_test_random_below(&random, 3);
        r->infos[i].last_modified_ms = 7000 + (int64_t)i;
        r->items[i] = (ol_view_survey_item){.key = ol_slice_cstr(p->key),
                                            .original = ol_slice_cstr(p->key),
                                            .size = 1 + i};
    }
    r->config.limits.list_concurrency = 8;
    r->generation.config = &r->config;
    r->worker.shared = &r->shared;
    r->request.worker = &r->worker;
    r->request.generation = &r->generation;
    r->request.target.olap = &r->olap;
    r->survey = (ol_view_survey){
        .request = &r->request,
        .items = r->items,
        .count = count,
        .deadline_ms = ol_clock_mono_ms() + 60000,
        .cb = on_done,
        .arg = r,
    };
    if (ol_test_loop_open(&r->loop) != OL_OK)
        return OL_ENOMEM;
    r->worker.loop = r->loop.loop;
    r->arena = ol_arena_new(64 * OL_KIB);
    return r->arena ? OL_OK : OL_ENOMEM;
}

static int run(rig *r)
{
    ol_view_survey_start(&r->survey, r->arena);
    ol_test_loop_until(&r->loop, &r->done, OL_TEST_BOUND_MS);
    return r->err.code;
}

static void close_rig(rig *r)
{
    assert_int_equal(r->open_now, 0);
    assert_int_equal(r->running, 0);
    assert_int_equal(r->arenas, 0);
    if (r->arena)
        ol_arena_destroy(r->arena);
    if (r->loop.loop)
        ol_test_loop_close(&r->loop);
}

static void check_settled(const rig *r, size_t i, const char *etag, uint64_t size)
{
    assert_int_equal(r->items[i].state, OL_VIEW_SURVEY_SETTLED);
    assert_string_equal(r->items[i].etag, etag);
    assert_int_equal(r->items[i].size, size);
}

#endif
