/* SPDX-License-Identifier: MIT */
/* The tables of actions and of condition keys, and networks. */
#include "lib/check.h"

#include <string.h>

#include "access/actions.h"
#include "access/context.h"
#include "base/ip_range.h"

static void finds_every_action_by_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < ol_action_count(); i++) {
        ol_slice name = ol_action_name((ol_action)i);
        assert_int_equal(ol_action_parse(name), i); /* so none is there twice */
    }
    assert_int_equal(ol_action_find(OL_SLICE_LIT("S3"), OL_SLICE_LIT("getobject")),
                     ol_action_parse(OL_SLICE_LIT("s3:GetObject")));
    assert_int_not_equal(ol_action_parse(OL_SLICE_LIT("s3:GetObject")),
                         ol_action_parse(OL_SLICE_LIT("s3-object-lambda:GetObject")));
    assert_int_equal(ol_action_parse(OL_SLICE_LIT("s3:GetObjects")), OL_ACTION_NONE);
    assert_int_equal(ol_action_parse(OL_SLICE_LIT("GetObject")), OL_ACTION_NONE);
    assert_int_equal(ol_action_parse(OL_SLICE_LIT("s3GetObject:")), OL_ACTION_NONE);
    assert_int_equal(ol_action_parse(OL_SLICE_NONE), OL_ACTION_NONE);
    assert_int_equal(ol_action_target(ol_action_parse(OL_SLICE_LIT("s3:ListBucket"))),
                     OL_ACTION_ON_BUCKET);
    assert_int_equal(ol_action_target(ol_action_parse(OL_SLICE_LIT("s3:GetObject"))),
                     OL_ACTION_ON_OBJECT);
}

static void finds_every_key_by_its_name(void **state)
{
    (void)state;
    enum ol_context_key key;
    ol_slice suffix;
    for (int i = 0; i < OL_CONTEXT_KEY_COUNT; i++) {
        char name[100];
        unsigned traits = ol_context_key_traits((enum ol_context_key)i);
        strcpy(name, ol_context_key_name((enum ol_context_key)i));
        assert_int_equal(!!(traits & OL_CONTEXT_REQUEST) + !!(traits & OL_CONTEXT_OWN) +
                             !!(traits & OL_CONTEXT_NEVER),
                         1);
        if (traits & OL_CONTEXT_SUFFIX)
            strcat(name, i == OL_CONTEXT_KMS_CONTEXT ? ":Some/tag" : "/Some/tag");
        assert_true(ol_context_key_find(ol_slice_cstr(name), &key, &suffix));
        assert_int_equal(key, i);
        assert_slices(suffix, (traits & OL_CONTEXT_SUFFIX) ? OL_SLICE_LIT("Some/tag") : OL_SLICE_NONE);
    }
    assert_true(ol_context_key_find(OL_SLICE_LIT("AWS:SOURCEIP"), &key, &suffix));
    assert_int_equal(key, OL_CONTEXT_SOURCE_IP);
    assert_true(ol_context_key_find(OL_SLICE_LIT("s3-object-lambda:versionid"), &key, &suffix));
    assert_int_equal(key, OL_CONTEXT_VERSION_ID);
    assert_false(ol_context_key_find(OL_SLICE_LIT("s3-object-lambda:SourceIp"), &key, &suffix));
    assert_false(ol_context_key_find(OL_SLICE_LIT(""), &key, &suffix));
    assert_false(ol_context_key_find(OL_SLICE_LIT("aws"), &key, &suffix));
    assert_false(ol_context_key_find(OL_SLICE_LIT("aws:"), &key, &suffix));
    assert_false(ol_context_key_find(OL_SLICE_LIT("aws:PrincipalTag"), &key, &suffix));
    assert_true(
        ol_context_key_find(OL_SLICE_LIT("KMS:encryptioncontext:aws:s3:arn"), &key, &suffix));
    assert_int_equal(key, OL_CONTEXT_KMS_CONTEXT);
    assert_slices(suffix, OL_SLICE_LIT("aws:s3:arn"));
    assert_true(ol_context_key_find(OL_SLICE_LIT("kms:EncryptionContextKeys"), &key, &suffix));
    assert_int_equal(key, OL_CONTEXT_KMS_CONTEXT_KEYS);
    assert_false(ol_context_key_find(OL_SLICE_LIT("kms:EncryptionContext"), &key, &suffix));
    assert_false(ol_context_key_find(OL_SLICE_LIT("kms:EncryptionContext:"), &key, &suffix));
    assert_false(ol_context_key_find(OL_SLICE_LIT("kms:EncryptionContext/x"), &key, &suffix));
}

static void refuses_what_is_no_network(void **state)
{
    (void)state;
    static const char *const bad[] = {"",          "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/33",
                                      "10.0.0/8",  "::/129",    "x",           "10.0.0.1/8/8",
                                      "10.0.0.0/0008", "1.2.3.4 ", "fe80::1%lo", "/8"};
    ol_ip_range range;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (ol_ip_range_parse(ol_slice_cstr(bad[i]), &range))
            fail_msg("taken: %s", bad[i]);
    assert_true(ol_ip_range_parse(OL_SLICE_LIT("0.0.0.0/0"), &range));
    assert_true(ol_ip_range_holds(&range, OL_SLICE_LIT("255.255.255.255")));
    assert_false(ol_ip_range_holds(&range, OL_SLICE_LIT("::1")));
    assert_true(ol_ip_range_parse(OL_SLICE_LIT("2001:db8::1"), &range));
    assert_true(ol_ip_range_holds(&range, OL_SLICE_LIT("2001:DB8:0::1")));
    assert_false(ol_ip_range_holds(&range, OL_SLICE_LIT("2001:db8::2")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_action_by_its_name),
        cmocka_unit_test(finds_every_key_by_its_name),
        cmocka_unit_test(refuses_what_is_no_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
