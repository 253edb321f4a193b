/* SPDX-License-Identifier: MIT */
/* On whose behalf: whoever may not use a master key gets nothing that it encrypts, cached or not, and
 * the KMS is not even asked. */
#include "store_sealed.h"

static kit_kms kms;

static void open_sealed(store_kit *kit)
{
    kit_kms_init(&kms);
    kit_anybody.answer = kit_anybody.later = OL_OK;
    kit_anybody.asked = kit_anybody.dropped = 0;
    kit_init(kit);
    kit->options.kms = &kms.kms;
    kit_start(kit);
    assert_code(ol_store_ensure_bucket(kit->origin, OL_SLICE_LIT("b"), NULL), OL_OK);
}

static void close_sealed(store_kit *kit)
{
    kit_anybody.answer = kit_anybody.later = OL_OK;
    kit_fini(kit);
}

static int put(store_kit *kit, enum ol_sse_mode mode)
{
    ol_sse sse = kit_sse(mode);
    return kit_put_sse(kit, "k", OL_SLICE_LIT("some body"), &sse, NULL);
}

static int open_info(store_kit *kit, bool without_key, ol_key_user *user)
{
    kit_answer answer = {0};
    ol_error err = {0};
    ol_object_ref ref = {.bucket = OL_SLICE_LIT("b"),
                         .key = OL_SLICE_LIT("k"),
                         .open_for = OL_OPEN_FOR_INFO,
                         .without_key = without_key,
                         .key_user = user};
    ol_object *object = NULL;
    int rc = kit->origin->ops->open(kit->origin, kit->bench.loop.loop, &ref, &object, kit_on_object,
                                    &answer, &err);
    if (rc == OL_WAIT) {
        rc = kit_settle(kit, rc, &answer);
        object = answer.object;
    }
    if (object)
        kit_close_object(kit, object);
    return rc;
}

static void reading_is_refused(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    assert_code(put(&kit, OL_SSE_KMS), OL_OK);
    assert_false(kit_anybody.decrypt);
    kit_expect_with(&kit, "k", NULL, OL_SLICE_LIT("some body"));
    assert_true(kit_anybody.decrypt);
    for (unsigned way = 0; way < 4; way++) {
        kit_anybody.answer = way % 2 ? OL_WAIT : OL_EACCESS;
        kit_anybody.later = OL_EACCESS;
        unsigned before = kms.made + kms.opened;
        assert_code(open_info(&kit, false, &kit_anybody.user), OL_EACCESS);
        assert_code(open_info(&kit, false, NULL), OL_EACCESS);
        assert_int_equal(kms.made + kms.opened, before);
        assert_code(open_info(&kit, true, NULL), OL_OK); /* to remove it, to tag it */
        if (way == 1)
            kit_restart(&kit); /* nothing is in memory */
    }
    kit_anybody.later = OL_OK;
    kit_expect_with(&kit, "k", NULL, OL_SLICE_LIT("some body"));
    close_sealed(&kit);
}

static void writing_is_refused(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    for (unsigned way = 0; way < 2; way++) {
        kit_anybody.answer = way ? OL_WAIT : OL_EACCESS;
        kit_anybody.later = OL_EACCESS;
        assert_code(put(&kit, OL_SSE_KMS), OL_EACCESS);
        kit_id id;
        ol_sse sse = kit_sse(OL_SSE_KMS);
        ol_upload_request req = {.bucket = OL_SLICE_LIT("b"),
                                 .key = OL_SLICE_LIT("k"),
                                 .sse = &sse,
                                 .key_user = &kit_anybody.user};
        assert_code(kit_create_as(&kit, &req, &id), OL_EACCESS);
        assert_int_equal(kms.made, 0);
        assert_code(open_info(&kit, true, NULL), OL_ENOSUCHKEY);
    }
    close_sealed(&kit);
}

static void a_part_and_the_completion_are_refused(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    kit_id id;
    ol_sse sse = kit_sse(OL_SSE_KMS);
    ol_upload_request req = {.bucket = OL_SLICE_LIT("b"),
                             .key = OL_SLICE_LIT("k"),
                             .sse = &sse,
                             .key_user = &kit_anybody.user};
    assert_code(kit_create_as(&kit, &req, &id), OL_OK);
    ol_part_request part = kit_part_request("k", &id, 1, OL_SLICE_LIT("part"));
    for (unsigned way = 0; way < 3; way++) {
        kit_anybody.answer = way == 1 ? OL_WAIT : way == 2 ? OL_OK : OL_EACCESS;
        kit_anybody.later = OL_EACCESS;
        ol_test_feed feed = {.body = OL_SLICE_LIT("part"), .piece_bytes = 9};
        assert_code(kit_part_as(&kit, &part, &feed), way == 2 ? OL_OK : OL_EACCESS);
        assert_true(kit_anybody.decrypt);
    }
    for (unsigned way = 0; way < 3; way++) {
        kit_anybody.answer = way == 1 ? OL_WAIT : way == 2 ? OL_OK : OL_EACCESS;
        assert_code(kit_complete(&kit, "k", &id, NULL), way == 2 ? OL_OK : OL_EACCESS);
    }
    kit_expect_with(&kit, "k", NULL, OL_SLICE_LIT("part"));
    close_sealed(&kit);
}

static void other_modes_ask_nobody(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    kit_anybody.answer = OL_EACCESS;
    assert_code(put(&kit, OL_SSE_S3), OL_OK);
    assert_code(open_info(&kit, false, NULL), OL_OK);
    assert_code(put(&kit, OL_SSE_C), OL_OK);
    assert_int_equal(kit_anybody.asked, 0);
    close_sealed(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_is_refused),
        cmocka_unit_test(writing_is_refused),
        cmocka_unit_test(a_part_and_the_completion_are_refused),
        cmocka_unit_test(other_modes_ask_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
