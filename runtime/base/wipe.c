/* SPDX-License-Identifier: MIT */
/* Overwriting memory and vector registers. */
#include "base/wipe.h"

#include <string.h>

#if defined(__x86_64__)

/* 16 to 31 exist with AVX-512 only; libraries' copies like them, as they need
 * no vzeroupper behind them. */
__attribute__((target("avx512vl"))) static void wipe_upper_half(void) {
#define ZERO(n) "vpxord %%xmm" #n ", %%xmm" #n ", %%xmm" #n "\n\t"
  __asm__ volatile(ZERO(16) ZERO(17) ZERO(18) ZERO(19) ZERO(20) ZERO(21)
                       ZERO(22) ZERO(23) ZERO(24) ZERO(25) ZERO(26) ZERO(27)
                           ZERO(28) ZERO(29) ZERO(30) ZERO(31)::
                               : "xmm16", "xmm17", "xmm18", "xmm19", "xmm20",
                                 "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",
                                 "xmm26", "xmm27", "xmm28", "xmm29", "xmm30",
                                 "xmm31");
#undef ZERO
}

#define LOWER_HALF                                                             \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",      \
      "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

__attribute__((target("avx"))) static void wipe_lower_half_avx(void) {
  __asm__ volatile("vzeroall" ::: LOWER_HALF);
}

static void wipe_lower_half(void) {
#define ZERO(n) "pxor %%xmm" #n ", %%xmm" #n "\n\t"
  __asm__ volatile(ZERO(0) ZERO(1) ZERO(2) ZERO(3) ZERO(4) ZERO(5) ZERO(6)
                       ZERO(7) ZERO(8) ZERO(9) ZERO(10) ZERO(11) ZERO(12)
                           ZERO(13) ZERO(14) ZERO(15)::
                               : LOWER_HALF);
#undef ZERO
}

static void wipe_registers(void) {
  if (__builtin_cpu_supports("avx"))
    wipe_lower_half_avx();
  else
    wipe_lower_half();
  if (__builtin_cpu_supports("avx512vl"))
    wipe_upper_half();
}

#elif defined(__aarch64__)

static void wipe_registers(void) {
#define ZERO(n) "movi v" #n ".2d, #0\n\t"
  __asm__ volatile(
      ZERO(0) ZERO(1) ZERO(2) ZERO(3) ZERO(4) ZERO(5) ZERO(6) ZERO(7) ZERO(8)
          ZERO(9) ZERO(10) ZERO(11) ZERO(12) ZERO(13) ZERO(14) ZERO(15) ZERO(16)
              ZERO(17) ZERO(18) ZERO(19) ZERO(20) ZERO(21) ZERO(22) ZERO(23)
                  ZERO(24) ZERO(25) ZERO(26) ZERO(27) ZERO(28) ZERO(29) ZERO(30)
                      ZERO(31)::
                          : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",
                            "v8", "v9", "v10", "v11", "v12", "v13", "v14",
                            "v15", "v16", "v17", "v18", "v19", "v20", "v21",
                            "v22", "v23", "v24", "v25", "v26", "v27", "v28",
                            "v29", "v30", "v31");
#undef ZERO
}

#else

static void wipe_registers(void) {}

#endif

void ol_wipe(void *data, size_t len) {
  if (len == 0)
    return;
  explicit_bzero(data, len);
  wipe_registers();
}

void ol_wipe_slice(ol_slice bytes) {
  ol_wipe((void *)(uintptr_t)bytes.data, bytes.len);
}
