/* SPDX-License-Identifier: MIT */
/* The scanner with AVX2. */
#include "scan_ways.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 4
#define WAY __attribute__((target("avx2,bmi,bmi2")))
#define STEP WAY static inline __attribute__((always_inline))

struct block {
    __m256i low, high;
};

STEP struct block block_load(const uint8_t *p)
{
    return (struct block){_mm256_loadu_si256((const __m256i *)p),
                          _mm256_loadu_si256((const __m256i *)(p + 32))};
}

STEP uint64_t bits(__m256i low, __m256i high)
{
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(low) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

STEP uint64_t block_equal(const struct block *b, char c)
{
    __m256i wanted = _mm256_set1_epi8(c);
    return bits(_mm256_cmpeq_epi8(b->low, wanted), _mm256_cmpeq_epi8(b->high, wanted));
}

STEP __m256i within(__m256i v, char first, unsigned span)
{
    __m256i from = _mm256_sub_epi8(v, _mm256_set1_epi8(first));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(from, _mm256_set1_epi8((char)span)), from);
}

STEP uint64_t block_within(const struct block *b, char first, unsigned span)
{
    return bits(within(b->low, first, span), within(b->high, first, span));
}

STEP uint64_t block_letters(const struct block *b)
{
    __m256i lower = _mm256_set1_epi8(0x20);
    return bits(within(_mm256_or_si256(b->low, lower), 'a', 25),
                within(_mm256_or_si256(b->high, lower), 'a', 25));
}

STEP uint64_t block_high(const struct block *b)
{
    return bits(b->low, b->high);
}

STEP __m256i bright(__m256i v, const uint8_t *p)
{
    __m256i next = _mm256_loadu_si256((const __m256i *)(p + 1));
    __m256i ia = _mm256_and_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('I')),
                                  _mm256_cmpeq_epi8(next, _mm256_set1_epi8('A')));
    __m256i at = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('@'));
    return _mm256_or_si256(_mm256_or_si256(within(v, '0', 10), at), ia); /* ':' follows '9' */
}

STEP bool block_dull(const struct block *b, const uint8_t *p)
{
    __m256i any = _mm256_or_si256(bright(b->low, p), bright(b->high, p + 32));
    return _mm256_testz_si256(any, any);
}

#include "scan_loop.h"

static bool runs_here(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2");
}

const struct pii_scan_way pii_scan_avx2 = {"avx2", runs_here, scan_sharp, scan_all};
#endif
