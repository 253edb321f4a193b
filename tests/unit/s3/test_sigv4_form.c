/* SPDX-License-Identifier: MIT */
/* Signatures of browsers' forms, both generations; the values were computed with Python's hmac. */
#include "unit/s3/sigv4_kit.h"

#define POLICY \
    "eyJleHBpcmF0aW9uIjoiMjAxMy0wNS0yNVQwMDowMDowMFoiLCJjb25kaXRpb25zIjpbey" \
    "JidWNrZXQiOiJiIn0sWyJzdGFydHMtd2l0aCIsIiRrZXkiLCJ1LyJdXX0="
#define V4 "88ab3f1498830495e4b3c266edc6c13ed3e3cc56f60ce3f6ddf6a5134d6ebd71"
#define V2 "jE3M9GAxQuoe1Cqo5OLc/M9mikU="

static ol_sigv4_form v4_form(void)
{
    return (ol_sigv4_form){
        .policy = OL_SLICE_LIT(POLICY),
        .algorithm = OL_SLICE_LIT("AWS4-HMAC-SHA256"),
        .credential = OL_SLICE_LIT(KEY_ID "/20130524/us-east-1/s3/aws4_request"),
        .date = OL_SLICE_LIT("20130524T000000Z"),
        .signature = OL_SLICE_LIT(V4),
    };
}

static ol_sigv4_form v2_form(void)
{
    return (ol_sigv4_form){
        .policy = OL_SLICE_LIT(POLICY),
        .v2_access_key = OL_SLICE_LIT(KEY_ID),
        .v2_signature = OL_SLICE_LIT(V2),
    };
}

static int check_form(sigv4_kit *kit, const ol_sigv4_form *form)
{
    static const ol_sigv4_result nothing;
    ol_error_clear(&kit->err);
    kit->noted[0] = '\0';
    int rc = ol_sigv4_check_form(kit->sigv4, form, &kit->options, &kit->result, &kit->err);
    assert_int_equal(rc, kit->err.code);
    if (rc != OL_OK)
        assert_memory_equal(&kit->result, &nothing, sizeof nothing);
    return rc;
}

static void accepts_a_signed_policy(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    ol_sigv4_form form = v4_form();
    kit->options.now_ms = NOW_MS + 7200 * 1000; /* a form may be old: its policy says how long */
    assert_code_of(check_form(kit, &form), OL_OK, &kit->err);
    assert_int_equal(kit->result.type, OL_AUTH_POST);
    assert_slice(kit->result.access_key, KEY_ID);
    assert_true(kit->result.age_ms == 7200 * 1000);
    assert_false(kit->result.v2);
    assert_ptr_equal(kit->result.owner, kit);
    assert_slices(ol_auth_type_name(kit->result.type), OL_SLICE_LIT("POST"));
    kit_free(kit);
}

static void notices_every_change_of_the_policy(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    kit->options.form_v2 = true;
    uint8_t policy[] = POLICY;
    for (size_t i = 0; i < sizeof policy - 1; i++) {
        ol_sigv4_form four = v4_form(), two = v2_form();
        policy[i] ^= 1;
        four.policy = two.policy = ol_slice_of(policy, sizeof policy - 1);
        assert_code(check_form(kit, &four), OL_ESIGNATURE);
        assert_string_equal(kit->noted, "AWSAccessKeyId=" KEY_ID "\n");
        assert_code(check_form(kit, &two), OL_ESIGNATURE);
        policy[i] ^= 1;
    }
    kit_free(kit);
}

static void the_older_signature_is_a_choice(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    ol_sigv4_form form = v2_form();
    assert_code(check_form(kit, &form), OL_EINVALIDREQUEST);
    assert_non_null(strstr(kit->err.message, "Please use AWS4-HMAC-SHA256"));
    kit->options.form_v2 = true;
    assert_code_of(check_form(kit, &form), OL_OK, &kit->err);
    assert_true(kit->result.v2);
    assert_slice(kit->result.access_key, KEY_ID);
    form.v2_signature = OL_SLICE_LIT("!");
    assert_code(check_form(kit, &form), OL_ESIGNATURE);
    form.v2_signature = OL_SLICE_LIT("");
    assert_code(check_form(kit, &form), OL_ESIGNATURE);
    form.v2_signature = OL_SLICE_NONE;
    assert_code(check_form(kit, &form), OL_EINVAL);
    form = v2_form();
    form.v2_access_key = OL_SLICE_LIT("foo");
    assert_code(check_form(kit, &form), OL_EACCESSKEY);
    form = v2_form();
    form.signature = OL_SLICE_LIT(V4);
    assert_code(check_form(kit, &form), OL_EINVAL);
    kit_free(kit);
}

static void an_unsigned_form_is_anonymous(void **state)
{
    (void)state;
    sigv4_kit *kit = kit_new();
    const ol_sigv4_form form = {.policy = OL_SLICE_LIT(POLICY)};
    assert_code(check_form(kit, &form), OL_EMISSINGAUTH);
    kit->options.allow_anonymous = true;
    assert_code(check_form(kit, &form), OL_OK);
    assert_int_equal(kit->result.type, OL_AUTH_ANONYMOUS);
    kit_free(kit);
}

static void wants_every_field(void **state)
{
    (void)state;
    static const size_t fields[] = {
        offsetof(ol_sigv4_form, policy), offsetof(ol_sigv4_form, algorithm),
        offsetof(ol_sigv4_form, credential), offsetof(ol_sigv4_form, date),
        offsetof(ol_sigv4_form, signature)};
    static const char *const names[] = {"policy", "x-amz-algorithm", "x-amz-credential",
                                        "x-amz-date", "x-amz-signature"};
    static const char *const wrong[] = {NULL, "AWS4-HMAC-SHA1", "AKID", "today", "abc"};
    sigv4_kit *kit = kit_new();
    for (size_t i = 0; i < 5; i++) {
        ol_sigv4_form form = v4_form();
        ol_slice *field = (ol_slice *)((char *)&form + fields[i]);
        *field = OL_SLICE_NONE;
        assert_code(check_form(kit, &form), OL_EINVAL);
        assert_non_null(strstr(kit->err.message, names[i]));
        if (!wrong[i])
            continue;
        *field = ol_slice_cstr(wrong[i]);
        assert_code(check_form(kit, &form), OL_EINVAL);
    }
    ol_sigv4_form form = v4_form();
    form.date = OL_SLICE_LIT("20130525T000000Z");
    assert_code(check_form(kit, &form), OL_EINVAL);
    form = v4_form();
    form.credential = OL_SLICE_LIT(KEY_ID "/20130524/eu-west-1/s3/aws4_request");
    assert_code(check_form(kit, &form), OL_EINVAL);
    form = v4_form();
    form.token = OL_SLICE_LIT("t");
    assert_code(check_form(kit, &form), OL_EINVALIDTOKEN);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_a_signed_policy),
        cmocka_unit_test(notices_every_change_of_the_policy),
        cmocka_unit_test(the_older_signature_is_a_choice),
        cmocka_unit_test(an_unsigned_form_is_anonymous),
        cmocka_unit_test(wants_every_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
