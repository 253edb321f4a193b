/* SPDX-License-Identifier: MIT */
/*
 * The client against our own server: calls, bodies both ways, the pool.
 */
#include "client_kit.h"

static int set_up(void **state)
{
    ckit *c = ckit_new();
    *state = c;
    c->limits.connections_per_host_max = 2;
    c->limits.waiting_per_host_max = 3;
    ckit_open(c);
    return 0;
}

static int tear_down(void **state)
{
    ckit_free(*state);
    return 0;
}

static void get(ckit *c, const char *target, const char *body)
{
    rec *r = rec_new(c);
    assert_code(rec_start(r, "GET", target, 0), OL_OK);
    rec_wait(r);
    assert_code(r->code, OL_OK);
    assert_int_equal(r->status, 200);
    assert_slices(ol_buf_slice(&r->body), ol_slice_cstr(body));
    rec_free(r);
}

static ol_http_client_stats stats_of(ckit *c)
{
    ol_http_client_stats stats;
    ol_http_client_stats_get(c->client, &stats);
    return stats;
}

static void reuses_its_connection(void **state)
{
    ckit *c = *state;
    get(c, "/hello", "hello");
    get(c, "/chunked", "one,two,three");
    get(c, "/hello?x", "hello");
    ol_http_client_stats stats = stats_of(c);
    assert_int_equal(stats.connected, 1);
    assert_int_equal(stats.reused, 2);
    assert_int_equal(stats.idle, 1);
    assert_string_equal(c->k->target, "/hello?x");
    char host[32];
    snprintf(host, sizeof(host), "127.0.0.1:%u", (unsigned)c->k->port);
    assert_string_equal(c->k->host, host);
}

static void takes_answers_without_a_body(void **state)
{
    ckit *c = *state;
    static const char *const calls[][2] = {{"HEAD", "/hello"}, {"GET", "/empty"}};
    for (unsigned i = 0; i < 2; i++) {
        rec *r = rec_new(c);
        assert_code(rec_start(r, calls[i][0], calls[i][1], 0), OL_OK);
        rec_wait(r);
        assert_code(r->code, OL_OK);
        assert_int_equal(r->status, i ? 204 : 200);
        assert_int_equal(r->content_length, i ? -1 : 5);
        assert_int_equal(r->body.len, 0);
        rec_free(r);
    }
    assert_int_equal(stats_of(c).connected, 1);
}

static void streams_bodies_both_ways(void **state)
{
    ckit *c = *state;
    size_t len = 5 << 20;
    uint8_t *up = malloc(len);
    ol_test_random random = {3};
    ol_test_random_fill(&random, up, len);
    static const size_t pieces[] = {0, 1000, 100000, 300000};
    for (unsigned i = 0; i < 16; i++) {
        rec *r = rec_new(c);
        r->up = up;
        r->up_len = pieces[i % 4] == 1000 ? 300000 : len;
        r->up_piece = pieces[i % 4];
        r->hold = r->slow = (i & 4) != 0;
        r->own_memory = i == 2;
        const char *target = i & 8 ? "/slow-echo" : "/echo";
        assert_code(rec_start(r, "PUT", target, i & 1 ? -1 : (int64_t)r->up_len), OL_OK);
        rec_wait(r);
        assert_code(r->code, OL_OK);
        assert_slices(ol_buf_slice(&r->body), ol_slice_of(up, r->up_len));
        assert_int_equal(r->allocs > 0, r->own_memory);
        rec_free(r);
    }
    assert_int_equal(stats_of(c).connected, 1);
    free(up);
}

static void sends_empty_bodies(void **state)
{
    ckit *c = *state;
    rec *r = rec_new(c);
    assert_code(rec_start(r, "PUT", "/echo", 0), OL_OK);
    rec_wait(r);
    assert_code(r->code, OL_OK);
    assert_int_equal(r->content_length, 0);
    rec_free(r);
    r = rec_new(c);
    assert_code(rec_start(r, "PUT", "/echo", -1), OL_OK); /* chunked, and then nothing */
    rec_wait(r);
    assert_code(r->code, OL_OK);
    assert_int_equal(r->content_length, 0);
    rec_free(r);
}

static void bounds_connections_and_the_queue(void **state)
{
    ckit *c = *state;
    rec *r[6];
    for (unsigned i = 0; i < 6; i++) {
        r[i] = rec_new(c);
        int rc = rec_start(r[i], "GET", "/big?2000000", 0);
        assert_code(rc, i < 5 ? OL_OK : OL_ESLOWDOWN);
    }
    assert_int_equal(stats_of(c).connections, 2);
    assert_int_equal(stats_of(c).waiting, 3);
    for (unsigned i = 0; i < 5; i++) {
        rec_wait(r[i]);
        assert_code(r[i]->code, OL_OK);
        assert_int_equal(r[i]->body.len, 2000000);
    }
    assert_int_equal(r[5]->closes, 0);
    for (unsigned i = 0; i < 6; i++)
        rec_free(r[i]);
    assert_int_equal(stats_of(c).connected, 2);
    assert_int_equal(stats_of(c).idle, 2);
}

static void does_not_read_ahead_of_a_slow_reader(void **state)
{
    ckit *c = *state;
    rec *r = rec_new(c);
    r->hold = true;
    assert_code(rec_start(r, "GET", "/big?50000000", 0), OL_OK);
    while (r->held.len == 0)
        ol_test_loop_turns(&c->k->t, 1);
    uint8_t first = r->held.data[0];
    ol_http_stats stats;
    uint64_t sent = 0;
    for (unsigned same = 0; same < 50;) { /* until the server is stuck as well */
        ol_test_loop_turns(&c->k->t, 1);
        ol_http_server_stats(c->k->server, &stats);
        same = stats.bytes_out == sent ? same + 1 : 0;
        sent = stats.bytes_out;
    }
    assert_true(sent < 20000000);
    assert_int_equal(r->held.data[0], first);
    r->slow = true;
    rec_resume(r);
    rec_wait(r);
    assert_int_equal(r->body.len, 50000000);
    rec_free(r);
}

static void sees_cut_answers(void **state)
{
    ckit *c = *state;
    static const char *const targets[] = {"/abort", "/abort-chunked", "/short", "/abort-now"};
    for (unsigned i = 0; i < 4; i++) {
        rec *r = rec_new(c);
        assert_code(rec_start(r, "GET", targets[i], 0), OL_OK);
        rec_wait(r);
        assert_code(r->code, OL_EPEER);
        assert_true(strstr(r->detail, "127.0.0.1:") != NULL);
        rec_free(r);
    }
    get(c, "/hello", "hello");
}

static void aborts_at_every_point(void **state)
{
    ckit *c = *state;
    static const uint8_t up[200000];
    for (unsigned turns = 0; turns < 30; turns++) {
        for (unsigned how = 0; how < 3; how++) {
            rec *r = rec_new(c);
            r->hold = how == 1;
            r->up = up;
            r->up_len = sizeof(up);
            if (how == 2)
                assert_code(rec_start(r, "PUT", "/slow-echo", sizeof(up)), OL_OK);
            else
                assert_code(rec_start(r, "GET", "/big?3000000", 0), OL_OK);
            ol_test_loop_turns(&c->k->t, turns);
            if (!r->closes) {
                ol_http_call_abort(r->call);
                assert_int_equal(r->closes, 0);
                rec_wait(r);
                assert_code(r->code, OL_ECANCELED);
            }
            rec_free(r);
        }
    }
    get(c, "/hello", "hello");
}

static void gives_up_for_its_reader(void **state)
{
    ckit *c = *state;
    rec *r = rec_new(c);
    r->refuse = true;
    assert_code(rec_start(r, "GET", "/big?3000000", 0), OL_OK);
    rec_wait(r);
    assert_code(r->code, OL_EORIGIN);
    rec_free(r);
    r = rec_new(c);
    r->short_up = true;
    assert_code(rec_start(r, "PUT", "/echo", 10), OL_OK);
    rec_wait(r);
    assert_code(r->code, OL_ECANCELED);
    rec_free(r);
    get(c, "/hello", "hello");
}

static void resolves_names(void **state)
{
    ckit *c = *state;
    c->peer.host = "localhost"; /* may give ::1 first, where nobody listens */
    get(c, "/hello", "hello");
    /* A label of more than 63 letters: no resolver asks anybody for that. */
    c->peer.host = "no-such-host-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.invalid";
    rec *r = rec_new(c);
    assert_code(rec_start(r, "GET", "/hello", 0), OL_OK);
    rec_wait(r);
    assert_code(r->code, OL_EUNAVAILABLE);
    rec_free(r);
}

static void refuses_malformed_requests(void **state)
{
    ckit *c = *state;
    rec *r = rec_new(c);
    assert_code(rec_start(r, "GET", "hello", 0), OL_EINVAL);
    assert_code(rec_start(r, "GET", "/a b", 0), OL_EINVAL);
    assert_code(rec_start(r, "GET", "/a\r\nX: y", 0), OL_EINVAL);
    assert_code(rec_start(r, "G T", "/a", 0), OL_EINVAL);
    assert_code(rec_start(r, "", "/a", 0), OL_EINVAL);
    c->peer.host = "";
    assert_code(rec_start(r, "GET", "/a", 0), OL_EINVAL);
    assert_int_equal(stats_of(c).calls, 0);
    rec_free(r);
}

static void closes_with_calls_under_way(void **state)
{
    ckit *c = *state;
    rec *r[5];
    for (unsigned i = 0; i < 5; i++) {
        r[i] = rec_new(c);
        r[i]->hold = i == 1;
        assert_code(rec_start(r[i], "GET", i ? "/big?9000000" : "/never", 0), OL_OK);
    }
    for (unsigned i = 0; i < 10; i++)
        ol_test_loop_turns(&c->k->t, 1);
    bool closed = false;
    ol_http_client_close(c->client, kit_set, &closed);
    c->client = NULL;
    ol_test_loop_until(&c->k->t, &closed, OL_TEST_BOUND_MS);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(r[i]->closes, 1);
        assert_code(r[i]->code, OL_ECANCELED);
        rec_free(r[i]);
    }
}

/* ---- memory ---- */

static int converse(void *arg)
{
    (void)arg;
    static const uint8_t up[100000];
    ckit *c = ckit_new();
    int rc = kit_open_tls(c->k, NULL);
    if (rc == OL_OK)
        rc = ckit_open_client(c);
    for (unsigned i = 0; i < 3 && rc == OL_OK; i++) {
        rec *r = rec_new(c);
        r->up = up;
        r->up_len = sizeof(up);
        r->hold = r->slow = i == 1;
        rc = i < 2 ? rec_start(r, "PUT", "/echo", i ? -1 : (int64_t)sizeof(up))
                   : rec_start(r, "GET", "/chunked", 0);
        if (rc == OL_OK) {
            rec_wait(r);
            rc = r->code;
            if (rc == OL_OK && r->body.len != (i < 2 ? sizeof(up) : 13))
                rc = OL_ENOMEM; /* the recorder, or the handler's 400 */
        }
        rec_free(r);
    }
    ckit_free(c);
    return rc;
}

static void survives_allocation_failures(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(converse, NULL) > 15);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(reuses_its_connection),
        T(takes_answers_without_a_body),
        T(streams_bodies_both_ways),
        T(sends_empty_bodies),
        T(bounds_connections_and_the_queue),
        T(does_not_read_ahead_of_a_slow_reader),
        T(sees_cut_answers),
        T(aborts_at_every_point),
        T(gives_up_for_its_reader),
        T(resolves_names),
        T(refuses_malformed_requests),
        T(closes_with_calls_under_way),
        cmocka_unit_test(survives_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
