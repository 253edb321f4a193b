/* SPDX-License-Identifier: MIT */
/* How many writes a turn begins, in which order, and what becomes of those whose client left. */
#include "lib/check.h"
#include "lib/loop_fixture.h"

#include "front/request.h"

#define COUNT 23u

typedef struct rig {
    ol_test_loop t;
    ol_worker worker;
    ol_request requests[COUNT];
} rig;

static const ol_request *begun[2 * COUNT];
static unsigned begun_count;
static ol_request *nested; /* comes while another is begun */

/* Instead of the real one. */
void ol_request_dispatch(ol_request *request)
{
    begun[begun_count++] = request;
    ol_request *another = nested;
    nested = NULL;
    if (another)
        ol_write_lane_enter(another);
}

static void set_up(rig *r)
{
    *r = (rig){0};
    begun_count = 0;
    nested = NULL;
    assert_code(ol_test_loop_open(&r->t), OL_OK);
    r->worker.loop = r->t.loop;
    for (unsigned i = 0; i < COUNT; i++)
        r->requests[i] = (ol_request){.worker = &r->worker, .references = 1};
}

static bool is_idle(void *arg)
{
    const rig *r = arg;
    return !r->worker.write_lane.turn_posted;
}

/* Nothing is left behind: no reference, no post, a fresh allowance. */
static void tear_down(rig *r)
{
    ol_test_loop_until_fn(&r->t, is_idle, r, 1000);
    assert_null(r->worker.write_lane.first);
    assert_null(r->worker.write_lane.last);
    assert_int_equal(r->worker.write_lane.begun, 0);
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(r->requests[i].references, 1);
    ol_test_loop_close(&r->t);
}

static void enter_all(rig *r)
{
    for (unsigned i = 0; i < COUNT; i++)
        ol_write_lane_enter(&r->requests[i]);
}

static void few_begin_at_once(void **state)
{
    (void)state;
    rig r;
    set_up(&r);
    for (unsigned i = 0; i < OL_WRITE_LANE_BEGUN_MAX; i++)
        ol_write_lane_enter(&r.requests[i]);
    assert_int_equal(begun_count, OL_WRITE_LANE_BEGUN_MAX);
    tear_down(&r);
}

static void all_begin_in_order(void **state)
{
    (void)state;
    rig r;
    set_up(&r);
    enter_all(&r);
    assert_int_equal(begun_count, OL_WRITE_LANE_BEGUN_MAX);
    tear_down(&r);
    assert_int_equal(begun_count, COUNT);
    for (unsigned i = 0; i < COUNT; i++)
        assert_ptr_equal(begun[i], &r.requests[i]);
}

/* A turn of the loop runs what was deferred twice: before its poll and after it. */
static void a_turn_begins_few(void **state)
{
    (void)state;
    rig r;
    set_up(&r);
    enter_all(&r);
    for (unsigned before = begun_count; begun_count < COUNT; before = begun_count) {
        ol_test_loop_turns(&r.t, 1);
        assert_in_range(begun_count - before, 1, 2 * OL_WRITE_LANE_BEGUN_MAX);
    }
    tear_down(&r);
}

static void nobody_passes_those_who_wait(void **state)
{
    (void)state;
    rig r;
    set_up(&r);
    for (unsigned i = 0; i + 1 < COUNT; i++)
        ol_write_lane_enter(&r.requests[i]);
    nested = &r.requests[COUNT - 1];
    tear_down(&r);
    assert_int_equal(begun_count, COUNT);
    assert_ptr_equal(begun[COUNT - 1], &r.requests[COUNT - 1]);
}

static void who_left_is_not_begun(void **state)
{
    (void)state;
    rig r;
    set_up(&r);
    enter_all(&r);
    for (unsigned i = OL_WRITE_LANE_BEGUN_MAX; i < COUNT; i++)
        r.requests[i].gone = true;
    tear_down(&r);
    assert_int_equal(begun_count, OL_WRITE_LANE_BEGUN_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_begin_at_once),          cmocka_unit_test(all_begin_in_order),
        cmocka_unit_test(a_turn_begins_few),          cmocka_unit_test(nobody_passes_those_who_wait),
        cmocka_unit_test(who_left_is_not_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
