/* SPDX-License-Identifier: MIT */
/*
 * Where what the API changes is kept, a file or an object: that it is durable before it is answered, and what
 * happens when the place is full, damaged, changed by another replica, down or gone.
 */
#include "control_kit.h"

/* ---- the file ---- */

static void test_the_file_is_private_and_whole(void **state)
{
    (void)state;
    crew c;
    struct stat st;
    char path[256];
    open_crew(&c, CONFIG);
    must(&c, BUCKET_POLICY("orders"));
    scratch_path(&s, "objlens-data/control.json", path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_false(file_is_there("objlens-data/control.json.new"));
    close_crew(&c);
}

static void test_a_full_disk_changes_nothing(void **state)
{
    (void)state;
    crew c;
    struct rlimit old, small;
    signal(SIGXFSZ, SIG_IGN);
    open_crew(&c, CONFIG);
    must(&c, BUCKET_POLICY("orders"));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    answer a = ask(&c, BUCKET_POLICY("others"));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_code(a.err.code, OL_ENOSPACE);
    assert_int_equal(a.err.status, 500);
    assert_false(file_is_there("objlens-data/control.json.new"));
    assert_int_equal(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("others"))->name.len, 0);
    /* What was there is there, and the next change works. */
    must(&c, BUCKET_POLICY("thirds"));
    close_crew(&c);
    open_crew(&c, CONFIG);
    assert_non_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("orders"))->policy.policy);
    assert_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("others"))->policy.policy);
    assert_non_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("thirds"))->policy.policy);
    close_crew(&c);
}

static void test_a_damaged_file_ends_the_start(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, CONFIG);
    must(&c, BUCKET_POLICY("orders"));
    close_crew(&c);
    scratch_write(&s, "objlens-data/control.json", OL_SLICE_LIT("{\"version\":1,"), 0600);
    refuse_to_open(CONFIG, "control.json: is damaged: it is not whole JSON");
    scratch_write(&s, "objlens-data/control.json",
                  OL_SLICE_LIT("{\"version\":1,\"accounts\":{},\"buckets\":{\"orders\":{\"policy\":\"{}\"}},"
                               "\"access_points\":{},\"object_lambdas\":{}}"),
                  0600);
    refuse_to_open(CONFIG, "is damaged: bucket \"orders\": ");
    scratch_write(&s, "objlens-data/control.json", OL_SLICE_LIT("{}"), 0644);
    refuse_to_open(CONFIG, "is open to group or others");
}

static void test_one_process_has_the_folder(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, CONFIG);
    refuse_to_open(CONFIG, "another process has the data folder");
    close_crew(&c);
    open_crew(&c, CONFIG);
    close_crew(&c);
}

/* ---- the object ---- */

#define REMOTE CONFIG "control { bucket = 'state', refresh_s = 1 }\n"

static void test_an_object_is_written_on_its_condition(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, REMOTE);
    assert_true(ol_realm_is_complete(c.realm));
    must(&c, BUCKET_POLICY("orders"));
    assert_true(remote.present);
    must(&c, BUCKET_POLICY("others"));
    close_crew(&c);
    open_crew(&c, REMOTE);
    assert_non_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("orders"))->policy.policy);
    assert_non_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("others"))->policy.policy);
    assert_false(file_is_there("objlens-data/control.json"));
    close_crew(&c);
}

typedef struct waiting_for {
    crew *c;
    const char *bucket;
    bool complete;
} waiting_for;

static bool has_policy(void *arg)
{
    waiting_for *w = arg;
    pthread_mutex_lock(&w->c->lock);
    bool has = ol_realm_bucket_of(w->c->realm, ol_slice_cstr(w->bucket))->policy.policy != NULL;
    pthread_mutex_unlock(&w->c->lock);
    return has;
}

static bool is_complete(void *arg)
{
    crew *c = arg;
    pthread_mutex_lock(&c->lock);
    bool complete = ol_realm_is_complete(c->realm);
    pthread_mutex_unlock(&c->lock);
    return complete;
}

static void test_replicas_do_not_overwrite_each_other(void **state)
{
    (void)state;
    crew one, two;
    open_crew(&one, REMOTE);
    open_crew(&two, REMOTE);
    must(&one, BUCKET_POLICY("first"));
    must(&two, BUCKET_POLICY("second")); /* a conflict: it has not read the first yet, or has */
    assert_non_null(ol_realm_bucket_of(two.realm, OL_SLICE_LIT("first"))->policy.policy);
    must(&one, BUCKET_POLICY("third"));
    assert_non_null(ol_realm_bucket_of(one.realm, OL_SLICE_LIT("second"))->policy.policy);
    /* Within the refresh time the other one knows. */
    waiting_for w = {.c = &two, .bucket = "third"};
    ol_test_wait(has_policy, &w, OL_TEST_BOUND_MS);
    /* What one created cannot be created at the other, even before it has looked. */
    must(&one, EDIT(.kind = OL_EDIT_ACCESS_POINT_CREATED, .name = OL_SLICE_LIT("ap1"),
                    .access_point = &point_to_orders));
    answer a = ask(&two, EDIT(.kind = OL_EDIT_ACCESS_POINT_CREATED, .name = OL_SLICE_LIT("ap1"),
                              .access_point = &point_to_orders));
    assert_string_equal(a.err.s3_code, "AccessPointAlreadyOwnedByYou");
    close_crew(&two);
    close_crew(&one);
}

static void test_an_origin_that_is_down(void **state)
{
    (void)state;
    crew c;
    memory_origin_down(&remote, true);
    open_crew(&c, REMOTE); /* it answers, with an error: no reason to wait longer */
    assert_false(ol_realm_is_complete(c.realm));
    must_fail(&c, BUCKET_POLICY("orders"), OL_EUNAVAILABLE, "ServiceUnavailable");
    memory_origin_down(&remote, false);
    ol_test_wait(is_complete, &c, OL_TEST_BOUND_MS);
    must(&c, BUCKET_POLICY("orders"));
    /* Down again: what was read goes on. */
    memory_origin_down(&remote, true);
    must_fail(&c, BUCKET_POLICY("others"), OL_EUNAVAILABLE, "ServiceUnavailable");
    assert_true(ol_realm_is_complete(c.realm));
    assert_non_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("orders"))->policy.policy);
    memory_origin_down(&remote, false);
    must(&c, BUCKET_POLICY("others"));
    close_crew(&c);
}

static bool was_opened_again(void *arg)
{
    pthread_mutex_lock(&remote.lock);
    bool again = remote.opens > *(unsigned *)arg + 1;
    pthread_mutex_unlock(&remote.lock);
    return again;
}

static unsigned opens_now(void)
{
    pthread_mutex_lock(&remote.lock);
    unsigned opens = remote.opens;
    pthread_mutex_unlock(&remote.lock);
    return opens;
}

static void test_damage_of_an_object(void **state)
{
    (void)state;
    crew c;
    memory_origin_set(&remote, "{\"version\":7}");
    refuse_to_open(REMOTE, "the object in bucket state is damaged: it is of version 7");
    memory_origin_set(&remote, NULL);
    open_crew(&c, REMOTE);
    must(&c, BUCKET_POLICY("orders"));
    memory_origin_set(&remote, "{\"version\":7}");
    unsigned opens = opens_now();
    ol_test_wait(was_opened_again, &opens, OL_TEST_BOUND_MS);
    /* It is kept as it is, and what was read goes on. */
    must_fail(&c, BUCKET_POLICY("others"), OL_EUNAVAILABLE, "ServiceUnavailable");
    assert_string_equal(ol_buf_cstr(&remote.content), "{\"version\":7}");
    assert_non_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("orders"))->policy.policy);
    /* Gone is no better. */
    memory_origin_set(&remote, NULL);
    opens = opens_now();
    ol_test_wait(was_opened_again, &opens, OL_TEST_BOUND_MS);
    must_fail(&c, BUCKET_POLICY("others"), OL_EUNAVAILABLE, "ServiceUnavailable");
    assert_false(remote.present);
    close_crew(&c);
}

static void set_flag(bool *flag, bool value)
{
    pthread_mutex_lock(&remote.lock);
    *flag = value;
    pthread_mutex_unlock(&remote.lock);
}

static void test_an_origin_that_can_only_be_read(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, REMOTE);
    must(&c, BUCKET_POLICY("orders"));
    set_flag(&remote.read_only, true);
    must_fail(&c, BUCKET_POLICY("others"), OL_EUNAVAILABLE, "ServiceUnavailable");
    set_flag(&remote.read_only, false);
    must(&c, BUCKET_POLICY("others"));
    close_crew(&c);
}

/* Somebody who writes each time before we do: it is tried some times, and then no more. */
static void test_a_change_that_never_gets_through(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, REMOTE);
    must(&c, BUCKET_POLICY("orders"));
    unsigned puts = remote.puts;
    set_flag(&remote.contended, true);
    answer a = ask(&c, BUCKET_POLICY("others"));
    assert_code(a.err.code, OL_ESLOWDOWN);
    assert_in_range(remote.puts - puts, 2, 20);
    set_flag(&remote.contended, false);
    must(&c, BUCKET_POLICY("others"));
    close_crew(&c);
}

/* ---- kept, and not used ---- */

/* A reload while a change is being kept, and no memory for the realm that it asks for. */
typedef struct reload {
    crew *c;
    ol_config *config;
    int rc;
} reload;

static void reload_and_starve(void *arg)
{
    reload *r = arg;
    ol_error err = {0};
    r->rc = ol_control_reconfigure(r->c->control, r->config, publish, r->c, &err);
    ol_alloc_fail_one_after(0);
}

/* Of this program: what it does once, before a file is made durable. */
static void (*on_fsync)(void *arg);
static void *on_fsync_arg;

int fsync(int fd)
{
    void (*hook)(void *arg) = on_fsync;
    on_fsync = NULL;
    if (hook)
        hook(on_fsync_arg);
    return (int)syscall(SYS_fsync, fd);
}

static void lose_one_change(crew *c, reload *r)
{
    answer a = ask(c, BUCKET_POLICY("kept"));
    unsigned long failed = ol_alloc_failed();
    ol_alloc_fail_after(-1);
    assert_code(r->rc, OL_OK);
    assert_int_equal(failed, 1);
    assert_code(a.err.code, OL_ENOMEM);
}

static void check_nothing_was_dropped(crew *c, const char *text)
{
    must(c, BUCKET_POLICY("next"));
    assert_non_null(ol_realm_bucket_of(c->realm, OL_SLICE_LIT("kept"))->policy.policy);
    close_crew(c);
    open_crew(c, text);
    assert_non_null(ol_realm_bucket_of(c->realm, OL_SLICE_LIT("kept"))->policy.policy);
    assert_non_null(ol_realm_bucket_of(c->realm, OL_SLICE_LIT("next"))->policy.policy);
    close_crew(c);
}

static void test_an_object_that_was_kept_and_not_used(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, REMOTE);
    reload r = {.c = &c, .config = load(REMOTE), .rc = OL_EINTERNAL};
    pthread_mutex_lock(&remote.lock);
    remote.on_stored_arg = &r;
    remote.on_stored = reload_and_starve;
    pthread_mutex_unlock(&remote.lock);
    lose_one_change(&c, &r);
    check_nothing_was_dropped(&c, REMOTE);
    ol_config_release(r.config);
}

/* While it cannot be read again, nothing is written over it. */
static void take_down(void *arg)
{
    reload_and_starve(arg);
    memory_origin_down(&remote, true);
}

static void test_an_object_that_cannot_be_read_again(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, REMOTE);
    reload r = {.c = &c, .config = load(REMOTE), .rc = OL_EINTERNAL};
    pthread_mutex_lock(&remote.lock);
    remote.on_stored_arg = &r;
    remote.on_stored = take_down;
    pthread_mutex_unlock(&remote.lock);
    lose_one_change(&c, &r);
    unsigned puts = remote.puts;
    must_fail(&c, BUCKET_POLICY("next"), OL_EUNAVAILABLE, "ServiceUnavailable");
    assert_int_equal(remote.puts, puts);
    memory_origin_down(&remote, false);
    unsigned opens = opens_now();
    ol_test_wait(was_opened_again, &opens, OL_TEST_BOUND_MS);
    check_nothing_was_dropped(&c, REMOTE);
    ol_config_release(r.config);
}

static void test_a_file_that_was_kept_and_not_used(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, CONFIG);
    reload r = {.c = &c, .config = load(CONFIG), .rc = OL_EINTERNAL};
    on_fsync_arg = &r;
    on_fsync = reload_and_starve;
    lose_one_change(&c, &r);
    check_nothing_was_dropped(&c, CONFIG);
    ol_config_release(r.config);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        EACH(test_the_file_is_private_and_whole),
        EACH(test_a_full_disk_changes_nothing),
        EACH(test_a_damaged_file_ends_the_start),
        EACH(test_one_process_has_the_folder),
        EACH(test_an_object_is_written_on_its_condition),
        EACH(test_replicas_do_not_overwrite_each_other),
        EACH(test_an_origin_that_is_down),
        EACH(test_damage_of_an_object),
        EACH(test_an_origin_that_can_only_be_read),
        EACH(test_a_change_that_never_gets_through),
        EACH(test_an_object_that_was_kept_and_not_used),
        EACH(test_an_object_that_cannot_be_read_again),
        EACH(test_a_file_that_was_kept_and_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
