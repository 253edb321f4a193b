/* SPDX-License-Identifier: MIT */
/* The error table, and that the first error stays. */
#include "lib/check.h"

static void every_row_is_complete(void **state)
{
    (void)state;
    int codes[] = {
#define CODE(name, s3, status, text) name,
        OL_ERRORS(CODE)
#undef CODE
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_true(codes[i] < 0);
        assert_int_equal(strncmp(ol_code_name(codes[i]), "OL_E", 4), 0);
        assert_true(ol_code_status(codes[i]) >= 300 && ol_code_status(codes[i]) <= 599);
        assert_true(strlen(ol_code_s3(codes[i])) < OL_ERROR_S3_CODE_SIZE);
        assert_true(strlen(ol_code_message(codes[i])) < OL_ERROR_TEXT_SIZE);
        ol_error err = {0};
        assert_code(ol_error_set(&err, codes[i], NULL), codes[i]);
        assert_string_equal(err.message, ol_code_message(codes[i]));
        assert_string_equal(err.s3_code, ol_code_s3(codes[i]));
        assert_string_equal(err.detail, "");
    }
    assert_string_equal(ol_code_name(OL_ENOSUCHKEY), "OL_ENOSUCHKEY");
    assert_string_equal(ol_code_s3(OL_ENOSUCHKEY), "NoSuchKey");
    assert_int_equal(ol_code_status(OL_ERANGE), 416);
}

static void unknown_codes_are_internal_errors(void **state)
{
    (void)state;
    int unknown[] = {-1, -9000, -20000, OL_CODE_FIRST_, 5, OL_OK, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        assert_string_equal(ol_code_name(unknown[i]), "OL_E?");
        assert_string_equal(ol_code_s3(unknown[i]), "InternalError");
        assert_int_equal(ol_code_status(unknown[i]), 500);
    }
}

static void the_first_error_stays(void **state)
{
    (void)state;
    ol_error err = {0};
    assert_code(ol_error_set(&err, OL_ENOSUCHKEY, "key of %d bytes", 5), OL_ENOSUCHKEY);
    assert_code(ol_error_set(&err, OL_EINTERNAL, "later"), OL_EINTERNAL);
    assert_code(ol_error_say(&err, OL_EINVAL, "later"), OL_EINVAL);
    assert_code(ol_error_custom(&err, OL_ETRANSFORM, 418, OL_SLICE_LIT("X"), OL_SLICE_LIT("later")),
                OL_ETRANSFORM);
    assert_int_equal(err.code, OL_ENOSUCHKEY);
    assert_int_equal(err.status, 404);
    assert_string_equal(err.detail, "key of 5 bytes");
    ol_error_clear(&err);
    assert_int_equal(err.code, 0);
    assert_code(ol_error_say(&err, OL_EINVAL, "max-keys: %s", "no number"), OL_EINVAL);
    assert_string_equal(err.message, "max-keys: no number");
    assert_string_equal(err.s3_code, "InvalidArgument");
    assert_code(ol_error_set(NULL, OL_EINVAL, "nowhere to put it"), OL_EINVAL);
}

static void transforms_make_their_own(void **state)
{
    (void)state;
    ol_error err = {0};
    ol_error_custom(&err, OL_ETRANSFORM, 451, OL_SLICE_LIT("Withheld"),
                    OL_SLICE_LIT("Not for you"));
    assert_int_equal(err.status, 451);
    assert_string_equal(err.s3_code, "Withheld");
    assert_string_equal(err.message, "Not for you");
    int wrong[] = {0, 200, 399, 600, -5};
    for (size_t i = 0; i < 5; i++) {
        ol_error_clear(&err);
        ol_error_custom(&err, OL_ETRANSFORM, wrong[i], OL_SLICE_NONE, OL_SLICE_NONE);
        assert_int_equal(err.status, 500);
        assert_string_equal(err.s3_code, "LambdaRuntimeError");
        assert_string_equal(err.message, "The transform failed.");
    }
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    char text[1000];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'a', shift);
        for (size_t i = shift; i + 4 < sizeof(text); i += 4)
            memcpy(text + i, "\xF0\x9F\x92\xA9", 5);
        ol_error err = {0};
        ol_error_say(&err, OL_EINVAL, "%s", text);
        assert_true(strlen(err.message) > OL_ERROR_TEXT_SIZE - 5);
        assert_true(ol_slice_is_utf8(ol_slice_cstr(err.message)));
        ol_error_clear(&err);
        ol_error_custom(&err, OL_ETRANSFORM, 500, ol_slice_cstr(text), ol_slice_cstr(text));
        assert_true(ol_slice_is_utf8(ol_slice_cstr(err.s3_code)));
        assert_true(ol_slice_is_utf8(ol_slice_cstr(err.message)));
    }
    ol_error err = {0};
    ol_error_custom(&err, OL_ETRANSFORM, 500, OL_SLICE_LIT("A\0B"), OL_SLICE_LIT("x\0y"));
    assert_string_equal(err.s3_code, "A");
    assert_string_equal(err.message, "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(unknown_codes_are_internal_errors),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(transforms_make_their_own),
        cmocka_unit_test(long_texts_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
