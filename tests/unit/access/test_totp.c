/* SPDX-License-Identifier: MIT */
/* One-time codes: the vectors of RFC 6238, the steps that count, each code once, and what wrong
 * ones lead to. */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include <stdio.h>

#include "access/totp.h"
#include "base/alloc.h"

#define SECRET OL_SLICE_LIT("12345678901234567890")
#define SERIAL OL_SLICE_LIT("arn:aws:iam::111122223333:mfa/ann")
#define STEP_MS (OL_TOTP_STEP_S * 1000)
#define NOW_STEP 59833333u
#define NOW_MS ((int64_t)NOW_STEP * STEP_MS + 5000)

static void gives_the_vectors_of_the_rfc(void **state)
{
    (void)state;
    static const struct {
        uint64_t seconds;
        const char *code; /* the last six of the RFC's eight digits */
    } vectors[] = {
        {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
        {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        char code[OL_TOTP_DIGITS + 1];
        assert_true(ol_totp_code(SECRET, vectors[i].seconds / OL_TOTP_STEP_S, code));
        assert_string_equal(code, vectors[i].code);
    }
}

static int check_code(ol_totp_guard *guard, ol_slice serial, uint64_t step, int64_t now_ms)
{
    char code[OL_TOTP_DIGITS + 1];
    ol_error err = {0};
    assert_true(ol_totp_code(SECRET, step, code));
    int rc = ol_totp_check(guard, serial, SECRET, ol_slice_cstr(code), now_ms, &err);
    assert_int_equal(rc, err.code);
    return rc;
}

static void takes_the_steps_beside_now(void **state)
{
    (void)state;
    for (int aside = -3; aside <= 3; aside++) {
        ol_totp_guard *guard = ol_totp_guard_new();
        int rc = check_code(guard, SERIAL, NOW_STEP + (uint64_t)(int64_t)aside, NOW_MS);
        assert_int_equal(rc, aside >= -1 && aside <= 1 ? OL_OK : OL_EACCESS);
        ol_totp_guard_destroy(guard);
    }
}

static void takes_each_code_once(void **state)
{
    (void)state;
    ol_totp_guard *guard = ol_totp_guard_new();
    assert_int_equal(check_code(guard, SERIAL, NOW_STEP, NOW_MS), OL_OK);
    assert_int_equal(check_code(guard, SERIAL, NOW_STEP, NOW_MS), OL_EACCESS);
    assert_int_equal(check_code(guard, SERIAL, NOW_STEP, NOW_MS + STEP_MS), OL_EACCESS);
    assert_int_equal(check_code(guard, SERIAL, NOW_STEP - 1, NOW_MS), OL_EACCESS); /* an older one */
    assert_int_equal(check_code(guard, SERIAL, NOW_STEP + 1, NOW_MS), OL_OK);
    /* another device of the same secret is another device */
    assert_int_equal(check_code(guard, OL_SLICE_LIT("other"), NOW_STEP, NOW_MS), OL_OK);
    ol_totp_guard_destroy(guard);
}

static void refuses_what_is_no_code(void **state)
{
    (void)state;
    static const char *const codes[] = {"", "1", "00000", "0000000", "abcdef", "12345x"};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        ol_totp_guard *guard = ol_totp_guard_new();
        assert_int_equal(ol_totp_check(guard, SERIAL, SECRET, ol_slice_cstr(codes[i]), NOW_MS, NULL),
                         OL_EACCESS);
        ol_totp_guard_destroy(guard);
    }
    ol_totp_guard *guard = ol_totp_guard_new();
    assert_int_equal(ol_totp_check(guard, OL_SLICE_NONE, SECRET, OL_SLICE_LIT("1"), NOW_MS, NULL),
                     OL_EACCESS);
    assert_int_equal(ol_totp_check(guard, SERIAL, SECRET, OL_SLICE_LIT("1"), 0, NULL), OL_EACCESS);
    assert_int_equal(ol_totp_check(guard, SERIAL, OL_SLICE_NONE, OL_SLICE_LIT("1"), NOW_MS, NULL),
                     OL_EINTERNAL);
    ol_totp_guard_destroy(guard);
}

static void slows_down_who_guesses(void **state)
{
    (void)state;
    ol_totp_guard *guard = ol_totp_guard_new();
    for (int i = 0; i < OL_TOTP_FAILURES_MAX; i++)
        assert_int_equal(check_code(guard, SERIAL, NOW_STEP + 100, NOW_MS), OL_EACCESS);
    assert_int_equal(check_code(guard, SERIAL, NOW_STEP, NOW_MS), OL_EACCESS); /* the right one */
    assert_int_equal(check_code(guard, SERIAL, NOW_STEP + 1, NOW_MS + STEP_MS), OL_EACCESS);
    assert_int_equal(check_code(guard, OL_SLICE_LIT("other"), NOW_STEP, NOW_MS), OL_OK);
    assert_int_equal(check_code(guard, SERIAL, NOW_STEP + 2, NOW_MS + 2 * STEP_MS), OL_OK);
    ol_totp_guard_destroy(guard);
}

static void remembers_so_many_devices_and_forgets_old_ones(void **state)
{
    (void)state;
    ol_totp_guard *guard = ol_totp_guard_new();
    char serial[32];
    for (unsigned i = 0; i < OL_TOTP_DEVICES_MAX; i++) {
        int len = snprintf(serial, sizeof(serial), "device-%u", i);
        assert_int_equal(check_code(guard, ol_slice_of(serial, (size_t)len), NOW_STEP, NOW_MS),
                         OL_OK);
    }
    assert_int_equal(check_code(guard, SERIAL, NOW_STEP, NOW_MS), OL_EACCESS);
    assert_int_equal(check_code(guard, SERIAL, NOW_STEP + 2, NOW_MS + 2 * STEP_MS), OL_EACCESS);
    assert_int_equal(check_code(guard, OL_SLICE_LIT("device-7"), NOW_STEP + 2, NOW_MS + 2 * STEP_MS),
                     OL_OK);
    assert_int_equal(check_code(guard, SERIAL, NOW_STEP + 4, NOW_MS + 4 * STEP_MS), OL_OK);
    /* the one that was forgotten was none whose codes could still come */
    assert_int_equal(check_code(guard, OL_SLICE_LIT("device-7"), NOW_STEP + 2, NOW_MS + 3 * STEP_MS),
                     OL_EACCESS);
    ol_totp_guard_destroy(guard);
}

static int use_a_guard(void *arg)
{
    (void)arg;
    char code[OL_TOTP_DIGITS + 1];
    ol_totp_guard *guard = ol_totp_guard_new();
    if (!guard)
        return OL_ENOMEM;
    assert_true(ol_totp_code(SECRET, NOW_STEP, code));
    int rc = ol_totp_check(guard, SERIAL, SECRET, ol_slice_cstr(code), NOW_MS, NULL);
    ol_totp_guard_destroy(guard);
    return rc;
}

static void survives_want_of_memory(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(use_a_guard, NULL) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_vectors_of_the_rfc),
        cmocka_unit_test(takes_the_steps_beside_now),
        cmocka_unit_test(takes_each_code_once),
        cmocka_unit_test(refuses_what_is_no_code),
        cmocka_unit_test(slows_down_who_guesses),
        cmocka_unit_test(remembers_so_many_devices_and_forgets_old_ones),
        cmocka_unit_test(survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
