/* SPDX-License-Identifier: MIT */
/*
 * Eight bytes at a time in a plain integer: questions about text that a loop over bytes answers
 * several times more slowly. Which byte of a word it was is not told, so none of this depends on
 * the order of bytes.
 */
#ifndef OL_BASE_WORDS_H
#define OL_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define OL_WORD_BYTES sizeof(uint64_t)
#define OL_WORD_HIGH_BITS 0x8080808080808080ull

static inline uint64_t ol_word_load(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

static inline uint64_t ol_word_of(uint8_t byte)
{
    return byte * 0x0101010101010101ull;
}

/* Some byte is below `limit`, which is at most 0x80. */
static inline bool ol_word_has_below(uint64_t word, uint8_t limit)
{
    return ((word - ol_word_of(limit)) & ~word & OL_WORD_HIGH_BITS) != 0;
}

static inline bool ol_word_has(uint64_t word, uint8_t byte)
{
    return ol_word_has_below(word ^ ol_word_of(byte), 1);
}

static inline bool ol_word_is_ascii(uint64_t word)
{
    return (word & OL_WORD_HIGH_BITS) == 0;
}

/* A-Z become a-z; all other bytes stay as they are. */
static inline uint64_t ol_word_lower(uint64_t word)
{
    uint64_t low_bits = word & ~OL_WORD_HIGH_BITS;
    uint64_t from_a = low_bits + ol_word_of(0x80 - 'A'); /* the high bit: 'A' or above */
    uint64_t beyond_z = low_bits + ol_word_of(0x7F - 'Z');
    uint64_t upper = (from_a ^ beyond_z) & ~word & OL_WORD_HIGH_BITS;
    return word | upper >> 2;
}

#endif
