/* SPDX-License-Identifier: MIT */
/*
 * Lists of context words by the first two bytes of their entries, so that a word that is on no
 * list is turned away at once. An index is made when its list is first used, and kept: lists are
 * constants of the program, named by their address.
 */
#ifndef PII_CONTEXT_INDEX_H
#define PII_CONTEXT_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define PII_CUES_MAX 254 /* places of entries in a list: one each for most */
#define PII_CUE_BUCKETS 1024
#define PII_CUE_INSIDE_BITS 4096
#define PII_CUE_INSIDE_MIN 5 /* bytes from which on an entry is found inside of words */

struct pii_cue {
    uint16_t at; /* in the list */
    uint8_t size;
    uint8_t next; /* in the same bucket: number of an entry + 1; 0 for none */
};

struct pii_cues {
    const char *list;
    /* Number of an entry + 1, 0 for none. */
    uint8_t bucket[PII_CUE_BUCKETS];
    uint32_t inside[PII_CUE_INSIDE_BITS / 32]; /* by the first three bytes of what may stand inside of words */
    struct pii_cue cue[PII_CUES_MAX];
};

static inline unsigned pii_cue_bucket(uint8_t first, uint8_t second)
{
    return ((first & 31u) << 5 | (second & 31u)) ^ (first >> 7 | (second & 0x20u) >> 4);
}

static inline unsigned pii_cue_hash(const uint8_t *bytes)
{
    uint32_t three = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16;
    return three * UINT32_C(0x9e3779b1) >> 20;
}
_Static_assert(PII_CUE_INSIDE_BITS == 1 << (32 - 20), "the hash names a bit");

/* Whether an entry that is found inside of words may begin with these three bytes. */
static inline unsigned pii_cue_inside(const struct pii_cues *cues, const uint8_t *bytes)
{
    unsigned hash = pii_cue_hash(bytes);
    return cues->inside[hash / 32] >> hash % 32 & 1;
}

/* The index of a list ("ssn|social security"). NULL when it has
 * to be searched without: it is just being made by another thread, or there are too many. */
const struct pii_cues *pii_context_index(const char *list);

#endif
