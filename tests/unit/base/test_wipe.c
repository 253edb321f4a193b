/* SPDX-License-Identifier: MIT */
/* What is wiped is gone from memory, and from the registers that may have copied it. */
#include "lib/check.h"

#include "base/wipe.h"

static void memory_is_overwritten(void **state)
{
    (void)state;
    char text[] = "a secret of some length";
    ol_wipe(text + 2, 6);
    assert_memory_equal(text, "a \0\0\0\0\0\0 of some length", sizeof text);
    ol_wipe_slice(ol_slice_of(text, sizeof text));
    for (size_t i = 0; i < sizeof text; i++)
        assert_int_equal(text[i], 0);
    ol_wipe(NULL, 0);
    ol_wipe_slice(OL_SLICE_NONE);
}

#if defined(__x86_64__)

typedef struct vectors {
    uint8_t low[16], high[16];
} vectors;

__attribute__((target("avx512vl"))) static vectors wiped_with_all(const vectors *secret, void *byte)
{
    vectors left;
    __asm__ volatile("vmovdqu64 %0, %%xmm15\n\tvmovdqu64 %1, %%xmm19" ::"m"(secret->low),
                     "m"(secret->high)
                     : "xmm15", "xmm19");
    ol_wipe(byte, 1);
    __asm__ volatile("vmovdqu64 %%xmm15, %0\n\tvmovdqu64 %%xmm19, %1"
                     : "=m"(left.low), "=m"(left.high));
    return left;
}

static vectors wiped_with_lower(const vectors *secret, void *byte)
{
    vectors left = {0};
    __asm__ volatile("movdqu %0, %%xmm15" ::"m"(secret->low) : "xmm15");
    ol_wipe(byte, 1);
    __asm__ volatile("movdqu %%xmm15, %0" : "=m"(left.low));
    return left;
}

static void registers_are_emptied(void **state)
{
    (void)state;
    vectors secret, none = {0};
    memset(&secret, 0xA5, sizeof secret);
    char byte = 1;
    vectors left = __builtin_cpu_supports("avx512vl") ? wiped_with_all(&secret, &byte)
                                                      : wiped_with_lower(&secret, &byte);
    assert_memory_equal(&left, &none, sizeof none);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_overwritten),
#if defined(__x86_64__)
        cmocka_unit_test(registers_are_emptied),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
