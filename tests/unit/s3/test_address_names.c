/* SPDX-License-Identifier: MIT */
/* ARNs, doors, copy sources and forms: what addresses are made of, read by themselves. */
#include "lib/check.h"
#include "s3/address/address.h"

static void names_all_operations(void **state)
{
    (void)state;
    for (int i = OL_S3_UNKNOWN + 1; i < OL_S3_OPERATIONS; i++)
        assert_string_not_equal(ol_s3_operation_name((enum ol_s3_operation)i), "Unknown");
}

static void splits_doors(void **state)
{
    (void)state;
    ol_slice name, account;
    assert_true(ol_s3_split_door(OL_SLICE_LIT("a-b-111122223333"), &name, &account));
    assert_slice(name, "a-b");
    assert_slice(account, "111122223333");
    static const char *const not_doors[] = {"",          "111122223333",     "-111122223333",
                                            "a-11112222", "a-11112222333x",   "a111122223333",
                                            "a-1111222233334"};
    for (size_t i = 0; i < sizeof not_doors / sizeof not_doors[0]; i++)
        assert_false(ol_s3_split_door(ol_slice_cstr(not_doors[i]), &name, &account));
}

static void reads_arns(void **state)
{
    (void)state;
    ol_s3_arn arn;
    assert_true(ol_s3_arn_parse(OL_SLICE_LIT("arn:aws:s3:::bucket/a/b"), &arn));
    assert_int_equal(arn.door, OL_S3_DOOR_NONE);
    assert_slice(arn.name, "bucket");
    assert_slice(arn.key, "a/b");
    assert_true(ol_s3_arn_parse(
        OL_SLICE_LIT("arn:aws-cn:s3:cn-north-1:111122223333:accesspoint/my-ap/object/a/b"), &arn));
    assert_int_equal(arn.door, OL_S3_DOOR_ACCESS_POINT);
    assert_slice(arn.partition, "aws-cn");
    assert_slice(arn.key, "a/b");
    assert_true(ol_s3_arn_parse(
        OL_SLICE_LIT("arn:aws:s3-object-lambda:eu-west-1:111122223333:accesspoint:o"), &arn));
    assert_int_equal(arn.door, OL_S3_DOOR_OBJECT_LAMBDA);
    assert_null(arn.key.data);
    static const char *const bad[] = {
        "", "arn", "arn:aws:s3", "arn:aws:s3:::", "arn:aws:iam::111122223333:user/x",
        "arn:aws:s3:eu-west-1:111122223333:accesspoint/",
        "arn:aws:s3:eu-west-1:111122223333:accesspointx",
        "arn:aws:s3:eu-west-1:111122223333:accesspoint/a/b",
        "arn:aws:s3:eu-west-1:111122223333:accesspoint/A",
        "arn:aws:s3::111122223333:accesspoint/a", "urn:aws:s3:::b",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (ol_s3_arn_parse(ol_slice_cstr(bad[i]), &arn))
            fail_msg("%s is taken", bad[i]);
}

static void reads_copy_sources(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
        const char *bucket, *key, *version; /* version NULL = none */
    } cases[] = {
        {"b/k", OL_OK, "b", "k", NULL},
        {"/b/k", OL_OK, "b", "k", NULL},
        {"/b/a%20b%2Fc", OL_OK, "b", "a b/c", NULL},
        {"b%2Fk", OL_OK, "b", "k", NULL},
        {"b/a+b", OL_OK, "b", "a+b", NULL},
        {"b//k/", OL_OK, "b", "/k/", NULL},
        {"b/k?versionId=3%2F4", OL_OK, "b", "k", "3/4"},
        {"b/k?versionId=", OL_OK, "b", "k", ""},
        {"b/%3FversionId=3", OL_OK, "b", "?versionId=3", NULL},
        {"b/k?x=1", OL_OK, "b", "k?x=1", NULL},
        {"arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/a/b?versionId=7", OL_OK,
         "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap", "a/b", "7"},
        {"arn%3Aaws%3As3%3Aeu-west-1%3A111122223333%3Aaccesspoint%2Fap%2Fobject%2Fk", OL_OK,
         "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap", "k", NULL},
        {"", OL_EINVAL, "", "", NULL},
        {"b", OL_EINVAL, "", "", NULL},
        {"/b", OL_EINVAL, "", "", NULL},
        {"b/", OL_EINVAL, "", "", NULL},
        {"//k", OL_EINVAL, "", "", NULL},
        {"arn:aws:s3:eu-west-1:111122223333:accesspoint/ap", OL_EINVAL, "", "", NULL},
        {"arn:aws:sqs:x", OL_EINVAL, "", "", NULL},
        {"b/%zz", OL_EINVALIDURI, "", "", NULL},
        {"b/%ff", OL_EINVALIDURI, "", "", NULL},
        {"b/a%00", OL_EINVALIDURI, "", "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_arena *arena = ol_arena_new(4096);
        ol_s3_copy_source source;
        ol_error err = {0};
        int rc = ol_s3_copy_source_parse(ol_slice_cstr(cases[i].text), arena, &source, &err);
        if (rc != cases[i].code)
            fail_msg("%s: %s", cases[i].text, ol_code_name(rc));
        if (rc == OL_OK) {
            assert_slices(source.bucket, ol_slice_cstr(cases[i].bucket));
            assert_slices(source.key, ol_slice_cstr(cases[i].key));
            assert_int_equal(source.version.data != NULL, cases[i].version != NULL);
            if (cases[i].version)
                assert_slices(source.version, ol_slice_cstr(cases[i].version));
        }
        ol_arena_destroy(arena);
    }
}

static void reads_forms(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(4096);
    ol_s3_param *params;
    size_t count;
    ol_error err = {0};
    assert_code(ol_s3_form_parse(OL_SLICE_LIT("Action=AssumeRole&RoleArn=arn%3Aaws%3A+x&Empty="),
                                 arena, &params, &count, &err),
                OL_OK);
    assert_int_equal(count, 3);
    assert_slice(ol_s3_params_get(params, count, "Action"), "AssumeRole");
    assert_slice(ol_s3_params_get(params, count, "RoleArn"), "arn:aws: x");
    assert_null(ol_s3_params_get(params, count, "Missing").data);
    assert_code(ol_s3_form_parse(OL_SLICE_LIT("a=1&%61=2"), arena, &params, &count, &err),
                OL_EINVAL);
    ol_error_clear(&err);
    assert_code(ol_s3_form_parse(OL_SLICE_LIT("a=%"), arena, &params, &count, &err),
                OL_EINVALIDURI);
    ol_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_all_operations), cmocka_unit_test(splits_doors),
        cmocka_unit_test(reads_arns),           cmocka_unit_test(reads_copy_sources),
        cmocka_unit_test(reads_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
