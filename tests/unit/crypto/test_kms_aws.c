/* SPDX-License-Identifier: MIT */
/* The remote KMS's life on a loop: cancelled, detached and refused at every point. What is said on the
 * wire has its tests with real services. */
#include "lib/check.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "crypto/kms/kms_aws.h"
#include "lib/alloc_check.h"
#include "lib/loop_fixture.h"

typedef struct fixture {
    ol_test_loop loop;
    ol_kms *kms;
    int listener; /* takes connections, never answers */
    char url[64];
    uint32_t deadline_ms;
    ol_arena *arena;
    ol_kms_call call;
    bool done, detached;
    int code;
} fixture;

static void on_key(ol_kms_call *call, const ol_error *err)
{
    fixture *f = call->arg;
    f->done = true;
    f->code = err ? err->code : OL_OK;
}

static void on_detached(void *arg)
{
    *(bool *)arg = true;
}

static void listen_here(fixture *f, bool answers)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&address, len), 0);
    if (answers)
        assert_int_equal(listen(f->listener, 8), 0);
    assert_int_equal(getsockname(f->listener, (struct sockaddr *)&address, &len), 0);
    snprintf(f->url, sizeof f->url, "http://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
}

static int make(fixture *f, ol_error *err)
{
    ol_kms_aws_options options;
    ol_kms_aws_options_default(&options);
    options.remote.endpoint = f->url;
    options.remote.deadline_ms = f->deadline_ms;
    options.remote.backoff_base_ms = 1;
    options.remote.backoff_max_ms = 4;
    options.remote.breaker_failures = 3;
    options.access_key = options.secret_key = "k";
    return ol_kms_aws_new(&f->kms, &options, err);
}

static int open_fixture(fixture *f, ol_error *err)
{
    int rc = make(f, err);
    if (rc == OL_OK && (rc = f->kms->ops->attach(f->kms, f->loop.loop, err)) != OL_OK)
        f->kms->ops->destroy(f->kms);
    return rc;
}

static int start_call(fixture *f, ol_error *err)
{
    f->done = false;
    f->call = (ol_kms_call){.loop = f->loop.loop,
                            .arena = f->arena,
                            .key_id = OL_SLICE_LIT("a"),
                            .blob = OL_SLICE_LIT("blob"),
                            .cb = on_key,
                            .arg = f};
    return f->kms->ops->open(f->kms, &f->call, err);
}

static void close_fixture(fixture *f)
{
    f->detached = false;
    f->kms->ops->detach(f->kms, f->loop.loop, on_detached, &f->detached);
    ol_test_loop_until(&f->loop, &f->detached, OL_TEST_BOUND_MS);
    f->kms->ops->destroy(f->kms);
}

static int setup(void **state)
{
    static fixture f;
    f = (fixture){.arena = ol_arena_new(65536), .deadline_ms = 60000};
    assert_code(ol_test_loop_open(&f.loop), OL_OK);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    close(f->listener);
    ol_test_loop_close(&f->loop);
    ol_arena_destroy(f->arena);
    return 0;
}

static void test_deadline(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    ol_kms_remote_stats stats;
    f->deadline_ms = 300;
    listen_here(f, true);
    assert_code_of(open_fixture(f, &err), OL_OK, &err);
    assert_code(start_call(f, &err), OL_WAIT);
    ol_test_loop_until(&f->loop, &f->done, OL_TEST_BOUND_MS);
    assert_code(f->code, OL_EKMSUNAVAILABLE);
    ol_kms_remote_read_stats(f->kms, &stats);
    assert_int_equal(stats.late, 1);
    assert_int_equal(stats.loops, 1);
    close_fixture(f);
}

static void test_cancel_at_every_turn(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    listen_here(f, true);
    assert_code_of(open_fixture(f, &err), OL_OK, &err);
    for (unsigned turns = 0; turns < 8; turns++) {
        assert_code(start_call(f, &err), OL_WAIT);
        ol_test_loop_turns(&f->loop, turns);
        f->kms->ops->cancel(f->kms, &f->call);
        memset(&f->call, 0x5a, sizeof f->call); /* gone */
        ol_test_loop_turns(&f->loop, 8);
        assert_false(f->done);
    }
    close_fixture(f);
}

static void test_detach_ends_what_runs(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    listen_here(f, true);
    for (unsigned turns = 0; turns < 6; turns++) {
        assert_code_of(open_fixture(f, &err), OL_OK, &err);
        assert_code(start_call(f, &err), OL_WAIT);
        ol_test_loop_turns(&f->loop, turns);
        close_fixture(f);
        assert_true(f->done);
        assert_code(f->code, OL_ECANCELED);
    }
}

static void test_nobody_there_opens_the_breaker(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    ol_kms_remote_stats stats;
    listen_here(f, false);
    assert_code_of(open_fixture(f, &err), OL_OK, &err);
    int rc = start_call(f, &err);
    if (rc == OL_WAIT)
        ol_test_loop_until(&f->loop, &f->done, OL_TEST_BOUND_MS);
    assert_code(rc == OL_WAIT ? f->code : rc, OL_EKMSUNAVAILABLE);
    assert_code(start_call(f, &err), OL_EKMSUNAVAILABLE);
    ol_kms_remote_read_stats(f->kms, &stats);
    assert_true(stats.requests <= 4 && stats.breaker_opened == 1 && stats.breaker_refused >= 1);
    close_fixture(f);
}

static void test_what_is_no_call(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    enum ol_kms_state key_state;
    listen_here(f, true);
    assert_code_of(open_fixture(f, &err), OL_OK, &err);
    f->call = (ol_kms_call){.loop = f->loop.loop, .arena = f->arena};
    assert_code(f->kms->ops->generate(f->kms, &f->call, &err), OL_EKMSNOTFOUND);
    err = (ol_error){0};
    assert_code(f->kms->ops->state(f->kms, &f->call, &key_state, &err), OL_EKMSNOTFOUND);
    err = (ol_error){0};
    assert_code(f->kms->ops->open(f->kms, &f->call, &err), OL_EDECRYPT);
    err = (ol_error){0};
    f->call.loop = NULL;
    assert_code(f->kms->ops->open(f->kms, &f->call, &err), OL_EKMSUNAVAILABLE);
    close_fixture(f);
}

static int once(void *arg)
{
    fixture *f = arg;
    ol_error err = {0};
    ol_arena *arena = f->arena;
    int rc = open_fixture(f, &err);
    if (rc != OL_OK)
        return rc;
    f->arena = ol_arena_new(65536);
    rc = f->arena ? start_call(f, &err) : OL_ENOMEM;
    if (rc == OL_WAIT) {
        ol_test_loop_turns(&f->loop, 4);
        if (!f->done)
            f->kms->ops->cancel(f->kms, &f->call);
        rc = f->done && f->code == OL_ENOMEM ? OL_ENOMEM : OL_OK;
    }
    close_fixture(f);
    ol_arena_destroy(f->arena);
    f->arena = arena;
    return rc;
}

static void test_memory_runs_out(void **state)
{
    fixture *f = *state;
    listen_here(f, true);
    assert_code(once(f), OL_OK); /* what is made once a process */
    assert_true(ol_test_fail_each(once, f) > 5);
}

static void test_options(void **state)
{
    static const char *const urls[] = {"", "http://10.0.0.1", "http://kms.example.test",
                                       "ftp://127.0.0.1", "http://127.0.0.1/path", "127.0.0.1"};
    fixture *f = *state;
    listen_here(f, true);
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        ol_error err = {0};
        snprintf(f->url, sizeof f->url, "%s", urls[i]);
        assert_code(make(f, &err), OL_ECONFIG);
    }
    ol_kms_aws_options options;
    ol_error err = {0};
    ol_kms_aws_options_default(&options);
    options.remote.endpoint = "http://10.0.0.1";
    options.access_key = options.secret_key = "k";
    options.remote.allow_plain_http = true;
    assert_code_of(ol_kms_aws_new(&f->kms, &options, &err), OL_OK, &err);
    f->kms->ops->destroy(f->kms);
    options.secret_key = NULL;
    assert_code(ol_kms_aws_new(&f->kms, &options, &err), OL_ECONFIG);
    options.secret_key = "k";
    options.region = "not a region";
    assert_code(ol_kms_aws_new(&f->kms, &options, &err), OL_ECONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel_at_every_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_detach_ends_what_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_there_opens_the_breaker, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_no_call, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_options, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
