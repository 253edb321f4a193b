/* SPDX-License-Identifier: MIT */
/*
 * Plugins built with the headers of older versions, which are kept in abi/, load and work. The
 * headers there never change: each is that of a version when the next one began.
 */
#include "fake_job.c"
#include "build_plugin.h"

static ol_engine *built_with(const char *version, ol_program_declared *declared)
{
    char path[600], flags[700];
    snprintf(flags, sizeof(flags), "-I'%s/tests/unit/transform_shared/abi/%s'", OBJLENS_SOURCE_DIR,
             version);
    build_plugin(path, sizeof(path), "tests/unit/transform_shared/abi/upper.c", flags);
    return fake_engine("upper", path, declared);
}

static void expect_upper(ol_engine *engine)
{
    ol_job job;
    ol_slice type;
    ol_error err = {0};
    fake_job_init(&job, OL_SLICE_LIT("Hello, reader"));
    job.piece_bytes = 1;
    job.wait_each = 3;
    if (fake_run(engine, &job, &err) != OL_DONE)
        fail_msg("%s", err.detail);
    assert_true(ol_slice_eq_cstr(ol_buf_slice(&job.output), "HELLO, READER"));
    assert_true(ol_slice_eq_cstr(ol_buf_slice(&job.log), "info: done\n"));
    assert_true(ol_fields_get(ol_buf_slice(&job.head), "header.content-type", &type));
    fake_job_fini(&job);
}

static void test_version_1_0(void **state)
{
    (void)state;
    ol_program_declared declared;
    ol_engine *engine = built_with("1.0", &declared);
    assert_int_equal(engine->plugin.transform.abi_minor, 0);
    assert_false(declared.keeps_positions || declared.ignores_identity || declared.has_head);
    assert_int_equal(declared.threads_max, 0);
    assert_int_equal(declared.counters.len, 0);
    expect_upper(engine);
    ol_shared_engine_destroy(engine);
}

static void test_version_1_1(void **state)
{
    (void)state;
    ol_program_declared declared;
    ol_engine *engine = built_with("1.1", &declared);
    assert_int_equal(engine->plugin.transform.abi_minor, 1);
    assert_true(declared.keeps_positions && declared.ignores_identity);
    assert_int_equal(declared.positions_before, 1);
    assert_int_equal(declared.positions_after, 2);
    assert_false(declared.has_head);
    expect_upper(engine);
    ol_shared_engine_destroy(engine);
}

static void test_version_1_2(void **state)
{
    (void)state;
    ol_program_declared declared;
    ol_engine *engine = built_with("1.2", &declared);
    assert_int_equal(engine->plugin.transform.abi_minor, 2);
    assert_false(declared.names_what_it_sees);
    expect_upper(engine);
    ol_shared_engine_destroy(engine);
}

/* The fields of the older versions lie where they lay. */
static void test_nothing_moved(void **state)
{
    (void)state;
    assert_int_equal(offsetof(struct objlens_transform, close), 72);
    assert_int_equal(offsetof(struct objlens_transform, positions_after), 84);
    assert_int_equal(offsetof(struct objlens_transform, threads_max), 88);
    assert_int_equal(offsetof(struct objlens_transform, head), 136);
    assert_int_equal(offsetof(struct objlens_host, emit), 16);
    assert_int_equal(offsetof(struct objlens_host, free), 152);
    assert_int_equal(offsetof(struct objlens_host, set_length), 200);
    assert_int_equal(offsetof(struct objlens_host, preload_folder), 208);
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
        cmocka_unit_test(test_version_1_0),
        cmocka_unit_test(test_version_1_1),
        cmocka_unit_test(test_version_1_2),
        cmocka_unit_test(test_nothing_moved),
    };
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
