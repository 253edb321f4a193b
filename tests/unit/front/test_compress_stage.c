/* SPDX-License-Identifier: MIT */
/* A compressed body unpacks to what went in, however it is cut, delayed or run again. */
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/later.h"
#include "lib/pipeline_kit.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/alloc.h"
#include "front/answer/compress_stage.h"
#include "pipeline/replay_stage.h"

#define BODY_BYTES ((size_t)200 * 1024)

static uint8_t body[BODY_BYTES];
static const char *const fields[] = {"content-type", "text/csv", "ETag", "\"abc-v\"",
                                     "Accept-Ranges", "bytes", NULL};
static const char *const image_fields[] = {"content-type", "image/jpeg", NULL};
static const unsigned codings[] = {OL_VIEW_GZIP, OL_VIEW_ZSTD};

/* Settles as the head stage does. */
static int settle(ol_stage *st, ol_head *head, ol_error *err)
{
    int rc = ol_compression_settle((ol_compression *)st->config, head);
    return rc == OL_OK ? ol_stage_head(st, head, err) : ol_error_set(err, rc, "head");
}

static int pass(ol_stage *st, ol_slice in, ol_error *err)
{
    return ol_stage_write(st, in, err);
}

static const ol_stage_ops settle_ops = {
    .name = "settle", .phase = OL_PHASE_CHECKSUM, .head = settle, .write = pass};

/* ---- unpacking ---- */

static size_t gunzip(ol_slice in, uint8_t *out, size_t size, bool *ended)
{
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)in.data,
                  .avail_in = (uInt)in.len,
                  .next_out = out,
                  .avail_out = (uInt)size};
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    int rc = inflate(&z, Z_SYNC_FLUSH);
    *ended = rc == Z_STREAM_END;
    assert_true(rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR);
    size_t len = size - z.avail_out;
    inflateEnd(&z);
    return len;
}

static size_t unzstd(ol_slice in, uint8_t *out, size_t size, bool *ended)
{
    ZSTD_DCtx *dctx = ZSTD_createDCtx();
    ZSTD_inBuffer from = {.src = in.data, .size = in.len};
    ZSTD_outBuffer to = {.dst = out, .size = size};
    size_t left = 1;
    while (from.pos < from.size && left != 0) {
        left = ZSTD_decompressStream(dctx, &to, &from);
        assert_false(ZSTD_isError(left));
    }
    *ended = left == 0;
    ZSTD_freeDCtx(dctx);
    return to.pos;
}

/* What can be read of it so far. */
static size_t unpack(unsigned coding, ol_slice in, uint8_t *out, size_t size, bool *ended)
{
    return coding == OL_VIEW_GZIP ? gunzip(in, out, size, ended) : unzstd(in, out, size, ended);
}

static void assert_unpacks(unsigned coding, ol_slice packed, ol_slice want)
{
    uint8_t *out = malloc(want.len + 1);
    bool ended;
    assert_non_null(out);
    size_t len = unpack(coding, packed, out, want.len + 1, &ended);
    assert_true(ended);
    assert_slices(ol_slice_of(out, len), want);
    free(out);
}

/* ---- a rig ---- */

typedef struct rig {
    ol_test_bench bench;
    ol_arena *arena; /* the compression's: outlives a bench's runs */
    ol_compression *compression;
    ol_replay record;
    ol_test_collect collect;
} rig;

static void set_up(rig *r, unsigned coding)
{
    ol_test_bench_open(&r->bench);
    r->arena = ol_arena_new(64 * 1024);
    r->compression = r->arena ? ol_compression_new(r->arena, coding) : NULL;
    ol_replay_init(&r->record);
}

static int run(rig *r, ol_test_feed *feed, unsigned way)
{
    if (!r->compression)
        return OL_ENOMEM;
    ol_test_bench_feed(&r->bench, feed);
    ol_test_bench_add(&r->bench, &settle_ops, r->compression);
    ol_test_bench_above(&r->bench, way);
    ol_test_bench_add(&r->bench, &ol_replay_stage_ops, &r->record);
    ol_test_bench_add(&r->bench, &ol_compress_stage_ops, r->compression);
    ol_test_bench_below(&r->bench, way, NULL);
    ol_test_bench_collect(&r->bench, &r->collect);
    return ol_test_bench_run(&r->bench);
}

static void tear_down(rig *r)
{
    ol_test_bench_close(&r->bench);
    ol_arena_destroy(r->arena);
    ol_test_collect_fini(&r->collect);
}

static ol_test_feed feed_of(size_t len, size_t piece)
{
    return (ol_test_feed){
        .body = ol_slice_of(body, len), .piece_bytes = piece, .hide_length = true, .fields = fields};
}

static void make_body(void)
{
    ol_test_random random = {7};
    for (size_t i = 0; i < sizeof(body); i++)
        body[i] = (uint8_t)('a' + ol_test_random_below(&random, i % 100 < 60 ? 3 : 26));
}

/* ---- tests ---- */

static void every_cut_unpacks_to_the_body(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 5000, BODY_BYTES};
    for (size_t c = 0; c < 2; c++)
        for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++)
            for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
                if (lengths[l] == BODY_BYTES && way != 0 && way != 3 && way != 4)
                    continue; /* byte by byte, the short ones will do */
                rig r = {.collect = {.wait_every = 1 + way % 3}};
                ol_test_feed feed = feed_of(lengths[l], way % 2 ? 1000 : 0);
                set_up(&r, codings[c]);
                assert_code(run(&r, &feed, way), OL_OK);
                assert_true(r.collect.finished);
                assert_unpacks(codings[c], ol_test_collect_out(&r.collect), feed.body);
                tear_down(&r);
            }
}

static void the_head_says_so(void **state)
{
    (void)state;
    rig r = {0};
    ol_test_feed feed = feed_of(5000, 0);
    feed.hide_length = false;
    set_up(&r, OL_VIEW_ZSTD);
    assert_code(run(&r, &feed, 0), OL_OK);
    const ol_head *head = &r.collect.head;
    assert_int_equal(head->content_length, -1);
    assert_slice(ol_headers_get(&head->headers, "content-encoding"), "zstd");
    assert_slice(ol_headers_get(&head->headers, "etag"), "\"abc-v.zstd\"");
    assert_null(ol_headers_get(&head->headers, "accept-ranges").data);
    assert_true(r.collect.len < 5000);
    tear_down(&r);
}

static void what_does_not_suit_passes_as_it_is(void **state)
{
    (void)state;
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        rig r = {.collect = {.wait_every = 2}};
        ol_test_feed feed = feed_of(5000, 700);
        feed.fields = image_fields;
        set_up(&r, OL_VIEW_GZIP);
        assert_code(run(&r, &feed, way), OL_OK);
        assert_slices(ol_test_collect_out(&r.collect), feed.body);
        assert_null(ol_headers_get(&r.collect.head.headers, "content-encoding").data);
        assert_false(ol_compression_is_active(r.compression));
        tear_down(&r);
    }
}

/* The first run breaks off anywhere; the second goes on in the same compressed stream. */
static void a_second_run_goes_on(void **state)
{
    (void)state;
    for (size_t c = 0; c < 2; c++)
        for (size_t at = 0; at <= 60000; at += 1499) {
            rig r = {0};
            ol_test_feed first = feed_of(60000, 900), second = feed_of(60000, 1 + at % 7000);
            first.fails = true;
            first.fail_at = at;
            set_up(&r, codings[c]);
            assert_code(run(&r, &first, at % 2 ? 2 : 0), OL_EORIGIN);
            ol_test_bench_again(&r.bench);
            assert_code(run(&r, &second, 0), OL_OK);
            assert_unpacks(codings[c], ol_test_collect_out(&r.collect), second.body);
            tear_down(&r);
        }
}

/* A body that breaks off never looks complete. */
static void a_failure_never_ends_the_stream(void **state)
{
    (void)state;
    for (size_t c = 0; c < 2; c++)
        for (size_t at = 1; at <= BODY_BYTES; at += BODY_BYTES / 7) {
            rig r = {0};
            uint8_t *out = malloc(BODY_BYTES + 1);
            ol_test_feed feed = feed_of(BODY_BYTES, 4000);
            bool ended = false;
            feed.fails = true;
            feed.fail_at = at;
            set_up(&r, codings[c]);
            assert_code(run(&r, &feed, 0), OL_EORIGIN);
            assert_false(r.collect.finished);
            unpack(codings[c], ol_test_collect_out(&r.collect), out, BODY_BYTES + 1, &ended);
            assert_false(ended);
            free(out);
            tear_down(&r);
        }
}

static void a_sink_that_fails_ends_it(void **state)
{
    (void)state;
    rig r = {.collect = {.fails = true, .fail_at = 20000}};
    ol_test_feed feed = feed_of(BODY_BYTES, 4000);
    set_up(&r, OL_VIEW_GZIP);
    assert_code(run(&r, &feed, 0), OL_EPEER);
    tear_down(&r);
}

/* ---- a slow source ---- */

typedef struct trickle {
    ol_stage *st;
    ol_head head;
    size_t sent;
} trickle;

static trickle *open_trickle;

static int trickle_open(ol_stage *st, ol_error *err)
{
    trickle *self = st->state;
    (void)err;
    self->st = st;
    self->head = (ol_head){.status = 200, .content_length = -1};
    ol_headers_init(&self->head.headers, ol_stage_arena(st));
    open_trickle = self;
    return ol_headers_add(&self->head.headers, OL_SLICE_LIT("content-type"),
                          OL_SLICE_LIT("text/plain"));
}

static void trickle_resume(ol_stage *st)
{
    ol_error err = {0};
    trickle *self = st->state;
    if (self->sent == 0)
        assert_code(ol_stage_head(st, &self->head, &err), OL_OK);
}

static const ol_stage_ops trickle_ops = {.name = "trickle",
                                         .phase = OL_PHASE_SOURCE,
                                         .state_size = sizeof(trickle),
                                         .open = trickle_open,
                                         .resume = trickle_resume};

static int trickle_send(size_t len)
{
    trickle *self = open_trickle;
    ol_error err = {0};
    int rc = ol_stage_write(self->st, ol_slice_of(body + self->sent, len), &err);
    self->sent += len;
    return rc;
}

typedef struct wish {
    rig *r;
    unsigned coding;
    size_t bytes;
} wish;

static bool can_be_read(void *arg)
{
    const wish *self = arg;
    uint8_t out[1000];
    bool ended;
    return unpack(self->coding, ol_test_collect_out(&self->r->collect), out, sizeof(out), &ended) ==
           self->bytes;
}

/* What was written can be read at the other end before more is written. */
static void a_slow_stream_flows(void **state)
{
    (void)state;
    for (size_t c = 0; c < 2; c++) {
        rig r = {.collect = {.wait_every = 2}};
        ol_error err = {0};
        set_up(&r, codings[c]);
        ol_test_bench_add(&r.bench, &trickle_ops, NULL);
        ol_test_bench_add(&r.bench, &settle_ops, r.compression);
        ol_test_bench_add(&r.bench, &ol_compress_stage_ops, r.compression);
        ol_test_bench_collect(&r.bench, &r.collect);
        assert_code(ol_test_bench_start(&r.bench), OL_OK);
        for (size_t sent = 1; sent <= 40; sent++) {
            wish all = {&r, codings[c], sent};
            assert_code(trickle_send(1), OL_OK);
            ol_test_loop_until_fn(&r.bench.loop, can_be_read, &all, OL_TEST_BOUND_MS);
        }
        assert_code(ol_stage_finish(open_trickle->st, &err), OL_OK);
        assert_code(ol_test_bench_wait(&r.bench), OL_OK);
        assert_unpacks(codings[c], ol_test_collect_out(&r.collect), ol_slice_of(body, 40));
        tear_down(&r);
    }
}

/* ---- a sink that keeps what it was given until it is told ---- */

typedef struct gate {
    ol_stage *st;
    bool holds; /* a write waits */
    bool ended;
    ol_buf out;
} gate;

static int gate_open(ol_stage *st, ol_error *err)
{
    (void)err;
    ((gate *)st->config)->st = st;
    return OL_OK;
}

static int gate_head(ol_stage *st, ol_head *head, ol_error *err)
{
    (void)st, (void)head, (void)err;
    return OL_OK;
}

static int gate_write(ol_stage *st, ol_slice in, ol_error *err)
{
    gate *self = (gate *)st->config;
    (void)err;
    assert_false(self->holds);
    assert_int_equal(ol_buf_add(&self->out, in), OL_OK);
    self->holds = true;
    return OL_WAIT;
}

static int gate_finish(ol_stage *st, ol_error *err)
{
    ((gate *)st->config)->ended = true;
    return ol_stage_finish(st, err);
}

static const ol_stage_ops gate_ops = {.name = "gate",
                                      .phase = OL_PHASE_SINK,
                                      .open = gate_open,
                                      .head = gate_head,
                                      .write = gate_write,
                                      .finish = gate_finish};

static void pass_gate(gate *g)
{
    g->holds = false;
    ol_stage_ready(g->st);
}

static void start_with_gate(rig *r, gate *g, unsigned coding)
{
    ol_buf_init(&g->out, 1 << 20);
    set_up(r, coding);
    ol_test_bench_add(&r->bench, &trickle_ops, NULL);
    ol_test_bench_add(&r->bench, &settle_ops, r->compression);
    ol_test_bench_add(&r->bench, &ol_compress_stage_ops, r->compression);
    ol_test_bench_add(&r->bench, &gate_ops, g);
    assert_code(ol_test_bench_start(&r->bench), OL_OK);
    assert_code(trickle_send(1), OL_OK);
    ol_test_loop_until(&r->bench.loop, &g->holds, OL_TEST_BOUND_MS); /* it was sent on after a moment */
}

/* The source ends, the sink takes what is left, and it was all there. */
static void end_with_gate(rig *r, gate *g, unsigned coding)
{
    size_t sent = open_trickle->sent;
    ol_error err = {0};
    assert_code(ol_stage_finish(open_trickle->st, &err), OL_OK);
    while (g->holds)
        pass_gate(g);
    assert_code(ol_test_bench_wait(&r->bench), OL_OK);
    assert_true(g->ended);
    assert_unpacks(coding, ol_buf_slice(&g->out), ol_slice_of(body, sent));
    ol_buf_fini(&g->out);
    tear_down(r);
}

/* What comes while the sink is busy with what was flushed waits, and is not lost. */
static void a_write_behind_a_flush_waits(void **state)
{
    (void)state;
    for (size_t c = 0; c < 2; c++) {
        rig r = {0};
        gate g = {0};
        start_with_gate(&r, &g, codings[c]);
        assert_code(trickle_send(150000), OL_WAIT);
        pass_gate(&g);
        assert_true(g.holds);
        pass_gate(&g);
        assert_code(trickle_send(7), OL_OK);
        end_with_gate(&r, &g, codings[c]);
    }
}

static void an_end_behind_a_flush_waits(void **state)
{
    (void)state;
    for (size_t c = 0; c < 2; c++) {
        rig r = {0};
        gate g = {0};
        ol_error err = {0};
        start_with_gate(&r, &g, codings[c]);
        assert_code(ol_stage_finish(open_trickle->st, &err), OL_OK);
        assert_false(g.ended);
        pass_gate(&g);
        assert_false(g.ended);
        pass_gate(&g);
        assert_true(g.ended);
        assert_code(ol_test_bench_wait(&r.bench), OL_OK);
        assert_unpacks(codings[c], ol_buf_slice(&g.out), ol_slice_of(body, 1));
        ol_buf_fini(&g.out);
        tear_down(&r);
    }
}

static void on_tick(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* The moment comes while the sink is still busy: nothing is sent then. */
static void a_moment_during_a_write_is_let_pass(void **state)
{
    (void)state;
    rig r = {0};
    gate g = {0};
    uv_timer_t tick;
    bool ticked = false;
    start_with_gate(&r, &g, OL_VIEW_GZIP);
    pass_gate(&g);
    assert_code(trickle_send(1), OL_OK);
    assert_code(trickle_send(150000), OL_WAIT);
    uv_timer_init(ol_loop_uv(r.bench.loop.loop), &tick);
    tick.data = &ticked;
    uv_timer_start(&tick, on_tick, 100, 0); /* behind the moment */
    ol_test_loop_until(&r.bench.loop, &ticked, OL_TEST_BOUND_MS);
    uv_close((uv_handle_t *)&tick, NULL);
    pass_gate(&g);
    end_with_gate(&r, &g, OL_VIEW_GZIP);
}

/* Closed at a moment's notice: nothing runs afterwards (the loop would name an open handle). */
static void a_close_ends_the_moment(void **state)
{
    (void)state;
    rig r = {0};
    gate g = {0};
    start_with_gate(&r, &g, OL_VIEW_GZIP);
    pass_gate(&g);
    assert_code(trickle_send(1), OL_OK);
    ol_test_bench_again(&r.bench);
    ol_test_loop_turns(&r.bench.loop, 3);
    ol_buf_fini(&g.out);
    tear_down(&r);
}

/* ---- memory ---- */

static int once(void *arg)
{
    const unsigned *coding = arg;
    rig r = {0};
    ol_test_feed feed = feed_of(40000, 3000);
    set_up(&r, *coding);
    int rc = run(&r, &feed, 3);
    if (rc == OL_OK)
        assert_unpacks(*coding, ol_test_collect_out(&r.collect), feed.body);
    else
        assert_false(r.collect.finished);
    tear_down(&r);
    return rc;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t c = 0; c < 2; c++)
        assert_true(ol_test_fail_each(once, (void *)(uintptr_t)&codings[c]) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_unpacks_to_the_body),
        cmocka_unit_test(the_head_says_so),
        cmocka_unit_test(what_does_not_suit_passes_as_it_is),
        cmocka_unit_test(a_second_run_goes_on),
        cmocka_unit_test(a_failure_never_ends_the_stream),
        cmocka_unit_test(a_sink_that_fails_ends_it),
        cmocka_unit_test(a_slow_stream_flows),
        cmocka_unit_test(a_write_behind_a_flush_waits),
        cmocka_unit_test(an_end_behind_a_flush_waits),
        cmocka_unit_test(a_moment_during_a_write_is_let_pass),
        cmocka_unit_test(a_close_ends_the_moment),
        cmocka_unit_test(every_allocation_may_fail),
    };
    make_body();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
