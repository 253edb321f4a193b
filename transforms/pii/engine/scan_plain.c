/* SPDX-License-Identifier: MIT */
/* The scanner in plain C, eight bytes at a time: for CPUs that have nothing better. */
#include "scan_ways.h"

#include <string.h>

#define LANES 1
#define WAY
#define EACH UINT64_C(0x0101010101010101)
#define TOPS (EACH << 7)
#define WORDS (PII_WINDOW / 8)

struct block {
    uint64_t words[WORDS];
};

static inline struct block block_load(const uint8_t *p)
{
    struct block b;
    memcpy(&b, p, sizeof(b));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (unsigned i = 0; i < WORDS; i++)
        b.words[i] = __builtin_bswap64(b.words[i]);
#endif
    return b;
}

/* The top bits of eight bytes side by side, the first byte's last. */
static inline uint64_t gather(uint64_t tops)
{
    return ((tops >> 7) * UINT64_C(0x0102040810204080)) >> 56;
}

/* In the top bit of every byte: whether it is `c` to `c + n`. No carry leaves a byte. */
static inline uint64_t within(uint64_t word, unsigned c, unsigned n)
{
    uint64_t low = word & ~TOPS;
    uint64_t from = low + EACH * (128 - c), beyond = low + EACH * (127 - c - n);
    return from & ~beyond & ~word & TOPS;
}

static inline uint64_t block_within(const struct block *b, char c, unsigned n)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < WORDS; i++)
        mask |= gather(within(b->words[i], (unsigned char)c, n)) << (8 * i);
    return mask;
}

static inline uint64_t block_equal(const struct block *b, char c)
{
    return block_within(b, c, 0);
}

static inline uint64_t block_letters(const struct block *b)
{
    return block_within(b, 'a', 25) | block_within(b, 'A', 25);
}

static inline uint64_t block_high(const struct block *b)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < WORDS; i++)
        mask |= gather(b->words[i] & TOPS) << (8 * i);
    return mask;
}

static inline bool block_dull(const struct block *b, const uint8_t *p)
{
    uint64_t bright = 0, big_i = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        bright |= within(b->words[i], '0', 10) | within(b->words[i], '@', 0); /* ':' follows '9' */
        big_i |= within(b->words[i], 'I', 0);
    }
    (void)p;
    return (bright | big_i) == 0;
}

#include "scan_loop.h"

static bool runs_here(void)
{
    return true;
}

const struct pii_scan_way pii_scan_plain = {"plain", runs_here, scan_sharp, scan_all};
