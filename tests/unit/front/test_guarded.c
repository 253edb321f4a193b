/* SPDX-License-Identifier: MIT */
/*
 * Originals whose first bytes are looked at before any part of them is handed out: bodies from the
 * beginning, pieces from elsewhere, read_at; the look at once or turns later, cut into bytes, before a
 * slow client, closed at every point, without memory. The original is played by this test.
 */
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/later.h"
#include "lib/pipeline_stages.h"

#include "base/alloc.h"
#include "front/originals/sealed_guard_stage.h"
#include "read_result.h"

#define BYTES 3000u

static uint8_t bytes[BYTES];

/* ---- the original ---- */

typedef struct played {
    ol_object base;
    ol_object_info info;
    ol_loop *loop;
    unsigned look_turns; /* a read is answered so much later; 0 = at once */
    unsigned piece_bytes;
    unsigned reads;
    bool fails, is_short;
    ol_test_later *later;
    ol_span span;
    uint64_t offset;
    ol_read_cb cb;
    void *arg;
} played;

static size_t copy(const played *p)
{
    size_t left = (size_t)(p->info.size - p->offset);
    size_t got = p->is_short ? 3 : p->span.len < left ? p->span.len : left;
    memcpy(p->span.data, bytes + p->offset, got);
    return got;
}

static void on_later(void *arg)
{
    played *p = arg;
    ol_error err = {0};
    p->later = NULL;
    if (p->fails)
        ol_error_set(&err, OL_EINTERNAL, "played");
    p->cb(p->arg, p->fails ? &err : NULL, p->fails ? 0 : copy(p));
}

static int play_read(ol_object *object, uint64_t offset, ol_span span, size_t *got, ol_read_cb cb,
                     void *arg, ol_error *err)
{
    played *p = (played *)object;
    p->reads++;
    p->span = span;
    p->offset = offset;
    p->cb = cb;
    p->arg = arg;
    if (p->look_turns > 0) {
        assert_null(p->later);
        p->later = ol_test_later_start(p->loop, p->look_turns, on_later, p);
        return OL_WAIT;
    }
    *got = p->fails ? 0 : copy(p);
    return p->fails ? ol_error_set(err, OL_EINTERNAL, "played") : OL_OK;
}

static int play_body(ol_object *object, ol_byte_range range, ol_arena *arena,
                     const ol_stage_ops **ops, const void **config)
{
    const played *p = (const played *)object;
    ol_test_feed *feed = ol_arena_calloc(arena, sizeof(*feed));
    if (!feed)
        return OL_ENOMEM;
    *feed = (ol_test_feed){.body = ol_slice_of(bytes + range.start, range.length),
                           .piece_bytes = p->piece_bytes};
    *ops = &ol_test_feed_ops;
    *config = feed;
    return OL_OK;
}

static const ol_object_info *play_info(const ol_object *object)
{
    return &((const played *)object)->info;
}

static void play_drop(ol_object *object)
{
    played *p = (played *)object;
    ol_test_later_cancel(p->later);
    p->later = NULL;
}

static const ol_origin_ops play_ops = {.name = "played",
                                       .body = play_body,
                                       .read_at = play_read,
                                       .info = play_info,
                                       .drop_reads = play_drop,
                                       .close_object = play_drop};
static ol_origin play_origin = {.ops = &play_ops};

/* ---- the rig ---- */

typedef struct rig {
    ol_test_bench bench;
    played original;
    ol_object *object;
    ol_opened_book *book;
    ol_byte_range range;
    ol_sealed_guard config;
    ol_test_collect collect;
} rig;

static void set_up(rig *r, const char *first, uint64_t start, uint64_t length)
{
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (uint8_t)('a' + i % 23);
    memcpy(bytes, first, strlen(first));
    *r = (rig){.range = {start, length}, .original.base.origin = &play_origin};
    r->original.info = (ol_object_info){.size = BYTES, .etag = OL_SLICE_LIT("abc")};
}

static int open_object(rig *r)
{
    ol_error err = {0};
    const ol_object_ref ref = {.bucket = OL_SLICE_LIT("bucket"), .key = OL_SLICE_LIT("key")};
    ol_test_bench_open(&r->bench);
    r->original.loop = r->bench.loop.loop;
    return r->bench.rc == OL_OK
               ? ol_guarded_new(&r->object, &r->original.base, &ref, r->book, &err)
               : r->bench.rc;
}

static int add_stages(rig *r)
{
    const ol_stage_ops *ops;
    const void *config;
    int rc = r->object->origin->ops->body(r->object, r->range, r->bench.arena, &ops, &config);
    if (rc != OL_OK)
        return rc;
    r->config.object = ol_guarded_of(r->object);
    r->config.looks = r->range.start > 0 || r->range.length < OL_SEALED_PEEK_BYTES;
    ol_test_bench_add(&r->bench, ops, config);
    ol_test_bench_add(&r->bench, &ol_sealed_guard_stage_ops, &r->config);
    ol_test_bench_collect(&r->bench, &r->collect);
    return OL_OK;
}

static int run(rig *r)
{
    int rc = open_object(r);
    if (rc == OL_OK)
        rc = add_stages(r);
    return rc == OL_OK ? ol_test_bench_run(&r->bench) : rc;
}

static void tear_down(rig *r)
{
    if (r->bench.loop.loop) {
        ol_test_bench_again(&r->bench);
        if (r->object)
            r->object->origin->ops->close_object(r->object);
        ol_test_loop_turns(&r->bench.loop, 3);
    }
    ol_test_collect_fini(&r->collect);
    ol_test_bench_close(&r->bench);
}

static void assert_gave(const rig *r)
{
    assert_int_equal(r->collect.len, r->range.length);
    assert_memory_equal(r->collect.data, bytes + r->range.start, (size_t)r->range.length);
}

static const ol_byte_range ranges[] = {{0, BYTES}, {0, 3}, {5, 1}, {40, 100}, {1000, 2000}};
#define RANGES (sizeof(ranges) / sizeof(ranges[0]))

/* ---- bodies ---- */

static void plain_ones_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < RANGES; i++)
        for (unsigned way = 0; way < 12; way++) {
            rig r;
            set_up(&r, "plain", ranges[i].start, ranges[i].length);
            r.original.look_turns = way % 3 * 2;
            r.original.piece_bytes = way / 3 % 2;
            r.collect.wait_every = way / 6;
            assert_code(run(&r), OL_OK);
            assert_gave(&r);
            assert_true(r.collect.finished);
            assert_int_equal(r.original.reads, i > 0);
            tear_down(&r);
        }
}

static void sealed_ones_give_nothing(void **state)
{
    (void)state;
    static const char *const firsts[] = {"Salted__", "age-encryption.org/v1\n",
                                         "-----BEGIN PGP MESSAGE-----"};
    for (size_t f = 0; f < sizeof(firsts) / sizeof(firsts[0]); f++)
        for (size_t i = 0; i < RANGES; i++)
            for (unsigned way = 0; way < 6; way++) {
                rig r;
                set_up(&r, firsts[f], ranges[i].start, ranges[i].length);
                r.original.look_turns = way % 3 * 2;
                r.original.piece_bytes = i > 0 && way / 3;
                assert_code(run(&r), OL_EDECRYPT);
                assert_int_equal(r.collect.len, 0);
                assert_true(i == 0 || !r.collect.headed);
                tear_down(&r);
            }
}

static void what_cannot_be_looked_at_gives_nothing(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 4; way++) {
        rig r;
        set_up(&r, "plain", 100, 100);
        r.original.look_turns = way % 2;
        r.original.fails = way / 2;
        r.original.is_short = !r.original.fails;
        assert_code(run(&r), r.original.fails ? OL_EINTERNAL : OL_EDECRYPT);
        assert_int_equal(r.collect.len, 0);
        tear_down(&r);
    }
}

/* ---- reads ---- */

static int read_here(rig *r, uint64_t offset, ol_span span, read_result *result)
{
    ol_error err = {0};
    size_t got = 0;
    int rc = r->object->origin->ops->read_at(r->object, offset, span, &got, on_read, result, &err);
    if (rc != OL_WAIT)
        *result = (read_result){true, rc, got};
    return rc;
}

static void reads_wait_for_the_look(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 4; way++) {
        bool sealed = way / 2;
        rig r;
        uint8_t a[20];
        read_result first = {0}, second = {0};
        set_up(&r, sealed ? "Salted__" : "plain", 0, 0);
        r.original.look_turns = way % 2 * 2;
        assert_code(open_object(&r), OL_OK);
        read_here(&r, 500, (ol_span){a, sizeof(a)}, &first);
        ol_test_loop_until(&r.bench.loop, &first.done, OL_TEST_BOUND_MS);
        assert_code(first.rc, sealed ? OL_EDECRYPT : OL_OK);
        assert_int_equal(first.got, sealed ? 0 : sizeof(a));
        assert_int_equal(r.original.reads, sealed ? 1 : 2);
        if (!sealed)
            assert_memory_equal(a, bytes + 500, sizeof(a));
        read_here(&r, BYTES - 5, (ol_span){a, sizeof(a)}, &second);
        ol_test_loop_until(&r.bench.loop, &second.done, OL_TEST_BOUND_MS);
        assert_code(second.rc, sealed ? OL_EDECRYPT : OL_OK);
        assert_int_equal(second.got, sealed ? 0 : 5);
        assert_int_equal(r.original.reads, sealed ? 2 : 3); /* one look was enough of a plain one */
        tear_down(&r);
    }
}

static void dropped_reads_are_not_called_back(void **state)
{
    (void)state;
    rig r;
    uint8_t a[20];
    read_result result = {0};
    set_up(&r, "plain", 0, 0);
    r.original.look_turns = 3;
    assert_code(open_object(&r), OL_OK);
    assert_code(read_here(&r, 9, (ol_span){a, sizeof(a)}, &result), OL_WAIT);
    r.object->origin->ops->drop_reads(r.object);
    ol_test_loop_turns(&r.bench.loop, 10);
    assert_false(result.done);
    assert_code(read_here(&r, 9, (ol_span){a, sizeof(a)}, &result), OL_WAIT);
    ol_test_loop_until(&r.bench.loop, &result.done, OL_TEST_BOUND_MS);
    assert_code(result.rc, OL_OK);
    tear_down(&r);
}

static void a_body_that_passed_was_a_look(void **state)
{
    (void)state;
    rig r;
    uint8_t a[20];
    read_result result = {0};
    set_up(&r, "plain", 0, BYTES);
    assert_code(run(&r), OL_OK);
    assert_code(read_here(&r, 9, (ol_span){a, sizeof(a)}, &result), OL_OK);
    assert_int_equal(r.original.reads, 1);
    tear_down(&r);
}

/* ---- what is remembered ---- */

static void a_plain_version_is_not_looked_at_again(void **state)
{
    (void)state;
    ol_opened_book *book = ol_opened_book_new(100000);
    for (unsigned i = 0; i < 4; i++) {
        rig r;
        set_up(&r, i == 3 ? "Salted__" : "plain", 100, 100);
        r.book = book;
        if (i == 2)
            r.original.info.etag = OL_SLICE_NONE; /* nothing tells the version */
        if (i == 3)
            r.original.info.etag = OL_SLICE_LIT("other");
        assert_code(run(&r), i == 3 ? OL_EDECRYPT : OL_OK);
        assert_int_equal(r.original.reads, i != 1);
        tear_down(&r);
    }
    ol_opened_book_destroy(book);
}

/* ---- endings ---- */

static void closes_at_every_turn(void **state)
{
    (void)state;
    for (unsigned turns = 0; turns < 12; turns++) {
        rig r;
        uint8_t a[20];
        read_result result = {0};
        long live = ol_alloc_live();
        set_up(&r, "plain", 100, 100);
        r.original.look_turns = 4;
        r.collect.wait_every = 1;
        assert_code(open_object(&r), OL_OK);
        assert_code(add_stages(&r), OL_OK);
        assert_code(ol_test_bench_start(&r.bench), OL_OK);
        if (turns < 3)
            read_here(&r, 7, (ol_span){a, sizeof(a)}, &result);
        ol_test_loop_turns(&r.bench.loop, turns);
        tear_down(&r);
        assert_no_leak(live);
    }
}

static int without_memory(void *arg)
{
    rig r;
    (void)arg;
    set_up(&r, "plain", 100, 100);
    r.original.look_turns = 1;
    int rc = run(&r);
    if (rc != OL_OK)
        assert_false(r.collect.finished);
    tear_down(&r);
    return rc;
}

static void survives_any_failure_of_memory(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(without_memory, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_ones_pass),
        cmocka_unit_test(sealed_ones_give_nothing),
        cmocka_unit_test(what_cannot_be_looked_at_gives_nothing),
        cmocka_unit_test(reads_wait_for_the_look),
        cmocka_unit_test(dropped_reads_are_not_called_back),
        cmocka_unit_test(a_body_that_passed_was_a_look),
        cmocka_unit_test(a_plain_version_is_not_looked_at_again),
        cmocka_unit_test(closes_at_every_turn),
        cmocka_unit_test(survives_any_failure_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
