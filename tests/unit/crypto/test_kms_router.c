/* SPDX-License-Identifier: MIT */
/* Which keeper answers for which name, and that a data key comes back to whoever made it. */
#include "lib/check.h"

#include "base/alloc.h"
#include "crypto/keys/secret.h"
#include "crypto/kms/kms_keyring.h"
#include "crypto/kms/kms_router.h"
#include "lib/loop_fixture.h"
#include "lib/scratch.h"
#include "unit/crypto/fake_kms.h"

#define ARN "arn:aws:kms:r:a:key/fake" /* what fakes call their key */

typedef struct fixture {
    ol_test_scratch scratch;
    ol_test_loop loop;
    ol_arena *arena;
    fake_kms first, second, open;
    ol_kms *keyring, *kms;
    ol_kms_call call;
    bool done;
    int code;
} fixture;

static const ol_slice first_keys[] = {{(const uint8_t *)"alias/a*", 8}, {(const uint8_t *)ARN, 24}};
static const ol_slice second_keys[] = {{(const uint8_t *)"alias/*", 7},
                                       {(const uint8_t *)"orders-?", 8}};

static void on_key(ol_kms_call *call, const ol_error *err)
{
    fixture *f = call->arg;
    f->done = true;
    f->code = err ? err->code : OL_OK;
}

static int setup(void **state)
{
    static fixture f;
    ol_kms_keyring_options options;
    ol_error err = {0};
    f = (fixture){.first = {.base.ops = &fake_ops, .at_once = true},
                  .second = {.base.ops = &fake_ops, .at_once = true},
                  .open = {.base.ops = &fake_ops, .at_once = true},
                  .arena = ol_arena_new(1 << 20)};
    ol_test_scratch_open(&f.scratch);
    assert_code(ol_test_loop_open(&f.loop), OL_OK);
    ol_kms_keyring_options_default(&options);
    options.path = ol_test_scratch_path(&f.scratch, "ring");
    options.refresh_ms = 0;
    assert_code_of(ol_kms_keyring_new(&f.keyring, &options, &err), OL_OK, &err);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    ol_test_loop_close(&f->loop);
    if (f->kms)
        f->kms->ops->destroy(f->kms);
    f->keyring->ops->destroy(f->keyring);
    ol_arena_destroy(f->arena);
    ol_test_scratch_close(&f->scratch);
    return 0;
}

static void route(fixture *f, bool has_open, const char *default_key, bool prefers_keyring)
{
    ol_error err = {0};
    const ol_kms_route routes[] = {
        {.name = "first", .kms = &f->first.base, .patterns = first_keys, .pattern_count = 2},
        {.name = "second", .kms = &f->second.base, .patterns = second_keys, .pattern_count = 2},
        {.name = "open", .kms = &f->open.base, .default_key = "the-default"},
    };
    const ol_kms_router_options options = {.routes = routes,
                                           .count = has_open ? 3 : 2,
                                           .keyring = f->keyring,
                                           .default_key = default_key,
                                           .prefers_keyring = prefers_keyring};
    if (f->kms)
        f->kms->ops->destroy(f->kms);
    assert_code(ol_kms_router_new(&f->kms, &options, &err), OL_OK);
}

/* Whom a wrapped key of that name would be opened by; NULL: nobody of the fakes. */
static const fake_kms *asked_for(fixture *f, const char *name)
{
    ol_error err = {0};
    unsigned before[] = {f->first.asked, f->second.asked, f->open.asked};
    f->call = (ol_kms_call){.loop = f->loop.loop, .arena = f->arena,
                            .key_id = ol_slice_cstr(name), .blob = OL_SLICE_LIT("B"),
                            .cb = on_key, .arg = f};
    int rc = f->kms->ops->open(f->kms, &f->call, &err);
    if (rc == OL_OK)
        ol_secret_free(f->call.key, f->call.key_len);
    return f->first.asked > before[0]    ? &f->first
           : f->second.asked > before[1] ? &f->second
           : f->open.asked > before[2]   ? &f->open
                                         : NULL;
}

static void test_names(void **state)
{
    fixture *f = *state;
    route(f, false, NULL, false);
    assert_ptr_equal(asked_for(f, "alias/abc"), &f->first);
    assert_ptr_equal(asked_for(f, "arn:aws:kms:r:a:alias/abc"), &f->first);
    assert_ptr_equal(asked_for(f, "alias/b"), &f->second);
    assert_ptr_equal(asked_for(f, "orders-1"), &f->second);
    assert_ptr_equal(asked_for(f, "arn:aws:kms:r:a:key/orders-1"), &f->second);
    assert_null(asked_for(f, "orders-12"));
    assert_null(asked_for(f, "arn:aws:kms:r:a:key/other"));
    assert_null(asked_for(f, ""));
    route(f, true, NULL, false);
    assert_ptr_equal(asked_for(f, "other"), &f->open);
    assert_ptr_equal(asked_for(f, ""), &f->open);
    assert_ptr_equal(asked_for(f, "alias/aws/s3"), &f->open);
    assert_ptr_equal(asked_for(f, "alias/abc"), &f->first);
    assert_false(ol_kms_router_is_local(f->kms, OL_SLICE_NONE));
}

static int make(fixture *f, const char *name)
{
    ol_error err = {0};
    f->done = false;
    f->call = (ol_kms_call){.loop = f->loop.loop, .arena = f->arena,
                            .key_id = ol_slice_cstr(name), .cb = on_key, .arg = f};
    int rc = f->kms->ops->generate(f->kms, &f->call, &err);
    if (rc == OL_WAIT) {
        fake_answer_all(&f->first);
        fake_answer_all(&f->second);
        ol_test_loop_until(&f->loop, &f->done, OL_TEST_BOUND_MS);
        rc = f->code;
    }
    if (rc == OL_OK) {
        assert_non_null(f->call.key);
        ol_secret_free(f->call.key, f->call.key_len);
    }
    return rc;
}

static void test_made_keys_come_back(void **state)
{
    fixture *f = *state;
    route(f, false, NULL, false);
    assert_code(make(f, "alias/a"), OL_OK);
    assert_slice(f->call.used_key, ARN);
    /* The second one's key has a name that the first one answers for. */
    assert_code(make(f, "alias/b"), OL_EKMSUNAVAILABLE);
    f->first.at_once = f->second.at_once = false;
    assert_code(make(f, "alias/a"), OL_OK);
    assert_code(make(f, "alias/b"), OL_EKMSUNAVAILABLE);
    ol_secret_stats stats;
    ol_secret_read_stats(&stats);
    size_t used = stats.bytes_in_use;
    assert_code(make(f, "alias/b"), OL_EKMSUNAVAILABLE);
    ol_secret_read_stats(&stats);
    assert_int_equal(stats.bytes_in_use, used);
}

static void test_given_up(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    route(f, false, NULL, false);
    f->first.at_once = false;
    f->call = (ol_kms_call){.loop = f->loop.loop, .arena = f->arena,
                            .key_id = OL_SLICE_LIT("alias/a"), .cb = on_key, .arg = f};
    assert_code(f->kms->ops->generate(f->kms, &f->call, &err), OL_WAIT);
    f->kms->ops->cancel(f->kms, &f->call);
    assert_int_equal(f->first.cancelled, 1);
    f->call = (ol_kms_call){.loop = f->loop.loop, .arena = f->arena,
                            .key_id = OL_SLICE_LIT("alias/a"), .blob = OL_SLICE_LIT("B"),
                            .cb = on_key, .arg = f};
    assert_code(f->kms->ops->open(f->kms, &f->call, &err), OL_WAIT);
    f->kms->ops->cancel(f->kms, &f->call);
    assert_int_equal(f->first.cancelled, 2);
    assert_int_equal(f->first.waiting_count, 0);
}

/* The local keyring's own keys stay its own, whoever answers for the rest. */
static void test_the_keyring(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    route(f, true, NULL, true);
    assert_true(ol_kms_router_is_local(f->kms, OL_SLICE_NONE));
    assert_code(make(f, ""), OL_OK);
    ol_slice made = f->call.used_key, wrapped = f->call.wrapped;
    char name[OL_KEYRING_ARN_SIZE];
    snprintf(name, sizeof name, "%.*s", OL_SLICE_FMT(made));
    assert_true(ol_kms_router_is_local(f->kms, made));
    route(f, true, NULL, false);
    assert_true(ol_kms_router_is_local(f->kms, made));
    f->call = (ol_kms_call){.loop = f->loop.loop, .arena = f->arena, .key_id = made,
                            .blob = wrapped, .cb = on_key, .arg = f};
    assert_code(f->kms->ops->open(f->kms, &f->call, &err), OL_OK);
    ol_secret_free(f->call.key, f->call.key_len);
    assert_ptr_equal(asked_for(f, ""), &f->open);
    route(f, true, "alias/abc", true);
    assert_ptr_equal(asked_for(f, ""), &f->first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_made_keys_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_given_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_keyring, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
