/* SPDX-License-Identifier: MIT */
/*
 * Every step of a PUT fails in turn. Nothing of it may be visible, then or after the store was
 * opened anew; what was there stays; and a failed sync ends writing until then.
 */
#include "store_kit.h"
#include "store_trap.h"
#include "store_vfs.h"

#include "origin/store/store_private.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define LARGE 600000u

static void expect_nothing_left(store_kit *kit, const char *key, ol_slice old, unsigned files)
{
    kit_expect(kit, key, old);
    kit_restart(kit);
    kit_expect(kit, key, old);
    assert_int_equal(kit_files(kit, "tmp"), 0);
    assert_int_equal(kit_files(kit, "objects"), files);
}

/* ---- one step ---- */

typedef struct step {
    enum ol_store_point point;
    int fault;
    int from;
    int code;
    bool breaks;
    bool small_too; /* a small body passes here as well */
} step;

static const step steps[] = {
    {OL_STORE_TEMP_CREATE, EACCES, 0, OL_EINTERNAL, false, false},
    {OL_STORE_TEMP_CREATE, ENOSPC, 0, OL_ENOSPACE, false, false},
    {OL_STORE_FILE_WRITE, ENOSPC, 0, OL_ENOSPACE, false, false},
    {OL_STORE_FILE_WRITE, EIO, 2, OL_EINTERNAL, false, false},
    {OL_STORE_FILE_WRITE, EDQUOT, 1, OL_ENOSPACE, false, false},
    {OL_STORE_FILE_SYNC, EIO, 0, OL_EINTERNAL, true, false},
    {OL_STORE_FILE_SYNC, ENOSPC, 0, OL_ENOSPACE, false, false},
    {OL_STORE_RENAME, EIO, 0, OL_EINTERNAL, false, false},
    {OL_STORE_SHELF_SYNC, EIO, 0, OL_EINTERNAL, true, false},
    {OL_STORE_COMMIT, EIO, 0, OL_EINTERNAL, false, true},
};

static void fail_step(const step *s, size_t len)
{
    store_kit kit;
    kit_open(&kit);
    ol_slice old = kit_bytes(len / 2, 1), new = kit_bytes(len, 2);
    assert_code(kit_put(&kit, "k", old), OL_OK);
    kit_expect(&kit, "k", old);
    trap t;
    trap_open(&t);
    trap_fail(&t, s->point, s->fault, s->from);
    assert_code(kit_put(&kit, "k", new), s->code);
    trap_close(&t);
    /* Reading goes on; writing only if nothing is in doubt. */
    kit_expect(&kit, "k", old);
    assert_code(kit_put(&kit, "other", new), s->breaks ? OL_EUNAVAILABLE : OL_OK);
    assert_code(kit_remove(&kit, "other"), s->breaks ? OL_EUNAVAILABLE : OL_OK);
    assert_int_equal(strstr(kit.warned, "opened anew") != NULL, s->breaks);
    expect_nothing_left(&kit, "k", old, len > 40000);
    assert_code(kit_put(&kit, "k", new), OL_OK);
    kit_expect(&kit, "k", new);
    kit_free(old);
    kit_free(new);
    kit_fini(&kit);
}

static void every_step_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        fail_step(&steps[i], LARGE);
        if (steps[i].small_too)
            fail_step(&steps[i], 1000);
    }
}

/* ---- batches ---- */

#define BATCH 6

typedef struct batch {
    ol_test_bench benches[BATCH];
    ol_test_feed feeds[BATCH];
    ol_put_result results[BATCH];
    ol_slice bodies[BATCH];
    char keys[BATCH][8];
} batch;

static void start_member(store_kit *kit, batch *b, size_t i, bool if_none_match_any)
{
    ol_test_bench *bench = &b->benches[i];
    ol_test_bench_open(bench);
    snprintf(b->keys[i], sizeof b->keys[i], "k%zu", i);
    b->bodies[i] = kit_bytes(i % 2 ? 100 * i : 50000 * (i + 1), i);
    b->feeds[i] = (ol_test_feed){.body = b->bodies[i]};
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = ol_slice_cstr(b->keys[i]), .size = -1,
                          .if_none_match_any = if_none_match_any, .result = &b->results[i]};
    const ol_stage_ops *ops;
    const void *config;
    ol_error err = {0};
    assert_code(kit->origin->ops->put(kit->origin, &req, bench->arena, &ops, &config, &err), OL_OK);
    ol_test_bench_feed(bench, &b->feeds[i]);
    ol_test_bench_add(bench, ops, config);
    assert_code(ol_test_bench_start(bench), OL_OK);
}

/* While the committer stands at a commit, members gather for the next. */
static void gather(store_kit *kit, batch *b, trap *t, kit_answer *first, bool if_none_match_any)
{
    trap_stop(t, OL_STORE_COMMIT, 0);
    ol_remove_request removal = kit_removal("none");
    assert_code(kit->origin->ops->remove(kit->origin, kit->bench.loop.loop, &removal,
                                         kit_on_removed, first, NULL),
                OL_WAIT);
    trap_wait(t, &kit->bench.loop);
    for (size_t i = 0; i < BATCH; i++)
        start_member(kit, b, i, if_none_match_any && i >= 2);
    for (uint64_t end = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
         ol_committer_queued(ol_store_of(kit->origin)->committer) < BATCH;) {
        assert_true(ol_clock_mono_ms() < end);
        for (size_t i = 0; i < BATCH; i++)
            ol_test_loop_turns(&b->benches[i].loop, 1);
    }
}

static void batch_fini(batch *b)
{
    for (size_t i = 0; i < BATCH; i++) {
        ol_test_bench_close(&b->benches[i]);
        kit_free(b->bodies[i]);
    }
}

static void a_batch_is_one_commit(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    trap t;
    trap_open(&t);
    batch b;
    kit_answer first = {0};
    gather(&kit, &b, &t, &first, false);
    ol_store_stats before, after;
    ol_store_stats_get(kit.origin, &before);
    trap_let_go(&t);
    for (size_t i = 0; i < BATCH; i++)
        assert_code(ol_test_bench_wait(&b.benches[i]), OL_OK);
    ol_store_stats_get(kit.origin, &after);
    /* The one that was held, and the six. */
    assert_int_equal(after.commits - before.commits, BATCH + 1);
    assert_int_equal(after.commit_batches - before.commit_batches, 2);
    assert_int_equal(trap_arrived(&t, OL_STORE_COMMIT), 2);
    assert_int_equal(trap_arrived(&t, OL_STORE_SHELF_SYNC), 1);
    trap_close(&t);
    for (size_t i = 0; i < BATCH; i++)
        kit_expect(&kit, b.keys[i], b.bodies[i]);
    batch_fini(&b);
    kit_fini(&kit);
}

static void a_failed_commit_fails_every_member(void **state)
{
    (void)state;
    const struct {
        enum ol_store_point point;
        int from;
    } cases[] = {{OL_STORE_COMMIT, 1}, {OL_STORE_SHELF_SYNC, 0}, {OL_STORE_RENAME, 2}};
    for (size_t i = 0; i < 3; i++) {
        store_kit kit;
        kit_open(&kit);
        trap t;
        trap_open(&t);
        batch b;
        kit_answer first = {0};
        gather(&kit, &b, &t, &first, false);
        t.at[OL_STORE_COMMIT].stop = false;
        trap_fail(&t, cases[i].point, EIO, cases[i].from);
        trap_let_go(&t);
        for (size_t k = 0; k < BATCH; k++) {
            assert_code(ol_test_bench_wait(&b.benches[k]), OL_EINTERNAL);
        }
        trap_close(&t);
        ol_test_loop_until(&kit.bench.loop, &first.done, OL_TEST_BOUND_MS);
        assert_int_equal(first.err.code, 0);
        for (int round = 0; round < 2; round++) {
            for (size_t k = 0; k < BATCH; k++)
                kit_expect_absent(&kit, b.keys[k]);
            if (round == 0) {
                batch_fini(&b);
                kit_restart(&kit);
            }
        }
        assert_int_equal(kit_files(&kit, "objects") + kit_files(&kit, "tmp"), 0);
        kit_fini(&kit);
    }
}

static void a_refusal_leaves_the_others_alone(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    assert_code(kit_put(&kit, "k4", OL_SLICE_LIT("there")), OL_OK);
    assert_code(kit_put(&kit, "k5", OL_SLICE_LIT("there")), OL_OK);
    trap t;
    trap_open(&t);
    batch b;
    kit_answer first = {0};
    gather(&kit, &b, &t, &first, true);
    trap_let_go(&t);
    for (size_t i = 0; i < BATCH; i++)
        assert_code(ol_test_bench_wait(&b.benches[i]), i < 4 ? OL_OK : OL_EPRECONDITION);
    trap_close(&t);
    for (size_t i = 0; i < BATCH; i++)
        kit_expect(&kit, b.keys[i], i < 4 ? b.bodies[i] : OL_SLICE_LIT("there"));
    batch_fini(&b);
    kit_restart(&kit);
    assert_int_equal(kit_files(&kit, "objects"), 2);
    assert_int_equal(kit_files(&kit, "tmp"), 0);
    kit_fini(&kit);
}

/* ---- the database's own writes ---- */

static atomic_int wal_write_rc, wal_sync_rc, wal_writes_left, main_sync_rc;

static bool is_wal(const char *name)
{
    size_t len = strlen(name);
    return len > 4 && strcmp(name + len - 4, "-wal") == 0;
}

static int before_write(void *arg, const char *name)
{
    (void)arg;
    if (!is_wal(name) || atomic_load(&wal_write_rc) == SQLITE_OK)
        return SQLITE_OK;
    return atomic_fetch_sub(&wal_writes_left, 1) > 0 ? SQLITE_OK : atomic_load(&wal_write_rc);
}

static int before_sync(void *arg, const char *name)
{
    (void)arg;
    return atomic_load(is_wal(name) ? &wal_sync_rc : &main_sync_rc);
}

static void layer_install(void)
{
    atomic_store(&wal_write_rc, SQLITE_OK);
    atomic_store(&wal_sync_rc, SQLITE_OK);
    atomic_store(&wal_writes_left, 0);
    atomic_store(&main_sync_rc, SQLITE_OK);
    vfs_install((vfs_hooks){.before_write = before_write, .before_sync = before_sync});
}

/* Everything that the commit writes is in the file when its sync fails: a recovery must not
 * find it. */
static void a_failed_sync_of_the_log_leaves_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        layer_install();
        store_kit kit;
        kit_open(&kit);
        ol_slice old = kit_bytes(i % 2 ? 200 : LARGE, 1), new = kit_bytes(i / 2 ? 300 : LARGE, 2);
        assert_code(kit_put(&kit, "k", old), OL_OK);
        atomic_store(&wal_sync_rc, SQLITE_IOERR_FSYNC);
        assert_code(kit_put(&kit, "k", new), OL_EINTERNAL);
        atomic_store(&wal_sync_rc, SQLITE_OK);
        assert_code(kit_put(&kit, "k", new), OL_EUNAVAILABLE);
        assert_non_null(strstr(kit.warned, "opened anew"));
        kit_expect(&kit, "k", old);
        /* As a crash finds it: a copy of the folder, opened. */
        char command[1200], copy[120];
        kit_make_folder(copy, sizeof copy);
        snprintf(command, sizeof command, "cp -a %s/. %s/", kit.path, copy);
        assert_int_equal(system(command), 0);
        expect_nothing_left(&kit, "k", old, i % 2 ? 0 : 1);
        assert_code(kit_put(&kit, "k", new), OL_OK);
        kit_fini(&kit);
        store_kit crashed;
        kit_init(&crashed);
        kit_remove_folder(crashed.path);
        assert_int_equal(rename(copy, crashed.path), 0);
        kit_start(&crashed);
        expect_nothing_left(&crashed, "k", old, i % 2 ? 0 : 1);
        kit_fini(&crashed);
        vfs_remove();
        kit_free(old);
        kit_free(new);
    }
}

static void a_full_log_is_no_space_and_passes(void **state)
{
    (void)state;
    for (int writes = 0; writes < 8; writes++) {
        layer_install();
        store_kit kit;
        kit_open(&kit);
        ol_slice old = kit_bytes(9000, 1), new = kit_bytes(12000, 2);
        assert_code(kit_put(&kit, "k", old), OL_OK);
        atomic_store(&wal_writes_left, writes);
        atomic_store(&wal_write_rc, SQLITE_FULL);
        assert_code(kit_put(&kit, "k", new), OL_ENOSPACE);
        atomic_store(&wal_write_rc, SQLITE_OK);
        kit_expect(&kit, "k", old);
        assert_string_equal(kit.warned, "");
        expect_nothing_left(&kit, "k", old, 0);
        assert_code(kit_put(&kit, "k", new), OL_OK);
        kit_restart(&kit);
        kit_expect(&kit, "k", new);
        kit_fini(&kit);
        vfs_remove();
        kit_free(old);
        kit_free(new);
    }
}

static void an_io_error_of_the_log_breaks_the_store(void **state)
{
    (void)state;
    layer_install();
    store_kit kit;
    kit_open(&kit);
    assert_code(kit_put(&kit, "k", OL_SLICE_LIT("old")), OL_OK);
    atomic_store(&wal_write_rc, SQLITE_IOERR_WRITE);
    assert_code(kit_put(&kit, "k", OL_SLICE_LIT("new")), OL_EINTERNAL);
    atomic_store(&wal_write_rc, SQLITE_OK);
    assert_code(kit_put(&kit, "k", OL_SLICE_LIT("new")), OL_EUNAVAILABLE);
    assert_code(kit_bucket(&kit, kit.origin->ops->bucket_create, "c"), OL_EUNAVAILABLE);
    expect_nothing_left(&kit, "k", OL_SLICE_LIT("old"), 0);
    kit_fini(&kit);
    vfs_remove();
}

/* After a failed sync of the database itself, the log is all there is: it must stay. */
static void a_failed_checkpoint_keeps_the_log(void **state)
{
    (void)state;
    layer_install();
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(16000, 1);
    atomic_store(&main_sync_rc, SQLITE_IOERR_FSYNC);
    int rc = OL_OK;
    unsigned count = 0;
    char key[16];
    for (; rc == OL_OK && count < 3000; count++) {
        snprintf(key, sizeof key, "k%u", count);
        rc = kit_put(&kit, key, body);
    }
    assert_code(rc, OL_EUNAVAILABLE);
    assert_non_null(strstr(kit.warned, "checkpoint"));
    atomic_store(&main_sync_rc, SQLITE_OK);
    kit_stop(&kit);
    char path[240];
    struct stat st;
    snprintf(path, sizeof path, "%s/objlens.db-wal", kit.path);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size > 1 << 20);
    kit_start(&kit);
    for (unsigned i = 0; i + 1 < count; i++) {
        snprintf(key, sizeof key, "k%u", i);
        kit_expect(&kit, key, body);
    }
    kit_free(body);
    kit_fini(&kit);
    vfs_remove();
}

/* ---- full disks ---- */

/* How many fit; the first of them is still what it was. */
static int fill_up(store_kit *kit, size_t len)
{
    ol_slice body = kit_bytes(len, 3);
    int rc = OL_OK, count = 0;
    char key[24];
    for (; rc == OL_OK && count < 3000; count++) {
        snprintf(key, sizeof key, "fill-%zu-%d", len, count);
        rc = kit_put(kit, key, body);
    }
    assert_code(rc, OL_ENOSPACE);
    kit_expect_absent(kit, key);
    snprintf(key, sizeof key, "fill-%zu-0", len);
    if (count > 1)
        kit_expect(kit, key, body);
    kit_free(body);
    return count - 1;
}

static void a_full_disk_is_said_and_survived(void **state)
{
    (void)state;
    store_kit kit;
    kit_init(&kit);
    if (mount("objlens-test", kit.path, "tmpfs", 0, "size=6m,mode=0700") != 0) {
        int fault = errno;
        kit_remove_folder(kit.path);
        ol_test_bench_close(&kit.bench);
        skip_because("cannot mount a small tmpfs (%s)", strerror(fault));
    }
    kit_start(&kit);
    assert_code(ol_store_ensure_bucket(kit.origin, OL_SLICE_LIT("b"), NULL), OL_OK);
    assert_true(fill_up(&kit, 700000) > 1);
    (void)fill_up(&kit, 10000); /* what the large ones left may be less than one of these */
    assert_string_equal(kit.warned, "");
    assert_int_equal(mount("objlens-test", kit.path, "tmpfs", MS_REMOUNT, "size=24m"), 0);
    assert_code(kit_put(&kit, "after", OL_SLICE_LIT("room again")), OL_OK);
    kit_restart(&kit);
    kit_expect(&kit, "after", OL_SLICE_LIT("room again"));
    kit_expect_absent(&kit, "fill-10000-2999");
    assert_int_equal(kit_files(&kit, "tmp"), 0);
    kit_stop(&kit);
    assert_int_equal(umount(kit.path), 0);
    kit_remove_folder(kit.path);
}

static void a_limit_on_file_size_is_no_space(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 400000, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    ol_slice body = kit_bytes(LARGE, 4);
    int rc = kit_put(&kit, "k", body);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_code(rc, OL_ENOSPACE);
    kit_expect_absent(&kit, "k");
    assert_code(kit_put(&kit, "k", body), OL_OK);
    kit_expect(&kit, "k", body);
    kit_free(body);
    kit_fini(&kit);
}

/* ---- what a crash leaves ---- */

static void left_over_files_are_swept(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(LARGE, 5);
    assert_code(kit_put(&kit, "k", body), OL_OK);
    /* A crash: what is there is copied while the store is open. */
    char copy[120], command[1200];
    kit_make_folder(copy, sizeof copy);
    snprintf(command, sizeof command,
             "cp -a %s/. %s/ && cd %s && echo x > tmp/left && echo y > tmp/0123 && "
             "echo z > objects/7f/0123456789abcdef0123456789abcdef && "
             "echo w > objects/00/notes.txt",
             kit.path, copy, copy);
    assert_int_equal(system(command), 0);
    kit_fini(&kit);
    store_kit crashed;
    kit_init(&crashed);
    kit_remove_folder(crashed.path);
    assert_int_equal(rename(copy, crashed.path), 0);
    kit_start(&crashed);
    assert_non_null(strstr(crashed.warned, "removed 1 files"));
    assert_int_equal(kit_files(&crashed, "tmp"), 0);
    /* The body, and what is not ours. */
    assert_int_equal(kit_files(&crashed, "objects"), 2);
    kit_expect(&crashed, "k", body);
    kit_fini(&crashed);
    kit_free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_may_fail),
        cmocka_unit_test(a_batch_is_one_commit),
        cmocka_unit_test(a_failed_commit_fails_every_member),
        cmocka_unit_test(a_refusal_leaves_the_others_alone),
        cmocka_unit_test(a_failed_sync_of_the_log_leaves_nothing),
        cmocka_unit_test(a_full_log_is_no_space_and_passes),
        cmocka_unit_test(an_io_error_of_the_log_breaks_the_store),
        cmocka_unit_test(a_failed_checkpoint_keeps_the_log),
        cmocka_unit_test(a_full_disk_is_said_and_survived),
        cmocka_unit_test(a_limit_on_file_size_is_no_space),
        cmocka_unit_test(left_over_files_are_swept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
