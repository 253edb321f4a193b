/* SPDX-License-Identifier: MIT */
/* A view is counted and summed on the way, and passes unchanged. */
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/pipeline_kit.h"

#include "base/alloc.h"
#include "s3/upload/crc.h"
#include "view/digest_stage.h"

#define BODY_BYTES 5000u

static const char *const fields[] = {"content-type", "text/csv", "X-Amz-Meta-A", "b", NULL};

typedef struct rig {
    ol_test_bench bench;
    ol_test_feed feed;
    ol_test_collect collect;
    ol_view_digest digest;
    unsigned completed;
    uint8_t body[BODY_BYTES];
} rig;

/* Before the sink's end is known. */
static void on_complete(void *arg)
{
    rig *r = arg;
    assert_true(r->digest.complete);
    assert_false(r->collect.finished);
    r->completed++;
}

static void set_up(rig *r)
{
    ol_test_random random = {.state = 11};
    ol_test_random_fill(&random, r->body, BODY_BYTES);
    r->feed.body = ol_slice_of(r->body, BODY_BYTES);
    r->feed.fields = fields;
    ol_test_bench_open(&r->bench);
    r->digest.arena = r->bench.arena;
    r->digest.on_complete = on_complete;
    r->digest.arg = r;
}

static void build(rig *r, unsigned way)
{
    ol_test_bench_feed(&r->bench, &r->feed);
    ol_test_bench_above(&r->bench, way);
    ol_test_bench_add(&r->bench, &ol_view_digest_stage_ops, &r->digest);
    ol_test_bench_below(&r->bench, way, NULL);
    ol_test_bench_collect(&r->bench, &r->collect);
}

static void tear_down(rig *r)
{
    ol_test_bench_close(&r->bench);
    ol_test_collect_fini(&r->collect);
}

static void assert_digest(const ol_view_digest *digest, ol_slice body)
{
    assert_true(digest->complete);
    assert_true(digest->facts.has_checksums);
    assert_false(digest->facts.unstable);
    assert_int_equal(digest->facts.head.status, 200);
    assert_int_equal(digest->facts.head.content_length, body.len);
    assert_true(digest->facts.crc64nvme == ol_crc_update(OL_CRC64NVME, 0, body));
    assert_true(digest->facts.crc32 == ol_crc_update(OL_CRC32, 0, body));
    assert_int_equal(digest->facts.head.headers.count, 2);
    assert_slice(digest->facts.head.headers.items[1].name, "X-Amz-Meta-A");
    assert_slice(digest->facts.head.headers.items[1].value, "b");
}

static void digests_whatever_the_cut(void **state)
{
    (void)state;
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        static const size_t lengths[] = {BODY_BYTES, 1, 0};
        for (int i = 0; i < 3; i++) {
            rig r = {.collect = {.wait_every = 3}};
            set_up(&r);
            r.feed.body.len = lengths[i];
            r.feed.hide_length = way % 2 == 1;
            build(&r, way);
            assert_code(ol_test_bench_run(&r.bench), OL_OK);
            assert_slices(ol_test_collect_out(&r.collect), r.feed.body);
            assert_int_equal(r.collect.head.content_length,
                             r.feed.hide_length ? -1 : (int64_t)lengths[i]);
            assert_digest(&r.digest, r.feed.body);
            assert_int_equal(r.completed, 1);
            tear_down(&r);
        }
    }
}

static void knows_the_published_values(void **state)
{
    (void)state;
    rig r = {0};
    set_up(&r);
    r.feed.body = OL_SLICE_LIT("123456789");
    r.feed.piece_bytes = 1;
    build(&r, 0);
    assert_code(ol_test_bench_run(&r.bench), OL_OK);
    assert_true(r.digest.facts.crc32 == 0xcbf43926u);
    assert_true(r.digest.facts.crc64nvme == 0xae8b14860a799888u);
    tear_down(&r);
}

/* Of a view that is known one checksum is enough; what differs is found all the same. */
static void is_compared_with_what_is_known(void **state)
{
    (void)state;
    for (int differs = 0; differs < 3; differs++) {
        rig r = {0};
        set_up(&r);
        ol_slice body = r.feed.body;
        ol_view_facts known = {.head.content_length = (int64_t)body.len,
                               .crc64nvme = ol_crc_update(OL_CRC64NVME, 0, body),
                               .crc32 = (uint32_t)ol_crc_update(OL_CRC32, 0, body),
                               .has_checksums = true};
        known.crc64nvme ^= differs == 1;
        known.head.content_length += differs == 2;
        r.digest.known = &known;
        build(&r, 1);
        assert_code(ol_test_bench_run(&r.bench), OL_OK);
        assert_slices(ol_test_collect_out(&r.collect), body);
        if (differs == 0)
            assert_digest(&r.digest, body);
        assert_true(r.digest.complete);
        assert_int_equal(r.digest.facts.unstable, differs != 0);
        tear_down(&r);
    }
}

static void is_not_complete_when_the_run_is_not(void **state)
{
    (void)state;
    for (size_t at = 0; at <= BODY_BYTES; at += 500) {
        rig r = {.feed = {.fails = true, .fail_at = at, .piece_bytes = 100}};
        set_up(&r);
        build(&r, (unsigned)(at / 500) % OL_TEST_WAYS);
        assert_code(ol_test_bench_run(&r.bench), OL_EORIGIN);
        assert_false(r.digest.complete);
        assert_int_equal(r.completed, 0);
        tear_down(&r);
        rig s = {.feed = {.piece_bytes = 100}, .collect = {.fails = true, .fail_at = at}};
        set_up(&s);
        build(&s, 0);
        if (at < BODY_BYTES) {
            assert_code(ol_test_bench_run(&s.bench), OL_EPEER);
            assert_false(s.digest.complete);
        }
        tear_down(&s);
    }
}

static void can_be_aborted_anywhere(void **state)
{
    (void)state;
    for (unsigned turns = 0; turns < 30; turns++) {
        rig r = {.feed = {.piece_bytes = 500}, .collect = {.wait_every = 1}};
        set_up(&r);
        build(&r, 3);
        assert_code(ol_test_bench_start(&r.bench), OL_OK);
        ol_test_loop_turns(&r.bench.loop, turns);
        ol_pipeline_close(r.bench.pipeline);
        if (r.digest.complete)
            assert_digest(&r.digest, r.feed.body);
        tear_down(&r);
    }
}

static void lends_what_the_sink_offers(void **state)
{
    (void)state;
    rig r = {.feed = {.reserves = true, .piece_bytes = 100}, .collect = {.offers = true}};
    set_up(&r);
    ol_test_bench_feed(&r.bench, &r.feed);
    ol_test_bench_add(&r.bench, &ol_view_digest_stage_ops, &r.digest);
    ol_test_bench_collect(&r.bench, &r.collect);
    assert_code(ol_test_bench_run(&r.bench), OL_OK);
    assert_true(r.collect.offered_used > 0);
    assert_digest(&r.digest, r.feed.body);
    tear_down(&r);
}

static int run_once(void *arg)
{
    (void)arg;
    rig r = {.collect = {.wait_every = 2}};
    set_up(&r);
    build(&r, 0);
    int rc = ol_test_bench_run(&r.bench);
    if (rc == OL_OK)
        assert_digest(&r.digest, r.feed.body);
    else
        assert_false(r.digest.complete);
    tear_down(&r);
    return rc;
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(run_once, NULL) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_whatever_the_cut),
        cmocka_unit_test(knows_the_published_values),
        cmocka_unit_test(is_compared_with_what_is_known),
        cmocka_unit_test(is_not_complete_when_the_run_is_not),
        cmocka_unit_test(can_be_aborted_anywhere),
        cmocka_unit_test(lends_what_the_sink_offers),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
