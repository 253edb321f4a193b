/* SPDX-License-Identifier: MIT */
/* Signing keys that were derived are remembered, and told apart. */
#include <stdio.h>

#include "lib/check.h"

#include "s3/sigv4/sigv4_keys.h"

static void remembers_keys_and_forgets_old_ones(void **state)
{
    (void)state;
    ol_sigv4_keys *keys = ol_sigv4_keys_new();
    ol_sigv4_keys_stats stats;
    uint8_t fresh[32];
    assert_non_null(keys);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2 * OL_SIGV4_KEYS_MAX; i++) {
            char secret[24];
            snprintf(secret, sizeof secret, "secret-%d", i);
            const ol_sigv4_key_of of = {OL_SLICE_LIT("AK"), ol_slice_cstr(secret),
                                        OL_SLICE_LIT("20130524"), OL_SLICE_LIT("us-east-1"),
                                        OL_SLICE_LIT("s3"),
                                        OL_SLICE_LIT("20130524/us-east-1/s3/aws4_request")};
            /* The same key when derived, remembered and derived again. */
            assert_true(ol_sigv4_key_derive(&of, fresh));
            assert_memory_equal(ol_sigv4_keys_get(keys, &of)->bytes, fresh, 32);
            assert_memory_equal(ol_sigv4_keys_get(keys, &of)->bytes, fresh, 32);
        }
    }
    ol_sigv4_keys_read_stats(keys, &stats);
    assert_true(stats.hits >= 4 * OL_SIGV4_KEYS_MAX);
    assert_true(stats.evictions >= OL_SIGV4_KEYS_MAX);
    assert_true(stats.misses - stats.evictions <= OL_SIGV4_KEYS_MAX);
    ol_sigv4_keys_destroy(keys);
}

/* Others come and go; the one that is asked for in between is never derived again. */
static void keeps_the_key_in_use(void **state)
{
    (void)state;
    ol_sigv4_keys *keys = ol_sigv4_keys_new();
    ol_sigv4_keys_stats stats;
    const ol_sigv4_key_of hot = {.access_key = OL_SLICE_LIT("AK"), .secret = OL_SLICE_LIT("hot")};
    const int others = 2000;
    for (int i = 0; i < others; i++) {
        char secret[24];
        snprintf(secret, sizeof secret, "cold-%d", i);
        const ol_sigv4_key_of cold = {.access_key = OL_SLICE_LIT("AK"),
                                      .secret = ol_slice_cstr(secret)};
        ol_sigv4_keys_get(keys, &hot);
        ol_sigv4_keys_get(keys, &cold);
    }
    ol_sigv4_keys_read_stats(keys, &stats);
    assert_int_equal(stats.misses, others + 1);
    assert_int_equal(stats.hits, others - 1);
    ol_sigv4_keys_destroy(keys);
}

static void keeps_secrets_apart(void **state)
{
    (void)state;
    ol_sigv4_keys *keys = ol_sigv4_keys_new();
    uint8_t first[32];
    char long_secret[130];
    ol_sigv4_key_of of = {OL_SLICE_LIT("AKx"),      OL_SLICE_LIT("y"),
                          OL_SLICE_LIT("20130524"), OL_SLICE_LIT("us-east-1"),
                          OL_SLICE_LIT("s3"),       OL_SLICE_LIT("20130524/us-east-1/s3/…")};
    memcpy(first, ol_sigv4_keys_get(keys, &of)->bytes, 32);
    of.access_key = OL_SLICE_LIT("AK");
    of.secret = OL_SLICE_LIT("xy");
    assert_memory_not_equal(ol_sigv4_keys_get(keys, &of)->bytes, first, 32);
    memset(long_secret, 'x', sizeof long_secret);
    of.secret = ol_slice_of(long_secret, sizeof long_secret);
    assert_null(ol_sigv4_keys_get(keys, &of));
    ol_sigv4_keys_destroy(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_key_in_use),
        cmocka_unit_test(remembers_keys_and_forgets_old_ones),
        cmocka_unit_test(keeps_secrets_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
