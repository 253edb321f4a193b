/* SPDX-License-Identifier: MIT */
/*
 * The trust boundary: what an honest host says is understood, and everything else breaks the
 * link at once, whatever state it is in.
 */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "link_kit.h"
#include "transform/counters.h"

static void open_loaded(link_kit *k)
{
    assert_code(link_kit_open(k), OL_OK);
    assert_code(link_kit_load(k), OL_OK);
    assert_int_equal(k->loaded_ok, 1);
}

/* ---- honest ---- */

static uint32_t feed(link_kit *k, unsigned n, size_t bytes, bool end)
{
    ol_span space;
    assert_true(ol_link_input_space(&k->tickets[n].ticket, &space));
    assert_true(bytes <= space.len);
    memset(space.data, 'd', bytes);
    ol_link_input_commit(&k->tickets[n].ticket, bytes);
    if (end)
        ol_link_input_end(&k->tickets[n].ticket);
    return link_kit_hear(k, OL_MSG_DATA).slot;
}

static void test_a_request_from_end_to_end(void **state)
{
    (void)state;
    link_kit k;
    ol_error err = {0};
    open_loaded(&k);
    uint32_t job = link_kit_job(&k, 0);
    ol_msg open = link_kit_hear(&k, OL_MSG_OPEN);
    assert_int_equal(open.job, job);
    assert_int_equal(open.length, 4);
    assert_int_not_equal(open.grant, OL_WIRE_NONE);
    link_kit_say(&k, (ol_msg){.type = OL_MSG_RELEASE, .job = job, .slot = open.slot});
    uint32_t slot = feed(&k, 0, 100, true);
    link_kit_say(&k, (ol_msg){.type = OL_MSG_OUT, .job = job, .slot = open.grant, .length = 10});
    link_kit_say(&k, (ol_msg){.type = OL_MSG_OUT,
                              .job = job,
                              .slot = slot,
                              .offset = 50,
                              .length = 50,
                              .flags = OL_MSG_F_RELEASE});
    link_kit_say(&k, (ol_msg){.type = OL_MSG_DONE, .job = job, .a = 123});
    assert_code_of(link_kit_drain(&k, &err), OL_OK, &err);
    assert_int_equal(k.tickets[0].out_bytes, 60);
    assert_int_equal(k.tickets[0].ends, 1);
    assert_int_equal(k.tickets[0].err.code, 0);
    assert_int_equal(k.tickets[0].ticket.usage.cpu_us, 123);
    ol_link_close(&k.tickets[0].ticket);
    assert_int_equal(k.link->free_count, k.link->layout.slots);
    assert_int_equal(k.link->promised, 0);
    assert_int_equal(k.over, 1);
    link_kit_close(&k);
}

static void test_want_is_answered_when_the_client_has_taken_all(void **state)
{
    (void)state;
    link_kit k;
    ol_error err = {0};
    open_loaded(&k);
    uint32_t job = link_kit_job(&k, 0);
    uint32_t out = link_kit_hear(&k, OL_MSG_OPEN).grant;
    k.tickets[0].hold = true;
    link_kit_say(&k, (ol_msg){.type = OL_MSG_OUT, .job = job, .slot = out, .length = 4096,
                              .flags = OL_MSG_F_RELEASE});
    link_kit_say(&k, (ol_msg){.type = OL_MSG_WANT, .job = job});
    assert_code(link_kit_drain(&k, &err), OL_OK);
    assert_int_equal(link_kit_hear(&k, OL_MSG_GRANT).type, 0);
    ol_link_output_done(&k.tickets[0].ticket);
    ol_msg grant = link_kit_hear(&k, OL_MSG_GRANT);
    assert_int_equal(grant.credits, 1);
    assert_int_not_equal(grant.grant, OL_WIRE_NONE);
    link_kit_close(&k);
}

static void test_jobs_cannot_starve_each_other(void **state)
{
    (void)state;
    link_kit k;
    ol_span space;
    open_loaded(&k);
    for (unsigned n = 0; n < LINK_KIT_JOBS; n++)
        assert_int_not_equal(link_kit_job(&k, n), 0);
    assert_false(ol_link_can_open(k.link));
    for (unsigned n = 0; n < LINK_KIT_JOBS - 1; n++) /* greedy: take all that is to be had */
        while (ol_link_input_space(&k.tickets[n].ticket, &space))
            ol_link_input_commit(&k.tickets[n].ticket, space.len);
    assert_true(ol_link_input_space(&k.tickets[LINK_KIT_JOBS - 1].ticket, &space));
    link_kit_close(&k);
}

static void test_giving_up_and_letting_go(void **state)
{
    (void)state;
    link_kit k;
    ol_error err = {0};
    open_loaded(&k);
    uint32_t job = link_kit_job(&k, 0);
    ol_msg open = link_kit_hear(&k, OL_MSG_OPEN);
    uint32_t slot = feed(&k, 0, 4096, false);
    ol_link_close(&k.tickets[0].ticket);
    assert_int_equal(link_kit_hear(&k, OL_MSG_CANCEL).job, job);
    assert_true(ol_link_is_canceled(k.link, 0));
    /* What it said before it heard of that is understood, and comes to nothing. */
    link_kit_say(&k, (ol_msg){.type = OL_MSG_OUT, .job = job, .slot = open.grant, .length = 10});
    link_kit_say(&k, (ol_msg){.type = OL_MSG_RELEASE, .job = job, .slot = slot});
    link_kit_say(&k, (ol_msg){.type = OL_MSG_WANT, .job = job});
    link_kit_say(&k, (ol_msg){.type = OL_MSG_READ_AT, .job = job, .length = 5});
    link_kit_say(&k, (ol_msg){.type = OL_MSG_DONE, .job = job});
    assert_code_of(link_kit_drain(&k, &err), OL_OK, &err);
    assert_int_equal(k.tickets[0].outputs + k.tickets[0].ends + k.tickets[0].reads, 0);
    assert_int_equal(ol_link_jobs(k.link), 0);
    assert_int_equal(k.link->free_count, k.link->layout.slots);
    link_kit_close(&k);
}

static void test_a_slot_that_may_be_read_into_is_kept_from_everybody(void **state)
{
    (void)state;
    link_kit k;
    ol_span space;
    open_loaded(&k);
    uint32_t job = link_kit_job(&k, 0);
    assert_true(ol_link_input_space(&k.tickets[0].ticket, &space));
    ol_link_input_offered(&k.tickets[0].ticket);
    ol_link_close(&k.tickets[0].ticket);
    link_kit_say(&k, (ol_msg){.type = OL_MSG_DONE, .job = job});
    assert_code(link_kit_drain(&k, NULL), OL_OK);
    assert_int_equal(ol_link_jobs(k.link), 0);
    assert_int_equal(ol_link_limbo(k.link), 1);
    assert_int_equal(k.link->free_count, k.link->layout.slots - 1);
    ol_link_tidy(k.link, 1000);
    assert_int_equal(ol_link_limbo(k.link), 1);
    ol_link_tidy(k.link, 100000);
    assert_int_equal(ol_link_limbo(k.link), 0);
    assert_int_equal(k.link->free_count, k.link->layout.slots);
    link_kit_close(&k);
}

static void test_the_culprit_pays(void **state)
{
    (void)state;
    link_kit k;
    open_loaded(&k);
    link_kit_job(&k, 0);
    link_kit_job(&k, 1);
    ol_error why = {0};
    ol_error_set(&why, OL_ETRANSFORM, "it crashed");
    ol_link_lost(k.link, 1, &why);
    assert_code(k.tickets[0].err.code, OL_EHOSTLOST);
    assert_true(k.tickets[0].retryable);
    assert_code(k.tickets[1].err.code, OL_ETRANSFORM);
    assert_false(k.tickets[1].retryable);
    link_kit_close(&k);
}

/* ---- hostile: one message each, in a link that has job 0 with a piece and job 1 with nothing ----
 */

typedef struct scene {
    link_kit k;
    uint32_t job, other; /* ids */
    uint32_t event, out, in, others_out, free_slot;
} scene;

static void open_scene(scene *s)
{
    open_loaded(&s->k);
    s->job = link_kit_job(&s->k, 0);
    ol_msg open = link_kit_hear(&s->k, OL_MSG_OPEN);
    s->event = open.slot;
    s->out = open.grant;
    s->other = link_kit_job(&s->k, 1);
    s->others_out = link_kit_hear(&s->k, OL_MSG_OPEN).grant;
    s->in = feed(&s->k, 0, 100, true);
    s->free_slot = s->k.link->free_slots[0];
}

typedef ol_msg (*evil)(const scene *s);

#define EVIL(name, ...)                                                                            \
    static ol_msg name(const scene *s)                                                             \
    {                                                                                              \
        (void)s;                                                                                   \
        return (ol_msg){__VA_ARGS__};                                                              \
    }

EVIL(unknown_type, .type = 77, .job = s->job)
EVIL(type_zero, .type = 0, .job = s->job)
EVIL(servers_type, .type = OL_MSG_OPEN, .job = s->job)
EVIL(unknown_flags, .type = OL_MSG_WANT, .job = s->job, .flags = 1)
EVIL(odd_flags, .type = OL_MSG_OUT, .job = s->job, .slot = s->out, .length = 1, .flags = 0x8000)
EVIL(index_too_large, .type = OL_MSG_WANT, .job = s->job | 0xff)
EVIL(wrong_generation, .type = OL_MSG_WANT, .job = s->job + 256)
EVIL(job_zero, .type = OL_MSG_WANT, .job = 0)
EVIL(free_job, .type = OL_MSG_WANT, .job = 2 | 1 << 8)
EVIL(loaded_again, .type = OL_MSG_LOADED)
EVIL(out_of_free_slot, .type = OL_MSG_OUT, .job = s->job, .slot = s->free_slot, .length = 1)
EVIL(out_of_others, .type = OL_MSG_OUT, .job = s->job, .slot = s->others_out, .length = 1)
EVIL(out_of_event, .type = OL_MSG_OUT, .job = s->job, .slot = s->event, .length = 1)
EVIL(out_of_nowhere, .type = OL_MSG_OUT, .job = s->job, .slot = 4000000000u, .length = 1)
EVIL(out_nothing, .type = OL_MSG_OUT, .job = s->job, .slot = s->out, .length = 0)
EVIL(out_too_long, .type = OL_MSG_OUT, .job = s->job, .slot = s->out, .length = 4097)
EVIL(out_past_end, .type = OL_MSG_OUT, .job = s->job, .slot = s->out, .offset = 4096, .length = 1)
EVIL(out_wraps, .type = OL_MSG_OUT, .job = s->job, .slot = s->out, .offset = 0xffffffff,
     .length = 2)
EVIL(out_beyond_piece, .type = OL_MSG_OUT, .job = s->job, .slot = s->in, .length = 101)
EVIL(release_output, .type = OL_MSG_RELEASE, .job = s->job, .slot = s->out)
EVIL(release_free, .type = OL_MSG_RELEASE, .job = s->job, .slot = s->free_slot)
EVIL(release_others, .type = OL_MSG_RELEASE, .job = s->other, .slot = s->in)
EVIL(head_out_of_text, .type = OL_MSG_HEAD, .job = s->job, .offset = OL_WIRE_TEXT_AREA - 3,
     .length = 4)
EVIL(head_too_long, .type = OL_MSG_HEAD, .job = s->job, .length = OL_WIRE_TEXT_MAX + 1)
EVIL(head_wraps, .type = OL_MSG_HEAD, .job = s->job, .offset = 0xfffffffe, .length = 4)
EVIL(head_malformed, .type = OL_MSG_HEAD, .job = s->job, .offset = 0, .length = 3)
EVIL(read_nothing, .type = OL_MSG_READ_AT, .job = s->job, .length = 0)
EVIL(read_too_much, .type = OL_MSG_READ_AT, .job = s->job, .length = 4097)
EVIL(log_level, .type = OL_MSG_LOG, .job = s->job, .code = 4, .length = 1)
EVIL(log_level_negative, .type = OL_MSG_LOG, .job = s->job, .code = -1, .length = 1)
EVIL(log_too_long, .type = OL_MSG_LOG, .job = s->job, .length = OL_WIRE_TEXT_MAX + 1)
EVIL(log_above_limit, .type = OL_MSG_LOG, .job = s->job, .length = OL_TRANSFORM_LOG_BYTES + 1000)
EVIL(fail_out_of_text, .type = OL_MSG_FAIL, .job = s->job, .offset = OL_WIRE_TEXT_AREA, .length = 1)

static const evil evils[] = {
    unknown_type,     type_zero,        servers_type,    unknown_flags,      odd_flags,
    index_too_large,  wrong_generation, job_zero,        free_job,           loaded_again,
    out_of_free_slot, out_of_others,    out_of_event,    out_of_nowhere,     out_nothing,
    out_too_long,     out_past_end,     out_wraps,       out_beyond_piece,   release_output,
    release_free,     release_others,   head_out_of_text, head_too_long,     head_wraps,
    head_malformed,   read_nothing,     read_too_much,   log_level,          log_level_negative,
    log_too_long,     log_above_limit,  fail_out_of_text,
};

static void test_each_wrong_message_breaks_the_link(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(evils) / sizeof(evils[0]); i++) {
        scene s;
        ol_error err = {0};
        open_scene(&s);
        link_kit_say(&s.k, evils[i](&s));
        int rc = link_kit_drain(&s.k, &err);
        if (rc != OL_EPROTOCOL)
            fail_msg("message %zu was accepted", i);
        /* For good. */
        link_kit_say(&s.k, (ol_msg){.type = OL_MSG_DONE, .job = s.job});
        assert_code(link_kit_drain(&s.k, NULL), OL_EPROTOCOL);
        assert_false(ol_link_can_open(s.k.link));
        link_kit_close(&s.k);
    }
}

/* The scene without evil is fine: that the test above fails for the reason given. */
static void test_the_scene_itself(void **state)
{
    (void)state;
    scene s;
    ol_error err = {0};
    open_scene(&s);
    link_kit_say(&s.k, (ol_msg){.type = OL_MSG_RELEASE, .job = s.job, .slot = s.event});
    link_kit_say(
        &s.k,
        (ol_msg){.type = OL_MSG_OUT, .job = s.job, .slot = s.out, .offset = 4095, .length = 1});
    link_kit_say(&s.k, (ol_msg){.type = OL_MSG_OUT, .job = s.job, .slot = s.in, .length = 100});
    link_kit_say(&s.k, (ol_msg){.type = OL_MSG_WANT, .job = s.job});
    link_kit_say(&s.k, (ol_msg){.type = OL_MSG_READ_AT, .job = s.job, .length = 4096});
    link_kit_say(&s.k, (ol_msg){.type = OL_MSG_LOG, .job = s.job, .code = 3, .length = 100});
    link_kit_say(&s.k, (ol_msg){.type = OL_MSG_DONE, .job = s.job});
    link_kit_say(&s.k, (ol_msg){.type = OL_MSG_FAIL, .job = s.other});
    assert_code_of(link_kit_drain(&s.k, &err), OL_OK, &err);
    link_kit_close(&s.k);
}

static void refuse_second(ol_msg (*make)(const scene *s), bool hold)
{
    scene s;
    ol_error err = {0};
    open_scene(&s);
    s.k.tickets[0].hold = hold;
    link_kit_say(&s.k, make(&s));
    assert_code_of(link_kit_drain(&s.k, &err), OL_OK, &err);
    link_kit_say(&s.k, make(&s));
    assert_code(link_kit_drain(&s.k, &err), OL_EPROTOCOL);
    link_kit_close(&s.k);
}

EVIL(want, .type = OL_MSG_WANT, .job = s->job)
EVIL(release, .type = OL_MSG_RELEASE, .job = s->job, .slot = s->in)
EVIL(out_and_release, .type = OL_MSG_OUT, .job = s->job, .slot = s->out, .length = 9,
     .flags = OL_MSG_F_RELEASE)
EVIL(read_at, .type = OL_MSG_READ_AT, .job = s->job, .length = 9)
EVIL(done, .type = OL_MSG_DONE, .job = s->job)

EVIL(count, .type = OL_MSG_COUNT, .job = s->job, .a = 3, .b = 9)
EVIL(count_too_far, .type = OL_MSG_COUNT, .job = s->job, .a = OL_COUNTERS_MAX, .b = 9)
EVIL(count_too_much, .type = OL_MSG_COUNT, .job = s->job, .a = 3, .b = OL_WIRE_COUNT_MAX + 1)

static void test_counts_out_of_bounds(void **state)
{
    ol_msg (*const makers[])(const scene *) = {count_too_far, count_too_much};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        scene s;
        ol_error err = {0};
        open_scene(&s);
        link_kit_say(&s.k, makers[i](&s));
        assert_code(link_kit_drain(&s.k, &err), OL_EPROTOCOL);
        assert_non_null(strstr(err.detail, "a count that is not allowed"));
        link_kit_close(&s.k);
    }
}

static void test_what_may_be_said_once(void **state)
{
    (void)state;
    refuse_second(count, false);
    refuse_second(release, false);
    refuse_second(out_and_release, true);
    refuse_second(out_and_release, false);
    refuse_second(read_at, true);
    refuse_second(done, false);
    scene s;
    ol_error err = {0};
    open_scene(&s);
    s.k.tickets[0].hold = true;
    link_kit_say(&s.k, (ol_msg){.type = OL_MSG_OUT, .job = s.job, .slot = s.out, .length = 1});
    link_kit_say(&s.k, want(&s));
    link_kit_say(&s.k, want(&s));
    assert_code(link_kit_drain(&s.k, &err), OL_EPROTOCOL);
    link_kit_close(&s.k);
}

static void test_output_needs_credit(void **state)
{
    (void)state;
    scene s;
    ol_error err = {0};
    open_scene(&s);
    s.k.tickets[0].hold = true;
    for (unsigned i = 0; i < OL_WIRE_CREDITS; i++)
        link_kit_say(&s.k, (ol_msg){.type = OL_MSG_OUT, .job = s.job, .slot = s.out, .length = 1});
    assert_code_of(link_kit_drain(&s.k, &err), OL_OK, &err);
    link_kit_say(&s.k, (ol_msg){.type = OL_MSG_OUT, .job = s.job, .slot = s.out, .length = 1});
    assert_code(link_kit_drain(&s.k, &err), OL_EPROTOCOL);
    link_kit_close(&s.k);
}

static void test_counters_that_make_no_sense(void **state)
{
    (void)state;
    link_kit k;
    ol_error err = {0};
    open_loaded(&k);
    atomic_store(&k.link->control->to_server_tail, 1u << 31);
    assert_code(link_kit_drain(&k, &err), OL_EPROTOCOL);
    link_kit_close(&k);
    open_loaded(&k);
    link_kit_job(&k, 0);
    atomic_store(&k.link->control->to_host_head, 1u << 30);
    for (unsigned i = 0; i <= OL_WIRE_RING; i++)
        ol_link_send(k.link, &(ol_msg){.type = OL_MSG_GRANT});
    assert_true(ol_link_has_news(k.link));
    assert_code(link_kit_drain(&k, &err), OL_EPROTOCOL);
    link_kit_close(&k);
}

static void test_a_host_that_talks_without_end_does_not_hold_the_loop(void **state)
{
    (void)state;
    link_kit k;
    ol_error err = {0};
    open_loaded(&k);
    uint32_t job = link_kit_job(&k, 0);
    /* WANT is answered at once each time: only the ring's size ends this. */
    unsigned rounds = 0;
    while (k.link->broken == false && rounds++ < 10) {
        for (unsigned i = 0; i < OL_WIRE_RING; i++)
            link_kit_say(&k, (ol_msg){.type = OL_MSG_WANT, .job = job});
        link_kit_drain(&k, &err);
    }
    assert_true(rounds <= 2);
    assert_non_null(strstr(err.detail, "wants without end"));
    link_kit_close(&k);
}

static int open_and_close(void *arg)
{
    (void)arg;
    link_kit k;
    int rc = link_kit_open(&k);
    if (rc == OL_OK)
        link_kit_close(&k);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(open_and_close, NULL) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_from_end_to_end),
        cmocka_unit_test(test_want_is_answered_when_the_client_has_taken_all),
        cmocka_unit_test(test_jobs_cannot_starve_each_other),
        cmocka_unit_test(test_giving_up_and_letting_go),
        cmocka_unit_test(test_a_slot_that_may_be_read_into_is_kept_from_everybody),
        cmocka_unit_test(test_the_culprit_pays),
        cmocka_unit_test(test_each_wrong_message_breaks_the_link),
        cmocka_unit_test(test_the_scene_itself),
        cmocka_unit_test(test_counts_out_of_bounds),
        cmocka_unit_test(test_what_may_be_said_once),
        cmocka_unit_test(test_output_needs_credit),
        cmocka_unit_test(test_counters_that_make_no_sense),
        cmocka_unit_test(test_a_host_that_talks_without_end_does_not_hold_the_loop),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
