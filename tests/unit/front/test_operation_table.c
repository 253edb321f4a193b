/* SPDX-License-Identifier: MIT */
/* The table of operations against the enum it is made for and the actions that policies know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access/actions.h"
#include "front/operations/operation_table.h"
#include "front/request/acl_permission.h"

static void test_every_operation_has_a_row(void **state)
{
    (void)state;
    for (int i = OL_S3_UNKNOWN + 1; i < OL_S3_OPERATIONS; i++) {
        const ol_operation_row *row = ol_operation_row_of(i);
        if (i == OL_S3_CORS_PREFLIGHT) {
            assert_null(row);
            continue;
        }
        if (!row)
            fail_msg("%s has no row", ol_s3_operation_name(i));
        assert_int_equal(row->operation, i);
        assert_non_null(row->run);
    }
    assert_null(ol_operation_row_of(OL_S3_UNKNOWN));
}

static void check_action(const char *service, const char *action)
{
    if (action && ol_action_find(ol_slice_cstr(service), ol_slice_cstr(action)) == OL_ACTION_NONE)
        fail_msg("%s:%s is no action", service, action);
}

static void test_every_action_is_one_that_policies_know(void **state)
{
    (void)state;
    for (int i = OL_S3_UNKNOWN + 1; i < OL_S3_OPERATIONS; i++) {
        const ol_operation_row *row = ol_operation_row_of(i);
        if (!row)
            continue;
        check_action("s3", row->action);
        check_action("s3", row->version_action);
        if (!(row->flags & OL_OPERATION_BY_OLAP))
            continue;
        check_action("s3-object-lambda", row->lambda_action ? row->lambda_action : row->action);
        if (!row->lambda_action)
            check_action("s3-object-lambda", row->version_action);
    }
}

static void test_what_changes_a_bucket_is_asked_of_the_bucket(void **state)
{
    (void)state;
    static const enum ol_s3_operation changes[] = {
        OL_S3_CREATE_BUCKET,          OL_S3_DELETE_BUCKET,
        OL_S3_PUT_BUCKET_POLICY,      OL_S3_DELETE_BUCKET_POLICY,
        OL_S3_PUT_BUCKET_CORS,        OL_S3_DELETE_BUCKET_CORS,
        OL_S3_PUT_PUBLIC_ACCESS_BLOCK, OL_S3_DELETE_PUBLIC_ACCESS_BLOCK,
        OL_S3_PUT_BUCKET_OWNERSHIP_CONTROLS, OL_S3_DELETE_BUCKET_OWNERSHIP_CONTROLS,
        OL_S3_PUT_BUCKET_ACL,         OL_S3_PUT_BUCKET_TAGGING,
        OL_S3_DELETE_BUCKET_TAGGING,
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        unsigned flags = ol_operation_row_of(changes[i])->flags;
        assert_false(flags & (OL_OPERATION_BY_ACCESS_POINT | OL_OPERATION_BY_OLAP));
    }
    assert_false(ol_operation_row_of(OL_S3_POST_OBJECT)->flags & OL_OPERATION_BY_OLAP);
}

static void test_only_what_tells_nothing_is_harmless(void **state)
{
    (void)state;
    for (int i = OL_S3_UNKNOWN + 1; i < OL_S3_OPERATIONS; i++) {
        const ol_operation_row *row = ol_operation_row_of(i);
        bool harmless = i == OL_S3_HEAD_BUCKET || i == OL_S3_GET_BUCKET_LOCATION;
        if (row)
            assert_int_equal(harmless, (row->flags & OL_OPERATION_HARMLESS) != 0);
    }
}

static void test_lists_speak_of_actions_that_there_are(void **state)
{
    (void)state;
    assert_true(ol_acl_permission_of("GetObject")->of_object);
    assert_false(ol_acl_permission_of("PutObject")->of_object);
    assert_int_equal(ol_acl_permission_of("PutBucketPolicy")->permission, 0);
    for (int i = OL_S3_UNKNOWN + 1; i < OL_S3_OPERATIONS; i++) {
        const ol_operation_row *row = ol_operation_row_of(i);
        if (row && row->version_action)
            assert_int_equal(ol_acl_permission_of(row->action)->permission,
                             ol_acl_permission_of(row->version_action)->permission);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation_has_a_row),
        cmocka_unit_test(test_every_action_is_one_that_policies_know),
        cmocka_unit_test(test_what_changes_a_bucket_is_asked_of_the_bucket),
        cmocka_unit_test(test_only_what_tells_nothing_is_harmless),
        cmocka_unit_test(test_lists_speak_of_actions_that_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
