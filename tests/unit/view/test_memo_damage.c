/* SPDX-License-Identifier: MIT */
/*
 * The memo's database comes to harm: a crash at any moment, foreign or spoilt bytes, a full disk. It
 * may forget then; it never knows anything wrong, and it goes on learning.
 */
#include "memo_kit.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "view/memo_db.h"

#define ROWS 300u

typedef struct durable {
    ol_test_scratch scratch;
    ol_view_memo_config config;
    memo_kit kit;
    unsigned last;
} durable;

static void prepare(durable *d, size_t memory_rows)
{
    ol_test_scratch_open(&d->scratch);
    d->config = (ol_view_memo_config){
        .folder = d->scratch.folder, .memory_rows_max = memory_rows, .rows_max = 100000};
}

static void learn_all(durable *d, unsigned first)
{
    for (unsigned i = first; i < first + ROWS; i++)
        assert_code(memo_learn(&d->kit, i), OL_OK);
}

/* How many are known; fails when one is known wrongly. */
static unsigned check_known(durable *d, unsigned end)
{
    unsigned known = 0;
    for (unsigned i = 0; i < end; i++) {
        ol_view_facts facts;
        if (!memo_find(&d->kit, i, &facts))
            continue;
        memo_assert_facts(&facts, i);
        known++;
    }
    return known;
}

static const char *path_of(durable *d, const char *suffix)
{
    char name[64];
    snprintf(name, sizeof(name), OL_MEMO_DB_NAME "%s", suffix);
    return ol_test_scratch_path(&d->scratch, name);
}

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

/* ---- at start ---- */

static void assert_set_aside(durable *d, bool expected)
{
    ol_error err = {0};
    ol_view_memo *memo;
    assert_code_of(ol_view_memo_open(&memo, &d->config, &err), OL_OK, &err);
    ol_view_memo_close(memo);
    assert_int_equal(err.code, 0);
    assert_int_equal(strstr(err.detail, "set aside") != NULL, expected);
    assert_int_equal(exists(path_of(d, ".damaged")), expected);
}

static void sets_aside_what_is_no_database(void **state)
{
    (void)state;
    durable d;
    prepare(&d, 0);
    char garbage[5000];
    memset(garbage, 'g', sizeof(garbage));
    ol_test_file_write(path_of(&d, ""), ol_slice_of(garbage, sizeof(garbage)));
    assert_set_aside(&d, true);
    ol_buf kept;
    ol_buf_init(&kept, 2 * sizeof(garbage));
    ol_test_file_read(path_of(&d, ".damaged"), &kept);
    assert_slices(ol_buf_slice(&kept), ol_slice_of(garbage, sizeof(garbage)));
    ol_buf_fini(&kept);
    memo_kit_open(&d.kit, &d.config);
    learn_all(&d, 0);
    memo_kit_close(&d.kit);
    memo_kit_open(&d.kit, &d.config);
    assert_int_equal(check_known(&d, ROWS), ROWS);
    memo_kit_close(&d.kit);
    ol_test_scratch_close(&d.scratch);
}

static void run_sql(durable *d, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path_of(d, ""), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void sets_aside_foreign_and_newer_databases(void **state)
{
    (void)state;
    static const char *const spoilings[] = {
        "PRAGMA user_version=2",
        "PRAGMA application_id=5",
        "DROP TABLE rows",
        "DROP TABLE state",
        "ALTER TABLE rows RENAME COLUMN facts TO other",
    };
    for (size_t i = 0; i < sizeof(spoilings) / sizeof(spoilings[0]); i++) {
        durable d;
        prepare(&d, 0);
        assert_set_aside(&d, false);
        run_sql(&d, spoilings[i]);
        assert_set_aside(&d, true);
        ol_test_scratch_close(&d.scratch);
    }
    durable d;
    prepare(&d, 0);
    run_sql(&d, "CREATE TABLE theirs(x)");
    assert_set_aside(&d, true);
    ol_test_scratch_close(&d.scratch);
}

/* The number of rows that is kept beside them is gone: noticed with the first batch. */
static void begins_anew_without_its_count(void **state)
{
    (void)state;
    durable d;
    prepare(&d, 0);
    assert_set_aside(&d, false);
    run_sql(&d, "DELETE FROM state");
    for (unsigned round = 0; round < 2; round++) {
        memo_kit_open(&d.kit, &d.config);
        learn_all(&d, 0);
        memo_kit_close(&d.kit);
    }
    memo_kit_open(&d.kit, &d.config);
    assert_int_equal(check_known(&d, ROWS), ROWS);
    memo_kit_close(&d.kit);
    assert_true(exists(path_of(&d, ".damaged")));
    ol_test_scratch_close(&d.scratch);
}

static void refuses_folders_it_cannot_use(void **state)
{
    (void)state;
    durable d;
    ol_view_memo *memo;
    prepare(&d, 0);
    ol_test_file_write(ol_test_scratch_path(&d.scratch, "file"), OL_SLICE_LIT("x"));
    static const char *const names[] = {"file", "missing/deeper"};
    for (size_t i = 0; i < 2; i++) {
        ol_error err = {0};
        d.config.folder = ol_test_scratch_path(&d.scratch, names[i]);
        assert_code(ol_view_memo_open(&memo, &d.config, &err), OL_EINVAL);
        assert_null(memo);
        assert_true(strlen(err.detail) > 0);
    }
    ol_error err = {0};
    d.config.folder = ol_test_scratch_path(&d.scratch, "new");
    assert_code_of(ol_view_memo_open(&memo, &d.config, &err), OL_OK, &err);
    ol_view_memo_close(memo);
    struct stat st;
    assert_int_equal(stat(d.config.folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    /* A link in its place is not followed. */
    assert_int_equal(symlink("/tmp/nowhere", path_of(&d, "")), 0);
    d.config.folder = d.scratch.folder;
    assert_code(ol_view_memo_open(&memo, &d.config, &err), OL_EINVAL);
    ol_test_scratch_close(&d.scratch);
}

/* Every 193rd byte, one after the other, and ends at every place: what is known is right. */
static void never_knows_anything_wrong(void **state)
{
    (void)state;
    durable d;
    prepare(&d, 0);
    memo_kit_open(&d.kit, &d.config);
    learn_all(&d, 0);
    memo_kit_close(&d.kit);
    ol_buf good;
    ol_buf_init(&good, 1 << 24);
    ol_test_file_read(path_of(&d, ""), &good);
    unsigned whole = 0, less = 0;
    for (size_t at = 0; at < good.len; at += 193) {
        bool cut = at % 5 == 0;
        uint8_t before = good.data[at];
        good.data[at] ^= (uint8_t)(1u << at % 8);
        ol_test_file_write(path_of(&d, ""), ol_slice_of(good.data, cut ? at : good.len));
        good.data[at] = before;
        unlink(path_of(&d, "-wal"));
        unlink(path_of(&d, "-shm"));
        memo_kit_open(&d.kit, &d.config);
        unsigned known = check_known(&d, ROWS);
        whole += known == ROWS;
        less += known < ROWS;
        assert_code(memo_learn(&d.kit, ROWS), OL_OK);
        memo_kit_close(&d.kit);
    }
    assert_true(whole > 10); /* free space, or a damage that was mended */
    assert_true(less > 10);
    ol_buf_fini(&good);
    ol_test_scratch_close(&d.scratch);
}

/* A row that is whole for SQLite, and not what was written. */
static void ignores_forged_rows(void **state)
{
    (void)state;
    static const char *const forgeries[] = {
        "UPDATE rows SET facts=(SELECT facts FROM rows r WHERE r.used=rows.used+1)"
        " WHERE used%2=1",                                                 /* another's */
        "UPDATE rows SET facts=x''",                                       /* empty */
        "UPDATE rows SET facts=zeroblob(100000)",                          /* too long */
        "UPDATE rows SET facts=substr(facts, 1, length(facts)-1)",         /* cut */
        "UPDATE rows SET facts=substr(facts, 2)",                          /* moved */
        "UPDATE rows SET facts=CAST(facts AS TEXT)",                       /* not bytes */
        "UPDATE rows SET facts=5",
    };
    for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
        durable d;
        prepare(&d, 0);
        memo_kit_open(&d.kit, &d.config);
        learn_all(&d, 0);
        memo_kit_close(&d.kit);
        run_sql(&d, forgeries[i]);
        memo_kit_open(&d.kit, &d.config);
        assert_true(check_known(&d, ROWS) <= ROWS / 2 || i == 5);
        learn_all(&d, 0); /* takes the place of what is damaged */
        memo_kit_close(&d.kit);
        memo_kit_open(&d.kit, &d.config);
        assert_int_equal(check_known(&d, ROWS), ROWS);
        memo_kit_close(&d.kit);
        ol_test_scratch_close(&d.scratch);
    }
}

/* With the right checksum, and still no row: as a mistake of another version would write it. */
static void ignores_what_is_no_row(void **state)
{
    (void)state;
    durable d;
    ol_memo_db *db;
    enum ol_memo_arrived arrived;
    char etag[OL_VIEW_ETAG_SIZE];
    prepare(&d, 0);
    assert_code(ol_memo_db_open(&db, d.config.folder, 100, NULL), OL_OK);
    assert_code(ol_memo_db_begin(db, NULL), OL_OK);
    for (unsigned i = 0; i < 40; i++) {
        memo_etag(i, etag);
        uint8_t bytes[40];
        memset(bytes, (int)i % 3, sizeof(bytes));
        assert_code(ol_memo_db_merge(db, etag, ol_slice_of(bytes, i), &arrived, NULL), OL_OK);
    }
    assert_code(ol_memo_db_commit(db, NULL), OL_OK);
    ol_memo_db_close(db);
    memo_kit_open(&d.kit, &d.config);
    assert_int_equal(check_known(&d, 40), 0);
    memo_kit_close(&d.kit);
    ol_test_scratch_close(&d.scratch);
}

/* ---- under way ---- */

static void overwrite(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    char garbage[4096];
    memset(garbage, 'g', sizeof(garbage));
    for (off_t at = 0; at < st.st_size; at += (off_t)sizeof(garbage))
        assert_int_equal(pwrite(fd, garbage, sizeof(garbage), at), sizeof(garbage));
    close(fd);
}

static void begins_anew_when_damaged_under_way(void **state)
{
    (void)state;
    durable d;
    prepare(&d, 0);
    memo_kit_open(&d.kit, &d.config);
    learn_all(&d, 0);
    memo_kit_close(&d.kit);
    memo_kit_open(&d.kit, &d.config);
    overwrite(path_of(&d, ""));
    assert_true(check_known(&d, ROWS) < ROWS);
    assert_true(exists(path_of(&d, ".damaged")));
    learn_all(&d, 0);
    memo_kit_close(&d.kit);
    memo_kit_open(&d.kit, &d.config);
    assert_int_equal(check_known(&d, ROWS), ROWS);
    memo_kit_close(&d.kit);
    ol_test_scratch_close(&d.scratch);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Nothing can be written for a while: memory goes on, and the database afterwards. */
static void goes_on_when_the_disk_is_full(void **state)
{
    (void)state;
    durable d;
    ol_view_facts facts;
    prepare(&d, 4096);
    signal(SIGXFSZ, SIG_IGN);
    memo_kit_open(&d.kit, &d.config);
    learn_all(&d, 0);
    memo_kit_close(&d.kit);
    memo_kit_open(&d.kit, &d.config);
    limit_files(1);
    learn_all(&d, ROWS);
    assert_true(memo_peek(&d.kit, ROWS, &facts));
    memo_kit_close(&d.kit); /* tried to write, and could not */
    limit_files(RLIM_INFINITY);
    memo_kit_open(&d.kit, &d.config);
    assert_int_equal(check_known(&d, 2 * ROWS), ROWS);
    learn_all(&d, ROWS);
    memo_kit_close(&d.kit);
    memo_kit_open(&d.kit, &d.config);
    assert_int_equal(check_known(&d, 2 * ROWS), 2 * ROWS);
    memo_kit_close(&d.kit);
    limit_files(1);
    ol_error err = {0};
    ol_view_memo *memo;
    d.config.folder = ol_test_scratch_path(&d.scratch, "new");
    assert_code(ol_view_memo_open(&memo, &d.config, &err), OL_ENOSPACE);
    limit_files(RLIM_INFINITY);
    ol_test_scratch_close(&d.scratch);
}

static bool last_is_written(void *arg)
{
    durable *d = arg;
    ol_view_facts facts;
    return memo_find(&d->kit, d->last, &facts);
}

/* With nothing in memory, what is known has been written. */
static void learn_and_await(durable *d, unsigned first)
{
    learn_all(d, first);
    d->last = first + ROWS - 1;
    ol_test_wait(last_is_written, d, OL_TEST_BOUND_MS);
}

static void goes_on_in_the_same_process(void **state)
{
    (void)state;
    durable d;
    ol_view_facts facts;
    prepare(&d, 0);
    signal(SIGXFSZ, SIG_IGN);
    memo_kit_open(&d.kit, &d.config);
    learn_and_await(&d, 0);
    limit_files(1);
    for (unsigned i = 0; i < 512; i++) /* as many as are written without waiting for more */
        memo_learn(&d.kit, ROWS + i);
    for (unsigned i = 0; i < 2; i++) /* the second answer comes after the attempt */
        memo_find(&d.kit, 1000000, &facts);
    limit_files(RLIM_INFINITY);
    learn_and_await(&d, 10000);
    assert_int_equal(check_known(&d, ROWS), ROWS);
    assert_false(exists(path_of(&d, ".damaged")));
    memo_kit_close(&d.kit);
    ol_test_scratch_close(&d.scratch);
}

/* ---- crashes ---- */

static bool log_is_there(void *arg)
{
    struct stat st;
    return stat(path_of(arg, "-wal"), &st) == 0 && st.st_size > 8192;
}

/* Learns until it is killed. */
static pid_t start_learner(durable *d)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return child;
    ol_view_memo *memo;
    if (ol_view_memo_open(&memo, &d->config, NULL) != OL_OK)
        _exit(1);
    ol_arena *arena = ol_arena_new(1 << 16);
    if (!arena)
        _exit(1);
    for (unsigned i = 0;; i = (i + 1) % 20000) {
        char etag[OL_VIEW_ETAG_SIZE];
        ol_view_facts facts = memo_facts(arena, i);
        memo_etag(i, etag);
        ol_view_memo_learn(memo, etag, &facts);
        ol_arena_reset(arena);
        if (i % 512 == 511)
            usleep(1000); /* else the queue is full and little is written */
    }
}

static void survives_being_killed(void **state)
{
    (void)state;
    durable d;
    unsigned most = 0;
    prepare(&d, 0);
    for (unsigned round = 0; round < 6; round++) {
        pid_t child = start_learner(&d);
        int status;
        ol_test_wait(log_is_there, &d, OL_TEST_BOUND_MS);
        usleep(3000 * round); /* other moments in other rounds */
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        ol_error err = {0};
        memo_kit_open(&d.kit, &d.config);
        assert_int_equal(err.code, 0);
        unsigned known = check_known(&d, 5000);
        assert_true(known >= most || known == 5000); /* what was there stays */
        most = known;
        memo_kit_close(&d.kit);
    }
    assert_true(most > 0);
    assert_false(exists(path_of(&d, ".damaged")));
    ol_test_scratch_close(&d.scratch);
}

static void copy_file(const char *from, const char *to)
{
    ol_buf content;
    ol_buf_init(&content, 1 << 27);
    if (exists(from)) {
        ol_test_file_read(from, &content);
        ol_test_file_write(to, ol_buf_slice(&content));
    }
    ol_buf_fini(&content);
}

/* A copy made file by file in the middle of writing may be anything: it forgets, nothing more. */
static void a_torn_copy_is_not_believed(void **state)
{
    (void)state;
    durable d, copy;
    prepare(&d, 0);
    pid_t child = start_learner(&d);
    ol_test_wait(log_is_there, &d, OL_TEST_BOUND_MS);
    for (unsigned round = 0; round < 10; round++) {
        prepare(&copy, 0);
        copy_file(path_of(&d, round % 2 ? "" : "-wal"), path_of(&copy, round % 2 ? "" : "-wal"));
        copy_file(path_of(&d, round % 2 ? "-wal" : ""), path_of(&copy, round % 2 ? "-wal" : ""));
        memo_kit_open(&copy.kit, &copy.config);
        check_known(&copy, 2000);
        learn_all(&copy, 30000);
        memo_kit_close(&copy.kit);
        ol_test_scratch_close(&copy.scratch);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ol_test_scratch_close(&d.scratch);
}

/* How many of both are known in the end. */
static unsigned share_a_folder(void)
{
    durable a, b;
    prepare(&a, 0);
    b = a;
    memo_kit_open(&a.kit, &a.config);
    memo_kit_open(&b.kit, &b.config);
    learn_all(&a, 0);
    learn_all(&b, ROWS);
    memo_kit_close(&a.kit);
    memo_kit_close(&b.kit);
    memo_kit_open(&a.kit, &a.config);
    unsigned known = check_known(&a, 2 * ROWS);
    memo_kit_close(&a.kit);
    ol_test_scratch_close(&a.scratch);
    return known;
}

/* Two processes with one folder, as when one takes over from the other. Who finds the database held for a second, as by
 * a slow disk, forgets: not twice in a row. */
static void two_share_a_folder(void **state)
{
    (void)state;
    unsigned known = 0;
    for (unsigned tries = 0; known < 2 * ROWS && tries < 2; tries++)
        known = share_a_folder();
    assert_int_equal(known, 2 * ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_aside_what_is_no_database),
        cmocka_unit_test(sets_aside_foreign_and_newer_databases),
        cmocka_unit_test(begins_anew_without_its_count),
        cmocka_unit_test(refuses_folders_it_cannot_use),
        cmocka_unit_test(never_knows_anything_wrong),
        cmocka_unit_test(ignores_forged_rows),
        cmocka_unit_test(ignores_what_is_no_row),
        cmocka_unit_test(begins_anew_when_damaged_under_way),
        cmocka_unit_test(goes_on_when_the_disk_is_full),
        cmocka_unit_test(goes_on_in_the_same_process),
        cmocka_unit_test(survives_being_killed),
        cmocka_unit_test(a_torn_copy_is_not_believed),
        cmocka_unit_test(two_share_a_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
