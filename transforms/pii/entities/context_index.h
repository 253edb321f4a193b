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
    uint8_t inside[PII_CUE_BUCKETS / 8]; /* bit set: buckets with entries found inside of words */
    struct pii_cue cue[PII_CUES_MAX];
};

static inline unsigned pii_cue_bucket(uint8_t first, uint8_t second)
{
    return ((first & 31u) << 5 | (second & 31u)) ^ (first >> 7 | (second & 0x20u) >> 4);
}

/* The index of a list ("ssn|social security"). NULL when it has
 * to be searched without: it is just being made by another thread, or there are too many. */
const struct pii_cues *pii_context_index(const char *list);

#endif
