/* SPDX-License-Identifier: MIT */
/* The scanner with AVX-512, whose comparisons give masks of 64 bytes at once. */
#include "scan_ways.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 8
#define WAY __attribute__((target("avx512f,avx512bw,bmi,bmi2")))
#define STEP WAY static inline __attribute__((always_inline))

struct block {
    __m512i bytes;
};

STEP struct block block_load(const uint8_t *p)
{
    return (struct block){_mm512_loadu_si512(p)};
}

/* Sixty-four times `c`. Compilers would rather make it anew each time than keep it in one of the
 * 32 registers; the empty instruction keeps them from knowing what it is. */
STEP __m512i all_of(char c)
{
    __m512i all = _mm512_set1_epi8(c);
    __asm__("" : "+v"(all));
    return all;
}

STEP uint64_t block_equal(const struct block *b, char c)
{
    return _mm512_cmpeq_epi8_mask(b->bytes, all_of(c));
}

STEP uint64_t within(__m512i v, char first, unsigned span)
{
    return _mm512_cmple_epu8_mask(_mm512_sub_epi8(v, all_of(first)),
                                  all_of((char)span));
}

STEP uint64_t block_within(const struct block *b, char first, unsigned span)
{
    return within(b->bytes, first, span);
}

STEP uint64_t block_letters(const struct block *b)
{
    return within(_mm512_or_si512(b->bytes, all_of(0x20)), 'a', 25);
}

STEP uint64_t block_high(const struct block *b)
{
    return _mm512_movepi8_mask(b->bytes);
}

STEP bool block_dull(const struct block *b, const uint8_t *p)
{
    uint64_t ia = _mm512_mask_cmpeq_epi8_mask(block_equal(b, 'I'), _mm512_loadu_si512(p + 1),
                                              all_of('A'));
    return (within(b->bytes, '0', 10) | block_equal(b, '@') | ia) == 0; /* ':' follows '9' */
}

#include "scan_loop.h"

static bool runs_here(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

const struct pii_scan_way pii_scan_avx512 = {"avx512", runs_here, scan_sharp, scan_all};
#endif
