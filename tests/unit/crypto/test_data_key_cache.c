/* SPDX-License-Identifier: MIT */
/* The data-key cache: what is a hit, who asks, what ends an entry, who is told. */
#include "lib/check.h"

#include <pthread.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "crypto/keys/data_key_cache.h"
#include "lib/alloc_check.h"
#include "lib/loop_fixture.h"
#include "unit/crypto/fake_kms.h"

#define CALLS 8

typedef struct asker {
    ol_kms_call call;
    bool done;
    int code;
} asker;

typedef struct fixture {
    ol_test_loop loop;
    ol_arena *arena;
    fake_kms fake;
    ol_data_key_cache *cache;
    ol_kms *kms;
    asker askers[CALLS];
} fixture;

static void on_key(ol_kms_call *call, const ol_error *err)
{
    asker *a = call->arg;
    assert_false(a->done);
    a->done = true;
    a->code = err ? err->code : OL_OK;
}

static int set_up(fixture *f, const ol_data_key_limits *limits)
{
    ol_error err = {0};
    *f = (fixture){.fake.base.ops = &fake_ops};
    f->arena = ol_arena_new(1 << 20);
    int rc = f->arena ? ol_data_key_cache_new(&f->cache, limits, &err) : OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_data_key_cache_wrap(f->cache, &f->fake.base, OL_SLICE_LIT("fake"), &f->kms, &err);
    if (rc == OL_OK)
        rc = ol_test_loop_open(&f->loop);
    return rc;
}

static void tear_down(fixture *f)
{
    for (size_t i = 0; i < CALLS; i++)
        ol_secret_free(f->askers[i].call.key, f->askers[i].call.key_len);
    if (f->loop.loop)
        ol_test_loop_close(&f->loop);
    if (f->kms)
        f->kms->ops->destroy(f->kms);
    ol_data_key_cache_destroy(f->cache);
    ol_arena_destroy(f->arena);
}

static int begin(fixture *f, size_t i, const char *blob, const char *value, const char *key_id)
{
    asker *a = &f->askers[i];
    ol_error err = {0};
    ol_secret_free(a->call.key, a->call.key_len);
    *a = (asker){.call = {.loop = f->loop.loop,
                          .arena = f->arena,
                          .key_id = ol_slice_cstr(key_id),
                          .blob = ol_slice_cstr(blob),
                          .cb = on_key,
                          .arg = a}};
    if (value)
        ol_context_add(&a->call.context, OL_SLICE_LIT("k"), ol_slice_cstr(value));
    int rc = f->kms->ops->open(f->kms, &a->call, &err);
    assert_true(rc >= 0 || rc == err.code);
    return rc;
}

/* From the beginning to the end; whether it was a hit. */
static bool ask(fixture *f, const char *blob, const char *value, const char *key_id, int *code)
{
    int rc = begin(f, 0, blob, value, key_id);
    if (rc == OL_WAIT) {
        fake_answer_all(&f->fake);
        ol_test_loop_until(&f->loop, &f->askers[0].done, OL_TEST_BOUND_MS);
        rc = f->askers[0].code;
    }
    if (code)
        *code = rc;
    if (rc == OL_OK)
        assert_int_equal(f->askers[0].call.key[31], blob[0]);
    return rc == OL_OK && f->askers[0].call.cached;
}

static ol_data_key_stats stats_of(fixture *f)
{
    ol_data_key_stats stats;
    ol_data_key_cache_read_stats(f->cache, &stats);
    return stats;
}

static void test_what_is_a_hit(void **state)
{
    fixture f;
    ol_data_key_limits limits;
    (void)state;
    ol_data_key_limits_default(&limits);
    assert_code(set_up(&f, &limits), OL_OK);
    assert_false(ask(&f, "a", "v", "id", NULL));
    assert_true(ask(&f, "a", "v", "id", NULL));
    assert_int_equal(f.askers[0].call.key_version, 7);
    assert_slice(f.askers[0].call.used_key, "arn:aws:kms:r:a:key/fake");
    assert_false(ask(&f, "b", "v", "id", NULL));
    assert_false(ask(&f, "a", "w", "id", NULL));
    assert_false(ask(&f, "a", NULL, "id", NULL));
    assert_false(ask(&f, "a", "v", "id2", NULL));
    assert_false(ask(&f, "a", "v", "", NULL));
    assert_true(ask(&f, "a", "v", "id", NULL));
    assert_int_equal(f.fake.asked, 6);
    assert_int_equal(stats_of(&f).entries, 6);
    assert_int_equal(stats_of(&f).bytes, 6 * 32);
    ol_data_key_cache_clear(f.cache);
    assert_false(ask(&f, "a", "v", "id", NULL));
    /* another KMS, the same everything */
    ol_kms *other;
    ol_error err = {0};
    assert_code(ol_data_key_cache_wrap(f.cache, &f.fake.base, OL_SLICE_LIT("x"), &other, &err), OL_OK);
    ol_kms *mine = f.kms;
    f.kms = other;
    assert_false(ask(&f, "a", "v", "id", NULL));
    f.kms = mine;
    other->ops->destroy(other);
    tear_down(&f);
}

static void test_limits(void **state)
{
    fixture f;
    ol_data_key_limits limits = {.age_ms = 3600000, .uses_max = 2, .bytes_max = 4096, .entries_max = 3};
    (void)state;
    assert_code(set_up(&f, &limits), OL_OK);
    ask(&f, "a", NULL, "id", NULL);
    assert_true(ask(&f, "a", NULL, "id", NULL));
    assert_true(ask(&f, "a", NULL, "id", NULL));
    assert_false(ask(&f, "a", NULL, "id", NULL)); /* used up */
    ask(&f, "b", NULL, "id", NULL);
    ask(&f, "c", NULL, "id", NULL);
    assert_true(ask(&f, "a", NULL, "id", NULL));
    ask(&f, "d", NULL, "id", NULL); /* b goes: a was used later */
    assert_int_equal(stats_of(&f).entries, 3);
    assert_int_equal(stats_of(&f).evicted, 1);
    assert_true(ask(&f, "a", NULL, "id", NULL));
    assert_false(ask(&f, "b", NULL, "id", NULL));
    tear_down(&f);
    limits = (ol_data_key_limits){.age_ms = 3600000, .bytes_max = 64, .entries_max = 100};
    assert_code(set_up(&f, &limits), OL_OK);
    for (const char *const *blob = (const char *const[]){"a", "b", "c", "d", NULL}; *blob; blob++)
        ask(&f, *blob, NULL, "id", NULL);
    assert_int_equal(stats_of(&f).bytes, 64);
    tear_down(&f);
}

static bool is_past(void *arg)
{
    return ol_clock_mono_ms() > *(uint64_t *)arg;
}

static void wait_ms(fixture *f, uint64_t ms)
{
    uint64_t until = ol_clock_mono_ms() + ms;
    while (!is_past(&until))
        ol_test_loop_turns(&f->loop, 1);
}

static void test_age(void **state)
{
    fixture f;
    ol_data_key_limits limits = {.age_ms = 30, .bytes_max = 4096, .entries_max = 9};
    (void)state;
    assert_code(set_up(&f, &limits), OL_OK);
    ask(&f, "a", NULL, "id", NULL);
    wait_ms(&f, 40);
    assert_false(ask(&f, "a", NULL, "id", NULL));
    assert_int_equal(stats_of(&f).expired, 1);
    tear_down(&f);
    limits.age_ms = 0; /* off */
    assert_code(set_up(&f, &limits), OL_OK);
    ask(&f, "a", NULL, "id", NULL);
    assert_false(ask(&f, "a", NULL, "id", NULL));
    assert_int_equal(stats_of(&f).entries, 0);
    tear_down(&f);
    limits.denial_ms = 1001;
    ol_error err = {0};
    assert_code(ol_data_key_cache_new(&f.cache, &limits, &err), OL_ECONFIG);
}

static void test_refusals(void **state)
{
    fixture f;
    int code;
    ol_data_key_limits limits = {.age_ms = 3600000, .bytes_max = 4096, .entries_max = 9,
                                 .denial_ms = 1000};
    (void)state;
    assert_code(set_up(&f, &limits), OL_OK);
    f.fake.refusal = OL_EACCESS;
    ask(&f, "a", NULL, "id", &code);
    assert_code(code, OL_EACCESS);
    ask(&f, "a", NULL, "id", &code);
    assert_code(code, OL_EACCESS);
    assert_int_equal(f.fake.asked, 1);
    assert_int_equal(stats_of(&f).denials, 1);
    wait_ms(&f, 1010);
    f.fake.refusal = OL_OK;
    assert_false(ask(&f, "a", NULL, "id", &code));
    assert_code(code, OL_OK);
    f.fake.refusal = OL_EKMSUNAVAILABLE; /* trouble is never remembered */
    for (unsigned i = 0; i < 3; i++) {
        ask(&f, "b", NULL, "id", &code);
        assert_code(code, OL_EKMSUNAVAILABLE);
    }
    assert_int_equal(f.fake.asked, 5);
    tear_down(&f);
}

static void test_many_ask_once(void **state)
{
    fixture f;
    ol_data_key_limits limits;
    (void)state;
    ol_data_key_limits_default(&limits);
    assert_code(set_up(&f, &limits), OL_OK);
    for (size_t i = 0; i < CALLS; i++)
        assert_code(begin(&f, i, "a", "v", "id"), OL_WAIT);
    assert_int_equal(f.fake.asked, 1);
    f.kms->ops->cancel(f.kms, &f.askers[0].call); /* who asked goes away */
    f.kms->ops->cancel(f.kms, &f.askers[3].call);
    memset(&f.askers[0].call, 0, sizeof f.askers[0].call);
    memset(&f.askers[3].call, 0, sizeof f.askers[3].call);
    fake_answer_all(&f.fake);
    f.kms->ops->cancel(f.kms, &f.askers[4].call); /* while the answer is on its way */
    memset(&f.askers[4].call, 0, sizeof f.askers[4].call);
    ol_test_loop_turns(&f.loop, 3);
    for (size_t i = 0; i < CALLS; i++) {
        bool gone = i == 0 || i == 3 || i == 4;
        assert_int_equal(f.askers[i].done, !gone);
        assert_int_equal(gone ? 'a' : f.askers[i].call.key[0], 'a');
    }
    assert_int_equal(stats_of(&f).shared, CALLS - 1);
    assert_true(ask(&f, "a", "v", "id", NULL));
    tear_down(&f);
}

static void test_everybody_goes_away(void **state)
{
    fixture f;
    ol_data_key_limits limits;
    (void)state;
    ol_data_key_limits_default(&limits);
    assert_code(set_up(&f, &limits), OL_OK);
    for (size_t i = 0; i < 3; i++)
        assert_code(begin(&f, i, "a", "v", "id"), OL_WAIT);
    for (size_t i = 0; i < 3; i++) {
        f.kms->ops->cancel(f.kms, &f.askers[i].call);
        f.askers[i] = (asker){0};
    }
    fake_answer_all(&f.fake);
    ol_test_loop_turns(&f.loop, 2);
    assert_true(ask(&f, "a", "v", "id", NULL)); /* it was not in vain */
    tear_down(&f);
}

static int look(fixture *f, enum ol_kms_state *key_state)
{
    ol_error err = {0};
    asker *a = &f->askers[0];
    ol_secret_free(a->call.key, a->call.key_len);
    *a = (asker){.call = {.loop = f->loop.loop, .arena = f->arena, .key_id = OL_SLICE_LIT("id"),
                          .cb = on_key, .arg = a}};
    int rc = f->kms->ops->state(f->kms, &a->call, key_state, &err);
    if (rc != OL_WAIT)
        return rc;
    ol_test_loop_until(&f->loop, &a->done, OL_TEST_BOUND_MS);
    return a->code;
}

/* A key's state is remembered like a data key; one that cannot be used, for a second at most. */
static void test_states(void **state)
{
    fixture f;
    ol_data_key_limits limits;
    enum ol_kms_state key_state = OL_KMS_MISSING;
    (void)state;
    ol_data_key_limits_default(&limits);
    limits.denial_ms = 0;
    assert_code(set_up(&f, &limits), OL_OK);
    assert_code(look(&f, &key_state), OL_OK);
    assert_int_equal(key_state, OL_KMS_ENABLED);
    key_state = OL_KMS_MISSING;
    assert_code(look(&f, &key_state), OL_OK);
    assert_int_equal(key_state, OL_KMS_ENABLED);
    assert_int_equal(f.fake.looked, 1);
    assert_slice(f.askers[0].call.used_key, "arn:aws:kms:r:a:key/fake");
    assert_null(f.askers[0].call.key);
    assert_false(ask(&f, "a", NULL, "id", NULL)); /* no key is opened by it */
    f.fake.key_state = OL_KMS_DISABLED;
    ol_data_key_cache_clear(f.cache);
    for (unsigned i = 0; i < 2; i++) {
        assert_code(look(&f, &key_state), OL_OK);
        assert_int_equal(key_state, OL_KMS_DISABLED);
    }
    assert_int_equal(f.fake.looked, 3);
    f.fake.refusal = OL_EKMSUNAVAILABLE;
    assert_code(look(&f, &key_state), OL_EKMSUNAVAILABLE);
    assert_int_equal(stats_of(&f).bytes, 0);
    tear_down(&f);
}

static void test_what_is_too_old_is_wiped(void **state)
{
    fixture f;
    ol_data_key_limits limits;
    (void)state;
    ol_data_key_limits_default(&limits);
    limits.age_ms = 20;
    assert_code(set_up(&f, &limits), OL_OK);
    ask(&f, "a", "v", "id", NULL);
    ask(&f, "b", "v", "id", NULL);
    ol_data_key_cache_expire(f.cache);
    while (stats_of(&f).entries > 0)
        ol_data_key_cache_expire(f.cache);
    assert_int_equal(stats_of(&f).bytes, 0);
    assert_int_equal(stats_of(&f).expired, 2);
    tear_down(&f);
}

static void test_made_keys_are_hits_when_opened(void **state)
{
    fixture f;
    ol_data_key_limits limits;
    ol_error err = {0};
    (void)state;
    ol_data_key_limits_default(&limits);
    assert_code(set_up(&f, &limits), OL_OK);
    for (int way = 0; way < 2; way++) {
        asker *a = &f.askers[1];
        f.fake.at_once = way == 0;
        *a = (asker){.call = {.loop = f.loop.loop, .arena = f.arena, .key_id = OL_SLICE_LIT("id"),
                              .key_bytes = 32, .cb = on_key, .arg = a}};
        int rc = f.kms->ops->generate(f.kms, &a->call, &err);
        if (rc == OL_WAIT)
            fake_answer_all(&f.fake);
        assert_code(way == 0 ? rc : a->code, OL_OK);
        ol_kms_call opens = {.loop = f.loop.loop, .arena = f.arena, .key_id = a->call.used_key,
                             .blob = a->call.wrapped, .key_bytes = 32};
        assert_code(f.kms->ops->open(f.kms, &opens, &err), OL_OK);
        assert_true(opens.cached);
        assert_memory_equal(opens.key, a->call.key, 32);
        ol_secret_free(opens.key, 32);
        ol_secret_free(a->call.key, 32);
        a->call.key = NULL;
    }
    assert_int_equal(f.fake.made, 2);
    assert_int_equal(f.fake.asked, 0);
    f.fake.at_once = false;
    asker *a = &f.askers[1];
    *a = (asker){.call = {.loop = f.loop.loop, .arena = f.arena, .cb = on_key, .arg = a}};
    assert_code(f.kms->ops->generate(f.kms, &a->call, &err), OL_WAIT);
    f.kms->ops->cancel(f.kms, &a->call);
    assert_int_equal(f.fake.cancelled, 1);
    tear_down(&f);
}

static int once(void *arg)
{
    fixture *f = arg;
    ol_data_key_limits limits;
    ol_data_key_limits_default(&limits);
    int rc = set_up(f, &limits);
    f->fake.at_once = true;
    if (rc == OL_OK)
        rc = begin(f, 0, "a", "v", "id");
    if (rc == OL_WAIT) {
        ol_test_loop_until(&f->loop, &f->askers[0].done, OL_TEST_BOUND_MS);
        rc = f->askers[0].code;
    }
    if (rc == OL_OK)
        rc = begin(f, 1, "a", "v", "id");
    if (rc == OL_WAIT) {
        ol_test_loop_until(&f->loop, &f->askers[1].done, OL_TEST_BOUND_MS);
        rc = f->askers[1].code;
    }
    tear_down(f);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    static fixture f;
    (void)state;
    assert_true(ol_test_fail_each(once, &f) > 5);
}

/* ---- many loops ---- */

#define THREADS 4
#define ROUNDS 400

typedef struct worker {
    fixture *shared;
    pthread_t thread;
    unsigned index;
    unsigned wrong;
} worker;

static void *work(void *arg)
{
    worker *w = arg;
    ol_loop *loop;
    ol_error err = {0};
    if (ol_loop_new(&loop, w->index) != OL_OK)
        return NULL;
    ol_arena *arena = ol_arena_new(1 << 20);
    ol_test_random random = {.state = w->index + 1};
    for (unsigned i = 0; i < ROUNDS; i++) {
        char blob[3] = {(char)('a' + ol_test_random_below(&random, 6)), '\0'};
        asker a = {.call = {.loop = loop, .arena = arena, .key_id = OL_SLICE_LIT("id"),
                            .blob = ol_slice_cstr(blob), .cb = on_key}};
        a.call.arg = &a;
        int rc = w->shared->kms->ops->open(w->shared->kms, &a.call, &err);
        bool leaves = rc == OL_WAIT && ol_test_random_below(&random, 4) == 0;
        if (leaves)
            w->shared->kms->ops->cancel(w->shared->kms, &a.call);
        while (rc == OL_WAIT && !leaves && !a.done)
            uv_run(ol_loop_uv(loop), UV_RUN_ONCE);
        if (!leaves && (!a.call.key || a.call.key[0] != blob[0]))
            w->wrong++;
        ol_secret_free(a.call.key, 32);
        uv_run(ol_loop_uv(loop), UV_RUN_NOWAIT);
        if (i % 50 == 0)
            ol_data_key_cache_clear(w->shared->cache);
    }
    ol_loop_stop(loop);
    ol_loop_run(loop);
    ol_loop_destroy(loop);
    ol_arena_destroy(arena);
    return NULL;
}

static void test_threads(void **state)
{
    fixture f;
    worker workers[THREADS];
    ol_data_key_limits limits = {.age_ms = 1, .bytes_max = 128, .entries_max = 3, .uses_max = 5};
    (void)state;
    assert_code(set_up(&f, &limits), OL_OK);
    f.fake.next_turn = true;
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (worker){.shared = &f, .index = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].wrong, 0);
    }
    ol_data_key_stats stats = stats_of(&f);
    assert_true(stats.misses > 0 && stats.hits + stats.shared > 0);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_a_hit),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_many_ask_once),
        cmocka_unit_test(test_everybody_goes_away),
        cmocka_unit_test(test_made_keys_are_hits_when_opened),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_what_is_too_old_is_wiped),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
