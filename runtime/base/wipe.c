/* SPDX-License-Identifier: MIT */
/* Overwriting memory and vector registers. */
#include "base/wipe.h"

#include <string.h>

#define FOUR(zero, a, b, c, d) zero(a) zero(b) zero(c) zero(d)

#if defined(__x86_64__)

#define ZERO(n) "pxor %%xmm" #n ", %%xmm" #n "\n\t"
#define ZERO_UPPER(n) "vpxord %%xmm" #n ", %%xmm" #n ", %%xmm" #n "\n\t"
#define LOWER_HALF                                                                                 \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",       \
        "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define UPPER_HALF                                                                                 \
    "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",      \
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31"

static void wipe_lower_half(void)
{
    __asm__ volatile(FOUR(ZERO, 0, 1, 2, 3) FOUR(ZERO, 4, 5, 6, 7) FOUR(ZERO, 8, 9, 10, 11)
                         FOUR(ZERO, 12, 13, 14, 15)::
                             : LOWER_HALF);
}

__attribute__((target("avx"))) static void wipe_lower_half_avx(void)
{
    __asm__ volatile("vzeroall" ::: LOWER_HALF);
}

/* They exist with AVX-512 only; libraries' copies like them, as they need no vzeroupper behind them. */
__attribute__((target("avx512vl"))) static void wipe_upper_half(void)
{
    __asm__ volatile(FOUR(ZERO_UPPER, 16, 17, 18, 19) FOUR(ZERO_UPPER, 20, 21, 22, 23)
                         FOUR(ZERO_UPPER, 24, 25, 26, 27) FOUR(ZERO_UPPER, 28, 29, 30, 31)::
                             : UPPER_HALF);
}

static void wipe_registers(void)
{
    if (__builtin_cpu_supports("avx"))
        wipe_lower_half_avx();
    else
        wipe_lower_half();
    if (__builtin_cpu_supports("avx512vl"))
        wipe_upper_half();
}

#elif defined(__aarch64__)

#define ZERO(n) "movi v" #n ".2d, #0\n\t"

/* Without 8 to 15: their lower halves belong to whoever calls, and would be saved on the stack here. */
static void wipe_registers(void)
{
    __asm__ volatile(FOUR(ZERO, 0, 1, 2, 3) FOUR(ZERO, 4, 5, 6, 7) FOUR(ZERO, 16, 17, 18, 19)
                         FOUR(ZERO, 20, 21, 22, 23) FOUR(ZERO, 24, 25, 26, 27)
                             FOUR(ZERO, 28, 29, 30, 31)::
                                 : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17",
                                   "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26",
                                   "v27", "v28", "v29", "v30", "v31");
}

#else

static void wipe_registers(void)
{
}

#endif

void ol_wipe(void *data, size_t len)
{
    if (len == 0)
        return;
    explicit_bzero(data, len);
    wipe_registers();
}

void ol_wipe_slice(ol_slice bytes)
{
    ol_wipe((void *)(uintptr_t)bytes.data, bytes.len);
}
