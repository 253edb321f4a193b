/* SPDX-License-Identifier: MIT */
/*
 * Reading, the source stage and read_at, under bad conditions: slow neighbours, offered memory,
 * no page cache, files that shrink or vanish, and being closed on the way.
 */
#include "store_kit.h"
#include "store_trap.h"

#include <fcntl.h>
#include <sys/uio.h>

#define LARGE 300001u /* more than one buffer, and not cached whole */

/* ---- bodies ---- */

typedef struct body_case {
    size_t len;
    enum { CACHED, NOWAIT, THREAD } way;
} body_case;

static const body_case body_cases[] = {
    {0, CACHED},     {1000, CACHED},  {LARGE, NOWAIT},
    {LARGE, THREAD}, {20000, NOWAIT}, {20000, THREAD},
};

/* Whether the file system under the tests reads without waiting at all (tmpfs may not). */
static bool has_nowait(const store_kit *kit)
{
    char path[240], byte = 'x';
    snprintf(path, sizeof path, "%s/probe", kit->path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, &byte, 1), 1);
    struct iovec vec = {&byte, 1};
    bool has = preadv2(fd, &vec, 1, 0, RWF_NOWAIT) == 1;
    close(fd);
    return has;
}

/* The first ways that do not cut into single bytes are enough for large bodies. */
static unsigned ways_for(size_t len)
{
    return len < LARGE ? OL_TEST_WAYS : 1;
}

static void read_through(store_kit *kit, ol_object *object, ol_slice body, unsigned way,
                         bool offers)
{
    ol_test_bench_again(&kit->bench);
    ol_test_pedant pedant = {0};
    ol_test_collect collect = {.offers = offers, .wait_every = way % 2 ? 3 : 0};
    const ol_stage_ops *ops;
    const void *config;
    ol_byte_range range = {body.len / 3, body.len - body.len / 3};
    assert_code(kit->origin->ops->body(object, range, kit->bench.arena, &ops, &config), OL_OK);
    ol_test_bench_add(&kit->bench, ops, config);
    if (!offers)
        ol_test_bench_below(&kit->bench, way, &pedant);
    ol_test_bench_collect(&kit->bench, &collect);
    assert_code(ol_test_bench_run(&kit->bench), OL_OK);
    assert_slices(ol_test_collect_out(&collect), ol_slice_from(body, body.len / 3));
    if (offers && body.len == LARGE && has_nowait(kit))
        assert_true(collect.offered_used > 0);
    ol_test_collect_fini(&collect);
}

static void bodies_pass_slow_and_cut(void **state)
{
    (void)state;
    store_kit kit;
    kit_init(&kit);
    for (size_t i = 0; i < sizeof body_cases / sizeof *body_cases; i++) {
        const body_case *c = &body_cases[i];
        kit.options.cache_object_bytes_max = c->way == CACHED ? 262144 : 0;
        kit_start(&kit);
        assert_code(ol_store_ensure_bucket(kit.origin, OL_SLICE_LIT("b"), NULL), OL_OK);
        ol_slice body = kit_bytes(c->len, i);
        assert_code(kit_put(&kit, "k", body), OL_OK);
        trap t;
        trap_open(&t);
        trap_fail(&t, OL_STORE_READ_NOWAIT, c->way == THREAD ? EAGAIN : 0, 0);
        ol_object *object;
        assert_code(kit_open_key(&kit, "k", &object), OL_OK);
        for (unsigned way = 0; way < ways_for(c->len); way++)
            read_through(&kit, object, body, way, false);
        /* From the page cache, files are read into offered memory. */
        read_through(&kit, object, body, 0, c->way == NOWAIT);
        kit_close_object(&kit, object);
        kit_free(body);
        kit_stop(&kit);
        trap_close(&t);
    }
    kit_start(&kit);
    kit_fini(&kit);
}

static void ranges_are_exact(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(LARGE, 3);
    assert_code(kit_put(&kit, "k", body), OL_OK);
    ol_object *object;
    assert_code(kit_open_key(&kit, "k", &object), OL_OK);
    const ol_byte_range good[] = {{0, 0},     {0, 1},      {LARGE - 1, 1},
                                  {LARGE, 0}, {1, 262144}, {262143, 3}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ol_test_collect collect = {0};
        assert_code(kit_read(&kit, object, good[i], &collect), OL_OK);
        assert_int_equal(collect.head.content_length, good[i].length);
        assert_slices(ol_test_collect_out(&collect),
                      ol_slice_first(ol_slice_from(body, good[i].start), good[i].length));
        ol_test_collect_fini(&collect);
    }
    const ol_byte_range bad[] = {{0, LARGE + 1}, {LARGE, 1}, {LARGE + 1, 0}, {1, UINT64_MAX}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ol_test_collect collect = {0};
        assert_code(kit_read(&kit, object, bad[i], &collect), OL_EINVAL);
    }
    kit_close_object(&kit, object);
    kit_free(body);
    kit_fini(&kit);
}

/* More than a megabyte in one turn would starve the loop's other work. */
static void a_fast_download_lets_others_run(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(8 << 20, 4);
    assert_code(kit_put(&kit, "k", body), OL_OK);
    ol_object *object;
    assert_code(kit_open_key(&kit, "k", &object), OL_OK);
    ol_test_bench_again(&kit.bench);
    const ol_stage_ops *ops;
    const void *config;
    ol_test_collect collect = {0};
    ol_byte_range all = {0, body.len};
    assert_code(kit.origin->ops->body(object, all, kit.bench.arena, &ops, &config), OL_OK);
    ol_test_bench_add(&kit.bench, ops, config);
    ol_test_bench_collect(&kit.bench, &collect);
    assert_code(ol_test_bench_start(&kit.bench), OL_OK);
    assert_true(collect.len <= (2u << 20));
    for (uint64_t end = ol_clock_mono_ms() + OL_TEST_BOUND_MS; !kit.bench.done;) {
        assert_true(ol_clock_mono_ms() < end);
        size_t before = collect.len;
        ol_test_loop_turns(&kit.bench.loop, 1);
        /* A turn drains what was deferred before and after it polls. */
        assert_true(collect.len - before <= (4u << 20));
    }
    assert_code(ol_test_bench_wait(&kit.bench), OL_OK);
    assert_slices(ol_test_collect_out(&collect), body);
    ol_test_collect_fini(&collect);
    kit_close_object(&kit, object);
    kit_free(body);
    kit_fini(&kit);
}

/* ---- originals that are not what they were ---- */

static void with_only_file(store_kit *kit, off_t len)
{
    assert_int_equal(kit_files(kit, "objects"), 1);
    assert_int_equal(len < 0 ? unlink(kit_counted.last) : truncate(kit_counted.last, len), 0);
}

static void a_file_that_shrank_is_never_a_whole_body(void **state)
{
    (void)state;
    const off_t lens[] = {0, 1, 150000, 262144, LARGE - 1};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        store_kit kit;
        kit_open(&kit);
        ol_slice body = kit_bytes(LARGE, 5);
        assert_code(kit_put(&kit, "k", body), OL_OK);
        ol_object *object;
        assert_code(kit_open_key(&kit, "k", &object), OL_OK);
        with_only_file(&kit, lens[i]);
        ol_test_collect collect = {0};
        assert_code(kit_read(&kit, object, (ol_byte_range){0, LARGE}, &collect), OL_EORIGIN);
        assert_false(collect.finished);
        assert_true(collect.len <= (size_t)lens[i]);
        ol_test_collect_fini(&collect);
        uint8_t byte;
        size_t got;
        kit_answer answer = {0};
        ol_error err = {0};
        int rc = kit.origin->ops->read_at(object, LARGE - 1, (ol_span){&byte, 1}, &got, kit_on_read,
                                          &answer, &err);
        assert_code(kit_settle(&kit, rc, &answer), OL_EORIGIN);
        kit_close_object(&kit, object);
        /* Opened anew, it is known at once. */
        kit_restart(&kit);
        assert_code(kit_open_key(&kit, "k", &object), OL_EORIGIN);
        kit_free(body);
        kit_fini(&kit);
    }
}

static void a_lost_file_is_an_error(void **state)
{
    (void)state;
    for (size_t len = 20000; len <= 400000; len += 380000) {
        store_kit kit;
        kit_open(&kit);
        ol_slice body = kit_bytes(len, 6);
        assert_code(kit_put(&kit, "k", body), OL_OK);
        with_only_file(&kit, -1);
        ol_object *object;
        ol_error err = {0};
        assert_code(kit_open_object(&kit, OL_SLICE_LIT("b"), OL_SLICE_LIT("k"), OL_SLICE_NONE,
                                    &object, &err), OL_EORIGIN);
        assert_null(strstr(err.message, kit.path));
        assert_code(kit_put(&kit, "k", body), OL_OK);
        kit_expect(&kit, "k", body);
        kit_free(body);
        kit_fini(&kit);
    }
}

static void an_unreadable_file_breaks_the_body(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(LARGE, 7), small = kit_bytes(50000, 7);
    assert_code(kit_put(&kit, "k", body), OL_OK);
    assert_code(kit_put(&kit, "small", small), OL_OK);
    ol_object *object;
    assert_code(kit_open_key(&kit, "k", &object), OL_OK);
    trap t;
    trap_open(&t);
    trap_fail(&t, OL_STORE_READ_NOWAIT, EAGAIN, 1);
    trap_fail(&t, OL_STORE_READ, EIO, 0);
    ol_test_collect collect = {0};
    assert_code(kit_read(&kit, object, (ol_byte_range){0, LARGE}, &collect), OL_EORIGIN);
    assert_true(collect.len < LARGE && !collect.finished);
    if (has_nowait(&kit))
        assert_true(collect.len > 0);
    ol_test_collect_fini(&collect);
    kit_close_object(&kit, object);
    assert_code(kit_open_key(&kit, "small", &object), OL_EORIGIN);
    trap_close(&t);
    kit_expect(&kit, "small", small);
    kit_free(body);
    kit_free(small);
    kit_fini(&kit);
}

/* ---- read_at ---- */

static void read_at_everywhere(void **state)
{
    (void)state;
    for (int threads = 0; threads < 2; threads++) {
        store_kit kit;
        kit_open(&kit);
        ol_slice body = kit_bytes(LARGE, 8);
        assert_code(kit_put(&kit, "large", body), OL_OK);
        assert_code(kit_put(&kit, "small", ol_slice_first(body, 5000)), OL_OK);
        trap t;
        trap_open(&t);
        trap_fail(&t, OL_STORE_READ_NOWAIT, threads ? EAGAIN : 0, 0);
        ol_test_random random = {99};
        uint8_t *to = malloc(LARGE + 10);
        for (int i = 0; i < 200; i++) {
            ol_object *object;
            assert_code(kit_open_key(&kit, i % 2 ? "large" : "small", &object), OL_OK);
            size_t size = (size_t)kit.origin->ops->info(object)->size;
            uint64_t offset = ol_test_random_below(&random, size + 10);
            size_t len = ol_test_random_below(&random, i % 5 ? 1000 : LARGE + 10);
            size_t left = offset < size ? size - (size_t)offset : 0;
            size_t want = len < left ? len : left, got = 12345;
            kit_answer answer = {0};
            ol_error err = {0};
            int rc = kit.origin->ops->read_at(object, offset, (ol_span){to, len}, &got, kit_on_read,
                                              &answer, &err);
            bool waited = rc == OL_WAIT;
            assert_code(kit_settle(&kit, rc, &answer), OL_OK);
            assert_int_equal(waited ? answer.got : got, want);
            if (want > 0)
                assert_memory_equal(to, body.data + offset, want);
            assert_true(answer.calls == waited);
            if (i % 2 && threads && want > 0)
                assert_true(waited);
            kit_close_object(&kit, object);
        }
        free(to);
        trap_close(&t);
        kit_free(body);
        kit_fini(&kit);
    }
}

/* The span may be gone as soon as the object is closed. */
static void closing_drops_running_reads(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(LARGE, 9);
    assert_code(kit_put(&kit, "k", body), OL_OK);
    for (int piece = 0; piece < 3; piece++) {
        ol_object *object;
        assert_code(kit_open_key(&kit, "k", &object), OL_OK);
        trap t;
        trap_open(&t);
        trap_fail(&t, OL_STORE_READ_NOWAIT, EAGAIN, 0);
        trap_stop(&t, OL_STORE_READ, piece);
        uint8_t *to = malloc(LARGE), other;
        size_t got;
        kit_answer answer = {0}, second = {0};
        assert_code(kit.origin->ops->read_at(object, 0, (ol_span){to, LARGE}, &got, kit_on_read,
                                             &answer, NULL), OL_WAIT);
        trap_wait(&t, &kit.bench.loop);
        assert_code(kit.origin->ops->read_at(object, 7, (ol_span){&other, 1}, &got, kit_on_read,
                                             &second, NULL), OL_WAIT);
        kit_close_object(&kit, object);
        free(to);
        trap_let_go(&t);
        kit_restart(&kit);
        assert_int_equal(answer.calls + second.calls, 0);
        trap_close(&t);
    }
    kit_free(body);
    kit_fini(&kit);
}

static void a_body_may_be_closed_while_it_reads(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(LARGE, 10);
    assert_code(kit_put(&kit, "k", body), OL_OK);
    for (int piece = 0; piece < 2; piece++) {
        ol_object *object;
        assert_code(kit_open_key(&kit, "k", &object), OL_OK);
        trap t;
        trap_open(&t);
        trap_fail(&t, OL_STORE_READ_NOWAIT, EAGAIN, 0);
        trap_stop(&t, OL_STORE_READ, piece);
        const ol_stage_ops *ops;
        const void *config;
        ol_test_collect collect = {.offers = true};
        ol_byte_range all = {0, LARGE};
        ol_test_bench_again(&kit.bench);
        assert_code(kit.origin->ops->body(object, all, kit.bench.arena, &ops, &config), OL_OK);
        ol_test_bench_add(&kit.bench, ops, config);
        ol_test_bench_collect(&kit.bench, &collect);
        assert_code(ol_test_bench_start(&kit.bench), OL_OK);
        trap_wait(&t, &kit.bench.loop);
        ol_test_bench_again(&kit.bench);
        kit_close_object(&kit, object);
        trap_let_go(&t);
        kit_restart(&kit);
        trap_close(&t);
        ol_test_collect_fini(&collect);
    }
    kit_free(body);
    kit_fini(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_pass_slow_and_cut),
        cmocka_unit_test(ranges_are_exact),
        cmocka_unit_test(a_fast_download_lets_others_run),
        cmocka_unit_test(a_file_that_shrank_is_never_a_whole_body),
        cmocka_unit_test(a_lost_file_is_an_error),
        cmocka_unit_test(an_unreadable_file_breaks_the_body),
        cmocka_unit_test(read_at_everywhere),
        cmocka_unit_test(closing_drops_running_reads),
        cmocka_unit_test(a_body_may_be_closed_while_it_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
