/* SPDX-License-Identifier: MIT */
/* The data folder: who may have it, how large what stands in it may get, what is refused. */
#include "store_kit.h"

#include <sqlite3.h>
#include <sys/wait.h>

#include "origin/store/store_private.h"

/* ---- bounds ---- */

/* Bodies that requests pin are outside the cache; past a bound, they stay in their files. */
static void pinned_bodies_have_a_bound(void **state)
{
    (void)state;
    enum { COUNT = 30 };
    store_kit kit;
    kit_open(&kit);
    kit_stop(&kit);
    kit.options.cache_bytes_max = 1 << 20;
    kit_start(&kit);
    ol_slice body = kit_bytes(200000, 1);
    ol_object *objects[COUNT];
    unsigned in_memory = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        char key[8];
        snprintf(key, sizeof key, "k%u", i);
        assert_code(kit_put(&kit, key, body), OL_OK);
        assert_code(kit_open_key(&kit, key, &objects[i]), OL_OK);
        in_memory += ol_handle_of(objects[i])->entry->in_memory;
    }
    assert_in_range(in_memory, 5, 12);
    ol_test_collect collect = {0};
    assert_code(kit_read(&kit, objects[COUNT - 1], (ol_byte_range){0, body.len}, &collect), OL_OK);
    assert_slices(ol_test_collect_out(&collect), body);
    ol_test_collect_fini(&collect);
    ol_test_bench_again(&kit.bench);
    for (unsigned i = 0; i < COUNT; i++)
        kit_close_object(&kit, objects[i]);
    assert_true(atomic_load(&ol_store_of(kit.origin)->live_bytes) <= 1 << 20);
    kit_free(body);
    kit_fini(&kit);
}

static void the_log_has_a_bound(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(16000, 1);
    for (unsigned i = 0; i < 6000; i++) {
        char key[8];
        snprintf(key, sizeof key, "k%u", i);
        assert_code(kit_put(&kit, key, body), OL_OK);
    }
    char path[240];
    struct stat st;
    snprintf(path, sizeof path, "%s/objlens.db-wal", kit.path);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < 40 << 20);
    kit_free(body);
    kit_fini(&kit);
}

/* ---- the folder ---- */

static void the_folder_is_private(void **state)
{
    (void)state;
    store_kit kit;
    kit_init(&kit);
    char below[200];
    snprintf(below, sizeof below, "%s/data", kit.path);
    kit.options.path = below;
    mode_t before = umask(0);
    kit_start(&kit);
    umask(before);
    assert_code(ol_store_ensure_bucket(kit.origin, OL_SLICE_LIT("b"), NULL), OL_OK);
    assert_code(kit_put(&kit, "k", OL_SLICE_LIT("x")), OL_OK);
    const struct {
        const char *name;
        mode_t mode;
    } all[] = {{"", 0700},          {"/objects", 0700},       {"/objects/ff", 0700}, {"/tmp", 0700},
               {"/objlens.db", 0600}, {"/objlens.db-wal", 0600}, {"/lock", 0600}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char path[240];
        struct stat st;
        snprintf(path, sizeof path, "%s%s", below, all[i].name);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, all[i].mode);
    }
    kit_fini(&kit);
}

static void a_second_process_is_refused(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ol_origin *origin;
        ol_error err = {0};
        int rc = ol_store_open(&origin, &kit.options, &err);
        char pid[24];
        snprintf(pid, sizeof pid, "pid %ld", (long)getppid());
        _exit(rc == OL_EUNAVAILABLE && strstr(err.message, pid) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_code(kit_put(&kit, "k", OL_SLICE_LIT("x")), OL_OK);
    kit_fini(&kit);
}

static void run_sql(const store_kit *kit, const char *sql)
{
    char path[240];
    snprintf(path, sizeof path, "%s/objlens.db", kit->path);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void foreign_databases_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *sql;
        const char *word;
    } cases[] = {{"PRAGMA user_version=99", "newer"},
                 {"PRAGMA application_id=77", "not a database"}};
    for (size_t i = 0; i < 2; i++) {
        store_kit kit;
        kit_open(&kit);
        kit_stop(&kit);
        run_sql(&kit, cases[i].sql);
        ol_error err = {0};
        assert_code(ol_store_open(&kit.origin, &kit.options, &err), OL_ECONFIG);
        assert_null(kit.origin);
        assert_non_null(strstr(err.message, cases[i].word));
        kit_fini(&kit);
    }
}

static void a_database_that_is_none_is_refused(void **state)
{
    (void)state;
    store_kit kit;
    kit_init(&kit);
    char path[240];
    snprintf(path, sizeof path, "%s/objlens.db", kit.path);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 5000; i++)
        fputs("this is not a database ", file);
    fclose(file);
    ol_error err = {0};
    assert_true(ol_store_open(&kit.origin, &kit.options, &err) < 0);
    assert_null(kit.origin);
    kit_fini(&kit);
}

static void bad_options_are_refused(void **state)
{
    (void)state;
    store_kit kit;
    kit_init(&kit);
    ol_error err = {0};
    kit.options.read_threads = 0;
    assert_code(ol_store_open(&kit.origin, &kit.options, &err), OL_ECONFIG);
    kit.options.read_threads = 1;
    kit.options.path = "";
    ol_error_clear(&err);
    assert_code(ol_store_open(&kit.origin, &kit.options, &err), OL_ECONFIG);
    kit.options.path = "/proc/nowhere/at/all";
    ol_error_clear(&err);
    assert_true(ol_store_open(&kit.origin, &kit.options, &err) < 0);
    kit_fini(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pinned_bodies_have_a_bound),
        cmocka_unit_test(the_log_has_a_bound),
        cmocka_unit_test(the_folder_is_private),
        cmocka_unit_test(a_second_process_is_refused),
        cmocka_unit_test(foreign_databases_are_refused),
        cmocka_unit_test(a_database_that_is_none_is_refused),
        cmocka_unit_test(bad_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
