/* SPDX-License-Identifier: MIT */
/*
 * One engine for all three checks: each is a reflected CRC, whose state sits in the low bits of
 * a 64-bit word. Tables and folding constants are computed from the polynomial on first use, so
 * there is no number here that could be mistyped except three polynomials.
 *
 * Folding: a 16-byte block stands for a polynomial. Multiplying it by x^D mod P and adding it to
 * the block D bits further on leaves the remainder as it was. A long input thus shrinks to its
 * last 16 bytes, which the tables finish; no other reduction is needed. In the reflected form a
 * carry-less product comes out one power of x too high, hence the "- 1" in fold_constant's uses.
 */
#include "s3/upload/crc.h"

#include <pthread.h>
#if defined(__x86_64__)
#include <immintrin.h>
#define HAVE_CLMUL 1
#else
#define HAVE_CLMUL 0
#endif

#define FOLD_BYTES_MIN 128
#define WIDE_BYTES_MIN 1024

typedef struct fold {
    uint64_t low, high; /* factors of the earlier and the later 8 bytes of a block */
} fold;

typedef struct engine {
    uint64_t poly; /* reflected */
    unsigned width;
    uint64_t tables[8][256];
    fold by_16, by_64, by_256;
} engine;

static engine engines[OL_CRC_KINDS] = {
    [OL_CRC32] = {.poly = 0xedb88320u, .width = 32},
    [OL_CRC32C] = {.poly = 0x82f63b78u, .width = 32},
    [OL_CRC64NVME] = {.poly = 0x9a6c9329ac4bc9b5u, .width = 64},
};
static pthread_once_t prepared = PTHREAD_ONCE_INIT;
static bool use_clmul, use_wide;

static uint64_t times_x(const engine *e, uint64_t value)
{
    return value >> 1 ^ (value & 1 ? e->poly : 0);
}

/* x^power mod P, the highest coefficient in bit 63. */
static uint64_t fold_constant(const engine *e, unsigned power)
{
    uint64_t value = 1ull << (e->width - 1);
    while (power-- > 0)
        value = times_x(e, value);
    return value << (64 - e->width);
}

static void prepare_engine(engine *e)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint64_t value = byte;
        for (int bit = 0; bit < 8; bit++)
            value = times_x(e, value);
        e->tables[0][byte] = value;
    }
    for (int k = 1; k < 8; k++)
        for (unsigned byte = 0; byte < 256; byte++) {
            uint64_t before = e->tables[k - 1][byte];
            e->tables[k][byte] = before >> 8 ^ e->tables[0][before & 255];
        }
    e->by_16 = (fold){fold_constant(e, 128 + 64 - 1), fold_constant(e, 128 - 1)};
    e->by_64 = (fold){fold_constant(e, 512 + 64 - 1), fold_constant(e, 512 - 1)};
    e->by_256 = (fold){fold_constant(e, 2048 + 64 - 1), fold_constant(e, 2048 - 1)};
}

static bool cpu_has_clmul(void)
{
#if HAVE_CLMUL
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse2");
#else
    return false;
#endif
}

static bool cpu_has_wide_clmul(void)
{
#if HAVE_CLMUL
    return cpu_has_clmul() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("vpclmulqdq");
#else
    return false;
#endif
}

static void prepare(void)
{
    for (int kind = 0; kind < OL_CRC_KINDS; kind++)
        prepare_engine(&engines[kind]);
    use_clmul = cpu_has_clmul();
    use_wide = cpu_has_wide_clmul();
}

static uint64_t load_le64(const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

static uint64_t by_table(const engine *e, uint64_t state, const uint8_t *data, size_t len)
{
    for (; len >= 8; data += 8, len -= 8) {
        uint64_t word = state ^ load_le64(data);
        state = e->tables[7][word & 255] ^ e->tables[6][word >> 8 & 255] ^
                e->tables[5][word >> 16 & 255] ^ e->tables[4][word >> 24 & 255] ^
                e->tables[3][word >> 32 & 255] ^ e->tables[2][word >> 40 & 255] ^
                e->tables[1][word >> 48 & 255] ^ e->tables[0][word >> 56];
    }
    for (; len > 0; data++, len--)
        state = state >> 8 ^ e->tables[0][(state ^ *data) & 255];
    return state;
}

#if HAVE_CLMUL
#define CLMUL __attribute__((target("pclmul,sse2")))

CLMUL static inline __m128i load(const uint8_t *data)
{
    return _mm_loadu_si128((const __m128i *)(const void *)data);
}

CLMUL static inline __m128i factors(fold f)
{
    return _mm_set_epi64x((long long)f.high, (long long)f.low);
}

CLMUL static inline __m128i fold_onto(__m128i block, __m128i by, __m128i next)
{
    __m128i low = _mm_clmulepi64_si128(block, by, 0x00);
    __m128i high = _mm_clmulepi64_si128(block, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/* The rest of an input whose first 64 bytes stand in the lanes: four blocks side by side, because
 * one multiplication has a latency of several cycles. */
CLMUL static uint64_t fold_rest(const engine *e, __m128i lanes[4], const uint8_t *data, size_t len)
{
    __m128i by_64 = factors(e->by_64), by_16 = factors(e->by_16);
    uint8_t last[16];
    for (; len >= 64; data += 64, len -= 64)
        for (int i = 0; i < 4; i++)
            lanes[i] = fold_onto(lanes[i], by_64, load(data + 16 * i));
    __m128i one = lanes[0];
    for (int i = 1; i < 4; i++)
        one = fold_onto(one, by_16, lanes[i]);
    for (; len >= 16; data += 16, len -= 16)
        one = fold_onto(one, by_16, load(data));
    _mm_storeu_si128((__m128i *)(void *)last, one);
    return by_table(e, by_table(e, 0, last, sizeof last), data, len);
}

CLMUL static uint64_t by_clmul(const engine *e, uint64_t state, const uint8_t *data, size_t len)
{
    __m128i lanes[4];
    for (int i = 0; i < 4; i++)
        lanes[i] = load(data + 16 * i);
    lanes[0] = _mm_xor_si128(lanes[0], _mm_set_epi64x(0, (long long)state));
    return fold_rest(e, lanes, data + 64, len - 64);
}

#define WIDE __attribute__((target("avx512f,vpclmulqdq,pclmul,sse2")))

WIDE static inline __m512i wide_load(const uint8_t *data)
{
    return _mm512_loadu_si512((const void *)data);
}

WIDE static inline __m512i wide_fold_onto(__m512i blocks, __m512i by, __m512i next)
{
    __m512i low = _mm512_clmulepi64_epi128(blocks, by, 0x00);
    __m512i high = _mm512_clmulepi64_epi128(blocks, by, 0x11);
    return _mm512_xor_si512(_mm512_xor_si512(low, high), next);
}

/* The same, sixteen blocks side by side. */
WIDE static uint64_t by_wide_clmul(const engine *e, uint64_t state, const uint8_t *data, size_t len)
{
    __m512i by_256 = _mm512_broadcast_i32x4(factors(e->by_256));
    __m512i by_64 = _mm512_broadcast_i32x4(factors(e->by_64));
    __m512i lanes[4];
    __m128i narrow[4];
    for (int i = 0; i < 4; i++)
        lanes[i] = wide_load(data + 64 * i);
    lanes[0] = _mm512_xor_si512(lanes[0], _mm512_set_epi64(0, 0, 0, 0, 0, 0, 0, (long long)state));
    for (data += 256, len -= 256; len >= 256; data += 256, len -= 256)
        for (int i = 0; i < 4; i++)
            lanes[i] = wide_fold_onto(lanes[i], by_256, wide_load(data + 64 * i));
    __m512i one = lanes[0];
    for (int i = 1; i < 4; i++)
        one = wide_fold_onto(one, by_64, lanes[i]);
    _mm512_storeu_si512((void *)narrow, one);
    return fold_rest(e, narrow, data, len);
}
#endif

uint64_t ol_crc_update(enum ol_crc_kind kind, uint64_t crc, ol_slice data)
{
    pthread_once(&prepared, prepare);
    const engine *e = &engines[kind];
    uint64_t ones = UINT64_MAX >> (64 - e->width);
    if (data.len == 0)
        return crc;
#if HAVE_CLMUL
    if (use_wide && data.len >= WIDE_BYTES_MIN)
        return by_wide_clmul(e, crc ^ ones, data.data, data.len) ^ ones;
    if (use_clmul && data.len >= FOLD_BYTES_MIN)
        return by_clmul(e, crc ^ ones, data.data, data.len) ^ ones;
#endif
    return by_table(e, crc ^ ones, data.data, data.len) ^ ones;
}

size_t ol_crc_size(enum ol_crc_kind kind)
{
    return engines[kind].width / 8;
}

void ol_crc_limit(enum ol_crc_means most)
{
    pthread_once(&prepared, prepare);
    use_clmul = most >= OL_CRC_BY_CLMUL && cpu_has_clmul();
    use_wide = most >= OL_CRC_BY_WIDE_CLMUL && cpu_has_wide_clmul();
}
