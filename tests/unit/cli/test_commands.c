/* SPDX-License-Identifier: MIT */
/*
 * The executable's manners: exit codes, what goes to which stream, help for everything.
 */
#include "process.h"

#include "objlens/version.h"

static void test_version(void **state)
{
    (void)state;
    static const char *const spellings[] = {"version", "--version", "-V"};
    for (size_t i = 0; i < 3; i++) {
        process p = PROCESS_INIT;
        process_run(&p, (char *)(uintptr_t)spellings[i]);
        assert_ended(&p, 0);
        assert_string_equal(ol_buf_cstr(&p.out), "objlens " OBJLENS_VERSION "\n");
        assert_int_equal(p.err.len, 0);
        process_fini(&p);
    }
}

static void test_help(void **state)
{
    (void)state;
    static char *const commands[] = {"serve", "run", "check", "version", "help"};
    for (size_t i = 0; i < 5; i++) {
        process by_help = PROCESS_INIT, by_option = PROCESS_INIT;
        process_run(&by_help, "help", commands[i]);
        process_run(&by_option, commands[i], "--help");
        assert_ended(&by_help, 0);
        assert_ended(&by_option, 0);
        assert_int_equal(by_help.err.len, 0);
        assert_non_null(strstr(ol_buf_cstr(&by_help.out), "Usage: objlens "));
        assert_slices(ol_buf_slice(&by_help.out), ol_buf_slice(&by_option.out));
        process_fini(&by_help);
        process_fini(&by_option);
    }
    process p = PROCESS_INIT;
    process_run(&p, "--help");
    assert_ended(&p, 0);
    for (size_t i = 0; i < 5; i++)
        assert_non_null(strstr(ol_buf_cstr(&p.out), commands[i]));
    assert_null(strstr(ol_buf_cstr(&p.out), "internal"));
    process_fini(&p);
}

static void assert_usage(char *const *argv, const char *says, const char *hint)
{
    process p = PROCESS_INIT;
    process_run_argv(&p, argv);
    assert_ended(&p, 2);
    assert_says(&p, says);
    assert_says(&p, hint);
    assert_int_equal(p.out.len, 0);
    process_fini(&p);
}

#define USAGE(says, hint, ...)                                                                     \
    assert_usage((char *const[]){"objlens", ##__VA_ARGS__, NULL}, says, hint)

static void test_what_is_not_understood(void **state)
{
    (void)state;
    USAGE("Usage: objlens COMMAND", "Commands:");
    USAGE("objlens: unknown command \"srve\"; did you mean \"serve\"?", "Try 'objlens help'.", "srve");
    USAGE("objlens: unknown command \"nonsense\"\n", "Try 'objlens help'.", "nonsense");
    USAGE("objlens: unknown option --loops", "Try 'objlens help'.", "--loops");
    USAGE("objlens: unknown option --dat; did you mean --data?", "Try 'objlens help serve'.", "serve", "--dat=x");
    USAGE("objlens: an argument is missing: objlens check CONFIG", "Try 'objlens help check'.", "check");
    USAGE("objlens: an argument is missing: objlens run TRANSFORM", "Try 'objlens help run'.", "run");
    USAGE("objlens: unexpected argument \"b\"", "Try 'objlens help check'.", "check", "a", "b");
    USAGE("objlens: unknown command \"nonsense\"", "Try 'objlens help'.", "help", "nonsense");
    USAGE("objlens: unknown command \"host\"", "Try 'objlens help'.", "help", "host");
    USAGE("objlens: --loops must be a whole number between 1 and 1024", "Try", "serve", "--loops=0");
    USAGE("objlens: --data does not go with a configuration file", "Try", "serve", "c.lua", "--data=x");
    USAGE("objlens: there is no limit \"x\"", "Try 'objlens help run'.", "run", "pii", "--limit", "x=1");
    USAGE("objlens: --chunk must be a multiple of 4 KiB", "Try 'objlens help run'.", "run", "pii", "--chunk", "0");
    USAGE("objlens: --chunk must be a multiple of 4 KiB", "Try", "run", "pii", "--chunk", "5000");
    USAGE("objlens: --chunk must be a multiple of 4 KiB", "Try", "run", "pii", "--chunk=8MiB");
}

static void test_output_that_cannot_be_written_is_no_success(void **state)
{
    (void)state;
    process p = PROCESS_INIT;
    p.out_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    process_run(&p, "help");
    assert_ended(&p, 1);
    assert_says(&p, "objlens: standard output cannot be written");
    close(p.out_fd);
    process_fini(&p);
}

/* ---- check ---- */

static void test_check(void **state)
{
    (void)state;
    ol_test_scratch s;
    char path[128], want[1024];
    ol_test_scratch_open(&s);
    snprintf(path, sizeof(path), "%s/objlens.lua", s.folder);

    ol_test_file_write(path, OL_SLICE_LIT("root { access_key = 'rootkey', secret_key = 'rootsecret' }\n"
                                          "bucket 'orders'\n"));
    process p = PROCESS_INIT;
    process_run(&p, "check", path);
    assert_ended(&p, 0);
    snprintf(want, sizeof(want),
             "%s: ok (1 listener, 1 key, 1 bucket, 0 access points, 0 Object Lambda access points, "
             "9 transforms)\n", path); /* those that ship: the API may name them */
    assert_string_equal(ol_buf_cstr(&p.out), want);
    assert_int_equal(p.err.len, 0);
    process_fini(&p);

    ol_test_file_write(path, OL_SLICE_LIT("regoin = 'x'\n\nbucket 'Orders'\n"));
    process q = PROCESS_INIT;
    process_run(&q, "check", path);
    assert_ended(&q, 1);
    snprintf(want, sizeof(want),
             "%s: there is neither root nor a user: nobody could sign a request\n"
             "%s:1: unknown setting \"regoin\"; did you mean \"region\"?\n"
             "%s:3: bucket \"Orders\": is not a valid bucket name", path, path, path);
    assert_says(&q, want);
    assert_int_equal(q.out.len, 0);
    process_fini(&q);
    ol_test_scratch_close(&s);
}

/* Every transform that does not load is told of, with its own file and line. */
static void test_check_loads_transforms(void **state)
{
    (void)state;
    ol_test_scratch s;
    char path[128];
    ol_test_scratch_open(&s);
    snprintf(path, sizeof(path), "%s/objlens.lua", s.folder);
    ol_test_file_write(ol_test_scratch_path(&s, "one.lua"), OL_SLICE_LIT("\nreturn function(\n"));
    ol_test_file_write(ol_test_scratch_path(&s, "two.lua"), OL_SLICE_LIT("return 5\n"));
    ol_test_file_write(ol_test_scratch_path(&s, "three.lua"),
                       OL_SLICE_LIT("return function(event, object, response) end\n"));
    ol_test_file_write(path, OL_SLICE_LIT("root { access_key = 'rootkey', secret_key = 'rootsecret' }\n"
                                          "for _, name in ipairs { 'one', 'two', 'three' } do\n"
                                          "  transform(name) { file = name .. '.lua' }\nend\n"));
    process p = PROCESS_INIT;
    process_run(&p, "check", path);
    assert_ended(&p, 1);
    assert_says(&p, "one.lua:3:");
    assert_says(&p, "two.lua");
    assert_null(strstr(ol_buf_cstr(&p.err), "three"));
    process_fini(&p);
    ol_test_scratch_close(&s);
}

static void test_check_loads_certificates(void **state)
{
    (void)state;
    ol_test_scratch s;
    char path[128];
    ol_test_scratch_open(&s);
    snprintf(path, sizeof(path), "%s/objlens.lua", s.folder);
    ol_test_file_write(ol_test_scratch_path(&s, "cert.pem"), OL_SLICE_LIT("nonsense\n"));
    ol_test_file_write(path, OL_SLICE_LIT("root { access_key = 'rootkey', secret_key = 'rootsecret' }\n"
                                          "listen { '127.0.0.1:0', certificate = 'cert.pem', key = 'cert.pem' }\n"));
    process p = PROCESS_INIT;
    process_run(&p, "check", path);
    assert_ended(&p, 1);
    assert_says(&p, "objlens.lua: listen: ");
    assert_says(&p, "cert.pem");
    process_fini(&p);
    ol_test_scratch_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_what_is_not_understood),
        cmocka_unit_test(test_output_that_cannot_be_written_is_no_success),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_check_loads_transforms),
        cmocka_unit_test(test_check_loads_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
