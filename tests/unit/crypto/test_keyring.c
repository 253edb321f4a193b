/* SPDX-License-Identifier: MIT */
/* The local keyring: what is bound to a wrapped key, versions and states, files, and the KMS of it. */
#include "lib/check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "crypto/keys/secret.h"
#include "crypto/kms/kms_keyring.h"
#include "lib/alloc_check.h"
#include "lib/loop_fixture.h"
#include "lib/scratch.h"

#define NOW 1795000000000

static ol_keyring *ring_of(const char *first, const char *second)
{
    ol_keyring *ring;
    ol_keyring_key *key;
    ol_error err = {0};
    assert_code(ol_keyring_new(&ring, "eu-west-1", "111122223333", &err), OL_OK);
    assert_code(ol_keyring_add_key(ring, first, NOW, &key, &err), OL_OK);
    assert_code(ol_keyring_set_alias(ring, "alias/one", key, &err), OL_OK);
    if (second)
        assert_code(ol_keyring_add_key(ring, second, NOW, &key, &err), OL_OK);
    return ring;
}

static int open_code(const ol_keyring *ring, const ol_keyring_key *wanted,
                     const ol_context *context, ol_slice wrapped, uint32_t *version)
{
    ol_keyring_opened opened;
    ol_error err = {0};
    int rc = ol_keyring_open(ring, wanted, context, wrapped, &opened, &err);
    assert_int_equal(rc, err.code);
    if (rc == OL_OK && version)
        *version = opened.version;
    ol_secret_free(opened.data_key, opened.data_key_len);
    return rc;
}

static void test_what_is_bound(void **state)
{
    (void)state;
    uint8_t wrapped[OL_KEYRING_WRAPPED_BYTES_MAX], data_key[32] = "0123456789abcdef0123456789abcde";
    size_t len;
    uint32_t version = 0;
    ol_error err = {0};
    ol_context context = {0}, other = {0};
    ol_keyring *ring = ring_of("a", "b");
    ol_context_add(&context, OL_SLICE_LIT("k"), OL_SLICE_LIT("v"));
    ol_context_add(&other, OL_SLICE_LIT("k"), OL_SLICE_LIT("w"));
    assert_code(ol_keyring_wrap(ring, ring->keys[0], &context, ol_slice_of(data_key, 32), wrapped,
                                &len, &err), OL_OK);
    const ol_slice whole = ol_slice_of(wrapped, len);
    assert_code(open_code(ring, NULL, &context, whole, &version), OL_OK);
    assert_int_equal(version, 1);
    assert_code(open_code(ring, ring->keys[0], &context, whole, NULL), OL_OK);
    assert_code(open_code(ring, ring->keys[1], &context, whole, NULL), OL_EDECRYPT);
    assert_code(open_code(ring, NULL, &other, whole, NULL), OL_EDECRYPT);
    for (size_t cut = 0; cut < len; cut++)
        assert_true(open_code(ring, NULL, &context, ol_slice_first(whole, cut), NULL) < 0);
    for (size_t at = 0; at < len; at++) {
        wrapped[at] ^= 1;
        int rc = open_code(ring, NULL, &context, whole, NULL);
        assert_true(rc == OL_EDECRYPT || (rc == OL_EKMSNOTFOUND && at >= 8 && at < 10));
        wrapped[at] ^= 1;
    }
    /* one key under the other's name, even were they the same */
    memcpy(ring->keys[1]->versions[0].material, ring->keys[0]->versions[0].material, 32);
    wrapped[9] = 'b';
    assert_code(open_code(ring, NULL, &context, whole, NULL), OL_EDECRYPT);
    ol_keyring_destroy(ring);
}

static void test_versions_and_states(void **state)
{
    (void)state;
    uint8_t old[OL_KEYRING_WRAPPED_BYTES_MAX], now[OL_KEYRING_WRAPPED_BYTES_MAX], data_key[32] = "x";
    size_t old_len, now_len;
    uint32_t version = 0;
    ol_error err = {0};
    const ol_context none = {0};
    ol_keyring *ring = ring_of("a", NULL);
    ol_keyring_key *key = ring->keys[0];
    const ol_slice plain = ol_slice_of(data_key, 32);
    assert_code(ol_keyring_wrap(ring, key, &none, plain, old, &old_len, &err), OL_OK);
    assert_code(ol_keyring_rotate(key, NOW, &err), OL_OK);
    assert_code(ol_keyring_wrap(ring, key, &none, plain, now, &now_len, &err), OL_OK);
    assert_code(open_code(ring, NULL, &none, ol_slice_of(old, old_len), &version), OL_OK);
    assert_int_equal(version, 1);
    assert_code(open_code(ring, NULL, &none, ol_slice_of(now, now_len), &version), OL_OK);
    assert_int_equal(version, 2);
    old[7] = 2; /* one version under the other's number */
    assert_code(open_code(ring, NULL, &none, ol_slice_of(old, old_len), NULL), OL_EDECRYPT);
    old[7] = 3;
    assert_code(open_code(ring, NULL, &none, ol_slice_of(old, old_len), NULL), OL_EDECRYPT);
    key->state = OL_KMS_DISABLED;
    assert_code(open_code(ring, NULL, &none, ol_slice_of(now, now_len), NULL), OL_EKMSDISABLED);
    assert_code(ol_keyring_wrap(ring, key, &none, plain, now, &now_len, &err), OL_EKMSDISABLED);
    assert_string_equal(err.message, "arn:aws:kms:eu-west-1:111122223333:key/a is disabled.");
    key->state = OL_KMS_PENDING_DELETION;
    err = (ol_error){0};
    assert_code(ol_keyring_wrap(ring, key, &none, plain, now, &now_len, &err), OL_EKMSSTATE);
    ol_keyring_destroy(ring);
}

static void test_names(void **state)
{
    static const struct {
        const char *name;
        int code;
    } rows[] = {{"a", OL_OK},
                {"alias/one", OL_OK},
                {"arn:aws:kms:eu-west-1:111122223333:key/a", OL_OK},
                {"arn:aws:kms:eu-west-1:111122223333:alias/one", OL_OK},
                {"", OL_EKMSNOTFOUND}, /* no default key yet */
                {"b", OL_EKMSNOTFOUND},
                {"A", OL_EKMSNOTFOUND},
                {"alias/two", OL_EKMSNOTFOUND},
                {"not a key", OL_EKMSNOTFOUND},
                {"arn:aws:kms:eu-west-2:111122223333:key/a", OL_EKMSNOTFOUND},
                {"arn:aws:kms:eu-west-1:999922223333:key/a", OL_EKMSNOTFOUND},
                {"arn:aws:kms:eu-west-1:111122223333:a", OL_EKMSNOTFOUND}};
    ol_keyring *ring = ring_of("a", NULL);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ol_keyring_key *key;
        ol_error err = {0};
        assert_code(ol_keyring_find(ring, ol_slice_cstr(rows[i].name), &key, &err), rows[i].code);
        assert_int_equal(key == ring->keys[0], rows[i].code == OL_OK);
    }
    ol_keyring_destroy(ring);
}

static void test_text(void **state)
{
    ol_buf text, again;
    ol_keyring *copy;
    ol_error err = {0};
    ol_keyring *ring = ring_of("a", "b");
    (void)state;
    assert_code(ol_keyring_rotate(ring->keys[0], NOW, &err), OL_OK);
    ring->keys[1]->state = OL_KMS_DISABLED;
    ol_buf_init_secret(&text, 65536);
    ol_buf_init_secret(&again, 65536);
    assert_code(ol_keyring_format(ring, &text), OL_OK);
    assert_code_of(ol_keyring_parse(&copy, ol_buf_slice(&text), &err), OL_OK, &err);
    assert_code(ol_keyring_format(copy, &again), OL_OK);
    assert_slices(ol_buf_slice(&text), ol_buf_slice(&again));
    for (size_t cut = 0; cut < text.len; cut++) {
        ol_keyring *none;
        ol_error why = {0};
        assert_code(ol_keyring_parse(&none, ol_slice_of(text.data, cut), &why), OL_ECONFIG);
    }
    for (size_t at = 0; at < text.len; at++) {
        ol_keyring *none;
        ol_error why = {0};
        text.data[at] ^= 1;
        assert_code(ol_keyring_parse(&none, ol_buf_slice(&text), &why), OL_ECONFIG);
        text.data[at] ^= 1;
    }
    ol_buf_fini(&text);
    ol_buf_fini(&again);
    ol_keyring_destroy(copy);
    ol_keyring_destroy(ring);
}

/* ---- as a KMS ---- */

typedef struct fixture {
    ol_test_scratch scratch;
    ol_test_loop loop;
    ol_arena *arena;
    ol_kms *kms;
    ol_kms_call call;
    bool done, again;
    int code, warnings;
} fixture;

static void on_key(ol_kms_call *call, const ol_error *err)
{
    fixture *f = call->arg;
    f->done = true;
    f->code = err ? err->code : OL_OK;
}

static void on_warn(void *arg, const char *line)
{
    assert_non_null(strstr(line, "old keys stay"));
    __atomic_add_fetch((int *)arg, 1, __ATOMIC_RELAXED);
}

static int start(fixture *f, uint32_t refresh_ms, ol_error *err)
{
    ol_kms_keyring_options options;
    ol_kms_keyring_options_default(&options);
    options.path = ol_test_scratch_path(&f->scratch, "ring");
    options.refresh_ms = refresh_ms;
    options.warn = on_warn;
    options.warn_arg = &f->warnings;
    return ol_kms_keyring_new(&f->kms, &options, err);
}

static int setup(void **state)
{
    static fixture f;
    f = (fixture){.arena = ol_arena_new(1 << 20)};
    ol_test_scratch_open(&f.scratch);
    assert_code(ol_test_loop_open(&f.loop), OL_OK);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    ol_test_loop_close(&f->loop);
    ol_arena_destroy(f->arena);
    ol_test_scratch_close(&f->scratch);
    return 0;
}

static int generate(fixture *f, const char *key_id, ol_error *err)
{
    f->done = false;
    f->call = (ol_kms_call){.loop = f->loop.loop,
                            .arena = f->arena,
                            .key_id = ol_slice_cstr(key_id),
                            .key_bytes = 32,
                            .cb = on_key,
                            .arg = f};
    int rc = f->kms->ops->generate(f->kms, &f->call, err);
    if (rc != OL_WAIT)
        return rc;
    ol_test_loop_until(&f->loop, &f->done, OL_TEST_BOUND_MS);
    return f->code;
}

static void test_the_default_key_is_made_on_demand(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    enum ol_kms_state key_state;
    struct stat st;
    assert_code_of(start(f, 0, &err), OL_OK, &err);
    assert_int_equal(stat(ol_test_scratch_path(&f->scratch, "ring"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    f->call = (ol_kms_call){.arena = f->arena};
    assert_code(f->kms->ops->state(f->kms, &f->call, &key_state, &err), OL_OK);
    assert_int_equal(key_state, OL_KMS_MISSING);
    assert_code(generate(f, "alias/other", &err), OL_EKMSNOTFOUND);
    assert_code(generate(f, "", &err), OL_OK);
    assert_int_equal(f->call.key_len, 32);
    ol_slice wrapped = f->call.wrapped;
    uint8_t *made = f->call.key;
    assert_code(generate(f, "arn:aws:kms:us-east-1:000000000000:alias/aws/s3", &err), OL_OK);
    ol_secret_free(f->call.key, 32);
    /* it is in the file */
    f->kms->ops->destroy(f->kms);
    assert_code_of(start(f, 0, &err), OL_OK, &err);
    f->call = (ol_kms_call){.arena = f->arena, .blob = wrapped};
    assert_code(f->kms->ops->open(f->kms, &f->call, &err), OL_OK);
    assert_memory_equal(f->call.key, made, 32);
    assert_int_equal(f->call.key_version, 1);
    ol_secret_free(f->call.key, 32);
    ol_secret_free(made, 32);
    f->call.key_bytes = 16;
    assert_code(f->kms->ops->open(f->kms, &f->call, &err), OL_EDECRYPT);
    f->kms->ops->destroy(f->kms);
}

static void test_a_caller_that_goes_away(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    assert_code_of(start(f, 0, &err), OL_OK, &err);
    f->call = (ol_kms_call){.loop = f->loop.loop, .arena = f->arena, .cb = on_key, .arg = f};
    assert_code(f->kms->ops->generate(f->kms, &f->call, &err), OL_WAIT);
    f->kms->ops->cancel(f->kms, &f->call);
    f->kms->ops->destroy(f->kms);
    memset(&f->call, 0x5a, sizeof f->call);
    ol_test_loop_turns(&f->loop, 20);
    assert_false(f->done);
}

static bool has_warned(void *arg)
{
    return __atomic_load_n((int *)arg, __ATOMIC_RELAXED) > 0;
}

static bool is_past(void *arg)
{
    return ol_clock_mono_ms() > *(uint64_t *)arg;
}

static bool opens_new_key(void *arg)
{
    fixture *f = arg;
    enum ol_kms_state key_state = OL_KMS_MISSING;
    ol_error err = {0};
    f->call = (ol_kms_call){.arena = f->arena, .key_id = OL_SLICE_LIT("later")};
    assert_code(f->kms->ops->state(f->kms, &f->call, &key_state, &err), OL_OK);
    return key_state == OL_KMS_ENABLED;
}

static void test_a_changed_file_is_read_again(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    const char *path = ol_test_scratch_path(&f->scratch, "ring");
    char kept[256], other[256];
    snprintf(kept, sizeof kept, "%s", path);
    snprintf(other, sizeof other, "%s", ol_test_scratch_path(&f->scratch, "other"));
    assert_code_of(start(f, 5, &err), OL_OK, &err);
    assert_code(generate(f, "", &err), OL_OK);
    ol_secret_free(f->call.key, 32);
    ol_test_file_write(other, OL_SLICE_LIT("objlens keyring 1\nplace us"));
    assert_int_equal(chmod(other, 0600), 0);
    assert_int_equal(rename(other, kept), 0); /* as a whole: two halves would be two warnings */
    ol_test_wait(has_warned, &f->warnings, OL_TEST_BOUND_MS);
    uint64_t until = ol_clock_mono_ms() + 60; /* looked at several times more */
    ol_test_wait(is_past, &until, OL_TEST_BOUND_MS);
    assert_code(generate(f, "", &err), OL_OK); /* the old keys stay */
    ol_secret_free(f->call.key, 32);
    ol_keyring *ring = ring_of("later", NULL);
    assert_code_of(ol_keyring_save(ring, kept, &err), OL_OK, &err);
    ol_keyring_destroy(ring);
    ol_test_wait(opens_new_key, f, OL_TEST_BOUND_MS);
    assert_int_equal(f->warnings, 1); /* said once */
    f->kms->ops->destroy(f->kms);
}

static void test_rewrap(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    char path[256];
    snprintf(path, sizeof path, "%s", ol_test_scratch_path(&f->scratch, "ring"));
    ol_keyring *ring = ring_of("a", NULL);
    assert_code(ol_keyring_save(ring, path, &err), OL_OK);
    assert_code_of(start(f, 0, &err), OL_OK, &err);
    assert_code(generate(f, "a", &err), OL_OK);
    uint8_t *made = f->call.key;
    ol_kms_call call = {.arena = f->arena, .blob = f->call.wrapped};
    assert_code(ol_kms_keyring_rewrap(f->kms, &call, &err), OL_SKIP);
    assert_code(ol_keyring_rotate(ring->keys[0], NOW, &err), OL_OK);
    assert_code(ol_keyring_save(ring, path, &err), OL_OK);
    assert_code(ol_kms_keyring_refresh(f->kms, &err), OL_OK);
    assert_code(ol_kms_keyring_refresh(f->kms, &err), OL_SKIP);
    assert_code(ol_kms_keyring_rewrap(f->kms, &call, &err), OL_OK);
    assert_int_equal(call.key_version, 2);
    assert_null(call.key);
    f->call = (ol_kms_call){.arena = f->arena, .blob = call.wrapped};
    assert_code(f->kms->ops->open(f->kms, &f->call, &err), OL_OK);
    assert_memory_equal(f->call.key, made, 32);
    assert_int_equal(f->call.key_version, 2);
    ol_secret_free(f->call.key, 32);
    ol_secret_free(made, 32);
    ol_keyring_destroy(ring);
    f->kms->ops->destroy(f->kms);
}

static int once(void *arg)
{
    fixture *f = arg;
    ol_error err = {0};
    ol_arena *arena = f->arena;
    unlink(ol_test_scratch_path(&f->scratch, "ring"));
    int rc = start(f, 0, &err);
    if (rc != OL_OK)
        return rc;
    f->arena = ol_arena_new(65536);
    rc = f->arena ? generate(f, "", &err) : OL_ENOMEM;
    if (rc == OL_OK)
        ol_secret_free(f->call.key, f->call.key_len);
    else if (rc == OL_EKMSUNAVAILABLE)
        rc = OL_ENOMEM; /* what making the default key ran out of */
    ol_arena_destroy(f->arena);
    f->arena = arena;
    f->kms->ops->destroy(f->kms);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    fixture *f = *state;
    assert_code(once(f), OL_OK);
    assert_true(ol_test_fail_each(once, f) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_bound),
        cmocka_unit_test(test_versions_and_states),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_text),
        cmocka_unit_test_setup_teardown(test_the_default_key_is_made_on_demand, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_caller_that_goes_away, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_changed_file_is_read_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rewrap, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
