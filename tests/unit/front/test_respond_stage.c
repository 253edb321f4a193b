/* SPDX-License-Identifier: MIT */
/* When the head leaves, what is held back until then, and what becomes of it. */
#include "answer_kit.h"

#define BODY "0123456789abcdefghijklmnopqrstuvwxyz"
#define BODY_BYTES (sizeof(BODY) - 1)
#define LARGE_BYTES (64 * 1024)

static uint8_t large[LARGE_BYTES];

static const char *const fields[] = {"x-test", "yes", NULL};

static ol_test_feed small(void)
{
    return (ol_test_feed){.body = OL_SLICE_LIT(BODY), .hide_length = true, .fields = fields};
}

static ol_test_feed large_of(size_t len, size_t piece)
{
    return (ol_test_feed){
        .body = ol_slice_of(large, len), .piece_bytes = piece, .hide_length = true};
}

static void assert_whole(kit *k, ol_slice body)
{
    bool whole;
    ol_slice got = kit_body(k, &whole);
    assert_true(kit_has(k, "HTTP/1.1 200 "));
    assert_true(whole);
    assert_slices(got, body);
}

static void assert_error_document(kit *k, const char *status)
{
    assert_true(kit_has(k, status));
    assert_true(kit_has(k, "<Error>"));
    assert_false(kit_has(k, " 200 "));
    assert_false(kit_has(k, "x-test"));
}

static kit *open_kit(ol_test_feed feed)
{
    kit *k = calloc(1, sizeof(*k));
    k->feed = feed;
    assert_code(kit_open(k), OL_OK);
    return k;
}

static void close_kit(kit *k)
{
    kit_close(k);
    free(k);
}

static void a_small_body_gets_its_length(void **state)
{
    (void)state;
    kit *k = open_kit(small());
    kit_ask(k, "GET");
    assert_whole(k, OL_SLICE_LIT(BODY));
    assert_true(kit_has(k, "Content-Length: 36\r\n"));
    assert_true(kit_has(k, "x-test: yes\r\n"));
    assert_false(kit_has(k, "chunked"));
    close_kit(k);
}

static void every_cut_and_delay_gives_the_same_body(void **state)
{
    (void)state;
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        kit *k = open_kit(large_of(5000, 1000 + way * 500));
        k->way = way;
        kit_ask(k, "GET");
        assert_whole(k, ol_slice_of(large, 5000));
        assert_false(k->ended);
        close_kit(k);
    }
}

static void large_or_continued_bodies_are_not_held(void **state)
{
    (void)state;
    static const struct {
        size_t len, piece;
        bool length;
    } cases[] = {
        {OL_ANSWER_HELD_BYTES_MAX, 0, true}, {OL_ANSWER_HELD_BYTES_MAX + 1, 0, false},
        {2, 1, false},                       {LARGE_BYTES, 16384, false},
        {LARGE_BYTES, 1, false},             {0, 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kit *k = open_kit(large_of(cases[i].len, cases[i].piece));
        kit_ask(k, "GET");
        assert_whole(k, ol_slice_of(large, cases[i].len));
        assert_int_equal(kit_has(k, "Content-Length"), cases[i].length);
        assert_int_equal(kit_has(k, "chunked"), !cases[i].length);
        close_kit(k);
    }
}

/* What is held waits for one turn, not for the end. */
static void a_slow_end_is_not_waited_for(void **state)
{
    (void)state;
    kit *k = open_kit(small());
    k->late_end = true;
    kit_ask(k, "GET");
    assert_whole(k, OL_SLICE_LIT(BODY));
    assert_true(kit_has(k, "chunked"));
    close_kit(k);
}

static void a_known_length_is_announced(void **state)
{
    (void)state;
    kit *k = open_kit(small());
    k->feed.hide_length = false;
    k->feed.piece_bytes = 5;
    kit_ask(k, "GET");
    assert_whole(k, OL_SLICE_LIT(BODY));
    assert_true(kit_has(k, "Content-Length: 36\r\n"));
    close_kit(k);
}

static void heads_alone_have_no_body(void **state)
{
    (void)state;
    kit *k = open_kit(small());
    kit_ask(k, "HEAD");
    assert_true(kit_has(k, "HTTP/1.1 200 "));
    assert_false(kit_has(k, "0123"));
    assert_false(kit_has(k, "Content-Length"));
    close_kit(k);
    static const int statuses[] = {204, 304};
    for (size_t i = 0; i < 2; i++) {
        k = open_kit(large_of(0, 0));
        k->feed.status = statuses[i];
        kit_ask(k, "GET");
        assert_false(kit_has(k, "Content-Length"));
        close_kit(k);
    }
}

static void a_failure_before_the_head_is_a_document(void **state)
{
    (void)state;
    for (size_t at = 0; at <= BODY_BYTES; at++) {
        kit *k = open_kit(small());
        k->feed.fails = true;
        k->feed.fail_at = at;
        kit_ask(k, "GET");
        assert_error_document(k, "HTTP/1.1 5");
        assert_false(kit_has(k, "0123"));
        close_kit(k);
    }
}

static void a_failure_after_it_cuts_the_connection(void **state)
{
    (void)state;
    bool whole;
    kit *k = open_kit(small());
    k->feed.fails = true;
    k->feed.fail_at = 20;
    k->feed.piece_bytes = 7;
    k->way = 4; /* a turn between pieces */
    kit_ask(k, "GET");
    kit_body(k, &whole);
    assert_true(kit_has(k, "HTTP/1.1 200 "));
    assert_false(whole);
    assert_true(k->ended);
    close_kit(k);
}

static void abort_now(kit *k)
{
    assert_true(k->request->answer.held.len > 0);
    ol_http_abort(k->request->x);
}

static void a_client_may_leave_while_bytes_are_held(void **state)
{
    (void)state;
    kit *k = open_kit(small());
    k->late_end = true;
    k->on_start = abort_now;
    kit_ask(k, "GET");
    assert_true(k->ended);
    assert_int_equal(k->got_len, 0);
    close_kit(k);
}

/* ---- a second run ---- */

static void a_second_run_goes_on(void **state)
{
    (void)state;
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        for (size_t at = 0; at <= BODY_BYTES; at++) {
            kit *k = open_kit(small());
            k->way = way;
            k->feed.fails = true;
            k->feed.fail_at = at;
            k->second = small();
            k->second.piece_bytes = 1 + at % 9;
            kit_ask(k, "GET");
            assert_whole(k, OL_SLICE_LIT(BODY));
            close_kit(k);
        }
    }
}

static void a_second_run_that_differs_is_seen(void **state)
{
    (void)state;
    bool whole;
    unsigned documents = 0;
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        kit *k = open_kit(small());
        k->way = way;
        k->feed.fails = true;
        k->feed.fail_at = 20;
        k->second = small();
        k->second.body = OL_SLICE_LIT("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        kit_ask(k, "GET");
        documents += !k->answered_before_failure;
        if (k->answered_before_failure) { /* bytes of the first run may have left */
            kit_body(k, &whole);
            assert_false(whole);
            assert_true(k->ended);
        } else {
            assert_error_document(k, "HTTP/1.1 400 ");
        }
        close_kit(k);
    }
    assert_in_range(documents, 1, OL_TEST_WAYS - 1);
}

/* ---- a slow consumer ---- */

/* By memmem: a sanitizer's strstr reads to the end of all that was received, at each step. */
static size_t count_of(const kit *k, const char *text)
{
    const char *at = k->got, *end = k->got + k->got_len;
    size_t count = 0;
    while ((at = memmem(at, (size_t)(end - at), text, strlen(text))) != NULL) {
        count++;
        at++;
    }
    return count;
}

#define PIPELINED 1000u

/* Answers pile up until a socket takes no more, so that held bytes wait, and pieces behind them. */
static void bytes_wait_for_a_slow_client(void **state)
{
    (void)state;
    static const char text[] = "GET /b/k HTTP/1.1\r\nHost: x\r\n\r\n";
    static const struct {
        size_t len, piece;
        bool late_end;
    } cases[] = {{16000, 0, false}, {16000, 0, true}, {32000, 16000, false}, {32000, 16000, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kit *k = open_kit(large_of(cases[i].len, cases[i].piece));
        k->late_end = cases[i].late_end;
        kit_connect(k);
        unsigned sent = 0, still = 0, before = 0;
        for (; sent < PIPELINED; sent++)
            if (send(k->fd, text, sizeof(text) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(text) - 1)
                break;
        while (still < 100 && k->closes < sent) { /* nobody reads until nothing moves */
            ol_test_loop_turns(&k->bench.loop, 1);
            still = k->closes == before ? still + 1 : 0;
            before = k->closes;
        }
        assert_true(k->closes < sent);
        assert_true(k->request->write_waits || k->request->answered);
        uint64_t give_up_ms = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
        while (k->closes < sent) {
            kit_receive(k);
            ol_test_loop_turns(&k->bench.loop, 1);
            assert_true(ol_clock_mono_ms() < give_up_ms);
        }
        kit_receive(k);
        assert_int_equal(count_of(k, "HTTP/1.1 200 "), sent);
        assert_int_equal(count_of(k, cases[i].late_end || cases[i].piece
                                         ? "\r\n0\r\n\r\n"
                                         : "Content-Length: 16000\r\n"),
                         sent);
        assert_false(k->ended);
        close_kit(k);
    }
}

/* ---- memory ---- */

static int one_answer(void *arg)
{
    const kit *plan = arg;
    kit *k = calloc(1, sizeof(*k));
    bool whole = false;
    *k = *plan;
    int rc = kit_open(k);
    if (rc == OL_OK) {
        kit_ask(k, "GET");
        ol_slice body = kit_body(k, &whole);
        rc = whole && kit_has(k, " 200 ") ? OL_OK : OL_ENOMEM;
        if (rc == OL_OK)
            assert_slice(body, BODY);
    }
    close_kit(k);
    return rc;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kit plain = {.feed = small()};
    kit cut = {.feed = small(), .way = 4};
    cut.feed.piece_bytes = 9;
    assert_true(ol_test_fail_each(one_answer, &plain) > 5);
    assert_true(ol_test_fail_each(one_answer, &cut) > 5);
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < LARGE_BYTES; i++)
        large[i] = (uint8_t)('a' + i * 7 % 26);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_body_gets_its_length),
        cmocka_unit_test(every_cut_and_delay_gives_the_same_body),
        cmocka_unit_test(large_or_continued_bodies_are_not_held),
        cmocka_unit_test(a_slow_end_is_not_waited_for),
        cmocka_unit_test(a_known_length_is_announced),
        cmocka_unit_test(heads_alone_have_no_body),
        cmocka_unit_test(a_failure_before_the_head_is_a_document),
        cmocka_unit_test(a_failure_after_it_cuts_the_connection),
        cmocka_unit_test(a_client_may_leave_while_bytes_are_held),
        cmocka_unit_test(a_second_run_goes_on),
        cmocka_unit_test(a_second_run_that_differs_is_seen),
        cmocka_unit_test(bytes_wait_for_a_slow_client),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
