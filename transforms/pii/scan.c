/* SPDX-License-Identifier: MIT */
/*
 * From bytes to bit masks (one bit a byte, one mask a class of bytes), from masks to anchors
 * by shifting them over each other. Two ways to the masks, AVX2 and plain C; one way on from
 * there, so both give the same anchors.
 */
#include "scan.h"

#include <string.h>

#include "text.h"

/* A window without digits, '@' and colons can at most begin a pattern in its last bytes. */
#define EMPTY_STEP 60

struct classes {
    uint64_t digit, letter, space, hyphen, dot, colon, at, plus, close;
};

#define INLINE static inline __attribute__((always_inline))

/* The low bits of words: `n` bytes further on in the text. */
INLINE uint64_t ahead(uint64_t mask, unsigned n)
{
    return mask >> n;
}

/* Another bit of the mask two to four bytes on. */
INLINE uint64_t again_2_4(uint64_t mask)
{
    return mask & (ahead(mask, 2) | ahead(mask, 3) | ahead(mask, 4));
}

INLINE uint64_t again_2_5(uint64_t mask)
{
    return mask & (ahead(mask, 2) | ahead(mask, 3) | ahead(mask, 4) | ahead(mask, 5));
}

INLINE uint64_t iban_anchors(const struct classes *c, uint64_t digits2, uint64_t joint)
{
    uint64_t word = c->letter | c->digit;
    uint64_t head = c->letter & ahead(c->letter, 1) & ahead(digits2, 2) & ~(word << 1);
    if (head == 0)
        return 0;
    uint64_t word2 = word & ahead(word, 1), word4 = word2 & ahead(word2, 2);
    uint64_t word8 = word4 & ahead(word4, 4), word15 = word8 & ahead(word8, 7);
    uint64_t grouped =
        ahead(joint, 4) & ahead(word4, 5) & ahead(joint, 9) & ahead(word4, 10);
    return head & (word15 | grouped);
}

INLINE bool combine(const struct classes *c, struct pii_anchors *a)
{
    const uint64_t decided = ((uint64_t)1 << PII_STEP) - 1;
    uint64_t d = c->digit, d2 = d & ahead(d, 1), d3 = d2 & ahead(d, 2), d4 = d2 & ahead(d2, 2);
    uint64_t d8 = d4 & ahead(d4, 4), d13 = d8 & ahead(d4, 8) & ahead(d, 12);
    uint64_t begins = ~(d << 1); /* not in the middle of digits, as far as the window shows */
    uint64_t joint = c->space | c->hyphen, joint3 = joint | c->dot;
    uint64_t dotted = d & ahead(c->dot, 1) & ahead(d, 2);
    uint64_t dotted2 = again_2_4(dotted), colons3 = again_2_5(again_2_5(c->colon));

    a->of[PII_ANCHOR_AT] = c->at & decided;
    a->of[PII_ANCHOR_CARD] = (d13 | (d4 & ahead(joint, 4) & ahead(d4, 5))) & begins & decided;
    a->of[PII_ANCHOR_SSN] = d3 & ahead(joint, 3) & ahead(d2, 4) & ahead(joint, 6) & ahead(d4, 7) & begins & decided;
    a->of[PII_ANCHOR_NANP] = (joint3 | c->close) & ahead(d3, 1) & ahead(joint3, 4) & ahead(d4, 5) & decided;
    a->of[PII_ANCHOR_PLUS] = c->plus & ahead(d, 1) & decided;
    a->of[PII_ANCHOR_IP4] = again_2_4(dotted2) & decided;
    a->of[PII_ANCHOR_IP6] = ((c->colon & ahead(c->colon, 1)) | again_2_5(colons3)) & decided;
    a->of[PII_ANCHOR_IBAN] = iban_anchors(c, d2, joint) & decided;
    uint64_t any = 0;
    for (unsigned i = 0; i < PII_ANCHORS; i++)
        any |= a->of[i];
    return any != 0;
}

/* The last bytes of a text, filled up with zeros. */
INLINE const uint8_t *padded(const uint8_t *text, size_t len, size_t pos, uint8_t pad[PII_WINDOW])
{
    if (len - pos >= PII_WINDOW)
        return text + pos;
    memset(pad, 0, PII_WINDOW);
    memcpy(pad, text + pos, len - pos);
    return pad;
}

/* ---- plain C ------------------------------------------------------------------------------ */

static bool worth_a_look(const uint8_t *p)
{
    uint64_t any = 0;
    for (size_t i = 0; i < PII_WINDOW; i++)
        any |= (uint64_t)((uint8_t)(p[i] - '0') <= 10) | (p[i] == '@'); /* ':' follows '9' */
    return any != 0;
}

static void classify(const uint8_t *p, struct classes *c)
{
    memset(c, 0, sizeof(*c));
    for (unsigned i = 0; i < PII_WINDOW; i++) {
        uint64_t bit = (uint64_t)1 << i;
        switch (p[i]) {
        case ' ': c->space |= bit; break;
        case '-': c->hyphen |= bit; break;
        case '.': c->dot |= bit; break;
        case ':': c->colon |= bit; break;
        case '@': c->at |= bit; break;
        case '+': c->plus |= bit; break;
        case ')': c->close |= bit; break;
        default:
            if (pii_digit(p[i]))
                c->digit |= bit;
            else if (pii_letter(p[i]))
                c->letter |= bit;
        }
    }
}

bool pii_scan_portable(const uint8_t *text, size_t len, size_t *pos, struct pii_anchors *found)
{
    uint8_t pad[PII_WINDOW];
    size_t at = *pos;
    while (at < len) {
        const uint8_t *p = padded(text, len, at, pad);
        if (!worth_a_look(p)) {
            at += EMPTY_STEP;
            continue;
        }
        struct classes c;
        classify(p, &c);
        if (combine(&c, found)) {
            *pos = at;
            return true;
        }
        at += PII_STEP;
    }
    *pos = at;
    return false;
}

/* ---- AVX2 --------------------------------------------------------------------------------- */

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2")))
#define AVX2_INLINE static inline __attribute__((always_inline, target("avx2,bmi,bmi2")))

struct block {
    __m256i low, high;
};

AVX2_INLINE uint64_t bits(__m256i low, __m256i high)
{
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(low) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

AVX2_INLINE uint64_t equal(const struct block *b, char c)
{
    __m256i wanted = _mm256_set1_epi8(c);
    return bits(_mm256_cmpeq_epi8(b->low, wanted), _mm256_cmpeq_epi8(b->high, wanted));
}

/* Bytes from `first` on, at most `span` further. */
AVX2_INLINE __m256i within(__m256i v, char first, char span)
{
    __m256i from = _mm256_sub_epi8(v, _mm256_set1_epi8(first));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(from, _mm256_set1_epi8(span)), from);
}

AVX2_INLINE bool block_worth_a_look(const struct block *b)
{
    __m256i at = _mm256_set1_epi8('@');
    __m256i low = _mm256_or_si256(within(b->low, '0', 10), _mm256_cmpeq_epi8(b->low, at));
    __m256i high = _mm256_or_si256(within(b->high, '0', 10), _mm256_cmpeq_epi8(b->high, at));
    __m256i any = _mm256_or_si256(low, high);
    return !_mm256_testz_si256(any, any);
}

AVX2_INLINE void block_classify(const struct block *b, struct classes *c)
{
    __m256i lower = _mm256_set1_epi8(0x20);
    c->digit = bits(within(b->low, '0', 9), within(b->high, '0', 9));
    c->letter = bits(within(_mm256_or_si256(b->low, lower), 'a', 25),
                     within(_mm256_or_si256(b->high, lower), 'a', 25));
    c->space = equal(b, ' ');
    c->hyphen = equal(b, '-');
    c->dot = equal(b, '.');
    c->colon = equal(b, ':');
    c->at = equal(b, '@');
    c->plus = equal(b, '+');
    c->close = equal(b, ')');
}

AVX2 static bool scan_avx2(const uint8_t *text, size_t len, size_t *pos, struct pii_anchors *found)
{
    uint8_t pad[PII_WINDOW];
    size_t at = *pos;
    while (at < len) {
        const uint8_t *p = padded(text, len, at, pad);
        struct block b = {_mm256_loadu_si256((const __m256i *)p),
                          _mm256_loadu_si256((const __m256i *)(p + 32))};
        if (!block_worth_a_look(&b)) {
            at += EMPTY_STEP;
            continue;
        }
        struct classes c;
        block_classify(&b, &c);
        if (combine(&c, found)) {
            *pos = at;
            return true;
        }
        at += PII_STEP;
    }
    *pos = at;
    return false;
}

pii_scan_fn *pii_scan_choose(void)
{
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                __builtin_cpu_supports("bmi2");
    return avx2 ? scan_avx2 : pii_scan_portable;
}

#else

pii_scan_fn *pii_scan_choose(void)
{
    return pii_scan_portable;
}

#endif
