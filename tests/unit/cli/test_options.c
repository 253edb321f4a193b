/* SPDX-License-Identifier: MIT */
/*
 * The command-line parser alone.
 */
#include "lib/check.h"

#include "cli/options.h"

static const ol_option options_table[] = {
    {"data", "DIR", false, "one"},
    {"view", "VIEW", true, "many"},
    {"fast", NULL, false, "a flag"},
    {"loops", "N", false, "a number"},
};

static const ol_command command = {
    .name = "serve",
    .operands = "[CONFIG]",
    .operands_max = 1,
    .options = options_table,
    .option_count = 4,
};

static const ol_command strict = {
    .name = "check", .operands = "CONFIG", .operands_min = 1, .operands_max = 1};

static ol_options options;
static ol_error err;

#define PARSE(command, ...) parse(command, (const char *[]){"x", ##__VA_ARGS__, NULL})

static int parse(const ol_command *cmd, const char **argv)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    ol_error_clear(&err);
    return ol_options_parse(&options, cmd, argc, (char **)(uintptr_t)argv, &err);
}

static void test_values_and_flags(void **state)
{
    (void)state;
    assert_code(PARSE(&command), OL_OK);
    assert_false(ol_options_has(&options, "data"));
    assert_int_equal(options.operand_count, 0);

    assert_code(PARSE(&command, "--data", "dir", "--fast", "--view=a", "file", "--view", "--odd=b"), OL_OK);
    assert_string_equal(ol_options_value(&options, "data", 0), "dir");
    assert_true(ol_options_has(&options, "fast"));
    assert_string_equal(ol_options_value(&options, "view", 0), "a");
    assert_string_equal(ol_options_value(&options, "view", 1), "--odd=b");
    assert_null(ol_options_value(&options, "view", 2));
    assert_string_equal(options.operands[0], "file");

    assert_code(PARSE(&command, "--data=", "--view=a=b=c"), OL_OK);
    assert_string_equal(ol_options_value(&options, "data", 0), "");
    assert_string_equal(ol_options_value(&options, "view", 0), "a=b=c");
}

static void test_operands(void **state)
{
    (void)state;
    assert_code(PARSE(&command, "--", "--data"), OL_OK);
    assert_string_equal(options.operands[0], "--data");
    assert_code(PARSE(&command, "-"), OL_OK);
    assert_string_equal(options.operands[0], "-");
    assert_code(PARSE(&command, "--", "--help"), OL_OK);
    assert_code(PARSE(&command, "one", "two"), OL_EINVAL);
    assert_string_equal(err.detail, "unexpected argument \"two\"");
    assert_code(PARSE(&strict), OL_EINVAL);
    assert_string_equal(err.detail, "an argument is missing: objlens check CONFIG");
}

static void test_help_is_asked_for(void **state)
{
    (void)state;
    assert_code(PARSE(&command, "-h"), OL_DONE);
    assert_code(PARSE(&strict, "--help"), OL_DONE);
    assert_code(PARSE(&command, "--data", "--help"), OL_OK); /* a value is a value */
}

static void test_what_is_not_understood(void **state)
{
    (void)state;
    static const struct {
        const char *argument, *says;
    } rows[] = {
        {"--dta", "unknown option --dta; did you mean --data?"},
        {"--dta=5", "unknown option --dta; did you mean --data?"},
        {"--nothing-like-it", "unknown option --nothing-like-it"},
        {"-x", "unknown option -x"},
        {"--fast=yes", "--fast takes no value"},
        {"--data", "--data needs a value: --data DIR"},
        {"--=x", "unknown option --"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_code(PARSE(&command, rows[i].argument), OL_EINVAL);
        assert_string_equal(err.detail, rows[i].says);
    }
    assert_code(PARSE(&command, "--data", "a", "--data=b"), OL_EINVAL);
    assert_string_equal(err.detail, "--data is given twice");
}

static void test_more_options_than_are_kept(void **state)
{
    (void)state;
    const char *argv[OL_OPTIONS_GIVEN_MAX + 3] = {"x"};
    for (int i = 1; i <= OL_OPTIONS_GIVEN_MAX; i++)
        argv[i] = "--view=a";
    assert_code(parse(&command, argv), OL_OK);
    argv[OL_OPTIONS_GIVEN_MAX + 1] = "--view=a";
    assert_code(parse(&command, argv), OL_EINVAL);
}

static void test_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {"--loops=0", "--loops=9", "--loops=", "--loops=x", "--loops=-1",
                                      "--loops=1.5", "--loops=99999999999999999999"};
    uint64_t number = 7;
    assert_code(PARSE(&command), OL_OK);
    assert_code(ol_options_number(&options, "loops", 1, 8, &number, &err), OL_OK);
    assert_int_equal(number, 7);
    assert_code(PARSE(&command, "--loops", "8"), OL_OK);
    assert_code(ol_options_number(&options, "loops", 1, 8, &number, &err), OL_OK);
    assert_int_equal(number, 8);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_code(PARSE(&command, bad[i]), OL_OK);
        assert_code(ol_options_number(&options, "loops", 1, 8, &number, &err), OL_EINVAL);
        assert_string_equal(err.detail, "--loops must be a whole number between 1 and 8");
    }
    assert_int_equal(number, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_and_flags),
        cmocka_unit_test(test_operands),
        cmocka_unit_test(test_help_is_asked_for),
        cmocka_unit_test(test_what_is_not_understood),
        cmocka_unit_test(test_more_options_than_are_kept),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
