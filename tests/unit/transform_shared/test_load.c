/* SPDX-License-Identifier: MIT */
/* Which shared objects are loaded, and how refusals read. */
#include "fake_job.c"
#include "build_plugin.h"

#define SHAPE "tests/unit/transform_shared/plugins/shape.c"

static void expect_refused(const char *source, const char *defines, const char *sentence)
{
    char path[600];
    build_plugin(path, sizeof(path), source, defines);
    ol_engine *engine = NULL;
    ol_error err = {0};
    ol_program program = {.name = "orders", .kind = OL_PROGRAM_SHARED, .path = path};
    ol_program_declared declared;
    long live = ol_alloc_live();
    assert_int_equal(ol_engine_shared.load(&engine, &program, &declared, &err), OL_ETRANSFORM);
    assert_int_equal(ol_alloc_live(), live);
    assert_non_null(strstr(err.detail, "orders"));
    assert_non_null(strstr(err.detail, path));
    if (!strstr(err.detail, sentence))
        fail_msg("expected \"%s\" in: %s", sentence, err.detail);
    assert_null(strstr(err.message, path)); /* the client reads the message */
}

static void test_refusals(void **state)
{
    (void)state;
    expect_refused(SHAPE, "-DENTRY=another_name", "does not export objlens_transform_v1()");
    expect_refused(SHAPE, "-DMAJOR=2", "built for version 2 of the transform ABI, this host has 1");
    expect_refused(SHAPE, "-DSIZE=72", "less than the");
    expect_refused(SHAPE, "-DBEFORE=1", "without the flag OBJLENS_KEEPS_POSITIONS");
    expect_refused(SHAPE, "-DFLAGS=OBJLENS_KEEPS_POSITIONS -DAFTER=1048577", "more than 1048576 bytes");
    expect_refused(SHAPE, "-DFLAGS=OBJLENS_KEEPS_POSITIONS -DSIZE=80", "too short to say");
    expect_refused(SHAPE, "-DNAME='\"\"'", "no name");
    expect_refused(SHAPE, "-DNAME='\"a\\nb\"'", "no name");
    expect_refused(SHAPE, "-DNAME=NULL", "no name");
    expect_refused(SHAPE, "-DFLAGS=0x40u", "flags 0x40");
    expect_refused(SHAPE, "-DWRITE=NULL", "lacks one of");
    expect_refused(SHAPE, "-DDEPENDS='\"Upper-Case\"'", "header 1 of depends_headers");
    expect_refused(SHAPE, "-DLOAD_REASON='\"the table is missing\"'", "the table is missing");
    expect_refused(SHAPE, "-DLOAD_REASON='\"\"'", "gave no reason");
}

static void test_missing_file_is_named(void **state)
{
    (void)state;
    ol_engine *engine = NULL;
    ol_error err = {0};
    ol_program program = {.name = "orders", .path = "/nonexistent/orders.so"};
    ol_program_declared declared;
    assert_int_equal(ol_engine_shared.load(&engine, &program, &declared, &err), OL_ETRANSFORM);
    assert_non_null(strstr(err.detail, "/nonexistent/orders.so"));
}

static void test_declarations_reach_the_host(void **state)
{
    (void)state;
    char path[600];
    ol_program_declared declared;
    build_plugin(path, sizeof(path), SHAPE, "-DFLAGS=OBJLENS_SEES_REQUEST -DDEPENDS='\"accept\"'");
    ol_engine *engine = fake_engine("orders", path, &declared);
    assert_true(declared.depends_request);
    assert_false(declared.reentrant);
    assert_true(declared.has_get);
    assert_false(declared.has_head || declared.has_list || declared.has_request);
    assert_false(declared.ignores_identity || declared.keeps_positions);
    assert_true(ol_slice_eq_cstr(declared.depends_headers, "accept\n"));
    ol_shared_engine_destroy(engine);
    build_plugin(path, sizeof(path), SHAPE,
                 "-DFLAGS=OBJLENS_KEEPS_POSITIONS+OBJLENS_IGNORES_IDENTITY -DBEFORE=3 -DAFTER=1048576");
    engine = fake_engine("orders", path, &declared);
    assert_true(declared.ignores_identity && declared.keeps_positions);
    assert_int_equal(declared.positions_before, 3);
    assert_int_equal(declared.positions_after, 1048576);
    ol_shared_engine_destroy(engine);
}

/* A plugin built against 1.0, whose descriptor ends sooner, loads and runs. */
static void test_older_plugin_loads(void **state)
{
    (void)state;
    char path[600];
    ol_program_declared declared;
    /* What stands behind its end is not looked at. */
    build_plugin(path, sizeof(path), SHAPE, "-DSIZE=80 -DMINOR=0 -DBEFORE=7");
    ol_engine *engine = fake_engine("orders", path, &declared);
    assert_false(declared.ignores_identity || declared.keeps_positions);
    assert_int_equal(declared.positions_before, 0);
    ol_job job;
    ol_error err = {0};
    fake_job_init(&job, OL_SLICE_LIT("hello"));
    assert_int_equal(fake_run(engine, &job, &err), OL_DONE);
    assert_true(ol_slice_eq_cstr(ol_buf_slice(&job.output), "hello"));
    fake_job_fini(&job);
    ol_shared_engine_destroy(engine);
}

/* A plugin built against a later header, with more fields and a higher minor, loads and runs. */
static void test_later_plugin_loads(void **state)
{
    (void)state;
    char path[600];
    build_plugin(path, sizeof(path), SHAPE, "'-DSIZE=sizeof(struct objlens_transform)+64' -DMINOR=9");
    ol_engine *engine = fake_engine("orders", path, NULL);
    ol_job job;
    ol_error err = {0};
    fake_job_init(&job, OL_SLICE_LIT("hello"));
    assert_int_equal(fake_run(engine, &job, &err), OL_DONE);
    assert_true(ol_slice_eq_cstr(ol_buf_slice(&job.output), "hello"));
    fake_job_fini(&job);
    ol_shared_engine_destroy(engine);
}

static void test_no_memory(void **state)
{
    (void)state;
    char path[600];
    build_plugin(path, sizeof(path), SHAPE, "-DDEPENDS='\"accept\"'");
    ol_program program = {.name = "orders", .path = path};
    int rc = OL_ENOMEM;
    for (long n = 0; rc != OL_OK; n++) {
        ol_engine *engine = NULL;
        ol_error err = {0};
        ol_program_declared declared;
        long live = ol_alloc_live();
        ol_alloc_fail_after(n);
        rc = ol_engine_shared.load(&engine, &program, &declared, &err);
        ol_alloc_fail_after(-1);
        if (rc == OL_OK)
            ol_shared_engine_destroy(engine);
        else
            assert_int_equal(rc, OL_ENOMEM);
        assert_int_equal(ol_alloc_live(), live);
        assert_true(n < 100);
    }
}

static int compile(const char *command, const char *flags)
{
    char whole[1024];
    snprintf(whole, sizeof(whole),
             "%s %s -Wall -Wextra -Wpedantic -Werror -fsyntax-only '%s/include/objlens/transform.h'",
             command, flags, OBJLENS_SOURCE_DIR);
    return system(whole);
}

static void test_header_compiles_alone(void **state)
{
    (void)state;
    assert_int_equal(compile("cc -x c", "-std=c11"), 0);
    if (system("c++ --version > /dev/null 2>&1") != 0) {
        print_message("skipped: no C++ compiler, and half of it is C++17\n");
        skip();
    }
    assert_int_equal(compile("c++ -x c++", "-std=c++17"), 0);
}

static int remove_folder(void **state)
{
    (void)state;
    build_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_missing_file_is_named),
        cmocka_unit_test(test_declarations_reach_the_host),
        cmocka_unit_test(test_older_plugin_loads),
        cmocka_unit_test(test_later_plugin_loads),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_header_compiles_alone),
    };
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
